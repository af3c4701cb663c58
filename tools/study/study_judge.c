/* SPDX-License-Identifier: Apache-2.0 */
/* Average precision against labels, and agreement with the float model. */
#include "study/study_judge.h"

#include <math.h>
#include <stdlib.h>

#include "app/session_settings.h"
#include "models/eval_coco.h"
#include "models/eval_yaml.h"
#include "models/model_file.h"
#include "models/selection.h"
#include "pictures/pictures.h"

#define AHEAD 4         /* pictures that are decoded while others are run */
#define SURE_SCORE 0.25 /* boxes of the float model from here on count */
#define LABELS_FEW 30   /* say little */

/* One engine's way over the pictures. */
struct turn {
    struct study_judge *judge;
    const octet_engine *engine;
    octet_session *session;
    octet_detections *found, *matched; /* of the model's classes; of the ground truth's */
    struct progress *progress;
    bool is_first; /* it learns which pictures can be read, and their labels */
    size_t at;     /* pictures that came */
};

static int fail_context(struct study_judge *judge, octet_status status)
{
    struct app *app = judge->study->app;
    return app_fail_library(app, status, octet_context_message(app->context));
}

static int open_pictures(struct study_judge *judge)
{
    struct study *study = judge->study;
    const struct texts *against = &study->arguments->against;
    int status = STATUS_DONE;
    for (size_t i = 0; i < against->count && status == STATUS_DONE; i++)
        status = sources_add(study->app, &judge->set.pictures, against->text[i]);
    if (status == STATUS_DONE)
        status = sources_refuse_passing(study->app, &judge->set.pictures,
                                        "--against, which is read for every engine,");
    judge->set.total = judge->set.pictures.count;
    return status;
}

int study_judge_open(struct study *study, struct study_judge *judge)
{
    const struct study_arguments *a = study->arguments;
    *judge = (struct study_judge){.study = study};
    judge->set.max_bad = a->max_bad;
    study->labelled = a->annotations || a->data;
    const char *split = a->split ? a->split : "val";
    int status = a->data ? eval_set_open_yaml(study->app, a->data, split, &judge->set)
                 : a->annotations
                     ? eval_set_open_coco(study->app, a->annotations, a->eval_images, &judge->set)
                     : open_pictures(judge);
    if (status == STATUS_DONE)
        status = sources_check_reachable(study->app, &judge->set.pictures, judge->set.max_bad);
    if (status == STATUS_DONE && sources_are_counted(&judge->set.pictures) &&
        judge->set.pictures.count < STUDY_PICTURES_LEAST)
        return app_fail(study->app, "%zu pictures to evaluate on: take %d or more",
                        judge->set.pictures.count, STUDY_PICTURES_LEAST);
    return status;
}

static int open_turn(struct turn *turn)
{
    struct app *app = turn->judge->study->app;
    const octet_session_settings settings =
        app_session_settings(app, app->device, turn->judge->study->arguments->size);
    octet_status status = octet_session_open(app->context, turn->engine, &settings, &turn->session);
    if (status == OCTET_OK)
        status = octet_detections_create(app->context, &turn->found);
    if (status == OCTET_OK)
        status = octet_detections_create(app->context, &turn->matched);
    return status == OCTET_OK ? STATUS_DONE : fail_context(turn->judge, status);
}

static void close_turn(struct turn *turn)
{
    octet_session_close(&turn->session);
    octet_detections_free(&turn->found);
    octet_detections_free(&turn->matched);
}

/* The first engine takes note of pictures that cannot be read; the others meet the same ones. */
static int leave_out(struct turn *turn, const char *message)
{
    struct study_judge *judge = turn->judge;
    if (!turn->is_first)
        return app_fail(judge->study->app, "%s", message);
    app_fail(judge->study->app, "%s", message);
    judge->left_out[turn->at] = true;
    return eval_set_count_bad(judge->study->app, &judge->set, 1);
}

static octet_status keep(struct turn *turn, int64_t id, const octet_detection *found, int count)
{
    const struct study_judge *judge = turn->judge;
    octet_status status = OCTET_OK;
    for (int i = 0; i < count && status == OCTET_OK; i++) {
        const int class = found[i].class_id;
        status = octet_detections_add(turn->found, (int64_t)turn->at, class, &found[i]);
        if (status == OCTET_OK && judge->study->labelled && judge->classes.known[class])
            status = octet_detections_add(turn->matched, id, judge->classes.ids[class], &found[i]);
    }
    return status;
}

