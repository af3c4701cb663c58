/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that read or change shapes. */
#include <math.h>
#include <string.h>

#include "compiler/graph/operators.h"

/* ---- Reshape, Flatten, Squeeze, Unsqueeze: their evaluation is a copy ---- */

octet_status oct_infer_reshape(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    bool allow_zero = oct_node_int(call->node, "allowzero", 0) != 0, given;
    const int64_t *target;
    size_t count, known = 1;
    if (!oct_call_integers(call, 1, NULL, &target, &count, &given))
        return OCTET_OK;
    if (count > OCT_RANK_MAX)
        return oct_call_bad(call, "its shape has too many dimensions");
    int64_t dims[OCT_RANK_MAX];
    int open = -1;
    for (size_t i = 0; i < count; i++) {
        dims[i] = target[i];
        if (target[i] == 0 && !allow_zero) {
            if ((int)i >= input->rank)
                return oct_call_bad(call, "its shape does not fit the input");
            dims[i] = input->dims[i];
        }
        if (dims[i] == -1 && open < 0) {
            open = (int)i;
        } else {
            if (dims[i] < 0 || (uint64_t)dims[i] > OCT_ELEMENTS_MAX ||
                (dims[i] && known > OCT_ELEMENTS_MAX / (size_t)dims[i]))
                return oct_call_bad(call, "its shape is negative or too large");
            known *= (size_t)dims[i];
        }
    }
    if (open >= 0)
        dims[open] = known ? (int64_t)(input->count / known) : 0;
    octet_status status = oct_call_shape(call, 0, input->type, (int)count, dims);
    if (!status && call->outputs[0].count != input->count)
        return oct_call_bad(call, "its shape does not have as many elements as its input");
    return status;
}

octet_status oct_infer_flatten(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    int64_t axis = oct_node_int(call->node, "axis", 1);
    axis += axis < 0 ? input->rank : 0;
    if (axis < 0 || axis > input->rank)
        return oct_call_bad(call, "its axis does not fit");
    int64_t dims[] = {(int64_t)oct_array_extent(input, 0, (int)axis),
                      (int64_t)oct_array_extent(input, (int)axis, input->rank)};
    return oct_call_shape(call, 0, input->type, 2, dims);
}

/* Marks the axes that the node names; false when one does not fit. */
static bool mark_axes(const int64_t *axes, size_t count, int rank, bool *marked)
{
    for (size_t i = 0; i < count; i++) {
        int axis;
        if (!oct_axis(axes[i], rank, &axis) || marked[axis])
            return false;
        marked[axis] = true;
    }
    return true;
}

octet_status oct_infer_squeeze(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    const int64_t *axes;
    size_t count;
    bool given, marked[OCT_RANK_MAX] = {false};
    bool known = oct_call_integers(call, 1, "axes", &axes, &count, &given);
    if (given && !known)
        return OCTET_OK;
    if (known && !mark_axes(axes, count, input->rank, marked))
        return oct_call_bad(call, "its axes do not fit");
    int64_t dims[OCT_RANK_MAX];
    int rank = 0;
    for (int i = 0; i < input->rank; i++) {
        if (known ? !marked[i] : input->dims[i] != 1)
            dims[rank++] = input->dims[i];
        else if (input->dims[i] != 1)
            return oct_call_bad(call, "an axis to drop is not of size 1");
    }
    return oct_call_shape(call, 0, input->type, rank, dims);
}

octet_status oct_infer_unsqueeze(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    const int64_t *axes;
    size_t count;
    bool given, marked[OCT_RANK_MAX] = {false};
    if (!oct_call_integers(call, 1, "axes", &axes, &count, &given))
        return given ? OCTET_OK : oct_call_bad(call, "it has no axes");
    if (count > (size_t)(OCT_RANK_MAX - input->rank))
        return oct_call_bad(call, "its output has too many dimensions");
    int rank = input->rank + (int)count;
    if (!mark_axes(axes, count, rank, marked))
        return oct_call_bad(call, "its axes do not fit");
    int64_t dims[OCT_RANK_MAX];
    for (int i = 0, from = 0; i < rank; i++)
        dims[i] = marked[i] ? 1 : input->dims[from++];
    return oct_call_shape(call, 0, input->type, rank, dims);
}

/* ---- Shape, Size, ConstantOfShape, Range ---- */

