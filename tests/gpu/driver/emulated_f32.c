/* SPDX-License-Identifier: Apache-2.0 */
/* conv_f32.cu in C: convolutions of floats. */
#include <math.h>
#include <string.h>

#include "emulation.h"

#define BLOCK_PIXELS 64
#define BLOCK_CHANNELS 32

struct place {
    int image, y, x;
};

static void read_four(const struct oct_gpu_conv_f32 *p, int source, int group, int image, int y,
                      int x, float values[4])
{
    const struct oct_gpu_source *from = &p->sources[source];
    memset(values, 0, 16);
    if (y < 0 || x < 0 || y >= p->input_height || x >= p->input_width)
        return;
    const int64_t at = (int64_t)image * from->image + (int64_t)(y >> from->shift) * from->row +
                       (int64_t)(x >> from->shift) * from->pixel +
                       (int64_t)(group - from->first) * OCT_GPU_GROUP_BYTES;
    memcpy(values, gpu_read(from->data + (uint64_t)at, 16, 16), 16);
}

/* `weights` are all of the launch's, which every thread reads a part of. */
static void sum_up(const struct oct_gpu_conv_f32 *p, const float *weights, int channel,
                   struct place at, float sums[4])
{
    weights += channel;
    memcpy(sums, gpu_read(p->bias + 4 * (uint64_t)channel, 16, 16), 16);
    for (int tap = 0; tap < p->kernel * p->kernel; tap++) {
        const int dy = tap / p->kernel - p->padding, dx = tap % p->kernel - p->padding;
        for (int group = 0, source = 0; group < p->groups; group++) {
            float v[4];
            if (source + 1 < p->source_count && group >= p->sources[source + 1].first)
                source++;
            read_four(p, source, group, at.image, at.y * p->stride + dy, at.x * p->stride + dx, v);
            for (int k = 0; k < 4; k++, weights += p->channels)
                for (int n = 0; n < 4; n++)
                    sums[n] = fmaf(v[k], weights[n], sums[n]);
        }
    }
}

static void finish(const struct oct_gpu_conv_f32 *p, int channel, struct place at, float sums[4])
{
    emulated_activate_values(p->activation, gpu_read(p->table, OCT_GPU_TABLE_BYTES, 16),
                             channel / 4 % 8, sums);
    if (p->residual.data)
        emulated_add_residual(&p->residual,
                              emulated_pixel(&p->residual, at.image, at.y, at.x) +
                                  (uint64_t)(channel * emulated_element_bytes(p->residual.type)),
                              sums);
    emulated_store_any(&p->output,
                       emulated_pixel(&p->output, at.image, at.y, at.x) +
                           (uint64_t)(channel * emulated_element_bytes(p->output.type)),
                       sums);
}

void emulate_conv_f32(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_conv_f32 *p = launch->parameters;
    const int64_t total = (int64_t)p->images * p->height * p->width;
    const size_t rows = (size_t)(p->kernel * p->kernel) * (size_t)p->groups * 4;
    const float *weights = gpu_read(p->weights, rows * (size_t)p->channels * 4, 16);
    (void)kernel;
    for (int64_t pixel = 0; pixel < total && pixel < (int64_t)launch->grid[0] * BLOCK_PIXELS;
         pixel++) {
        const int row = (int)(pixel / p->width), image = row / p->height;
        const struct place at = {image, row - image * p->height,
                                 (int)(pixel - (int64_t)row * p->width)};
        for (int channel = 0;
             channel < p->channels && channel < (int)launch->grid[1] * BLOCK_CHANNELS;
             channel += 4) {
            float sums[4];
            sum_up(p, weights, channel, at, sums);
            finish(p, channel, at, sums);
        }
    }
}
