/* SPDX-License-Identifier: Apache-2.0 */
/* What read_quantization.c, quantized_constants.c and quantized_operators.c share. */
#ifndef OCTET_COMPILER_PASSES_QUANTIZED_READING_H
#define OCTET_COMPILER_PASSES_QUANTIZED_READING_H

#include "compiler/passes/passes.h"

/* Of a node that quantises or dequantises: one scale, or one for each index of `axis`, or of its
 * blocks. */
struct oct_quantization_parameters {
    const float *scales;
    const int64_t *zeros; /* NULL: all 0 */
    size_t count;
    int64_t axis, block_size; /* 0: no blocks */
    int32_t file_type;        /* of the codes */
};

struct oct_quantization_reading {
    struct oct_import *import;
    struct oct_graph *graph;
    struct oct_limits left; /* of what is folded on the way */
    /* By value, with room for those that the pass adds: of integers of the file that are values
     * here, how they were quantised; file_type 0: of others. */
    struct oct_quantization_parameters *codes;
};

/* Reads input `scale_input` and the zero point behind it. */
octet_status oct_quantization_read(const struct oct_quantization_reading *r,
                                   const struct oct_node *node, int scale_input,
                                   struct oct_quantization_parameters *p);

/* The grid of 8 bits with one scale; false, and no grid, for others. */
bool oct_quantization_grid(const struct oct_quantization_parameters *p,
                           struct oct_quantization *grid);

/* True when `value` is integers of the file on that one grid of 8 bits. */
bool oct_quantization_is_on(const struct oct_quantization_reading *r, int value,
                            struct oct_quantization grid);

static inline int64_t oct_quantization_zero(const struct oct_quantization_parameters *p,
                                            size_t index)
{
    return p->zeros ? p->zeros[index] : 0;
}

/* Makes `output` a constant: the codes of the constant floats of `input`. */
octet_status oct_quantization_codes(const struct oct_quantization_reading *r,
                                    const struct oct_node *node,
                                    const struct oct_quantization_parameters *p, int input,
                                    int output);

/* Makes `output` a constant: the constant integers of `input` dequantised. */
octet_status oct_quantization_constant(const struct oct_quantization_reading *r,
                                       const struct oct_node *node,
                                       const struct oct_quantization_parameters *p, int input,
                                       int output);

/* Says of `value` (-1: of none) that it is integers of the file, quantised like that. */
void oct_quantization_mark(const struct oct_quantization_reading *r, int value,
                           const struct oct_quantization_parameters *p);

octet_status oct_read_dynamic_quantize(struct oct_quantization_reading *r, struct oct_node *node);
octet_status oct_read_conv_integer(struct oct_quantization_reading *r, struct oct_node *node);
octet_status oct_read_qlinear(struct oct_quantization_reading *r, struct oct_node *node);
octet_status oct_read_qlinear_conv(struct oct_quantization_reading *r, struct oct_node *node);

#endif
