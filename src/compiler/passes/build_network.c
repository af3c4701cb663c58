/* SPDX-License-Identifier: Apache-2.0 */
/* What the head reads, from the picture on, as layers and tensors. */
#include <string.h>

#include "compiler/graph/operators.h"
#include "compiler/passes/passes.h"

/* What detectors have; networks could run more. */
#define KERNEL_MAX 7
#define STRIDE_MAX 2

/* ---- convolutions ---- */

/* Weights stay where the graph has them; refuses NaN and infinity. */
static octet_status take_weights(struct oct_builder *builder, const struct oct_node *node,
                                 int value, const float **weights)
{
    const struct oct_array *from = &builder->import->graph->values[value].array;
    if (!oct_floats_finite(from))
        return oct_node_fail(builder->import->graph, node, OCTET_UNSUPPORTED_MODEL,
                             "its weights or bias have values that are not finite");
    *weights = oct_floats(from);
    return OCTET_OK;
}

static octet_status copy_grids(struct oct_builder *builder, const struct oct_node *node,
                               struct oct_layer_notes *notes)
{
    const struct oct_graph *graph = builder->import->graph;
    notes->sum_grid = node->sum_grid;
    notes->gate_grid = node->gate_grid;
    notes->value_grid = node->value_grid;
    if (!oct_is_quantized(notes->sum_grid) && !oct_is_quantized(notes->value_grid))
        return OCTET_OK;
    notes->rounded = oct_arena_strdup(&builder->imported->arena, graph->values[node->rounded].name);
    return notes->rounded ? OCTET_OK : oct_fail_memory(graph->ctx, "the network");
}

static octet_status take_window(const struct oct_graph *graph, const struct oct_node *node,
                                const struct oct_window *w, struct oct_layer *layer)
{
    const octet_status status = OCTET_UNSUPPORTED_OPERATOR;
    if (w->stride[0] > STRIDE_MAX || w->stride[1] > STRIDE_MAX)
        return oct_node_fail(graph, node, status,
                             "its strides of %lldx%lld are not equal, up to %d",
                             (long long)w->stride[0], (long long)w->stride[1], STRIDE_MAX);
    return oct_builder_window(graph, node, w, KERNEL_MAX, layer);
}

/* Of `groups` groups as one: what the groups do not have of one another are zeros. */
static octet_status fill_groups(struct oct_builder *builder, const struct oct_node *node,
                                int groups, struct oct_layer *layer)
{
    const struct oct_array *weights = &builder->import->graph->values[node->inputs[1]].array;
    const size_t outputs = (size_t)weights->dims[0], own = oct_array_extent(weights, 1, 4);
    const size_t all = (size_t)groups * own, each = outputs / (size_t)groups;
    builder->filled_bytes += all * outputs * sizeof(float);
    if (builder->filled_bytes > OCT_FUSED_BYTES_MAX)
        return oct_node_fail(builder->import->graph, node, OCTET_UNSUPPORTED_MODEL,
                             "the groups of its convolutions are too many");
    float *filled = oct_arena_calloc(&builder->imported->arena, all * outputs, sizeof *filled);
    if (!filled)
        return oct_fail_memory(builder->import->ctx, "weights");
    for (size_t o = 0; o < outputs; o++)
        memcpy(filled + o * all + o / each * own, layer->values + o * own, own * sizeof *filled);
    layer->values = filled;
    return OCTET_OK;
}

/* Channel by channel where every channel is a group, else all at once. */
static octet_status take_groups(struct oct_builder *builder, const struct oct_node *node,
                                struct oct_layer *layer)
{
    const struct oct_graph *graph = builder->import->graph;
    const struct oct_array *weights = &graph->values[node->inputs[1]].array;
    const int groups = (int)oct_node_int(node, "group", 1);
    layer->groups = 1;
    if (groups == 1)
        return OCTET_OK;
    if (weights->dims[1] == 1 && weights->dims[0] == groups) {
        layer->groups = groups;
        return OCTET_OK;
    }
    return fill_groups(builder, node, groups, layer);
}