/* [first, last) of the input's dimensions, from the start and end attributes. */
static void shape_range(const struct oct_call *call, int *first, int *last)
{
    int rank = call->inputs[0]->rank;
    int64_t ends[] = {oct_node_int(call->node, "start", 0), oct_node_int(call->node, "end", rank)};
    for (int i = 0; i < 2; i++) {
        ends[i] = ends[i] < -rank ? 0 : ends[i] < 0 ? ends[i] + rank : ends[i];
        ends[i] = ends[i] > rank ? rank : ends[i];
    }
    *first = (int)ends[0];
    *last = (int)(ends[1] > ends[0] ? ends[1] : ends[0]);
}

octet_status oct_infer_shape(struct oct_call *call)
{
    int first, last;
    shape_range(call, &first, &last);
    return oct_call_shape(call, 0, OCT_DATA_INT, 1, (int64_t[]){last - first});
}

octet_status oct_evaluate_shape(struct oct_call *call)
{
    int first, last;
    shape_range(call, &first, &last);
    for (int i = first; i < last; i++)
        oct_ints(&call->outputs[0])[i - first] = call->inputs[0]->dims[i];
    return OCTET_OK;
}

octet_status oct_infer_size(struct oct_call *call)
{
    return oct_call_shape(call, 0, OCT_DATA_INT, 0, NULL);
}

octet_status oct_evaluate_size(struct oct_call *call)
{
    oct_ints(&call->outputs[0])[0] = (int64_t)call->inputs[0]->count;
    return OCTET_OK;
}

octet_status oct_infer_constant_of_shape(struct oct_call *call)
{
    const int64_t *dims;
    size_t count;
    bool given;
    const struct oct_attribute *value =
        oct_node_attribute(call->node, "value", OCT_ATTRIBUTE_ARRAY);
    if (!oct_call_integers(call, 0, NULL, &dims, &count, &given))
        return OCTET_OK;
    if (count > OCT_RANK_MAX || (value && value->array.count != 1))
        return oct_call_bad(call, "its shape or value does not fit");
    if (value && value->array.type == OCT_DATA_UNKNOWN)
        return OCTET_OK;
    return oct_call_shape(call, 0, value ? value->array.type : OCT_DATA_FLOAT, (int)count, dims);
}

octet_status oct_evaluate_constant_of_shape(struct oct_call *call)
{
    struct oct_array *output = &call->outputs[0];
    const struct oct_attribute *value =
        oct_node_attribute(call->node, "value", OCT_ATTRIBUTE_ARRAY);
    for (size_t i = 0; value && i < output->count; i++) {
        if (output->type == OCT_DATA_FLOAT)
            oct_floats(output)[i] = oct_floats(&value->array)[0];
        else
            oct_ints(output)[i] = oct_ints(&value->array)[0];
    }
    return OCTET_OK;
}

octet_status oct_infer_range(struct oct_call *call)
{
    const struct oct_array *const *in = call->inputs;
    double values[3];
    for (int i = 0; i < 3; i++) {
        if (in[i]->count != 1 || in[i]->type != in[0]->type)
            return oct_call_bad(call, "its inputs are not scalars of one type");
        if (!in[i]->data)
            return OCTET_OK;
        values[i] =
            in[i]->type == OCT_DATA_INT ? (double)oct_ints(in[i])[0] : (double)oct_floats(in[i])[0];
    }
    double count = ceil((values[1] - values[0]) / values[2]);
    if (!(count <= (double)OCT_ELEMENTS_MAX))
        return oct_call_bad(call, "its range is too large or has no step");
    int64_t length = count > 0 ? (int64_t)count : 0;
    return oct_call_shape(call, 0, in[0]->type, 1, &length);
}

octet_status oct_evaluate_range(struct oct_call *call)
{
    struct oct_array *output = &call->outputs[0];
    for (size_t i = 0; i < output->count; i++) {
        if (output->type == OCT_DATA_INT)
            oct_ints(output)[i] = (int64_t)((uint64_t)oct_ints(call->inputs[0])[0] +
                                            (uint64_t)i * (uint64_t)oct_ints(call->inputs[2])[0]);
        else
            oct_floats(output)[i] =
                oct_floats(call->inputs[0])[0] + (float)i * oct_floats(call->inputs[2])[0];
    }
    return OCTET_OK;
}
