/* SPDX-License-Identifier: Apache-2.0 */
/* What the head reads, from the picture on, as layers and tensors. */
#include <math.h>
#include <string.h>

#include "compiler/graph/operators.h"
#include "compiler/passes/passes.h"

#define KERNEL_MAX 7
#define STRIDE_MAX 2

/* ---- the builder ---- */

int oct_builder_tensor(struct oct_builder *builder, int value, enum oct_tensor_kind kind)
{
    struct oct_imported *imported = builder->imported;
    const struct oct_value *from = &builder->import->graph->values[value];
    if (!oct_grow(builder->import->ctx, &builder->tensors, &builder->tensor_capacity,
                  (size_t)imported->tensor_count + 1, sizeof *builder->tensors))
        return -1;
    struct oct_imported_tensor *tensor = &builder->tensors[imported->tensor_count];
    *tensor = (struct oct_imported_tensor){.kind = kind,
                                           .channels = (int)from->array.dims[1],
                                           .height = (int)from->array.dims[2],
                                           .width = (int)from->array.dims[3],
                                           .layer = -1,
                                           .parent = -1};
    tensor->name = oct_arena_strdup(&imported->arena, from->name);
    if (!tensor->name)
        return -1;
    builder->tensor_of[value] = imported->tensor_count;
    return imported->tensor_count++;
}

octet_status oct_builder_input(struct oct_builder *builder, const struct oct_node *node, int index,
                               int *tensor)
{
    const struct oct_graph *graph = builder->import->graph;
    int value = index < node->input_count ? node->inputs[index] : -1;
    *tensor = value >= 0 ? builder->tensor_of[value] : -1;
    if (*tensor >= 0)
        return OCTET_OK;
    return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                         "its input '%.200s' is not computed from the picture",
                         value >= 0 ? graph->values[value].name : "");
}

octet_status oct_builder_layer(struct oct_builder *builder, const struct oct_node *node,
                               const struct oct_imported_layer *layer)
{
    struct oct_imported *imported = builder->imported;
    octet_context *ctx = builder->import->ctx;
    if (!oct_grow(ctx, &builder->layers, &builder->layer_capacity,
                  (size_t)imported->layer_count + 1, sizeof *builder->layers))
        return oct_fail_memory(ctx, "the network");
    struct oct_imported_layer *added = &builder->layers[imported->layer_count];
    *added = *layer;
    added->name = oct_arena_strdup(&imported->arena, oct_node_label(builder->import->graph, node));
    added->output = oct_builder_tensor(builder, node->outputs[0], OCT_TENSOR_LAYER);
    if (!added->name || added->output < 0)
        return oct_fail_memory(ctx, "the network");
    builder->tensors[added->output].layer = imported->layer_count++;
    return OCTET_OK;
}

/* ---- convolutions ---- */

/* A copy in the network's arena, one for all who share the weights; refuses NaN and infinity. */
static octet_status copy_weights(struct oct_builder *builder, const struct oct_node *node,
                                 int value, const float **copy)
{
    const struct oct_array *from = &builder->import->graph->values[value].array;
    *copy = builder->copy_of[value];
    if (*copy)
        return OCTET_OK;
    float *values = oct_arena_calloc(&builder->imported->arena, from->count, sizeof *values);
    if (!values)
        return oct_fail_memory(builder->import->ctx, "weights");
    memcpy(values, from->data, from->count * sizeof *values);
    for (size_t i = 0; i < from->count; i++)
        if (!isfinite(values[i]))
            return oct_node_fail(builder->import->graph, node, OCTET_UNSUPPORTED_MODEL,
                                 "its weights or bias have values that are not finite");
    *copy = builder->copy_of[value] = values;
    return OCTET_OK;
}

static octet_status copy_scales(struct oct_builder *builder, const struct oct_node *node,
                                struct oct_imported_layer *layer)
{
    const struct oct_value *weights = &builder->import->graph->values[node->inputs[1]];
    if (!weights->weight_scales)
        return OCTET_OK;
    const size_t count = (size_t)weights->array.dims[0];
    float *scales = oct_arena_calloc(&builder->imported->arena, count, sizeof *scales);
    if (!scales)
        return oct_fail_memory(builder->import->ctx, "weights");
    memcpy(scales, weights->weight_scales, count * sizeof *scales);
    layer->weight_scales = scales;
    return OCTET_OK;
}

