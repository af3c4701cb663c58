/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the float model once, then engines, over the same pictures. */
#include "tune/tune_judge.h"

#include <math.h>
#include <stdlib.h>

#include "app/session_settings.h"
#include "models/model_file.h"
#include "models/selection.h"

#define SURE_SCORE 0.25 /* boxes of the float model from here on count for agreement */
#define SEEN_SCORE 0.1f /* anchors of the float model from here on count for the score error */

/* An anchor of which the float model says something. */
struct seen {
    int anchor, class_index;
    float score;
};

struct looked_at {
    const char *path;
    size_t place; /* among all pictures */
    bool is_bad;
    struct seen *seen;
    size_t seen_count, seen_room;
};

struct tune_judge {
    struct app *app;
    struct input_size size;
    int class_count;
    struct looked_at *pictures;
    size_t count;
    octet_detections *reference;
    size_t boxes;
    struct tune_labels *labels; /* or NULL */
    int64_t *ids;               /* of the pictures that can be read, in the truth */
    size_t id_count;
    double float_ap;
};

/* One engine's way over the pictures. */
struct way {
    struct tune_judge *judge;
    const octet_engine *engine;
    octet_session *session;
    octet_detections *found, *labelled; /* of the model's classes; of the labels' */
    float *output;                      /* [4 + classes][anchors] */
    bool is_float;
    double squares; /* of what scores are off */
    size_t scores;
};

static int fail_context(struct app *app, octet_status status)
{
    return app_fail_library(app, status, octet_context_message(app->context));
}

static int open_way(struct way *way)
{
    struct app *app = way->judge->app;
    const octet_session_settings settings =
        app_session_settings(app, app->device, way->judge->size);
    octet_status status = octet_session_open(app->context, way->engine, &settings, &way->session);
    if (status == OCTET_OK)
        status = octet_detections_create(app->context, &way->found);
    if (status == OCTET_OK && way->judge->labels)
        status = octet_detections_create(app->context, &way->labelled);
    if (status != OCTET_OK)
        return fail_context(app, status);
    way->output = app_alloc((size_t)(4 + way->judge->class_count) *
                                (size_t)octet_session_anchor_count(way->session),
                            sizeof *way->output);
    return STATUS_DONE;
}

static void close_way(struct way *way)
{
    octet_session_close(&way->session);
    octet_detections_free(&way->found);
    octet_detections_free(&way->labelled);
    free(way->output);
}

/* The float model's anchors, each with its best class. */
static void note_seen(struct way *way, struct looked_at *picture)
{
    const int anchors = octet_session_anchor_count(way->session);
    for (int a = 0; a < anchors; a++) {
        struct seen best = {a, 0, 0.0f};
        for (int c = 0; c < way->judge->class_count; c++) {
            const float score = way->output[(size_t)(4 + c) * (size_t)anchors + (size_t)a];
            if (score > best.score)
                best = (struct seen){a, c, score};
        }
        if (best.score < SEEN_SCORE)
            continue;
        if (picture->seen_count == picture->seen_room) {
            picture->seen_room = picture->seen_room ? 2 * picture->seen_room : 64;
            picture->seen = app_resize(picture->seen, picture->seen_room, sizeof *picture->seen);
        }
        picture->seen[picture->seen_count++] = best;
    }
}

static void compare_seen(struct way *way, const struct looked_at *picture)
{
    const int anchors = octet_session_anchor_count(way->session);
    for (size_t i = 0; i < picture->seen_count; i++) {
        const struct seen *seen = &picture->seen[i];
        const float score =
            way->output[(size_t)(4 + seen->class_index) * (size_t)anchors + (size_t)seen->anchor];
        way->squares += pow((double)score - (double)seen->score, 2);
        way->scores++;
    }
}

static int64_t id_of(const struct tune_judge *judge, size_t index)
{
    return judge->labels->set.entries[judge->pictures[index].place].id;
}

static int keep_boxes(struct way *way, size_t index)
{
    octet_detection boxes[SCORING_DETECTIONS_MAX];
    octet_detect_settings settings;
    int count = 0;
    selection_for_precision(way->engine, &settings);
    octet_status status =
        octet_session_detect(way->session, 0, &settings, boxes, SCORING_DETECTIONS_MAX, &count);
    if (status != OCTET_OK)
        return app_fail_library(way->judge->app, status, octet_session_message(way->session));
    for (int i = 0; i < count && status == OCTET_OK; i++) {
        const int class = boxes[i].class_id;
        const struct tune_labels *labels = way->judge->labels;
        status = octet_detections_add(way->found, (int64_t)index, class, &boxes[i]);
        if (status == OCTET_OK && labels && labels->classes.known[class])
            status = octet_detections_add(way->labelled, id_of(way->judge, index),
                                          labels->classes.ids[class], &boxes[i]);
    }
    return status == OCTET_OK ? STATUS_DONE : fail_context(way->judge->app, status);
}

/* The first time, so that the ground truth has its labels. */
static int note_labels(struct tune_judge *judge, size_t index, const octet_image *image)
{
    const octet_tune_box *boxes;
    int count;
    judge->ids[judge->id_count++] = id_of(judge, index);
    return tune_labels_of(judge->labels, judge->pictures[index].place, image, &boxes, &count);
}

