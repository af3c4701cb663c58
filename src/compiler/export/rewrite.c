/* SPDX-License-Identifier: Apache-2.0 */
/* A message copied as far as it changes. */
#include "compiler/export/rewrite.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

static int compare_names(const void *a, const void *b)
{
    const struct oct_rewrite_name *x = a, *y = b;
    return strcmp(x->text, y->text);
}

static void add_name(struct oct_rewrite *r, const char *text, int producer, int initializer,
                     int uses)
{
    if (text && text[0])
        r->names[r->name_count++] = (struct oct_rewrite_name){text, producer, initializer, uses};
}

static size_t most_names(const OctOnnx__GraphProto *graph)
{
    size_t count = graph->n_initializer + graph->n_input + graph->n_output;
    for (size_t n = 0; n < graph->n_node; n++)
        count += graph->node[n]->n_input + graph->node[n]->n_output;
    return count;
}

static bool collect_names(struct oct_rewrite *r)
{
    const OctOnnx__GraphProto *graph = r->source->graph;
    r->names = oct_arena_calloc(r->arena, most_names(graph), sizeof *r->names);
    if (!r->names)
        return false;
    for (size_t i = 0; i < graph->n_initializer; i++)
        add_name(r, graph->initializer[i]->name, -1, (int)i, 0);
    for (size_t i = 0; i < graph->n_input; i++)
        add_name(r, graph->input[i]->name, -1, -1, 0);
    for (size_t i = 0; i < graph->n_output; i++)
        add_name(r, graph->output[i]->name, -1, -1, 1);
    for (size_t n = 0; n < graph->n_node; n++) {
        for (size_t i = 0; i < graph->node[n]->n_input; i++)
            add_name(r, graph->node[n]->input[i], -1, -1, 1);
        for (size_t i = 0; i < graph->node[n]->n_output; i++)
            add_name(r, graph->node[n]->output[i], (int)n, -1, 0);
    }
    qsort(r->names, r->name_count, sizeof *r->names, compare_names);
    size_t kept = 0;
    for (size_t i = 0; i < r->name_count; i++) {
        struct oct_rewrite_name *last = kept ? &r->names[kept - 1] : NULL;
        if (!last || strcmp(last->text, r->names[i].text) != 0) {
            r->names[kept++] = r->names[i];
            continue;
        }
        last->uses += r->names[i].uses;
        last->producer = last->producer < 0 ? r->names[i].producer : last->producer;
        last->initializer = last->initializer < 0 ? r->names[i].initializer : last->initializer;
    }
    r->name_count = kept;
    return true;
}

const struct oct_rewrite_name *oct_rewrite_find(const struct oct_rewrite *rewrite, const char *name)
{
    const struct oct_rewrite_name key = {.text = name};
    return bsearch(&key, rewrite->names, rewrite->name_count, sizeof key, compare_names);
}

const char *oct_rewrite_new_name(struct oct_rewrite *rewrite, const char *name, const char *suffix)
{
    const char *text = oct_arena_printf(rewrite->arena, "%s%s", name, suffix);
    while (text && oct_rewrite_find(rewrite, text))
        text = oct_arena_printf(rewrite->arena, "%s_", text);
    return text;
}

/* ---- opening ---- */

octet_status oct_rewrite_open(octet_context *ctx, struct oct_arena *arena,
                              const OctOnnx__ModelProto *source, struct oct_rewrite *rewrite)
{
    const OctOnnx__GraphProto *graph = source->graph;
    struct oct_rewrite *r = rewrite;
    *r = (struct oct_rewrite){.ctx = ctx, .arena = arena, .source = source};
    r->nodes = oct_arena_calloc(arena, graph->n_node, sizeof *r->nodes);
    r->copied = oct_arena_calloc(arena, graph->n_node, sizeof *r->copied);
    /* an exchanged convolution has six tensors of its own at most, and an added one at each end */
    r->initializer_room = graph->n_initializer + 16 * graph->n_node + 16;
    r->insert_room = 8 * graph->n_node + 8;
    r->initializers = oct_arena_calloc(arena, r->initializer_room, sizeof *r->initializers);
    r->inserts = oct_arena_calloc(arena, r->insert_room, sizeof *r->inserts);
    r->metadata = oct_arena_calloc(arena, source->n_metadata_props + 16, sizeof *r->metadata);
    if (!r->nodes || !r->copied || !r->initializers || !r->inserts || !r->metadata ||
        !collect_names(r))
        return oct_fail_memory(ctx, "the export");
    memcpy(r->nodes, graph->node, graph->n_node * sizeof(*r->nodes));
    for (size_t i = 0; i < graph->n_initializer; i++)
        r->initializers[r->initializer_count++] = graph->initializer[i];
    for (size_t i = 0; i < source->n_metadata_props; i++)
        r->metadata[r->metadata_count++] = source->metadata_props[i];
    r->ir_version = source->ir_version;
    return OCTET_OK;
}

