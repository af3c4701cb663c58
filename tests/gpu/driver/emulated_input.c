/* SPDX-License-Identifier: Apache-2.0 */
/* input.cu in C: the letterbox from RGB, BGR and YUV, and float planes. */
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

/* Pixel (y, x) of a source. */
typedef void read_pixel(const void *parameters, int y, int x, int rgb[3]);

static void read_rgb(const void *parameters, int y, int x, int rgb[3])
{
    const struct oct_gpu_letterbox *p = parameters;
    const uint64_t at = p->source + (uint64_t)((int64_t)y * p->source_row + 3 * x);
    rgb[0] = byte_of(at + (uint64_t)p->red);
    rgb[1] = byte_of(at + 1);
    rgb[2] = byte_of(at + 2 - (uint64_t)p->red);
}

static void read_yuv(const void *parameters, int y, int x, int rgb[3])
{
    const struct oct_gpu_letterbox_yuv *p = parameters;
    const int64_t row = y >> p->chroma_shift, chroma = (int64_t)(x >> 1) * p->chroma_step;
    oct_yuv_to_rgb(&p->factors, byte_of(p->y + (uint64_t)((int64_t)y * p->y_row + x * p->y_step)),
                   byte_of(p->u + (uint64_t)(row * p->u_row + chroma)),
                   byte_of(p->v + (uint64_t)(row * p->v_row + chroma)), rgb);
}

static void blend(const struct oct_gpu_resize *p, read_pixel *read, const void *parameters,
                  int column, int row, int code[3])
{
    const int32_t *across = gpu_read(p->columns + 12 * (uint64_t)column, 12, 4);
    const int32_t *down = gpu_read(p->rows + 16 * (uint64_t)row, 16, 16);
    const int left = across[0], right = left + p->next, a = across[1], b = across[2];
    int above[2][3], below[2][3];
    read(parameters, down[0], left, above[0]);
    read(parameters, down[0], right, above[1]);
    read(parameters, down[1], left, below[0]);
    read(parameters, down[1], right, below[1]);
    for (int c = 0; c < 3; c++) {
        const int first = (above[0][c] * a + above[1][c] * b) >> 4;
        const int second = (below[0][c] * a + below[1][c] * b) >> 4;
        code[c] = ((first * down[2] >> 16) + (second * down[3] >> 16) + 2) >> 2;
    }
}

static void letterbox(const struct oct_gpu_resize *p, const struct emulated_launch *launch,
                      read_pixel *read)
{
    for (int y = 0; y < (int)launch->grid[1]; y++)
        for (int x = 0; x < (int)(launch->grid[0] * launch->block[0]) && x < p->width; x++) {
            const int column = x - p->pad_left, row = y - p->pad_top;
            int code[3] = {PAD, PAD, PAD};
            if (column >= 0 && column < p->resized_width && row >= 0 && row < p->resized_height)
                blend(p, read, launch->parameters, column, row, code);
            store_pixel(p->target, p->type, (int64_t)y * p->width + x, code);
        }
}

void emulate_letterbox(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_letterbox *p = launch->parameters;
    (void)kernel;
    letterbox(&p->resize, launch, read_rgb);
}

void emulate_letterbox_yuv(const struct emulated_kernel *kernel,
                           const struct emulated_launch *launch)
{
    const struct oct_gpu_letterbox_yuv *p = launch->parameters;
    (void)kernel;
    letterbox(&p->resize, launch, read_yuv);
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
