/* SPDX-License-Identifier: Apache-2.0 */
/* Trains, measures, keeps the better state, and writes it. */
#include "tune/tune_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/output_file.h"
#include "app/output_lock.h"
#include "app/progress.h"
#include "models/checkpoint.h"
#include "models/model_file.h"
#include "models/statistics_parts.h"
#include "pictures/inputs.h"
#include "tune/tune_report.h"
#include "tune/tune_state.h"

#define AGREEMENT_SLACK 0.01 /* AP of 0 to 1, see may_lose() */
#define SAVE_MS 60e3         /* so often the state is kept, at most */
#define FEW_BITS_STEPS 1000  /* codes of 4 bits take more than epochs of a hundred pictures */

/* ---- files ---- */

static int check_output(struct tune_run *run, struct inputs *inputs, const char *path)
{
    struct app *app = run->app;
    const int status = output_check(app, path);
    return status == STATUS_DONE
               ? inputs_protect(app, inputs, &run->arguments->pictures.images, path)
               : status;
}

/* What is to be written can be, and takes the place of nothing that is read. */
static int check_outputs(struct tune_run *run)
{
    const struct tune_arguments *a = run->arguments;
    const char *const outputs[] = {a->engine, a->onnx, run->partial};
    struct inputs inputs = {0};
    int status = STATUS_DONE;
    inputs_add(&inputs, a->model);
    inputs_add(&inputs, a->stats);
    inputs_add(&inputs, a->data);
    inputs_add(&inputs, run->app->names);
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs && status == STATUS_DONE; i++)
        if (outputs[i])
            status = check_output(run, &inputs, outputs[i]);
    if (status == STATUS_DONE && a->engine && a->onnx)
        status = inputs_check_outputs(run->app, a->engine, a->onnx);
    inputs_free(&inputs);
    return status;
}

static int find_statistics(struct tune_run *run)
{
    struct app *app = run->app;
    const struct tune_arguments *a = run->arguments;
    struct calibration_request request = a->pictures;
    struct calibration_result result = {0};
    octet_statistics_info info;
    octet_status status = OCTET_OK;
    int found = STATUS_DONE;
    request.found = &run->pictures.readable;
    if (a->stats) {
        status = octet_statistics_load(app->context, a->stats, &run->statistics);
    } else {
        found = calibration_run(app, run->model, &request, &result);
        run->statistics = result.statistics;
    }
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    if (found != STATUS_DONE)
        return found;
    found = statistics_weigh(app, run->statistics, a->weights);
    octet_statistics_info_get(run->statistics, &info);
    run->size = (struct input_size){info.input_height, info.input_width};
    return found;
}

/* ---- learning ---- */

static int fail_tuning(struct tune_run *run, octet_status status)
{
    return app_fail_library(run->app, status, octet_tune_message(run->tuning));
}

static octet_tune_settings settings_of(const struct tune_run *run, double epochs)
{
    const struct tune_arguments *a = run->arguments;
    octet_tune_settings settings;
    octet_tune_defaults(&settings);
    settings.target = a->for_tensorrt ? OCTET_TUNE_TENSORRT : OCTET_TUNE_OCTET;
    settings.pictures = run->pictures.learnt_count ? (int)run->pictures.learnt_count : 1;
    settings.epochs = epochs;
    settings.batch = TUNE_BATCH;
    settings.seed = (uint64_t)a->pictures.seed;
    settings.threads = run->app->threads;
    settings.cpu = run->app->cpu;
    settings.calibrator = a->calibrator;
    settings.labels = a->labels;
    settings.weight_bits = a->has_few_bits ? 4 : 8;
    if (a->jitter)
        settings.scale_jitter = strcmp(a->jitter, "on") == 0;
    return settings;
}

/* Before long work: whether the model can be trained, and here. */
static int check_model(struct tune_run *run)
{
    struct app *app = run->app;
    const octet_tune_settings settings = settings_of(run, 1);
    const octet_status status = octet_tune_create(app->context, run->model, NULL, &settings, NULL);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status, octet_context_message(app->context));
}

