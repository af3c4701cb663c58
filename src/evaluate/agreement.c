/* SPDX-License-Identifier: Apache-2.0 */
/* Agreement of two detectors: what one of them is sure of becomes a ground truth, by which COCO's
 * rules score the other. */
#include "evaluate/agreement.h"

#include <stdlib.h>

#include "evaluate/evaluation.h"

static int compare_ids(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Which id of a box is meant. */
enum which { IMAGE, CLASS };

/* The ids that boxes of either have, in rising order, once each; `ids` has room for all. */
static size_t gather_ids(const octet_detections *const sides[2], enum which which, int64_t *ids)
{
    size_t count = 0, kept = 0;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < sides[side]->count; i++) {
            const struct oct_found_box *box = &sides[side]->boxes[i];
            ids[count++] = which == IMAGE ? box->image_id : box->class_id;
        }
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            ids[kept++] = ids[i];
    return kept;
}

static octet_status add_ids(const octet_detections *const sides[2], octet_truth *truth)
{
    octet_context *ctx = truth->ctx;
    int64_t *ids = oct_malloc(ctx, sides[0]->count + sides[1]->count, sizeof *ids);
    if (!ids)
        return oct_fail_memory(ctx, truth->name);
    octet_status status = OCTET_OK;
    size_t count = gather_ids(sides, IMAGE, ids);
    for (size_t i = 0; i < count && !status; i++)
        status = oct_truth_add_image(truth, &(octet_truth_image){.id = ids[i]});
    count = gather_ids(sides, CLASS, ids);
    for (size_t i = 0; i < count && !status; i++)
        status = oct_truth_add_class(truth, ids[i], "");
    oct_free(ctx, ids);
    return status;
}

static octet_status add_labels(const octet_detections *reference, double confidence,
                               octet_truth *truth)
{
    octet_status status = OCTET_OK;
    for (size_t i = 0; i < reference->count && !status; i++) {
        const struct oct_found_box *found = &reference->boxes[i];
        const octet_truth_box box = {.id = (int64_t)truth->box_count + 1,
                                     .image_id = found->image_id,
                                     .class_id = found->class_id,
                                     .x = found->x,
                                     .y = found->y,
                                     .width = found->width,
                                     .height = found->height,
                                     .area = -1.0};
        if (found->score >= confidence)
            status = oct_truth_add_box(truth, &box);
    }
    return status;
}

octet_status oct_agreement(const octet_detections *reference, const octet_detections *found,
                           double confidence, octet_agreement *agreement)
{
    static const octet_evaluate_settings everything;
    const octet_detections *const sides[2] = {reference, found};
    octet_evaluation evaluation;
    octet_truth *truth;
    octet_status status = oct_truth_create(reference->ctx, "agreement", &truth);
    if (status)
        return status;
    status = add_ids(sides, truth);
    if (!status)
        status = add_labels(reference, confidence, truth);
    if (!status)
        status = oct_evaluate(truth, found, &everything, &evaluation, NULL);
    if (!status)
        *agreement = (octet_agreement){.ap = evaluation.ap,
                                       .ap50 = evaluation.ap50,
                                       .ap75 = evaluation.ap75,
                                       .images = truth->image_count,
                                       .labels = truth->box_count,
                                       .detections = found->count};
    oct_truth_free(truth);
    return status;
}
