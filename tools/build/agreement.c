/* SPDX-License-Identifier: Apache-2.0 */
/* Agreement AP: the boxes of an engine scored by COCO's rules, as if the float engine's boxes were
 * the labels. */
#include <math.h>

#include "app/progress.h"
#include "build/candidates.h"
#include "eval/eval.h"
#include "models/calibration_run.h"
#include "models/selection.h"
#include "pictures/pictures.h"

#define AHEAD 3
#define SURE_SCORE 0.25f /* the float engine's boxes from here on are labels */
#define BOXES_FEW 30

struct judging {
    struct app *app;
    struct candidates *candidates;
    octet_truth *truth; /* the float engine's boxes */
    int64_t image_id;
    const struct candidate_request *request;
    size_t bad; /* pictures that could not be read */
};

/* Labels, of the last candidate. */
static octet_status add_labels(struct judging *judging, const octet_image *image,
                               const octet_detection *found, int count)
{
    const octet_truth_image entry = {.id = judging->image_id,
                                     .file_name = "",
                                     .width = octet_image_width(image),
                                     .height = octet_image_height(image)};
    octet_status status = octet_truth_add_image(judging->truth, &entry);
    for (int i = 0; i < count && status == OCTET_OK; i++) {
        const double x = (double)found[i].x1, y = (double)found[i].y1;
        const octet_truth_box box = {.id = (int64_t)judging->candidates->boxes + 1,
                                     .image_id = judging->image_id,
                                     .class_id = found[i].class_id,
                                     .x = x,
                                     .y = y,
                                     .width = (double)found[i].x2 - x,
                                     .height = (double)found[i].y2 - y,
                                     .area = -1.0};
        if (found[i].score < SURE_SCORE)
            continue;
        status = octet_truth_add_box(judging->truth, &box);
        judging->candidates->boxes++;
    }
    return status;
}

static int fail(struct judging *judging, octet_status status)
{
    return app_fail_library(judging->app, status, octet_context_message(judging->app->context));
}

static int judge_with(struct judging *judging, struct candidate *candidate, bool labels,
                      const octet_image *image)
{
    octet_detection found[EVAL_DETECTIONS_MAX];
    octet_detect_settings settings;
    selection_for_precision(candidate->engine, &settings);
    int count = 0;
    octet_status status = octet_session_set_image(candidate->session, 0, image);
    if (status == OCTET_OK)
        status = octet_session_run(candidate->session);
    if (status == OCTET_OK)
        status = octet_session_detect(candidate->session, 0, &settings, found, EVAL_DETECTIONS_MAX,
                                      &count);
    if (status != OCTET_OK)
        return app_fail_library(judging->app, status, octet_session_message(candidate->session));
    if (labels)
        status = add_labels(judging, image, found, count);
    for (int i = 0; i < count && status == OCTET_OK; i++)
        status =
            octet_detections_add(candidate->found, judging->image_id, found[i].class_id, &found[i]);
    return status == OCTET_OK ? STATUS_DONE : fail(judging, status);
}

/* The labels' picture must be known before boxes of it are added: the float engine, the last, goes
 * first. */
static int judge_on(struct judging *judging, const octet_image *image)
{
    int status = STATUS_DONE;
    judging->image_id = (int64_t)++judging->candidates->pictures;
    for (int i = CANDIDATES - 1; i >= 0 && status == STATUS_DONE; i--)
        status = judge_with(judging, &judging->candidates->all[i], i == CANDIDATES - 1, image);
    return status;
}

static int judge_on_all(struct judging *judging, const struct sources *sources)
{
    struct pictures *pictures = NULL;
    struct progress progress;
    struct picture picture;
    int status = pictures_open(judging->app, sources, AHEAD, &pictures);
    if (status != STATUS_DONE)
        return status;
    progress_start(&progress, judging->app, "judging", sources->count);
    while (status == STATUS_DONE && !app_interrupted() && pictures_next(pictures, &picture)) {
        if (picture.image)
            status = judge_on(judging, picture.image);
        else if (picture.status == OCTET_OUT_OF_MEMORY)
            status = app_fail(judging->app, "%s", picture.message);
        else if (!judging->request->judges_known && ++judging->bad)
            app_fail(judging->app, "%s", picture.message);
        picture_free(&picture);
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    pictures_close(&pictures);
    if (status == STATUS_DONE && app_interrupted())
        return app_fail(judging->app, "interrupted: nothing was written");
    if (status == STATUS_DONE)
        status = calibration_check_bad(judging->app, judging->request->judges, judging->bad,
                                       sources->count);
    return status;
}

static int prepare(struct judging *judging, const octet_model *model)
{
    octet_info info;
    octet_model_info(model, &info);
    octet_status status = octet_truth_create(judging->app->context, &judging->truth);
    for (int i = 0; i < info.class_count && status == OCTET_OK; i++)
        status = octet_truth_add_class(judging->truth, i, octet_model_class_name(model, i));
    for (int i = 0; i < CANDIDATES && status == OCTET_OK; i++)
        status = octet_detections_create(judging->app->context, &judging->candidates->all[i].found);
    return status == OCTET_OK ? STATUS_DONE : fail(judging, status);
}

static int score(struct judging *judging)
{
    octet_status status = OCTET_OK;
    for (int i = 0; i < CANDIDATES && status == OCTET_OK && judging->candidates->boxes; i++) {
        struct candidate *candidate = &judging->candidates->all[i];
        octet_evaluation evaluation;
        status = octet_evaluate(judging->truth, candidate->found, NULL, &evaluation, NULL);
        if (status == OCTET_OK)
            candidate->agreement = 100 * evaluation.ap;
    }
    return status == OCTET_OK ? STATUS_DONE : fail(judging, status);
}

int candidates_judge(struct app *app, const struct candidate_request *request,
                     struct candidates *candidates)
{
    struct judging judging = {.app = app, .candidates = candidates, .request = request};
    struct sources sources = {0};
    const uint64_t seed = (uint64_t)request->judges->seed;
    const bool quiet = app->quiet;
    app->quiet = quiet || request->judges_known;
    int status = calibration_sources(app, request->judges, &sources);
    app->quiet = quiet;
    if (status == STATUS_DONE && sources.count > AGREEMENT_PICTURES)
        status = sources_sample(app, &sources, AGREEMENT_PICTURES, seed);
    if (status == STATUS_DONE)
        status = prepare(&judging, request->model);
    if (status == STATUS_DONE)
        status = judge_on_all(&judging, &sources);
    if (status == STATUS_DONE)
        status = score(&judging);
    if (status == STATUS_DONE && candidates->boxes == 0)
        app_say(app, "warning: the float model finds nothing in the pictures: only speed decides");
    else if (status == STATUS_DONE && candidates->boxes < BOXES_FEW)
        app_say(app, "warning: %zu boxes in %zu pictures say little about agreement",
                candidates->boxes, candidates->pictures);
    octet_truth_free(&judging.truth);
    sources_free(&sources);
    return status;
}
