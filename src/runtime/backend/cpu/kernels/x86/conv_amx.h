/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole convolution on AMX' tiles: rows and channels cut into blocks (amx_blocks.h).
 *
 * A tile of input is 16 pixels times one step of depth (amx_depth.h), read where it lies. At stride
 * 1 the rows of a band are one run of pixels with the border between them, so that tiles are full
 * whatever the width. A run's last tiles overlap instead of being narrower; only a run of less than
 * 16 pixels has tiles of fewer rows. A band is rows whose input stays in the cache while all
 * channels pass over it.
 *
 * The including file defines what vector/config.h says of finish.h, OCT_FINISH_RAW 1, and
 *   AMX_NAME                         of the kernel
 *   AMX_MULTIPLY(sum, a, b)          one of amx.h's
 *   FIRST_SUMS(job)                  what sums begin with, 4 bytes for each channel; loads of it
 *                                    into tiles were measured to cost more than adding it later
 *   pack_weight(weights, from, to)   writes weight `from`, 4 / OCT_GROUP bytes
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_CONV_AMX_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_CONV_AMX_H

#include <limits.h>
#include <string.h>

#include "runtime/backend/cpu/kernels/x86/amx_blocks.h"

enum {
    BAND_BYTES = 128 * 1024, /* of a band's input: it should stay in the second-level cache */
    LEAST_RUN = 64           /* pixels of a band, where there are as many: whole blocks */
};

/* Where the pixels of a channel tile go, in order: in a row of `pitch` those behind `width` do not
 * exist. */
struct target {
    int column, width, pitch;
    uint8_t *output, *output_row; /* of the next pixel, of its row's first one */
    const uint8_t *residual, *residual_row;
    size_t output_pitch, residual_pitch; /* bytes, from row to row */
};

/* A job's state in one call of run(). */
struct conv {
    const struct oct_conv_job *job;
    int pitch;         /* pixels from row to row in a run; 0: each row is a run of its own */
    int tile_rows;     /* as configured: pixels of a tile */
    size_t row, pixel; /* of the input, bytes */
    struct run run;
    struct target target;
    struct finish finish; /* of the channel tile */
    struct pending pending;
    _Alignas(64) int32_t sums[BLOCK_VECTORS * OCT_LANES];
};

static void configure(struct conv *c, int rows)
{
    if (c->tile_rows == rows)
        return;
    struct amx_config config;
    memset(&config, 0, sizeof config);
    config.palette = 1;
    const int step_bytes = c->run.depth.step_bytes;
    for (int i = 0; i < 8; i++) {
        const bool is_input = i == 4 || i == 5, is_weights = i >= 6;
        config.row_bytes[i] = (uint16_t)(is_input ? step_bytes : AMX_ROW_BYTES);
        config.rows[i] = (uint8_t)(is_weights ? step_bytes / 4 : rows);
    }
    AMX_CONFIGURE(config);
    c->tile_rows = rows;
}

/* Channels [channel, channel + count) from row `y` on. */
static void take_target(struct conv *c, int y, int channel, int count)
{
    const struct oct_conv_job *job = c->job;
    const size_t output_row = view_bytes(&job->output, job->output.row);
    const size_t residual_row = view_bytes(&job->residual, job->residual.row);
    c->finish = finish_of(job, channel, count);
    c->finish.scale = job->scale + channel;
    c->finish.bias = job->bias + channel;
    c->finish.start = (const int32_t *)FIRST_SUMS(job) + channel;
    uint8_t *output = (uint8_t *)job->output.data + (size_t)y * output_row +
                      view_bytes(&job->output, (size_t)channel);
    const uint8_t *residual = job->residual.data;
    if (residual)
        residual += (size_t)y * residual_row + view_bytes(&job->residual, (size_t)channel);
    const int width = job->shape.output_width;
    c->target = (struct target){
        .width = width,
        .pitch = c->pitch ? c->pitch : width,
        .output = output,
        .output_row = output,
        .residual = residual,
        .residual_row = residual,
        .output_pitch = output_row,
        .residual_pitch = residual_row,
    };
}

