/* SPDX-License-Identifier: Apache-2.0 */
/* Constants that a quantised file rounds, or has as codes. */
#include <math.h>

#include "compiler/passes/quantized_reading.h"

/* Where a tensor's scales lie: `outer` blocks of `channels` blocks of `inner` elements. */
struct blocks {
    size_t outer, channels, inner;
};

static octet_status blocks_of(const struct oct_graph *graph, const struct oct_node *node,
                              const struct oct_quantization_parameters *p,
                              const struct oct_array *array, struct blocks *blocks)
{
    *blocks = (struct blocks){1, 1, array->count};
    if (p->count == 1)
        return OCTET_OK;
    const int64_t axis = p->axis < 0 ? p->axis + array->rank : p->axis;
    if (axis < 0 || axis >= array->rank || (size_t)array->dims[axis] != p->count ||
        oct_node_int(node, "block_size", 0) != 0)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_MODEL,
                             "its scales do not belong to one axis");
    *blocks = (struct blocks){oct_array_extent(array, 0, (int)axis), p->count,
                              oct_array_extent(array, (int)axis + 1, array->rank)};
    return OCTET_OK;
}

/* The scales of weights by output channel, or NULL where they lie along another axis. */
static octet_status keep_scales(struct oct_graph *graph, const struct blocks *blocks,
                                const struct oct_quantization_parameters *p, int output)
{
    const struct oct_array *array = &graph->values[output].array;
    if (array->rank != 4 || blocks->outer != 1 || array->dims[0] < 1)
        return OCTET_OK;
    const size_t count = (size_t)array->dims[0];
    float *scales = oct_arena_calloc(&graph->arena, count, sizeof *scales);
    if (!scales)
        return oct_fail_memory(graph->ctx, "the model's weights");
    for (size_t i = 0; i < count; i++)
        scales[i] = p->scales[p->count == 1 ? 0 : i];
    graph->values[output].weight_scales = scales;
    return OCTET_OK;
}

/* An array of the shape of `from`. */
static octet_status make_constant(struct oct_graph *graph, const struct oct_array *from,
                                  enum oct_data_type type, struct oct_array *to)
{
    oct_array_shape(to, type, from->rank, from->dims);
    to->data = oct_arena_calloc(&graph->arena, from->count, oct_array_element_bytes(to));
    return to->data ? OCTET_OK : oct_fail_memory(graph->ctx, "the model's weights");
}

octet_status oct_quantization_codes(const struct oct_quantization_reading *r,
                                    const struct oct_node *node,
                                    const struct oct_quantization_parameters *p, int input,
                                    int output)
{
    struct oct_graph *graph = r->graph;
    const struct oct_array from = graph->values[input].array;
    const double low = p->file_type == OCT_ONNX_INT8 ? -128.0 : 0.0;
    struct blocks blocks;
    struct oct_array to;
    if (from.type != OCT_DATA_FLOAT ||
        (p->file_type != OCT_ONNX_INT8 && p->file_type != OCT_ONNX_UINT8))
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_MODEL,
                             "it quantises weights to something else than 8 bits");
    octet_status status = blocks_of(graph, node, p, &from, &blocks);
    if (!status)
        status = make_constant(graph, &from, OCT_DATA_INT, &to);
    if (status)
        return status;
    for (size_t i = 0; i < from.count; i++) {
        const size_t c = p->count == 1 ? 0 : i / blocks.inner % blocks.channels;
        const double code = rint((double)(oct_floats(&from)[i] / p->scales[c])) +
                            (double)oct_quantization_zero(p, c);
        /* the other way round, so that what is no number becomes a code, too */
        oct_ints(&to)[i] = (int64_t)(code > low ? code < low + 255.0 ? code : low + 255.0 : low);
    }
    graph->values[output].array = to;
    graph->values[output].file_type = p->file_type;
    return OCTET_OK;
}

octet_status oct_quantization_constant(const struct oct_quantization_reading *r,
                                       const struct oct_node *node,
                                       const struct oct_quantization_parameters *p, int input,
                                       int output)
{
    struct oct_graph *graph = r->graph;
    const struct oct_array from = graph->values[input].array;
    const int32_t type = graph->values[input].file_type;
    struct blocks blocks;
    struct oct_array to;
    octet_status status = blocks_of(graph, node, p, &from, &blocks);
    if (!status)
        status = make_constant(graph, &from, OCT_DATA_FLOAT, &to);
    if (status)
        return status;
    float step = 0.0f;
    for (size_t i = 0; i < p->count; i++)
        step = fmaxf(step, p->scales[i]);
    for (size_t i = 0; i < from.count; i++) {
        const size_t c = p->count == 1 ? 0 : i / blocks.inner % blocks.channels;
        oct_floats(&to)[i] =
            (float)((double)oct_ints(&from)[i] - (double)oct_quantization_zero(p, c)) *
            p->scales[c];
    }
    graph->values[output].array = to;
    graph->values[output].step = step;
    return type == OCT_ONNX_INT8 || type == OCT_ONNX_UINT8 ? keep_scales(graph, &blocks, p, output)
                                                           : OCTET_OK;
}
