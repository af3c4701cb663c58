/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a plan: all of it as one graph, or its steps one after another. */
#include <string.h>

#include "runtime/backend/cuda/cuda_state.h"

octet_status oct_cuda_try(struct oct_cuda *cuda, oct_cuda_result result, const char *what)
{
    return oct_cuda_check(cuda->ctx, &cuda->device.driver, result, what);
}

octet_status oct_cuda_launch(struct oct_cuda *cuda, const struct oct_cuda_kernel_node *node,
                             const char *what)
{
    const unsigned *grid = node->grid, *block = node->block;
    return oct_cuda_try(cuda,
                        cuda->device.driver.launch(node->function, grid[0], grid[1], grid[2],
                                                   block[0], block[1], block[2], node->shared_bytes,
                                                   cuda->stream, node->parameters, NULL),
                        what);
}

/* ---- the graph ---- */

octet_status oct_cuda_add_node(struct oct_cuda *cuda, const oct_cuda_node *waits, int wait_count,
                               const struct oct_cuda_kernel_node *node, oct_cuda_node *added)
{
    return oct_gpu_device_add(&cuda->device, cuda->graph, waits, wait_count, node, added);
}

/* A step for a part of the batch; `nodes` are the part's. */
static octet_status add_node(struct oct_cuda *cuda, int index, int part, oct_cuda_node *nodes,
                             oct_cuda_node *waits)
{
    const int first = cuda->batch * part / cuda->parts;
    const int count = cuda->batch * (part + 1) / cuda->parts - first;
    const struct oct_gpu_step *step = &cuda->plan.steps[index];
    struct oct_gpu_launch launch;
    oct_gpu_launch_make(&launch, step, cuda->functions[index], first, count);
    for (int i = 0; i < step->wait_count; i++)
        waits[i] = nodes[step->waits[i]];
    return oct_cuda_add_node(cuda, waits, step->wait_count, &launch.node, &nodes[index]);
}

/* Records the time once all steps are done, before boxes are looked for. */
static octet_status add_clock(struct oct_cuda *cuda, const oct_cuda_node *nodes,
                              oct_cuda_node *waits)
{
    oct_cuda_node node;
    size_t count = 0;
    for (int i = 0; i < cuda->plan.step_count; i++) {
        bool is_last = true;
        for (int k = i + 1; k < cuda->plan.step_count && is_last; k++)
            for (int w = 0; w < cuda->plan.steps[k].wait_count; w++)
                is_last = is_last && cuda->plan.steps[k].waits[w] != i;
        for (int part = 0; is_last && part < cuda->parts; part++)
            waits[count++] = nodes[part * cuda->plan.step_count + i];
    }
    return oct_cuda_try(
        cuda, cuda->device.driver.add_event_node(&node, cuda->graph, waits, count, cuda->end),
        "making the graph");
}

static octet_status make_graph(struct oct_cuda *cuda)
{
    const struct oct_cuda_driver *driver = &cuda->device.driver;
    const int steps = cuda->plan.step_count, all = cuda->parts * steps;
    oct_cuda_node *nodes = oct_calloc(cuda->ctx, 2 * (size_t)all + 1, sizeof(oct_cuda_node));
    if (!nodes)
        return oct_fail_memory(cuda->ctx, "the graph");
    octet_status status =
        oct_cuda_try(cuda, driver->create_graph(&cuda->graph, 0), "making the graph");
    for (int i = 0; i < all && !status; i++)
        status = add_node(cuda, i / cuda->parts, i % cuda->parts, nodes + i % cuda->parts * steps,
                          nodes + all);
    if (!status)
        status = add_clock(cuda, nodes, nodes + all);
    if (!status)
        status = oct_cuda_add_head(cuda, nodes, nodes + all);
    oct_free(cuda->ctx, nodes);
    if (!status)
        status = oct_cuda_try(cuda, driver->instantiate_graph(&cuda->executable, cuda->graph, 0),
                              "making the graph");
    return status;
}

static octet_status find_kernels(struct oct_cuda *cuda)
{
    const struct oct_gpu_plan *plan = &cuda->plan;
    octet_status status = OCTET_OK;
    cuda->functions =
        oct_arena_calloc(&cuda->arena, (size_t)plan->step_count, sizeof(oct_cuda_function));
    if (!cuda->functions)
        return oct_fail_memory(cuda->ctx, "the session");
    for (int i = 0; i < plan->step_count && !status; i++)
        status = oct_gpu_device_kernel(&cuda->device, plan->steps[i].kernel,
                                       plan->steps[i].shared_bytes, &cuda->functions[i]);
    return status;
}

octet_status oct_cuda_prepare(struct oct_cuda *cuda)
{
    const struct oct_cuda_driver *driver = &cuda->device.driver;
    octet_status status = find_kernels(cuda);
    if (!status)
        status = oct_cuda_try(cuda, driver->create_event(&cuda->begin, 0), "making a clock");
    if (!status)
        status = oct_cuda_try(cuda, driver->create_event(&cuda->end, 0), "making a clock");
    if (!status)
        status = make_graph(cuda);
    if (status || !cuda->profile)
        return status;
    cuda->layer_ms =
        oct_arena_calloc(&cuda->arena, (size_t)cuda->network->layer_count, sizeof *cuda->layer_ms);
    return cuda->layer_ms ? OCTET_OK : oct_fail_memory(cuda->ctx, "the session");
}

