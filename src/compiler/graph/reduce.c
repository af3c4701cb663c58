/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that reduce along axes: reductions, ArgMax, Softmax, MatMul. */
#include <math.h>
#include <string.h>

#include "compiler/graph/operators.h"

/* ---- ReduceMax, ReduceMin, ReduceSum, ReduceMean, ReduceProd ---- */

/* Which axes are reduced. OCTET_OK with *known = false where they are not constant. */
static octet_status reduced_axes(const struct oct_call *call, bool *reduced, bool *known)
{
    const struct oct_array *input = call->inputs[0];
    const int64_t *axes;
    size_t count;
    bool given;
    *known = oct_call_integers(call, 1, "axes", &axes, &count, &given) || !given;
    memset(reduced, 0, OCT_RANK_MAX * sizeof *reduced);
    if (!*known)
        return OCTET_OK;
    bool all = !given || count == 0;
    if (all && oct_node_int(call->node, "noop_with_empty_axes", 0))
        return OCTET_OK;
    for (int i = 0; all && i < input->rank; i++)
        reduced[i] = true;
    for (size_t i = 0; !all && i < count; i++) {
        int axis;
        if (!oct_axis(axes[i], input->rank, &axis))
            return oct_call_bad(call, "its axes do not fit");
        reduced[axis] = true;
    }
    return OCTET_OK;
}

octet_status oct_infer_reduce(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    bool reduced[OCT_RANK_MAX], known;
    octet_status status = reduced_axes(call, reduced, &known);
    if (status || !known)
        return status;
    bool keep = oct_node_int(call->node, "keepdims", 1) != 0;
    int64_t dims[OCT_RANK_MAX];
    int rank = 0;
    for (int i = 0; i < input->rank; i++) {
        if (!reduced[i])
            dims[rank++] = input->dims[i];
        else if (keep)
            dims[rank++] = 1;
    }
    return oct_call_shape(call, 0, input->type, rank, dims);
}

static double join(enum oct_operator op, double so_far, double value)
{
    switch (op) {
    case OCT_OP_REDUCE_MAX:
        return value > so_far ? value : so_far;
    case OCT_OP_REDUCE_MIN:
        return value < so_far ? value : so_far;
    case OCT_OP_REDUCE_PROD:
        return so_far * value;
    default:
        return so_far + value;
    }
}

/* All inputs that fall on one output, `depth` axes in: recursion over at most OCT_RANK_MAX axes. */
struct reduction {
    enum oct_operator op;
    const struct oct_array *input;
    int rank; /* of the reduced axes */
    int64_t dims[OCT_RANK_MAX], strides[OCT_RANK_MAX];
};

static double reduce_from(const struct reduction *r, size_t offset, int axis, double so_far)
{
    if (axis == r->rank) {
        double value = r->input->type == OCT_DATA_FLOAT ? (double)oct_floats(r->input)[offset]
                                                        : (double)oct_ints(r->input)[offset];
        return join(r->op, so_far, value);
    }
    for (int64_t i = 0; i < r->dims[axis]; i++)
        so_far = reduce_from(r, offset + (size_t)(i * r->strides[axis]), axis + 1, so_far);
    return so_far;
}

