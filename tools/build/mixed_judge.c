/* SPDX-License-Identifier: Apache-2.0 */
/* Judges mixed engines, one after another, so that no more than one of them is in memory. What the
 * float engine finds is kept. */
#include "build/mixed_judge.h"

#include <stdlib.h>
#include <string.h>

#include "app/paths.h"
#include "app/progress.h"
#include "app/session_settings.h"
#include "models/eval_coco.h"
#include "models/eval_yaml.h"
#include "pictures/pictures.h"

#define AHEAD 3 /* pictures that are decoded while others are judged */

/* One engine's way over the pictures. */
struct pass {
    struct mixed_judge *judge;
    struct judges judges;
    struct judged_engine engine;
    bool is_first; /* it learns which pictures judge, and data.yaml's labels */
};

static int fail_context(struct app *app, octet_status status)
{
    return app_fail_library(app, status, octet_context_message(app->context));
}

/* ---- the pictures ---- */

/* The id of a frame of the list in the ground truth, by its file's name where the set does not know
 * it; false: it has none. */
static bool find_id(const struct mixed_judge *judge, size_t source, const char *path, int64_t *id)
{
    octet_truth_image image;
    const size_t count = octet_truth_image_count(judge->set.truth);
    if (judge->set.entries) {
        *id = judge->set.entries[source].id;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        octet_truth_image_get(judge->set.truth, i, &image);
        if (strcmp(path_name(image.file_name), path_name(path)) != 0)
            continue;
        *id = image.id;
        return true;
    }
    return false;
}

/* The labels are of pictures of their own. */
static int open_set(struct mixed_judge *judge, const struct mixed_labels *labels)
{
    struct app *app = judge->app;
    struct eval_set *set = &judge->set;
    const char *split = labels->split ? labels->split : "val";
    set->max_bad = judge->request->max_bad;
    judge->known = false;
    const int status = labels->data
                           ? eval_set_open_yaml(app, labels->data, split, set)
                           : eval_set_open_coco(app, labels->annotations, labels->images, set);
    if (status == STATUS_DONE)
        eval_set_sample(set, MIXED_PICTURES_MAX, (uint64_t)judge->request->seed);
    return status;
}

/* Those that measure judge, too. */
static int open_sources(struct mixed_judge *judge)
{
    struct app *app = judge->app;
    const bool quiet = app->quiet;
    app->quiet = quiet || judge->known;
    int status = calibration_sources(app, judge->request, &judge->set.pictures);
    app->quiet = quiet;
    if (status == STATUS_DONE && !sources_have_at_most(&judge->set.pictures, MIXED_PICTURES_MAX))
        status = sources_sample(app, &judge->set.pictures, MIXED_PICTURES_MAX,
                                (uint64_t)judge->request->seed);
    return status;
}

static int open_annotations(struct mixed_judge *judge, const char *annotations)
{
    int64_t id;
    bool any = false;
    const octet_status status =
        octet_truth_load(judge->app->context, annotations, &judge->set.truth);
    if (status != OCTET_OK)
        return fail_context(judge->app, status);
    for (size_t i = 0; i < judge->set.pictures.count && !any; i++)
        any = find_id(judge, i, judge->set.pictures.path[i], &id);
    if (any)
        return STATUS_DONE;
    return app_fail(judge->app,
                    "%s: none of the pictures is in it, by the names of files; give the "
                    "annotations of --images, or --eval-images with their folder",
                    annotations);
}

int mixed_judge_open(struct app *app, const struct calibration_request *request, bool known,
                     const struct mixed_labels *labels, const octet_engine *engine,
                     struct mixed_judge *judge)
{
    *judge = (struct mixed_judge){.app = app, .request = request, .known = known};
    const struct sources *pictures = &judge->set.pictures;
    int status = labels->data || labels->images ? open_set(judge, labels) : open_sources(judge);
    if (status == STATUS_DONE && sources_are_counted(pictures) &&
        sources_have_at_most(pictures, MIXED_PICTURES_LEAST - 1))
        return app_fail(app,
                        "--float-layers auto needs %d pictures or more to judge by, and 32 are "
                        "better; give more with %s",
                        MIXED_PICTURES_LEAST,
                        labels->data     ? "--data"
                        : labels->images ? "--eval-images"
                                         : "--images");
    if (status == STATUS_DONE && labels->annotations && !labels->images)
        status = open_annotations(judge, labels->annotations);
    if (status == STATUS_DONE && judge->set.truth)
        class_match_find(app, engine, judge->set.truth, &judge->classes);
    return status;
}

/* ---- a pass ---- */

/* The first pass tells of what cannot be read. */
static int leave_out(struct pass *pass, const char *message)
{
    struct mixed_judge *judge = pass->judge;
    if (judge->known)
        return STATUS_DONE;
    judge->bad++;
    app_fail(judge->app, "%s", message);
    return judge->set.entries ? eval_set_count_bad(judge->app, &judge->set, 1) : STATUS_DONE;
}

