/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU backend's table: opens and closes its state, and shows its tensors. */
#include "runtime/backend/cpu/cpu_backend.h"

#include "runtime/backend/cpu/cpu_state.h"

static void close_cpu(void *state)
{
    struct oct_cpu *cpu = state;
    if (!cpu)
        return;
    octet_context *ctx = cpu->ctx;
    oct_threads_destroy(&cpu->threads);
    oct_cpu_release_weights(cpu);
    oct_arena_clear(&cpu->arena);
    oct_pages_give(ctx, cpu->pictures, cpu->pictures_bytes);
    oct_pages_give(ctx, cpu->shared, cpu->layout.shared_bytes);
    oct_free(ctx, cpu->scratch);
    oct_free(ctx, cpu->letterbox.memory);
    oct_free(ctx, cpu->pixels);
    oct_free(ctx, cpu);
}

static octet_status open_all(struct oct_cpu *cpu, const struct oct_backend_request *request)
{
    unsigned sets = 0;
    octet_status status = oct_cpu_parse(cpu->ctx, request->cpu, &sets);
    if (!status)
        status = oct_threads_create(cpu->ctx, request->threads, &cpu->threads);
    if (status)
        return status;
    cpu->thread_count = oct_threads_count(cpu->threads);
    oct_kernels_fill(&cpu->kernels, oct_cpu_enable(sets));
    status = oct_layout_make(cpu->ctx, &cpu->arena, cpu->network, cpu->height, cpu->width,
                             cpu->kernels.bf16_storage, &cpu->layout);
    if (!status)
        status = oct_cpu_allocate_tensors(cpu);
    if (!status)
        status = oct_cpu_hold_weights(cpu);
    if (!status)
        status = oct_cpu_prepare(cpu);
    return status ? status : oct_cpu_allocate_scratch(cpu);
}

static octet_status open_cpu(octet_context *ctx, const struct oct_backend_request *request,
                             void **state)
{
    struct oct_cpu *cpu = oct_calloc(ctx, 1, sizeof *cpu);
    *state = NULL;
    if (!cpu)
        return oct_fail_memory(ctx, "the session");
    cpu->ctx = ctx;
    cpu->set = oct_engine_set_of(request->engine, request->height, request->width);
    cpu->network = oct_engine_network(request->engine, cpu->set);
    cpu->set_count = request->engine->set_count;
    cpu->engine_shared = request->engine->shared;
    cpu->height = request->height;
    cpu->width = request->width;
    cpu->batch = request->batch;
    cpu->profile = request->profile;
    oct_arena_init(&cpu->arena, ctx);
    const octet_status status = open_all(cpu, request);
    if (status)
        close_cpu(cpu);
    else
        *state = cpu;
    return status;
}

static octet_status tensor(void *state, int slot, int index, octet_tensor_view *view)
{
    static const octet_element_type types[] = {[OCT_TYPE_U8] = OCTET_ELEMENT_U8,
                                               [OCT_TYPE_F32] = OCTET_ELEMENT_F32,
                                               [OCT_TYPE_BF16] = OCTET_ELEMENT_BF16};
    const struct oct_cpu *cpu = state;
    const struct oct_view own = oct_cpu_view(cpu, slot, index);
    *view = (octet_tensor_view){
        .name = cpu->network->tensors[index].name,
        .channels = cpu->network->tensors[index].channels,
        .height = cpu->layout.sizes[index].height,
        .width = cpu->layout.sizes[index].width,
        .type = types[own.type],
        .scale = own.quantization.scale,
        .zero_point = own.quantization.zero_point,
        .data = own.data,
        .row_elements = own.row,
        .pixel_elements = own.pixel,
    };
    return OCTET_OK;
}

static const char *kernel_set(const struct oct_cpu *cpu)
{
    for (int i = 0; i < cpu->network->tensor_count && cpu->kernels.bf16_set; i++)
        if (cpu->network->tensors[i].type == OCT_TYPE_BF16)
            return cpu->kernels.bf16_set;
    return cpu->kernels.set;
}

static void describe(const void *state, struct oct_backend_facts *facts)
{
    const struct oct_cpu *cpu = state;
    *facts = (struct oct_backend_facts){
        .kernels = kernel_set(cpu),
        .threads = cpu->thread_count,
        .memory_bytes = cpu->packed_bytes + cpu->layout.shared_bytes + cpu->pictures_bytes +
                        (size_t)cpu->thread_count * cpu->scratch_bytes,
    };
}

static double layer_ms(const void *state, int layer)
{
    return ((const struct oct_cpu *)state)->steps[layer].total_ms;
}

const struct oct_backend oct_cpu_backend = {
    .name = "cpu",
    .open = open_cpu,
    .set_input = oct_cpu_set_input,
    .run = oct_cpu_run,
    .tensor = tensor,
    .replace = oct_cpu_replace,
    .describe = describe,
    .layer_ms = layer_ms,
    .close = close_cpu,
};