/* Integers pass through double: exact to 2^53, more than any size or index in a model. */
octet_status oct_evaluate_reduce(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    struct oct_array *output = &call->outputs[0];
    enum oct_operator op = call->node->op;
    bool reduced[OCT_RANK_MAX], known;
    octet_status status = reduced_axes(call, reduced, &known);
    if (status)
        return status;
    if (input->count == 0 && output->count && op != OCT_OP_REDUCE_SUM && op != OCT_OP_REDUCE_PROD)
        return oct_call_bad(call, "its input is empty");
    int64_t strides[OCT_RANK_MAX], kept_dims[OCT_RANK_MAX], kept_strides[OCT_RANK_MAX],
        at[OCT_RANK_MAX] = {0};
    oct_array_strides(input, strides);
    struct reduction r = {.op = op, .input = input};
    int kept = 0;
    size_t folded = 1;
    for (int i = 0; i < input->rank; i++) {
        if (reduced[i]) {
            r.dims[r.rank] = input->dims[i];
            r.strides[r.rank++] = strides[i];
            folded *= (size_t)input->dims[i];
        } else {
            kept_dims[kept] = input->dims[i];
            kept_strides[kept++] = strides[i];
        }
    }
    double start = op == OCT_OP_REDUCE_MAX    ? -INFINITY
                   : op == OCT_OP_REDUCE_MIN  ? INFINITY
                   : op == OCT_OP_REDUCE_PROD ? 1.0
                                              : 0.0;
    int64_t offset = 0;
    for (size_t o = 0; o < output->count; o++) {
        double value = reduce_from(&r, (size_t)offset, 0, start);
        if (op == OCT_OP_REDUCE_MEAN)
            value /= folded ? (double)folded : 1.0;
        if (output->type == OCT_DATA_FLOAT)
            oct_floats(output)[o] = (float)value;
        else if (fabs(value) < 9e18)
            oct_ints(output)[o] = (int64_t)value;
        else
            return oct_call_bad(call, "its result is too large");
        for (int axis = kept - 1; axis >= 0; axis--) {
            offset += kept_strides[axis];
            if (++at[axis] < kept_dims[axis])
                break;
            offset -= at[axis] * kept_strides[axis];
            at[axis] = 0;
        }
    }
    return OCTET_OK;
}

/* ---- ArgMax ---- */

octet_status oct_infer_arg_max(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    int axis, rank = 0;
    if (!oct_axis(oct_node_int(call->node, "axis", 0), input->rank, &axis))
        return oct_call_bad(call, "its axis does not fit");
    int64_t dims[OCT_RANK_MAX];
    for (int i = 0; i < input->rank; i++) {
        if (i != axis)
            dims[rank++] = input->dims[i];
        else if (oct_node_int(call->node, "keepdims", 1))
            dims[rank++] = 1;
    }
    return oct_call_shape(call, 0, OCT_DATA_INT, rank, dims);
}

octet_status oct_evaluate_arg_max(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    int axis;
    oct_axis(oct_node_int(call->node, "axis", 0), input->rank, &axis);
    bool last = oct_node_int(call->node, "select_last_index", 0) != 0;
    size_t size = (size_t)input->dims[axis];
    size_t outer = oct_array_extent(input, 0, axis),
           inner = oct_array_extent(input, axis + 1, input->rank);
    if (size == 0 || input->type != OCT_DATA_FLOAT)
        return call->outputs[0].count ? oct_call_bad(call, "its input is empty or not float")
                                      : OCTET_OK;
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < inner; i++) {
            const float *x = oct_floats(input) + o * size * inner + i;
            size_t best = 0;
            for (size_t n = 1; n < size; n++)
                if (x[n * inner] > x[best * inner] || (last && x[n * inner] == x[best * inner]))
                    best = n;
            oct_ints(&call->outputs[0])[o * inner + i] = (int64_t)best;
        }
    return OCTET_OK;
}

/* ---- Softmax ---- */

octet_status oct_infer_softmax(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    int axis;
    if (input->type != OCT_DATA_FLOAT ||
        !oct_axis(oct_node_int(call->node, "axis", call->graph->opset < 13 ? 1 : -1), input->rank,
                  &axis))
        return oct_call_bad(call, "its axis or type does not fit");
    return oct_call_shape(call, 0, OCT_DATA_FLOAT, input->rank, input->dims);
}

/* `width` neighbouring columns of `size` elements, `stride` apart. */
static void softmax_columns(const float *x, float *y, size_t size, size_t stride, size_t width)
{
    float most[64], sum[64] = {0};
    for (size_t i = 0; i < width; i++)
        most[i] = x[i];
    for (size_t n = 1; n < size; n++)
        for (size_t i = 0; i < width; i++)
            most[i] = x[n * stride + i] > most[i] ? x[n * stride + i] : most[i];
    for (size_t n = 0; n < size; n++)
        for (size_t i = 0; i < width; i++)
            sum[i] += y[n * stride + i] = expf(x[n * stride + i] - most[i]);
    for (size_t n = 0; n < size; n++)
        for (size_t i = 0; i < width; i++)
            y[n * stride + i] /= sum[i];
}

