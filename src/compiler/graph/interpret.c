/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the nodes that wanted values need, within bounds. */
#include "compiler/graph/interpret.h"

#include <string.h>

#include "compiler/graph/operators.h"

/* One node's call with room for its inputs and outputs. */
struct prepared {
    struct oct_call call;
    const struct oct_array **inputs;
    struct oct_array *outputs;
};

static void release(octet_context *ctx, struct prepared *prepared)
{
    oct_free(ctx, prepared->inputs);
    oct_free(ctx, prepared->outputs);
}

/* `arrays` is indexed by value, `stride` bytes apart. */
static octet_status prepare(const struct oct_graph *graph, const struct oct_node *node,
                            const void *arrays, size_t stride, struct prepared *prepared)
{
    *prepared = (struct prepared){{graph, node, NULL, NULL}, NULL, NULL};
    const struct oct_operator_info *info = oct_operator_info(node->op);
    if (node->output_count < 1)
        return oct_node_fail(graph, node, OCTET_BAD_FORMAT, "it has no output");
    for (int i = 0; i < info->inputs_min; i++)
        if (i >= node->input_count || node->inputs[i] < 0)
            return oct_node_fail(graph, node, OCTET_BAD_FORMAT, "it has too few inputs");
    prepared->inputs = oct_calloc(graph->ctx, (size_t)node->input_count, sizeof *prepared->inputs);
    prepared->outputs =
        oct_calloc(graph->ctx, (size_t)node->output_count, sizeof *prepared->outputs);
    if (!prepared->inputs || !prepared->outputs) {
        release(graph->ctx, prepared);
        return oct_fail_memory(graph->ctx, "the graph");
    }
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] >= 0)
            prepared->inputs[i] =
                (const struct oct_array *)(const void *)((const char *)arrays +
                                                         (size_t)node->inputs[i] * stride);
    prepared->call.inputs = prepared->inputs;
    prepared->call.outputs = prepared->outputs;
    return OCTET_OK;
}

static bool inputs_known(const struct prepared *prepared, bool with_data)
{
    for (int i = 0; i < prepared->call.node->input_count; i++) {
        const struct oct_array *input = prepared->inputs[i];
        if (input && (input->type == OCT_DATA_UNKNOWN || (with_data && !input->data)))
            return false;
    }
    return true;
}

/* The node's work in the units of struct oct_limits. */
static uint64_t work_of(const struct prepared *prepared)
{
    const struct oct_node *node = prepared->call.node;
    uint64_t work = 64;
    for (int i = 0; i < node->input_count; i++)
        work += prepared->inputs[i] ? prepared->inputs[i]->count : 0;
    for (int i = 0; i < node->output_count; i++)
        work += prepared->outputs[i].count;
    uint64_t depth = 1, taps = 1;
    if (node->op == OCT_OP_CONV) {
        depth = oct_array_extent(prepared->inputs[1], 1, 2);
        taps = oct_array_extent(prepared->inputs[1], 2, 4);
    } else if (node->op == OCT_OP_MAT_MUL) {
        depth = (uint64_t)prepared->inputs[0]->dims[prepared->inputs[0]->rank - 1];
    } else if (node->op == OCT_OP_CONV_TRANSPOSE) {
        depth = oct_array_extent(prepared->inputs[1], 0, 1);
        taps = oct_array_extent(prepared->inputs[1], 2, 4);
    } else if (node->op == OCT_OP_MAX_POOL || node->op == OCT_OP_AVERAGE_POOL) {
        const struct oct_attribute *kernel =
            oct_node_attribute(node, "kernel_shape", OCT_ATTRIBUTE_INTS);
        for (size_t i = 0; kernel && i < kernel->count; i++)
            taps = taps > UINT32_MAX ? taps : taps * (uint64_t)kernel->integers[i];
    }
    uint64_t each, total;
    if (depth == 1 && taps == 1)
        return work;
    if (__builtin_mul_overflow(depth, taps, &each) ||
        __builtin_mul_overflow(each, (uint64_t)prepared->outputs[0].count, &total) ||
        __builtin_add_overflow(work, total, &work))
        return UINT64_MAX;
    return work;
}

