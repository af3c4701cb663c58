/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "class_list.h"
#include "commands.h"
#include "detect_report.h"
#include "detector.h"
#include "draw.h"
#include "names_file.h"
#include "options.h"
#include "output_file.h"
#include "output_names.h"
#include "pictures.h"
#include "progress.h"
#include "selection.h"

struct arguments {
    const char *folder, *classes;               /* NULL: not given */
    double confidence, iou;                     /* below 0: not given */
    int64_t max_detections, batch, count, seed; /* 0: not given */
    struct input_size size;
};

/* A picture that stands in a slot of the session. */
struct pending {
    struct picture picture;
    int width, height; /* pixels */
    double preprocess_ms;
};

/* All that one call of the verb holds; zeroed parts are not there yet. */
struct detection_run {
    struct app *app;
    const struct arguments *arguments;
    octet_engine *engine;
    octet_session *session;
    octet_detect_settings settings;
    struct class_list classes;
    struct sources sources;
    char **names; /* output paths, when pictures are written */
    struct pictures *pictures;
    struct pending *batch; /* arguments->batch of them */
    octet_detection *detections;
    struct detect_report report;
    struct progress progress;
    size_t taken, failed; /* pictures */
};

static int parse(struct app *app, int argc, char **argv, struct arguments *arguments,
                 struct operands *operands)
{
    *arguments = (struct arguments){.confidence = -1, .iou = -1, .batch = 1};
    struct arguments *a = arguments;
    const struct option options[] = {
        {"output", 'o', OPTION_TEXT, "DIR", "also write the pictures there, with boxes drawn",
         &a->folder, 0, 0, NULL},
        {"conf", 0, OPTION_REAL, "X", "lowest score, 0 to 1 (default: the model's own, else 0.25)",
         &a->confidence, 0, 1, NULL},
        {"iou", 0, OPTION_REAL, "X",
         "overlap that suppresses a box, 0 to 1 (default: the model's own, else 0.7)", &a->iou, 0,
         1, NULL},
        {"max-det", 0, OPTION_INTEGER, "N",
         "most detections a picture (default: the model's own, else 300)", &a->max_detections, 1,
         30000, NULL},
        {"classes", 0, OPTION_LIST, "LIST", "only these classes: names or numbers, e.g. person,2",
         &a->classes, 0, 0, NULL},
        NAMES_OPTION(app),
        {"imgsz", 0, OPTION_SIZE, "N|HxW", "input size (default: the model's)", &a->size, 0, 0,
         NULL},
        {"batch", 0, OPTION_INTEGER, "N", "pictures the network takes at once (default 1)",
         &a->batch, 1, 256, NULL},
        {"count", 'n', OPTION_INTEGER, "N", "only N pictures, a random sample", &a->count, 1, 1e9,
         NULL},
        {"seed", 0, OPTION_INTEGER, "N", "of the random sample (default 0)", &a->seed, 0, 1e15,
         NULL},
    };
    const struct command command = {
        .name = "detect",
        .operands = "MODEL SOURCE...",
        .summary = "find objects in pictures",
        .notes = "MODEL is an engine or an ONNX file. SOURCE is a picture, a folder, a glob, a "
                 "text file "
                 "of\npaths or a data.yaml (:train, :val, :test). See octet-detect(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 2,
        .operands_maximum = -1,
    };
    int status;
    /* -1 marks a run that shall go on: the help, too, ends in STATUS_DONE. */
    return options_parse(app, &command, argc, argv, operands, &status) ? -1 : status;
}

