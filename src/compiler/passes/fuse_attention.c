/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An attention becomes one node, and the convolution that q, k and v come from three: of q, of k
 * and of v, the channels of one head after the other's. So each of them has a scale of its own, and
 * what else reads v reads what a convolution gives.
 */
#include <string.h>

#include "compiler/passes/find_attention.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/trace_moves.h"

#define TRACED_MAX ((int64_t)1 << 32) /* elements moved, in all of a file's attentions */

/* An attention that was found: v's channels of its base, and the value that they are now. */
struct fused {
    const int *rows;
    int64_t plane;
    int values;
};

struct finding {
    struct oct_import *import;
    struct oct_graph *graph;
    struct oct_attention_search search;
    int value_count; /* of the graph as it came: what is added stands behind them */
    /* by value of these: which of those that were found it is the base of; or -1 */
    int *attention_of;
    struct fused *fused;
    size_t fused_count, fused_capacity;
};

static const struct oct_array *array_of(const struct finding *f, int value)
{
    return &f->graph->values[value].array;
}

/* ---- the graph ---- */

/* The first value on the way from the base that is not all of it: the file's name of a part. */
static const char *name_of_part(const struct finding *f, const struct oct_found_attention *found,
                                int part)
{
    struct oct_trace trace;
    oct_trace_back(f->graph, found->inputs[part], &trace);
    for (int i = trace.count; i-- > 0;) {
        const int value = f->graph->nodes[trace.nodes[i]].outputs[trace.outputs[i]];
        if (array_of(f, value)->count < array_of(f, found->base)->count)
            return f->graph->values[value].name;
    }
    return f->graph->values[found->base].name;
}

/* Rows of a constant, as a new one; those of -1 are zeros. -1: there is no memory. */
static int take_rows(struct oct_graph *graph, int constant, const int *rows, int64_t count)
{
    const struct oct_value from = graph->values[constant];
    struct oct_array array = from.array;
    const size_t each = array.count / (size_t)array.dims[0];
    array.dims[0] = count;
    array.count = (size_t)count * each;
    array.data = oct_arena_calloc(&graph->arena, array.count, sizeof(float));
    float *scales =
        from.weight_scales ? oct_arena_calloc(&graph->arena, (size_t)count, sizeof *scales) : NULL;
    const int value = oct_graph_add_value(graph, from.name);
    if (!array.data || (from.weight_scales && !scales) || value < 0)
        return -1;
    for (int64_t i = 0; i < count; i++) {
        if (rows[i] >= 0)
            memcpy(oct_floats(&array) + (size_t)i * each,
                   oct_floats(&from.array) + (size_t)rows[i] * each, each * sizeof(float));
        if (scales)
            scales[i] = rows[i] >= 0 ? from.weight_scales[rows[i]] : 1.0f;
    }
    graph->values[value].array = array;
    graph->values[value].weight_scales = scales;
    graph->values[value].step = from.step;
    return value;
}

/* A value of the base's height and width; -1: there is no memory. */
static int add_plane(struct oct_graph *graph, const char *name, int base, int64_t channels)
{
    struct oct_array array;
    const int value = oct_graph_add_value(graph, name);
    if (value < 0)
        return -1;
    const int64_t *dims = graph->values[base].array.dims;
    oct_array_shape(&array, OCT_DATA_FLOAT, 4, (int64_t[]){1, channels, dims[2], dims[3]});
    graph->values[value].array = array;
    return value;
}

/* The convolution of one part; what it gives is written to `*output`. */
static octet_status add_convolution(struct finding *f, const struct oct_found_attention *found,
                                    int part, int *output)
{
    struct oct_graph *graph = f->graph;
    const int64_t channels = found->heads * (part == OCT_VALUES ? found->value : found->key);
    const struct oct_node whole = *oct_graph_producer(graph, found->base);
    const bool has_bias = whole.input_count > 2 && whole.inputs[2] >= 0;
    struct oct_node node = whole;
    int *inputs = oct_graph_indices(graph, 3), *outputs = oct_graph_indices(graph, 1);
    if (!inputs || !outputs)
        return oct_fail_memory(graph->ctx, "the graph");
    inputs[0] = whole.inputs[0];
    inputs[1] = take_rows(graph, whole.inputs[1], found->rows[part], channels);
    if (has_bias)
        inputs[2] = take_rows(graph, whole.inputs[2], found->rows[part], channels);
    *output = outputs[0] = add_plane(graph, name_of_part(f, found, part), found->base, channels);
    if (inputs[1] < 0 || (has_bias && inputs[2] < 0) || outputs[0] < 0)
        return oct_fail_memory(graph->ctx, "the graph");
    node.inputs = inputs;
    node.outputs = outputs;
    node.rows = found->rows[part];
    node.part_count = 0;
    node.parts = NULL;
    octet_status status = oct_provenance_take(graph, &node, &whole, OCT_ROLE_OPERATOR, -1);
    for (int i = 0; i < whole.part_count && i < node.part_count; i++)
        ((struct oct_part *)node.parts)[i] = whole.parts[i];
    if (!status && oct_graph_add_node(graph, &node) < 0)
        status = oct_fail_memory(graph->ctx, "the graph");
    return status;
}

