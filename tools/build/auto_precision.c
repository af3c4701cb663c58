/* SPDX-License-Identifier: Apache-2.0 */
/* The way of `--precision auto`: candidates are built, timed, judged on pictures; one is chosen. */
#include "build/auto_precision.h"

#include "app/progress.h"
#include "build/judges.h"
#include "pictures/pictures.h"

#define AHEAD 3 /* pictures that are decoded while others are judged */
#define JUDGING_PICTURES_MAX 50
#define BOXES_FEW 30 /* say little */

struct judging {
    struct app *app;
    const struct candidate_request *request;
    struct judges judges;
    size_t bad; /* pictures that could not be read */
};

static int fail(struct judging *judging, octet_status status)
{
    return app_fail_library(judging->app, status, judging->judges.message);
}

static int judge_on(struct judging *judging, const struct frame *frame)
{
    if (frame->image) {
        const octet_status status = judges_add(&judging->judges, frame->image);
        return status == OCTET_OK ? STATUS_DONE : fail(judging, status);
    }
    if (frame->status == OCTET_OUT_OF_MEMORY)
        return app_fail(judging->app, "%s", frame->message);
    if (!judging->request->judges_known && ++judging->bad)
        app_fail(judging->app, "%s", frame->message);
    return STATUS_DONE;
}

static int judge_on_all(struct judging *judging, const struct sources *sources)
{
    struct pictures *pictures = NULL;
    struct progress progress;
    struct frame frame;
    int status =
        pictures_open(judging->app, sources, (struct pictures_settings){.ahead = AHEAD}, &pictures);
    if (status != STATUS_DONE)
        return status;
    app_progress(judging->app, &progress, "judging", sources->count);
    while (status == STATUS_DONE && !app_interrupted() && pictures_next(pictures, &frame)) {
        status = judge_on(judging, &frame);
        frame_free(&frame);
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

static int score(struct judging *judging, struct candidates *candidates)
{
    double ap[CANDIDATES_MAX];
    const octet_status status = judges_score(&judging->judges, ap);
    if (status != OCTET_OK)
        return fail(judging, status);
    candidates->pictures = judging->judges.pictures;
    candidates->boxes = judging->judges.boxes;
    for (int i = 0; i < candidates->count && candidates->boxes; i++)
        candidates->all[i].agreement = 100 * ap[i];
    return STATUS_DONE;
}

/* The pictures of the calibration, or some of them. */
static int choose_judges(struct judging *judging, struct sources *sources)
{
    struct app *app = judging->app;
    const struct calibration_request *judges = judging->request->judges;
    const bool quiet = app->quiet;
    app->quiet = quiet || judging->request->judges_known;
    int status = calibration_sources(app, judges, sources);
    app->quiet = quiet;
    if (status == STATUS_DONE && !sources_have_at_most(sources, JUDGING_PICTURES_MAX))
        status = sources_sample(app, sources, JUDGING_PICTURES_MAX, (uint64_t)judges->seed);
    return status;
}

static int judge(struct app *app, const struct candidate_request *request,
                 struct candidates *candidates)
{
    struct judging judging = {.app = app, .request = request};
    struct judged_engine engines[CANDIDATES_MAX];
    struct sources sources = {0};
    for (int i = 0; i < candidates->count; i++)
        engines[i] = (struct judged_engine){candidates->all[i].engine, candidates->all[i].session};
    int status = choose_judges(&judging, &sources);
    if (status == STATUS_DONE) {
        const octet_status opened = judges_open(&judging.judges, app->context, engines,
                                                (size_t)candidates->count, CANDIDATE_REFERENCE);
        status = opened == OCTET_OK ? STATUS_DONE : fail(&judging, opened);
    }
    if (status == STATUS_DONE)
        status = judge_on_all(&judging, &sources);
    if (status == STATUS_DONE)
        status = score(&judging, candidates);
    if (status == STATUS_DONE && candidates->boxes == 0)
        app_say(app, "warning: the float model finds nothing in the pictures: only speed decides");
    else if (status == STATUS_DONE && candidates->boxes < BOXES_FEW)
        app_say(app, "warning: %zu boxes in %zu pictures say little about agreement",
                candidates->boxes, candidates->pictures);
    judges_close(&judging.judges);
    sources_free(&sources);
    return status;
}

int auto_precision(struct app *app, const struct candidate_request *request,
                   struct candidates *candidates)
{
    int status = candidates_build(app, request, candidates);
    if (status == STATUS_DONE)
        status = candidates_time(app, candidates);
    if (status == STATUS_DONE && request->judges->images.count)
        status = judge(app, request, candidates);
    if (status == STATUS_DONE && !request->judges->images.count)
        app_say(app, "warning: no pictures: only speed decides; with --images SOURCE the "
                     "engines are judged, too");
    candidates_choose(candidates);
    return status;
}