static int add(struct pass *pass, const struct frame *frame)
{
    struct mixed_judge *judge = pass->judge;
    const size_t at = pass->judges.pictures;
    int64_t id = (int64_t)at + 1;
    int status = STATUS_DONE;
    if (!frame->image && frame->status == OCTET_OUT_OF_MEMORY)
        return app_fail(judge->app, "%s", frame->message);
    if (!frame->image)
        return leave_out(pass, frame->message);
    if (judge->set.truth && !find_id(judge, frame->source, frame->label, &id)) {
        judge->unlabelled += pass->is_first;
        return STATUS_DONE;
    }
    if (pass->is_first) {
        judge->ids = app_resize(judge->ids, at + 1, sizeof *judge->ids);
        judge->ids[at] = id;
        if (judge->set.entries)
            status = eval_set_add_picture(judge->app, &judge->set, frame->source, frame->image);
    }
    if (status != STATUS_DONE)
        return status;
    const octet_status added = judges_add_as(&pass->judges, frame->image, id);
    return added == OCTET_OK ? STATUS_DONE
                             : app_fail_library(judge->app, added, pass->judges.message);
}

static int add_all(struct pass *pass)
{
    struct mixed_judge *judge = pass->judge;
    struct pictures *pictures = NULL;
    struct progress progress;
    struct frame frame;
    int status = pictures_open(judge->app, &judge->set.pictures,
                               (struct pictures_settings){.ahead = AHEAD}, &pictures);
    if (status != STATUS_DONE)
        return status;
    app_progress(judge->app, &progress, pass->is_first ? "float model" : "judging a set",
                 judge->set.pictures.count);
    while (status == STATUS_DONE && !app_interrupted() && pictures_next(pictures, &frame)) {
        status = add(pass, &frame);
        frame_free(&frame);
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    pictures_close(&pictures);
    return status == STATUS_DONE && app_interrupted() ? STATUS_FAILED : status;
}

static int run(struct pass *pass, const octet_engine *engine)
{
    struct mixed_judge *judge = pass->judge;
    const octet_session_settings settings =
        app_session_settings(judge->app, NULL, judge->request->size);
    pass->engine.engine = engine;
    octet_status status =
        octet_session_open(judge->app->context, engine, &settings, &pass->engine.session);
    if (status == OCTET_OK)
        status = judges_open(&pass->judges, judge->app->context, &pass->engine, 1, 0);
    if (judge->set.truth)
        pass->judges.classes = &judge->classes;
    return status == OCTET_OK ? add_all(pass) : fail_context(judge->app, status);
}

static void close_pass(struct pass *pass)
{
    judges_close(&pass->judges);
    octet_session_close(&pass->engine.session);
}

/* ---- figures ---- */

static int score(struct mixed_judge *judge, const octet_detections *found, double *percent)
{
    const octet_evaluate_settings settings = {.image_ids = judge->ids,
                                              .image_count = judge->pictures};
    octet_evaluation evaluation = {0};
    octet_agreement agreement = {0};
    const octet_status status =
        judge->set.truth
            ? octet_evaluate(judge->set.truth, found, &settings, &evaluation, NULL)
            : octet_evaluate_agreement(judge->reference, found, SURE_SCORE, &agreement);
    if (status != OCTET_OK && judge->set.truth)
        return app_fail_library(judge->app, status, octet_truth_message(judge->set.truth));
    if (status != OCTET_OK)
        return fail_context(judge->app, status);
    *percent = 100 * (judge->set.truth ? evaluation.ap : agreement.ap);
    judge->boxes = judge->set.truth ? evaluation.boxes : agreement.labels;
    return STATUS_DONE;
}

/* What came of the float engine's pass. */
static int check_reference(struct mixed_judge *judge)
{
    int status = STATUS_DONE;
    if (!judge->known && !judge->set.entries)
        status = calibration_check_bad(judge->app, judge->request, judge->bad,
                                       judge->set.pictures.count);
    judge->known = true;
    if (status == STATUS_DONE && judge->unlabelled)
        app_say(judge->app, "%zu of the pictures are not in the annotations and do not judge",
                judge->unlabelled);
    if (status == STATUS_DONE)
        status = score(judge, judge->reference, &judge->float_percent);
    if (status == STATUS_DONE && judge->set.truth && judge->float_percent < 0)
        return app_fail(judge->app, "the labels have no box in the pictures: without them, "
                                    "agreement judges");
    if (status == STATUS_DONE && !judge->boxes)
        return app_fail(judge->app, "the float model finds nothing in the pictures, so that "
                                    "nothing can agree; give others with --images");
    return status;
}

int mixed_judge_begin(struct mixed_judge *judge, const octet_engine *fp32)
{
    struct pass pass = {.judge = judge, .is_first = true};
    int status = run(&pass, fp32);
    if (status == STATUS_DONE) {
        judge->pictures = pass.judges.pictures;
        judge->reference = pass.judges.found[0];
        pass.judges.found[0] = NULL;
        status = check_reference(judge);
    }
    close_pass(&pass);
    return status;
}

int mixed_judge_run(struct mixed_judge *judge, const octet_engine *engine, double *percent,
                    double *loss)
{
    struct pass pass = {.judge = judge};
    int status = run(&pass, engine);
    if (status == STATUS_DONE)
        status = score(judge, pass.judges.found[0], percent);
    if (status == STATUS_DONE)
        *loss = judge->set.truth ? judge->float_percent - *percent
                                 : (100 - *percent) / AGREEMENT_PER_AP;
    close_pass(&pass);
    return status;
}

void mixed_judge_free(struct mixed_judge *judge)
{
    eval_set_free(&judge->set);
    class_match_free(&judge->classes);
    octet_detections_free(&judge->reference);
    free(judge->ids);
}