static int run_picture(struct turn *turn, const struct frame *frame)
{
    struct study_judge *judge = turn->judge;
    struct app *app = judge->study->app;
    octet_detection found[SCORING_DETECTIONS_MAX];
    octet_detect_settings settings;
    int count = 0, result = STATUS_DONE;
    selection_for_precision(turn->engine, &settings);
    octet_status status = octet_session_set_image(turn->session, 0, frame->image);
    if (status != OCTET_OK) {
        char *message = app_printf("%s: %s", frame->label, octet_session_message(turn->session));
        result = leave_out(turn, message);
        free(message);
        return result;
    }
    if (turn->is_first && judge->study->labelled)
        result = eval_set_add_picture(app, &judge->set, frame->source, frame->image);
    if (result != STATUS_DONE)
        return result;
    status = octet_session_run(turn->session);
    if (status == OCTET_OK)
        status = octet_session_detect(turn->session, 0, &settings, found, SCORING_DETECTIONS_MAX,
                                      &count);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_session_message(turn->session));
    const int64_t id =
        judge->study->labelled ? judge->set.entries[frame->source].id : (int64_t)turn->at;
    if (turn->is_first)
        judge->done[judge->done_count++] = id;
    status = keep(turn, id, found, count);
    return status == OCTET_OK ? STATUS_DONE : fail_context(judge, status);
}

static void make_room(struct study_judge *judge)
{
    if (judge->pictures < judge->capacity)
        return;
    const size_t before = judge->capacity;
    judge->capacity = before ? 2 * before : 256;
    judge->left_out = app_resize(judge->left_out, judge->capacity, sizeof *judge->left_out);
    judge->done = app_resize(judge->done, judge->capacity, sizeof *judge->done);
    for (size_t i = before; i < judge->capacity; i++)
        judge->left_out[i] = false;
}

static int take_frame(struct turn *turn, const struct frame *frame)
{
    struct study_judge *judge = turn->judge;
    if (turn->is_first) {
        make_room(judge);
        judge->pictures++;
    } else if (turn->at >= judge->pictures) {
        return app_fail(judge->study->app, "%s: was not there when the float model ran",
                        frame->label);
    }
    if (!turn->is_first && judge->left_out[turn->at])
        return STATUS_DONE;
    if (frame->image)
        return run_picture(turn, frame);
    if (frame->status == OCTET_OUT_OF_MEMORY)
        return app_fail(judge->study->app, "%s", frame->message);
    return leave_out(turn, frame->message);
}

static int run_all(struct turn *turn)
{
    struct study_judge *judge = turn->judge;
    struct pictures *pictures = NULL;
    struct frame frame;
    int status = open_turn(turn);
    if (status == STATUS_DONE)
        status = pictures_open(judge->study->app, &judge->set.pictures,
                               (struct pictures_settings){.ahead = AHEAD}, &pictures);
    while (status == STATUS_DONE && !app_interrupted() && pictures_next(pictures, &frame)) {
        status = take_frame(turn, &frame);
        frame_free(&frame);
        turn->at++;
        progress_add(turn->progress, 1);
    }
    pictures_close(&pictures);
    if (status == STATUS_DONE && !app_interrupted() && turn->at < judge->pictures)
        return app_fail(judge->study->app, "%zu pictures to evaluate on came, %zu before", turn->at,
                        judge->pictures);
    return status;
}

static int score_labels(struct turn *turn, octet_evaluation *evaluation,
                        octet_class_evaluation *classes)
{
    const struct study_judge *judge = turn->judge;
    const octet_evaluate_settings settings = {.image_ids = judge->done,
                                              .image_count = judge->done_count};
    const octet_status status =
        octet_evaluate(judge->set.truth, turn->matched, &settings, evaluation, classes);
    return status == OCTET_OK ? STATUS_DONE : fail_context(turn->judge, status);
}