static int run_picture(struct way *way, size_t index)
{
    struct tune_judge *judge = way->judge;
    struct looked_at *picture = &judge->pictures[index];
    octet_image *image = NULL;
    octet_status status = octet_image_load(judge->app->context, picture->path, &image);
    if (status != OCTET_OK) {
        picture->is_bad = true;
        return status == OCTET_OUT_OF_MEMORY || !way->is_float
                   ? fail_context(judge->app, status)
                   : (app_fail(judge->app, "%s", octet_context_message(judge->app->context)),
                      STATUS_DONE);
    }
    const int noted =
        way->is_float && judge->labels ? note_labels(judge, index, image) : STATUS_DONE;
    status = octet_session_set_image(way->session, 0, image);
    octet_image_free(&image);
    if (noted != STATUS_DONE)
        return noted;
    if (status == OCTET_OK)
        status = octet_session_run(way->session);
    if (status == OCTET_OK)
        status = octet_session_output(way->session, 0, way->output);
    if (status != OCTET_OK)
        return app_fail_library(judge->app, status, octet_session_message(way->session));
    if (way->is_float)
        note_seen(way, picture);
    else
        compare_seen(way, picture);
    return keep_boxes(way, index);
}

static int run_all(struct way *way)
{
    struct tune_judge *judge = way->judge;
    int status = open_way(way);
    for (size_t i = 0; i < judge->count && status == STATUS_DONE && !app_interrupted(); i++)
        if (!judge->pictures[i].is_bad)
            status = run_picture(way, i);
    return status;
}

/* AP by labels; NaN without. Returns a status. */
static int score_labels(const struct way *way, double *ap)
{
    const struct tune_judge *judge = way->judge;
    octet_evaluation evaluation;
    *ap = (double)NAN;
    if (!judge->labels)
        return STATUS_DONE;
    const octet_evaluate_settings settings = {.image_ids = judge->ids,
                                              .image_count = judge->id_count};
    const octet_status status =
        octet_evaluate(judge->labels->set.truth, way->labelled, &settings, &evaluation, NULL);
    if (status != OCTET_OK)
        return fail_context(judge->app, status);
    if (evaluation.ap < 0)
        return app_fail(judge->app,
                        "the labels have no box in the %zu pictures that are held out: "
                        "label more, or leave out --labels",
                        judge->id_count);
    *ap = evaluation.ap;
    return STATUS_DONE;
}

static int run_float(struct tune_judge *judge, const octet_model *model)
{
    octet_engine *engine = NULL;
    octet_agreement own;
    int status = model_float_engine(judge->app, model, &engine);
    if (status != STATUS_DONE)
        return status;
    struct way way = {.judge = judge, .engine = engine, .is_float = true};
    status = run_all(&way);
    if (status == STATUS_DONE && !app_interrupted()) {
        judge->reference = way.found;
        way.found = NULL;
        const octet_status scored =
            octet_evaluate_agreement(judge->reference, judge->reference, SURE_SCORE, &own);
        judge->boxes = scored == OCTET_OK ? own.labels : 0;
        if (scored != OCTET_OK)
            status = fail_context(judge->app, scored);
        if (status == STATUS_DONE)
            status = score_labels(&way, &judge->float_ap);
    }
    close_way(&way);
    octet_engine_free(&engine);
    return status;
}

int tune_judge_open(struct app *app, const struct tune_judge_settings *settings,
                    struct tune_judge **judge)
{
    octet_info info;
    struct tune_judge *j = *judge = app_alloc(1, sizeof *j);
    octet_model_info(settings->model, &info);
    j->app = app;
    j->size = settings->size;
    j->class_count = info.class_count;
    j->count = settings->count;
    j->labels = settings->labels;
    j->pictures = app_alloc(j->count, sizeof *j->pictures);
    j->ids = app_alloc(j->count, sizeof *j->ids);
    for (size_t i = 0; i < j->count; i++)
        j->pictures[i] = (struct looked_at){.path = settings->paths[settings->held[i]],
                                            .place = settings->held[i]};
    const int status = run_float(j, settings->model);
    if (status == STATUS_DONE && !app_interrupted() && !j->boxes)
        return app_fail(app,
                        "the float model finds nothing in the %zu pictures that are held out: "
                        "take pictures with objects in them",
                        j->count);
    return status;
}

int tune_judge_engine(struct tune_judge *judge, const octet_engine *engine,
                      struct tune_figures *figures)
{
    octet_agreement agreement;
    struct way way = {.judge = judge, .engine = engine};
    int status = run_all(&way);
    if (status == STATUS_DONE && !app_interrupted()) {
        const octet_status scored =
            octet_evaluate_agreement(judge->reference, way.found, SURE_SCORE, &agreement);
        if (scored != OCTET_OK)
            status = fail_context(judge->app, scored);
        else
            *figures = (struct tune_figures){
                way.scores ? sqrt(way.squares / (double)way.scores) : 0.0, agreement.ap, 0.0};
        if (status == STATUS_DONE)
            status = score_labels(&way, &figures->ap);
    }
    close_way(&way);
    return status;
}

size_t tune_judge_boxes(const struct tune_judge *judge)
{
    return judge->boxes;
}

double tune_judge_float_ap(const struct tune_judge *judge)
{
    return judge->float_ap;
}

void tune_judge_close(struct tune_judge **judge)
{
    struct tune_judge *j = *judge;
    if (!j)
        return;
    for (size_t i = 0; i < j->count; i++)
        free(j->pictures[i].seen);
    free(j->pictures);
    free(j->ids);
    octet_detections_free(&j->reference);
    free(j);
    *judge = NULL;
}
