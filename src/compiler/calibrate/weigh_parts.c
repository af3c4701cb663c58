/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ranges are chosen from: the only part's records, or those of all parts, each value counted
 * as often as its part weighs. Weights become whole numbers first, so that the merged records are
 * as exact as the parts.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "compiler/calibrate/statistics.h"

#define WEIGHT_BITS 20 /* the largest weight is 2^20, where there is room for that */
#define COUNT_BITS 58  /* of a merged count; exports add up those of some tensors */
#define SUM_BITS 126   /* of a merged sum */

/* A part's weight for one of its values, as a real number. */
static double weight_of(const octet_statistics *s, int part)
{
    const struct oct_statistics_part *p = s->parts[part];
    const double area = (double)p->height * p->width, images = (double)p->image_count;
    switch (s->weighing) {
    case OCT_WEIGH_IMAGES:
        return 1.0 / area;
    case OCT_WEIGH_EQUAL:
        return images > 0.0 ? 1.0 / (images * area) : 0.0;
    case OCT_WEIGH_GIVEN:
        return images > 0.0 ? s->weights[part] / (images * area) : 0.0;
    }
    return 0.0;
}

static int bits_of(oct_sum value)
{
    int bits = 0;
    for (value = value < 0 ? -value : value; value; value >>= 1)
        bits++;
    return bits;
}

/* Bits that weights may have: what all parts sum to, times the largest weight, must fit. */
static int room_for_weights(const octet_statistics *s)
{
    int counts = 0, sums = 0;
    for (int i = 0; i < s->tensor_count; i++) {
        oct_sum count = 0;
        for (int p = 0; p < s->part_count; p++) {
            const struct oct_tensor_record *record = &s->parts[p]->tensors[i];
            count += (oct_sum)record->histogram.count;
            for (int c = 0; c < record->channels; c++) {
                const int a = bits_of(record->channel_sum[c]);
                const int b = bits_of(record->channel_square[c]);
                sums = a > sums ? a : sums;
                sums = b > sums ? b : sums;
            }
        }
        const int bits = bits_of(count);
        counts = bits > counts ? bits : counts;
    }
    const int parts = bits_of(s->part_count); /* so many sums are added */
    const int room = COUNT_BITS - counts < SUM_BITS - sums - parts ? COUNT_BITS - counts
                                                                   : SUM_BITS - sums - parts;
    return room < 0 ? 0 : room < WEIGHT_BITS ? room : WEIGHT_BITS;
}

/* How often each value of a part counts. All 1 where all weigh the same. */
static void find_times(const octet_statistics *s, uint64_t *times)
{
    double weights[OCT_PARTS_MAX], most = 0.0;
    bool same = true;
    for (int p = 0; p < s->part_count; p++) {
        weights[p] = weight_of(s, p);
        most = fmax(most, weights[p]);
    }
    for (int p = 0; p < s->part_count; p++)
        same = same && !(weights[p] < most);
    const double largest = same ? 1.0 : ldexp(1.0, room_for_weights(s));
    for (int p = 0; p < s->part_count; p++)
        times[p] = most > 0.0 ? (uint64_t)rint(weights[p] / most * largest) : 1;
}

static octet_status merge_parts(octet_context *ctx, octet_statistics *s)
{
    uint64_t times[OCT_PARTS_MAX];
    const octet_status status = oct_statistics_reserve(ctx, s);
    if (status)
        return status;
    find_times(s, times);
    for (int i = 0; i < s->tensor_count; i++) {
        oct_record_empty(&s->merged[i]);
        for (int p = 0; p < s->part_count; p++)
            if (times[p])
                oct_record_merge(&s->merged[i], &s->parts[p]->tensors[i], times[p]);
    }
    s->tensors = s->merged;
    return OCTET_OK;
}

static void describe_weights(octet_statistics *s)
{
    const size_t size = sizeof s->weights_text;
    size_t length = 0;
    snprintf(s->weights_text, size, "%s", s->weighing == OCT_WEIGH_EQUAL ? "equal" : "images");
    if (s->weighing != OCT_WEIGH_GIVEN)
        return;
    for (int p = 0; p < s->part_count && length < size; p++)
        length += (size_t)snprintf(s->weights_text + length, size - length, "%s%.9g", p ? "," : "",
                                   s->weights[p]);
}