static int open_tuning(struct tune_run *run, double epochs)
{
    struct app *app = run->app;
    const octet_tune_settings settings = settings_of(run, epochs);
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
    const int status = tune_labels_of(&run->pictures.labels, place, image, &boxes, &count);
    if (status != STATUS_DONE)
        return status;
    const octet_status set = octet_tune_set_boxes(run->tuning, boxes, count);
    return set == OCTET_OK ? STATUS_DONE : fail_tuning(run, set);
}

/* One picture more, which could be read before. */
static int learn_picture(struct tune_run *run)
{
    struct app *app = run->app;
    octet_image *image = NULL;
    octet_tune_info info;
    const size_t place = run->pictures.learnt[octet_tune_next(run->tuning)];
    const char *path = run->pictures.all->path[place];
    const octet_status loaded = octet_image_load(app->context, path, &image);
    if (loaded != OCTET_OK)
        return app_fail_library(app, loaded, octet_context_message(app->context));
    int status = run->arguments->labels ? set_boxes(run, place, image) : STATUS_DONE;
    if (status == STATUS_DONE) {
        const octet_status added = octet_tune_add(run->tuning, image);
        octet_tune_info_get(run->tuning, &info);
        if (added == OCTET_UNSUPPORTED_MODEL) /* the loss is not finite */
            run->stopped = info.step + 1;
        else if (added != OCTET_OK)
            status = fail_tuning(run, added);
    }
    octet_image_free(&image);
    return status;
}

