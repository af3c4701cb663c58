/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures that an evaluation is about, whichever way they were found. */
#include "models/eval_set.h"

#include <stdlib.h>
#include <string.h>

#include "app/byte_hash.h"

int eval_set_count_bad(struct app *app, struct eval_set *set, size_t count)
{
    set->bad += count;
    if ((double)set->bad <= set->max_bad * (double)set->total + 1e-9)
        return STATUS_DONE;
    return app_fail(app, "%zu of %zu pictures cannot take part, more than --max-bad %g allows",
                    set->bad, set->total, set->max_bad);
}

static void drop(struct eval_set *set, size_t index)
{
    free(set->entries[index].labels);
    free(set->pictures.path[index]);
}

/* The bytes of the folder that all paths begin with: another machine may have it elsewhere. */
static size_t common_folder(const struct sources *pictures)
{
    const char *first = pictures->count ? pictures->path[0] : "";
    size_t common = strlen(first);
    for (size_t i = 0; i < pictures->count; i++) {
        size_t same = 0;
        while (same < common && pictures->path[i][same] == first[same])
            same++;
        common = same;
    }
    while (common && first[common - 1] != '/')
        common--;
    return common;
}

static uint64_t hash_list(const struct eval_set *set)
{
    const size_t skipped = common_folder(&set->pictures);
    uint64_t hash = APP_HASH_START;
    for (size_t i = 0; i < set->pictures.count; i++) {
        const char *name = set->pictures.path[i] + skipped;
        const bool labels = set->entries[i].labels != NULL;
        hash = app_hash(hash, &set->entries[i].id, sizeof set->entries[i].id);
        hash = app_hash(hash, name, strlen(name) + 1);
        hash = app_hash(hash, &labels, sizeof labels);
    }
    return hash;
}

void eval_set_take_shard(struct eval_set *set)
{
    size_t kept = 0;
    set->list_hash = hash_list(set);
    for (size_t i = 0; i < set->pictures.count; i++) {
        if (!shard_has(&set->shard, set->entries[i].place)) {
            drop(set, i);
            continue;
        }
        set->entries[kept] = set->entries[i];
        set->pictures.path[kept++] = set->pictures.path[i];
    }
    set->pictures.count = kept;
}

void eval_set_sample(struct eval_set *set, size_t count, uint64_t seed)
{
    const size_t all = set->pictures.count;
    size_t kept = 0;
    if (count >= all)
        return;
    size_t *drawn = sources_draw(all, count, seed);
    bool *keeps = app_alloc(all, sizeof *keeps);
    for (size_t i = 0; i < count; i++)
        keeps[drawn[i]] = true;
    for (size_t i = 0; i < all; i++) {
        if (keeps[i]) {
            set->entries[kept] = set->entries[i];
            set->pictures.path[kept++] = set->pictures.path[i];
            continue;
        }
        drop(set, i);
    }
    set->pictures.count = set->total = kept;
    set->bad = 0;
    free(keeps);
    free(drawn);
}

int eval_set_add_picture(struct app *app, struct eval_set *set, size_t index,
                         const octet_image *image)
{
    struct eval_picture *entry = &set->entries[index];
    if (!set->labelled)
        return STATUS_DONE;
    entry->width = octet_image_width(image);
    entry->height = octet_image_height(image);
    const octet_truth_image added = {entry->id, set->pictures.path[index], entry->width,
                                     entry->height};
    octet_status status = octet_truth_add_image(set->truth, &added);
    if (status == OCTET_OK && entry->labels)
        status = octet_truth_add_labels(set->truth, entry->id, entry->labels);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status, octet_context_message(app->context));
}

void eval_set_free(struct eval_set *set)
{
    for (size_t i = 0; set->entries && i < set->pictures.count; i++)
        free(set->entries[i].labels);
    free(set->entries);
    sources_free(&set->pictures);
    octet_truth_free(&set->truth);
}
