/* SPDX-License-Identifier: Apache-2.0 */
/* octet bench: models take turns, on each device, so that a machine that slows down slows all
 * alike. */
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/progress.h"
#include "bench/bench_frame.h"
#include "bench/bench_pipeline.h"
#include "bench/bench_report.h"

#define RUNS_MAX 1e6
#define STREAMS_MAX 256

/* Models take turns every few runs, so that a machine that slows down slows all of them. */
#define BLOCK_RUNS 10
/* Streams start and end a block together, and the first to end waits idle: fewer, longer blocks. */
#define STREAMS_BLOCK_RUNS 100

/* An interruption ends the rounds early; what was measured so far stays. */
static int run_rounds(struct bench_model *models, size_t count, size_t runs, bool measured,
                      struct progress *progress)
{
    size_t most = models->settings->streams > 1 ? STREAMS_BLOCK_RUNS : BLOCK_RUNS;
    for (size_t done = 0; done < runs; done += most) {
        size_t block = runs - done < most ? runs - done : most;
        for (size_t i = 0; i < count; i++) {
            if (app_interrupted())
                return STATUS_DONE;
            int status = bench_run(&models[i], block, measured);
            if (status != STATUS_DONE)
                return status;
            progress_add(progress, block);
        }
    }
    return STATUS_DONE;
}

static int measure(struct app *app, struct bench_model *models, size_t count,
                   const struct bench_settings *settings)
{
    struct progress progress;
    size_t warmup = (size_t)settings->warmup, iterations = (size_t)settings->iterations;
    int status = STATUS_DONE;
    for (size_t i = 0; i < count && status == STATUS_DONE && !app_interrupted(); i++)
        status = bench_probe(&models[i]);
    for (size_t i = 0; i < count && status == STATUS_DONE && !app_interrupted(); i++)
        status = bench_open(&models[i]);
    if (status != STATUS_DONE || app_interrupted())
        return status;
    app_hold_signals(); /* a run that has begun ends, and is reported with those before it */
    app_progress(app, &progress, "measuring", count * (warmup + iterations));
    status = run_rounds(models, count, warmup, false, &progress);
    if (status == STATUS_DONE)
        status = run_rounds(models, count, iterations, true, &progress);
    progress_finish(&progress);
    app_release_signals();
    return status;
}

/* What else the report tells; none of it any more after an interruption. */
static int measure_more(struct app *app, struct bench_model *models, size_t count,
                        const struct bench_settings *settings, struct bench_hardware *hardware)
{
    int status = STATUS_DONE;
    bench_hardware_find(app, models, count, hardware);
    for (size_t i = 0; i < count && status == STATUS_DONE && settings->image; i++)
        status = bench_pipeline(&models[i]);
    for (size_t i = 0; i < count && status == STATUS_DONE && settings->frame.width; i++)
        status = bench_frame(&models[i]);
    if (status != STATUS_DONE || app_interrupted() ||
        !(settings->peak || settings->layers || app->json))
        return status;
    return bench_hardware_measure(app, hardware);
}

/* Puts the models that were measured first, in their order; those that were not get a line. */
static size_t gather_measured(struct app *app, struct bench_model *models, size_t count)
{
    size_t measured = 0;
    for (size_t i = 0; i < count; i++) {
        struct bench_model model = models[i];
        if (model.done == 0)
            continue;
        models[i] = models[measured];
        models[measured++] = model;
    }
    for (size_t i = measured; i < count; i++)
        app_fail(app, "%s: interrupted before it was measured", models[i].path);
    return measured;
}

static int report(struct app *app, struct bench_model *models, size_t count,
                  const struct bench_hardware *hardware)
{
    app_hold_signals();
    const int status = bench_report(app, models, count, hardware);
    app_release_signals();
    return status;
}

static int bench(struct app *app, struct bench_model *models, size_t count,
                 const struct bench_settings *settings)
{
    struct bench_hardware hardware = {0};
    int status = measure(app, models, count, settings);
    if (status != STATUS_DONE)
        return status;
    count = gather_measured(app, models, count);
    if (count == 0)
        return STATUS_FAILED;
    for (size_t i = 0; i < count; i++)
        bench_summarize(&models[i]);
    status = measure_more(app, models, count, settings, &hardware);
    if (status == STATUS_DONE)
        status = report(app, models, count, &hardware);
    if (status == STATUS_DONE && app_interrupted())
        status = app_fail(app, "interrupted: the figures are of the runs until then");
    bench_hardware_free(&hardware);
    return status;
}

