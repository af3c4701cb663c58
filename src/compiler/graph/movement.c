/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that only move elements. */
#include <string.h>

#include "compiler/graph/operators.h"

/* ---- Transpose ---- */

static bool permutation_of(const struct oct_call *call, int *permutation)
{
    int rank = call->inputs[0]->rank;
    const struct oct_attribute *perm = oct_node_attribute(call->node, "perm", OCT_ATTRIBUTE_INTS);
    bool taken[OCT_RANK_MAX] = {false};
    if (perm && perm->count != (size_t)rank)
        return false;
    for (int i = 0; i < rank; i++) {
        if (!oct_axis(perm ? perm->integers[i] : rank - 1 - i, rank, &permutation[i]) ||
            taken[permutation[i]])
            return false;
        taken[permutation[i]] = true;
    }
    return true;
}

octet_status oct_infer_transpose(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    int permutation[OCT_RANK_MAX];
    int64_t dims[OCT_RANK_MAX];
    if (!permutation_of(call, permutation))
        return oct_call_bad(call, "perm does not fit the input");
    for (int i = 0; i < input->rank; i++)
        dims[i] = input->dims[permutation[i]];
    return oct_call_shape(call, 0, input->type, input->rank, dims);
}

octet_status oct_evaluate_transpose(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0], *output = &call->outputs[0];
    int permutation[OCT_RANK_MAX];
    int64_t strides[OCT_RANK_MAX];
    permutation_of(call, permutation);
    oct_array_strides(input, strides);
    struct oct_strided_copy copy = {.rank = input->rank,
                                    .element_bytes = oct_array_element_bytes(input),
                                    .source = input->data,
                                    .target = output->data};
    for (int i = 0; i < input->rank; i++) {
        copy.dims[i] = output->dims[i];
        copy.source_strides[i] = strides[permutation[i]];
    }
    oct_array_strides(output, copy.target_strides);
    oct_strided_copy(&copy);
    return OCTET_OK;
}

/* ---- Slice ---- */

struct slice {
    int64_t start[OCT_RANK_MAX], step[OCT_RANK_MAX], count[OCT_RANK_MAX];
};

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static void slice_axis(struct slice *slice, int axis, int64_t size, int64_t start, int64_t end,
                       int64_t step)
{
    if (start < 0)
        start = start < -size ? -1 : start + size;
    if (end < 0)
        end = end < -size ? -1 : end + size;
    if (step > 0) {
        start = clamp(start, 0, size);
        end = clamp(end, 0, size);
        slice->count[axis] = end > start ? (end - start - 1) / step + 1 : 0;
    } else {
        start = clamp(start, -1, size - 1);
        end = clamp(end, -1, size - 1);
        slice->count[axis] = start > end ? (start - end - 1) / -step + 1 : 0;
    }
    slice->start[axis] = slice->count[axis] ? start : 0;
    slice->step[axis] = step;
}

/* OCTET_OK with *known = false when a range is not constant. */
static octet_status slice_of(const struct oct_call *call, struct slice *slice, bool *known)
{
    const struct oct_array *input = call->inputs[0];
    const int64_t *starts, *ends, *axes, *steps;
    size_t start_count, end_count, axis_count, step_count;
    bool given;
    *known = oct_call_integers(call, 1, "starts", &starts, &start_count, &given);
    *known = oct_call_integers(call, 2, "ends", &ends, &end_count, &given) && *known;
    bool has_axes = oct_call_integers(call, 3, "axes", &axes, &axis_count, &given);
    *known = *known && (has_axes || !given);
    bool has_steps = oct_call_integers(call, 4, NULL, &steps, &step_count, &given);
    *known = *known && (has_steps || !given);
    if (!*known)
        return OCTET_OK;
    if (end_count != start_count || (has_axes && axis_count != start_count) ||
        (has_steps && step_count != start_count) || start_count > (size_t)input->rank)
        return oct_call_bad(call, "its ranges do not fit");
    for (int i = 0; i < input->rank; i++)
        slice_axis(slice, i, input->dims[i], 0, input->dims[i], 1);
    bool taken[OCT_RANK_MAX] = {false};
    for (size_t i = 0; i < start_count; i++) {
        int axis;
        int64_t step = has_steps ? steps[i] : 1;
        if (!oct_axis(has_axes ? axes[i] : (int64_t)i, input->rank, &axis) || taken[axis] ||
            step == 0 || step == INT64_MIN)
            return oct_call_bad(call, "its axes or steps do not fit");
        taken[axis] = true;
        slice_axis(slice, axis, input->dims[axis], starts[i], ends[i], step);
    }
    return OCTET_OK;
}

octet_status oct_infer_slice(struct oct_call *call)
{
    struct slice slice;
    bool known;
    octet_status status = slice_of(call, &slice, &known);
    if (status || !known)
        return status;
    return oct_call_shape(call, 0, call->inputs[0]->type, call->inputs[0]->rank, slice.count);
}