static octet_status add_concat(struct oct_graph *graph, const struct oct_found_attention *found,
                               const int parts[OCT_ATTENTION_PARTS], int *output)
{
    static const struct oct_attribute axis = {
        .name = "axis", .kind = OCT_ATTRIBUTE_INT, .integer = 1};
    int *inputs = oct_graph_indices(graph, OCT_ATTENTION_PARTS),
        *outputs = oct_graph_indices(graph, 1);
    if (!inputs || !outputs)
        return oct_fail_memory(graph->ctx, "the graph");
    memcpy(inputs, parts, OCT_ATTENTION_PARTS * sizeof *inputs);
    *output = outputs[0] = add_plane(graph, graph->values[found->base].name, found->base,
                                     found->heads * (2 * found->key + found->value));
    const struct oct_node node = {.op = OCT_OP_CONCAT,
                                  .op_name = "Concat",
                                  .name = "",
                                  .input_count = OCT_ATTENTION_PARTS,
                                  .output_count = 1,
                                  .attribute_count = 1,
                                  .inputs = inputs,
                                  .outputs = outputs,
                                  .attributes = &axis};
    return outputs[0] >= 0 && oct_graph_add_node(graph, &node) >= 0
               ? OCTET_OK
               : oct_fail_memory(graph->ctx, "the graph");
}

/* The node that reads the concat and gives the output in place of the nodes that did. */
static octet_status add_attention(struct finding *f, const struct oct_found_attention *found,
                                  int input)
{
    struct oct_graph *graph = f->graph;
    const struct oct_attribute attributes[] = {
        {.name = "heads", .kind = OCT_ATTRIBUTE_INT, .integer = found->heads},
        {.name = "areas", .kind = OCT_ATTRIBUTE_INT, .integer = found->areas},
        {.name = "key_channels", .kind = OCT_ATTRIBUTE_INT, .integer = found->key},
        {.name = "factor", .kind = OCT_ATTRIBUTE_FLOAT, .number = (float)found->factor}};
    struct oct_node *softmax = &graph->nodes[found->softmax];
    struct oct_node *last = oct_graph_producer(graph, found->output);
    struct oct_attribute *own = oct_arena_calloc(&graph->arena, 4, sizeof *own);
    int *inputs = oct_graph_indices(graph, 1), *outputs = oct_graph_indices(graph, 1);
    if (!own || !inputs || !outputs)
        return oct_fail_memory(graph->ctx, "the graph");
    memcpy(own, attributes, sizeof attributes);
    inputs[0] = input;
    outputs[0] = found->output;
    struct oct_node node = {.op = OCT_OP_ATTENTION,
                            .op_name = softmax->op_name,
                            .name = softmax->name,
                            .input_count = 1,
                            .output_count = 1,
                            .attribute_count = 4,
                            .inputs = inputs,
                            .outputs = outputs,
                            .attributes = own};
    octet_status status = oct_provenance_take(graph, &node, softmax, OCT_ROLE_OPERATOR, -1);
    if (!status)
        status = oct_provenance_take(graph, &node, last, OCT_ROLE_RESULT, -1);
    last->removed = true; /* it has one output: it moves elements, or is the product itself */
    if (!status && oct_graph_add_node(graph, &node) < 0)
        status = oct_fail_memory(graph->ctx, "the graph");
    return status;
}

/* Values of one scale: all that moves the base or the product. */
static void share_scales(struct finding *f, const struct oct_found_attention *found)
{
    struct oct_trace trace;
    const int ends[] = {found->inputs[OCT_QUERIES], found->inputs[OCT_KEYS],
                        found->inputs[OCT_VALUES], found->output};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        oct_trace_back(f->graph, ends[i], &trace);
        for (int n = 0; n < trace.count; n++)
            if (oct_moves_elements(f->graph->nodes[trace.nodes[n]].op))
                oct_provenance_share(f->graph, &f->graph->nodes[trace.nodes[n]]);
    }
}

/* ---- v for others ---- */

/* Whether a value is v of all heads, and nothing else. */
static octet_status is_values(struct finding *f, const struct fused *fused,
                              const struct oct_trace *trace, bool *is)
{
    struct oct_array indices;
    octet_status status = oct_trace_elements(f->graph, trace, &f->search.left, &indices);
    *is = !status && indices.data;
    for (int64_t i = 0; *is && i < (int64_t)indices.count; i++)
        *is = oct_ints(&indices)[i] ==
              fused->rows[i / fused->plane] * fused->plane + i % fused->plane;
    oct_free(f->graph->ctx, indices.data);
    return status;
}

/* The value as an input of what moves nothing: what the convolution of v gives, where it is
 * that. */
