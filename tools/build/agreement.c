/* SPDX-License-Identifier: Apache-2.0 */
/* Runs engines over pictures, and scores what they find by what one of them is sure of. */
#include "build/agreement.h"

#include <stdlib.h>

#include "app/allocate.h"
#include "models/selection.h"

#define SURE_SCORE 0.25f /* boxes of the last engine from here on are labels */

static octet_status fail(struct agreement *agreement, octet_status status)
{
    agreement->message = octet_context_message(agreement->context);
    return status;
}

octet_status agreement_open(struct agreement *agreement, octet_context *context,
                            const octet_model *model, const struct agreement_engine *engines,
                            size_t count)
{
    octet_info info;
    *agreement = (struct agreement){.context = context, .engines = engines, .count = count};
    agreement->found = app_alloc(count, sizeof *agreement->found);
    octet_model_info(model, &info);
    octet_status status = octet_truth_create(context, &agreement->truth);
    for (int i = 0; i < info.class_count && status == OCTET_OK; i++)
        status = octet_truth_add_class(agreement->truth, i, octet_model_class_name(model, i));
    for (size_t i = 0; i < count && status == OCTET_OK; i++)
        status = octet_detections_create(context, &agreement->found[i]);
    return status == OCTET_OK ? OCTET_OK : fail(agreement, status);
}

static octet_status add_labels(struct agreement *agreement, const octet_image *image,
                               const octet_detection *found, int count)
{
    const int64_t image_id = (int64_t)agreement->pictures;
    const octet_truth_image entry = {.id = image_id,
                                     .file_name = "",
                                     .width = octet_image_width(image),
                                     .height = octet_image_height(image)};
    octet_status status = octet_truth_add_image(agreement->truth, &entry);
    for (int i = 0; i < count && status == OCTET_OK; i++) {
        const double x = (double)found[i].x1, y = (double)found[i].y1;
        const octet_truth_box box = {.id = (int64_t)agreement->boxes + 1,
                                     .image_id = image_id,
                                     .class_id = found[i].class_id,
                                     .x = x,
                                     .y = y,
                                     .width = (double)found[i].x2 - x,
                                     .height = (double)found[i].y2 - y,
                                     .area = -1.0};
        if (found[i].score < SURE_SCORE)
            continue;
        status = octet_truth_add_box(agreement->truth, &box);
        agreement->boxes++;
    }
    return status;
}

static octet_status add_with(struct agreement *agreement, size_t index, const octet_image *image)
{
    const struct agreement_engine *engine = &agreement->engines[index];
    octet_detection found[SCORING_DETECTIONS_MAX];
    octet_detect_settings settings;
    selection_for_precision(engine->engine, &settings);
    int count = 0;
    octet_status status = octet_session_set_image(engine->session, 0, image);
    if (status == OCTET_OK)
        status = octet_session_run(engine->session);
    if (status == OCTET_OK)
        status = octet_session_detect(engine->session, 0, &settings, found, SCORING_DETECTIONS_MAX,
                                      &count);
    if (status != OCTET_OK) {
        agreement->message = octet_session_message(engine->session);
        return status;
    }
    if (index == agreement->count - 1)
        status = add_labels(agreement, image, found, count);
    for (int i = 0; i < count && status == OCTET_OK; i++)
        status = octet_detections_add(agreement->found[index], (int64_t)agreement->pictures,
                                      found[i].class_id, &found[i]);
    return status == OCTET_OK ? OCTET_OK : fail(agreement, status);
}

/* The labels' picture must be known before boxes of it are added: the last engine goes first. */
octet_status agreement_add(struct agreement *agreement, const octet_image *image)
{
    octet_status status = OCTET_OK;
    agreement->pictures++;
    for (size_t i = agreement->count; i-- > 0 && status == OCTET_OK;)
        status = add_with(agreement, i, image);
    return status;
}

octet_status agreement_score(struct agreement *agreement, double *ap)
{
    octet_status status = OCTET_OK;
    for (size_t i = 0; i < agreement->count && status == OCTET_OK && agreement->boxes; i++) {
        octet_evaluation evaluation;
        status = octet_evaluate(agreement->truth, agreement->found[i], NULL, &evaluation, NULL);
        if (status == OCTET_OK)
            ap[i] = evaluation.ap;
    }
    return status == OCTET_OK ? OCTET_OK : fail(agreement, status);
}

void agreement_close(struct agreement *agreement)
{
    for (size_t i = 0; agreement->found && i < agreement->count; i++)
        octet_detections_free(&agreement->found[i]);
    free(agreement->found);
    octet_truth_free(&agreement->truth);
    *agreement = (struct agreement){0};
}