octet_status oct_evaluate_slice(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0], *output = &call->outputs[0];
    struct slice slice;
    bool known;
    octet_status status = slice_of(call, &slice, &known);
    if (status)
        return status;
    int64_t strides[OCT_RANK_MAX], first = 0;
    oct_array_strides(input, strides);
    struct oct_strided_copy copy = {.rank = input->rank,
                                    .element_bytes = oct_array_element_bytes(input),
                                    .target = output->data};
    for (int i = 0; i < input->rank; i++) {
        copy.dims[i] = slice.count[i];
        copy.source_strides[i] = slice.count[i] > 1 ? strides[i] * slice.step[i] : strides[i];
        first += slice.start[i] * strides[i];
    }
    if (output->count == 0)
        return OCTET_OK;
    copy.source = (const char *)input->data + (size_t)first * copy.element_bytes;
    oct_array_strides(output, copy.target_strides);
    oct_strided_copy(&copy);
    return OCTET_OK;
}

/* ---- Concat, Split: blocks along one axis ---- */

octet_status oct_infer_concat(struct oct_call *call)
{
    const struct oct_array *first = call->inputs[0];
    int axis;
    if (!oct_axis(oct_node_int(call->node, "axis", 0), first->rank, &axis))
        return oct_call_bad(call, "its axis does not fit");
    int64_t dims[OCT_RANK_MAX];
    memcpy(dims, first->dims, sizeof dims);
    dims[axis] = 0;
    for (int n = 0; n < call->node->input_count; n++) {
        const struct oct_array *input = call->inputs[n];
        if (!input || input->type != first->type || input->rank != first->rank)
            return oct_call_bad(call, "its inputs' types or ranks do not fit");
        for (int i = 0; i < first->rank; i++)
            if (i != axis && input->dims[i] != first->dims[i])
                return oct_call_bad(call, "its inputs' shapes do not fit");
        dims[axis] += input->dims[axis];
    }
    return oct_call_shape(call, 0, first->type, first->rank, dims);
}

octet_status oct_evaluate_concat(struct oct_call *call)
{
    const struct oct_array *output = &call->outputs[0];
    int axis;
    oct_axis(oct_node_int(call->node, "axis", 0), output->rank, &axis);
    size_t outer = oct_array_extent(output, 0, axis), bytes = oct_array_element_bytes(output);
    size_t row = oct_array_extent(output, axis, output->rank) * bytes, at = 0;
    for (int n = 0; n < call->node->input_count; n++) {
        const struct oct_array *input = call->inputs[n];
        size_t block = oct_array_extent(input, axis, input->rank) * bytes;
        for (size_t o = 0; o < outer && block; o++)
            memcpy((char *)output->data + o * row + at, (const char *)input->data + o * block,
                   block);
        at += block;
    }
    return OCTET_OK;
}

octet_status oct_infer_split(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    int axis, parts = call->node->output_count;
    const int64_t *sizes;
    size_t count;
    bool given;
    if (!oct_axis(oct_node_int(call->node, "axis", 0), input->rank, &axis))
        return oct_call_bad(call, "its axis does not fit");
    bool known = oct_call_integers(call, 1, "split", &sizes, &count, &given);
    if (given && !known)
        return OCTET_OK;
    int64_t rest = input->dims[axis], even = (rest + parts - 1) / parts;
    if (known && count != (size_t)parts)
        return oct_call_bad(call, "its outputs are not as many as its sizes");
    for (int i = 0; i < parts; i++) {
        int64_t dims[OCT_RANK_MAX];
        memcpy(dims, input->dims, sizeof dims);
        dims[axis] = known ? sizes[i] : even < rest ? even : rest;
        if (dims[axis] < 0 || dims[axis] > rest)
            return oct_call_bad(call, "its sizes do not add up to the input's");
        rest -= dims[axis];
        octet_status status = oct_call_shape(call, i, input->type, input->rank, dims);
        if (status)
            return status;
    }
    return rest ? oct_call_bad(call, "its sizes do not add up to the input's") : OCTET_OK;
}

octet_status oct_evaluate_split(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    int axis;
    oct_axis(oct_node_int(call->node, "axis", 0), input->rank, &axis);
    size_t outer = oct_array_extent(input, 0, axis), bytes = oct_array_element_bytes(input);
    size_t row = oct_array_extent(input, axis, input->rank) * bytes, at = 0;
    for (int n = 0; n < call->node->output_count; n++) {
        const struct oct_array *output = &call->outputs[n];
        size_t block = oct_array_extent(output, axis, output->rank) * bytes;
        for (size_t o = 0; o < outer && block; o++)
            memcpy((char *)output->data + o * block, (const char *)input->data + o * row + at,
                   block);
        at += block;
    }
    return OCTET_OK;
}

/* ---- Gather ---- */

