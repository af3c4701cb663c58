/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures that an evaluation is about, whichever way they were found. */
#include "models/eval_set.h"

#include <stdlib.h>

int eval_set_count_bad(struct app *app, struct eval_set *set, size_t count)
{
    set->bad += count;
    if ((double)set->bad <= set->max_bad * (double)set->total + 1e-9)
        return STATUS_DONE;
    return app_fail(app, "%zu of %zu pictures cannot take part, more than --max-bad %g allows",
                    set->bad, set->total, set->max_bad);
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
        free(set->entries[i].labels);
        free(set->pictures.path[i]);
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
