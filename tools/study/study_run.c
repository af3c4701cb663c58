/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a study: samples are gathered, engines built and evaluated, figures written. */
#include "study/study_run.h"

#include <stdlib.h>
#include <string.h>

#include "app/output_file.h"
#include "app/paths.h"
#include "models/keyed.h"
#include "models/model_file.h"
#include "pictures/inputs.h"
#include "study/study_gather.h"
#include "study/study_judge.h"
#include "study/study_report.h"
#include "study/study_state.h"

static int open_sources(struct study *study)
{
    const struct texts *images = &study->arguments->images;
    int status = STATUS_DONE;
    for (size_t i = 0; i < images->count && status == STATUS_DONE; i++)
        status = sources_add(study->app, &study->sources, images->text[i]);
    if (status == STATUS_DONE)
        status = sources_refuse_streams(study->app, &study->sources,
                                        "a study, which draws samples of --images,");
    if (status == STATUS_DONE)
        status = sources_check_reachable(study->app, &study->sources, study->arguments->max_bad);
    if (status == STATUS_DONE && study->sources.count < STUDY_PICTURES_LEAST)
        return app_fail(study->app,
                        "%zu picture%s to draw samples of: a study takes %d or more, "
                        "better 100",
                        study->sources.count, study->sources.count == 1 ? "" : "s",
                        STUDY_PICTURES_LEAST);
    return status;
}

static int open_plan(struct study *study)
{
    const struct study_arguments *a = study->arguments;
    struct study_plan *plan = &study->plan;
    const int status = study_plan_make(study->app, a->counts, (size_t)a->seeds, a->calibrators,
                                       study->sources.count, plan);
    if (status != STATUS_DONE)
        return status;
    const size_t shells = plan->seeds * plan->count_count;
    study->shells = app_alloc(shells, sizeof *study->shells);
    study->samples = app_alloc(shells * plan->calibrator_count, sizeof *study->samples);
    return STATUS_DONE;
}

/* Nothing that is written takes the place of what is read. */
static int protect_inputs(struct study *study, const struct study_judge *judge,
                          struct output_folders *made)
{
    static const char *const names[] = {"study.json",    "accuracy.svg",  "accuracy.png",
                                        "agreement.svg", "agreement.png", "time.svg",
                                        "time.png"};
    const struct study_arguments *a = study->arguments;
    struct inputs inputs = {0};
    inputs_add(&inputs, study->path);
    inputs_add(&inputs, study->app->names);
    inputs_add(&inputs, a->annotations);
    inputs_add_sources(&inputs, &study->sources);
    inputs_add_sources(&inputs, &judge->set.pictures);
    for (size_t i = 0; judge->set.entries && i < judge->set.pictures.count; i++)
        inputs_add(&inputs, judge->set.entries[i].labels);
    int status = output_make_folder(study->app, a->folder, made);
    for (size_t i = 0; i < sizeof names / sizeof *names && status == STATUS_DONE; i++) {
        char *path = path_join(a->folder, names[i]);
        status = inputs_protect(study->app, &inputs, NULL, path);
        if (status == STATUS_DONE)
            status = output_check(study->app, path);
        free(path);
    }
    inputs_free(&inputs);
    return status;
}

static int open_model(struct study *study)
{
    octet_info info;
    const int status = model_open(study->app, study->path, &study->model);
    if (status != STATUS_DONE)
        return status;
    octet_model_info(study->model, &info);
    if (info.precision != OCTET_PRECISION_FP32)
        return app_fail(study->app, "%s: quantised already: a study needs the float model",
                        study->path);
    return STATUS_DONE;
}

/* Of two lists of pictures, how many of `b` are in `a` as well. */
static size_t count_same(const struct sources *a, const struct sources *b)
{
    const size_t count = a->count + b->count;
    struct keyed *list = app_alloc(count, sizeof *list);
    size_t same = 0;
    bool in_a = false;
    for (size_t i = 0; i < count; i++)
        list[i] = (struct keyed){path_whole(i < a->count ? a->path[i] : b->path[i - a->count]), i};
    keyed_sort(list, count);
    for (size_t i = 0; i < count; i++) {
        in_a = in_a && strcmp(list[i].key, list[i - 1].key) == 0;
        in_a = in_a || list[i].index < a->count;
        same += in_a && list[i].index >= a->count;
    }
    keyed_free(list, count);
    return same;
}

static void warn_of_same(struct study *study, const struct study_judge *judge)
{
    const size_t same = count_same(&study->sources, &judge->set.pictures);
    if (same)
        app_say(study->app,
                "warning: %zu of the %zu pictures to evaluate on are among --images "
                "as well: figures flatter",
                same, judge->set.pictures.count);
}

static int measure_sample(struct study_judge *judge, size_t seed, size_t count, size_t calibrator,
                          struct progress *progress)
{
    struct study *study = judge->study;
    struct app *app = study->app;
    const struct study_shell *shell = study_shell(study, seed, count);
    struct study_sample *sample = study_sample(study, seed, count, calibrator);
    octet_engine *engine = NULL;
    octet_build_settings settings;
    octet_build_defaults(&settings);
    settings.calibrator = study->plan.calibrators[calibrator];
    const double start_ms = app_now_ms();
    const octet_status status =
        octet_build(app->context, study->model, shell->statistics, &settings, &engine);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    sample->gather_s = shell->seconds;
    sample->build_s = (app_now_ms() - start_ms) / 1e3;
    const int done = study_judge_engine(judge, engine, progress, sample);
    octet_engine_free(&engine);
    return done;
}