octet_status oct_infer_gather(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0], *indices = call->inputs[1];
    int axis;
    if (!oct_axis(oct_node_int(call->node, "axis", 0), input->rank, &axis) ||
        indices->type != OCT_DATA_INT || input->rank - 1 + indices->rank > OCT_RANK_MAX)
        return oct_call_bad(call, "its axis or indices do not fit");
    int64_t dims[2 * OCT_RANK_MAX];
    int rank = 0;
    for (int i = 0; i < axis; i++)
        dims[rank++] = input->dims[i];
    for (int i = 0; i < indices->rank; i++)
        dims[rank++] = indices->dims[i];
    for (int i = axis + 1; i < input->rank; i++)
        dims[rank++] = input->dims[i];
    return oct_call_shape(call, 0, input->type, rank, dims);
}

octet_status oct_evaluate_gather(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0], *indices = call->inputs[1];
    int axis;
    oct_axis(oct_node_int(call->node, "axis", 0), input->rank, &axis);
    size_t outer = oct_array_extent(input, 0, axis);
    size_t block = oct_array_extent(input, axis + 1, input->rank) * oct_array_element_bytes(input);
    int64_t size = input->dims[axis];
    char *target = call->outputs[0].data;
    for (size_t i = 0; i < indices->count; i++)
        if (oct_ints(indices)[i] < -size || oct_ints(indices)[i] >= size)
            return oct_call_bad(call, "an index is out of range");
    if (block == 0)
        return OCTET_OK;
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < indices->count; i++, target += block) {
            int64_t index = oct_ints(indices)[i];
            index += index < 0 ? size : 0;
            memcpy(target, (const char *)input->data + (o * (size_t)size + (size_t)index) * block,
                   block);
        }
    return OCTET_OK;
}

/* ---- Expand, Tile ---- */

octet_status oct_infer_expand(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    const int64_t *target;
    size_t count;
    bool given;
    if (!oct_call_integers(call, 1, NULL, &target, &count, &given))
        return OCTET_OK;
    if (count > OCT_RANK_MAX)
        return oct_call_bad(call, "its shape has too many dimensions");
    int rank = input->rank > (int)count ? input->rank : (int)count;
    int64_t dims[OCT_RANK_MAX];
    for (int i = 0; i < rank; i++) {
        int own = i - (rank - input->rank), wish = i - (rank - (int)count);
        int64_t size = own >= 0 ? input->dims[own] : 1, wished = wish >= 0 ? target[wish] : 1;
        if (size != 1 && wished != 1 && size != wished)
            return oct_call_bad(call, "its input does not expand to the shape");
        dims[i] = size == 1 ? wished : size;
    }
    return oct_call_shape(call, 0, input->type, rank, dims);
}

octet_status oct_evaluate_expand(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0], *output = &call->outputs[0];
    int64_t strides[OCT_RANK_MAX];
    oct_array_strides(input, strides);
    struct oct_strided_copy copy = {.rank = output->rank,
                                    .element_bytes = oct_array_element_bytes(input),
                                    .source = input->data,
                                    .target = output->data};
    for (int i = 0; i < output->rank; i++) {
        int own = i - (output->rank - input->rank);
        copy.dims[i] = output->dims[i];
        copy.source_strides[i] = own >= 0 && input->dims[own] != 1 ? strides[own] : 0;
    }
    oct_array_strides(output, copy.target_strides);
    oct_strided_copy(&copy);
    return OCTET_OK;
}

octet_status oct_infer_tile(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    const int64_t *repeats;
    size_t count;
    bool given;
    if (!oct_call_integers(call, 1, NULL, &repeats, &count, &given))
        return OCTET_OK;
    if (count != (size_t)input->rank)
        return oct_call_bad(call, "its repeats do not fit");
    int64_t dims[OCT_RANK_MAX];
    for (int i = 0; i < input->rank; i++)
        if (repeats[i] < 0 || __builtin_mul_overflow(input->dims[i], repeats[i], &dims[i]))
            return oct_call_bad(call, "its repeats are negative or too large");
    return oct_call_shape(call, 0, input->type, input->rank, dims);
}

/* Each dimension becomes two, the repeats (stride 0) and the input's own. */
octet_status oct_evaluate_tile(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0], *output = &call->outputs[0];
    int64_t from[OCT_RANK_MAX], to[OCT_RANK_MAX];
    oct_array_strides(input, from);
    oct_array_strides(output, to);
    struct oct_strided_copy copy = {.rank = 2 * input->rank,
                                    .element_bytes = oct_array_element_bytes(input),
                                    .source = input->data,
                                    .target = output->data};
    for (int i = 0; i < input->rank; i++) {
        copy.dims[2 * i] = input->dims[i] ? output->dims[i] / input->dims[i] : 0;
        copy.dims[2 * i + 1] = input->dims[i];
        copy.source_strides[2 * i + 1] = from[i];
        copy.target_strides[2 * i] = to[i] * input->dims[i];
        copy.target_strides[2 * i + 1] = to[i];
    }
    oct_strided_copy(&copy);
    return OCTET_OK;
}