/* `pixels` of the target's row, whose sums begin at `sums`. */
static void take_part(struct conv *c, const int32_t *sums, int pixels)
{
    struct pending *p = &c->pending;
    struct target *t = &c->target;
    const int vectors = c->finish.vectors, together = 4 / vectors, whole = pixels & -together;
    const struct part part = {sums, t->output, t->residual, whole};
    const size_t output = (size_t)whole * p->finish.output_pixel;
    const size_t residual = (size_t)whole * p->finish.residual_pixel;
    if (whole)
        p->parts[p->count++] = part;
    if (whole < pixels)
        p->ends[p->end_count++] =
            (struct part){sums + whole * vectors * OCT_LANES, part.output + output,
                          part.residual ? part.residual + residual : NULL, pixels - whole};
    p->quads += whole / together;
    t->output += (size_t)pixels * p->finish.output_pixel;
    if (t->residual)
        t->residual += (size_t)pixels * p->finish.residual_pixel;
}

/* The block whose sums were just stored waits to be finished: `pixels` of it, from `sums` on. */
static void take_pending(struct conv *c, const int32_t *sums, int pixels)
{
    struct pending *p = &c->pending;
    struct target *t = &c->target;
    p->finish = c->finish;
    p->function = choose_finish(c->finish.flags & ~FINISH_BOUNDED);
    p->count = p->next = p->quads = p->end_count = 0;
    while (pixels > 0) {
        const bool exists = t->column < t->width;
        const int end = exists ? t->width : t->pitch;
        const int count = pixels < end - t->column ? pixels : end - t->column;
        if (exists)
            take_part(c, sums, count);
        sums += count * c->finish.vectors * OCT_LANES;
        pixels -= count;
        t->column += count;
        if (t->column == t->pitch) {
            t->column = 0;
            t->output = t->output_row += t->output_pitch;
            if (t->residual)
                t->residual = t->residual_row += t->residual_pitch;
        }
    }
}

/* A run of `total` pixels of a channel tile. */
static void run_pixels(struct conv *c, const uint8_t *input, int total, int vectors)
{
    struct run *r = &c->run;
    const int rows = total < AMX_ROWS ? total : AMX_ROWS;
    configure(c, rows);
    for (int begin = 0, taken; begin < total; begin += taken) {
        const int left = total - begin;
        const int tiles = left >= 4 * AMX_ROWS && vectors == 1 ? 4 : left > AMX_ROWS ? 2 : 1;
        const int from = left < rows ? rows - left : 0; /* of the only tile */
        const int distance = tiles == 2 && left < 2 * rows ? left - rows : rows;
        taken = left < tiles * rows ? left : tiles * rows;
        r->tile = (size_t)distance * r->pixel;
        r->sums_tile = (size_t)(distance * vectors) * AMX_ROW_BYTES;
        choose_block(&c->pending, vectors, tiles)(r, input + (size_t)(begin - from) * r->pixel,
                                                  &c->pending);
        take_pending(c, c->sums + from * vectors * OCT_LANES, taken);
    }
}

/* Reads ahead where each pixel is read once. With larger kernels most of the next block's input is
 * near already, and reading ahead was measured to cost more than it saves. */
static void plan_prefetch(struct conv *c, int vectors)
{
    struct run *r = &c->run;
    const size_t pixels = vectors == 1 ? 4 * AMX_ROWS : 2 * AMX_ROWS;
    r->ahead = pixels * r->pixel;
    const int lines = (int)((r->ahead + LINE_BYTES - 1) / LINE_BYTES);
    r->ahead_lines = c->job->shape.kernel == 1 ? (lines + r->steps - 1) / r->steps : 0;
}

static void run_channels(struct conv *c, int begin, int end, int channel, int count)
{
    const struct oct_conv_job *job = c->job;
    const int width = job->shape.output_width;
    const size_t stride_row = c->row * (size_t)job->shape.stride;
    const uint8_t *input = (const uint8_t *)job->input.data + (size_t)begin * stride_row;
    c->run.weights = (const uint8_t *)job->packed +
                     (size_t)(channel / OCT_LANES * c->run.steps) * tile_bytes(&c->run.depth);
    take_target(c, begin, channel, count);
    plan_prefetch(c, whole_vectors(count));
    if (c->pitch) {
        run_pixels(c, input, (end - begin - 1) * c->pitch + width, whole_vectors(count));
        return;
    }
    for (int y = begin; y < end; y++, input += stride_row)
        run_pixels(c, input, width, whole_vectors(count));
}

static int tiles_for(int pixels)
{
    return (pixels + AMX_ROWS - 1) / AMX_ROWS;
}