/* A source in the output folder could be overwritten by its own result. */
static int check_folder(struct app *app, const struct sources *sources, const char *folder)
{
    struct stat output, entry;
    if (stat(folder, &output) != 0)
        return app_fail(app, "%s: %s", folder, strerror(errno));
    for (size_t i = 0; i < sources->count; i++) {
        const char *path = sources->path[i], *slash = strrchr(path, '/');
        if (sources_is_stream(sources, i))
            continue;
        char *parent = slash ? app_printf("%.*s/", (int)(slash - path), path) : app_strdup(".");
        bool same = stat(parent, &entry) == 0 && entry.st_dev == output.st_dev &&
                    entry.st_ino == output.st_ino;
        free(parent);
        if (same)
            return app_fail(app,
                            "%s: holds the source %s, which would be overwritten; choose another "
                            "folder for -o",
                            folder, path);
    }
    return STATUS_DONE;
}

static int prepare_sources(struct detection_run *run, const struct operands *operands)
{
    const struct arguments *arguments = run->arguments;
    int status = STATUS_DONE;
    for (int i = 1; i < operands->count && status == STATUS_DONE; i++)
        status = sources_add(run->app, &run->sources, operands->text[i]);
    if (status == STATUS_DONE && arguments->count)
        status = sources_sample(run->app, &run->sources, (size_t)arguments->count,
                                (uint64_t)arguments->seed);
    if (status != STATUS_DONE)
        return status;
    if (!arguments->folder)
        return STATUS_DONE;
    status = output_make_folder(run->app, arguments->folder);
    if (status == STATUS_DONE)
        status = check_folder(run->app, &run->sources, arguments->folder);
    if (status == STATUS_DONE)
        run->names = output_names_make(arguments->folder, &run->sources);
    return status;
}