/* ---- changes ---- */

OctOnnx__NodeProto *oct_rewrite_change(struct oct_rewrite *rewrite, int node)
{
    if (rewrite->copied[node])
        return rewrite->nodes[node];
    const OctOnnx__NodeProto *from = rewrite->source->graph->node[node];
    struct oct_arena *arena = rewrite->arena;
    OctOnnx__NodeProto *to = oct_arena_calloc(arena, 1, sizeof *to);
    if (!to)
        return NULL;
    *to = *from;
    to->input = oct_arena_calloc(arena, from->n_input + 3, sizeof *to->input);
    to->output = oct_arena_calloc(arena, from->n_output, sizeof *to->output);
    to->attribute = oct_arena_calloc(arena, from->n_attribute, sizeof(*to->attribute));
    if (!to->input || !to->output || !to->attribute)
        return NULL;
    for (size_t i = 0; i < from->n_input; i++)
        to->input[i] = from->input[i];
    for (size_t i = 0; i < from->n_output; i++)
        to->output[i] = from->output[i];
    for (size_t i = 0; i < from->n_attribute; i++)
        to->attribute[i] = from->attribute[i];
    rewrite->copied[node] = true;
    rewrite->nodes[node] = to;
    return to;
}

OctOnnx__NodeProto *oct_rewrite_insert(struct oct_rewrite *rewrite, int64_t place, const char *op,
                                       const char *name, const char *const *inputs,
                                       const char *output)
{
    struct oct_arena *arena = rewrite->arena;
    OctOnnx__NodeProto *node = oct_arena_calloc(arena, 1, sizeof *node);
    size_t count = 0;
    while (inputs[count])
        count++;
    if (!node || rewrite->insert_count == rewrite->insert_room)
        return NULL;
    oct_onnx__node_proto__init(node);
    node->op_type = oct_arena_strdup(arena, op);
    node->name = oct_arena_strdup(arena, name);
    node->n_input = count;
    node->n_output = 1;
    node->input = oct_arena_calloc(arena, count, sizeof *node->input);
    node->output = oct_arena_calloc(arena, 1, sizeof *node->output);
    if (!node->op_type || !node->name || !node->input || !node->output)
        return NULL;
    for (size_t i = 0; i < count; i++)
        node->input[i] = (char *)inputs[i]; /* protobuf-c has no const; packing only reads */
    node->output[0] = (char *)output;
    rewrite->inserts[rewrite->insert_count] =
        (struct oct_rewrite_insert){place, rewrite->insert_count, node};
    rewrite->insert_count++;
    return node;
}

bool oct_rewrite_set_int(struct oct_rewrite *rewrite, OctOnnx__NodeProto *node, const char *name,
                         int64_t value)
{
    OctOnnx__AttributeProto *attribute = oct_arena_calloc(rewrite->arena, 1, sizeof *attribute);
    node->attribute = oct_arena_calloc(rewrite->arena, 1, sizeof(*node->attribute));
    if (!attribute || !node->attribute)
        return false;
    oct_onnx__attribute_proto__init(attribute);
    attribute->name = oct_arena_strdup(rewrite->arena, name);
    attribute->has_i = attribute->has_type = true;
    attribute->i = value;
    attribute->type = 2; /* INT */
    node->attribute[0] = attribute;
    node->n_attribute = 1;
    return attribute->name != NULL;
}

bool oct_rewrite_tensor(struct oct_rewrite *rewrite, int index,
                        const struct oct_rewrite_tensor *tensor)
{
    struct oct_arena *arena = rewrite->arena;
    OctOnnx__TensorProto *to = oct_arena_calloc(arena, 1, sizeof *to);
    if (!to || (index < 0 && rewrite->initializer_count == rewrite->initializer_room))
        return false;
    oct_onnx__tensor_proto__init(to);
    to->name = oct_arena_strdup(arena, tensor->name);
    to->n_dims = tensor->rank;
    to->dims = oct_arena_calloc(arena, tensor->rank, sizeof *to->dims);
    to->has_data_type = to->has_raw_data = true;
    to->data_type = tensor->type;
    to->raw_data.len = tensor->bytes;
    to->raw_data.data = oct_arena_calloc(arena, tensor->bytes, 1);
    if (!to->name || !to->dims || !to->raw_data.data)
        return false;
    for (size_t i = 0; i < tensor->rank; i++)
        to->dims[i] = tensor->dims[i];
    memcpy(to->raw_data.data, tensor->elements, tensor->bytes);
    rewrite->initializers[index < 0 ? (int)rewrite->initializer_count++ : index] = to;
    return true;
}