static octet_status build_convolution(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    const struct oct_array *weights = &graph->values[node->inputs[1]].array;
    struct oct_layer layer = {.operation = OCT_CONVOLUTION,
                              .residual = -1,
                              .activation = node->activation,
                              .slope = node->slope};
    struct oct_layer_notes notes = {0};
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
        status = take_window(graph, node, &w, &layer);
    if (!status && node->input_count > 3)
        status = oct_builder_input(builder, node, 3, &layer.residual);
    if (!status)
        status = take_weights(builder, node, node->inputs[1], &layer.values);
    if (!status && bias >= 0)
        status = take_weights(builder, node, bias, &layer.bias);
    if (!status)
        status = take_groups(builder, node, &layer);
    if (status)
        return status;
    if (bias < 0)
        layer.bias =
            oct_arena_calloc(&builder->imported->arena, (size_t)weights->dims[0], sizeof(float));
    if (!layer.bias)
        return oct_fail_memory(graph->ctx, "weights");
    notes.weight_scales = graph->values[node->inputs[1]].weight_scales;
    notes.rows = node->rows;
    status = copy_grids(builder, node, &notes);
    if (status)
        return status;
    return oct_builder_layer(builder, node, &layer, &notes);
}

/* ---- nodes ---- */

static oct_build_function *const build_functions[OCT_OP_COUNT] = {
    [OCT_OP_CONV] = build_convolution,      [OCT_OP_MAX_POOL] = oct_build_pool,
    [OCT_OP_RESIZE] = oct_build_upsample,   [OCT_OP_UPSAMPLE] = oct_build_upsample,
    [OCT_OP_CONCAT] = oct_build_concat,     [OCT_OP_SPLIT] = oct_build_split,
    [OCT_OP_SLICE] = oct_build_slice,       [OCT_OP_FAKE_QUANTIZE] = oct_build_coded,
    [OCT_OP_ADD] = oct_build_sum,           [OCT_OP_CLIP] = oct_build_activation,
    [OCT_OP_GELU] = oct_build_activation,   [OCT_OP_HARD_SWISH] = oct_build_activation,
    [OCT_OP_RELU] = oct_build_activation,   [OCT_OP_LEAKY_RELU] = oct_build_activation,
    [OCT_OP_SWISH] = oct_build_activation,  [OCT_OP_ATTENTION] = oct_build_attention,
    [OCT_OP_AVERAGE_POOL] = oct_build_mean, [OCT_OP_DEPTH_TO_SPACE] = oct_build_depth,
    [OCT_OP_MUL] = oct_build_scale,
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
    for (int i = 0; i < import->head.head.output_count; i++)
        wanted[import->head.outputs[i].value] = true;
    for (size_t n = graph->node_count; n-- > 0;) {
        const struct oct_node *node = &graph->nodes[n];
        for (int i = 0; i < node->output_count; i++)
            body[n] = body[n] || (node->outputs[i] >= 0 && wanted[node->outputs[i]]);
        for (int i = 0; body[n] && i < node->input_count; i++)
            if (node->inputs[i] >= 0)
                wanted[node->inputs[i]] = true;
    }
}

/* The head's tensors, as a quantised file has them. */
static octet_status build_head(struct oct_builder *builder)
{
    const struct oct_found_head *found = &builder->import->head;
    struct oct_head *head = &builder->imported->network.head;
    octet_status status = OCTET_OK;
    *head = found->head;
    builder->imported->coded_head = found->coded;
    for (int i = 0; i < head->output_count && !status; i++) {
        const struct oct_found_output *from = &found->outputs[i];
        const struct oct_node *node = oct_graph_producer(builder->import->graph, from->value);
        if (builder->imported->is_quantised)
            status = oct_builder_coded(builder, node, from->value, builder->tensor_of[from->value],
                                       from->grid);
        head->outputs[i].tensor = builder->tensor_of[from->value];
    }
    return status;
}