octet_status oct_evaluate_softmax(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    bool flattens = call->graph->opset < 13; /* all axes from `axis` on are one */
    int axis;
    oct_axis(oct_node_int(call->node, "axis", flattens ? 1 : -1), input->rank, &axis);
    int end = flattens ? input->rank : axis + 1;
    size_t size = oct_array_extent(input, axis, end);
    size_t outer = oct_array_extent(input, 0, axis),
           inner = oct_array_extent(input, end, input->rank);
    if (input->count == 0)
        return OCTET_OK;
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < inner; i += 64) {
            size_t at = o * size * inner + i, width = inner - i < 64 ? inner - i : 64;
            softmax_columns(oct_floats(input) + at, oct_floats(&call->outputs[0]) + at, size, inner,
                            width);
        }
    return OCTET_OK;
}

/* ---- MatMul: leading dimensions equal or left out on one side ---- */

/* A vector is a matrix of one row on the left, of one column on the right. */
static struct oct_array as_matrix(const struct oct_array *array, bool left)
{
    struct oct_array matrix = *array;
    if (array->rank == 1) {
        matrix.rank = 2;
        matrix.dims[0] = left ? 1 : array->dims[0];
        matrix.dims[1] = left ? array->dims[0] : 1;
    }
    return matrix;
}

octet_status oct_infer_mat_mul(struct oct_call *call)
{
    if (call->inputs[0]->rank < 1 || call->inputs[1]->rank < 1)
        return OCTET_OK;
    const struct oct_array a = as_matrix(call->inputs[0], true),
                           b = as_matrix(call->inputs[1], false);
    if (a.type != OCT_DATA_FLOAT || b.type != OCT_DATA_FLOAT ||
        a.dims[a.rank - 1] != b.dims[b.rank - 2])
        return oct_call_bad(call, "its inputs do not fit");
    const struct oct_array *longer = a.rank >= b.rank ? &a : &b;
    for (int i = 0; a.rank > 2 && b.rank > 2 && i < longer->rank - 2; i++)
        if (a.rank != b.rank || a.dims[i] != b.dims[i])
            return OCTET_OK;
    int64_t dims[OCT_RANK_MAX];
    int rank = longer->rank - 2;
    memcpy(dims, longer->dims, sizeof dims);
    if (call->inputs[0]->rank > 1)
        dims[rank++] = a.dims[a.rank - 2];
    if (call->inputs[1]->rank > 1)
        dims[rank++] = b.dims[b.rank - 1];
    return oct_call_shape(call, 0, OCT_DATA_FLOAT, rank, dims);
}

octet_status oct_evaluate_mat_mul(struct oct_call *call)
{
    const struct oct_array a = as_matrix(call->inputs[0], true),
                           b = as_matrix(call->inputs[1], false), *y = &call->outputs[0];
    const size_t rows = (size_t)a.dims[a.rank - 2], depth = (size_t)a.dims[a.rank - 1];
    const size_t columns = (size_t)b.dims[b.rank - 1];
    const size_t matrices = rows && columns ? y->count / (rows * columns) : 0;
    for (size_t m = 0; m < matrices; m++) {
        const float *left = oct_floats(&a) + (a.rank > 2 ? m * rows * depth : 0);
        const float *right = oct_floats(&b) + (b.rank > 2 ? m * depth * columns : 0);
        float *result = oct_floats(y) + m * rows * columns;
        for (size_t r = 0; r < rows; r++)
            for (size_t d = 0; d < depth; d++)
                for (size_t c = 0; c < columns; c++)
                    result[r * columns + c] += left[r * depth + d] * right[d * columns + c];
    }
    return OCTET_OK;
}
