/* SPDX-License-Identifier: Apache-2.0 */
/* Times candidates: those of one problem in one graph, in which each runs some times between two
 * events. Weights are zeros: time does not depend on them. */
#include "runtime/backend/cuda/gpu_tune.h"

#include <string.h>

#define RUNS 6                   /* of a candidate, one after another */
#define PASSES 3                 /* of the graph; the first warms up */
#define ZEROS ((size_t)64 << 10) /* bytes: zero points of groups */

/* What the candidates of a problem run on. */
struct tuning {
    struct oct_gpu_device *device;
    const struct oct_gpu_plan *plan;
    uint64_t activations;
    oct_cuda_stream stream;
    oct_cuda_address room; /* for constants */
    size_t room_bytes;
    oct_cuda_event events[OCT_GPU_CHOICES_MAX + 1];
    int event_count;
};

static octet_status try(const struct tuning *t, oct_cuda_result result)
{
    return oct_cuda_check(t->device->ctx, &t->device->driver, result, "trying tiles out");
}

/* Bytes of constants that a candidate needs of its own, and of weights. */
static size_t own_bytes(const struct oct_gpu_conv *conv)
{
    return oct_align((size_t)conv->constant_bytes * (size_t)conv->channel_tiles, 256);
}

static octet_status copy_constants(const struct tuning *t, const struct oct_gpu_step *step,
                                   uint64_t to)
{
    static const uint8_t table[OCT_GPU_TABLE_BYTES];
    const struct oct_gpu_factors factors = {.table = table};
    const size_t bytes = own_bytes(&step->of.conv);
    uint8_t *constants = oct_malloc(t->device->ctx, bytes, 1);
    if (!constants)
        return oct_fail_memory(t->device->ctx, "trying tiles out");
    oct_gpu_conv_constants(&step->of.conv, step->tile, &factors, constants);
    octet_status status = try(t, t->device->driver.copy_in(to, constants, bytes, t->stream));
    if (!status)
        status = try(t, t->device->driver.wait_stream(t->stream));
    oct_free(t->device->ctx, constants);
    return status;
}

/* Refers a candidate to memory, from `*used` bytes of the room on. */
static octet_status bind(const struct tuning *t, struct oct_gpu_step *step, size_t *used)
{
    struct oct_gpu_conv *conv = &step->of.conv;
    oct_gpu_step_bind(step, t->activations, 0);
    conv->zeros = t->room;
    conv->constants = t->room + *used;
    conv->weights = t->room + t->room_bytes - oct_gpu_conv_weight_bytes(conv);
    *used += own_bytes(conv);
    return copy_constants(t, step, conv->constants);
}

static octet_status add_runs(const struct tuning *t, struct oct_gpu_step *step,
                             oct_cuda_graph graph, oct_cuda_node *last)
{
    struct oct_gpu_launch launch;
    oct_cuda_function function;
    octet_status status =
        oct_gpu_device_kernel(t->device, step->kernel, step->shared_bytes, &function);
    if (status)
        return status;
    oct_gpu_launch_make(&launch, step, function, 0, t->plan->layout.batch);
    for (int i = 0; i < RUNS && !status; i++) {
        const oct_cuda_node before = *last;
        status =
            i == 0
                ? try(t, t->device->driver.add_kernel_node(last, graph, &before, 1, &launch.node))
                : oct_gpu_device_add(t->device, graph, &before, 1, &launch.node, last);
    }
    return status;
}

static octet_status add_event(const struct tuning *t, oct_cuda_graph graph, oct_cuda_event event,
                              oct_cuda_node *last)
{
    const oct_cuda_node before = *last;
    return try(t, t->device->driver.add_event_node(last, graph, &before, before ? 1 : 0, event));
}

static octet_status add_candidates(const struct tuning *t, const struct oct_gpu_step *step,
                                   const struct oct_gpu_choice *choices, int count,
                                   oct_cuda_graph graph)
{
    size_t used = ZEROS;
    oct_cuda_node last = NULL;
    octet_status status = add_event(t, graph, t->events[0], &last);
    for (int i = 0; i < count && !status; i++) {
        struct oct_gpu_step trial = *step;
        oct_gpu_choose(t->plan, &trial, &choices[i]);
        status = bind(t, &trial, &used);
        if (!status)
            status = add_runs(t, &trial, graph, &last);
        if (!status)
            status = add_event(t, graph, t->events[i + 1], &last);
    }
    return status;
}

/* The least time of each candidate, ms. */
static octet_status run_graph(const struct tuning *t, oct_cuda_executable executable, int count,
                              float *best)
{
    const struct oct_cuda_driver *driver = &t->device->driver;
    octet_status status = OCTET_OK;
    for (int pass = 0; pass < PASSES && !status; pass++) {
        status = try(t, driver->launch_graph(executable, t->stream));
        if (!status)
            status = try(t, driver->wait_stream(t->stream));
        for (int i = 0; i < count && !status; i++) {
            float ms = 0.0f;
            status = try(t, driver->elapsed_ms(&ms, t->events[i], t->events[i + 1]));
            if (pass == 0 || ms < best[i])
                best[i] = ms;
        }
    }
    return status;
}

