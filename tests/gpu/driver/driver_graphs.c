/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs: their nodes run one after another, in a random order that dependencies allow. */
#include <stdlib.h>
#include <string.h>

#include "driver_objects.h"

#define TIMED_KERNELS_A_RUN 16

oct_cuda_result call_create_graph(oct_cuda_graph *graph, unsigned flags)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuGraphCreate");
    if (result || flags)
        return result ? result : RESULT_INVALID_VALUE;
    *graph = add_object(OBJECT_GRAPH, sizeof **graph);
    return *graph ? 0 : RESULT_OUT_OF_MEMORY;
}

oct_cuda_result call_destroy_graph(oct_cuda_graph graph)
{
    ONE_AT_A_TIME;
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

static int set_waits(const struct oct_cuda_graph *graph, const oct_cuda_node *waits, size_t count,
                     struct node *node)
{
    if (count > WAITS_MAX)
        return complain(RESULT_INVALID_VALUE, "a node waits for %zu others", count);
    node->wait_count = (int)count;
    for (size_t i = 0; i < count; i++) {
        const uintptr_t at = (uintptr_t)waits[i];
        if (at < 1 || at > (uintptr_t)graph->count)
            return complain(RESULT_INVALID_VALUE, "a node waits for one that is not there");
        node->waits[i] = (int)at - 1;
        for (size_t k = 0; k < i; k++)
            if (waits[k] == waits[i])
                return complain(RESULT_INVALID_VALUE, "a node waits twice for one");
    }
    return 0;
}

oct_cuda_result call_add_event_node(oct_cuda_node *handle, oct_cuda_graph graph,
                                    const oct_cuda_node *waits, size_t count, oct_cuda_event event)
{
    ONE_AT_A_TIME;
    struct node node = {.event = event};
    int result = begin_in_context("cuGraphAddEventRecordNode");
    if (result || !is_object(graph, OBJECT_GRAPH, "cuGraphAddEventRecordNode") ||
        !is_object(event, OBJECT_EVENT, "cuGraphAddEventRecordNode"))
        return result ? result : RESULT_INVALID_HANDLE;
    result = set_waits(graph, waits, count, &node);
    if (!result)
        result = add_node(graph, &node);
    if (!result)
        *handle = (oct_cuda_node)(uintptr_t)graph->count;
    return result;
}

oct_cuda_result call_add_kernel_node(oct_cuda_node *handle, oct_cuda_graph graph,
                                     const oct_cuda_node *waits, size_t count,
                                     const struct oct_cuda_kernel_node *kernel)
{
    ONE_AT_A_TIME;
    struct node node = {.event = NULL};
    int result = begin_in_context("cuGraphAddKernelNode");
    if (result || !is_object(graph, OBJECT_GRAPH, "cuGraphAddKernelNode"))
        return result ? result : RESULT_INVALID_HANDLE;
    if (kernel->extra)
        return RESULT_INVALID_VALUE;
    result = set_waits(graph, waits, count, &node);
    if (!result)
        result = check_launch(kernel->function, kernel->grid, kernel->block, kernel->shared_bytes,
                              kernel->parameters, &node.launch);
    if (!result)
        result = add_node(graph, &node);
    if (!result)
        *handle = (oct_cuda_node)(uintptr_t)graph->count;
    return result;
}

/* Whether a dependency may be one of kernels that overlap; `to` must wait for nothing else. */
static bool may_overlap(const struct oct_cuda_graph *graph, const struct oct_cuda_edge *edge,
                        uintptr_t from, uintptr_t to)
{
    const struct node *nodes = graph->nodes - 1; /* handles are numbers from 1 on */
    return edge->from_port == 1 && edge->to_port == 0 && edge->type == 1 && from >= 1 &&
           from < to && to <= (uintptr_t)graph->count && !nodes[from].event && !nodes[to].event &&
           nodes[to].wait_count == 0 && current_gpu()->major >= 9;
}

oct_cuda_result call_add_edges(oct_cuda_graph graph, const oct_cuda_node *from,
                               const oct_cuda_node *to, const struct oct_cuda_edge *edges,
                               size_t count)
{
    const int result = begin_in_context("cuGraphAddDependencies_v2");
    if (result || !is_object(graph, OBJECT_GRAPH, "cuGraphAddDependencies_v2"))
        return result ? result : RESULT_INVALID_HANDLE;
    for (size_t i = 0; i < count; i++) {
        const uintptr_t later = (uintptr_t)to[i];
        if (!may_overlap(graph, &edges[i], (uintptr_t)from[i], later))
            return complain(RESULT_INVALID_VALUE, "a dependency that kernels cannot have");
        graph->nodes[later - 1].wait_count = 1;
        graph->nodes[later - 1].waits[0] = (int)(uintptr_t)from[i] - 1;
        graph->overlaps++;
    }
    return 0;
}

oct_cuda_result call_instantiate_graph(oct_cuda_executable *executable, oct_cuda_graph graph,
                                       unsigned long long flags)
{
    ONE_AT_A_TIME;
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
    ONE_AT_A_TIME;
    return destroy_object(executable, OBJECT_EXECUTABLE, "cuGraphExecDestroy");
}

oct_cuda_result call_launch_graph(oct_cuda_executable executable, oct_cuda_stream stream)
{
    ONE_AT_A_TIME;
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

/* A node that comes as late as can be: often one that waits for nothing, which else would come
 * early in nearly all orders. */
static int choose_late(const struct oct_cuda_executable *executable)
{
    const bool of_all = random_bits() & 1;
    int count = 0, chosen = -1;
    for (int i = 0; i < executable->count; i++)
        if ((of_all || executable->nodes[i].wait_count == 0) &&
            random_bits() % (unsigned)++count == 0)
            chosen = i;
    return chosen;
}

/* One of the nodes that may run now; `late` where there is no other. */
static int choose(const struct oct_cuda_executable *executable, const bool *done, int late)
{
    int ready = 0, chosen = -1;
    for (int i = 0; i < executable->count; i++)
        if (i != late && !done[i] && is_ready(&executable->nodes[i], done) &&
            random_bits() % (unsigned)++ready == 0)
            chosen = i;
    return chosen < 0 ? late : chosen;
}

/* Where the only matter is how long kernels take, between events, one of some is run: there are
 * very many. */
static int run_node(struct node *node, bool is_timed)
{
    if (node->event)
        record_now(node->event);
    else if (!is_timed || random_bits() % TIMED_KERNELS_A_RUN == 0)
        return run_launch(&node->launch);
    else
        skip_launch(&node->launch);
    return 0;
}

int run_graph(struct oct_cuda_executable *executable)
{
    bool *done = calloc((size_t)executable->count + 1, sizeof *done);
    int result = done ? 0 : RESULT_OUT_OF_MEMORY;
    const int late = choose_late(executable);
    int events = 0;
    for (int i = 0; i < executable->count; i++)
        events += executable->nodes[i].event != NULL;
    for (int i = 0; i < executable->count && !result; i++) {
        const int at = choose(executable, done, late);
        result = run_node(&executable->nodes[at], events > 1);
        done[at] = true;
    }
    free(done);
    return result;
}