/* Output rows whose input stays in the cache while all channels pass over it. */
static int band_rows(const struct conv *c, const struct oct_conv_range *range)
{
    const int rows = range->row_end - range->row_begin, width = c->job->shape.output_width;
    if (range->channel_end - range->channel_begin <= BLOCK_CHANNELS)
        return rows;
    const int band = (int)(BAND_BYTES / (c->row * (size_t)c->job->shape.stride));
    const int least = (LEAST_RUN + width - 1) / width, most = band > least ? band : least;
    return most < rows ? most : rows;
}

/* Pixels from row to row when a band is one run, or 0 where rows of their own take fewer tiles. */
static int run_pitch(const struct conv *c, int rows)
{
    const int width = c->job->shape.output_width;
    if (c->job->shape.stride != 1 || c->row % c->pixel != 0 || c->row / c->pixel > INT_MAX / 2)
        return 0;
    const int pitch = (int)(c->row / c->pixel);
    return (int64_t)tiles_for(width) * rows <
                   ((int64_t)(rows - 1) * pitch + width + AMX_ROWS - 1) / AMX_ROWS
               ? 0
               : pitch;
}

static void conv_run(const struct oct_conv_job *job, const struct oct_conv_range *range,
                     void *scratch)
{
    (void)scratch;
    if (range->row_begin >= range->row_end || range->channel_begin >= range->channel_end)
        return;
    struct conv c = {
        .job = job,
        .row = job->input.row * ELEMENT_BYTES,
        .pixel = job->input.pixel * ELEMENT_BYTES,
        .pending = {.finish = {.vectors = 1}},
    };
    const int rows = band_rows(&c, range);
    c.pitch = run_pitch(&c, rows);
    c.run.depth = depth_of(&job->shape);
    c.run.row = c.row;
    c.run.column = c.pixel;
    c.run.pixel = c.pixel * (size_t)job->shape.stride;
    c.run.steps = all_steps(&c.run.depth);
    c.run.sums = c.sums;
    for (int begin = range->row_begin; begin < range->row_end; begin += rows) {
        const int end = range->row_end - begin < rows ? range->row_end : begin + rows;
        for (int channel = range->channel_begin; channel < range->channel_end;
             channel += BLOCK_CHANNELS) {
            const int left = range->channel_end - channel;
            run_channels(&c, begin, end, channel, left < BLOCK_CHANNELS ? left : BLOCK_CHANNELS);
        }
    }
    AMX_RELEASE();
    finish_called(&c.pending, BLOCK_VECTORS);
    finish_ends(&c.pending);
}

static size_t conv_scratch_bytes(const struct oct_conv_shape *shape)
{
    (void)shape;
    return 0;
}

/* Multiplies tiles of zeros, without their loads; returns multiply-adds. */
static uint64_t burn_tiles(uint64_t rounds)
{
    struct amx_config config;
    memset(&config, 0, sizeof config);
    config.palette = 1;
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = AMX_ROW_BYTES;
        config.rows[i] = AMX_ROWS;
    }
    AMX_CONFIGURE(config);
    for (uint64_t round = 0; round < rounds; round++) {
        AMX_MULTIPLY(0, 4, 6);
        AMX_MULTIPLY(1, 4, 7);
        AMX_MULTIPLY(2, 5, 6);
        AMX_MULTIPLY(3, 5, 7);
    }
    AMX_RELEASE();
    return rounds * 4 * AMX_ROWS * AMX_ROWS * (AMX_ROW_BYTES / 4 * OCT_GROUP);
}

/* Behind a kernel's name: the harness has those that are emulated beside those of the machine. */
#ifdef OCTET_AMX_EMULATION
#define AMX_SUFFIX "_emulated"
#else
#define AMX_SUFFIX ""
#endif

static const struct oct_conv_kernel kernel = {
    .name = AMX_NAME AMX_SUFFIX,
    .tile_pixels = 2 * AMX_ROWS,
    .tile_channels = BLOCK_CHANNELS,
    .packed_bytes = conv_packed_bytes,
    .pack = conv_pack,
    .scratch_bytes = conv_scratch_bytes,
    .run = conv_run,
};

/* The one kernel is for every shape. */
static const struct oct_conv_kernel *choose_conv(const struct oct_conv_shape *shape)
{
    (void)shape;
    return &kernel;
}

#endif
