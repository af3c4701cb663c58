/* SPDX-License-Identifier: Apache-2.0 */
/* octet watch: many cameras on one box. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/commands.h"
#include "models/model_file.h"
#include "watch/camera_reader.h"
#include "watch/detect_worker.h"
#include "watch/watch_arguments.h"
#include "watch/watch_pages.h"
#include "watch/watch_report.h"

#define SLICE_MS 20 /* so often the main thread looks whether it is over */

/* All that is open. */
struct run {
    struct app *app;
    struct watch_arguments *arguments;
    octet_engine *engine;
    struct camera_list cameras;
    struct watch watch;
    struct watch_pages *pages;
    struct detect_worker **workers;
    struct camera_reader **readers;
    struct watch_span span;
};

/* One worker a core, but no more than there are cameras: what a camera gives is looked at in its
 * order. Where there are fewer cameras than cores, each network has several. */
static void choose_workers(struct run *run)
{
    struct app *app = run->app;
    octet_machine machine;
    int gpu = -1;
    octet_machine_get(&machine);
    octet_machine_device(app->device, &gpu);
    const int cores = app->threads ? app->threads : machine.threads;
    const int useful = gpu >= 0 ? 2 : cores; /* one works while the other's frame is brought in */
    int workers = run->arguments->workers ? (int)run->arguments->workers : useful;
    if ((size_t)workers > run->cameras.count)
        workers = (int)run->cameras.count;
    run->span.workers = workers;
    run->span.threads = gpu >= 0 || cores / workers < 1 ? 1 : cores / workers;
}

/* A class that the model lacks is wrong usage where the command line names it. */
static int find_classes(struct run *run)
{
    const char *given = run->arguments->camera.classes;
    for (size_t i = 0; i < run->cameras.count; i++) {
        struct camera_settings *camera = &run->cameras.cameras[i];
        if (!camera->classes)
            continue;
        char *problem = class_list_parse(run->engine, camera->classes, &camera->class_list);
        if (!problem)
            continue;
        const bool is_usage = given && strcmp(given, camera->classes) == 0;
        const int status = is_usage
                               ? app_usage(run->app, "--classes: %s", problem)
                               : app_fail(run->app, "classes of %s: %s", camera->name, problem);
        free(problem);
        return status;
    }
    return STATUS_DONE;
}

static int open_drift(struct run *run)
{
    struct watch *watch = &run->watch;
    int status = STATUS_DONE;
    for (size_t i = 0; watch->settings.drift && i < watch->count && status == STATUS_DONE; i++)
        status = code_watch_open(run->app, watch->engine_path, run->engine,
                                 &watch->cameras[i].drift.codes);
    return status;
}

static void open_desk(struct run *run)
{
    struct watch *watch = &run->watch;
    double *weights = app_alloc(run->cameras.count, sizeof *weights);
    watch->count = run->cameras.count;
    watch->cameras = app_alloc(watch->count, sizeof *watch->cameras);
    for (size_t i = 0; i < watch->count; i++) {
        watch->cameras[i].settings = &run->cameras.cameras[i];
        camera_counts_open(&watch->cameras[i].counts);
        weights[i] = run->cameras.cameras[i].weight;
    }
    watch->desk = desk_open(&(struct desk_settings){.weights = weights,
                                                    .cameras = watch->count,
                                                    .workers = (size_t)run->span.workers,
                                                    .max_age_ms = watch->settings.max_age_ms});
    free(weights);
}

static int start_workers(struct run *run)
{
    const struct worker_settings settings = {run->arguments->size, run->arguments->rect,
                                             run->span.threads};
    run->workers = app_alloc((size_t)run->span.workers, sizeof *run->workers);
    for (int i = 0; i < run->span.workers; i++) {
        run->workers[i] = detect_worker_start(&run->watch, &settings);
        if (!run->workers[i])
            return STATUS_FAILED;
    }
    const octet_session *session = detect_worker_session(run->workers[0]);
    run->span.device = octet_session_device(session);
    run->span.kernels = octet_session_cpu(session);
    return STATUS_DONE;
}

static int start_readers(struct run *run)
{
    run->readers = app_alloc(run->watch.count, sizeof *run->readers);
    for (size_t i = 0; i < run->watch.count; i++) {
        run->readers[i] = camera_reader_start(&run->watch, i);
        if (!run->readers[i])
            return STATUS_FAILED;
    }
    return STATUS_DONE;
}

