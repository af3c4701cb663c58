/* SPDX-License-Identifier: Apache-2.0 */
/* octet detect: pictures in batches through a session, in the order of the list. */
#include <stdlib.h>

#include "app/commands.h"
#include "app/progress.h"
#include "app/session_settings.h"
#include "detect/detect_arguments.h"
#include "detect/detect_drift.h"
#include "models/class_list.h"
#include "models/model_file.h"
#include "models/selection.h"
#include "pictures/pictures.h"

/* A picture that stands in a slot of the session. */
struct pending {
    struct frame frame;
    int width, height; /* pixels */
    double preprocess_ms;
};

/* A picture that could not be read: its entry in the report waits for those before it. */
struct bad {
    char *name, *message;
    size_t slot; /* it comes before the picture in this slot */
};

/* All that one call of the verb holds; zeroed parts are not there yet. */
struct detection_run {
    struct app *app;
    const struct detect_arguments *arguments;
    octet_engine *engine;
    octet_session *session;
    octet_detect_settings settings;
    struct class_list classes;
    struct sources sources;
    struct pictures *pictures;
    struct pending *batch; /* arguments->batch of them */
    octet_detection *detections;
    struct detect_files files;
    struct detect_report report;
    struct detect_drift drift;
    struct progress progress;
    struct bad *bad; /* of this batch */
    size_t bad_count, bad_capacity;
    size_t taken, failed; /* pictures */
    size_t next_expected; /* source: those before it have their frames counted */
    size_t lost_sources;  /* films and cameras that failed, wholly or at some point */
};

static int prepare_sources(struct detection_run *run, const struct operands *operands)
{
    const struct detect_arguments *arguments = run->arguments;
    int status = STATUS_DONE;
    for (int i = 1; i < operands->count && status == STATUS_DONE; i++)
        status = sources_add(run->app, &run->sources, operands->text[i]);
    if (status == STATUS_DONE && arguments->every)
        status = sources_take_every(run->app, &run->sources, (size_t)arguments->every);
    if (status == STATUS_DONE && arguments->count)
        status = sources_sample(run->app, &run->sources, (size_t)arguments->count,
                                (uint64_t)arguments->seed);
    if (status == STATUS_DONE && arguments->files.annotations)
        status = sources_refuse_streams(run->app, &run->sources, "--annotations");
    return status;
}

/* What the options say, else the model, else octet. */
static void choose_settings(struct detection_run *run, const char *model)
{
    const struct detect_arguments *arguments = run->arguments;
    octet_detect_settings *settings = &run->settings;
    const int own = octet_engine_detect_settings(run->engine, settings);
    if (arguments->confidence >= 0)
        settings->confidence = arguments->confidence;
    if (arguments->iou >= 0)
        settings->iou = arguments->iou;
    if (arguments->max_detections) {
        settings->max_detections = (int)arguments->max_detections;
        settings->max_per_class = 0;
    }
    settings->class_agnostic = settings->class_agnostic || arguments->class_agnostic;
    settings->classes = run->classes.ids;
    settings->class_count = run->classes.count;
    if (!own || (arguments->confidence >= 0 && arguments->iou >= 0 && arguments->max_detections))
        return;
    char *text = selection_text(settings);
    app_say(run->app,
            "%s: boxes are selected as the model says, which --conf, --iou and --max-det "
            "change: %s",
            model, text);
    free(text);
}

static int choose_classes(struct detection_run *run)
{
    char *problem = class_list_parse(run->engine, run->arguments->classes, &run->classes);
    const int status = problem ? app_usage(run->app, "--classes: %s", problem) : STATUS_DONE;
    free(problem);
    return status;
}

static int prepare_session(struct detection_run *run, const char *model)
{
    struct app *app = run->app;
    const struct detect_arguments *arguments = run->arguments;
    int status = detector_open(app, model, &run->engine);
    if (status == STATUS_DONE && arguments->classes)
        status = choose_classes(run);
    if (status != STATUS_DONE)
        return status;
    octet_session_settings settings = app_session_settings(app, app->device, arguments->size);
    settings.batch = (int)arguments->batch;
    octet_status result = octet_session_open(app->context, run->engine, &settings, &run->session);
    if (result != OCTET_OK)
        return app_fail_library(app, result, octet_context_message(app->context));
    if (arguments->drift)
        status = detect_drift_open(app, model, run->engine, run->session, &run->drift);
    if (status != STATUS_DONE)
        return status;
    choose_settings(run, model);
    run->detections = app_alloc((size_t)run->settings.max_detections, sizeof *run->detections);
    run->batch = app_alloc((size_t)arguments->batch, sizeof *run->batch);
    return STATUS_DONE;
}

