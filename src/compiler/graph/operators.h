/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operators that octet knows. Each has a shape rule and, where the interpreter can run it, an
 * evaluation. Both get a struct oct_call; the shape rule runs first, the driver then allocates the
 * outputs' data, then the evaluation runs.
 */
#ifndef OCTET_COMPILER_GRAPH_OPERATORS_H
#define OCTET_COMPILER_GRAPH_OPERATORS_H

#include "compiler/graph/graph.h"

struct oct_call {
    const struct oct_graph *graph;
    const struct oct_node *node;
    const struct oct_array *const *inputs; /* node->input_count; NULL: left out */
    struct oct_array *outputs; /* node->output_count; type UNKNOWN until the shape rule set it */
};

struct oct_operator_info {
    const char *name;
    int inputs_min; /* inputs that may not be left out */
    int outputs_max;
    /* Sets the outputs' types and shapes, from the inputs' and, where an input's data is needed and
     * there, from that; leaves outputs UNKNOWN where it cannot tell. All inputs are of known type
     * and shape. */
    octet_status (*infer)(struct oct_call *call);
    /* Fills the outputs; all inputs have data. NULL: the interpreter does not run this operator. */
    octet_status (*evaluate)(struct oct_call *call);
};

const struct oct_operator_info *oct_operator_info(enum oct_operator op);

#define OCT_OPERATOR_DECLARE(constant, name, inputs, outputs, infer, evaluate)                     \
    octet_status oct_infer_##infer(struct oct_call *call);                                         \
    octet_status oct_evaluate_##evaluate(struct oct_call *call);
OCT_OPERATOR_LIST(OCT_OPERATOR_DECLARE)
#undef OCT_OPERATOR_DECLARE

/* OCT_OP_OTHER when there is none of that name. */
enum oct_operator oct_operator_find(const char *name);

/* Input `index`, or NULL where it is left out or not there. */
static inline const struct oct_array *oct_call_input(const struct oct_call *call, int index)
{
    return index < call->node->input_count ? call->inputs[index] : NULL;
}

/* oct_node_fail() with OCTET_BAD_SHAPE. */
octet_status oct_call_bad(const struct oct_call *call, const char *reason);

/* Sets output `index`' type and shape, or fails because it is too large. */
octet_status oct_call_shape(struct oct_call *call, int index, enum oct_data_type type, int rank,
                            const int64_t *dims);

/* Makes a negative axis positive; false (and 0) when it is not in [-rank, rank). */
static inline bool oct_axis(int64_t axis, int rank, int *normal)
{
    *normal = 0;
    if (axis < -rank || axis >= rank)
        return false;
    *normal = (int)(axis < 0 ? axis + rank : axis);
    return true;
}

/* Integers from input `index` where it is given, else from attribute `name`. False when neither is
 * there, or when the input's data is not known or not integers; `*given` tells that there was an
 * input or attribute. */
bool oct_call_integers(const struct oct_call *call, int index, const char *name,
                       const int64_t **values, size_t *count, bool *given);

/* Copies a block of `dims` elements between strided arrays of float or int64_t; strides in
 * elements. */
struct oct_strided_copy {
    int rank; /* up to 2 * OCT_RANK_MAX */
    size_t element_bytes;
    int64_t dims[2 * OCT_RANK_MAX], source_strides[2 * OCT_RANK_MAX],
        target_strides[2 * OCT_RANK_MAX];
    const void *source;
    void *target;
};
void oct_strided_copy(const struct oct_strided_copy *copy);

/* Towards zero; clamped to what int64_t holds; 0 for NaN. */
int64_t oct_integer_of(double value);

/* Row-major strides of an array, in elements. */
void oct_array_strides(const struct oct_array *array, int64_t *strides);

/* Sliding-window geometry of Conv and pools in two dimensions, from the node's attributes and what
 * was padded before it. */
struct oct_window {
    int64_t kernel[2], stride[2], dilation[2];
    int64_t pad_begin[2], pad_end[2];
    int64_t output[2];
};

/* `kernel` is the weights' size, or NULL to take kernel_shape. Resolves auto_pad for the input's
 * size. */
octet_status oct_window_of(const struct oct_graph *graph, const struct oct_node *node,
                           const struct oct_array *input, const int64_t *kernel,
                           struct oct_window *window);

/* Outputs [*first, *last) of one row (axis 0) or column (1) whose tap `tap` falls inside the input,
 * of `size` pixels. */
void oct_window_tap(const struct oct_window *window, int axis, int64_t tap, int64_t size,
                    int64_t *first, int64_t *last);

/* What a Pad adds before and behind each axis of its input, all 0 or more; false where that is not
 * known, or less. */
bool oct_padding_of(const struct oct_graph *graph, const struct oct_array *input,
                    const struct oct_array *pads, const struct oct_array *axes,
                    int64_t begin[OCT_RANK_MAX], int64_t end[OCT_RANK_MAX]);

/* The constant that a Pad adds; false: it adds others, or it is not known which. */
bool oct_padding_value(const struct oct_node *node, const struct oct_array *value, float *constant);

/* Where a Resize or Upsample node reads output position `at` of axis `axis` (2 or 3) from, for
 * nearest modes. */
octet_status oct_resize_source(const struct oct_graph *graph, const struct oct_node *node,
                               const struct oct_array *input, const struct oct_array *output,
                               int axis, int64_t at, int64_t *source);

#endif
