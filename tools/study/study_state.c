/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads how far a study got. */
#include "study/study_state.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/json_print.h"
#include "app/output_file.h"
#include "app/paths.h"
#include "models/checkpoint.h"

#define KIND "octet study"
#define VERSION 1

void study_state_open(struct study_state *state, struct study *study,
                      const struct sources *evaluation)
{
    *state = (struct study_state){.study = study, .evaluation = evaluation};
    if (!study->arguments->folder)
        return;
    state->folder = path_join(study->arguments->folder, "study.partial");
    state->path = path_join(state->folder, "state.json");
}

static char *shell_path(const struct study_state *state, size_t seed, size_t count)
{
    char *name = app_printf("seed%zu-count%zu.stats", seed, state->study->plan.counts[count]);
    char *path = path_join(state->folder, name);
    free(name);
    return path;
}

static json_t *list_json(const struct sources *sources)
{
    char *hash = app_printf("%zu %016" PRIx64, sources->count, checkpoint_hash_list(sources));
    json_t *text = json_text(hash);
    free(hash);
    return text;
}

static json_t *request_json(const struct study_state *state)
{
    const struct study *study = state->study;
    const struct study_arguments *a = study->arguments;
    const struct study_plan *plan = &study->plan;
    json_t *request = json_new_object(), *counts = json_new_array(), *names = json_new_array();
    for (size_t i = 0; i < plan->count_count; i++)
        json_push(counts, json_integer((json_int_t)plan->counts[i]));
    for (size_t i = 0; i < plan->calibrator_count; i++)
        json_push(names, json_text(plan->calibrators[i]));
    json_put(request, "images", list_json(&study->sources));
    json_put(request, "evaluation", list_json(state->evaluation));
    json_put(request, "labels", json_boolean(study->labelled));
    json_put(request, "counts", counts);
    json_put(request, "calibrators", names);
    json_put(request, "seeds", json_integer((json_int_t)plan->seeds));
    json_put(request, "height", json_integer(a->size.height));
    json_put(request, "width", json_integer(a->size.width));
    return request;
}

static json_t *sample_json(const struct study_sample *sample)
{
    if (!sample->done)
        return json_null();
    json_t *json = json_new_object();
    json_put(json, "ap", json_number(sample->ap));
    json_put(json, "agreement", json_number(sample->agreement));
    json_put(json, "gather_s", json_number(sample->gather_s));
    json_put(json, "build_s", json_number(sample->build_s));
    return json;
}

static json_t *state_json(const struct study_state *state, bool statistics)
{
    const struct study *study = state->study;
    const struct study_plan *plan = &study->plan;
    json_t *root = json_new_object(), *samples = json_new_array(), *shells = json_new_array();
    const size_t shell_count = plan->seeds * plan->count_count;
    for (size_t i = 0; i < shell_count * plan->calibrator_count; i++)
        json_push(samples, sample_json(&study->samples[i]));
    for (size_t i = 0; i < shell_count && statistics; i++)
        json_push(shells,
                  study->shells[i].statistics ? json_real(study->shells[i].seconds) : json_null());
    json_put(root, "kind", json_text(KIND));
    json_put(root, "version", json_integer(VERSION));
    json_put(root, "request", request_json(state));
    json_put(root, "model_hash", json_text(study->model_hash));
    json_put(root, "gathered", json_boolean(statistics && study->gathered));
    json_put(root, "position", json_integer(statistics ? (json_int_t)study->position : 0));
    json_put(root, "left_out", json_integer(statistics ? (json_int_t)study->left_out : 0));
    json_put(root, "shells", shells);
    json_put(root, "samples", samples);
    return root;
}

static int save_shells(const struct study_state *state)
{
    const struct study *study = state->study;
    octet_status status = OCTET_OK;
    for (size_t seed = 0; seed < study->plan.seeds; seed++) {
        for (size_t i = 0; i < study->plan.count_count && status == OCTET_OK; i++) {
            char *path = shell_path(state, seed, i);
            const octet_statistics *statistics = study_shell(study, seed, i)->statistics;
            if (statistics)
                status = octet_statistics_save(study->app->context, statistics, path);
            free(path);
        }
    }
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(study->app, status, octet_context_message(study->app->context));
}

int study_state_save(struct study_state *state, bool statistics)
{
    struct app *app = state->study->app;
    int status = output_make_folder(app, state->folder, NULL);
    if (status == STATUS_DONE && statistics)
        status = save_shells(state);
    if (status != STATUS_DONE)
        return status;
    char *text = json_line(state_json(state, statistics));
    status = output_write_file(app, state->path, text, strlen(text));
    free(text);
    return status;
}

