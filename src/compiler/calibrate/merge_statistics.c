/* SPDX-License-Identifier: Apache-2.0 */
/* Merging: what can be, is checked and made room for first; then nothing fails any more. */
#include <string.h>

#include "base/sha256.h"
#include "compiler/calibrate/statistics.h"

static octet_status check_tensors(octet_context *ctx, const octet_statistics *statistics,
                                  const octet_statistics *other)
{
    if (other->tensor_count != statistics->tensor_count)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the statistics to merge have %d tensors, these have %d",
                        other->tensor_count, statistics->tensor_count);
    for (int i = 0; i < statistics->tensor_count; i++) {
        const struct oct_tensor_name *a = &statistics->names[i], *b = &other->names[i];
        if (strcmp(a->name, b->name) != 0)
            return oct_fail(ctx, OCTET_MISMATCH,
                            "the statistics to merge have tensor \"%.80s\" where these have "
                            "\"%.80s\": of another file of the model",
                            b->name, a->name);
        if (a->channels != b->channels)
            return oct_fail(ctx, OCTET_MISMATCH,
                            "tensor \"%.80s\" has %d channels in the statistics to merge, %d in "
                            "these",
                            a->name, b->channels, a->channels);
    }
    return OCTET_OK;
}

/* Model, preprocessing and settings. */
static octet_status check_alike(octet_context *ctx, const octet_statistics *statistics,
                                const octet_statistics *other)
{
    if (strcmp(statistics->model_hash, other->model_hash) != 0)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the statistics to merge belong to another model (%.12s..., these to "
                        "%.12s...)",
                        other->model_hash, statistics->model_hash);
    if (other->include_padding != statistics->include_padding)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the statistics to merge differ in whether padding was counted");
    return check_tensors(ctx, statistics, other);
}

static octet_status check_counts(octet_context *ctx, const octet_statistics *statistics,
                                 const struct oct_statistics_part *to,
                                 const struct oct_statistics_part *from)
{
    bool fit = (double)to->image_count + (double)from->image_count <= OCT_IMAGES_MAX;
    for (int i = 0; i < statistics->tensor_count && fit; i++)
        fit = (double)to->tensors[i].histogram.count + (double)from->tensors[i].histogram.count <=
              OCT_COUNT_MAX;
    return fit ? OCTET_OK
               : oct_fail(ctx, OCTET_MISMATCH,
                          "the statistics to merge and these have more values together than can be "
                          "counted");
}

/* Where each part of `other` goes: one that is there, or a new one, empty, not among the others. */
static octet_status find_places(octet_statistics *statistics, const octet_statistics *other,
                                struct oct_statistics_part **places)
{
    octet_context *own = &statistics->own;
    const int most = oct_parts_most(statistics->tensor_count);
    octet_status status = OCTET_OK;
    int count = statistics->part_count;
    for (int p = 0; p < other->part_count && !status; p++) {
        const struct oct_statistics_part *from = other->parts[p];
        places[p] = oct_statistics_part(statistics, from->height, from->width, from->source);
        if (places[p])
            status = check_counts(own, statistics, places[p], from);
        else if (count++ == most)
            status = oct_fail(own, OCTET_MISMATCH,
                              "the statistics to merge and these have more than %d sizes and "
                              "sources together",
                              most);
        else
            status = oct_part_create(own, statistics, from->height, from->width, from->source,
                                     &places[p]);
    }
    if (!status && count > 1)
        status = oct_statistics_reserve(own, statistics);
    return status;
}

void oct_record_merge(struct oct_tensor_record *to, const struct oct_tensor_record *from,
                      uint64_t times)
{
    if (from->histogram.count == 0)
        return;
    const bool first = to->histogram.count == 0;
    for (int c = 0; c < to->channels; c++) {
        if (first || from->channel_minimum[c] < to->channel_minimum[c])
            to->channel_minimum[c] = from->channel_minimum[c];
        if (first || from->channel_maximum[c] > to->channel_maximum[c])
            to->channel_maximum[c] = from->channel_maximum[c];
        to->channel_sum[c] += (oct_sum)times * from->channel_sum[c];
        to->channel_square[c] += (oct_sum)times * from->channel_square[c];
    }
    oct_histogram_merge_times(&to->histogram, &from->histogram, times);
}

static void merge_part(octet_statistics *statistics, struct oct_statistics_part *to,
                       const struct oct_statistics_part *from)
{
    for (int i = 0; i < statistics->tensor_count; i++)
        oct_record_merge(&to->tensors[i], &from->tensors[i], 1);
    oct_fingerprint_add(to->fingerprint, from->fingerprint);
    oct_sha256_text(to->fingerprint, to->fingerprint_text);
    to->image_count += from->image_count;
}

octet_status oct_statistics_merge(octet_statistics *statistics, const octet_statistics *other)
{
    struct oct_statistics_part *places[OCT_PARTS_MAX];
    const int count = other->part_count; /* `other` may be the same */
    octet_status status = check_alike(&statistics->own, statistics, other);
    if (!status)
        status = find_places(statistics, other, places);
    if (!status)
        status = oct_shards_merge(&statistics->own, &statistics->shards, &other->shards);
    if (status)
        return status;
    for (int p = 0; p < count; p++) {
        const bool is_new = !oct_statistics_part(statistics, places[p]->height, places[p]->width,
                                                 places[p]->source);
        merge_part(statistics, places[p], other->parts[p]);
        if (is_new)
            oct_statistics_insert(statistics, places[p]);
    }
    statistics->weighing = OCT_WEIGH_IMAGES;
    return oct_statistics_settle(&statistics->own, statistics);
}
