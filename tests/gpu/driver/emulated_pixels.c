/* SPDX-License-Identifier: Apache-2.0 */
/* pixels.cu in C: the first convolution of codes, from the picture's own pixels. */
#include <math.h>
#include <string.h>

#include "emulation.h"

#define WARPS 4
#define ROWS 16 /* pixels of a matrix product */
#define CHANNELS_MAX 32

struct tile {
    const struct oct_gpu_pixels *p;
    const struct emulated_kernel *kernel;
    int down;    /* blockIdx.y */
    bool inside; /* all taps of its pixels are within the picture */
    float table[OCT_GPU_TABLE_BYTES / sizeof(float)];
    int32_t sums[ROWS][CHANNELS_MAX];
};

/* `inside`: it is known that all taps of the row are, and nothing is asked. */
static void read_tap(const struct oct_gpu_pixels *p, int image, int y, int x, bool inside,
                     uint8_t pixel[4])
{
    memset(pixel, 0, 4);
    if (inside || (y >= 0 && x >= 0 && y < p->input_height && x < p->input_width))
        memcpy(pixel,
               gpu_read(p->input + (uint64_t)image * (uint64_t)p->input_image +
                            4 * (uint64_t)((int64_t)y * p->input_width + x),
                        4, 4),
               4);
}

/* Channel of the block that column `column` of its 8-channel block `j` is. */
static int channel_of(int blocks, int j, int column)
{
    const int each = blocks >= 4 ? 4 : 2;
    return j / 4 * 32 + column / 2 * 2 * each + j % 4 * 2 + column % 2;
}

/* Half a step of one pixel: 4 taps of a row. */
static void take_taps(const struct tile *t, int half, int image, int y, int x, uint8_t depth[16])
{
    const struct oct_gpu_pixels *p = t->p;
    const int dy = half / t->kernel->columns;
    memset(depth, 0, 16);
    for (int tap = 0; tap < 4 && dy < p->kernel; tap++)
        read_tap(p, image, y * p->stride - p->padding + dy,
                 x * p->stride - p->padding + half % t->kernel->columns * 4 + tap, t->inside,
                 depth + 4 * tap);
}

static void multiply_step(struct tile *t, int step, int image, int y, int x)
{
    const int blocks = t->kernel->j;
    const uint64_t weights =
        t->p->weights + (uint64_t)(((int64_t)t->down * t->kernel->steps + step) * blocks * 256);
    uint8_t depth[ROWS][32];
    for (int row = 0; row < ROWS; row++)
        for (int half = 0; half < 2; half++)
            take_taps(t, 2 * step + half, image, y, x + row, depth[row] + 16 * half);
    for (int j = 0; j < blocks; j++)
        for (int lane = 0; lane < 32; lane++) {
            const int8_t *registers =
                gpu_read(weights + (uint64_t)(j / 2 * 512 + lane * 16), 16, 16);
            const int channel = channel_of(blocks, j, lane / 4);
            for (int row = 0; row < ROWS; row++)
                for (int i = 0; i < 8; i++)
                    t->sums[row][channel] +=
                        registers[j % 2 * 8 + i] * depth[row][i / 4 * 16 + lane % 4 * 4 + i % 4];
        }
}

static void finish_four(const struct tile *t, int thread, float y[4], uint64_t to)
{
    const struct oct_gpu_pixels *p = t->p;
    if (t->kernel->any)
        emulated_activate(p->activation, t->table, thread, y);
    for (int k = 0; k < 4 && !t->kernel->any && p->any_silu; k++)
        y[k] = emulated_silu(y[k], t->table, thread);
    if (!t->kernel->any && p->output.type == OCT_GPU_U8 && p->silu) {
        const uint32_t codes = emulated_codes_of(y, p->output.inverse_scale, p->output.zero_point);
        memcpy(gpu_write(to, 4, 4), &codes, 4);
    } else {
        emulated_store_any(&p->output, to, y);
    }
}

static void store_pixels(const struct tile *t, int image, int y, int x)
{
    const struct oct_gpu_pixels *p = t->p;
    const int channels = t->kernel->j * 8, first = t->down * channels;
    for (int row = 0; row < ROWS && x + row < p->width; row++)
        for (int channel = 0; channel < channels; channel += 4) {
            const uint64_t at = 4 * (uint64_t)(first + channel);
            const float *scale = gpu_read(p->scale + at, 16, 16);
            const float *bias = gpu_read(p->bias + at, 16, 16);
            float v[4];
            for (int k = 0; k < 4; k++)
                v[k] = fmaf((float)t->sums[row][channel + k], scale[k], bias[k]);
            finish_four(t, row * 4 + channel / (channels / 4), v,
                        emulated_pixel(&p->output, image, y, x + row) +
                            (uint64_t)((first + channel) * emulated_element_bytes(p->output.type)));
        }
}

/* 16 pixels from x on. */
static void run_pixels(struct tile *t, int image, int y, int x)
{
    const int channels = t->kernel->j * 8;
    for (int pixel = 0; pixel < ROWS; pixel++)
        memcpy(t->sums[pixel],
               gpu_read(t->p->start + 4 * (uint64_t)(t->down * channels), (size_t)channels * 4, 16),
               (size_t)channels * 4);
    for (int step = 0; step < t->kernel->steps; step++)
        multiply_step(t, step, image, y, x);
    store_pixels(t, image, y, x);
}

/* Whether no tap of `pixels` pixels from x on is outside of the picture. */
static bool is_inside(const struct tile *t, int y, int x, int pixels)
{
    const struct oct_gpu_pixels *p = t->p;
    const int first_y = y * p->stride - p->padding, first_x = x * p->stride - p->padding;
    return first_y >= 0 && first_y + p->kernel <= p->input_height && first_x >= 0 &&
           first_x + (pixels - 1) * p->stride + t->kernel->columns * 4 <= p->input_width;
}

/* What a warp works out: a part of a row. Small kernels take 32 pixels at a time. */
static void run_warp(struct tile *t, int index)
{
    const struct oct_gpu_pixels *p = t->p;
    const int row = emulated_divide(index, p->by_runs);
    const int image = emulated_divide(row, p->by_height), y = row - image * p->height;
    const int first = (index - row * p->runs) * p->run_blocks * 32;
    const int last = first + p->run_blocks * 32, end = last < p->width ? last : p->width;
    const int each = t->kernel->steps == 2 ? 32 : 16;
    for (int x = first; x < end; x += each)
        for (int part = 0; part < each; part += ROWS) {
            t->inside = is_inside(t, y, x, each);
            run_pixels(t, image, y, x + part);
        }
}

void emulate_pixels(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    static struct tile tile;
    const struct oct_gpu_pixels *p = launch->parameters;
    tile.p = p;
    tile.kernel = kernel;
    memcpy(tile.table, gpu_read(p->table, OCT_GPU_TABLE_BYTES, 16), OCT_GPU_TABLE_BYTES);
    for (tile.down = 0; tile.down < (int)launch->grid[1]; tile.down++)
        for (int64_t warp = 0; warp < (int64_t)launch->grid[0] * WARPS && warp < p->warp_tiles;
             warp++)
            run_warp(&tile, (int)warp);
}