/* The float model's AP, and whether the labels are worth anything. */
static int judge_labels(struct turn *turn)
{
    struct study_judge *judge = turn->judge;
    struct study *study = judge->study;
    const size_t count = octet_truth_class_count(judge->set.truth);
    octet_class_evaluation *classes = app_alloc(count + 1, sizeof *classes);
    octet_evaluation evaluation;
    const int status = score_labels(turn, &evaluation, classes);
    const char *name = NULL;
    size_t with_boxes = 0;
    for (size_t i = 0; i < count && status == STATUS_DONE; i++)
        if (classes[i].boxes) {
            study->labels += classes[i].boxes;
            name = octet_truth_class_get(judge->set.truth, i, NULL);
            with_boxes++;
        }
    free(classes);
    if (status != STATUS_DONE)
        return status;
    if (!study->labels)
        return app_fail(study->app, "the labels have no box in these pictures: there is no AP; "
                                    "--against SOURCE needs no labels");
    if (with_boxes == 1)
        app_say(study->app, "warning: all boxes are of one class (%s): AP is that of this class",
                name);
    study->float_ap = evaluation.ap;
    return STATUS_DONE;
}

/* Whether the float model is sure of enough to agree with. */
static int judge_boxes(struct turn *turn)
{
    struct study *study = turn->judge->study;
    octet_agreement agreement;
    const octet_status status =
        octet_evaluate_agreement(turn->found, turn->found, SURE_SCORE, &agreement);
    if (status != OCTET_OK)
        return fail_context(turn->judge, status);
    if (!agreement.labels)
        return app_fail(study->app, "the float model finds nothing in the pictures to evaluate on: "
                                    "take others");
    if (agreement.labels < LABELS_FEW)
        app_say(study->app, "warning: %zu boxes in %zu pictures say little about agreement",
                agreement.labels, turn->judge->done_count);
    if (!study->labelled)
        study->labels = agreement.labels;
    return STATUS_DONE;
}

static int judge_reference(struct turn *turn)
{
    struct study *study = turn->judge->study;
    study->eval_pictures = turn->judge->done_count;
    if (study->eval_pictures < STUDY_PICTURES_LEAST)
        return app_fail(study->app, "%zu pictures to evaluate on: take %d or more",
                        study->eval_pictures, STUDY_PICTURES_LEAST);
    study->float_ap = NAN;
    int status = study->labelled ? judge_labels(turn) : STATUS_DONE;
    if (status == STATUS_DONE)
        status = judge_boxes(turn);
    turn->judge->reference = turn->found;
    turn->found = NULL;
    return status;
}

int study_judge_float(struct study_judge *judge)
{
    struct study *study = judge->study;
    struct progress progress;
    octet_engine *engine = NULL;
    int done = model_float_engine(study->app, study->model, &engine);
    if (done != STATUS_DONE)
        return done;
    if (study->labelled)
        class_match_find(study->app, engine, judge->set.truth, &judge->classes);
    struct turn turn = {.judge = judge, .engine = engine, .progress = &progress, .is_first = true};
    app_progress(study->app, &progress, "float model", judge->set.pictures.count);
    done = run_all(&turn);
    progress_finish(&progress);
    if (done == STATUS_DONE && !app_interrupted())
        done = judge_reference(&turn);
    close_turn(&turn);
    octet_engine_free(&engine);
    return done;
}

int study_judge_engine(struct study_judge *judge, const octet_engine *engine,
                       struct progress *progress, struct study_sample *sample)
{
    struct turn turn = {.judge = judge, .engine = engine, .progress = progress};
    octet_evaluation evaluation = {.ap = NAN};
    octet_agreement agreement;
    int status = run_all(&turn);
    const bool is_whole = status == STATUS_DONE && !app_interrupted();
    if (is_whole && judge->study->labelled)
        status = score_labels(&turn, &evaluation, NULL);
    if (is_whole && status == STATUS_DONE) {
        const octet_status scored =
            octet_evaluate_agreement(judge->reference, turn.found, SURE_SCORE, &agreement);
        if (scored != OCTET_OK)
            status = fail_context(judge, scored);
    }
    if (is_whole && status == STATUS_DONE) {
        sample->ap = evaluation.ap;
        sample->agreement = agreement.ap;
        sample->done = true;
    }
    close_turn(&turn);
    return status;
}

void study_judge_close(struct study_judge *judge)
{
    class_match_free(&judge->classes);
    octet_detections_free(&judge->reference);
    eval_set_free(&judge->set);
    free(judge->left_out);
    free(judge->done);
}