static octet_status spend(const struct prepared *prepared, size_t bytes, struct oct_limits *left)
{
    uint64_t work = work_of(prepared);
    if (work > left->work || bytes > left->bytes)
        return oct_node_fail(prepared->call.graph, prepared->call.node, OCTET_UNSUPPORTED_MODEL,
                             "too much to compute at import (%s)",
                             work > left->work ? "time" : "memory");
    left->work -= work;
    left->bytes -= bytes;
    return OCTET_OK;
}

/* ---- folding ---- */

/* True when the output is the input's elements in the same order, of the same type. */
static bool keeps_elements(const struct oct_node *node, const struct oct_array *input,
                           const struct oct_array *output)
{
    switch (node->op) {
    case OCT_OP_CAST:
        return input->type == OCT_DATA_FLOAT && output->type == OCT_DATA_FLOAT;
    case OCT_OP_IDENTITY:
    case OCT_OP_DROPOUT:
    case OCT_OP_FLATTEN:
    case OCT_OP_RESHAPE:
    case OCT_OP_SQUEEZE:
    case OCT_OP_UNSQUEEZE:
        return input->count == output->count;
    default:
        return false;
    }
}

static bool foldable(const struct prepared *prepared)
{
    const struct oct_node *node = prepared->call.node;
    if (node->output_count > oct_operator_info(node->op)->outputs_max)
        return false;
    for (int i = 0; i < node->output_count; i++)
        if (prepared->outputs[i].type == OCT_DATA_UNKNOWN)
            return false;
    return node->op == OCT_OP_SHAPE || node->op == OCT_OP_SIZE || inputs_known(prepared, true);
}

static octet_status evaluate_in_arena(struct oct_graph *graph, struct prepared *prepared,
                                      struct oct_limits *left)
{
    size_t bytes = 0;
    const struct oct_node *node = prepared->call.node;
    for (int i = 0; i < node->output_count; i++)
        bytes += prepared->outputs[i].count * oct_array_element_bytes(&prepared->outputs[i]);
    octet_status status = spend(prepared, bytes, left);
    if (status)
        return status;
    for (int i = 0; i < node->output_count; i++) {
        struct oct_array *output = &prepared->outputs[i];
        output->data =
            oct_arena_calloc(&graph->arena, output->count, oct_array_element_bytes(output));
        if (!output->data)
            return oct_fail_memory(graph->ctx, "constants");
    }
    return oct_operator_info(node->op)->evaluate(&prepared->call);
}

/* What is known of a constant beside its elements, where a node only moves or converts them. */
static void pass_origin(struct oct_graph *graph, const struct oct_node *node)
{
    const bool joins = node->op == OCT_OP_CONCAT, moves = oct_moves_elements(node->op) || joins;
    float step = 0.0f;
    for (int i = 0; i < (joins ? node->input_count : 1) && moves; i++)
        if (node->inputs[i] >= 0 && graph->values[node->inputs[i]].step > step)
            step = graph->values[node->inputs[i]].step;
    for (int i = 0; i < node->output_count; i++) {
        if (node->outputs[i] < 0)
            continue;
        struct oct_value *to = &graph->values[node->outputs[i]];
        if (node->op == OCT_OP_CAST)
            to->file_type = (int32_t)oct_node_int(node, "to", 0);
        else if (moves && node->inputs[0] >= 0)
            to->file_type = graph->values[node->inputs[0]].file_type;
        to->step = step;
    }
}

static octet_status fold_node(struct oct_graph *graph, struct oct_node *node,
                              struct prepared *prepared, struct oct_limits *left)
{
    const struct oct_operator_info *info = oct_operator_info(node->op);
    octet_status status =
        info->infer && inputs_known(prepared, false) ? info->infer(&prepared->call) : OCTET_OK;
    if (!status && foldable(prepared)) {
        if (prepared->inputs[0] && keeps_elements(node, prepared->inputs[0], &prepared->outputs[0]))
            prepared->outputs[0].data = prepared->inputs[0]->data;
        else
            status = evaluate_in_arena(graph, prepared, left);
        pass_origin(graph, node);
        node->removed = true;
    }
    for (int i = 0; !status && i < node->output_count; i++)
        if (node->outputs[i] >= 0)
            graph->values[node->outputs[i]].array = prepared->outputs[i];
    return status;
}

