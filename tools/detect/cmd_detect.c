/* SPDX-License-Identifier: Apache-2.0 */
/* octet detect: pictures in batches through a session, in the order of the list. */
#include <stdlib.h>

#include "app/commands.h"
#include "app/progress.h"
#include "app/session_settings.h"
#include "detect/detect_arguments.h"
#include "detect/detect_window.h"
#include "models/class_list.h"
#include "models/model_file.h"
#include "models/selection.h"
#include "pictures/pictures.h"

/* A picture that could not be read: its entry in the report waits for those before it. */
struct bad {
    char *name, *message;
    size_t seat; /* it comes before the picture in this place of the window */
};

/* All that one call of the verb holds; zeroed parts are not there yet. */
struct detection_run {
    struct app *app;
    const struct detect_arguments *arguments;
    octet_engine *engine;
    struct detect_window window;
    octet_detect_settings settings;
    struct class_list classes;
    struct sources sources;
    struct pictures *pictures;
    struct detect_files files;
    struct detect_report report;
    struct detect_drift drift;
    struct progress progress;
    struct bad *bad; /* among those of the window */
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
    status = detect_window_open(&run->window, app, run->engine, &settings, arguments->rect);
    if (status == STATUS_DONE && arguments->drift)
        status = detect_drift_open(app, model, run->engine, &run->drift);
    if (status != STATUS_DONE)
        return status;
    choose_settings(run, model);
    detect_window_begin(&run->window, &run->settings, &run->drift,
                        detect_files_need_image(&run->files));
    return STATUS_DONE;
}

static void reject(struct detection_run *run, struct frame *frame, const char *message)
{
    app_fail(run->app, "%s", message);
    if (run->bad_count == run->bad_capacity) {
        run->bad_capacity = run->bad_capacity ? run->bad_capacity * 2 : 16;
        run->bad = app_resize(run->bad, run->bad_capacity, sizeof *run->bad);
    }
    run->bad[run->bad_count++] =
        (struct bad){app_strdup(frame->label), app_strdup(message), run->window.count};
    run->failed += !frame->is_whole_source;
    run->lost_sources += frame->is_whole_source;
    progress_add(&run->progress, frame->is_whole_source ? 0 : 1);
    frame_free(frame);
}

/* Reports the bad pictures that come before `seat` and were not reported yet, from `*next` on. */
static int report_bad(struct detection_run *run, size_t seat, size_t *next)
{
    int status = STATUS_DONE;
    for (; *next < run->bad_count && run->bad[*next].seat <= seat; ++*next) {
        const struct bad *bad = &run->bad[*next];
        if (status == STATUS_DONE)
            status = detect_report_add_bad(&run->report, bad->name, bad->message);
    }
    return status;
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

/* Takes the next pictures until the window is full or none is left. Those that cannot be read or
 * letterboxed are reported and left out. */
static int fill_window(struct detection_run *run)
{
    struct frame frame;
    int status = STATUS_DONE;
    while (status == STATUS_DONE && !detect_window_is_full(&run->window) &&
           pictures_next(run->pictures, &frame)) {
        char *problem = NULL;
        run->taken += !frame.is_whole_source;
        expect_frames(run, &frame);
        if (frame_is_read(&frame)) {
            app_hold_signals();
            status = detect_window_take(&run->window, &frame, &problem);
            app_release_signals();
        }
        if (problem || frame.message)
            reject(run, &frame, problem ? problem : frame.message);
        free(problem);
        frame_free(&frame);
    }
    return status;
}

/* Reports a picture that was run, and writes its files. One that cannot be written ends the run. */
static int finish_picture(struct detection_run *run, struct seated_picture *picture)
{
    struct frame *frame = &picture->frame;
    const struct detect_result result = {
        .path = frame->label,
        .film = frame->is_film ? run->sources.path[frame->source] : NULL,
        .frame = frame->index,
        .time_s = frame->time_s,
        .is_live = frame->is_live,
        .dropped = frame->dropped,
        .width = picture->width,
        .height = picture->height,
        .where = run->arguments->rect ? &picture->where : NULL,
        .detections = picture->detections,
        .count = picture->count,
        .drift = run->drift.engine ? &run->drift.watch.state : NULL,
        .times = picture->times};
    int ended = detect_report_add(&run->report, &result);
    if (ended == STATUS_DONE)
        ended = detect_files_add(&run->files, frame, &result);
    progress_add(&run->progress, 1);
    return ended;
}

/* Reports the window's pictures and the bad ones among them in the order of the list. */
static int report_window(struct detection_run *run)
{
    struct detect_window *window = &run->window;
    size_t next_bad = 0;
    int ended = STATUS_DONE;
    for (size_t i = 0; i < window->count && ended == STATUS_DONE; i++) {
        ended = report_bad(run, i, &next_bad);
        if (ended == STATUS_DONE)
            ended = finish_picture(run, &window->pictures[i]);
    }
    return ended == STATUS_DONE ? report_bad(run, window->count, &next_bad) : ended;
}

static void empty_window(struct detection_run *run)
{
    for (size_t i = 0; i < run->bad_count; i++) {
        free(run->bad[i].name);
        free(run->bad[i].message);
    }
    run->bad_count = 0;
    detect_window_empty(&run->window);
}

/* The next pictures, as far as the window goes. */
static int run_window(struct detection_run *run)
{
    int status = fill_window(run);
    app_hold_signals(); /* what was read is finished; the next ones may never come */
    if (status == STATUS_DONE)
        status = detect_window_run(&run->window);
    if (status == STATUS_DONE)
        status = report_window(run);
    app_release_signals();
    return status;
}

static void say_sizes(const struct detection_run *run)
{
    if (!run->arguments->rect || !run->window.tally.count || run->app->output_failed)
        return;
    char *text = size_tally_text(&run->window.tally);
    app_say(run->app, "input sizes (pictures): %s", text);
    free(text);
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
    bool more;
    const struct pictures_settings settings = {(size_t)arguments->batch, true};
    int status = pictures_open(run->app, &run->sources, settings, &run->pictures);
    if (status != STATUS_DONE)
        return status;
    detect_report_begin(&run->report, run->app, arguments->format, run->engine, &run->sources);
    app_progress(run->app, &run->progress, "detecting", run->sources.count);
    do {
        status = run_window(run);
        more = run->window.count > 0;
        empty_window(run);
    } while (status == STATUS_DONE && !app_interrupted() && more);
    progress_finish(&run->progress);
    detect_report_end(&run->report);
    say_sizes(run);
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
    detect_window_close(&run.window);
    octet_engine_free(&run.engine);
    sources_free(&run.sources);
    free(run.classes.ids);
    free(run.bad);
    return status;
}