/* A batch, unless the loss is not finite. */
static int learn_batch(struct tune_run *run)
{
    int status = STATUS_DONE;
    for (int i = 0; i < TUNE_BATCH && status == STATUS_DONE && !run->stopped; i++)
        status = learn_picture(run);
    if (run->stopped)
        app_fail(run->app, "%s: training ends there, the best state before it is written",
                 octet_tune_message(run->tuning));
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
    status = learn_batch(run);
    run->stopped = 0; /* the training itself finds it again */
    const double step_ms = app_now_ms() - start_ms;
    *epochs = fmax(1, floor(wanted_ms / step_ms) * TUNE_BATCH / (double)run->pictures.learnt_count);
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
 * the way: what is held out is too little to choose among them. */
static bool is_kept(const struct tune_run *run, const struct tune_figures *figures, bool is_last)
{
    return is_better(run, figures, is_last && isnan(figures->ap) ? &run->start : &run->best);
}

static double epochs_at(const struct tune_run *run, int64_t step)
{
    return (double)step * TUNE_BATCH / (double)run->pictures.learnt_count;
}

/* After each epoch and at the end it is measured, unless an interrupted run did so. */
static bool is_due(const struct tune_run *run, const octet_tune_info *info)
{
    const double now = epochs_at(run, info->step), before = epochs_at(run, info->step - 1);
    if (info->step == 0 || (floor(now) <= floor(before) && info->step < info->steps))
        return false;
    return !run->moment_count || run->moments[run->moment_count - 1].epochs < now;
}

/* Measures where it is time to; an interruption leaves that to the run that goes on. */
static int take_moment(struct tune_run *run)
{
    struct tune_moment moment = {0};
    octet_tune_info info;
    octet_tune_info_get(run->tuning, &info);
    if (!is_due(run, &info))
        return STATUS_DONE;
    moment.epochs = epochs_at(run, info.step);
    moment.loss = run->loss_sum / (double)run->loss_steps;
    const int status = measure(run, &moment.figures);
    if (status != STATUS_DONE || app_interrupted())
        return status;
    if (is_kept(run, &moment.figures, info.step == info.steps)) {
        run->best = moment.figures;
        run->best_epochs = moment.epochs;
        octet_tune_keep(run->tuning);
    }
    run->moments = app_resize(run->moments, run->moment_count + 1, sizeof *run->moments);
    run->moments[run->moment_count++] = moment;
    run->loss_sum = 0.0;
    run->loss_steps = 0;
    tune_say_moment(run, &moment);
    return STATUS_DONE;
}

/* ---- training ---- */

/* What the bar says beside how far it is. */
struct shown {
    struct progress progress;
    char text[80];
};

static void show(struct tune_run *run, struct shown *shown, size_t steps)
{
    octet_tune_info info;
    const struct tune_figures *figures =
        run->moment_count ? &run->moments[run->moment_count - 1].figures : &run->start;
    octet_tune_info_get(run->tuning, &info);
    snprintf(shown->text, sizeof shown->text, "training: loss %.4f, agreement %.1f %%", info.loss,
             100 * figures->agreement);
    progress_add(&shown->progress, steps);
}

/* A step, what is measured after it, and, when it is time to, its being kept. */
static int advance(struct tune_run *run, double *saved_ms)
{
    octet_tune_info info;
    app_hold_signals(); /* one lets this be finished */
    int status = learn_batch(run);
    if (status == STATUS_DONE && !run->stopped) {
        octet_tune_info_get(run->tuning, &info);
        run->loss_sum += info.loss;
        run->loss_steps++;
        status = take_moment(run);
    }
    if (status == STATUS_DONE && !run->stopped && app_now_ms() - *saved_ms > SAVE_MS) {
        status = tune_state_save(run);
        *saved_ms = app_now_ms();
    }
    app_release_signals();
    return status;
}

/* To the end, or until a signal came or the loss is not finite. */
static int train(struct tune_run *run)
{
    struct shown shown = {.text = "training"};
    octet_tune_info info;
    double saved_ms = app_now_ms();
    octet_tune_info_get(run->tuning, &info);
    app_progress(run->app, &shown.progress, shown.text, (size_t)info.steps);
    progress_resume(&shown.progress, (size_t)info.step);
    int status = take_moment(run);
    while (status == STATUS_DONE && !app_interrupted() && !run->stopped &&
           octet_tune_next(run->tuning) >= 0) {
        status = advance(run, &saved_ms);
        show(run, &shown, 1);
    }
    progress_finish(&shown.progress);
    octet_tune_info_get(run->tuning, &run->info);
    return status;
}

static int write_outputs(struct tune_run *run)
{
    struct app *app = run->app;
    const struct tune_arguments *a = run->arguments;
    octet_engine *engine = NULL;
    octet_status status = octet_tune_return(run->tuning);
    if (status == OCTET_OK && a->engine)
        status = octet_tune_engine(run->tuning, &engine);
    app_hold_signals();
    if (status == OCTET_OK && a->onnx)
        status = octet_tune_export(run->tuning, a->onnx, NULL);
    int written = status == OCTET_OK ? STATUS_DONE : fail_tuning(run, status);
    if (written == STATUS_DONE && engine &&
        (status = octet_engine_save(app->context, engine, a->engine)) != OCTET_OK)
        written = app_fail_library(app, status, octet_context_message(app->context));
    app_release_signals();
    octet_engine_free(&engine);
    octet_tune_info kept;
    octet_tune_info_get(run->tuning, &kept);
    run->info.changed = kept.changed;
    return written;
}

/* What was asked for: an end in good order. The state is kept, and what is better than the start is
 * of use as it is. */
static int end_interrupted(struct tune_run *run)
{
    const struct tune_arguments *a = run->arguments;
    app_hold_signals();
    int status = tune_state_save(run);
    if (status == STATUS_DONE && run->best_epochs > 0)
        status = write_outputs(run);
    app_release_signals();
    if (status != STATUS_DONE)
        return status;
    char *best =
        run->best_epochs > 0
            ? app_printf("%s%s%s is the best so far, of epoch %.4g", a->engine ? a->engine : "",
                         a->engine && a->onnx ? ", " : "", a->onnx ? a->onnx : "", run->best_epochs)
            : app_strdup("nothing is better than the start yet");
    app_forget_signal();
    app_fail(run->app,
             "interrupted after %lld of %lld steps: %s; the same command with --resume goes on "
             "from %s",
             (long long)run->info.step, (long long)run->info.steps, best, run->partial);
    free(best);
    return STATUS_FAILED;
}

/* ---- the whole ---- */

static int measure_start(struct tune_run *run)
{
    const int status = measure(run, &run->start);
    run->best = run->start;
    return status;
}

/* The number of steps is a state's own, where one is gone on from. */
static int begin(struct tune_run *run)
{
    const struct tune_arguments *a = run->arguments;
    double epochs = a->epochs;
    if (a->minutes > 0)
        epochs = 1; /* until it is known how long a step takes */
    else if (epochs < 0)
        epochs = (double)(FEW_BITS_STEPS * TUNE_BATCH) / (double)run->pictures.learnt_count;
    int status = a->minutes > 0 && !a->resume ? fit_epochs(run, &epochs) : STATUS_DONE;
    if (status == STATUS_DONE)
        status = open_tuning(run, epochs);
    return status == STATUS_DONE && a->resume ? tune_state_resume(run) : status;
}

static int open_judge(struct tune_run *run)
{
    const struct tune_pictures *p = &run->pictures;
    const struct tune_judge_settings settings = {.model = run->model,
                                                 .size = run->size,
                                                 .paths = p->all->path,
                                                 .held = p->held,
                                                 .count = p->held_count,
                                                 .labels =
                                                     p->has_labels ? &run->pictures.labels : NULL};
    return tune_judge_open(run->app, &settings, &run->judge);
}

static int prepare(struct tune_run *run)
{
    /* the judge first: while it opens, there are two float models */
    static int (*const steps[])(struct tune_run *) = {find_statistics, open_judge, begin};
    struct app *app = run->app;
    const struct tune_arguments *a = run->arguments;
    int status = model_open(app, a->model, &run->model);
    if (status == STATUS_DONE)
        status = check_model(run);
    if (status == STATUS_DONE)
        status = tune_pictures_find(app, a, run->model, &run->pictures);
    for (size_t i = 0; i < sizeof steps / sizeof *steps && status == STATUS_DONE; i++)
        status = app_interrupted() ? STATUS_DONE : steps[i](run);
    if (status == STATUS_DONE && !app_interrupted() && !a->resume)
        status = measure_start(run);
    if (status == STATUS_DONE && app_interrupted())
        return app_fail(app, "interrupted: nothing was written");
    return status;
}

static int run_locked(struct tune_run *run)
{
    int status = tune_state_check(run);
    if (status == STATUS_DONE)
        status = prepare(run);
    if (status != STATUS_DONE)
        return status;
    tune_say_start(run);
    status = train(run);
    if (status == STATUS_DONE && app_interrupted() && !run->stopped)
        return end_interrupted(run);
    if (status == STATUS_DONE)
        status = write_outputs(run);
    if (status != STATUS_DONE)
        return status;
    remove(run->partial);
    return tune_report(run);
}

static void close_run(struct tune_run *run)
{
    octet_tune_free(&run->tuning);
    tune_judge_close(&run->judge);
    octet_statistics_free(&run->statistics);
    octet_model_free(&run->model);
    tune_pictures_close(&run->pictures);
    free(run->moments);
    free(run->partial);
}

int tune_run(struct app *app, const struct tune_arguments *arguments)
{
    struct tune_run run = {.app = app, .arguments = arguments, .start_ms = app_now_ms()};
    const char *const outputs[TUNE_OUTPUTS_MOST] = {arguments->engine, arguments->onnx};
    struct output_lock locks[TUNE_OUTPUTS_MOST] = {{0}};
    run.partial = checkpoint_path(arguments->engine ? arguments->engine : arguments->onnx);
    int status = check_outputs(&run);
    for (size_t i = 0; i < TUNE_OUTPUTS_MOST && status == STATUS_DONE; i++)
        if (outputs[i])
            status = output_lock_take(&locks[i], app, outputs[i]);
    if (status == STATUS_DONE)
        status = run_locked(&run);
    close_run(&run);
    for (size_t i = 0; i < TUNE_OUTPUTS_MOST; i++)
        output_lock_release(&locks[i]);
    return status;
}
