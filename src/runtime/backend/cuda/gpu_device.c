/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a GPU and finds kernels. */
#include "runtime/backend/cuda/gpu_device.h"

#include <stdio.h>
#include <string.h>

#define CAPABILITY_LEAST 80                   /* 10 * major + minor: m16n8k32, cp.async */
#define CAPABILITY_OVERLAP 90                 /* griddepcontrol */
#define SHARED_BYTES_PLAIN ((size_t)48 << 10) /* more must be asked for */

static octet_status check(struct oct_gpu_device *device, oct_cuda_result result, const char *what)
{
    return oct_cuda_check(device->ctx, &device->driver, result, what);
}

static octet_status find_device(struct oct_gpu_device *device, int index)
{
    const struct oct_cuda_driver *driver = &device->driver;
    int count = 0;
    octet_status status = check(device, driver->count_devices(&count), "counting GPUs");
    if (status)
        return status;
    if (index >= count)
        return oct_fail(device->ctx, OCTET_UNSUPPORTED_DEVICE,
                        count == 0   ? "there is no NVIDIA GPU"
                        : count == 1 ? "GPU %d is not here: there is one, number 0"
                                     : "GPU %d is not here: there are %d, numbered from 0",
                        index, count);
    return check(device, driver->get_device(&device->device, index), "choosing the GPU");
}

static octet_status find_facts(struct oct_gpu_device *device)
{
    const struct oct_cuda_driver *driver = &device->driver;
    struct oct_gpu_facts *facts = &device->facts;
    int shared_a_block = 0, shared_a_multiprocessor = 0;
    const struct {
        int attribute, *value;
    } numbers[] = {
        {OCT_CUDA_MAJOR, &facts->major},
        {OCT_CUDA_MINOR, &facts->minor},
        {OCT_CUDA_MULTIPROCESSORS, &facts->multiprocessors},
        {OCT_CUDA_CLOCK_KHZ, &facts->clock_khz},
        {OCT_CUDA_MEMORY_CLOCK_KHZ, &facts->memory_clock_khz},
        {OCT_CUDA_L2_BYTES, &facts->l2_bytes},
        {OCT_CUDA_INTEGRATED, &facts->integrated},
        {OCT_CUDA_SHARED_BYTES_A_BLOCK, &shared_a_block},
        {OCT_CUDA_SHARED_BYTES_A_MULTIPROCESSOR, &shared_a_multiprocessor},
    };
    octet_status status =
        check(device, driver->get_name(facts->name, (int)sizeof facts->name, device->device),
              "asking for the GPU's name");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !status; i++)
        status = check(
            device, driver->get_attribute(numbers[i].value, numbers[i].attribute, device->device),
            "asking what the GPU is");
    if (!status)
        status = check(device, driver->get_memory(&facts->memory_bytes, device->device),
                       "asking for the GPU's memory");
    if (!status)
        status = check(device, driver->get_version(&facts->driver_version),
                       "asking for the driver's version");
    device->limits = (struct oct_gpu_limits){facts->multiprocessors, (size_t)shared_a_block,
                                             (size_t)shared_a_multiprocessor};
    return status;
}

static octet_status check_capability(struct oct_gpu_device *device)
{
    const struct oct_gpu_facts *facts = &device->facts;
    if (10 * facts->major + facts->minor >= CAPABILITY_LEAST)
        return OCTET_OK;
    return oct_fail(device->ctx, OCTET_UNSUPPORTED_DEVICE,
                    "%s has compute capability %d.%d: octet needs 8.0 or more (Ampere, Orin, and "
                    "newer)",
                    facts->name, facts->major, facts->minor);
}

octet_status oct_gpu_device_open(octet_context *ctx, int index, struct oct_gpu_device *device)
{
    memset(device, 0, sizeof *device);
    device->ctx = ctx;
    octet_status status = oct_cuda_driver_open(ctx, &device->driver);
    if (!status)
        status = find_device(device, index);
    if (!status)
        status = find_facts(device);
    if (!status)
        status = check_capability(device);
    if (!status)
        status = check(device, device->driver.retain_context(&device->context, device->device),
                       "starting the GPU");
    if (status) {
        const struct oct_gpu_facts facts = device->facts;
        oct_gpu_device_close(device);
        device->facts = facts;
    }
    return status;
}

void oct_gpu_device_close(struct oct_gpu_device *device)
{
    if (device->context && !oct_gpu_device_enter(device)) {
        for (int i = 0; i < OCT_GPU_MODULES_MAX; i++)
            if (device->modules[i])
                device->driver.unload_module(device->modules[i]);
        oct_gpu_device_leave(device);
    }
    if (device->context)
        device->driver.release_context(device->device);
    oct_cuda_driver_close(&device->driver);
    memset(device, 0, sizeof *device);
}

