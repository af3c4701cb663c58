/* SPDX-License-Identifier: Apache-2.0 */
/* Judges mixed engines, several in one pass over the pictures, which are decoded once for all. */
#include "build/mixed_judge.h"

#include <stdlib.h>
#include <string.h>

#include "app/progress.h"
#include "pictures/pictures.h"

#define AHEAD 3 /* pictures that are decoded while others are judged */

/* One pass. */
struct pass {
    struct mixed_judge *judge;
    struct judges judges;
    struct judged_engine engines[MIXED_ENGINES_MAX];
    int64_t *ids; /* of the pictures that took part; with labels */
    size_t unlabelled;
};

static int fail_context(struct app *app, octet_status status)
{
    return app_fail_library(app, status, octet_context_message(app->context));
}

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The picture's id in the ground truth, by its file's name; false: it has none. */
static bool find_id(const struct mixed_judge *judge, const char *path, int64_t *id)
{
    octet_truth_image image;
    const size_t count = octet_truth_image_count(judge->truth);
    for (size_t i = 0; i < count; i++) {
        octet_truth_image_get(judge->truth, i, &image);
        if (strcmp(file_of(image.file_name), file_of(path)) != 0)
            continue;
        *id = image.id;
        return true;
    }
    return false;
}

static int open_truth(struct mixed_judge *judge, const char *annotations,
                      const octet_engine *engine)
{
    int64_t id;
    bool any = false;
    const octet_status status = octet_truth_load(judge->app->context, annotations, &judge->truth);
    if (status != OCTET_OK)
        return fail_context(judge->app, status);
    for (size_t i = 0; i < judge->sources.count && !any; i++)
        any = find_id(judge, judge->sources.path[i], &id);
    if (!any)
        return app_fail(judge->app,
                        "%s: none of the pictures is in it, by the names of files; give "
                        "the annotations of --images",
                        annotations);
    class_match_find(judge->app, engine, judge->truth, &judge->classes);
    return STATUS_DONE;
}

int mixed_judge_open(struct app *app, const struct calibration_request *request, bool known,
                     const char *annotations, const octet_engine *engine, struct mixed_judge *judge)
{
    *judge = (struct mixed_judge){.app = app, .request = request, .known = known};
    const bool quiet = app->quiet;
    app->quiet = quiet || known;
    int status = calibration_sources(app, request, &judge->sources);
    app->quiet = quiet;
    if (status == STATUS_DONE && !sources_have_at_most(&judge->sources, MIXED_PICTURES_MAX))
        status = sources_sample(app, &judge->sources, MIXED_PICTURES_MAX, (uint64_t)request->seed);
    if (status == STATUS_DONE && sources_are_counted(&judge->sources) &&
        sources_have_at_most(&judge->sources, MIXED_PICTURES_LEAST - 1))
        return app_fail(app,
                        "--float-layers auto needs %d pictures or more to judge by, and 32 are "
                        "better; give more with --images",
                        MIXED_PICTURES_LEAST);
    if (status == STATUS_DONE && annotations)
        status = open_truth(judge, annotations, engine);
    return status;
}

static int add(struct pass *pass, const struct frame *frame)
{
    struct mixed_judge *judge = pass->judge;
    int64_t id = (int64_t)pass->judges.pictures + 1;
    if (!frame->image && frame->status == OCTET_OUT_OF_MEMORY)
        return app_fail(judge->app, "%s", frame->message);
    if (!frame->image) {
        if (!judge->known && ++judge->bad)
            app_fail(judge->app, "%s", frame->message);
        return STATUS_DONE;
    }
    if (judge->truth && !find_id(judge, frame->label, &id)) {
        pass->unlabelled++;
        return STATUS_DONE;
    }
    if (judge->truth)
        pass->ids[pass->judges.pictures] = id;
    const octet_status status = judges_add_as(&pass->judges, frame->image, id);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(judge->app, status, pass->judges.message);
}

