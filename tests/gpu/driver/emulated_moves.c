/* SPDX-License-Identifier: Apache-2.0 */
/* moves.cu in C: copies, conversions, upsampling, depth to space and tables. */
#include <math.h>
#include <string.h>

#include "base/bfloat16.h"
#include "emulated_threads.h"

static float value_of(const struct oct_gpu_view *view, uint64_t at)
{
    if (view->type == OCT_GPU_U8)
        return (float)(*(const uint8_t *)gpu_read(at, 1, 1) - view->zero_point) * view->scale;
    if (view->type == OCT_GPU_BF16)
        return oct_bf16_value(*(const uint16_t *)gpu_read(at, 2, 2));
    return *(const float *)gpu_read(at, 4, 4);
}

static void store_one(const struct oct_gpu_view *view, uint64_t at, float value)
{
    if (view->type == OCT_GPU_U8)
        *(uint8_t *)gpu_write(at, 1, 1) =
            (uint8_t)emulated_any_code(value, view->inverse_scale, view->zero_point);
    else if (view->type == OCT_GPU_BF16)
        *(uint16_t *)gpu_write(at, 2, 2) = oct_bf16_of(value);
    else
        *(float *)gpu_write(at, 4, 4) = value;
}

void emulate_move(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_move *p = launch->parameters;
    struct threads threads = {launch, p->images, p->height, p->width, p->channels + p->cleared, 0};
    const size_t to_bytes = (size_t)emulated_element_bytes(p->output.type);
    const size_t from_bytes = (size_t)emulated_element_bytes(p->input.type);
    (void)kernel;
    for (struct element e; next_element(&threads, &e);) {
        const uint64_t to =
            emulated_pixel(&p->output, e.image, e.y, e.x) + (uint64_t)e.index * to_bytes;
        const int part = e.y % 2 * 2 + e.x % 2;
        const uint64_t from = emulated_pixel(&p->input, e.image, e.y >> p->shift, e.x >> p->shift) +
                              (uint64_t)(part * p->depth + e.index) * from_bytes;
        if (e.index >= p->channels)
            memset(gpu_write(to, to_bytes, 1), 0, to_bytes);
        else if (p->input.type != p->output.type)
            store_one(&p->output, to, value_of(&p->input, from));
        else
            memcpy(gpu_write(to, to_bytes, to_bytes), gpu_read(from, to_bytes, to_bytes), to_bytes);
    }
}

/* ---- tables ---- */

static uint8_t divided_code(float value, const struct oct_gpu_view *view)
{
    const float steps = value / view->scale;
    const float low = (float)-view->zero_point, high = (float)(255 - view->zero_point);
    const float below = steps < high ? steps : high;
    const float held = below > low ? below : low;
    return (uint8_t)((int)rintf(held) + view->zero_point);
}

void emulate_look_up(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_table *p = launch->parameters;
    struct threads threads = {launch, p->images, p->height, p->width, p->channels, 0};
    (void)kernel;
    for (struct element e; next_element(&threads, &e);) {
        const uint8_t code = *(const uint8_t *)gpu_read(
            emulated_pixel(&p->input, e.image, e.y, e.x) + (uint64_t)e.index, 1, 1);
        float y = *(const float *)gpu_read(p->table + 4ull * code, 4, 4);
        if (p->residual.data)
            y += value_of(&p->residual,
                          emulated_pixel(&p->residual, e.image, e.y, e.x) +
                              (uint64_t)(e.index * emulated_element_bytes(p->residual.type)));
        const uint64_t to = emulated_pixel(&p->output, e.image, e.y, e.x) +
                            (uint64_t)(e.index * emulated_element_bytes(p->output.type));
        if (p->output.type == OCT_GPU_U8)
            *(uint8_t *)gpu_write(to, 1, 1) = divided_code(y, &p->output);
        else
            *(float *)gpu_write(to, 4, 4) = y;
    }
}