static int fail_session(struct detection_run *run, octet_status status)
{
    return app_fail_library(run->app, status, octet_session_message(run->session));
}

static void reject(struct detection_run *run, struct frame *frame, const char *message, size_t slot)
{
    app_fail(run->app, "%s", message);
    if (run->bad_count == run->bad_capacity) {
        run->bad_capacity = run->bad_capacity ? run->bad_capacity * 2 : 16;
        run->bad = app_resize(run->bad, run->bad_capacity, sizeof *run->bad);
    }
    run->bad[run->bad_count++] = (struct bad){app_strdup(frame->label), app_strdup(message), slot};
    run->failed += !frame->is_whole_source;
    run->lost_sources += frame->is_whole_source;
    progress_add(&run->progress, frame->is_whole_source ? 0 : 1);
    frame_free(frame);
}

static void free_bad(struct bad *bad)
{
    free(bad->name);
    free(bad->message);
}

/* Reports the bad pictures that come before `slot` and were not reported yet, from `*next` on. */
static int report_bad(struct detection_run *run, size_t slot, size_t *next)
{
    int status = STATUS_DONE;
    for (; *next < run->bad_count && run->bad[*next].slot <= slot; ++*next) {
        struct bad *bad = &run->bad[*next];
        if (status == STATUS_DONE)
            status = detect_report_add_bad(&run->report, bad->name, bad->message);
        free_bad(bad);
    }
    return status;
}

/* Takes a picture, or a film's planes, into a slot. */
static octet_status set_slot(struct detection_run *run, size_t slot, const struct frame *frame)
{
    return frame->held ? octet_session_set_frame(run->session, (int)slot, &frame->planes)
                       : octet_session_set_image(run->session, (int)slot, frame->image);
}

/* A film counts as one picture until its first frame tells how many there are. */
static void expect_frames(struct detection_run *run, const struct frame *frame)
{
    if (!frame->is_film || frame->source < run->next_expected)
        return;
    run->next_expected = frame->source + 1;
    if (frame->expected > 1)
        run->progress.total += frame->expected - 1;
}

/* Letterboxes the next pictures into the session's slots until the batch is full or none is left.
 * Those that cannot be read or letterboxed are reported and left out.
 * Returns how many there are. */
static size_t fill_batch(struct detection_run *run)
{
    size_t count = 0, batch = (size_t)run->arguments->batch;
    while (count < batch && pictures_next(run->pictures, &run->batch[count].frame)) {
        struct pending *pending = &run->batch[count];
        run->taken += !pending->frame.is_whole_source;
        expect_frames(run, &pending->frame);
        if (!frame_is_read(&pending->frame)) {
            reject(run, &pending->frame, pending->frame.message, count);
            continue;
        }
        double start_ms = app_now_ms();
        if (set_slot(run, count, &pending->frame) != OCTET_OK) {
            char *message =
                app_printf("%s: %s", pending->frame.label, octet_session_message(run->session));
            reject(run, &pending->frame, message, count);
            free(message);
            continue;
        }
        pending->preprocess_ms = app_now_ms() - start_ms;
        const bool is_planes = pending->frame.held != NULL;
        pending->width =
            is_planes ? pending->frame.planes.width : octet_image_width(pending->frame.image);
        pending->height =
            is_planes ? pending->frame.planes.height : octet_image_height(pending->frame.image);
        count++;
    }
    /* Slots left over take the last picture again, so that a run never reads old ones. */
    for (size_t i = count; count > 0 && i < batch; i++)
        set_slot(run, i, &run->batch[count - 1].frame);
    /* Their memory serves the next ones. */
    for (size_t i = 0; i < count && !detect_files_need_image(&run->files); i++) {
        octet_image_free(&run->batch[i].frame.image);
        frame_release(&run->batch[i].frame);
    }
    return count;
}

