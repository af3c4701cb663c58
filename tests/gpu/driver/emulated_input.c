/* SPDX-License-Identifier: Apache-2.0 */
/* input.cu in C: the letterbox, and float planes. */
#include <math.h>
#include <string.h>

#include "base/bfloat16.h"
#include "emulation.h"

#define PAD 114

static void store_values(uint64_t target, int type, int64_t pixel, const float values[3])
{
    if (type == OCT_GPU_BF16) {
        uint16_t *to = gpu_write(target + (uint64_t)pixel * 16, 16, 16);
        for (int c = 0; c < 8; c++)
            to[c] = c < 3 ? oct_bf16_of(values[c]) : 0;
        return;
    }
    float *to = gpu_write(target + (uint64_t)pixel * 16, 16, 16);
    for (int c = 0; c < 4; c++)
        to[c] = c < 3 ? values[c] : 0.0f;
}

static void store_pixel(uint64_t target, int type, int64_t pixel, const int code[3])
{
    const float scale = 1.0f / 255.0f;
    float values[3];
    if (type == OCT_GPU_U8) {
        uint8_t *to = gpu_write(target + (uint64_t)pixel * 4, 4, 4);
        for (int c = 0; c < 4; c++)
            to[c] = c < 3 ? (uint8_t)code[c] : 0;
        return;
    }
    for (int c = 0; c < 3; c++)
        values[c] = (float)code[c] * scale;
    store_values(target, type, pixel, values);
}

static int byte_of(uint64_t address)
{
    return *(const uint8_t *)gpu_read(address, 1, 1);
}

static void blend(const struct oct_gpu_letterbox *p, int column, int row, int code[3])
{
    const int32_t *across = gpu_read(p->columns + 12 * (uint64_t)column, 12, 4);
    const int32_t *down = gpu_read(p->rows + 16 * (uint64_t)row, 16, 16);
    const uint64_t above = p->source + (uint64_t)((int64_t)down[0] * p->source_row + across[0]);
    const uint64_t below = p->source + (uint64_t)((int64_t)down[1] * p->source_row + across[0]);
    const int a = across[1], b = across[2];
    for (uint64_t c = 0; c < 3; c++) {
        const uint64_t next = c + (uint64_t)p->next;
        const int first = (byte_of(above + c) * a + byte_of(above + next) * b) >> 4;
        const int second = (byte_of(below + c) * a + byte_of(below + next) * b) >> 4;
        code[c] = ((first * down[2] >> 16) + (second * down[3] >> 16) + 2) >> 2;
    }
}

void emulate_letterbox(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_letterbox *p = launch->parameters;
    (void)kernel;
    for (int y = 0; y < (int)launch->grid[1]; y++)
        for (int x = 0; x < (int)(launch->grid[0] * launch->block[0]) && x < p->width; x++) {
            const int column = x - p->pad_left, row = y - p->pad_top;
            int code[3] = {PAD, PAD, PAD};
            if (column >= 0 && column < p->resized_width && row >= 0 && row < p->resized_height)
                blend(p, column, row, code);
            store_pixel(p->target, p->type, (int64_t)y * p->width + x, code);
        }
}

static int code_of_value(float value)
{
    const float code = value * 255.0f;
    if (!(code > 0.0f))
        return 0;
    return code < 255.0f ? (int)rintf(code) : 255;
}

void emulate_planes(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_planes *p = launch->parameters;
    const int64_t plane = (int64_t)p->height * p->width;
    (void)kernel;
    for (int64_t pixel = 0; pixel < (int64_t)launch->grid[0] * launch->block[0] && pixel < plane;
         pixel++) {
        float values[3];
        int codes[3];
        for (int c = 0; c < 3; c++) {
            values[c] =
                *(const float *)gpu_read(p->source + 4 * (uint64_t)(c * plane + pixel), 4, 4);
            codes[c] = code_of_value(values[c]);
        }
        if (p->type == OCT_GPU_U8)
            store_pixel(p->target, p->type, pixel, codes);
        else
            store_values(p->target, p->type, pixel, values);
    }
}