static double real_of(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    return json_is_number(number) ? json_number_value(number) : NAN;
}

/* A sample is good when its agreement and times are there, and its AP where there are labels. */
static bool read_sample(const struct study *study, const json_t *json, struct study_sample *sample)
{
    if (json_is_null(json))
        return true;
    *sample = (struct study_sample){true, real_of(json, "ap"), real_of(json, "agreement"),
                                    real_of(json, "gather_s"), real_of(json, "build_s")};
    return isfinite(sample->agreement) && isfinite(sample->gather_s) && isfinite(sample->build_s) &&
           (isfinite(sample->ap) || !study->labelled);
}

static bool read_samples(struct study *study, const json_t *list)
{
    const struct study_plan *plan = &study->plan;
    const size_t count = plan->seeds * plan->count_count * plan->calibrator_count;
    bool good = json_array_size(list) == count;
    for (size_t i = 0; i < count && good; i++)
        good = read_sample(study, json_array_get(list, i), &study->samples[i]);
    return good;
}

/* Those that the state lists; statistics of another model are found out when they are merged or
 * built from. */
static int load_shells(struct study_state *state, const json_t *list)
{
    struct study *study = state->study;
    const struct study_plan *plan = &study->plan;
    octet_status status = OCTET_OK;
    for (size_t i = 0; i < plan->seeds * plan->count_count && status == OCTET_OK; i++) {
        const json_t *seconds = json_array_get(list, i);
        if (!json_is_number(seconds))
            continue;
        char *path = shell_path(state, i / plan->count_count, i % plan->count_count);
        study->shells[i].seconds = json_number_value(seconds);
        status = octet_statistics_load(study->app->context, path, &study->shells[i].statistics);
        free(path);
    }
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(study->app, status, octet_context_message(study->app->context));
}

static bool is_state(const json_t *root)
{
    const char *kind = json_string_value(json_object_get(root, "kind"));
    return kind && strcmp(kind, KIND) == 0 &&
           json_integer_value(json_object_get(root, "version")) == VERSION;
}

static int load(struct study_state *state, const json_t *root)
{
    struct study *study = state->study;
    struct app *app = study->app;
    json_t *request = request_json(state);
    const bool same = json_equal(request, json_object_get(root, "request"));
    json_decref(request);
    if (!same)
        return app_fail(app,
                        "%s: of another study (pictures, counts, seeds, calibrators or size): "
                        "resume with the same, or leave out --resume",
                        state->path);
    const char *hash = json_string_value(json_object_get(root, "model_hash"));
    const json_int_t position = json_integer_value(json_object_get(root, "position"));
    const json_int_t left_out = json_integer_value(json_object_get(root, "left_out"));
    if (!read_samples(study, json_object_get(root, "samples")) || !hash ||
        strlen(hash) >= sizeof study->model_hash || left_out < 0 || position < left_out ||
        (size_t)position > study->sources.count)
        return app_fail(app, "%s: damaged: leave out --resume", state->path);
    strcpy(study->model_hash, hash);
    study->position = (size_t)position;
    study->left_out = (size_t)left_out;
    study->gathered = json_is_true(json_object_get(root, "gathered"));
    return load_shells(state, json_object_get(root, "shells"));
}

int study_state_load(struct study_state *state)
{
    struct app *app = state->study->app;
    json_error_t error;
    if (!path_exists(state->path))
        return app_fail(app, "%s: not there: nothing to resume; leave out --resume", state->path);
    json_t *root = json_load_file(state->path, 0, &error);
    const int status =
        is_state(root) ? load(state, root)
                       : app_fail(app, "%s: not the state of an interrupted study", state->path);
    json_decref(root);
    return status;
}

void study_state_pass_over(struct study_state *state)
{
    if (state->path && path_exists(state->path))
        app_say(state->study->app, "%s of an interrupted study is not used: no --resume",
                state->path);
}

void study_state_remove(struct study_state *state)
{
    const struct study_plan *plan = &state->study->plan;
    if (!state->folder || !path_exists(state->path))
        return;
    for (size_t seed = 0; seed < plan->seeds; seed++)
        for (size_t i = 0; i < plan->count_count; i++) {
            char *path = shell_path(state, seed, i);
            unlink(path);
            free(path);
        }
    unlink(state->path);
    rmdir(state->folder);
}

void study_state_close(struct study_state *state)
{
    free(state->folder);
    free(state->path);
}