/* Reports the picture in `slot`, and writes its files. One that cannot be written ends the run. */
static int finish_picture(struct detection_run *run, size_t slot, double inference_ms)
{
    int count = 0;
    struct pending *pending = &run->batch[slot];
    struct frame *frame = &pending->frame;
    double start_ms = app_now_ms();
    octet_status status =
        octet_session_detect(run->session, (int)slot, &run->settings, run->detections,
                             run->settings.max_detections, &count);
    double postprocess_ms = app_now_ms() - start_ms;
    if (status != OCTET_OK)
        return fail_session(run, status);
    const struct detect_result result = {
        .path = frame->label,
        .film = frame->is_film ? run->sources.path[frame->source] : NULL,
        .frame = frame->index,
        .time_s = frame->time_s,
        .is_live = frame->is_live,
        .dropped = frame->dropped,
        .width = pending->width,
        .height = pending->height,
        .detections = run->detections,
        .count = count,
        .drift = run->drift.engine ? &run->drift.watch.state : NULL,
        .times = {frame->decode_ms, pending->preprocess_ms, inference_ms, postprocess_ms}};
    int ended = detect_report_add(&run->report, &result);
    if (ended == STATUS_DONE)
        ended = detect_files_add(&run->files, frame, &result);
    progress_add(&run->progress, 1);
    return ended;
}

/* Runs the batch, and reports its pictures and the bad ones among them in the order of the list. */
static int run_batch(struct detection_run *run, size_t count)
{
    size_t next_bad = 0;
    double start_ms = app_now_ms();
    if (count)
        detect_drift_before(&run->drift, run->batch[0].width, run->batch[0].height);
    octet_status status = count ? octet_session_run(run->session) : OCTET_OK;
    double each_ms = count ? (app_now_ms() - start_ms) / (double)count : 0;
    if (count)
        detect_drift_after(&run->drift, run->batch[0].frame.label);
    int ended = status == OCTET_OK ? STATUS_DONE : fail_session(run, status);
    for (size_t i = 0; i < count && ended == STATUS_DONE; i++) {
        ended = report_bad(run, i, &next_bad);
        if (ended == STATUS_DONE)
            ended = finish_picture(run, i, each_ms);
    }
    if (ended == STATUS_DONE)
        ended = report_bad(run, count, &next_bad);
    for (; next_bad < run->bad_count; next_bad++)
        free_bad(&run->bad[next_bad]);
    run->bad_count = 0;
    return ended;
}

static int finish_files(struct detection_run *run)
{
    app_hold_signals();
    int status = detect_files_commit(&run->files, run->report.pictures);
    app_release_signals();
    if (status == STATUS_DONE && run->failed)
        status =
            app_fail(run->app, "%zu of %zu pictures could not be read", run->failed, run->taken);
    return status == STATUS_DONE && run->lost_sources ? STATUS_FAILED : status;
}

static int run_all(struct detection_run *run)
{
    const struct detect_arguments *arguments = run->arguments;
    size_t count;
    const struct pictures_settings settings = {(size_t)arguments->batch, true};
    int status = pictures_open(run->app, &run->sources, settings, &run->pictures);
    if (status != STATUS_DONE)
        return status;
    detect_report_begin(&run->report, run->app, arguments->format, run->engine, &run->sources);
    app_progress(run->app, &run->progress, "detecting", run->sources.count);
    do {
        count = fill_batch(run);
        app_hold_signals(); /* what was read is finished; the next ones may never come */
        status = run_batch(run, count);
        app_release_signals();
        for (size_t i = 0; i < count; i++)
            frame_free(&run->batch[i].frame);
    } while (status == STATUS_DONE && !app_interrupted() && count > 0);
    progress_finish(&run->progress);
    detect_report_end(&run->report);
    detect_drift_end(&run->drift);
    return status == STATUS_DONE ? finish_files(run) : status;
}

int cmd_detect(struct app *app, int argc, char **argv)
{
    struct detect_arguments arguments;
    struct operands operands;
    int status = detect_arguments_parse(app, argc, argv, &arguments, &operands);
    if (status >= 0)
        return status;
    struct detection_run run = {.app = app, .arguments = &arguments};
    status = prepare_sources(&run, &operands);
    if (status == STATUS_DONE)
        status =
            detect_files_open(&run.files, app, operands.text[0], &arguments.files, &run.sources);
    if (status == STATUS_DONE)
        status = prepare_session(&run, operands.text[0]);
    if (status == STATUS_DONE)
        status = detect_files_begin(&run.files, run.engine);
    if (status == STATUS_DONE)
        status = run_all(&run);
    pictures_close(&run.pictures);
    detect_files_close(&run.files);
    detect_drift_close(&run.drift);
    octet_session_close(&run.session);
    octet_engine_free(&run.engine);
    sources_free(&run.sources);
    free(run.classes.ids);
    free(run.bad);
    free(run.batch);
    free(run.detections);
    return status;
}
