/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers what other pictures make of a model's tensors, in float or as an engine's codes, and has
 * the ranges compared with it. */
#include "models/range_check.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "app/progress.h"
#include "models/code_watch.h"
#include "models/model_file.h"
#include "models/range_report.h"
#include "pictures/pictures.h"

#define AHEAD 3 /* pictures that are decoded while others are run */

/* All that one check holds. */
struct checking {
    struct app *app;
    const struct range_check *check;
    octet_engine *engine;
    octet_statistics *statistics, *others;
    octet_range_fit *ranges;
    struct range_report report;
};

static int fail_context(struct checking *c, octet_status status)
{
    return app_fail_library(c->app, status, octet_context_message(c->app->context));
}

static int check_count(struct checking *c)
{
    if (c->report.pictures >= CHECK_PICTURES_MIN)
        return STATUS_DONE;
    return app_fail(c->app, "%s: %lld picture%s, and a verdict needs %d or more", c->report.others,
                    (long long)c->report.pictures, c->report.pictures == 1 ? "" : "s",
                    CHECK_PICTURES_MIN);
}

/* What is no model either says so itself: empty, cut short, a picture. */
static int refuse_subject(struct checking *c, enum file_kind kind)
{
    octet_model *model = NULL;
    octet_status status = OCTET_OK;
    if (kind == FILE_ONNX)
        status = octet_model_load(c->app->context, c->check->path, &model);
    octet_model_free(&model);
    if (status != OCTET_OK)
        return fail_context(c, status);
    return app_fail(c->app, "%s is %s: only statistics and INT8 engines have ranges to check",
                    c->check->path, file_kind_name(kind));
}

static int open_subject(struct checking *c)
{
    enum file_kind kind;
    int status = file_kind_of(c->app, c->check->path, &kind);
    if (status != STATUS_DONE)
        return status;
    octet_status opened = OCTET_OK;
    if (kind == FILE_STATISTICS)
        opened = octet_statistics_load(c->app->context, c->check->path, &c->statistics);
    else if (kind == FILE_ENGINE)
        opened = octet_engine_load(c->app->context, c->check->path, &c->engine);
    else
        return refuse_subject(c, kind);
    if (opened != OCTET_OK)
        return fail_context(c, opened);
    if (c->engine && c->check->calibrator)
        return app_usage(c->app, "--calibrator goes with statistics; an engine has its ranges");
    return STATUS_DONE;
}

/* ---- statistics of the others ---- */

static int load_others(struct checking *c)
{
    const octet_status loaded =
        octet_statistics_load(c->app->context, c->report.others, &c->others);
    return loaded == OCTET_OK ? STATUS_DONE : fail_context(c, loaded);
}

static int gather_others(struct checking *c)
{
    octet_model *model = NULL;
    struct calibration_result result = {0};
    int status = model_open(c->app, c->check->model, &model);
    if (status == STATUS_DONE)
        status = calibration_run(c->app, model, &c->check->others, &result);
    c->others = result.statistics;
    octet_model_free(&model);
    return status;
}

static int compare(struct checking *c)
{
    octet_statistics_info info;
    octet_statistics_info_get(c->others, &info);
    c->report.pictures = info.image_count;
    if (check_count(c) != STATUS_DONE)
        return STATUS_FAILED;
    c->ranges = app_alloc((size_t)info.tensor_count, sizeof *c->ranges);
    const octet_status status =
        octet_ranges_fit(c->app->context, c->statistics, c->check->calibrator, c->engine, c->others,
                         c->ranges, &c->report.fit);
    if (status == OCTET_OK)
        return STATUS_DONE;
    if (status == OCTET_MISMATCH && c->check->model)
        return app_fail(c->app, "%s is of another model than %s: give the ONNX file it was made of",
                        c->check->path, c->check->model);
    return app_fail(c->app, "%s: %s", c->check->path, octet_context_message(c->app->context));
}

/* ---- an engine's codes ---- */

/* Looks at one picture; one that cannot be read is told and left out. */
static int watch_picture(struct checking *c, octet_session *session, struct code_watch *watch,
                         const struct frame *frame, size_t *failed)
{
    octet_status status = frame->status;
    const char *message = frame->message;
    if (frame->image) {
        status = octet_session_set_image(session, 0, frame->image);
        message = octet_session_message(session);
    }
    if (status == OCTET_OUT_OF_MEMORY)
        return app_fail(c->app, "%s", message);
    if (status != OCTET_OK) {
        ++*failed;
        if (frame->image)
            app_fail(c->app, "%s: %s", frame->label, message);
        else
            app_fail(c->app, "%s", message);
        return STATUS_DONE;
    }
    code_watch_begin(watch, session, octet_image_width(frame->image),
                     octet_image_height(frame->image));
    status = octet_session_run(session);
    code_watch_end(watch, session);
    if (status != OCTET_OK)
        return app_fail_library(c->app, status, octet_session_message(session));
    c->report.pictures++;
    return STATUS_DONE;
}

