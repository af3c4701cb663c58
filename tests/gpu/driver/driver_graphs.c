/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs: their nodes run one after another, in a random order that dependencies allow. */
#include <stdlib.h>
#include <string.h>

#include "driver_objects.h"

oct_cuda_result call_create_graph(oct_cuda_graph *graph, unsigned flags)
{
    const int result = begin_in_context("cuGraphCreate");
    if (result || flags)
        return result ? result : RESULT_INVALID_VALUE;
    *graph = add_object(OBJECT_GRAPH, sizeof **graph);
    return *graph ? 0 : RESULT_OUT_OF_MEMORY;
}

oct_cuda_result call_destroy_graph(oct_cuda_graph graph)
{
    const int result = begin_in_context("cuGraphDestroy");
    if (!is_object(graph, OBJECT_GRAPH, "cuGraphDestroy"))
        return RESULT_INVALID_HANDLE;
    remove_object(graph);
    return result;
}

static int add_node(struct oct_cuda_graph *graph, const struct node *node)
{
    struct node *nodes = realloc(graph->nodes, (size_t)(graph->count + 1) * sizeof *nodes);
    if (!nodes)
        return RESULT_OUT_OF_MEMORY;
    graph->nodes = nodes;
    nodes[graph->count++] = *node;
    return 0;
}

oct_cuda_result call_add_kernel_node(oct_cuda_node *handle, oct_cuda_graph graph,
                                     const oct_cuda_node *waits, size_t count,
                                     const struct oct_cuda_kernel_node *kernel)
{
    struct node node = {.wait_count = (int)count};
    int result = begin_in_context("cuGraphAddKernelNode");
    if (result || !is_object(graph, OBJECT_GRAPH, "cuGraphAddKernelNode"))
        return result ? result : RESULT_INVALID_HANDLE;
    if (kernel->extra || count > WAITS_MAX)
        return RESULT_INVALID_VALUE;
    for (size_t i = 0; i < count; i++) {
        const uintptr_t at = (uintptr_t)waits[i];
        if (at < 1 || at > (uintptr_t)graph->count)
            return complain(RESULT_INVALID_VALUE, "a node waits for one that is not there");
        node.waits[i] = (int)at - 1;
        for (size_t k = 0; k < i; k++)
            if (waits[k] == waits[i])
                return complain(RESULT_INVALID_VALUE, "a node waits twice for one");
    }
    result = check_launch(kernel->function, kernel->grid, kernel->block, kernel->shared_bytes,
                          kernel->parameters, &node.launch);
    if (!result)
        result = add_node(graph, &node);
    if (!result)
        *handle = (oct_cuda_node)(uintptr_t)graph->count;
    return result;
}

oct_cuda_result call_instantiate_graph(oct_cuda_executable *executable, oct_cuda_graph graph,
                                       unsigned long long flags)
{
    const int result = begin_in_context("cuGraphInstantiateWithFlags");
    if (result || !is_object(graph, OBJECT_GRAPH, "cuGraphInstantiateWithFlags"))
        return result ? result : RESULT_INVALID_HANDLE;
    const size_t bytes = (size_t)graph->count * sizeof *graph->nodes;
    struct node *nodes = malloc(bytes + 1);
    *executable = nodes && !flags ? add_object(OBJECT_EXECUTABLE, sizeof **executable) : NULL;
    if (!*executable) {
        free(nodes);
        return RESULT_OUT_OF_MEMORY;
    }
    if (bytes)
        memcpy(nodes, graph->nodes, bytes);
    (*executable)->nodes = nodes;
    (*executable)->count = graph->count;
    return 0;
}

oct_cuda_result call_destroy_executable(oct_cuda_executable executable)
{
    const int result = begin_in_context("cuGraphExecDestroy");
    if (!is_object(executable, OBJECT_EXECUTABLE, "cuGraphExecDestroy"))
        return RESULT_INVALID_HANDLE;
    drain_all();
    remove_object(executable);
    return result;
}

oct_cuda_result call_launch_graph(oct_cuda_executable executable, oct_cuda_stream stream)
{
    const int result = begin_in_context("cuGraphLaunch");
    if (result || !is_object(executable, OBJECT_EXECUTABLE, "cuGraphLaunch"))
        return result ? result : RESULT_INVALID_HANDLE;
    return queue_graph(executable, stream);
}

/* ---- running ---- */

static bool is_ready(const struct node *node, const bool *done)
{
    for (int i = 0; i < node->wait_count; i++)
        if (!done[node->waits[i]])
            return false;
    return true;
}

/* One of the nodes that may run now. */
static int choose(const struct oct_cuda_executable *executable, const bool *done)
{
    int ready = 0, chosen = -1;
    for (int i = 0; i < executable->count; i++)
        if (!done[i] && is_ready(&executable->nodes[i], done) &&
            random_bits() % (unsigned)++ready == 0)
            chosen = i;
    return chosen;
}

int run_graph(struct oct_cuda_executable *executable)
{
    bool *done = calloc((size_t)executable->count + 1, sizeof *done);
    int result = done ? 0 : RESULT_OUT_OF_MEMORY;
    for (int i = 0; i < executable->count && !result; i++) {
        const int at = choose(executable, done);
        result = run_launch(&executable->nodes[at].launch);
        done[at] = true;
    }
    free(done);
    return result;
}
