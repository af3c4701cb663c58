/* SPDX-License-Identifier: Apache-2.0 */
/* depthwise.cu in C: convolutions of each channel by itself. */
#include <math.h>
#include <string.h>

#include "base/bfloat16.h"
#include "emulation.h"

#define THREADS 128
#define STRIP OCT_GPU_STRIP
#define SHARED_BYTES_MAX (48 << 10)

struct block {
    const struct oct_gpu_depthwise *p;
    const struct emulated_kernel *kernel;
    int image, y, x, group; /* of the tile */
    int64_t shared_bytes;
    const float *table;
    _Alignas(16) uint8_t patch[SHARED_BYTES_MAX];
};

static struct block block; /* one at a time: its shared memory is large */

static uint8_t *shared_at(struct block *b, int64_t at, int64_t bytes)
{
    if (at < 0 || at + bytes > b->shared_bytes || at % bytes)
        stop(RESULT_ILLEGAL_ADDRESS, "%s: shared memory at %lld", b->kernel->name, (long long)at);
    return b->patch + at;
}

static void fill_patch(struct block *b)
{
    const struct oct_gpu_depthwise *p = b->p;
    const int columns = p->patch_width * p->tile_groups;
    for (int v = 0; v < p->patch_height * columns; v++) {
        const int row = emulated_divide(v, p->by_patch_columns), in_row = v - row * columns;
        const int column = emulated_divide(in_row, p->by_tile_groups);
        const int group = b->group + in_row - column * p->tile_groups;
        const int y = b->y * p->stride - p->padding + row;
        const int x = b->x * p->stride - p->padding + column;
        if (group * 4 >= p->words)
            continue;
        const bool inside = y >= 0 && x >= 0 && y < p->input_height && x < p->input_width;
        const uint64_t from = (inside ? emulated_pixel(&p->input, b->image, y, x) : p->zeros) +
                              (uint64_t)group * OCT_GPU_GROUP_BYTES;
        memcpy(shared_at(b, (int64_t)row * p->patch_row + in_row * OCT_GPU_GROUP_BYTES, 16),
               gpu_read(from, 16, 16), 16);
    }
}

/* The codes of four channels of a pixel of the patch. */
static const uint8_t *codes_at(struct block *b, int row, int column, int word)
{
    return shared_at(b,
                     (int64_t)row * b->p->patch_row +
                         (int64_t)column * b->p->tile_groups * OCT_GPU_GROUP_BYTES + word * 4,
                     4);
}

/* A kernel of its own size: words of four taps, read by shifts. What a strip does not reach counts
 * as zero, and so do its weights. */
static void sum_strip(struct block *b, int row, int column, int in_tile, int32_t sums[STRIP][4])
{
    const int size = b->kernel->size, stride = b->kernel->stride;
    const int shifts = stride == 1 ? 2 : 1, fours = (size + shifts - 1 + 3) / 4;
    const int pixels = (STRIP - 1) * stride + size, word = b->group * 4 + in_tile;
    for (int i = 0; i < size * shifts * fours; i++) {
        const int dy = i / (shifts * fours), shift = i / fours % shifts;
        const int8_t *weights =
            gpu_read(b->p->weights + 16 * (uint64_t)(i * b->p->words + word), 16, 16);
        for (int o = shift; o < STRIP; o += shifts)
            for (int k = 0; k < 4; k++) {
                const int pixel = o * stride - shift + i % fours * 4 + k;
                if (pixel >= pixels)
                    continue;
                const uint8_t *codes = codes_at(b, row + dy, column + pixel, in_tile);
                for (int c = 0; c < 4; c++)
                    sums[o][c] += codes[c] * weights[4 * c + k];
            }
    }
}

static void sum_any_strip(struct block *b, int row, int column, int in_tile, int32_t sums[STRIP][4])
{
    const struct oct_gpu_depthwise *p = b->p;
    for (int tap = 0; tap < p->kernel * p->kernel; tap++) {
        const int8_t *weights =
            gpu_read(p->weights + 4 * (uint64_t)(tap * p->words + b->group * 4 + in_tile), 4, 4);
        for (int o = 0; o < STRIP; o++) {
            const uint8_t *codes = codes_at(b, row + tap / p->kernel,
                                            column + o * p->stride + tap % p->kernel, in_tile);
            for (int c = 0; c < 4; c++)
                sums[o][c] += codes[c] * weights[c];
        }
    }
}

/* What follows the sums of four channels of a pixel. */
static void finish(const struct oct_gpu_depthwise *p, int image, int y, int x, int word, float v[4])
{
    if (p->residual.data)
        emulated_add_residual(&p->residual,
                              emulated_pixel(&p->residual, image, y, x) +
                                  (uint64_t)(word * 4 * emulated_element_bytes(p->residual.type)),
                              v);
    emulated_store_any(&p->output,
                       emulated_pixel(&p->output, image, y, x) +
                           (uint64_t)(word * 4 * emulated_element_bytes(p->output.type)),
                       v);
}

