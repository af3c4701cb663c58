/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that pick elements by number, or tell the numbers of the largest: what models that
 * select boxes themselves are made of. */
#include <string.h>

#include "compiler/graph/operators.h"

/* ---- GatherElements ---- */

octet_status oct_infer_gather_elements(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0], *indices = call->inputs[1];
    int axis;
    bool fits = oct_axis(oct_node_int(call->node, "axis", 0), input->rank, &axis) &&
                indices->type == OCT_DATA_INT && indices->rank == input->rank;
    for (int i = 0; fits && i < input->rank; i++)
        fits = i == axis || indices->dims[i] <= input->dims[i];
    return fits ? oct_call_shape(call, 0, input->type, indices->rank, indices->dims)
                : oct_call_bad(call, "its axis or indices do not fit");
}

octet_status oct_evaluate_gather_elements(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0], *indices = call->inputs[1];
    const size_t bytes = oct_array_element_bytes(input);
    char *target = call->outputs[0].data;
    int axis;
    int64_t strides[OCT_RANK_MAX], at[OCT_RANK_MAX] = {0};
    oct_axis(oct_node_int(call->node, "axis", 0), input->rank, &axis);
    oct_array_strides(input, strides);
    for (size_t i = 0; i < indices->count; i++, target += bytes) {
        int64_t index = oct_ints(indices)[i], from = 0;
        if (index < -input->dims[axis] || index >= input->dims[axis])
            return oct_call_bad(call, "an index is out of range");
        index += index < 0 ? input->dims[axis] : 0;
        for (int a = 0; a < input->rank; a++)
            from += (a == axis ? index : at[a]) * strides[a];
        memcpy(target, (const char *)input->data + (size_t)from * bytes, bytes);
        for (int a = input->rank - 1; a >= 0 && ++at[a] == indices->dims[a]; a--)
            at[a] = 0;
    }
    return OCTET_OK;
}

/* ---- GatherND ---- */

octet_status oct_infer_gather_nd(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0], *indices = call->inputs[1];
    const int last = indices->rank - 1;
    if (oct_node_int(call->node, "batch_dims", 0) != 0)
        return OCTET_OK; /* not known here */
    if (indices->type != OCT_DATA_INT || last < 0 || indices->dims[last] < 1 ||
        indices->dims[last] > input->rank)
        return oct_call_bad(call, "its indices do not fit");
    const int given = (int)indices->dims[last];
    int64_t dims[2 * OCT_RANK_MAX];
    int rank = 0;
    if (last + input->rank - given > OCT_RANK_MAX)
        return oct_call_bad(call, "its output has too many dimensions");
    for (int i = 0; i < last; i++)
        dims[rank++] = indices->dims[i];
    for (int i = given; i < input->rank; i++)
        dims[rank++] = input->dims[i];
    return oct_call_shape(call, 0, input->type, rank, dims);
}

octet_status oct_evaluate_gather_nd(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0], *indices = call->inputs[1];
    const size_t given = (size_t)indices->dims[indices->rank - 1];
    const size_t block =
        oct_array_extent(input, (int)given, input->rank) * oct_array_element_bytes(input);
    const int64_t *index = oct_ints(indices);
    char *target = call->outputs[0].data;
    for (size_t i = 0; i < indices->count / given; i++, target += block) {
        size_t from = 0;
        for (size_t a = 0; a < given; a++, index++) {
            const int64_t size = input->dims[a], place = *index < 0 ? *index + size : *index;
            if (place < 0 || place >= size)
                return oct_call_bad(call, "an index is out of range");
            from = from * (size_t)size + (size_t)place;
        }
        if (block)
            memcpy(target, (const char *)input->data + from * block, block);
    }
    return OCTET_OK;
}

/* ---- TopK ---- */

/* Elements of one line along the axis, and their order. */
struct line {
    const struct oct_array *input;
    size_t first, step;
    bool largest;
};

