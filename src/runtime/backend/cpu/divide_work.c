/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a step into items for several threads: rows, or channels where rows do not divide well. */
#include "runtime/backend/cpu/cpu_state.h"

/* Most items a thread: with more, each is so few rows that starting it begins to show. */
#define TURNS_MAX 4
/* From this many rows on a layer has TURNS_MAX items a thread, below it half as many: at 640x640
 * the levels of stride 8 and less, in which items stay above 10 rows for two threads. */
#define ROWS_OF_LARGE_LAYERS 80
/* More and shorter items must leave the threads this much busier to be worth it. */
#define LEAST_GAIN 0.01
/* What remains of a kernel's speed where each thread works on the whole input for its own channels.
 * Source: transforming the input is 0.02 of 0.34 ms in a 3x3 layer of 64 channels at 80x80
 * (docs/kernels.md). */
#define SPEED_OF_CHANNEL_ITEMS 0.95

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* Which part of `threads` works on average when they take `items` of equal size. */
static double busy(int items, int threads)
{
    return (double)items / (threads * divide_up(items, threads));
}

/* Items of a convolution whose rows are worked out `unit` at a time: as many as leave no thread
 * waiting long for the last; pieces of the channels where rows do not divide well. */
static void cut_units(struct oct_step *step, int unit, int threads)
{
    const int units = divide_up(step->height, unit);
    double best = 0;
    for (int turns = TURNS_MAX; turns >= 1; turns--) {
        const int chunk = divide_up(units, threads * turns);
        const int longest = chunk * divide_up(divide_up(units, chunk), threads);
        const double share = (double)units / (threads * longest);
        if (share > best + LEAST_GAIN) {
            best = share;
            step->row_chunk = unit * chunk;
        }
    }
    const int tiles = divide_up(step->channels, step->kernel->tile_channels);
    if (SPEED_OF_CHANNEL_ITEMS * busy(tiles, threads) > best) {
        step->row_chunk = step->height;
        step->channel_chunk = divide_up(tiles, threads) * step->kernel->tile_channels;
    }
}

static void cut_rows(struct oct_step *step, int threads)
{
    const int turns = step->height >= ROWS_OF_LARGE_LAYERS ? TURNS_MAX : TURNS_MAX / 2;
    step->row_chunk = divide_up(step->height, threads * turns);
}

/* Heads first: each item of a head packs its keys and values for itself. */
static void cut_heads(struct oct_step *step, int threads)
{
    const int heads = step->layer->heads, items = divide_up(threads * TURNS_MAX / 2, heads);
    step->channel_chunk = step->channels / heads;
    step->row_chunk = divide_up(step->height, items);
}

/* One item for a single thread; a few for each of several, so that none waits long for the last. */
void oct_cpu_divide_work(struct oct_step *step, int threads)
{
    step->channel_chunk = step->channels;
    step->row_chunk = step->height;
    if (threads > 1 && step->kernel && step->kernel->tile_rows > 1)
        cut_units(step, step->kernel->tile_rows, threads);
    else if (threads > 1 && step->attention)
        cut_heads(step, threads);
    else if (threads > 1)
        cut_rows(step, threads);
    step->row_items = divide_up(step->height, step->row_chunk);
    step->items = step->row_items * divide_up(step->channels, step->channel_chunk);
}