static void say_start(const struct run *run)
{
    octet_info info;
    octet_engine_info(run->engine, &info);
    const struct watch_span *span = &run->span;
    app_say(run->app, "%zu camera%s, %d worker%s with %d thread%s each, %s on %s", run->watch.count,
            run->watch.count == 1 ? "" : "s", span->workers, span->workers == 1 ? "" : "s",
            span->threads, span->threads == 1 ? "" : "s", precision_name(info.precision),
            span->device);
}

static bool films_are_over(const struct run *run)
{
    for (size_t i = 0; i < run->watch.count; i++)
        if (!camera_reader_is_over(run->readers[i]))
            return false;
    return desk_is_empty(run->watch.desk);
}

static void wait_for_end(struct run *run)
{
    const double duration_ms = run->arguments->duration_s * 1e3;
    const struct timespec pause = {0, SLICE_MS * 1000000L};
    while (!app_interrupted() && !films_are_over(run) &&
           !watch_outputs_are_useless(run->watch.outputs) &&
           !(duration_ms > 0 && app_now_ms() - run->span.start_ms >= duration_ms))
        nanosleep(&pause, NULL);
}

static void stop(struct run *run)
{
    app_hold_signals(); /* closing cameras takes its time */
    atomic_store(&run->watch.is_ending, true);
    for (size_t i = 0; run->readers && i < run->watch.count; i++)
        camera_reader_join(&run->readers[i]);
    if (run->watch.desk)
        desk_end(run->watch.desk);
    for (int i = 0; run->workers && i < run->span.workers; i++)
        detect_worker_join(&run->workers[i]);
    watch_pages_close(&run->pages);
}

/* A film that could not be read is a failure, as is a reader that went away; a camera that is lost
 * now is none. */
static int judge(const struct run *run)
{
    int status = watch_outputs_are_useless(run->watch.outputs) ? STATUS_FAILED : STATUS_DONE;
    for (size_t i = 0; i < run->watch.count; i++)
        if (camera_counts_get(&run->watch.cameras[i].counts).state == CAMERA_FAILED)
            status = STATUS_FAILED;
    return status;
}

/* With cameras and an engine. */
static int watch_them(struct run *run)
{
    struct watch *watch = &run->watch;
    const struct watch_targets *targets = &run->arguments->targets;
    open_desk(run);
    int status = open_drift(run);
    if (status == STATUS_DONE)
        status = watch_outputs_open(run->app, targets, &watch->outputs);
    if (status == STATUS_DONE)
        status = start_workers(run);
    if (status == STATUS_DONE && targets->http)
        status = watch_pages_open(watch, targets->http, &run->pages);
    if (status == STATUS_DONE) {
        run->span.start_ms = app_now_ms();
        run->span.start_cpu_ms = app_cpu_ms();
        say_start(run);
        status = start_readers(run);
    }
    if (status == STATUS_DONE)
        wait_for_end(run);
    stop(run);
    run->span.end_ms = app_now_ms();
    run->span.end_cpu_ms = app_cpu_ms();
    if (status == STATUS_DONE)
        status = judge(run);
    return status;
}

static void free_run(struct run *run)
{
    desk_close(&run->watch.desk);
    for (size_t i = 0; run->watch.cameras && i < run->watch.count; i++) {
        camera_counts_close(&run->watch.cameras[i].counts);
        code_watch_close(&run->watch.cameras[i].drift.codes);
    }
    free(run->watch.cameras);
    free(run->workers);
    free(run->readers);
    camera_list_free(&run->cameras);
    octet_engine_free(&run->engine);
}

int cmd_watch(struct app *app, int argc, char **argv)
{
    struct watch_arguments arguments;
    struct operands operands;
    struct run run = {.app = app, .arguments = &arguments};
    int status = watch_arguments_parse(app, argc, argv, &arguments, &operands);
    if (status >= 0)
        return status;
    status = watch_arguments_cameras(app, &arguments, &operands, &run.cameras);
    if (status == STATUS_DONE)
        status = detector_open(app, operands.text[0], &run.engine);
    if (status == STATUS_DONE)
        status = find_classes(&run);
    if (status == STATUS_DONE) {
        choose_workers(&run);
        run.watch.app = app;
        run.watch.engine = run.engine;
        run.watch.engine_path = operands.text[0];
        run.watch.settings = arguments.settings;
        status = watch_them(&run);
        if (run.readers) {
            const int reported = watch_report(&run.watch, &run.span);
            status = status == STATUS_DONE ? reported : status;
        }
        watch_outputs_close(&run.watch.outputs);
        app_forget_signal();
        app_release_signals();
    }
    free_run(&run);
    watch_arguments_free(&arguments);
    return status;
}
