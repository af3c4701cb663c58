/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a state: what tensors, steps and inputs lie and work in. */
#include "runtime/backend/cpu/cpu_state.h"

struct oct_view oct_cpu_view(const struct oct_cpu *cpu, int slot, int tensor)
{
    struct oct_view view = cpu->views[tensor];
    if (oct_layout_of_picture(&cpu->layout, tensor))
        view.data = (char *)view.data + (size_t)slot * cpu->layout.picture_bytes;
    return view;
}

/* Activations, zero at first: what is stored beside channels must be numbers. */
octet_status oct_cpu_allocate_tensors(struct oct_cpu *cpu)
{
    const size_t tensors = (size_t)cpu->network->tensor_count;
    cpu->views = oct_arena_calloc(&cpu->arena, tensors, sizeof *cpu->views);
    if (oct_mul((size_t)cpu->batch, cpu->layout.picture_bytes, &cpu->pictures_bytes))
        cpu->pictures = oct_pages_take(cpu->ctx, cpu->pictures_bytes);
    cpu->shared = oct_pages_take(cpu->ctx, cpu->layout.shared_bytes);
    if (!cpu->views || !cpu->pictures || !cpu->shared)
        return oct_fail_memory(cpu->ctx, "the session");
    const struct oct_layout_memory memory = {cpu->pictures, cpu->shared};
    for (int i = 0; i < cpu->network->tensor_count; i++)
        cpu->views[i] = oct_layout_view(&cpu->layout, cpu->network, &memory, i);
    return OCTET_OK;
}

/* What steps and inputs work in, so that neither allocates. */
octet_status oct_cpu_allocate_scratch(struct oct_cpu *cpu)
{
    const bool has_pixels = cpu->views[0].type != OCT_TYPE_U8;
    const size_t pixels = (size_t)cpu->height * (size_t)cpu->width;
    cpu->scratch = oct_malloc(cpu->ctx, (size_t)cpu->thread_count, cpu->scratch_bytes);
    /* The widest frame's: pages that no frame is wide enough to touch are never there. */
    cpu->letterbox.bytes = oct_letterbox_frame_scratch_bytes(cpu->width, OCTET_IMAGE_SIDE_MAX);
    cpu->letterbox.memory = oct_malloc(cpu->ctx, cpu->letterbox.bytes, 1);
    if (has_pixels)
        cpu->pixels = oct_malloc(cpu->ctx, pixels, 4);
    if (!cpu->scratch || !cpu->letterbox.memory || (has_pixels && !cpu->pixels))
        return oct_fail_memory(cpu->ctx, "the session");
    return OCTET_OK;
}
