/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers statistics, parts the pictures, trains, measures, and writes the better state. */
#include "tune/tune_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/output_file.h"
#include "app/progress.h"
#include "models/checkpoint.h"
#include "models/model_file.h"
#include "pictures/inputs.h"

#define PICTURES_LEAST 16
#define HELD_SHARE 10 /* one picture in so many is held out */
#define HELD_LEAST 4
#define BATCH 8
#define AGREEMENT_SLACK 0.01 /* AP of 0 to 1, see may_lose() */
#define SAVE_MS 60e3         /* so often the state is kept, at most */
/* Codes of 4 bits take more of both. */
#define FEW_BITS_STEPS 1000
#define FEW_BITS_PICTURES 200

/* ---- files ---- */

static int check_output(struct tune_run *run, const struct inputs *inputs, const char *path)
{
    struct app *app = run->app;
    int status = path ? output_check(app, path) : STATUS_DONE;
    if (path && status == STATUS_DONE)
        status =
            inputs_protect(app, (struct inputs *)inputs, &run->arguments->pictures.images, path);
    return status;
}

/* What is to be written can be, and takes the place of nothing that is read. */
static int check_outputs(struct tune_run *run)
{
    const struct tune_arguments *a = run->arguments;
    struct inputs inputs = {0};
    inputs_add(&inputs, a->model);
    inputs_add(&inputs, a->stats);
    inputs_add(&inputs, run->app->names);
    int status = check_output(run, &inputs, a->engine);
    if (status == STATUS_DONE)
        status = check_output(run, &inputs, a->onnx);
    if (status == STATUS_DONE && !a->resume)
        status = check_output(run, &inputs, run->partial);
    inputs_free(&inputs);
    return status;
}

/* ---- pictures ---- */

/* Each tenth picture is held out, of fewer than forty four. */
static int part_pictures(struct tune_run *run)
{
    struct app *app = run->app;
    const size_t count = run->pictures->count;
    if (count < PICTURES_LEAST)
        return app_fail(app, "%zu picture%s: take %d or more, better 100, of what the camera sees",
                        count, count == 1 ? "" : "s", PICTURES_LEAST);
    if (run->arguments->has_few_bits && count < FEW_BITS_PICTURES)
        app_say(app, "%zu pictures: weights of 4 bits take %d and more to be learnt well", count,
                FEW_BITS_PICTURES);
    const size_t held = count / HELD_SHARE > HELD_LEAST ? count / HELD_SHARE : HELD_LEAST;
    run->learnt = app_alloc(count, sizeof *run->learnt);
    run->held = app_alloc(count, sizeof *run->held);
    for (size_t i = 0; i < count; i++) {
        const bool is_held = (i + 1) * held / count > i * held / count;
        if (is_held)
            run->held[run->held_count++] = i;
        else
            run->learnt[run->learnt_count++] = i;
    }
    return STATUS_DONE;
}

static int find_plain(struct tune_run *run)
{
    struct app *app = run->app;
    const struct calibration_request *request = &run->arguments->pictures;
    int status = calibration_sources(app, request, &run->sources);
    run->pictures = &run->sources;
    if (status == STATUS_DONE)
        status = sources_refuse_streams(app, &run->sources,
                                        "octet tune (octet detect --save-frames makes pictures)");
    return status == STATUS_DONE ? sources_check_reachable(app, &run->sources, request->max_bad)
                                 : status;
}

static int find_labelled(struct tune_run *run)
{
    struct app *app = run->app;
    const struct tune_arguments *a = run->arguments;
    octet_build_settings settings;
    octet_engine *engine = NULL;
    octet_build_defaults(&settings);
    settings.precision = OCTET_PRECISION_FP32;
    const octet_status built = octet_build(app->context, run->model, NULL, &settings, &engine);
    if (built != OCTET_OK)
        return app_fail_library(app, built, octet_context_message(app->context));
    const int status =
        tune_labels_open(app, a->data, a->split, a->pictures.max_bad, engine, &run->labels);
    octet_engine_free(&engine);
    run->pictures = &run->labels.set.pictures;
    if (status == STATUS_DONE && a->pictures.count)
        eval_set_sample(&run->labels.set, (size_t)a->pictures.count, (uint64_t)a->pictures.seed);
    return status;
}

static int find_pictures(struct tune_run *run)
{
    const int status = run->arguments->labels ? find_labelled(run) : find_plain(run);
    return status == STATUS_DONE ? part_pictures(run) : status;
}

