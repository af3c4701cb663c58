/* SPDX-License-Identifier: Apache-2.0 */
/* A graph as text, one node a line. */
#include "compiler/graph/graph.h"

static void dump_value(const struct oct_graph *graph, int index, struct oct_text *text)
{
    if (index < 0) {
        oct_text_printf(text, " -");
        return;
    }
    const struct oct_value *value = &graph->values[index];
    char shape[128] = "?";
    if (value->array.type != OCT_DATA_UNKNOWN)
        oct_array_shape_text(&value->array, shape, sizeof shape);
    const char *type = value->array.type == OCT_DATA_INT ? "int" : "float";
    oct_text_printf(text, " %.200s<%s%s %s>", value->name, value->array.data ? "constant " : "",
                    type, shape);
}

void oct_graph_dump(const struct oct_graph *graph, struct oct_text *text)
{
    for (int i = 0; i < graph->input_count; i++) {
        oct_text_printf(text, "input");
        dump_value(graph, graph->inputs[i], text);
        oct_text_printf(text, "\n");
    }
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        oct_text_printf(text, "%.80s%s%s '%.200s':", node->op_name, node->activation ? "+" : "",
                        oct_activation_row(node->activation)->label, node->name);
        for (int i = 0; i < node->input_count; i++)
            dump_value(graph, node->inputs[i], text);
        oct_text_printf(text, " ->");
        for (int i = 0; i < node->output_count; i++)
            dump_value(graph, node->outputs[i], text);
        oct_text_printf(text, "%s\n", node->removed ? " (removed)" : "");
    }
    for (int i = 0; i < graph->output_count; i++) {
        oct_text_printf(text, "output");
        dump_value(graph, graph->outputs[i], text);
        oct_text_printf(text, "\n");
    }
}