static bool comes_before(const struct line *line, int64_t a, int64_t b)
{
    const size_t i = line->first + (size_t)a * line->step, j = line->first + (size_t)b * line->step;
    if (line->input->type == OCT_DATA_INT) {
        const int64_t x = oct_ints(line->input)[i], y = oct_ints(line->input)[j];
        return x != y ? (x > y) == line->largest : a < b;
    }
    const float x = oct_floats(line->input)[i], y = oct_floats(line->input)[j];
    return x != y ? (x > y) == line->largest : a < b;
}

/* A heap with the last one on top. */
static void sift_down(const struct line *line, int64_t *heap, size_t count, size_t at)
{
    const int64_t moving = heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && comes_before(line, heap[child], heap[child + 1]))
            child++;
        if (!comes_before(line, moving, heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moving;
}

/* The first `k` of `size`, in order. */
static void take_top(const struct line *line, int64_t size, int64_t *heap, size_t k)
{
    for (size_t i = 0; i < k; i++)
        heap[i] = (int64_t)i;
    for (size_t i = k / 2; i-- > 0;)
        sift_down(line, heap, k, i);
    for (int64_t i = (int64_t)k; k > 0 && i < size; i++)
        if (comes_before(line, i, heap[0])) {
            heap[0] = i;
            sift_down(line, heap, k, 0);
        }
    for (size_t left = k; left > 1;) {
        const int64_t last = heap[0];
        heap[0] = heap[--left];
        sift_down(line, heap, left, 0);
        heap[left] = last;
    }
}

/* False where it is not known. */
static bool top_count(const struct oct_call *call, int64_t *k)
{
    const struct oct_array *given = call->inputs[1];
    *k = 0;
    if (given->type != OCT_DATA_INT || !given->data || given->count != 1)
        return false;
    *k = oct_ints(given)[0];
    return true;
}

octet_status oct_infer_top_k(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    int axis;
    int64_t k, dims[OCT_RANK_MAX];
    if (!top_count(call, &k))
        return OCTET_OK;
    if (!oct_axis(oct_node_int(call->node, "axis", -1), input->rank, &axis))
        return oct_call_bad(call, "its axis does not fit");
    if (k < 0 || k > input->dims[axis])
        return oct_call_bad(call, "it takes more elements than there are");
    memcpy(dims, input->dims, sizeof dims);
    dims[axis] = k;
    for (int i = 0; i < call->node->output_count; i++) {
        const octet_status status =
            oct_call_shape(call, i, i ? OCT_DATA_INT : input->type, input->rank, dims);
        if (status)
            return status;
    }
    return OCTET_OK;
}

static void put_top(struct oct_call *call, const struct line *line, const int64_t *top, int64_t k,
                    size_t outer, size_t inner)
{
    const struct oct_array *input = call->inputs[0];
    for (int64_t i = 0; i < k; i++) {
        const size_t from = line->first + (size_t)top[i] * line->step;
        const size_t to = (outer * (size_t)k + (size_t)i) * line->step + inner;
        if (input->type == OCT_DATA_FLOAT)
            oct_floats(&call->outputs[0])[to] = oct_floats(input)[from];
        else
            oct_ints(&call->outputs[0])[to] = oct_ints(input)[from];
        if (call->node->output_count > 1)
            oct_ints(&call->outputs[1])[to] = top[i];
    }
}

octet_status oct_evaluate_top_k(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    int axis;
    int64_t k;
    if (!top_count(call, &k))
        return oct_call_bad(call, "how many it takes is not known");
    oct_axis(oct_node_int(call->node, "axis", -1), input->rank, &axis);
    const size_t lines = oct_array_extent(input, 0, axis),
                 inner = oct_array_extent(input, axis + 1, input->rank);
    int64_t *top = oct_malloc(call->graph->ctx, (size_t)k, sizeof *top);
    if (!top)
        return oct_fail_memory(call->graph->ctx, "the largest elements");
    for (size_t o = 0; o < lines; o++)
        for (size_t i = 0; i < inner; i++) {
            const struct line line = {input, o * (size_t)input->dims[axis] * inner + i, inner,
                                      oct_node_int(call->node, "largest", 1) != 0};
            take_top(&line, input->dims[axis], top, (size_t)k);
            put_top(call, &line, top, k, o, i);
        }
    oct_free(call->graph->ctx, top);
    return OCTET_OK;
}