static void run_item(struct block *b, int item)
{
    const struct oct_gpu_depthwise *p = b->p;
    const int strip = emulated_divide(item, p->by_tile_words);
    const int in_tile = item - strip * p->tile_groups * 4, word = b->group * 4 + in_tile;
    const int across = emulated_divide(strip, p->by_tile_height);
    const int row = strip - across * p->tile_height;
    const int y = b->y + row, x = b->x + across * STRIP;
    if (word >= p->words || y >= p->height || x >= p->width)
        return;
    const uint64_t at = 16 * (uint64_t)word;
    const float *scale = gpu_read(p->scale + at, 16, 16), *bias = gpu_read(p->bias + at, 16, 16);
    int32_t sums[STRIP][4];
    for (int o = 0; o < STRIP; o++)
        memcpy(sums[o], gpu_read(p->start + at, 16, 16), 16);
    if (b->kernel->size)
        sum_strip(b, row * p->stride, across * STRIP * p->stride, in_tile, sums);
    else
        sum_any_strip(b, row * p->stride, across * STRIP * p->stride, in_tile, sums);
    for (int o = 0; o < STRIP && x + o < p->width; o++) {
        float v[4];
        for (int c = 0; c < 4; c++)
            v[c] = fmaf((float)sums[o][c], scale[c], bias[c]);
        emulated_activate(p->activation, b->table, item, v);
        finish(p, b->image, y, x + o, word, v);
    }
}

static void run_block(struct block *b, int index)
{
    const struct oct_gpu_depthwise *p = b->p;
    const int pixels = emulated_divide(index, p->by_group_tiles);
    b->group = (index - pixels * p->group_tiles) * p->tile_groups;
    b->image = emulated_divide(pixels, p->by_image_tiles);
    const int in_image = pixels - b->image * (p->tiles_down * p->tiles_across);
    const int tile_row = emulated_divide(in_image, p->by_tiles_across);
    b->y = tile_row * p->tile_height;
    b->x = (in_image - tile_row * p->tiles_across) * p->tile_width;
    fill_with_garbage(b->patch, (size_t)b->shared_bytes);
    fill_patch(b);
    const int items = p->tile_groups * 4 * p->tile_height * (p->tile_width / STRIP);
    for (int item = 0; item < items; item++)
        run_item(b, item);
}

void emulate_depthwise(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const int blocks = (int)launch->grid[0];
    const bool backwards = random_bits() & 1;
    block.p = launch->parameters;
    block.kernel = kernel;
    block.shared_bytes = launch->shared_bytes;
    block.table = gpu_read(block.p->table, OCT_GPU_TABLE_BYTES, 16);
    if (block.shared_bytes > SHARED_BYTES_MAX ||
        (kernel->size && (kernel->size != block.p->kernel || kernel->stride != block.p->stride)))
        stop(RESULT_INVALID_VALUE, "%s: another convolution's parameters", kernel->name);
    for (int i = 0; i < blocks; i++)
        run_block(&block, backwards ? blocks - 1 - i : i);
}

/* ---- floats ---- */

static void load_four(const struct oct_gpu_depthwise *p, uint64_t at, float v[4])
{
    if (p->input.type == OCT_GPU_F32) {
        memcpy(v, gpu_read(at, 16, 16), 16);
        return;
    }
    const uint16_t *halves = gpu_read(at, 8, 8);
    for (int c = 0; c < 4; c++)
        v[c] = oct_bf16_value(halves[c]);
}

static void sum_values(const struct oct_gpu_depthwise *p, int image, int y, int x, int word,
                       float sums[4])
{
    const uint64_t bytes = (uint64_t)(word * 4 * emulated_element_bytes(p->input.type));
    memcpy(sums, gpu_read(p->bias + 16 * (uint64_t)word, 16, 16), 16);
    for (int tap = 0; tap < p->kernel * p->kernel; tap++) {
        const int from_y = y * p->stride + tap / p->kernel - p->padding;
        const int from_x = x * p->stride + tap % p->kernel - p->padding;
        const float *w = gpu_read(p->weights + 16 * (uint64_t)(tap * p->words + word), 16, 16);
        float v[4];
        if (from_y < 0 || from_x < 0 || from_y >= p->input_height || from_x >= p->input_width)
            continue;
        load_four(p, emulated_pixel(&p->input, image, from_y, from_x) + bytes, v);
        for (int c = 0; c < 4; c++)
            sums[c] = fmaf(v[c], w[c], sums[c]);
    }
}

void emulate_depthwise_values(const struct emulated_kernel *kernel,
                              const struct emulated_launch *launch)
{
    const struct oct_gpu_depthwise *p = launch->parameters;
    const float *table = gpu_read(p->table, OCT_GPU_TABLE_BYTES, 16);
    (void)kernel;
    for (int64_t at = 0; at < (int64_t)launch->grid[0] * THREADS; at++) {
        const int64_t pixel = at / p->words;
        const int row = (int)(pixel / p->width), image = row / p->height;
        const int word = (int)(at - pixel * p->words);
        const int y = row - image * p->height, x = (int)(pixel - (int64_t)row * p->width);
        float sums[4];
        if (image >= p->images)
            break;
        sum_values(p, image, y, x, word, sums);
        emulated_activate_values(p->activation, table, word, sums);
        finish(p, image, y, x, word, sums);
    }
}