static int find_statistics(struct tune_run *run)
{
    struct app *app = run->app;
    const struct tune_arguments *a = run->arguments;
    struct calibration_result result = {0};
    if (!a->stats) {
        const int status = calibration_run(app, run->model, &a->pictures, &result);
        run->statistics = result.statistics;
        return status;
    }
    const octet_status status = octet_statistics_load(app->context, a->stats, &run->statistics);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status, octet_context_message(app->context));
}

/* ---- training ---- */

static int fail_tuning(struct tune_run *run, octet_status status)
{
    return app_fail_library(run->app, status, octet_tune_message(run->tuning));
}

static int open_tuning(struct tune_run *run, double epochs)
{
    struct app *app = run->app;
    const struct tune_arguments *a = run->arguments;
    octet_tune_settings settings;
    octet_tune_defaults(&settings);
    settings.target = a->for_tensorrt ? OCTET_TUNE_TENSORRT : OCTET_TUNE_OCTET;
    settings.pictures = (int)run->learnt_count;
    settings.epochs = epochs;
    settings.batch = BATCH;
    settings.seed = (uint64_t)a->pictures.seed;
    settings.threads = app->threads;
    settings.cpu = app->cpu;
    settings.calibrator = a->calibrator;
    settings.labels = a->labels;
    settings.weight_bits = a->has_few_bits ? 4 : 8;
    if (a->jitter)
        settings.scale_jitter = strcmp(a->jitter, "on") == 0;
    octet_tune_free(&run->tuning);
    const octet_status status =
        octet_tune_create(app->context, run->model, run->statistics, &settings, &run->tuning);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status, octet_context_message(app->context));
}

static int set_boxes(struct tune_run *run, size_t place, const octet_image *image)
{
    const octet_tune_box *boxes;
    int count;
    const int status = tune_labels_of(&run->labels, place, image, &boxes, &count);
    if (status != STATUS_DONE)
        return status;
    const octet_status set = octet_tune_set_boxes(run->tuning, boxes, count);
    return set == OCTET_OK ? STATUS_DONE : fail_tuning(run, set);
}

/* One picture more; one that cannot be read is a failure: it could be when statistics were. */
static int learn_picture(struct tune_run *run)
{
    struct app *app = run->app;
    octet_image *image = NULL;
    const size_t place = run->learnt[octet_tune_next(run->tuning)];
    const octet_status loaded = octet_image_load(app->context, run->pictures->path[place], &image);
    if (loaded != OCTET_OK)
        return app_fail_library(app, loaded, octet_context_message(app->context));
    int status = run->arguments->labels ? set_boxes(run, place, image) : STATUS_DONE;
    if (status == STATUS_DONE) {
        const octet_status added = octet_tune_add(run->tuning, image);
        status = added == OCTET_OK ? STATUS_DONE : fail_tuning(run, added);
    }
    octet_image_free(&image);
    return status;
}

/* So many epochs as fit into the minutes, by the time of one step. */
static int fit_epochs(struct tune_run *run, double *epochs)
{
    const double wanted_ms = run->arguments->minutes * 60e3;
    int status = open_tuning(run, 1);
    if (status != STATUS_DONE)
        return status;
    const double start_ms = app_now_ms();
    for (int i = 0; i < BATCH && status == STATUS_DONE; i++)
        status = learn_picture(run);
    const double step_ms = app_now_ms() - start_ms;
    *epochs = fmax(1, floor(wanted_ms / step_ms) * BATCH / (double)run->learnt_count);
    return status;
}

/* ---- measuring ---- */

static int measure(struct tune_run *run, struct tune_figures *figures)
{
    octet_engine *engine = NULL;
    const octet_status status = octet_tune_engine(run->tuning, &engine);
    if (status != OCTET_OK)
        return fail_tuning(run, status);
    const int measured = tune_judge_engine(run->judge, engine, figures);
    octet_engine_free(&engine);
    return measured;
}

/* What agreement may be below the start's, since it is of few boxes: a standard error of so large a
 * share of them, a point at least. */
static double may_lose(const struct tune_run *run)
{
    const double share = run->start.agreement;
    return fmax(AGREEMENT_SLACK,
                sqrt(share * (1.0 - share) / (double)tune_judge_boxes(run->judge)));
}

/* With labels, by them; else nearer to the float model in scores, and not farther in boxes. */
static bool is_better(const struct tune_run *run, const struct tune_figures *figures,
                      const struct tune_figures *than)
{
    if (!isnan(figures->ap))
        return figures->ap > than->ap;
    return figures->score_error < than->score_error &&
           figures->agreement >= run->start.agreement - may_lose(run);
}

/* Without labels the last state, in which rates have come to rest, need not be better than those on
 * the way: what is held out is too little to choose among them, and the last has the best AP. */