static octet_status time_candidates(const struct tuning *t, const struct oct_gpu_step *step,
                                    const struct oct_gpu_choice *choices, int count, float *best)
{
    const struct oct_cuda_driver *driver = &t->device->driver;
    oct_cuda_graph graph = NULL;
    oct_cuda_executable executable = NULL;
    octet_status status = try(t, driver->create_graph(&graph, 0));
    if (!status)
        status = add_candidates(t, step, choices, count, graph);
    if (!status)
        status = try(t, driver->instantiate_graph(&executable, graph, 0));
    if (!status)
        status = run_graph(t, executable, count, best);
    if (executable)
        driver->destroy_executable(executable);
    if (graph)
        driver->destroy_graph(graph);
    return status;
}

static octet_status make_events(struct tuning *t, int count)
{
    octet_status status = OCTET_OK;
    while (t->event_count <= count && !status) {
        status = try(t, t->device->driver.create_event(&t->events[t->event_count], 0));
        t->event_count += !status;
    }
    return status;
}

/* Room for the constants of a step's candidates. */
static octet_status make_room(struct tuning *t, const struct oct_gpu_step *step,
                              const struct oct_gpu_choice *choices, int count)
{
    const struct oct_cuda_driver *driver = &t->device->driver;
    size_t constants = ZEROS, weights = 0;
    for (int i = 0; i < count; i++) {
        struct oct_gpu_step trial = *step;
        oct_gpu_choose(t->plan, &trial, &choices[i]);
        const size_t bytes = oct_gpu_conv_weight_bytes(&trial.of.conv);
        weights = bytes > weights ? bytes : weights;
        constants += own_bytes(&trial.of.conv);
    }
    if (constants + weights <= t->room_bytes)
        return OCTET_OK;
    if (t->room)
        driver->release(t->room);
    t->room = 0;
    t->room_bytes = oct_align(constants + weights, 256);
    octet_status status = try(t, driver->allocate(&t->room, t->room_bytes));
    return status ? status : try(t, driver->fill(t->room, 0, t->room_bytes, t->stream));
}

/* Finds the fastest choice for a step. */
static octet_status tune_step(struct tuning *t, const struct oct_gpu_step *step,
                              struct oct_gpu_choice *chosen)
{
    struct oct_gpu_choice choices[OCT_GPU_CHOICES_MAX];
    float best[OCT_GPU_CHOICES_MAX];
    const int count = oct_gpu_candidates(t->plan, step, choices);
    octet_status status = make_events(t, count);
    if (!status)
        status = make_room(t, step, choices, count);
    if (!status)
        status = time_candidates(t, step, choices, count, best);
    int fastest = 0;
    for (int i = 1; i < count && !status; i++)
        if (best[i] < best[fastest])
            fastest = i;
    if (status)
        return status;
    *chosen = choices[fastest];
    oct_log(t->device->ctx, OCTET_LOG_DEBUG, "\"%s\": tile %s, %d groups a chunk: %.2f us, of %d",
            t->plan->network->layers[step->layer].name, chosen->tile->name, chosen->chunk_groups,
            1e3 * (double)best[fastest] / RUNS, count);
    return status;
}

static octet_status tune_all(struct tuning *t, struct oct_gpu_plan *plan, const int *problems,
                             struct oct_gpu_choice *chosen)
{
    octet_status status = OCTET_OK;
    for (int i = 0; i < plan->step_count && !status; i++) {
        if (problems[i] < 0)
            continue;
        if (!chosen[problems[i]].tile)
            status = tune_step(t, &plan->steps[i], &chosen[problems[i]]);
    }
    for (int i = 0; i < plan->step_count && !status; i++)
        if (problems[i] >= 0)
            oct_gpu_choose(plan, &plan->steps[i], &chosen[problems[i]]);
    return status;
}

octet_status oct_gpu_tune(struct oct_gpu_device *device, struct oct_gpu_plan *plan,
                          uint64_t activations, oct_cuda_stream stream)
{
    struct tuning tuning = {
        .device = device, .plan = plan, .activations = activations, .stream = stream};
    const size_t steps = (size_t)plan->step_count;
    int *problems = oct_calloc(device->ctx, steps, sizeof *problems);
    struct oct_gpu_choice *chosen = oct_calloc(device->ctx, steps, sizeof *chosen);
    octet_status status = OCTET_OK;
    if (!problems || !chosen)
        status = oct_fail_memory(device->ctx, "trying tiles out");
    if (!status) {
        oct_gpu_problems(plan, problems);
        status = tune_all(&tuning, plan, problems, chosen);
    }
    for (int i = 0; i < tuning.event_count; i++)
        device->driver.destroy_event(tuning.events[i]);
    if (tuning.room)
        device->driver.release(tuning.room);
    oct_free(device->ctx, problems);
    oct_free(device->ctx, chosen);
    return status;
}
