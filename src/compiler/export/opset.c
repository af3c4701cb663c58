/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that mean something else from opset 13 on, rewritten. */
#include "compiler/export/opset.h"

#include <string.h>

#define IR_MIN 7 /* the format's version that came with opset 13 */

enum { ATTRIBUTE_GRAPH = 5, ATTRIBUTE_GRAPHS = 10 };

struct raising {
    struct oct_rewrite *rewrite;
    const struct oct_graph *graph;
    int node; /* of the source */
};

static const OctOnnx__NodeProto *source_node(const struct raising *r)
{
    return r->rewrite->source->graph->node[r->node];
}

static octet_status refuse(const struct raising *r, const char *why)
{
    const OctOnnx__NodeProto *node = source_node(r);
    const char *label = node->name && node->name[0] ? node->name
                        : node->n_output            ? node->output[0]
                                                    : "";
    return oct_fail(r->rewrite->ctx, OCTET_UNSUPPORTED_MODEL,
                    "%s: operator %.60s at node '%.200s' %s: export the model with opset %d or "
                    "higher",
                    r->graph->name, node->op_type, label, why, OCT_QDQ_OPSET_MIN);
}

static const OctOnnx__AttributeProto *find_attribute(const OctOnnx__NodeProto *node,
                                                     const char *name)
{
    for (size_t i = 0; i < node->n_attribute; i++)
        if (node->attribute[i]->name && strcmp(node->attribute[i]->name, name) == 0)
            return node->attribute[i];
    return NULL;
}

/* Makes an initializer the node's input `at`; inputs between are left out. */
static octet_status give_input(const struct raising *r, const char *attribute, size_t at,
                               const struct oct_rewrite_tensor *tensor)
{
    struct oct_rewrite *rewrite = r->rewrite;
    OctOnnx__NodeProto *node = oct_rewrite_change(rewrite, r->node);
    struct oct_rewrite_tensor named = *tensor;
    named.name = node ? oct_rewrite_new_name(rewrite, node->output[0], attribute) : NULL;
    if (!named.name || !oct_rewrite_tensor(rewrite, -1, &named))
        return oct_fail_memory(rewrite->ctx, "the export");
    while (node->n_input < at)
        node->input[node->n_input++] = "";
    node->input[at] = (char *)named.name;
    node->n_input = at + 1;
    size_t kept = 0;
    for (size_t i = 0; i < node->n_attribute; i++)
        if (!node->attribute[i]->name || strcmp(node->attribute[i]->name, attribute + 1) != 0)
            node->attribute[kept++] = node->attribute[i];
    node->n_attribute = kept;
    return OCTET_OK;
}

/* `attribute` stands with an underscore before it, as the end of the initializer's name. */
static octet_status list_to_input(const struct raising *r, const char *attribute)
{
    const OctOnnx__AttributeProto *list = find_attribute(source_node(r), attribute + 1);
    if (!list || source_node(r)->n_input != 1 || !source_node(r)->n_output)
        return OCTET_OK;
    const int64_t count = (int64_t)list->n_ints;
    const struct oct_rewrite_tensor tensor = {.type = OCT_ONNX_INT64,
                                              .rank = 1,
                                              .dims = &count,
                                              .elements = list->ints,
                                              .bytes = list->n_ints * sizeof *list->ints};
    return give_input(r, attribute, 1, &tensor);
}

static octet_status raise_split(const struct raising *r)
{
    return list_to_input(r, "_split");
}

static octet_status raise_axes(const struct raising *r)
{
    return list_to_input(r, "_axes");
}

static octet_status raise_dropout(const struct raising *r)
{
    const OctOnnx__AttributeProto *ratio = find_attribute(source_node(r), "ratio");
    if (!ratio || source_node(r)->n_input != 1)
        return OCTET_OK;
    const struct oct_rewrite_tensor tensor = {
        .type = OCT_ONNX_FLOAT, .elements = &ratio->f, .bytes = sizeof ratio->f};
    return give_input(r, "_ratio", 1, &tensor);
}

/* Before opset 13 it went over all axes from `axis` on, which was 1 where none was said. */
static octet_status raise_softmax(const struct raising *r)
{
    const OctOnnx__NodeProto *node = source_node(r);
    const OctOnnx__AttributeProto *given = find_attribute(node, "axis");
    const int64_t axis = given ? given->i : 1;
    int rank = 0;
    for (size_t v = 0; v < r->graph->value_count && node->n_output; v++)
        if (strcmp(r->graph->values[v].name, node->output[0]) == 0)
            rank = r->graph->values[v].array.rank;
    if (axis != -1 && (rank == 0 || axis != rank - 1))
        return refuse(r, "means something else from opset 13 on");
    if (given)
        return OCTET_OK;
    OctOnnx__NodeProto *changed = oct_rewrite_change(r->rewrite, r->node);
    if (!changed || !oct_rewrite_set_int(r->rewrite, changed, "axis", axis))
        return oct_fail_memory(r->rewrite->ctx, "the export");
    return OCTET_OK;
}

static const struct {
    const char *op;
    octet_status (*raise)(const struct raising *raising);
} changes[] = {
    {"Split", raise_split},     {"Squeeze", raise_axes},       {"Unsqueeze", raise_axes},
    {"ReduceSum", raise_axes},  {"Dropout", raise_dropout},    {"Softmax", raise_softmax},
    {"Hardmax", raise_softmax}, {"LogSoftmax", raise_softmax},
};

static octet_status raise_node(const struct raising *r)
{
    const OctOnnx__NodeProto *node = source_node(r);
    if (node->domain && node->domain[0] && strcmp(node->domain, "ai.onnx") != 0)
        return OCTET_OK;
    for (size_t i = 0; i < node->n_attribute; i++)
        if (node->attribute[i]->type == ATTRIBUTE_GRAPH ||
            node->attribute[i]->type == ATTRIBUTE_GRAPHS)
            return refuse(r, "has a graph of its own, which octet does not raise to opset 13");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (node->op_type && strcmp(node->op_type, changes[i].op) == 0)
            return changes[i].raise(r);
    return OCTET_OK;
}

octet_status oct_raise_opset(struct oct_rewrite *rewrite, const struct oct_graph *graph)
{
    octet_status status = OCTET_OK;
    rewrite->opset = graph->opset;
    if (rewrite->ir_version < IR_MIN)
        rewrite->ir_version = IR_MIN;
    if (graph->opset >= OCT_QDQ_OPSET_MIN)
        return OCTET_OK;
    rewrite->opset = OCT_QDQ_OPSET_MIN;
    for (size_t n = 0; n < rewrite->source->graph->n_node && !status; n++)
        status = raise_node(&(struct raising){rewrite, graph, (int)n});
    return status;
}