/* Every model on every device; those of one model stand together. */
static int bench_all(struct app *app, const struct operands *operands,
                     const struct bench_settings *settings)
{
    char *list = app_strdup(settings->devices ? settings->devices : "cpu"), *rest = list;
    const char **devices = app_alloc(strlen(list), sizeof *devices);
    size_t device_count = 0, count = 0;
    for (char *word; (word = strsep(&rest, ","));)
        devices[device_count++] = word;
    struct bench_model *models = app_alloc((size_t)operands->count * device_count, sizeof *models);
    for (int i = 0; i < operands->count; i++)
        for (size_t k = 0; k < device_count; k++)
            models[count++] = (struct bench_model){
                .app = app, .settings = settings, .path = operands->text[i], .device = devices[k]};
    const int status = bench(app, models, count, settings);
    for (size_t i = 0; i < count; i++)
        bench_close(&models[i]);
    free(models);
    free(devices);
    free(list);
    return status;
}

int cmd_bench(struct app *app, int argc, char **argv)
{
    struct bench_settings settings = {.warmup = 50, .iterations = 1000, .batch = 1, .streams = 1};
    const char *frame = NULL;
    const struct option options[] = {
        {"warmup", 0, OPTION_INTEGER, "N", "runs that are not counted (default 50)",
         &settings.warmup, 0, RUNS_MAX, NULL},
        {"iterations", 0, OPTION_INTEGER, "N", "runs that are timed (default 1000)",
         &settings.iterations, 1, RUNS_MAX, NULL},
        {"batch", 0, OPTION_INTEGER, "N", "pictures a run (default 1)", &settings.batch, 1,
         BATCH_MAX, NULL},
        {"streams", 0, OPTION_INTEGER, "N",
         "sessions at once, each with --threads (default 1 each)", &settings.streams, 1,
         STREAMS_MAX, NULL},
        {"imgsz", 0, OPTION_SIZE, "N|HxW", "input size (default: the model's)", &settings.size, 0,
         0, NULL},
        {"device", 0, OPTION_DEVICES, "LIST",
         "on each of these: cpu (default), cuda, cuda:N or auto", &settings.devices, 0, 0, NULL},
        CACHE_OPTION(app),
        {.name = "peak",
         .help = "also this machine's peak, and the fraction reached",
         .target = &settings.peak},
        {.name = "layers",
         .help = "also every layer's time, share of the peak, bytes moved",
         .target = &settings.layers},
        {.name = "histogram",
         .help = "also how often which latency came (on a terminal always)",
         .target = &settings.histogram},
        {"image", 0, OPTION_TEXT, "FILE", "also this picture's way from the file to its boxes",
         &settings.image, 0, 0, NULL},
        {"frame", 0, OPTION_TEXT, "SIZE", "also a camera's frame, WxH[:FORMAT], to its boxes",
         &frame, 0, 0, NULL},
    };
    const struct command command = {
        .name = "bench",
        .operands = "MODEL...",
        .summary = "measure the speed of models on this machine",
        .notes = "The network alone is timed: letterboxed pixels in, boxes before suppression out. "
                 "Several\nmodels take turns. See octet-bench(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 1,
        .operands_maximum = -1,
    };
    struct operands operands;
    int status;
    if (!options_parse(app, &command, argc, argv, &operands, &status))
        return status;
    if (frame && !bench_frame_parse(frame, &settings.frame))
        return app_usage(app,
                         "--frame '%s': must be WIDTHxHEIGHT, 1 to %d each and %u pixels at most, "
                         "and then nothing or :nv12, :i420, :yuy2, :rgb or :bgr",
                         frame, OCTET_IMAGE_SIDE_MAX, OCTET_IMAGE_PIXELS_MAX);
    return bench_all(app, &operands, &settings);
}