/* ---- step by step ---- */

static octet_status launch_step(struct oct_cuda *cuda, int index, int first, int count)
{
    const struct oct_gpu_step *step = &cuda->plan.steps[index];
    struct oct_gpu_launch launch;
    oct_gpu_launch_make(&launch, step, cuda->functions[index], first, count);
    return oct_cuda_launch(cuda, &launch.node, step->kernel);
}

static octet_status wait(struct oct_cuda *cuda)
{
    return oct_cuda_try(cuda, cuda->device.driver.wait_stream(cuda->stream), "running the network");
}

static octet_status start_clock(struct oct_cuda *cuda)
{
    return oct_cuda_try(cuda, cuda->device.driver.record_event(cuda->begin, cuda->stream),
                        "timing");
}

static octet_status stop_clock(struct oct_cuda *cuda)
{
    return oct_cuda_try(cuda, cuda->device.driver.record_event(cuda->end, cuda->stream), "timing");
}

/* Waits for all that was launched, and adds the time between the clock's start and its stop. */
static octet_status read_clock(struct oct_cuda *cuda, double *ms)
{
    float took = 0.0f;
    octet_status status = wait(cuda);
    if (!status)
        status = oct_cuda_try(cuda, cuda->device.driver.elapsed_ms(&took, cuda->begin, cuda->end),
                              "timing");
    *ms += (double)took;
    return status;
}

/* The steps of a layer, which stand side by side, from `*step` on. */
static octet_status run_layer(struct oct_cuda *cuda, int layer, int *step, int first, int count)
{
    octet_status status = OCTET_OK;
    for (; *step < cuda->plan.step_count && cuda->plan.steps[*step].layer == layer && !status;
         ++*step)
        status = launch_step(cuda, *step, first, count);
    return status;
}

static octet_status run_layers(struct oct_cuda *cuda, int first, int count)
{
    octet_status status = OCTET_OK;
    for (int layer = 0, step = 0; layer < cuda->network->layer_count && !status; layer++)
        status = run_layer(cuda, layer, &step, first, count);
    return status;
}

/* With the time of each layer. */
static octet_status profile_layers(struct oct_cuda *cuda, int first, int count)
{
    octet_status status = OCTET_OK;
    cuda->run_ms = 0.0;
    for (int layer = 0, step = 0; layer < cuda->network->layer_count && !status; layer++) {
        double ms = 0.0;
        status = start_clock(cuda);
        if (!status)
            status = run_layer(cuda, layer, &step, first, count);
        if (!status)
            status = stop_clock(cuda);
        if (!status)
            status = read_clock(cuda, &ms);
        cuda->layer_ms[layer] += ms;
        cuda->run_ms += ms;
    }
    return status;
}

static octet_status watch_layers(struct oct_cuda *cuda, int slot,
                                 const struct oct_backend_watch *watch)
{
    octet_status status = OCTET_OK;
    for (int layer = 0, step = 0; layer < cuda->network->layer_count && !status; layer++) {
        status = run_layer(cuda, layer, &step, slot, 1);
        const octet_status done = wait(cuda);
        status = status ? status : done;
        if (status)
            return status;
        oct_gpu_device_leave(&cuda->device); /* who watches may use a GPU as well */
        status = watch->after_layer(watch->user, slot, layer);
        const octet_status entered = oct_gpu_device_enter(&cuda->device);
        status = status ? status : entered;
    }
    return status;
}

/* Layers, then the search for boxes, which the clock leaves out as the graph does. */
static octet_status run_and_search(struct oct_cuda *cuda, int first, int count)
{
    octet_status status = run_layers(cuda, first, count);
    if (!status)
        status = stop_clock(cuda);
    return status ? status : oct_cuda_launch_head(cuda, first, count);
}

static octet_status run_at_once(struct oct_cuda *cuda, int first, int count)
{
    double ms = 0.0;
    octet_status status = start_clock(cuda);
    if (status)
        return status;
    if (first == 0 && count == cuda->batch)
        status =
            oct_cuda_try(cuda, cuda->device.driver.launch_graph(cuda->executable, cuda->stream),
                         "running the network");
    else
        status = run_and_search(cuda, first, count);
    const octet_status done = status ? wait(cuda) : read_clock(cuda, &ms);
    cuda->run_ms = ms;
    if (!status && !done)
        oct_cuda_lists_made(cuda, first, count);
    return status ? status : done;
}

octet_status oct_cuda_run(void *state, int first, int count, const struct oct_backend_watch *watch)
{
    struct oct_cuda *cuda = state;
    octet_status status = oct_gpu_device_enter(&cuda->device);
    if (status)
        return status;
    oct_cuda_lists_lost(cuda, first, count);
    if (watch)
        for (int slot = first; slot < first + count && !status; slot++)
            status = watch_layers(cuda, slot, watch);
    else if (cuda->profile)
        status = profile_layers(cuda, first, count);
    else
        status = run_at_once(cuda, first, count);
    oct_gpu_device_leave(&cuda->device);
    return status;
}