static octet_status build_body(struct oct_builder *builder, const bool *body)
{
    const struct oct_graph *graph = builder->import->graph;
    if (oct_builder_tensor(builder, graph->inputs[0], OCT_TENSOR_INPUT) < 0)
        return oct_fail_memory(graph->ctx, "the network");
    for (size_t n = 0; n < graph->node_count; n++) {
        octet_status status = body[n] ? build_node(builder, &graph->nodes[n]) : OCTET_OK;
        if (status)
            return status;
    }
    return build_head(builder);
}

/* Which tensors a layer, the head or another used tensor reads or writes: parents and members stand
 * before their views, so one walk back is enough. */
static void mark_used(const struct oct_builder *builder, int *used)
{
    const struct oct_network *network = &builder->imported->network;
    used[0] = 1;
    for (int l = 0; l < network->layer_count; l++) {
        used[builder->layers[l].input] = 1;
        used[builder->layers[l].output] = 1;
        if (builder->layers[l].residual >= 0)
            used[builder->layers[l].residual] = 1;
    }
    for (int i = 0; i < network->head.output_count; i++)
        used[network->head.outputs[i].tensor] = 1;
    for (int t = network->tensor_count - 1; t >= 0; t--) {
        const struct oct_tensor *tensor = &builder->tensors[t];
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
    struct oct_network *network = &imported->network;
    const size_t layers = (size_t)network->layer_count;
    mark_used(builder, index);
    int kept = 0;
    for (int t = 0; t < network->tensor_count; t++)
        if (index[t]) {
            index[t] = kept;
            builder->tensors[kept++] = builder->tensors[t];
        }
    network->tensor_count = kept;
    network->tensors = oct_arena_calloc(&imported->arena, (size_t)kept, sizeof *network->tensors);
    network->layers = oct_arena_calloc(&imported->arena, layers, sizeof *network->layers);
    imported->notes = oct_arena_calloc(&imported->arena, layers, sizeof *imported->notes);
    if (!network->tensors || !network->layers || !imported->notes)
        return oct_fail_memory(builder->import->ctx, "the network");
    for (int t = 0; t < kept; t++) {
        struct oct_tensor *tensor = &network->tensors[t];
        *tensor = builder->tensors[t];
        if (tensor->parent >= 0)
            tensor->parent = index[tensor->parent];
        for (int m = 0; m < tensor->member_count; m++)
            tensor->members[m] = index[tensor->members[m]];
    }
    for (int l = 0; l < network->layer_count; l++) {
        struct oct_layer *layer = &network->layers[l];
        *layer = builder->layers[l];
        layer->input = index[layer->input];
        layer->output = index[layer->output];
        layer->residual = layer->residual >= 0 ? index[layer->residual] : -1;
        imported->notes[l] = builder->notes[l];
    }
    for (int i = 0; i < network->head.output_count; i++)
        network->head.outputs[i].tensor = index[network->head.outputs[i].tensor];
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
    octet_status status = OCTET_OK;
    if (!body || !wanted || !builder.tensor_of) {
        status = oct_fail_memory(ctx, "the network");
        goto done;
    }
    for (size_t v = 0; v < graph->value_count; v++)
        builder.tensor_of[v] = -1;
    mark_body(import, body, wanted);
    status = build_body(&builder, body);
    if (status)
        goto done;
    index = oct_calloc(ctx, (size_t)import->imported->network.tensor_count, sizeof *index);
    status = index ? finish(&builder, index) : oct_fail_memory(ctx, "the network");
done:
    oct_free(ctx, body);
    oct_free(ctx, wanted);
    oct_free(ctx, index);
    oct_free(ctx, builder.tensor_of);
    oct_free(ctx, builder.tensors);
    oct_free(ctx, builder.layers);
    oct_free(ctx, builder.notes);
    return status;
}