static bool is_kept(const struct tune_run *run, const struct tune_figures *figures, bool is_last)
{
    return is_better(run, figures, is_last && isnan(figures->ap) ? &run->start : &run->best);
}

static int take_moment(struct tune_run *run)
{
    struct tune_moment moment = {0};
    octet_tune_info info;
    octet_tune_info_get(run->tuning, &info);
    moment.epochs = (double)info.step * BATCH / (double)run->learnt_count;
    moment.loss = info.loss;
    const int status = measure(run, &moment.figures);
    if (status != STATUS_DONE || app_interrupted())
        return status;
    if (is_kept(run, &moment.figures, info.step == info.steps)) {
        run->best = moment.figures;
        run->is_better = true;
        octet_tune_keep(run->tuning);
    }
    run->moments = app_resize(run->moments, run->moment_count + 1, sizeof *run->moments);
    run->moments[run->moment_count++] = moment;
    tune_say_moment(run, &moment);
    return STATUS_DONE;
}

/* ---- interruptions ---- */

/* The figures so far, as the state's note: numbers that are read back. */
static char *note_of(const struct tune_run *run)
{
    char *note =
        app_printf("%.17g %.17g %.17g %.17g %d %zu", run->start.score_error, run->start.agreement,
                   run->best.score_error, run->best.agreement, run->is_better, run->moment_count);
    for (size_t i = 0; i < run->moment_count; i++) {
        const struct tune_moment *m = &run->moments[i];
        char *longer = app_printf("%s %.17g %.17g %.17g %.17g %.17g", note, m->epochs, m->loss,
                                  m->figures.score_error, m->figures.agreement, m->figures.ap);
        free(note);
        note = longer;
    }
    return note;
}

static bool read_note(struct tune_run *run, const char *note)
{
    int better = 0, used = 0;
    size_t count = 0;
    if (sscanf(note, "%lg %lg %lg %lg %lg %lg %d %zu%n", &run->start.score_error,
               &run->start.agreement, &run->start.ap, &run->best.score_error, &run->best.agreement,
               &run->best.ap, &better, &count, &used) != 8 ||
        count > 100000)
        return false;
    run->is_better = better != 0;
    run->moments = app_alloc(count + 1, sizeof *run->moments);
    for (run->moment_count = 0; run->moment_count < count; run->moment_count++) {
        struct tune_moment *m = &run->moments[run->moment_count];
        note += used;
        if (sscanf(note, " %lg %lg %lg %lg %lg%n", &m->epochs, &m->loss, &m->figures.score_error,
                   &m->figures.agreement, &m->figures.ap, &used) != 5)
            return false;
    }
    return true;
}

static int save(struct tune_run *run)
{
    char *note = note_of(run);
    app_hold_signals();
    const octet_status status = octet_tune_save(run->tuning, run->partial, note);
    app_release_signals();
    free(note);
    return status == OCTET_OK ? STATUS_DONE : fail_tuning(run, status);
}

static int resume(struct tune_run *run)
{
    const char *note;
    if (access(run->partial, F_OK) != 0)
        return app_fail(run->app, "%s: not there: nothing to resume; leave out --resume",
                        run->partial);
    const octet_status status = octet_tune_load(run->tuning, run->partial, &note);
    if (status == OCTET_MISMATCH)
        return app_fail(run->app, "%s; resume with the same, or leave out --resume",
                        octet_tune_message(run->tuning));
    if (status != OCTET_OK)
        return fail_tuning(run, status);
    return read_note(run, note)
               ? STATUS_DONE
               : app_fail(run->app, "%s: damaged: leave out --resume", run->partial);
}

static int interrupted(struct tune_run *run)
{
    octet_tune_info_get(run->tuning, &run->info);
    app_forget_signal(); /* what was asked for: an end in good order */
    return app_fail(run->app,
                    "interrupted after %lld of %lld steps; the same command with --resume goes on "
                    "from %s",
                    (long long)run->info.step, (long long)run->info.steps, run->partial);
}

/* ---- the whole ---- */

/* To the end of training, measuring after each epoch. An interruption lets the step be finished. */
static int train(struct tune_run *run)
{
    struct progress progress;
    octet_tune_info info;
    int status = STATUS_DONE;
    double saved_ms = app_now_ms();
    octet_tune_info_get(run->tuning, &info);
    app_progress(run->app, &progress, "training", (size_t)info.steps);
    progress_add(&progress, (size_t)info.step);
    while (status == STATUS_DONE && !app_interrupted() && octet_tune_next(run->tuning) >= 0) {
        app_hold_signals();
        for (int i = 0; i < BATCH && status == STATUS_DONE; i++)
            status = learn_picture(run);
        app_release_signals();
        if (status != STATUS_DONE)
            break;
        octet_tune_info_get(run->tuning, &info);
        progress_add(&progress, 1);
        const int64_t before = (info.step - 1) * BATCH / (int64_t)run->learnt_count;
        if (info.step * BATCH / (int64_t)run->learnt_count > before || info.step == info.steps)
            status = take_moment(run);
        if (status == STATUS_DONE && (app_interrupted() || app_now_ms() - saved_ms > SAVE_MS)) {
            status = save(run);
            saved_ms = app_now_ms();
        }
    }
    progress_finish(&progress);
    return status;
}