static octet_status redirect(struct finding *f, int *value)
{
    struct oct_graph *graph = f->graph;
    struct oct_trace trace;
    if (*value < 0 || !oct_trace_back(graph, *value, &trace) || trace.count == 0 ||
        trace.base >= f->value_count || f->attention_of[trace.base] < 0 || trace.factor != 1.0)
        return OCTET_OK;
    const struct fused *fused = &f->fused[f->attention_of[trace.base]];
    if (!oct_array_same_shape(array_of(f, *value), array_of(f, fused->values)))
        return OCTET_OK;
    bool is;
    const octet_status status = is_values(f, fused, &trace, &is);
    for (int i = 0; i < trace.count && is && !status; i++)
        if (oct_moves_elements(graph->nodes[trace.nodes[i]].op))
            oct_provenance_share(graph, &graph->nodes[trace.nodes[i]]);
    if (is && !status)
        *value = fused->values;
    return status;
}

static octet_status redirect_all(struct finding *f, size_t nodes)
{
    octet_status status = OCTET_OK;
    for (size_t n = 0; n < nodes && f->fused_count && !status; n++) {
        const struct oct_node *node = &f->graph->nodes[n];
        for (int i = 0; i < node->input_count && !oct_moves_elements(node->op) && !status; i++)
            status = redirect(f, &node->inputs[i]);
    }
    return status;
}

/* ---- the whole ---- */

static octet_status find_readers(const struct oct_graph *graph, int *readers)
{
    int *uses;
    octet_status status = oct_graph_count_uses(graph, &uses);
    if (status)
        return status;
    for (size_t v = 0; v < graph->value_count; v++)
        readers[v] = -1;
    for (size_t n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->nodes[n].input_count; i++) {
            const int value = graph->nodes[n].inputs[i];
            if (value >= 0 && uses[value] == 1)
                readers[value] = (int)n;
        }
    oct_free(graph->ctx, uses);
    return OCTET_OK;
}

static octet_status fuse(struct finding *f, const struct oct_found_attention *found)
{
    int parts[OCT_ATTENTION_PARTS], whole = -1;
    octet_status status = OCTET_OK;
    share_scales(f, found);
    for (int i = 0; i < OCT_ATTENTION_PARTS && !status; i++)
        status = add_convolution(f, found, i, &parts[i]);
    if (!status)
        status = add_concat(f->graph, found, parts, &whole);
    if (!status)
        status = add_attention(f, found, whole);
    if (!status && !oct_grow(f->graph->ctx, &f->fused, &f->fused_capacity, f->fused_count + 1,
                             sizeof *f->fused))
        status = oct_fail_memory(f->graph->ctx, "the graph");
    if (status)
        return status;
    f->attention_of[found->base] = (int)f->fused_count;
    f->fused[f->fused_count++] =
        (struct fused){found->rows[OCT_VALUES], found->plane, parts[OCT_VALUES]};
    f->import->imported->left_float += found->roundings;
    return OCTET_OK;
}

static octet_status fuse_all(struct finding *f, size_t nodes)
{
    octet_status status = OCTET_OK;
    for (size_t n = 0; n < nodes && !status; n++) {
        struct oct_found_attention found;
        bool good;
        status = oct_find_attention(&f->search, (int)n, &found, &good);
        if (good && !status)
            status = fuse(f, &found);
    }
    return status;
}

octet_status oct_fuse_attention(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    const size_t values = graph->value_count, nodes = graph->node_count; /* more are added */
    int *readers = oct_malloc(import->ctx, values, sizeof *readers);
    struct finding f = {.import = import,
                        .graph = graph,
                        .value_count = (int)values,
                        .search = {graph, &graph->arena, readers, TRACED_MAX}};
    f.attention_of = oct_malloc(import->ctx, values, sizeof *f.attention_of);
    octet_status status =
        readers && f.attention_of ? OCTET_OK : oct_fail_memory(import->ctx, "the graph");
    for (size_t v = 0; v < values && !status; v++)
        f.attention_of[v] = -1;
    if (!status)
        status = find_readers(graph, readers);
    if (!status)
        status = fuse_all(&f, nodes);
    if (!status)
        status = redirect_all(&f, nodes);
    oct_free(import->ctx, readers);
    oct_free(import->ctx, f.attention_of);
    oct_free(import->ctx, f.fused);
    if (status)
        return status;
    status = oct_graph_sort(graph);
    return status ? status : oct_eliminate_dead(import);
}

/* ---- the layer ---- */

octet_status oct_build_attention(struct oct_builder *builder, const struct oct_node *node)
{
    struct oct_layer layer = {.operation = OCT_ATTENTION, .residual = -1, .kernel = 1, .stride = 1};
    const octet_status status = oct_builder_input(builder, node, 0, &layer.input);
    layer.heads = (int)oct_node_int(node, "heads", 1);
    layer.areas = (int)oct_node_int(node, "areas", 1);
    layer.factor = oct_node_float(node, "factor", 1.0f);
    return status ? status : oct_builder_layer(builder, node, &layer, NULL);
}
