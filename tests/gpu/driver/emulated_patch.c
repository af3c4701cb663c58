/* SPDX-License-Identifier: Apache-2.0 */
/* conv.cuh in C: what a block of a convolution copies into shared memory. */
#include <string.h>

#include "emulated_conv.h"

uint8_t *conv_shared_at(struct conv_block *b, int64_t at, int64_t bytes, int64_t begin, int64_t end,
                        const char *what)
{
    if (at < begin || at + bytes > end || end > b->shared_bytes)
        stop(RESULT_ILLEGAL_ADDRESS, "%s: shared bytes %lld to %lld, beyond %lld to %lld of %d",
             what, (long long)at, (long long)(at + bytes), (long long)begin, (long long)end,
             b->shared_bytes);
    if (bytes % 16 == 0 && at % 16 != 0)
        stop(RESULT_MISALIGNED_ADDRESS, "%s: shared byte %lld", what, (long long)at);
    return b->shared + at;
}

int64_t conv_patch_bytes(const struct oct_gpu_conv *p)
{
    return (int64_t)p->patch_height * p->patch_row;
}

static void copy_groups(struct conv_block *b, int64_t to, uint64_t from, int64_t bytes, int64_t end,
                        const char *what)
{
    for (int64_t i = 0; i < bytes; i += 16)
        memcpy(conv_shared_at(b, to + i, 16, 0, end, what), gpu_read(from + (uint64_t)i, 16, 16),
               16);
}

void conv_fill_constants(struct conv_block *b)
{
    const struct oct_gpu_conv *p = b->p;
    copy_groups(b, 0, p->constants + (uint64_t)((int64_t)b->channel_tile * p->constant_bytes),
                p->constant_bytes, p->shared_weights, "constants");
}

void conv_fill_weights(struct conv_block *b, int64_t stage, int chunk)
{
    const struct oct_gpu_conv *p = b->p;
    copy_groups(b, stage,
                p->weights +
                    (uint64_t)((int64_t)(b->channel_tile * p->chunks + chunk) * p->weight_bytes),
                p->weight_bytes, stage + p->shared_patch, "weights");
}

static uint64_t source_of(const struct oct_gpu_conv *p, int image, int y, int x, int group)
{
    int s = 0;
    for (int k = 1; k < OCT_GPU_SOURCES_MAX; k++)
        s = k < p->source_count && group >= p->sources[k].first ? k : s;
    const struct oct_gpu_source *source = &p->sources[s];
    return source->data +
           (uint64_t)((int64_t)image * source->image + (int64_t)(y >> source->shift) * source->row +
                      (x >> source->shift) * source->pixel +
                      (group - source->first) * OCT_GPU_GROUP_BYTES);
}

/* What one thread fills of the patch: columns, down which it goes. */
static void fill_as_thread(struct conv_block *b, int64_t patch, int chunk, int thread)
{
    const struct oct_gpu_conv *p = b->p;
    const int threads = 32 * b->tile->m * b->tile->n * b->tile->k;
    const int first_row = emulated_divide(thread, p->by_patch_columns);
    if (first_row >= p->rows_at_once)
        return;
    for (int v = thread - first_row * p->patch_columns; v < p->patch_columns; v += threads) {
        const int x = emulated_divide(v, p->by_chunk_groups), g = v - x * p->chunk_groups;
        const int column = p->odd_columns ? (x & 1) * p->odd_columns + (x >> 1) : x;
        const int group = chunk * p->chunk_groups + g, from_x = b->first_x + x;
        for (int row = first_row; row < p->patch_height; row += p->rows_at_once) {
            const int from_y = b->first_y + row;
            uint8_t *to = conv_shared_at(
                b, patch + row * p->patch_row + column * p->patch_pixel + g * OCT_GPU_GROUP_BYTES,
                16, patch, patch + conv_patch_bytes(p), "the patch is filled");
            if (from_y >= 0 && from_x >= 0 && from_y < p->input_height && from_x < p->input_width)
                memcpy(to, gpu_read(source_of(p, b->image, from_y, from_x, group), 16, 16), 16);
            else
                memset(to, *(const uint8_t *)gpu_read(p->zeros + (uint64_t)group, 1, 1), 16);
        }
    }
}

void conv_fill_patch(struct conv_block *b, int64_t patch, int chunk)
{
    for (int thread = 0; thread < 32 * b->tile->m * b->tile->n * b->tile->k; thread++)
        fill_as_thread(b, patch, chunk, thread);
}