bool oct_rewrite_metadata(struct oct_rewrite *rewrite, const char *key, const char *value)
{
    OctOnnx__StringStringEntryProto *entry = oct_arena_calloc(rewrite->arena, 1, sizeof *entry);
    if (!entry)
        return false;
    oct_onnx__string_string_entry_proto__init(entry);
    entry->key = oct_arena_strdup(rewrite->arena, key);
    entry->value = oct_arena_strdup(rewrite->arena, value);
    rewrite->metadata[rewrite->metadata_count++] = entry;
    return entry->key && entry->value;
}

/* ---- the file ---- */

static int compare_inserts(const void *a, const void *b)
{
    const struct oct_rewrite_insert *x = a, *y = b;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return x->sequence < y->sequence ? -1 : 1;
}

static bool merge_nodes(struct oct_rewrite *r, OctOnnx__GraphProto *graph)
{
    const size_t count = r->source->graph->n_node;
    size_t next = 0;
    graph->n_node = 0;
    graph->node = oct_arena_calloc(r->arena, count + r->insert_count, sizeof(*graph->node));
    if (!graph->node)
        return false;
    qsort(r->inserts, r->insert_count, sizeof *r->inserts, compare_inserts);
    for (size_t n = 0; n <= count; n++) {
        for (; next < r->insert_count && r->inserts[next].place <= 2 * (int64_t)n; next++)
            graph->node[graph->n_node++] = r->inserts[next].node;
        if (n < count && r->nodes[n])
            graph->node[graph->n_node++] = r->nodes[n];
    }
    return true;
}

/* Initializers that are there;
 * those dropped go from the inputs as well, where old files list them. */
static bool merge_initializers(struct oct_rewrite *r, OctOnnx__GraphProto *graph)
{
    const OctOnnx__GraphProto *source = r->source->graph;
    graph->initializer =
        oct_arena_calloc(r->arena, r->initializer_count, sizeof(*graph->initializer));
    graph->input = oct_arena_calloc(r->arena, source->n_input, sizeof(*graph->input));
    if (!graph->initializer || !graph->input)
        return false;
    graph->n_initializer = graph->n_input = 0;
    for (size_t i = 0; i < r->initializer_count; i++)
        if (r->initializers[i])
            graph->initializer[graph->n_initializer++] = r->initializers[i];
    for (size_t i = 0; i < source->n_input; i++) {
        const char *text = source->input[i]->name;
        const struct oct_rewrite_name *name = text ? oct_rewrite_find(r, text) : NULL;
        if (!name || name->initializer < 0 || r->initializers[name->initializer])
            graph->input[graph->n_input++] = source->input[i];
    }
    return true;
}

static bool set_opset(struct oct_rewrite *r, OctOnnx__ModelProto *model)
{
    model->opset_import =
        oct_arena_calloc(r->arena, model->n_opset_import, sizeof(*model->opset_import));
    for (size_t i = 0; model->opset_import && i < model->n_opset_import; i++) {
        OctOnnx__OperatorSetIdProto *copy = oct_arena_calloc(r->arena, 1, sizeof *copy);
        if (!copy)
            return false;
        *copy = *r->source->opset_import[i];
        if (!copy->domain || !copy->domain[0] || strcmp(copy->domain, "ai.onnx") == 0)
            copy->version = r->opset;
        model->opset_import[i] = copy;
    }
    return model->opset_import != NULL;
}

octet_status oct_rewrite_pack(struct oct_rewrite *rewrite, uint8_t **bytes, size_t *size)
{
    OctOnnx__ModelProto model = *rewrite->source;
    OctOnnx__GraphProto graph = *rewrite->source->graph;
    *bytes = NULL;
    model.graph = &graph;
    model.has_ir_version = true;
    model.ir_version = rewrite->ir_version;
    model.metadata_props = rewrite->metadata;
    model.n_metadata_props = rewrite->metadata_count;
    if (!merge_nodes(rewrite, &graph) || !merge_initializers(rewrite, &graph) ||
        (rewrite->opset && !set_opset(rewrite, &model)))
        return oct_fail_memory(rewrite->ctx, "the export");
    *size = oct_onnx__model_proto__get_packed_size(&model);
    *bytes = oct_malloc(rewrite->ctx, *size, 1);
    if (!*bytes)
        return oct_fail_memory(rewrite->ctx, "the export");
    oct_onnx__model_proto__pack(&model, *bytes);
    return OCTET_OK;
}
