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

/* Both are big-endian. */
static void add_fingerprint(octet_statistics *statistics, const uint8_t other[32])
{
    unsigned carry = 0;
    for (int i = 31; i >= 0; i--) {
        carry += (unsigned)statistics->fingerprint[i] + other[i];
        statistics->fingerprint[i] = (uint8_t)carry;
        carry >>= 8;
    }
    oct_sha256_text(statistics->fingerprint, statistics->fingerprint_text);
}

void oct_statistics_count_image(octet_statistics *statistics, const struct oct_seen *seen)
{
    uint8_t digest[32];
    hash_picture(seen, digest);
    add_fingerprint(statistics, digest);
    statistics->image_count++;
}

void oct_statistics_empty(octet_statistics *statistics)
{
    for (int i = 0; i < statistics->tensor_count; i++) {
        struct oct_tensor_record *record = &statistics->tensors[i];
        struct oct_histogram *histogram = &record->histogram;
        const size_t count = (size_t)record->channels;
        memset(histogram->bins + histogram->first, 0,
               (size_t)(histogram->last - histogram->first) * sizeof *histogram->bins);
        oct_histogram_init(histogram, histogram->bins);
        memset(record->channel_minimum, 0, count * sizeof(float));
        memset(record->channel_maximum, 0, count * sizeof(float));
        memset(record->channel_sum, 0, count * sizeof(int64_t));
        memset(record->channel_square, 0, count * sizeof(int64_t));
    }
    memset(statistics->fingerprint, 0, sizeof statistics->fingerprint);
    memset(statistics->fingerprint_text, 0, sizeof statistics->fingerprint_text);
    statistics->image_count = 0;
}

static octet_status check_merge(octet_statistics *statistics, const octet_statistics *other)
{
    octet_context *own = &statistics->own;
    if (strcmp(statistics->model_hash, other->model_hash) != 0)
        return oct_fail(own, OCTET_MISMATCH,
                        "the statistics to merge belong to another model (%.12s..., these to "
                        "%.12s...)",
                        other->model_hash, statistics->model_hash);
    if (other->input_height != statistics->input_height ||
        other->input_width != statistics->input_width)
        return oct_fail(own, OCTET_MISMATCH,
                        "the statistics to merge were gathered at %dx%d, these at %dx%d",
                        other->input_height, other->input_width, statistics->input_height,
                        statistics->input_width);
    if (other->include_padding != statistics->include_padding)
        return oct_fail(own, OCTET_MISMATCH,
                        "the statistics to merge differ in whether padding was counted");
    bool same = other->tensor_count == statistics->tensor_count;
    for (int i = 0; i < statistics->tensor_count && same; i++)
        same = other->tensors[i].channels == statistics->tensors[i].channels;
    return same ? OCTET_OK
                : oct_fail(own, OCTET_MISMATCH, "the statistics to merge have other tensors");
}

static int64_t add_saturating(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (a < 0 ? INT64_MIN : INT64_MAX) : sum;
}

static void merge_record(struct oct_tensor_record *to, const struct oct_tensor_record *from)
{
    if (from->histogram.count == 0)
        return;
    const bool first = to->histogram.count == 0;
    for (int c = 0; c < to->channels; c++) {
        if (first || from->channel_minimum[c] < to->channel_minimum[c])
            to->channel_minimum[c] = from->channel_minimum[c];
        if (first || from->channel_maximum[c] > to->channel_maximum[c])
            to->channel_maximum[c] = from->channel_maximum[c];
        to->channel_sum[c] = add_saturating(to->channel_sum[c], from->channel_sum[c]);
        to->channel_square[c] = add_saturating(to->channel_square[c], from->channel_square[c]);
    }
    oct_histogram_merge(&to->histogram, &from->histogram);
}

octet_status oct_statistics_merge(octet_statistics *statistics, const octet_statistics *other)
{
    const octet_status status = check_merge(statistics, other);
    if (status)
        return status;
    for (int i = 0; i < statistics->tensor_count; i++)
        merge_record(&statistics->tensors[i], &other->tensors[i]);
    add_fingerprint(statistics, other->fingerprint);
    statistics->image_count += other->image_count;
    return OCTET_OK;
}

static void copy_record(const struct oct_tensor_record *from, struct oct_tensor_record *to)
{
    uint64_t *bins = to->histogram.bins;
    const size_t count = (size_t)from->channels;
    to->histogram = from->histogram;
    to->histogram.bins = bins;
    /* What is empty stays untouched: its memory need not be there. */
    const int first = from->histogram.first, last = from->histogram.last;
    memcpy(bins + first, from->histogram.bins + first, (size_t)(last - first) * sizeof *bins);
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