static int write_outputs(struct tune_run *run)
{
    struct app *app = run->app;
    const struct tune_arguments *a = run->arguments;
    octet_engine *engine = NULL;
    octet_tune_info_get(run->tuning, &run->info);
    octet_status status = octet_tune_return(run->tuning);
    app_hold_signals();
    if (status == OCTET_OK && a->onnx)
        status = octet_tune_export(run->tuning, a->onnx, NULL);
    if (status == OCTET_OK && a->engine)
        status = octet_tune_engine(run->tuning, &engine);
    if (status != OCTET_OK)
        status = (octet_status)fail_tuning(run, status);
    else if (engine && octet_engine_save(app->context, engine, a->engine) != OCTET_OK)
        status = (octet_status)app_fail(app, "%s", octet_context_message(app->context));
    app_release_signals();
    octet_engine_free(&engine);
    if (status != OCTET_OK)
        return STATUS_FAILED;
    octet_tune_info kept;
    octet_tune_info_get(run->tuning, &kept);
    run->info.changed = kept.changed;
    remove(run->partial);
    return STATUS_DONE;
}

static int measure_start(struct tune_run *run)
{
    const int status = measure(run, &run->start);
    run->best = run->start;
    return status;
}

static int prepare(struct tune_run *run)
{
    struct app *app = run->app;
    const struct tune_arguments *a = run->arguments;
    double epochs = a->epochs;
    int status = check_outputs(run);
    if (status == STATUS_DONE)
        status = model_open(app, a->model, &run->model);
    if (status == STATUS_DONE)
        status = find_pictures(run);
    if (status == STATUS_DONE)
        status = find_statistics(run);
    if (status == STATUS_DONE) {
        octet_statistics_info info;
        octet_statistics_info_get(run->statistics, &info);
        run->size = (struct input_size){info.input_height, info.input_width};
    }
    const struct tune_judge_settings judge = {.model = run->model,
                                              .size = run->size,
                                              .paths = run->pictures ? run->pictures->path : NULL,
                                              .held = run->held,
                                              .count = run->held_count,
                                              .labels = a->labels ? &run->labels : NULL};
    if (status == STATUS_DONE) /* first: while it opens, there are two float models */
        status = tune_judge_open(app, &judge, &run->judge);
    if (status == STATUS_DONE && !app_interrupted() && a->minutes > 0)
        status = fit_epochs(run, &epochs);
    if (status == STATUS_DONE && epochs < 0)
        epochs = (double)(FEW_BITS_STEPS * BATCH) / (double)run->learnt_count;
    if (status == STATUS_DONE && !app_interrupted())
        status = open_tuning(run, epochs);
    if (status != STATUS_DONE || app_interrupted())
        return status;
    return a->resume ? resume(run) : measure_start(run);
}

static void close_run(struct tune_run *run)
{
    octet_tune_free(&run->tuning);
    tune_judge_close(&run->judge);
    octet_statistics_free(&run->statistics);
    octet_model_free(&run->model);
    sources_free(&run->sources);
    tune_labels_close(&run->labels);
    free(run->learnt);
    free(run->held);
    free(run->moments);
    free(run->partial);
}

int tune_run(struct app *app, const struct tune_arguments *arguments)
{
    struct tune_run run = {.app = app, .arguments = arguments};
    const double start_ms = app_now_ms();
    run.partial = checkpoint_path(arguments->engine ? arguments->engine : arguments->onnx);
    int status = prepare(&run);
    if (status == STATUS_DONE && app_interrupted())
        status = app_fail(app, "interrupted: nothing was written");
    if (status == STATUS_DONE) {
        tune_say_start(&run);
        status = train(&run);
        if (status == STATUS_DONE && app_interrupted())
            status = interrupted(&run);
        else if (status == STATUS_DONE)
            status = write_outputs(&run);
        run.seconds = (app_now_ms() - start_ms) / 1e3;
        if (status == STATUS_DONE)
            status = tune_report(&run);
    }
    close_run(&run);
    return status;
}
