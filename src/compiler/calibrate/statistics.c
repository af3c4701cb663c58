/* SPDX-License-Identifier: Apache-2.0 */
/* Parts and records of statistics: made, copied, compared with a network, and the fingerprint of
 * pictures. */
#include "compiler/calibrate/statistics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/sha256.h"
#include "base/utf8.h"

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
    s->names = oct_arena_calloc(&s->arena, (size_t)tensor_count, sizeof *s->names);
    s->tensor_count = tensor_count;
    s->last = make_found(&s->arena, tensor_count);
    if (!s->names || !s->last) {
        oct_statistics_free(s);
        *statistics = NULL;
        return oct_fail_memory(ctx, "statistics");
    }
    return OCTET_OK;
}

octet_status oct_statistics_name(octet_context *ctx, octet_statistics *statistics, int tensor,
                                 const char *name, int channels)
{
    const char *copy = oct_arena_strdup(&statistics->arena, name);
    if (!copy)
        return oct_fail_memory(ctx, "statistics");
    statistics->names[tensor] = (struct oct_tensor_name){copy, channels};
    return OCTET_OK;
}

static bool make_record(struct oct_arena *arena, const struct oct_tensor_name *name,
                        struct oct_tensor_record *record)
{
    const size_t count = (size_t)name->channels;
    uint64_t *bins = oct_arena_calloc(arena, OCT_HISTOGRAM_BINS, sizeof *bins);
    record->name = name->name;
    record->channels = name->channels;
    record->channel_minimum = oct_arena_calloc(arena, count, sizeof(float));
    record->channel_maximum = oct_arena_calloc(arena, count, sizeof(float));
    record->channel_sum = oct_arena_calloc(arena, count, sizeof(oct_sum));
    record->channel_square = oct_arena_calloc(arena, count, sizeof(oct_sum));
    if (!bins || !record->channel_minimum || !record->channel_maximum || !record->channel_sum ||
        !record->channel_square)
        return false;
    oct_histogram_init(&record->histogram, bins);
    return true;
}

static octet_status make_records(octet_context *ctx, octet_statistics *statistics,
                                 struct oct_tensor_record **records)
{
    const size_t count = (size_t)statistics->tensor_count;
    struct oct_tensor_record *made = oct_arena_calloc(&statistics->arena, count, sizeof *made);
    bool done = made != NULL;
    for (int i = 0; i < statistics->tensor_count && done; i++)
        done = make_record(&statistics->arena, &statistics->names[i], &made[i]);
    *records = made;
    return done ? OCTET_OK : oct_fail_memory(ctx, "statistics");
}

