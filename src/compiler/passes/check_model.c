/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "compiler/passes/passes.h"

/* What ONNX Runtime's optimiser makes of a model that it saves: layouts of one processor, and
 * operators that are several. Domains end in a dot. */
static const char *const optimised[] = {"com.microsoft.nchwc.",      "com.ms.internal.nhwc.",
                                        "com.microsoft.FusedConv",   "com.microsoft.NhwcFusedConv",
                                        "com.microsoft.QuickGelu",   "com.microsoft.FusedMatMul",
                                        "com.microsoft.FusedGemm",   "com.microsoft.NhwcConv",
                                        "com.microsoft.NhwcMaxPool", "com.microsoft.BiasGelu"};

static octet_status check_operators(const struct oct_graph *graph)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        for (size_t i = 0; i < sizeof optimised / sizeof optimised[0]; i++) {
            const size_t length = strlen(optimised[i]);
            const bool domain = optimised[i][length - 1] == '.';
            if (strncmp(node->op_name, optimised[i], length) == 0 &&
                (domain || !node->op_name[length]))
                return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                                     "saved by ONNX Runtime's optimiser, for ONNX Runtime alone: "
                                     "give octet the original file");
        }
    }
    return OCTET_OK;
}

octet_status oct_check_model(struct oct_import *import)
{
    const char *task = oct_metadata_find(import, "task");
    if (task && strcmp(task, "detect") != 0)
        return oct_refuse_model(import,
                                "its task is '%.40s': octet reads detectors (task 'detect')", task);
    return check_operators(import->graph);
}