octet_status oct_graph_fold_node(struct oct_graph *graph, size_t node, struct oct_limits *left)
{
    struct prepared prepared;
    octet_status status = prepare(graph, &graph->nodes[node], &graph->values[0].array,
                                  sizeof *graph->values, &prepared);
    if (status)
        return status;
    status = fold_node(graph, &graph->nodes[node], &prepared, left);
    release(graph->ctx, &prepared);
    return status;
}

octet_status oct_graph_fold(struct oct_graph *graph, struct oct_limits limits)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        const octet_status status = oct_graph_fold_node(graph, n, &limits);
        if (status)
            return status;
    }
    return oct_graph_sort(graph);
}

/* ---- interpretation ---- */

struct run {
    const struct oct_graph *graph;
    const struct oct_interpretation *job;
    struct oct_limits left;
    struct oct_array *arrays; /* by value */
    bool *owned;              /* by value: arrays[value].data is ours */
    int *readers; /* by value: needed nodes yet to read it, and results yet to take it */
    bool *needed; /* by node */
};

static void mark_needed(struct run *run)
{
    const struct oct_graph *graph = run->graph;
    for (size_t i = 0; i < run->job->wanted_count; i++)
        run->readers[run->job->wanted[i]]++;
    for (size_t n = graph->node_count; n-- > 0;) {
        const struct oct_node *node = &graph->nodes[n];
        for (int i = 0; i < node->output_count; i++) {
            int value = node->outputs[i];
            if (value >= 0 && run->readers[value] && !run->arrays[value].data)
                run->needed[n] = true;
        }
        for (int i = 0; run->needed[n] && i < node->input_count; i++)
            if (node->inputs[i] >= 0)
                run->readers[node->inputs[i]]++;
    }
}

static void drop_reader(struct run *run, int value)
{
    if (value < 0 || --run->readers[value] > 0 || !run->owned[value])
        return;
    struct oct_array *array = &run->arrays[value];
    run->left.bytes += array->count * oct_array_element_bytes(array);
    oct_free(run->graph->ctx, array->data);
    array->data = NULL;
    run->owned[value] = false;
}

static octet_status run_prepared(struct run *run, struct prepared *prepared)
{
    const struct oct_node *node = prepared->call.node;
    const struct oct_operator_info *info = oct_operator_info(node->op);
    octet_context *ctx = run->graph->ctx;
    if (!info->infer || node->output_count > info->outputs_max)
        return oct_node_fail(run->graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "octet does not know this operator");
    if (!inputs_known(prepared, true))
        return oct_node_fail(run->graph, node, OCTET_BAD_FORMAT, "an input of it is not known");
    octet_status status = info->infer(&prepared->call);
    size_t bytes = 0;
    for (int i = 0; !status && i < node->output_count; i++) {
        if (prepared->outputs[i].type == OCT_DATA_UNKNOWN)
            return oct_node_fail(run->graph, node, OCTET_UNSUPPORTED_OPERATOR,
                                 "octet does not run this variant of it");
        bytes += prepared->outputs[i].count * oct_array_element_bytes(&prepared->outputs[i]);
    }
    if (!status)
        status = spend(prepared, bytes, &run->left);
    if (status)
        return status;
    for (int i = 0; i < node->output_count; i++)
        if (!oct_array_allocate(ctx, &prepared->outputs[i]))
            status = oct_fail_memory(ctx, "the interpreter");
    if (!status)
        status = info->evaluate(&prepared->call);
    for (int i = 0; i < node->output_count; i++) {
        int value = node->outputs[i];
        if (!status && value >= 0 && run->readers[value] > 0 && !run->arrays[value].data) {
            run->arrays[value] = prepared->outputs[i];
            run->owned[value] = true;
        } else {
            run->left.bytes +=
                prepared->outputs[i].count * oct_array_element_bytes(&prepared->outputs[i]);
            oct_free(ctx, prepared->outputs[i].data);
        }
    }
    return status;
}

