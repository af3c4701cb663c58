/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of elements are moved as the elements would be. */
#include "compiler/passes/trace_moves.h"

#include <math.h>
#include <string.h>

#include "compiler/graph/operators.h"

#define ELEMENTS_MAX ((size_t)1 << 25) /* of one value: 4096 channels at 90x90 */

static bool constant_number(const struct oct_graph *graph, int value, double *number)
{
    if (!oct_value_is_constant(graph, value) || graph->values[value].array.type != OCT_DATA_FLOAT ||
        graph->values[value].array.count != 1)
        return false;
    *number = (double)oct_floats(&graph->values[value].array)[0];
    return true;
}

bool oct_is_scaling(const struct oct_graph *graph, const struct oct_node *node, int *value,
                    double *factor)
{
    double number;
    if ((node->op != OCT_OP_MUL && node->op != OCT_OP_DIV) || node->input_count != 2)
        return false;
    const bool divides = node->op == OCT_OP_DIV;
    const int constant = constant_number(graph, node->inputs[1], &number) ? 1 : 0;
    if (!constant && (divides || !constant_number(graph, node->inputs[0], &number)))
        return false;
    const int other = node->inputs[1 - constant];
    if (other < 0 || oct_value_is_constant(graph, other) ||
        !oct_array_same_shape(&graph->values[other].array, &graph->values[node->outputs[0]].array))
        return false;
    *value = other;
    *factor *= divides ? 1.0 / number : number;
    return true;
}

static int output_of(const struct oct_node *node, int value)
{
    int output = 0;
    while (output < node->output_count && node->outputs[output] != value)
        output++;
    return output;
}

bool oct_trace_back(const struct oct_graph *graph, int value, struct oct_trace *trace)
{
    *trace = (struct oct_trace){.factor = 1.0};
    for (;;) {
        const struct oct_node *node = oct_graph_producer(graph, value);
        int input = node && node->input_count > 0 ? node->inputs[0] : -1;
        const bool rounds = node && node->op == OCT_OP_FAKE_QUANTIZE;
        trace->base = value;
        if (!node || input < 0 ||
            (!rounds && !oct_moves_elements(node->op) &&
             !oct_is_scaling(graph, node, &input, &trace->factor)))
            return true;
        if (trace->count == OCT_TRACE_NODES_MAX)
            return false;
        trace->roundings += rounds;
        trace->nodes[trace->count] = (int)(node - graph->nodes);
        trace->outputs[trace->count++] = output_of(node, value);
        value = input;
    }
}

static octet_status number_elements(octet_context *ctx, const struct oct_array *of,
                                    struct oct_array *indices)
{
    if (!oct_array_shape(indices, OCT_DATA_INT, of->rank, of->dims) ||
        !oct_array_allocate(ctx, indices))
        return oct_fail_memory(ctx, "the graph");
    for (size_t i = 0; i < indices->count; i++)
        oct_ints(indices)[i] = (int64_t)i;
    return OCTET_OK;
}

/* All outputs of a node, of which one is kept in `indices`; no data where its shape is not
 * known. */
static octet_status move(struct oct_call *call, int kept, struct oct_array *indices)
{
    octet_context *ctx = call->graph->ctx;
    const struct oct_operator_info *info = oct_operator_info(call->node->op);
    octet_status status = info->infer(call);
    const bool known = !status && call->outputs[kept].type != OCT_DATA_UNKNOWN;
    for (int i = 0; i < call->node->output_count && known && !status; i++)
        if (call->outputs[i].type != OCT_DATA_UNKNOWN &&
            !oct_array_allocate(ctx, &call->outputs[i]))
            status = oct_fail_memory(ctx, "the graph");
    if (known && !status)
        status = info->evaluate(call);
    oct_free(ctx, indices->data);
    indices->data = NULL;
    for (int i = 0; i < call->node->output_count; i++) {
        if (i == kept && !status)
            *indices = call->outputs[i];
        else
            oct_free(ctx, call->outputs[i].data);
    }
    return status;
}

static octet_status move_along(const struct oct_graph *graph, const struct oct_node *node, int kept,
                               struct oct_array *indices)
{
    octet_context *ctx = graph->ctx;
    const struct oct_array **inputs = oct_calloc(ctx, (size_t)node->input_count, sizeof *inputs);
    struct oct_array *outputs = oct_calloc(ctx, (size_t)node->output_count, sizeof *outputs);
    octet_status status = OCTET_OK;
    if (!inputs || !outputs)
        status = oct_fail_memory(ctx, "the graph");
    for (int i = 1; i < node->input_count && !status; i++)
        inputs[i] = node->inputs[i] >= 0 ? &graph->values[node->inputs[i]].array : NULL;
    if (!status) {
        inputs[0] = indices;
        struct oct_call call = {graph, node, inputs, outputs};
        status = move(&call, kept, indices);
    }
    oct_free(ctx, inputs);
    oct_free(ctx, outputs);
    return status;
}

octet_status oct_trace_elements(const struct oct_graph *graph, const struct oct_trace *trace,
                                int64_t *left, struct oct_array *indices)
{
    const struct oct_array *from = &graph->values[trace->base].array;
    *indices = (struct oct_array){0};
    if (from->type != OCT_DATA_FLOAT || from->count > ELEMENTS_MAX)
        return OCTET_OK;
    *left -= (int64_t)from->count * (trace->count + 1);
    if (*left < 0)
        return OCTET_OK;
    octet_status status = number_elements(graph->ctx, from, indices);
    for (int i = trace->count; i-- > 0 && !status && indices->data;) {
        const struct oct_node *node = &graph->nodes[trace->nodes[i]];
        if (oct_moves_elements(node->op))
            status = move_along(graph, node, trace->outputs[i], indices);
    }
    if (status) {
        oct_free(graph->ctx, indices->data);
        indices->data = NULL;
    }
    return status;
}