static octet_status copy_grids(struct oct_builder *builder, const struct oct_node *node,
                               struct oct_imported_layer *layer)
{
    const struct oct_graph *graph = builder->import->graph;
    layer->sum_grid = node->sum_grid;
    layer->gate_grid = node->gate_grid;
    layer->value_grid = node->value_grid;
    if (!oct_is_quantized(layer->sum_grid) && !oct_is_quantized(layer->value_grid))
        return OCTET_OK;
    layer->rounded = oct_arena_strdup(&builder->imported->arena, graph->values[node->rounded].name);
    return layer->rounded ? OCTET_OK : oct_fail_memory(graph->ctx, "the network");
}

static octet_status check_window(const struct oct_graph *graph, const struct oct_node *node,
                                 const struct oct_window *w)
{
    const octet_status status = OCTET_UNSUPPORTED_OPERATOR;
    int64_t groups = oct_node_int(node, "group", 1);
    if (groups != 1)
        return oct_node_fail(graph, node, status,
                             "%lld groups: only ungrouped convolutions are read",
                             (long long)groups);
    if (w->dilation[0] != 1 || w->dilation[1] != 1)
        return oct_node_fail(graph, node, status, "only dilation 1 is read");
    if (w->kernel[0] != w->kernel[1] || w->kernel[0] > KERNEL_MAX)
        return oct_node_fail(graph, node, status, "its kernel of %lldx%lld is not square, up to %d",
                             (long long)w->kernel[0], (long long)w->kernel[1], KERNEL_MAX);
    if (w->stride[0] != w->stride[1] || w->stride[0] > STRIDE_MAX)
        return oct_node_fail(graph, node, status,
                             "its strides of %lldx%lld are not equal, up to %d",
                             (long long)w->stride[0], (long long)w->stride[1], STRIDE_MAX);
    for (int i = 0; i < 2; i++)
        if (w->pad_begin[i] != w->pad_begin[0] || w->pad_end[i] != w->pad_begin[0] ||
            w->pad_begin[i] > w->kernel[0] / 2)
            return oct_node_fail(
                graph, node, status,
                "its padding differs between sides, or is wider than half its kernel");
    return OCTET_OK;
}

static octet_status build_convolution(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    const struct oct_array *weights = &graph->values[node->inputs[1]].array;
    struct oct_imported_layer layer = {
        .operation = OCT_CONVOLUTION, .residual = -1, .silu = node->silu};
    struct oct_window w;
    int bias = node->input_count > 2 ? node->inputs[2] : -1;
    octet_status status = oct_builder_input(builder, node, 0, &layer.input);
    if (!status && (!weights->data || (bias >= 0 && !graph->values[bias].array.data)))
        status = oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                               "its weights or bias are not constant");
    if (!status)
        status = oct_window_of(graph, node, &graph->values[node->inputs[0]].array,
                               weights->dims + 2, &w);
    if (!status)
        status = check_window(graph, node, &w);
    if (!status && node->input_count > 3)
        status = oct_builder_input(builder, node, 3, &layer.residual);
    if (!status)
        status = copy_weights(builder, node, node->inputs[1], &layer.weights);
    if (!status && bias >= 0)
        status = copy_weights(builder, node, bias, &layer.bias);
    if (status)
        return status;
    if (bias < 0)
        layer.bias =
            oct_arena_calloc(&builder->imported->arena, (size_t)weights->dims[0], sizeof(float));
    if (!layer.bias)
        return oct_fail_memory(graph->ctx, "weights");
    status = copy_scales(builder, node, &layer);
    if (status)
        return status;
    status = copy_grids(builder, node, &layer);
    if (status)
        return status;
    layer.kernel = (int)w.kernel[0];
    layer.stride = (int)w.stride[0];
    layer.padding = (int)w.pad_begin[0];
    return oct_builder_layer(builder, node, &layer);
}