static int watch_pictures(struct checking *c, octet_session *session, struct code_watch *watch,
                          struct sources *sources)
{
    struct pictures *pictures = NULL;
    struct progress progress;
    struct frame frame;
    size_t failed = 0;
    int status =
        pictures_open(c->app, sources, (struct pictures_settings){.ahead = AHEAD}, &pictures);
    if (status != STATUS_DONE)
        return status;
    app_progress(c->app, &progress, "checking", sources->count);
    while (status == STATUS_DONE && !app_interrupted() && pictures_next(pictures, &frame)) {
        status = watch_picture(c, session, watch, &frame, &failed);
        frame_free(&frame);
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    pictures_close(&pictures);
    if (status != STATUS_DONE)
        return status;
    if (app_interrupted())
        return app_fail(c->app, "interrupted: no verdict");
    status = calibration_check_bad(c->app, &c->check->others, failed,
                                   (size_t)c->report.pictures + failed);
    return status == STATUS_DONE ? check_count(c) : status;
}

static int open_session(struct checking *c, octet_session **session)
{
    octet_session_settings settings;
    octet_session_defaults(&settings);
    settings.height = c->check->others.size.height;
    settings.width = c->check->others.size.width;
    settings.threads = c->app->threads;
    settings.cpu = c->app->cpu;
    settings.device = c->app->device;
    const octet_status opened = octet_session_open(c->app->context, c->engine, &settings, session);
    return opened == OCTET_OK ? STATUS_DONE : fail_context(c, opened);
}

static int watch_codes(struct checking *c)
{
    octet_info info;
    struct sources sources = {0};
    struct code_watch watch = {0};
    octet_session *session = NULL;
    int status = open_session(c, &session);
    if (status == STATUS_DONE)
        status = code_watch_open(c->app, c->check->path, c->engine, &watch);
    if (status == STATUS_DONE)
        status = calibration_sources(c->app, &c->check->others, &sources);
    if (status == STATUS_DONE)
        status = watch_pictures(c, session, &watch, &sources);
    if (status == STATUS_DONE) {
        octet_engine_info(c->engine, &info);
        c->report.by_codes = true;
        c->ranges = app_alloc((size_t)info.layer_count, sizeof *c->ranges);
        octet_drift_fit(watch.drift, c->ranges, &c->report.fit);
    }
    code_watch_close(&watch);
    octet_session_close(&session);
    sources_free(&sources);
    return status;
}

/* ---- the whole ---- */

/* Whether it is one file, of statistics; an engine and what cannot be opened are refused. Whatever
 * else there is, is told by who reads pictures. */
static int find_statistics(struct checking *c, bool *is)
{
    const struct texts *images = &c->check->others.images;
    struct stat entry;
    enum file_kind kind;
    *is = false;
    if (images->count != 1 || stat(images->text[0], &entry) != 0 || !S_ISREG(entry.st_mode))
        return STATUS_DONE;
    const int status = file_kind_of(c->app, images->text[0], &kind);
    if (status != STATUS_DONE)
        return status;
    *is = kind == FILE_STATISTICS;
    if (kind != FILE_ENGINE && kind != FILE_CACHE && kind != FILE_TRAINING)
        return STATUS_DONE;
    return app_fail(c->app, "%s is %s: ranges are compared with statistics or pictures",
                    images->text[0], file_kind_name(kind));
}

static int look_at_others(struct checking *c)
{
    bool is;
    int status = find_statistics(c, &is);
    if (status != STATUS_DONE)
        return status;
    if (!is && !c->check->model && c->engine)
        return watch_codes(c);
    if (!is && !c->check->model)
        return app_usage(c->app, "pictures are run through the float model: which one? (%s)",
                         "--model MODEL.onnx");
    status = is ? load_others(c) : gather_others(c);
    return status == STATUS_DONE ? compare(c) : status;
}

int range_check(struct app *app, const struct range_check *check, bool *fits)
{
    struct checking c = {.app = app,
                         .check = check,
                         .report = {.path = check->path, .others = check->others.images.text[0]}};
    int status = open_subject(&c);
    if (status == STATUS_DONE)
        status = look_at_others(&c);
    c.report.ranges = c.ranges;
    if (status == STATUS_DONE)
        status = range_report_print(app, &c.report);
    *fits = c.report.fit.fits;
    free(c.ranges);
    octet_statistics_free(&c.others);
    octet_statistics_free(&c.statistics);
    octet_engine_free(&c.engine);
    return status;
}
