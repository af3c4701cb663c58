/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses models of other tasks by their metadata. */
#include <string.h>

#include "compiler/passes/passes.h"

#define FUNCTIONS_MAX 256 /* that are looked at */

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

/* Whether "DOMAIN.NAME" is that function. */
static bool is_function(const char *op_name, const OctOnnx__FunctionProto *function)
{
    const size_t length = function->domain ? strlen(function->domain) : 0;
    return length && function->name && strncmp(op_name, function->domain, length) == 0 &&
           op_name[length] == '.' && strcmp(op_name + length + 1, function->name) == 0;
}

static octet_status check_functions(const struct oct_import *import)
{
    const OctOnnx__ModelProto *message = import->onnx->message;
    const struct oct_graph *graph = import->graph;
    const size_t functions =
        message->n_functions < FUNCTIONS_MAX ? message->n_functions : FUNCTIONS_MAX;
    for (size_t n = 0; n < graph->node_count; n++)
        for (size_t f = 0; f < functions && graph->nodes[n].op == OCT_OP_OTHER; f++)
            if (is_function(graph->nodes[n].op_name, message->functions[f]))
                return oct_node_fail(graph, &graph->nodes[n], OCTET_UNSUPPORTED_OPERATOR,
                                     "it is a function of the file's own: export the model with "
                                     "functions inlined (onnx.inliner.inline_local_functions)");
    return OCTET_OK;
}

octet_status oct_check_model(struct oct_import *import)
{
    const char *task = oct_metadata_find(import, "task");
    if (task && strcmp(task, "detect") != 0)
        return oct_refuse_model(import,
                                "its task is '%.40s': octet reads detectors (task 'detect')", task);
    const octet_status status = check_operators(import->graph);
    return status ? status : check_functions(import);
}