/* ---- nodes ---- */

static oct_build_function *const build_functions[OCT_OP_COUNT] = {
    [OCT_OP_CONV] = build_convolution,    [OCT_OP_MAX_POOL] = oct_build_pool,
    [OCT_OP_RESIZE] = oct_build_upsample, [OCT_OP_UPSAMPLE] = oct_build_upsample,
    [OCT_OP_CONCAT] = oct_build_concat,   [OCT_OP_SPLIT] = oct_build_split,
    [OCT_OP_SLICE] = oct_build_slice,     [OCT_OP_FAKE_QUANTIZE] = oct_build_coded,
};

static octet_status build_node(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    const struct oct_array *output =
        node->outputs[0] >= 0 ? &graph->values[node->outputs[0]].array : NULL;
    if (!build_functions[node->op])
        return oct_refuse_operator(graph, node);
    if (!output || output->type != OCT_DATA_FLOAT || output->rank != 4 || output->count == 0)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "its output is not batch x channels x height x width");
    return build_functions[node->op](builder, node);
}

/* ---- the whole ---- */

/* Marks the nodes that the head's convolutions need, them included. */
static void mark_body(const struct oct_import *import, bool *body, bool *wanted)
{
    const struct oct_graph *graph = import->graph;
    for (int l = 0; l < import->head.level_count; l++) {
        wanted[import->head.levels[l].box_value] = true;
        wanted[import->head.levels[l].class_value] = true;
    }
    for (size_t n = graph->node_count; n-- > 0;) {
        const struct oct_node *node = &graph->nodes[n];
        for (int i = 0; i < node->output_count; i++)
            body[n] = body[n] || (node->outputs[i] >= 0 && wanted[node->outputs[i]]);
        for (int i = 0; body[n] && i < node->input_count; i++)
            if (node->inputs[i] >= 0)
                wanted[node->inputs[i]] = true;
    }
}

/* The head's tensors as a quantised file has them. */
static octet_status code_levels(struct oct_builder *builder)
{
    const struct oct_import *import = builder->import;
    octet_status status = OCTET_OK;
    for (int l = 0; l < import->head.level_count && !status; l++) {
        const struct oct_head_convolutions *from = &import->head.levels[l];
        struct oct_imported_level *to = &builder->imported->levels[l];
        const struct oct_node *node = oct_graph_producer(import->graph, from->box_value);
        status = oct_builder_coded(builder, node, from->box_value, to->box_tensor, from->box_grid);
        if (!status)
            status = oct_builder_coded(builder, node, from->class_value, to->class_tensor,
                                       from->class_grid);
        to->box_tensor = builder->tensor_of[from->box_value];
        to->class_tensor = builder->tensor_of[from->class_value];
    }
    return status;
}

static octet_status build_body(struct oct_builder *builder, const bool *body)
{
    const struct oct_graph *graph = builder->import->graph;
    struct oct_imported *imported = builder->imported;
    imported->input_tensor = oct_builder_tensor(builder, graph->inputs[0], OCT_TENSOR_INPUT);
    if (imported->input_tensor < 0)
        return oct_fail_memory(graph->ctx, "the network");
    for (size_t n = 0; n < graph->node_count; n++) {
        octet_status status = body[n] ? build_node(builder, &graph->nodes[n]) : OCTET_OK;
        if (status)
            return status;
    }
    const struct oct_found_head *head = &builder->import->head;
    imported->level_count = head->level_count;
    imported->reg_max = head->reg_max;
    imported->class_count = head->class_count;
    for (int l = 0; l < head->level_count; l++)
        imported->levels[l] = (struct oct_imported_level){
            builder->tensor_of[head->levels[l].box_value],
            builder->tensor_of[head->levels[l].class_value], head->levels[l].stride};
    return imported->is_quantised ? code_levels(builder) : OCTET_OK;
}

/* Which tensors a layer, a level or another used tensor reads or writes: parents and members stand
 * before their views, so one walk back is enough. */
