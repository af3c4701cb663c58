/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "compiler/passes/passes.h"

static bool is_quantised(const char *op_name)
{
    static const char *const names[] = {
        "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
        "ConvInteger",    "MatMulInteger",    "DynamicQuantizeMatMul",
        "QGemm"};
    const char *dot = strrchr(op_name, '.');
    const char *type = dot ? dot + 1 : op_name;
    if (strncmp(type, "QLinear", 7) == 0)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(type, names[i]) == 0)
            return true;
    return false;
}

octet_status oct_check_model(struct oct_import *import)
{
    const struct oct_graph *graph = import->graph;
    const char *task = oct_metadata_find(import, "task");
    if (task && strcmp(task, "detect") != 0)
        return oct_refuse_model(import,
                                "its task is '%.40s': octet reads detectors (task 'detect')", task);
    for (size_t n = 0; n < graph->node_count; n++)
        if (is_quantised(graph->nodes[n].op_name))
            return oct_node_fail(graph, &graph->nodes[n], OCTET_UNSUPPORTED_MODEL,
                                 "already quantised: give the float model");
    return OCTET_OK;
}