static size_t count_done(const struct study *study)
{
    const struct study_plan *plan = &study->plan;
    size_t done = 0;
    for (size_t i = 0; i < plan->seeds * plan->count_count * plan->calibrator_count; i++)
        done += study->samples[i].done;
    return done;
}

/* Seed by seed, so that one that is interrupted has whole curves. */
static int measure_samples(struct study_judge *judge, struct study_state *state)
{
    struct study *study = judge->study;
    const struct study_plan *plan = &study->plan;
    struct progress progress;
    int status = STATUS_DONE;
    app_progress(study->app, &progress, "evaluating",
                 (study_plan_engines(plan) - count_done(study)) * judge->pictures);
    for (size_t seed = 0; seed < plan->seeds; seed++)
        for (size_t i = 0; i < plan->count_count; i++)
            for (size_t c = 0; c < plan->calibrator_count; c++) {
                if (status != STATUS_DONE || app_interrupted() ||
                    seed >= study_plan_seeds(plan, i) || study_sample(study, seed, i, c)->done)
                    continue;
                status = measure_sample(judge, seed, i, c, &progress);
                if (status == STATUS_DONE && state->folder)
                    status = study_state_save(state, false);
            }
    progress_finish(&progress);
    return status;
}

static int interrupted(struct study *study, struct study_state *state)
{
    if (!state->folder)
        return app_fail(study->app, "interrupted: nothing is kept without -o DIR");
    const int status = study_state_save(state, true);
    if (status != STATUS_DONE)
        return status;
    app_forget_signal(); /* what was asked for: an end in good order */
    return app_fail(study->app,
                    "interrupted after %zu of %zu engines; the same command with --resume goes on "
                    "from %s",
                    count_done(study), study_plan_engines(&study->plan), state->folder);
}

/* A signal ends the pictures' loops early; what was measured is kept all the same. */
static int measure(struct study *study, struct study_judge *judge, struct study_state *state)
{
    int status = STATUS_DONE;
    app_hold_signals();
    if (!study->gathered)
        status = study_gather(study);
    if (status == STATUS_DONE && !app_interrupted())
        status = study_judge_float(judge);
    if (status == STATUS_DONE && !app_interrupted())
        status = measure_samples(judge, state);
    if (status == STATUS_DONE && count_done(study) < study_plan_engines(&study->plan))
        status = interrupted(study, state);
    app_release_signals();
    return status;
}

static int write_files(struct study *study, struct label_font *font)
{
    const char *folder = study->arguments->folder;
    if (!folder)
        return STATUS_DONE;
    char *path = path_join(folder, "study.json"), *text = json_line(study_json(study));
    int status = output_write_file(study->app, path, text, strlen(text));
    free(path);
    free(text);
    return status == STATUS_DONE ? study_charts(study, font, folder) : status;
}

static int run(struct study *study, struct study_judge *judge, struct label_font *font)
{
    struct study_state state = {0};
    struct output_folders made = {0};
    int status = open_sources(study);
    if (status == STATUS_DONE)
        status = open_plan(study);
    if (status == STATUS_DONE)
        status = open_model(study);
    if (status == STATUS_DONE)
        status = study_judge_open(study, judge);
    if (status == STATUS_DONE && study->arguments->folder)
        status = protect_inputs(study, judge, &made);
    if (status == STATUS_DONE)
        warn_of_same(study, judge);
    study_state_open(&state, study, &judge->set.pictures);
    if (status == STATUS_DONE && study->arguments->resume)
        status = study_state_load(&state);
    else if (status == STATUS_DONE)
        study_state_pass_over(&state);
    if (status == STATUS_DONE)
        status = measure(study, judge, &state);
    if (status == STATUS_DONE)
        status = write_files(study, font);
    if (status == STATUS_DONE)
        status = study_report(study);
    if (status == STATUS_DONE)
        study_state_remove(&state);
    study_state_close(&state);
    output_folders_free(&made, status != STATUS_DONE);
    return status;
}

static void free_study(struct study *study)
{
    for (size_t i = 0; study->shells && i < study->plan.seeds * study->plan.count_count; i++)
        octet_statistics_free(&study->shells[i].statistics);
    free(study->shells);
    free(study->samples);
    study_plan_free(&study->plan);
    sources_free(&study->sources);
    octet_model_free(&study->model);
}

int study_run(struct app *app, const struct study_arguments *arguments, const char *model)
{
    struct study study = {.app = app, .arguments = arguments, .path = model};
    struct study_judge judge = {0};
    struct label_font *font = arguments->folder ? label_font_start(app) : NULL;
    const int status = run(&study, &judge, font);
    label_font_close(&font);
    study_judge_close(&judge);
    free_study(&study);
    return status;
}
