/* SPDX-License-Identifier: Apache-2.0 */
/* What read_quantization.c and quantized_operators.c share. */
#ifndef OCTET_COMPILER_PASSES_QUANTIZATION_H
#define OCTET_COMPILER_PASSES_QUANTIZATION_H

#include "compiler/passes/passes.h"

/* `types` and `grids` have room for the values that the pass adds. */
struct oct_quantization_reading {
    struct oct_import *import;
    struct oct_graph *graph;
    int32_t
        *types; /* by value: of the codes, for integers of the file that are values here; else 0 */
    struct oct_grid *grids; /* by value: what they are on; no grid: dequantised */
};

/* Of a node that quantises or dequantises: one scale, or one for each index of `axis`. */
struct oct_quantization_parameters {
    const float *scales;
    const int64_t *zeros; /* NULL: all 0 */
    size_t count;
    int64_t axis;
    int32_t file_type; /* of the codes */
};

/* Reads input `scale_input` and the zero point behind it. */
octet_status oct_quantization_read(const struct oct_quantization_reading *r,
                                   const struct oct_node *node, int scale_input,
                                   struct oct_quantization_parameters *p);

/* The grid of 8 bits with one scale; false, and no grid, for others. */
bool oct_quantization_grid(const struct oct_quantization_parameters *p, struct oct_grid *grid);

/* Makes `output` a constant: `input` dequantised, or quantised and dequantised where it is float.
 */
octet_status oct_quantization_constant(const struct oct_quantization_reading *r,
                                       const struct oct_node *node,
                                       const struct oct_quantization_parameters *p, int input,
                                       int output);

void oct_quantization_mark(const struct oct_quantization_reading *r, int value,
                           struct oct_grid grid, int32_t type);

octet_status oct_read_dynamic_quantize(struct oct_quantization_reading *r, struct oct_node *node);
octet_status oct_read_conv_integer(struct oct_quantization_reading *r, struct oct_node *node);
octet_status oct_read_qlinear(struct oct_quantization_reading *r, struct oct_node *node);
octet_status oct_read_qlinear_conv(struct oct_quantization_reading *r, struct oct_node *node);

#endif