static int add_all(struct pass *pass)
{
    struct mixed_judge *judge = pass->judge;
    struct pictures *pictures = NULL;
    struct progress progress;
    struct frame frame;
    size_t room = judge->sources.count, taken = 0;
    int status = pictures_open(judge->app, &judge->sources,
                               (struct pictures_settings){.ahead = AHEAD}, &pictures);
    if (status != STATUS_DONE)
        return status;
    app_progress(judge->app, &progress, "judging", judge->sources.count);
    while (status == STATUS_DONE && !app_interrupted() && pictures_next(pictures, &frame)) {
        if (judge->truth && (!pass->ids || ++taken > room)) {
            room = taken > room ? 2 * taken : room;
            pass->ids = app_resize(pass->ids, room, sizeof *pass->ids);
        }
        status = add(pass, &frame);
        frame_free(&frame);
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    pictures_close(&pictures);
    if (status == STATUS_DONE && app_interrupted())
        status = app_fail(judge->app, "interrupted: nothing was written");
    if (status == STATUS_DONE && !judge->known)
        status =
            calibration_check_bad(judge->app, judge->request, judge->bad, judge->sources.count);
    if (status == STATUS_DONE && pass->unlabelled && !judge->unlabelled)
        app_say(judge->app, "%zu of the pictures are not in the annotations and do not judge",
                pass->unlabelled);
    judge->unlabelled = pass->unlabelled;
    judge->known = true;
    judge->pictures = pass->judges.pictures;
    return status;
}

static int score_labels(struct pass *pass, size_t count, double *percent)
{
    struct mixed_judge *judge = pass->judge;
    const octet_evaluate_settings settings = {.image_ids = pass->ids,
                                              .image_count = pass->judges.pictures};
    octet_evaluation evaluation;
    for (size_t i = 0; i < count; i++) {
        const octet_status status =
            octet_evaluate(judge->truth, pass->judges.found[i], &settings, &evaluation, NULL);
        if (status != OCTET_OK)
            return app_fail_library(judge->app, status, octet_truth_message(judge->truth));
        if (evaluation.ap < 0)
            return app_fail(judge->app, "the annotations have no box in the pictures: without "
                                        "--annotations, agreement judges");
        percent[i] = 100 * evaluation.ap;
        judge->boxes = evaluation.boxes;
    }
    return STATUS_DONE;
}

static int score_agreement(struct pass *pass, size_t count, double *percent)
{
    const octet_status status = judges_score(&pass->judges, percent);
    if (status != OCTET_OK)
        return app_fail_library(pass->judge->app, status, pass->judges.message);
    pass->judge->boxes = pass->judges.boxes;
    if (!pass->judges.boxes)
        return app_fail(pass->judge->app, "the float model finds nothing in the pictures, so that "
                                          "nothing can agree; give others with --images");
    for (size_t i = 0; i < count; i++)
        percent[i] *= 100;
    return STATUS_DONE;
}

static int open_pass(struct pass *pass, octet_engine *const *engines, size_t count)
{
    struct app *app = pass->judge->app;
    octet_session_settings settings;
    octet_status status = OCTET_OK;
    octet_session_defaults(&settings);
    settings.height = pass->judge->request->size.height;
    settings.width = pass->judge->request->size.width;
    settings.threads = app->threads;
    settings.cpu = app->cpu;
    for (size_t i = 0; i < count && status == OCTET_OK; i++) {
        pass->engines[i].engine = engines[i];
        status = octet_session_open(app->context, engines[i], &settings, &pass->engines[i].session);
    }
    if (status == OCTET_OK)
        status = judges_open(&pass->judges, app->context, pass->engines, count, 0);
    if (pass->judge->truth)
        pass->judges.classes = &pass->judge->classes;
    return status == OCTET_OK ? STATUS_DONE : fail_context(app, status);
}

int mixed_judge_run(struct mixed_judge *judge, octet_engine *const *engines, size_t count,
                    double *percent, double *loss)
{
    struct pass pass = {.judge = judge};
    int status = open_pass(&pass, engines, count);
    if (status == STATUS_DONE)
        status = add_all(&pass);
    if (status == STATUS_DONE)
        status = judge->truth ? score_labels(&pass, count, percent)
                              : score_agreement(&pass, count, percent);
    for (size_t i = 0; i < count && status == STATUS_DONE; i++)
        loss[i] = judge->truth ? percent[0] - percent[i] : (100 - percent[i]) / AGREEMENT_PER_AP;
    judges_close(&pass.judges);
    for (size_t i = 0; i < count; i++)
        octet_session_close(&pass.engines[i].session);
    free(pass.ids);
    return status;
}

void mixed_judge_free(struct mixed_judge *judge)
{
    sources_free(&judge->sources);
    octet_truth_free(&judge->truth);
    class_match_free(&judge->classes);
}
