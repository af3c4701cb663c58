/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts convolutions for tensor cores, and packs their weights. */
#include "runtime/backend/cuda/gpu_conv.h"

#include <string.h>

#include "runtime/backend/cuda/kernels/conv_tiles.h"

#define STEP_BYTES 32 /* of depth */
#define ALIGNMENT 128
#define BANK_GROUPS 8 /* 16 bytes each: all of shared memory's banks */
#define HALF_STEPS_MAX 4096

#define OCT_TILE(pixels, channels, m, n, k, i, j)                                                  \
    {#pixels "x" #channels "_k" #k, pixels, channels, m, n, k, i, j, false},
#define OCT_TILE_ROWS(pixels, channels, m, n, k, i, j)                                             \
    {#pixels "x" #channels "_k" #k "r", pixels, channels, m, n, k, i, j, true},

static const struct oct_gpu_tile tiles[] = {OCT_CONV_TILES(OCT_TILE)
                                                OCT_CONV_TILES_ROWS(OCT_TILE_ROWS)};
static const struct oct_gpu_tile tiles_few[] = {OCT_CONV_TILES_FEW(OCT_TILE)};
#undef OCT_TILE
#undef OCT_TILE_ROWS

const struct oct_gpu_tile *oct_gpu_tiles(int *count)
{
    *count = (int)(sizeof tiles / sizeof *tiles);
    return tiles;
}

const struct oct_gpu_tile *oct_gpu_tiles_few(int *count)
{
    *count = (int)(sizeof tiles_few / sizeof *tiles_few);
    return tiles_few;
}

/* Source: Granlund and Montgomery, "Division by invariant integers using multiplication", 1994. */
struct oct_gpu_divisor oct_gpu_divisor_of(int divisor)
{
    uint32_t shift = 0;
    if (divisor <= 1)
        return (struct oct_gpu_divisor){0, 0};
    while (((uint64_t)2 << shift) < (uint64_t)divisor)
        shift++;
    return (struct oct_gpu_divisor){
        (uint32_t)(((uint64_t)1 << (32 + shift)) / (uint64_t)divisor + 1), shift};
}

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static int round_up(int a, int to)
{
    return divide_up(a, to) * to;
}

/* ---- the tile's shape ---- */

static int patch_side(const struct oct_gpu_conv *conv, int pixels)
{
    return (pixels - 1) * conv->stride + conv->kernel;
}

/* The shape that covers the output with the fewest tiles, and of these the smallest patch. */
static void choose_shape(struct oct_gpu_conv *conv, const struct oct_gpu_tile *tile)
{
    const int blocks = tile->m * tile->i;
    int64_t best = -1;
    for (int log_width = 4; log_width >= 2; log_width--) {
        for (int log_across = 0; 1 << log_across <= blocks; log_across++) {
            if (blocks % (1 << log_across) || (tile->by_rows && (log_width < 4 || log_across > 0)))
                continue;
            const int width = 1 << log_width << log_across;
            const int height = (16 >> log_width) * (blocks >> log_across);
            const int across = divide_up(conv->width, width),
                      down = divide_up(conv->height, height);
            const int64_t patch = (int64_t)patch_side(conv, height) * patch_side(conv, width);
            const int64_t cost = ((int64_t)across * down << 32) + patch * 8 + (4 - log_width);
            if (best >= 0 && cost >= best)
                continue;
            best = cost;
            conv->log_micro_width = log_width;
            conv->log_across = log_across;
            conv->tile_height = height;
            conv->tile_width = width;
            conv->tiles_across = across;
            conv->tiles_down = down;
        }
    }
    conv->patch_height = patch_side(conv, conv->tile_height);
    conv->patch_width = patch_side(conv, conv->tile_width);
}

/* ---- the patch ---- */

/* Pixels stand an odd number of groups apart, so that 8 of them lie in 8 different groups of banks;
 * where a block of 16 pixels is 4 wide, rows do so too. */
static void place_patch(struct oct_gpu_conv *conv)
{
    conv->patch_pixel = (conv->chunk_groups | 1) * OCT_GPU_GROUP_BYTES;
    conv->odd_columns = conv->stride == 2 && conv->kernel > 1 ? divide_up(conv->patch_width, 2) : 0;
    int row = conv->patch_width * (conv->patch_pixel / OCT_GPU_GROUP_BYTES);
    if (conv->log_micro_width == 2)
        for (int more = 0; more < BANK_GROUPS; more++)
            if ((row + more) * conv->stride % BANK_GROUPS == BANK_GROUPS / 2) {
                row += more;
                break;
            }
    conv->patch_row = row * OCT_GPU_GROUP_BYTES;
}

/* How threads share the filling of the patch: as many whole rows at a time as there are threads
 * for. */
static void share_filling(struct oct_gpu_conv *conv, int threads)
{
    conv->patch_columns = conv->patch_width * conv->chunk_groups;
    conv->rows_at_once = threads / conv->patch_columns > 1 ? threads / conv->patch_columns : 1;
    conv->by_patch_columns =
        oct_gpu_divisor_of(conv->patch_columns < threads ? conv->patch_columns : threads);
}

/* With `chunk_groups` set: all that follows from it. Returns the bytes of shared memory. */
static size_t place_chunks(struct oct_gpu_conv *conv, const struct oct_gpu_tile *tile)
{
    const int warps = tile->m * tile->n * tile->k;
    conv->chunks = conv->groups / conv->chunk_groups;
    conv->stages = conv->chunks > 1 ? 2 : 1;
    place_patch(conv);
    share_filling(conv, 32 * warps);
    conv->by_rows = tile->by_rows;
    conv->steps = conv->by_rows ? conv->kernel * divide_up(conv->kernel * conv->chunk_groups, 2)
                                : divide_up(conv->kernel * conv->kernel * conv->chunk_groups, 2);
    conv->half_steps = round_up(2 * conv->steps + 2, 4);
    conv->weight_bytes = conv->steps * tile->channels * STEP_BYTES;
    conv->constant_bytes = OCT_GPU_TABLE_BYTES + tile->channels * 12 + conv->half_steps * 4 +
                           tile->pixels * (int)sizeof(struct oct_gpu_pixel);
    conv->shared_patch = conv->weight_bytes;
    conv->shared_weights = round_up(conv->constant_bytes, ALIGNMENT);
    conv->shared_stage =
        round_up(conv->shared_patch + conv->patch_height * conv->patch_row, ALIGNMENT);
    const size_t stages = (size_t)conv->stages * (size_t)conv->shared_stage;
    const size_t sums = (size_t)(tile->k - 1) * (size_t)(tile->m * tile->n) *
                        (size_t)(tile->i * tile->j) * 4 * 32 * sizeof(int32_t);
    return (size_t)conv->shared_weights + (sums > stages ? sums : stages);
}

size_t oct_gpu_conv_cut(struct oct_gpu_conv *conv, int channels, const struct oct_gpu_tile *tile,
                        size_t room, int most_groups)
{
    if (channels % tile->channels || (tile->by_rows && (conv->kernel != 3 || conv->stride != 1)))
        return 0;
    choose_shape(conv, tile);
    conv->channel_tiles = channels / tile->channels;
    conv->by_channel_tiles = oct_gpu_divisor_of(conv->channel_tiles);
    conv->by_image_tiles = oct_gpu_divisor_of(conv->tiles_down * conv->tiles_across);
    conv->by_tiles_across = oct_gpu_divisor_of(conv->tiles_across);
    for (int chunk = conv->groups < most_groups ? conv->groups : most_groups; chunk >= 1; chunk--) {
        if (conv->groups % chunk || conv->kernel * conv->kernel * chunk > HALF_STEPS_MAX)
            continue;
        conv->chunk_groups = chunk;
        conv->by_chunk_groups = oct_gpu_divisor_of(chunk);
        const size_t bytes = place_chunks(conv, tile);
        if (bytes <= room)
            return bytes;
    }
    return 0;
}

int64_t oct_gpu_conv_blocks(const struct oct_gpu_conv *conv)
{
    return (int64_t)conv->tiles_down * conv->tiles_across * conv->channel_tiles * conv->images;
}

/* What half step `index` of a chunk is of; false: it is none, and its weights are zeros. By rows,
 * steps go down the rows of taps before they go on along a row's taps and groups. */
static bool find_half_step(const struct oct_gpu_conv *conv, int index, int *tap, int *group)
{
    int at = index, row = 0;
    if (conv->by_rows) {
        row = index / 2 % conv->kernel;
        at = index / 2 / conv->kernel * 2 + index % 2;
    }
    *tap = row * conv->kernel + at / conv->chunk_groups;
    *group = at % conv->chunk_groups;
    return conv->by_rows ? at < conv->kernel * conv->chunk_groups
                         : *tap < conv->kernel * conv->kernel;
}

/* Where in the patch half steps begin. */
static void write_offsets(const struct oct_gpu_conv *conv, int32_t *offsets)
{
    int tap, group;
    for (int h = 0; h < conv->half_steps; h++) {
        offsets[h] = 0;
        if (h >= 2 * conv->steps || !find_half_step(conv, h, &tap, &group))
            continue;
        const int dy = tap / conv->kernel, dx = tap % conv->kernel;
        const int column = conv->odd_columns ? (dx & 1) * conv->odd_columns + dx / 2 : dx;
        offsets[h] =
            dy * conv->patch_row + column * conv->patch_pixel + group * OCT_GPU_GROUP_BYTES;
    }
}

/* Pixel `row` of block `block` of the tile, 16 pixels each. */
static struct oct_gpu_pixel pixel_of(const struct oct_gpu_conv *conv, int block, int row)
{
    const int down = block >> conv->log_across, across = block & ((1 << conv->log_across) - 1);
    const int y = (down << (4 - conv->log_micro_width)) + (row >> conv->log_micro_width);
    const int x = (across << conv->log_micro_width) + (row & ((1 << conv->log_micro_width) - 1));
    const int column = conv->odd_columns ? x : x * conv->stride;
    return (struct oct_gpu_pixel){
        .patch = y * conv->stride * conv->patch_row + column * conv->patch_pixel,
        .output = y * conv->output.row + x * conv->output.pixel,
        .residual = y * conv->residual.row + x * conv->residual.pixel,
        .place = y << 16 | x,
    };
}

static void copy_channels(void *to, const void *from, int first, int count)
{
    if (from)
        memcpy(to, (const int32_t *)from + first, (size_t)count * sizeof(int32_t));
}

void oct_gpu_conv_constants(const struct oct_gpu_conv *conv, const struct oct_gpu_tile *tile,
                            const struct oct_gpu_factors *factors, uint8_t *constants)
{
    const size_t channels = (size_t)tile->channels * sizeof(int32_t);
    memset(constants, 0, (size_t)conv->constant_bytes * (size_t)conv->channel_tiles);
    for (int t = 0; t < conv->channel_tiles; t++, constants += conv->constant_bytes) {
        uint8_t *at = constants;
        memcpy(at, factors->table, OCT_GPU_TABLE_BYTES);
        at += OCT_GPU_TABLE_BYTES;
        copy_channels(at, factors->start, t * tile->channels, tile->channels);
        copy_channels(at + channels, factors->scale, t * tile->channels, tile->channels);
        copy_channels(at + 2 * channels, factors->bias, t * tile->channels, tile->channels);
        at += 3 * channels;
        write_offsets(conv, (int32_t *)(void *)at);
        struct oct_gpu_pixel *pixels = (void *)(at + (size_t)conv->half_steps * sizeof(int32_t));
        for (int i = 0; i < tile->pixels; i++)
            pixels[i] = pixel_of(conv, i / 16, i % 16);
    }
}

/* ---- weights ---- */

int oct_gpu_conv_channel(int j, int block, int column)
{
    const int group = block / 4, blocks = j - group * 4 >= 4 ? 4 : 2;
    return group * 32 + column / 2 * 2 * blocks + block % 4 * 2 + column % 2;
}

size_t oct_gpu_conv_weight_bytes(const struct oct_gpu_conv *conv)
{
    return (size_t)conv->channel_tiles * (size_t)conv->chunks * (size_t)conv->weight_bytes;
}

/* 16 bytes of one output channel go to four lanes, 4 bytes each; 16 bytes of a lane are those of
 * two blocks and both halves. */
static void scatter(uint8_t *step, int block, int column, int half, const uint8_t bytes[16])
{
    uint8_t *to = step + block / 2 * 512 + column * 64 + block % 2 * 8 + half * 4;
    for (int lane = 0; lane < 4; lane++)
        memcpy(to + lane * 16, bytes + lane * 4, 4);
}

static void pack_step(const struct oct_gpu_conv *conv, const struct oct_gpu_tile *tile,
                      int channel_tile, int chunk, int step, oct_gpu_weight *weight,
                      const void *user, uint8_t *packed)
{
    int tap, group;
    for (int half = 0; half < 2; half++) {
        if (!find_half_step(conv, 2 * step + half, &tap, &group))
            continue;
        for (int block = 0; block < tile->channels / 8; block++) {
            const int n = block / tile->j;
            for (int column = 0; column < 8; column++) {
                uint8_t bytes[16] = {0};
                weight(user,
                       channel_tile * tile->channels + n * tile->j * 8 +
                           oct_gpu_conv_channel(tile->j, block % tile->j, column),
                       tap, chunk * conv->chunk_groups + group, bytes);
                scatter(packed, block, column, half, bytes);
            }
        }
    }
}

void oct_gpu_conv_pack(const struct oct_gpu_conv *conv, const struct oct_gpu_tile *tile,
                       oct_gpu_weight *weight, const void *user, uint8_t *packed)
{
    memset(packed, 0, oct_gpu_conv_weight_bytes(conv));
    for (int t = 0; t < conv->channel_tiles; t++)
        for (int chunk = 0; chunk < conv->chunks; chunk++)
            for (int step = 0; step < conv->steps; step++) {
                pack_step(conv, tile, t, chunk, step, weight, user, packed);
                packed += tile->channels * STEP_BYTES;
            }
}