static void mark_used(const struct oct_builder *builder, int *used)
{
    const struct oct_imported *imported = builder->imported;
    used[imported->input_tensor] = 1;
    for (int l = 0; l < imported->layer_count; l++) {
        used[builder->layers[l].input] = 1;
        used[builder->layers[l].output] = 1;
        if (builder->layers[l].residual >= 0)
            used[builder->layers[l].residual] = 1;
    }
    for (int l = 0; l < imported->level_count; l++)
        used[imported->levels[l].box_tensor] = used[imported->levels[l].class_tensor] = 1;
    for (int t = imported->tensor_count - 1; t >= 0; t--) {
        const struct oct_imported_tensor *tensor = &builder->tensors[t];
        if (used[t] && tensor->parent >= 0)
            used[tensor->parent] = 1;
        for (int m = 0; used[t] && m < tensor->member_count; m++)
            used[tensor->members[m]] = 1;
    }
}

/* Drops tensors that nothing uses and moves the rest, and the layers, to the network's arena.
 * `index` has room for all tensors. */
static octet_status finish(struct oct_builder *builder, int *index)
{
    struct oct_imported *imported = builder->imported;
    mark_used(builder, index);
    int kept = 0;
    for (int t = 0; t < imported->tensor_count; t++)
        if (index[t]) {
            index[t] = kept;
            builder->tensors[kept++] = builder->tensors[t];
        }
    imported->tensor_count = kept;
    imported->tensors = oct_arena_calloc(&imported->arena, (size_t)kept, sizeof *imported->tensors);
    imported->layers =
        oct_arena_calloc(&imported->arena, (size_t)imported->layer_count, sizeof *imported->layers);
    if (!imported->tensors || !imported->layers)
        return oct_fail_memory(builder->import->ctx, "the network");
    for (int t = 0; t < kept; t++) {
        struct oct_imported_tensor *tensor = &imported->tensors[t];
        *tensor = builder->tensors[t];
        if (tensor->parent >= 0)
            tensor->parent = index[tensor->parent];
        for (int m = 0; m < tensor->member_count; m++)
            tensor->members[m] = index[tensor->members[m]];
    }
    for (int l = 0; l < imported->layer_count; l++) {
        struct oct_imported_layer *layer = &imported->layers[l];
        *layer = builder->layers[l];
        layer->input = index[layer->input];
        layer->output = index[layer->output];
        layer->residual = layer->residual >= 0 ? index[layer->residual] : -1;
    }
    imported->input_tensor = index[imported->input_tensor];
    for (int l = 0; l < imported->level_count; l++) {
        imported->levels[l].box_tensor = index[imported->levels[l].box_tensor];
        imported->levels[l].class_tensor = index[imported->levels[l].class_tensor];
    }
    return OCTET_OK;
}

octet_status oct_build_network(struct oct_import *import)
{
    octet_context *ctx = import->ctx;
    const struct oct_graph *graph = import->graph;
    struct oct_builder builder = {.import = import, .imported = import->imported};
    bool *body = oct_calloc(ctx, graph->node_count, sizeof *body);
    bool *wanted = oct_calloc(ctx, graph->value_count, sizeof *wanted);
    int *index = NULL;
    builder.tensor_of = oct_malloc(ctx, graph->value_count, sizeof *builder.tensor_of);
    builder.copy_of = oct_calloc(ctx, graph->value_count, sizeof *builder.copy_of);
    octet_status status = OCTET_OK;
    if (!body || !wanted || !builder.tensor_of || !builder.copy_of) {
        status = oct_fail_memory(ctx, "the network");
        goto done;
    }
    for (size_t v = 0; v < graph->value_count; v++)
        builder.tensor_of[v] = -1;
    mark_body(import, body, wanted);
    status = build_body(&builder, body);
    if (status)
        goto done;
    index = oct_calloc(ctx, (size_t)import->imported->tensor_count, sizeof *index);
    status = index ? finish(&builder, index) : oct_fail_memory(ctx, "the network");
done:
    oct_free(ctx, body);
    oct_free(ctx, wanted);
    oct_free(ctx, index);
    oct_free(ctx, builder.tensor_of);
    oct_free(ctx, builder.copy_of);
    oct_free(ctx, builder.tensors);
    oct_free(ctx, builder.layers);
    return status;
}