octet_status oct_statistics_reserve(octet_context *ctx, octet_statistics *statistics)
{
    struct oct_tensor_record *merged;
    if (statistics->merged)
        return OCTET_OK;
    const octet_status status = make_records(ctx, statistics, &merged);
    statistics->merged = status ? NULL : merged;
    return status;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* By rising area, then height and source. */
static int compare_part(const struct oct_statistics_part *part, int height, int width,
                        const char *source)
{
    const int areas = compare_numbers((int64_t)part->height * part->width, (int64_t)height * width);
    const int heights = compare_numbers(part->height, height);
    return areas ? areas : heights ? heights : strcmp(part->source, source);
}

struct oct_statistics_part *oct_statistics_part(const octet_statistics *statistics, int height,
                                                int width, const char *source)
{
    for (int i = 0; i < statistics->part_count; i++)
        if (compare_part(statistics->parts[i], height, width, source) == 0)
            return statistics->parts[i];
    return NULL;
}

bool oct_parts_are_alike(const struct oct_statistics_part *a, const struct oct_statistics_part *b)
{
    return compare_part(a, b->height, b->width, b->source) == 0;
}

int oct_parts_most(int tensor_count)
{
    const int most = OCT_RECORDS_MAX / tensor_count;
    return most < OCT_PARTS_MAX ? most : OCT_PARTS_MAX;
}

octet_status oct_part_create(octet_context *ctx, octet_statistics *statistics, int height,
                             int width, const char *source, struct oct_statistics_part **part)
{
    struct oct_statistics_part *made = oct_arena_calloc(&statistics->arena, 1, sizeof *made);
    *part = made;
    if (!made || !(made->source = oct_arena_strdup(&statistics->arena, source)))
        return oct_fail_memory(ctx, "statistics");
    made->height = height;
    made->width = width;
    return make_records(ctx, statistics, &made->tensors);
}

void oct_statistics_insert(octet_statistics *statistics, struct oct_statistics_part *part)
{
    int at = statistics->part_count++;
    for (; at > 0 &&
           compare_part(statistics->parts[at - 1], part->height, part->width, part->source) > 0;
         at--)
        statistics->parts[at] = statistics->parts[at - 1];
    statistics->parts[at] = part;
}

octet_status oct_statistics_need_part(octet_context *ctx, octet_statistics *statistics, int height,
                                      int width, const char *source,
                                      struct oct_statistics_part **part)
{
    *part = oct_statistics_part(statistics, height, width, source);
    if (*part)
        return OCTET_OK;
    const octet_status status = oct_part_create(ctx, statistics, height, width, source, part);
    if (!status)
        oct_statistics_insert(statistics, *part);
    return status;
}

/* It stands in lines of text and between commas. */
bool oct_source_name_valid(const char *source)
{
    bool plain = strlen(source) <= OCT_SOURCE_NAME_MAX && oct_utf8_valid(source);
    for (const char *c = source; *c && plain; c++)
        plain = (unsigned char)*c >= 0x20 && *c != 0x7f;
    return plain;
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
            statistics->names[i].channels == network->tensors[network->layers[i].output].channels;
    return same ? OCT_FIT_SAME : OCT_FIT_OTHER_TENSORS;
}

void oct_statistics_summary(const octet_statistics *statistics, int index,
                            octet_tensor_statistics *tensor)
{
    const struct oct_tensor_record *record = &statistics->tensors[index];
    const double count = (double)record->histogram.count;
    double sum = 0.0, square = 0.0;
    for (int c = 0; c < record->channels; c++) {
        sum += oct_sum_value(record->channel_sum[c]);
        square += oct_sum_value(record->channel_square[c]);
    }
    uint64_t seen = 0; /* `count` is of values as they weigh */
    for (int p = 0; p < statistics->part_count; p++)
        seen += statistics->parts[p]->tensors[index].histogram.count;
    const double mean = count > 0.0 ? sum / count : 0.0;
    const double variance = count > 0.0 ? square / count - mean * mean : 0.0;
    *tensor = (octet_tensor_statistics){
        .name = record->name,
        .channels = record->channels,
        .count = (int64_t)seen,
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

void oct_fingerprint_add(uint8_t sum[32], const uint8_t other[32])
{
    unsigned carry = 0;
    for (int i = 31; i >= 0; i--) {
        carry += (unsigned)sum[i] + other[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

void oct_part_count_image(struct oct_statistics_part *part, const struct oct_seen *seen)
{
    uint8_t digest[32];
    hash_picture(seen, digest);
    oct_fingerprint_add(part->fingerprint, digest);
    oct_sha256_text(part->fingerprint, part->fingerprint_text);
    part->image_count++;
}

bool oct_part_has_room(const struct oct_statistics_part *part, int tensor_count, int waiting)
{
    const double most = OCT_COUNT_MAX - (1.0 + waiting) * OCT_COUNT_PICTURE_MAX;
    bool room = (double)part->image_count + waiting < OCT_IMAGES_MAX;
    for (int i = 0; i < tensor_count && room; i++)
        room = (double)part->tensors[i].histogram.count <= most;
    return room;
}

void oct_record_empty(struct oct_tensor_record *record)
{
    struct oct_histogram *histogram = &record->histogram;
    const size_t count = (size_t)record->channels;
    memset(histogram->bins + histogram->first, 0,
           (size_t)(histogram->last - histogram->first) * sizeof *histogram->bins);
    oct_histogram_init(histogram, histogram->bins);
    memset(record->channel_minimum, 0, count * sizeof(float));
    memset(record->channel_maximum, 0, count * sizeof(float));
    memset(record->channel_sum, 0, count * sizeof(oct_sum));
    memset(record->channel_square, 0, count * sizeof(oct_sum));
}

void oct_statistics_empty(octet_statistics *statistics)
{
    for (int p = 0; p < statistics->part_count; p++) {
        struct oct_statistics_part *part = statistics->parts[p];
        for (int i = 0; i < statistics->tensor_count; i++)
            oct_record_empty(&part->tensors[i]);
        memset(part->fingerprint, 0, sizeof part->fingerprint);
        memset(part->fingerprint_text, 0, sizeof part->fingerprint_text);
        part->image_count = 0;
    }
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
    memcpy(to->channel_sum, from->channel_sum, count * sizeof(oct_sum));
    memcpy(to->channel_square, from->channel_square, count * sizeof(oct_sum));
}

static octet_status copy_part(octet_context *ctx, const struct oct_statistics_part *from,
                              octet_statistics *to)
{
    struct oct_statistics_part *part;
    const octet_status status =
        oct_part_create(ctx, to, from->height, from->width, from->source, &part);
    if (status)
        return status;
    part->image_count = from->image_count;
    memcpy(part->fingerprint, from->fingerprint, sizeof part->fingerprint);
    memcpy(part->fingerprint_text, from->fingerprint_text, sizeof part->fingerprint_text);
    for (int i = 0; i < to->tensor_count; i++)
        copy_record(&from->tensors[i], &part->tensors[i]);
    oct_statistics_insert(to, part);
    return OCTET_OK;
}

static octet_status copy_weights(octet_context *ctx, const octet_statistics *from,
                                 octet_statistics *to)
{
    to->weighing = from->weighing;
    if (from->weighing != OCT_WEIGH_GIVEN)
        return OCTET_OK;
    const size_t count = (size_t)from->part_count;
    to->weights = oct_arena_calloc(&to->arena, count, sizeof *to->weights);
    if (!to->weights)
        return oct_fail_memory(ctx, "statistics");
    memcpy(to->weights, from->weights, count * sizeof *to->weights);
    return OCTET_OK;
}

octet_status oct_statistics_copy(octet_context *ctx, const octet_statistics *from,
                                 octet_statistics **copy)
{
    octet_status status = oct_statistics_create(ctx, from->tensor_count, copy);
    if (status)
        return status;
    octet_statistics *to = *copy;
    memcpy(to->model_hash, from->model_hash, sizeof to->model_hash);
    to->include_padding = from->include_padding;
    to->shards = from->shards;
    for (int i = 0; i < from->tensor_count && !status; i++)
        status = oct_statistics_name(ctx, to, i, from->names[i].name, from->names[i].channels);
    for (int p = 0; p < from->part_count && !status; p++)
        status = copy_part(ctx, from->parts[p], to);
    if (!status)
        status = copy_weights(ctx, from, to);
    if (!status)
        status = oct_statistics_settle(ctx, to);
    if (status) {
        oct_statistics_free(to);
        *copy = NULL;
    }
    return status;
}