octet_status oct_gpu_device_enter(struct oct_gpu_device *device)
{
    const octet_status status =
        check(device, device->driver.push_context(device->context), "turning to the GPU");
    device->is_entered = !status;
    return status;
}

void oct_gpu_device_leave(struct oct_gpu_device *device)
{
    oct_cuda_context context;
    if (device->is_entered)
        device->driver.pop_context(&context);
    device->is_entered = false;
}

/* Which file a kernel is in, by what its name begins with. */
static const char *module_of(const char *kernel)
{
    static const struct {
        const char *prefix, *module;
    } rows[] = {
        {"conv_u8_silu_", "conv_u8"},
        {"conv_u8_residual_", "conv_u8_residual"},
        {"conv_u8_", "conv_u8_any"},
        {"conv_bf16_", "conv_bf16"},
        {"conv_pixels_", "pixels"},
        {"conv_f32", "conv_f32"},
        {"depthwise_", "depthwise"},
        {"attention_u8_", "attention"},
        {"attention_", "attention_values"},
        {"letterbox", "input"},
        {"planes", "input"},
        {"head_", "head"},
        {"peak_", "peak"},
        {"pool_", "pools"},
        {"mean_", "pools"},
        {"chain_", "pools"},
        {"", "moves"},
    };
    size_t i = 0;
    while (strncmp(kernel, rows[i].prefix, strlen(rows[i].prefix)) != 0)
        i++;
    return rows[i].module;
}

static octet_status load_module(struct oct_gpu_device *device, const char *name,
                                oct_cuda_module *loaded)
{
    int count;
    const struct oct_gpu_module *modules = oct_gpu_modules(&count);
    for (int i = 0; i < count && i < OCT_GPU_MODULES_MAX; i++) {
        if (strcmp(modules[i].name, name) != 0)
            continue;
        octet_status status = OCTET_OK;
        if (!device->modules[i])
            status =
                check(device, device->driver.load_module(&device->modules[i], modules[i].image),
                      "loading kernels");
        *loaded = device->modules[i];
        return status;
    }
    return oct_fail(device->ctx, OCTET_INTERNAL, "there are no kernels \"%s\"", name);
}

/* PTX of an older GPU's, which a newer one compiles when it loads it, cannot wait by itself. */
static octet_status find_overlap(struct oct_gpu_device *device, oct_cuda_function function)
{
    int version = 0;
    const octet_status status = check(
        device, device->driver.ask_function(&version, OCT_CUDA_FUNCTION_PTX_VERSION, function),
        "looking a kernel up");
    device->overlaps = version >= CAPABILITY_OVERLAP;
    return status;
}

octet_status oct_gpu_device_kernel(struct oct_gpu_device *device, const char *name,
                                   size_t shared_bytes, oct_cuda_function *function)
{
    oct_cuda_module module = NULL;
    octet_status status = load_module(device, module_of(name), &module);
    if (!status)
        status = check(device, device->driver.get_function(function, module, name),
                       "looking a kernel up");
    if (!status && device->driver.add_edges)
        status = find_overlap(device, *function);
    /* All there is: a step that asks for less must not take it from one that needs more. */
    if (!status && shared_bytes > SHARED_BYTES_PLAIN)
        status = check(device,
                       device->driver.set_function(*function, OCT_CUDA_FUNCTION_SHARED_BYTES,
                                                   (int)device->limits.shared_bytes_a_block),
                       "asking for shared memory");
    return status;
}

void oct_gpu_launch_make(struct oct_gpu_launch *launch, const struct oct_gpu_step *step,
                         oct_cuda_function function, int first, int count)
{
    unsigned grid[2];
    oct_gpu_step_launch(step, first, count, &launch->parameters, grid);
    launch->pointers[0] = &launch->parameters;
    launch->node = (struct oct_cuda_kernel_node){
        .function = function,
        .grid = {grid[0], grid[1], 1},
        .block = {step->threads, 1, 1},
        .shared_bytes = (unsigned)step->shared_bytes,
        .parameters = launch->pointers,
    };
}

/* A kernel that waits for several could hold multiprocessors that one of these needs to start. */
octet_status oct_gpu_device_add(struct oct_gpu_device *device, oct_cuda_graph graph,
                                const oct_cuda_node *waits, int wait_count,
                                const struct oct_cuda_kernel_node *node, oct_cuda_node *added)
{
    static const struct oct_cuda_edge early = OCT_CUDA_EDGE_PROGRAMMATIC;
    const struct oct_cuda_driver *driver = &device->driver;
    const bool overlaps = device->overlaps && wait_count == 1;
    octet_status status =
        check(device,
              driver->add_kernel_node(added, graph, waits, overlaps ? 0 : (size_t)wait_count, node),
              "making the graph");
    if (!status && overlaps)
        status =
            check(device, driver->add_edges(graph, waits, added, &early, 1), "making the graph");
    return status;
}
