/* SPDX-License-Identifier: Apache-2.0 */
/* Records of statistics: made, copied, compared with a network, and the fingerprint of pictures. */
#include "compiler/calibrate/statistics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/sha256.h"

static struct oct_found_codings *make_found(struct oct_arena *arena, int tensor_count)
{
    struct oct_found_codings *last = oct_arena_calloc(arena, 1, sizeof *last);
    if (last)
        last->codings = oct_arena_calloc(arena, (size_t)tensor_count, sizeof *last->codings);
    return last && last->codings && oct_lock_make(&last->lock) ? last : NULL;
}

octet_status oct_statistics_create(octet_context *ctx, int tensor_count,
                                   octet_statistics **statistics)
{
    octet_statistics *s = oct_calloc(ctx, 1, sizeof *s);
    *statistics = s;
    if (!s)
        return oct_fail_memory(ctx, "statistics");
    oct_context_inherit(&s->own, ctx);
    oct_arena_init(&s->arena, &s->own);
    s->tensors = oct_arena_calloc(&s->arena, (size_t)tensor_count, sizeof *s->tensors);
    s->tensor_count = tensor_count;
    s->last = make_found(&s->arena, tensor_count);
    if (!s->tensors || !s->last) {
        oct_statistics_free(s);
        *statistics = NULL;
        return oct_fail_memory(ctx, "statistics");
    }
    return OCTET_OK;
}

octet_status oct_statistics_room(octet_context *ctx, octet_statistics *statistics, int tensor,
                                 const char *name, int channels)
{
    struct oct_arena *arena = &statistics->arena;
    struct oct_tensor_record *record = &statistics->tensors[tensor];
    const size_t count = (size_t)channels;
    uint64_t *bins = oct_arena_calloc(arena, OCT_HISTOGRAM_BINS, sizeof *bins);
    record->name = oct_arena_strdup(arena, name);
    record->channels = channels;
    record->channel_minimum = oct_arena_calloc(arena, count, sizeof(float));
    record->channel_maximum = oct_arena_calloc(arena, count, sizeof(float));
    record->channel_sum = oct_arena_calloc(arena, count, sizeof(int64_t));
    record->channel_square = oct_arena_calloc(arena, count, sizeof(int64_t));
    if (!bins || !record->name || !record->channel_minimum || !record->channel_maximum ||
        !record->channel_sum || !record->channel_square)
        return oct_fail_memory(ctx, "statistics");
    oct_histogram_init(&record->histogram, bins);
    return OCTET_OK;
}

void oct_statistics_free(octet_statistics *statistics)
{
    if (!statistics)
        return;
    if (statistics->last)
        oct_lock_end(&statistics->last->lock);
    oct_arena_clear(&statistics->arena);
    struct octet_context last = statistics->own; /* holds the allocator that frees it */
    oct_free(&last, statistics);
}

enum oct_statistics_fit oct_statistics_fit(const octet_statistics *statistics,
                                           const struct oct_network *network, const char *hash)
{
    if (strcmp(statistics->model_hash, hash) != 0)
        return OCT_FIT_OTHER_MODEL;
    bool same = statistics->tensor_count == network->layer_count;
    for (int i = 0; i < statistics->tensor_count && same; i++)
        same =
            statistics->tensors[i].channels == network->tensors[network->layers[i].output].channels;
    return same ? OCT_FIT_SAME : OCT_FIT_OTHER_TENSORS;
}

void oct_statistics_summary(const octet_statistics *statistics, int index,
                            octet_tensor_statistics *tensor)
{
    const struct oct_tensor_record *record = &statistics->tensors[index];
    const double count = (double)record->histogram.count;
    double sum = 0.0, square = 0.0;
    for (int c = 0; c < record->channels; c++) {
        sum += (double)record->channel_sum[c] / OCT_SUM_UNIT;
        square += (double)record->channel_square[c] / OCT_SUM_UNIT;
    }
    const double mean = count > 0.0 ? sum / count : 0.0;
    const double variance = count > 0.0 ? square / count - mean * mean : 0.0;
    *tensor = (octet_tensor_statistics){
        .name = record->name,
        .channels = record->channels,
        .count = (int64_t)record->histogram.count,
        .minimum = (double)record->histogram.minimum,
        .maximum = (double)record->histogram.maximum,
        .mean = mean,
        .standard_deviation = variance > 0.0 ? sqrt(variance) : 0.0,
    };
}

/* Hashes "WIDTHxHEIGHT " and the RGB bytes row by row. */
static void hash_picture(const struct oct_seen *seen, uint8_t digest[32])
{
    struct oct_sha256 sha;
    char size[32];
    snprintf(size, sizeof size, "%dx%d ", seen->width, seen->height);
    oct_sha256_init(&sha);
    oct_sha256_update(&sha, size, strlen(size));
    for (int y = 0; y < seen->height; y++)
        oct_sha256_update(&sha, seen->pixels + (size_t)y * seen->row_bytes,
                          3 * (size_t)seen->width);
    oct_sha256_final(&sha, digest);
}

void oct_statistics_count_image(octet_statistics *statistics, const struct oct_seen *seen)
{
    uint8_t digest[32];
    hash_picture(seen, digest);
    unsigned carry = 0;
    for (int i = 31; i >= 0; i--) {
        carry += (unsigned)statistics->fingerprint[i] + digest[i];
        statistics->fingerprint[i] = (uint8_t)carry;
        carry >>= 8;
    }
    statistics->image_count++;
    for (int i = 0; i < 32; i++)
        snprintf(statistics->fingerprint_text + 2 * i, 3, "%02x", statistics->fingerprint[i]);
}

static void copy_record(const struct oct_tensor_record *from, struct oct_tensor_record *to)
{
    uint64_t *bins = to->histogram.bins;
    const size_t count = (size_t)from->channels;
    to->histogram = from->histogram;
    to->histogram.bins = bins;
    memcpy(bins, from->histogram.bins, OCT_HISTOGRAM_BINS * sizeof *bins);
    memcpy(to->channel_minimum, from->channel_minimum, count * sizeof(float));
    memcpy(to->channel_maximum, from->channel_maximum, count * sizeof(float));
    memcpy(to->channel_sum, from->channel_sum, count * sizeof(int64_t));
    memcpy(to->channel_square, from->channel_square, count * sizeof(int64_t));
}

octet_status oct_statistics_copy(octet_context *ctx, const octet_statistics *from,
                                 octet_statistics **copy)
{
    octet_status status = oct_statistics_create(ctx, from->tensor_count, copy);
    if (status)
        return status;
    octet_statistics *to = *copy;
    memcpy(to->model_hash, from->model_hash, sizeof to->model_hash);
    memcpy(to->fingerprint, from->fingerprint, sizeof to->fingerprint);
    memcpy(to->fingerprint_text, from->fingerprint_text, sizeof to->fingerprint_text);
    to->image_count = from->image_count;
    to->input_height = from->input_height;
    to->input_width = from->input_width;
    to->include_padding = from->include_padding;
    for (int i = 0; i < from->tensor_count && !status; i++) {
        status = oct_statistics_room(ctx, to, i, from->tensors[i].name, from->tensors[i].channels);
        if (!status)
            copy_record(&from->tensors[i], &to->tensors[i]);
    }
    if (status) {
        oct_statistics_free(to);
        *copy = NULL;
    }
    return status;
}