/* What the options say, else the model, else octet. */
static void choose_settings(struct detection_run *run, const char *model)
{
    const struct arguments *arguments = run->arguments;
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

static int prepare_session(struct detection_run *run, const char *model)
{
    struct app *app = run->app;
    const struct arguments *arguments = run->arguments;
    int status = detector_open(app, model, &run->engine);
    if (status == STATUS_DONE && arguments->classes)
        status = class_list_parse(app, run->engine, arguments->classes, &run->classes);
    if (status != STATUS_DONE)
        return status;
    octet_session_settings settings;
    octet_session_defaults(&settings);
    settings.height = arguments->size.height;
    settings.width = arguments->size.width;
    settings.batch = (int)arguments->batch;
    settings.threads = app->threads;
    settings.cpu = app->cpu;
    octet_status result = octet_session_open(app->context, run->engine, &settings, &run->session);
    if (result != OCTET_OK)
        return app_fail_library(app, result, octet_context_message(app->context));
    choose_settings(run, model);
    run->detections = app_alloc((size_t)run->settings.max_detections, sizeof *run->detections);
    run->batch = app_alloc((size_t)arguments->batch, sizeof *run->batch);
    return STATUS_DONE;
}

static int fail_session(struct detection_run *run, octet_status status)
{
    return app_fail_library(run->app, status, octet_session_message(run->session));
}

static void reject(struct detection_run *run, struct picture *picture, const char *message)
{
    app_fail(run->app, "%s", message);
    run->failed++;
    progress_add(&run->progress, 1);
    picture_free(picture);
}

/* Letterboxes the next pictures into the session's slots until the batch is full or none is left.
 * Those that cannot be read or letterboxed are reported and left out. Returns how many there are.
 */
static size_t fill_batch(struct detection_run *run)
{
    size_t count = 0, batch = (size_t)run->arguments->batch;
    while (count < batch && pictures_next(run->pictures, &run->batch[count].picture)) {
        struct pending *pending = &run->batch[count];
        run->taken++;
        if (!pending->picture.image) {
            reject(run, &pending->picture, pending->picture.message);
            continue;
        }
        double start_ms = app_now_ms();
        if (octet_session_set_image(run->session, (int)count, pending->picture.image) != OCTET_OK) {
            char *message =
                app_printf("%s: %s", pending->picture.name, octet_session_message(run->session));
            reject(run, &pending->picture, message);
            free(message);
            continue;
        }
        pending->preprocess_ms = app_now_ms() - start_ms;
        pending->width = octet_image_width(pending->picture.image);
        pending->height = octet_image_height(pending->picture.image);
        count++;
    }
    /* Slots left over take the last picture again, so that a run never reads old ones. */
    for (size_t i = count; count > 0 && i < batch; i++)
        octet_session_set_image(run->session, (int)i, run->batch[count - 1].picture.image);
    /* Nothing is drawn: their memory serves the next ones. */
    for (size_t i = 0; i < count && !run->names; i++)
        octet_image_free(&run->batch[i].picture.image);
    return count;
}

/* Reports the picture in `slot`, and draws it. A picture that cannot be written ends the run. */
static int finish_picture(struct detection_run *run, size_t slot, double inference_ms)
{
    int count = 0;
    const struct pending *pending = &run->batch[slot];
    const struct picture *picture = &pending->picture;
    double start_ms = app_now_ms();
    octet_status status =
        octet_session_detect(run->session, (int)slot, &run->settings, run->detections,
                             run->settings.max_detections, &count);
    double postprocess_ms = app_now_ms() - start_ms;
    if (status != OCTET_OK)
        return fail_session(run, status);
    const struct detect_result result = {
        picture->name,
        pending->width,
        pending->height,
        run->detections,
        count,
        {picture->decode_ms, pending->preprocess_ms, inference_ms, postprocess_ms}};
    int ended = detect_report_add(&run->report, &result);
    if (ended == STATUS_DONE && run->names) {
        const struct drawing drawing = {picture->image, run->engine, run->detections, count};
        const char *name = run->names[picture->source];
        char *numbered = picture->streamed ? output_name_numbered(name, picture->number) : NULL;
        ended = draw_to_file(run->app, &drawing, numbered ? numbered : name);
        free(numbered);
    }
    progress_add(&run->progress, 1);
    return ended;
}

static int run_batch(struct detection_run *run, size_t count)
{
    double start_ms = app_now_ms();
    octet_status status = octet_session_run(run->session);
    if (status != OCTET_OK)
        return fail_session(run, status);
    double each_ms = (app_now_ms() - start_ms) / (double)count;
    int ended = STATUS_DONE;
    for (size_t i = 0; i < count && ended == STATUS_DONE; i++)
        ended = finish_picture(run, i, each_ms);
    return ended;
}

static int run_all(struct detection_run *run)
{
    size_t count;
    int status =
        pictures_open(run->app, &run->sources, (size_t)run->arguments->batch, &run->pictures);
    if (status != STATUS_DONE)
        return status;
    detect_report_begin(&run->report, run->app, run->engine, &run->sources);
    progress_start(&run->progress, run->app, "detecting", run->sources.count);
    while (status == STATUS_DONE && !app_interrupted() && (count = fill_batch(run)) > 0) {
        status = run_batch(run, count);
        for (size_t i = 0; i < count; i++)
            picture_free(&run->batch[i].picture);
    }
    progress_finish(&run->progress);
    detect_report_end(&run->report);
    if (status == STATUS_DONE && run->failed)
        status =
            app_fail(run->app, "%zu of %zu pictures could not be read", run->failed, run->taken);
    return status;
}

int cmd_detect(struct app *app, int argc, char **argv)
{
    struct arguments arguments;
    struct operands operands;
    int status = parse(app, argc, argv, &arguments, &operands);
    if (status >= 0)
        return status;
    struct detection_run run = {.app = app, .arguments = &arguments};
    status = prepare_sources(&run, &operands);
    if (status == STATUS_DONE)
        status = prepare_session(&run, operands.text[0]);
    if (status == STATUS_DONE)
        status = run_all(&run);
    pictures_close(&run.pictures);
    octet_session_close(&run.session);
    octet_engine_free(&run.engine);
    output_names_free(run.names, run.sources.count);
    sources_free(&run.sources);
    free(run.classes.ids);
    free(run.batch);
    free(run.detections);
    return status;
}