static octet_status run_node(struct run *run, const struct oct_node *node)
{
    struct prepared prepared;
    octet_status status = prepare(run->graph, node, run->arrays, sizeof *run->arrays, &prepared);
    if (status)
        return status;
    status = run_prepared(run, &prepared);
    release(run->graph->ctx, &prepared);
    for (int i = 0; i < node->input_count; i++)
        drop_reader(run, node->inputs[i]);
    return status;
}

/* Moves a computed value out where nothing else takes it, else copies it. */
static octet_status take_result(struct run *run, int value, struct oct_array *result)
{
    octet_context *ctx = run->graph->ctx;
    const struct oct_array *array = &run->arrays[value];
    if (!array->data)
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: value '%s' cannot be computed",
                        run->graph->name, run->graph->values[value].name);
    *result = *array;
    if (run->owned[value] && run->readers[value] == 1) {
        run->owned[value] = false;
        return OCTET_OK;
    }
    if (!oct_array_allocate(ctx, result))
        return oct_fail_memory(ctx, "the interpreter");
    memcpy(result->data, array->data, array->count * oct_array_element_bytes(array));
    drop_reader(run, value);
    return OCTET_OK;
}

static octet_status run_all(struct run *run, struct oct_array *results)
{
    const struct oct_graph *graph = run->graph;
    for (size_t v = 0; v < graph->value_count; v++)
        if (graph->values[v].array.data)
            run->arrays[v] = graph->values[v].array;
    for (size_t i = 0; i < run->job->feed_count; i++)
        run->arrays[run->job->feeds[i].value] = run->job->feeds[i].array;
    mark_needed(run);
    for (size_t n = 0; n < graph->node_count; n++) {
        octet_status status = run->needed[n] ? run_node(run, &graph->nodes[n]) : OCTET_OK;
        if (status)
            return status;
    }
    octet_status status = OCTET_OK;
    for (size_t i = 0; !status && i < run->job->wanted_count; i++)
        status = take_result(run, run->job->wanted[i], &results[i]);
    return status;
}

octet_status oct_interpret(const struct oct_graph *graph, const struct oct_interpretation *job,
                           struct oct_array *results)
{
    octet_context *ctx = graph->ctx;
    struct run run = {.graph = graph, .job = job, .left = job->limits};
    octet_status status = OCTET_OUT_OF_MEMORY;
    memset(results, 0, job->wanted_count * sizeof *results);
    run.arrays = oct_calloc(ctx, graph->value_count, sizeof *run.arrays);
    run.owned = oct_calloc(ctx, graph->value_count, sizeof *run.owned);
    run.readers = oct_calloc(ctx, graph->value_count, sizeof *run.readers);
    run.needed = oct_calloc(ctx, graph->node_count, sizeof *run.needed);
    if (run.arrays && run.owned && run.readers && run.needed)
        status = run_all(&run, results);
    else
        oct_fail_memory(ctx, "the interpreter");
    for (size_t v = 0; run.arrays && run.owned && v < graph->value_count; v++)
        if (run.owned[v])
            oct_free(ctx, run.arrays[v].data);
    oct_free(ctx, run.arrays);
    oct_free(ctx, run.owned);
    oct_free(ctx, run.readers);
    oct_free(ctx, run.needed);
    for (size_t i = 0; status && i < job->wanted_count; i++) {
        oct_free(ctx, results[i].data);
        results[i] = (struct oct_array){0};
    }
    return status;
}

void oct_graph_computable(const struct oct_graph *graph, bool *computable)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        bool all = node->op != OCT_OP_OTHER;
        for (int i = 0; all && i < node->input_count; i++)
            all = node->inputs[i] < 0 || computable[node->inputs[i]] ||
                  oct_value_is_constant(graph, node->inputs[i]);
        for (int i = 0; all && i < node->output_count; i++)
            if (node->outputs[i] >= 0)
                computable[node->outputs[i]] |=
                    graph->values[node->outputs[i]].array.type != OCT_DATA_UNKNOWN;
    }
}
