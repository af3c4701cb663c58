/* SPDX-License-Identifier: Apache-2.0 */
/* Runs engines over pictures, and compares what each of them finds with what one of them does. */
#include "build/judges.h"

#include <stdlib.h>

#include "app/allocate.h"
#include "models/selection.h"

static octet_status fail(struct judges *judges, octet_status status)
{
    judges->message = octet_context_message(judges->context);
    return status;
}

octet_status judges_open(struct judges *judges, octet_context *context,
                         const struct judged_engine *engines, size_t count, size_t reference)
{
    octet_status status = OCTET_OK;
    *judges = (struct judges){
        .context = context, .engines = engines, .count = count, .reference = reference};
    judges->found = app_alloc(count, sizeof *judges->found);
    for (size_t i = 0; i < count && status == OCTET_OK; i++)
        status = octet_detections_create(context, &judges->found[i]);
    return status == OCTET_OK ? OCTET_OK : fail(judges, status);
}

/* Takes a box down under the class that it counts for, if any. */
static octet_status keep(struct judges *judges, size_t index, int64_t id,
                         const octet_detection *box)
{
    const struct class_match *classes = judges->classes;
    if (classes && !classes->known[box->class_id])
        return OCTET_OK;
    return octet_detections_add(judges->found[index], id,
                                classes ? classes->ids[box->class_id] : box->class_id, box);
}

static octet_status add_with(struct judges *judges, size_t index, const octet_image *image,
                             int64_t id)
{
    const struct judged_engine *engine = &judges->engines[index];
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
        judges->message = octet_session_message(engine->session);
        return status;
    }
    for (int i = 0; i < count && status == OCTET_OK; i++)
        status = keep(judges, index, id, &found[i]);
    return status == OCTET_OK ? OCTET_OK : fail(judges, status);
}

octet_status judges_add_as(struct judges *judges, const octet_image *image, int64_t id)
{
    octet_status status = OCTET_OK;
    judges->pictures++;
    for (size_t i = 0; i < judges->count && status == OCTET_OK; i++)
        status = add_with(judges, i, image, id);
    return status;
}

octet_status judges_add(struct judges *judges, const octet_image *image)
{
    return judges_add_as(judges, image, (int64_t)judges->pictures + 1);
}

octet_status judges_score(struct judges *judges, double *ap)
{
    octet_status status = OCTET_OK;
    for (size_t i = 0; i < judges->count && status == OCTET_OK; i++) {
        octet_agreement agreement;
        status = octet_evaluate_agreement(judges->found[judges->reference], judges->found[i],
                                          SURE_SCORE, &agreement);
        if (status != OCTET_OK)
            break;
        ap[i] = agreement.ap;
        judges->boxes = agreement.labels;
    }
    return status == OCTET_OK ? OCTET_OK : fail(judges, status);
}

void judges_close(struct judges *judges)
{
    for (size_t i = 0; judges->found && i < judges->count; i++)
        octet_detections_free(&judges->found[i]);
    free(judges->found);
    *judges = (struct judges){0};
}
