/* SPDX-License-Identifier: Apache-2.0 */
/* Pad, of constants. */
#include <string.h>

#include "compiler/graph/operators.h"

/* A side that is longer makes arrays that are refused in any case. */
#define SIDE_MAX ((int64_t)1 << 24)

bool oct_padding_of(const struct oct_graph *graph, const struct oct_array *input,
                    const struct oct_array *pads, const struct oct_array *axes,
                    int64_t begin[OCT_RANK_MAX], int64_t end[OCT_RANK_MAX])
{
    const struct oct_array *const inputs[] = {input, pads, NULL, axes};
    const struct oct_call call = {graph, &(struct oct_node){.input_count = 4}, inputs, NULL};
    const int64_t *sides, *places = NULL;
    size_t count, place_count = 0;
    bool given;
    memset(begin, 0, OCT_RANK_MAX * sizeof *begin);
    memset(end, 0, OCT_RANK_MAX * sizeof *end);
    if (!oct_call_integers(&call, 1, NULL, &sides, &count, &given))
        return false;
    if (!oct_call_integers(&call, 3, NULL, &places, &place_count, &given) && given)
        return false;
    const size_t axis_count = places ? place_count : (size_t)input->rank;
    if (count != 2 * axis_count)
        return false;
    for (size_t i = 0; i < axis_count; i++) {
        int axis;
        if (!oct_axis(places ? places[i] : (int64_t)i, input->rank, &axis) || sides[i] < 0 ||
            sides[axis_count + i] < 0 || sides[i] > SIDE_MAX || sides[axis_count + i] > SIDE_MAX)
            return false;
        begin[axis] = sides[i];
        end[axis] = sides[axis_count + i];
    }
    return true;
}

bool oct_padding_value(const struct oct_node *node, const struct oct_array *value, float *constant)
{
    *constant = 0.0f;
    if (strcmp(oct_node_string(node, "mode", "constant"), "constant") != 0)
        return false;
    if (!value)
        return true;
    if (value->count != 1 || !value->data)
        return false;
    *constant = value->type == OCT_DATA_FLOAT ? *oct_floats(value) : (float)*oct_ints(value);
    return true;
}

octet_status oct_infer_pad(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0];
    int64_t begin[OCT_RANK_MAX], end[OCT_RANK_MAX], dims[OCT_RANK_MAX];
    if (!oct_padding_of(call->graph, x, oct_call_input(call, 1), oct_call_input(call, 3), begin,
                        end))
        return OCTET_OK;
    for (int i = 0; i < x->rank; i++)
        dims[i] = x->dims[i] + begin[i] + end[i];
    return oct_call_shape(call, 0, x->type, x->rank, dims);
}

octet_status oct_evaluate_pad(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0], *y = &call->outputs[0];
    int64_t begin[OCT_RANK_MAX], end[OCT_RANK_MAX], strides[OCT_RANK_MAX];
    struct oct_strided_copy copy = {
        .rank = x->rank, .element_bytes = oct_array_element_bytes(x), .source = x->data};
    float value;
    if (!oct_padding_of(call->graph, x, oct_call_input(call, 1), oct_call_input(call, 3), begin,
                        end) ||
        !oct_padding_value(call->node, oct_call_input(call, 2), &value))
        return oct_call_bad(call, "only constants are padded");
    for (size_t i = 0; i < y->count; i++)
        if (y->type == OCT_DATA_FLOAT)
            oct_floats(y)[i] = value;
        else
            oct_ints(y)[i] = oct_integer_of((double)value);
    oct_array_strides(x, copy.source_strides);
    oct_array_strides(y, strides);
    size_t first = 0;
    for (int i = 0; i < x->rank; i++) {
        copy.dims[i] = x->dims[i];
        copy.target_strides[i] = strides[i];
        first += (size_t)(begin[i] * strides[i]);
    }
    copy.target = (char *)y->data + first * copy.element_bytes;
    if (x->count)
        oct_strided_copy(&copy);
    return OCTET_OK;
}