octet_status oct_statistics_settle(octet_context *ctx, octet_statistics *s)
{
    uint8_t fingerprint[32] = {0};
    s->image_count = 0;
    s->input_height = s->input_width = 0;
    for (int p = 0; p < s->part_count; p++) {
        const struct oct_statistics_part *part = s->parts[p];
        s->image_count += part->image_count;
        oct_fingerprint_add(fingerprint, part->fingerprint);
        s->input_height = part->height;
        s->input_width = part->width;
    }
    oct_sha256_text(fingerprint, s->fingerprint_text);
    oct_shards_text(&s->shards, true, s->shards_text, sizeof s->shards_text);
    oct_shards_text(&s->shards, false, s->missing_text, sizeof s->missing_text);
    describe_weights(s);
    s->last->found = false; /* it was made of other records */
    if (s->part_count > 1)
        return merge_parts(ctx, s);
    s->tensors = s->part_count ? s->parts[0]->tensors : NULL;
    return OCTET_OK;
}

octet_status oct_statistics_of_size(octet_context *ctx, const octet_statistics *from, int height,
                                    int width, octet_statistics **view)
{
    octet_status status = oct_statistics_create(ctx, from->tensor_count, view);
    if (status)
        return status;
    octet_statistics *to = *view;
    memcpy(to->model_hash, from->model_hash, sizeof to->model_hash);
    memcpy(to->names, from->names, (size_t)from->tensor_count * sizeof *to->names);
    to->include_padding = from->include_padding;
    to->shards = from->shards;
    to->weighing = from->weighing;
    to->weights = oct_arena_calloc(&to->arena, (size_t)from->part_count + 1, sizeof *to->weights);
    if (!to->weights)
        status = oct_fail_memory(ctx, "statistics");
    for (int p = 0; p < from->part_count && !status; p++) {
        if (from->parts[p]->height != height || from->parts[p]->width != width)
            continue;
        to->weights[to->part_count] = from->weights ? from->weights[p] : 1.0;
        to->parts[to->part_count++] = from->parts[p];
    }
    if (!status)
        status = oct_statistics_settle(ctx, to);
    if (status) {
        oct_statistics_free(to);
        *view = NULL;
    }
    return status;
}

/* As many numbers as there are parts, with commas between. */
static octet_status parse_weights(octet_statistics *s, const char *text, double *weights)
{
    const char *at = text;
    double sum = 0.0;
    int count = 0;
    bool good = true;
    for (; good && *at; count++) {
        char *end;
        const double weight = strtod(at, &end);
        good = end != at && (*end == ',' || !*end) && weight >= 0.0 && weight <= 1e9;
        if (good && count < s->part_count)
            weights[count] = weight;
        sum += weight;
        at = *end == ',' && end[1] ? end + 1 : end;
        good = good && (!*at || at != end);
    }
    if (!good)
        return oct_fail(&s->own, OCTET_INVALID_ARGUMENT,
                        "weights \"%.60s\": there are images, equal, or a number from 0 to 1e9 for "
                        "each part, with commas between",
                        text);
    if (count != s->part_count)
        return oct_fail(&s->own, OCTET_INVALID_ARGUMENT,
                        "weights \"%.60s\": %d, but the statistics have %d part%s", text, count,
                        s->part_count, s->part_count == 1 ? "" : "s");
    return sum > 0.0 ? OCTET_OK
                     : oct_fail(&s->own, OCTET_INVALID_ARGUMENT,
                                "weights \"%.60s\": one must be more than 0", text);
}

octet_status oct_statistics_weigh(octet_statistics *s, const char *text)
{
    enum oct_weighing weighing = OCT_WEIGH_IMAGES;
    if (text && strcmp(text, "images") != 0) {
        weighing = OCT_WEIGH_EQUAL;
        if (strcmp(text, "equal") != 0) {
            double *weights =
                oct_arena_calloc(&s->arena, (size_t)s->part_count, sizeof *s->weights);
            if (!weights)
                return oct_fail_memory(&s->own, "weights");
            const octet_status status = parse_weights(s, text, weights);
            if (status)
                return status;
            weighing = OCT_WEIGH_GIVEN;
            s->weights = weights;
        }
    }
    s->weighing = weighing;
    return oct_statistics_settle(&s->own, s);
}
