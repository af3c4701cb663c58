/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads how far a training got. */
#include "tune/tune_state.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/paths.h"
#include "models/model_file.h"
#include "tune/tune_report.h"

#define VERSION 1
#define AGREEMENT "agreement"
#define MOMENTS_MOST 1000000

static int fail_damaged(const struct tune_run *run)
{
    return app_fail(run->app, "%s: damaged: leave out --resume", run->partial);
}

int tune_state_check(const struct tune_run *run)
{
    struct app *app = run->app;
    enum file_kind kind;
    if (!path_exists(run->partial))
        return run->arguments->resume
                   ? app_fail(app, "%s: not there: nothing to resume; leave out --resume",
                              run->partial)
                   : STATUS_DONE;
    const int status = file_kind_of(app, run->partial, &kind);
    if (status != STATUS_DONE)
        return status;
    if (kind != FILE_TRAINING && run->arguments->resume)
        return app_fail(app, "%s: not the state of a training: leave out --resume", run->partial);
    if (kind != FILE_TRAINING)
        return app_fail(app,
                        "%s: would be lost: a training keeps there how far it got, and this is "
                        "none of octet's; choose another name for -o, or move it away",
                        run->partial);
    if (!run->arguments->resume)
        app_say(app, "%s, which an interrupted run left, is not used: no --resume", run->partial);
    return STATUS_DONE;
}

/* ---- writing ---- */

static json_t *pictures_json(const struct tune_run *run)
{
    char *text = app_printf("%016" PRIx64, run->pictures.list);
    json_t *json = json_text(text);
    free(text);
    return json;
}

static char *note_of(const struct tune_run *run)
{
    json_t *root = json_new_object();
    json_put(root, "version", json_integer(VERSION));
    json_put(root, "pictures", pictures_json(run));
    json_put(root, "minutes", json_number(run->arguments->minutes));
    json_put(root, "seconds", json_number(tune_run_seconds(run)));
    json_put(root, "start", tune_figures_json(&run->start, AGREEMENT));
    json_put(root, "best", tune_figures_json(&run->best, AGREEMENT));
    json_put(root, "best_epochs", json_number(run->best_epochs));
    json_put(root, "loss_sum", json_number(run->loss_sum));
    json_put(root, "loss_steps", json_integer(run->loss_steps));
    json_put(root, "history", tune_history_json(run, AGREEMENT));
    return json_line(root);
}

int tune_state_save(const struct tune_run *run)
{
    char *note = note_of(run);
    app_hold_signals();
    const octet_status status = octet_tune_save(run->tuning, run->partial, note);
    app_release_signals();
    free(note);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(run->app, status, octet_tune_message(run->tuning));
}

/* ---- reading ---- */

static bool read_number(const json_t *object, const char *key, double *number)
{
    const json_t *json = json_object_get(object, key);
    *number = json_number_value(json);
    return json_is_number(json) && isfinite(*number) && *number >= 0.0;
}

/* AP is there where labels are. */
static bool read_figures(const struct tune_run *run, const json_t *json,
                         struct tune_figures *figures)
{
    const json_t *ap = json_object_get(json, "ap");
    figures->ap = (double)NAN;
    return read_number(json, "score_error", &figures->score_error) &&
           read_number(json, AGREEMENT, &figures->agreement) &&
           (run->arguments->labels ? read_number(json, "ap", &figures->ap) : json_is_null(ap));
}

static bool read_history(struct tune_run *run, const json_t *list)
{
    const size_t count = json_array_size(list);
    if (!json_is_array(list) || count > MOMENTS_MOST)
        return false;
    run->moments = app_alloc(count + 1, sizeof *run->moments);
    for (run->moment_count = 0; run->moment_count < count; run->moment_count++) {
        const json_t *json = json_array_get(list, run->moment_count);
        struct tune_moment *moment = &run->moments[run->moment_count];
        if (!read_figures(run, json, &moment->figures) ||
            !read_number(json, "epochs", &moment->epochs) ||
            !read_number(json, "loss", &moment->loss))
            return false;
    }
    return true;
}

static bool read_losses(struct tune_run *run, const json_t *root)
{
    octet_tune_info info;
    octet_tune_info_get(run->tuning, &info);
    run->loss_steps = json_integer_value(json_object_get(root, "loss_steps"));
    return run->loss_steps >= 0 && run->loss_steps <= info.step &&
           read_number(root, "loss_sum", &run->loss_sum);
}

static bool read_note(struct tune_run *run, const json_t *root)
{
    return read_figures(run, json_object_get(root, "start"), &run->start) &&
           read_figures(run, json_object_get(root, "best"), &run->best) &&
           read_number(root, "best_epochs", &run->best_epochs) &&
           read_number(root, "seconds", &run->seconds_before) && read_losses(run, root) &&
           read_history(run, json_object_get(root, "history"));
}

/* By what the library does not know of: the list of pictures, and what the number of steps came
 * from. `steps` are those that these settings would make. */
static int compare(const struct tune_run *run, const json_t *root, int64_t steps)
{
    const struct tune_arguments *a = run->arguments;
    octet_tune_info info;
    double minutes;
    json_t *pictures = pictures_json(run);
    const bool same = json_equal(pictures, json_object_get(root, "pictures"));
    json_decref(pictures);
    octet_tune_info_get(run->tuning, &info);
    if (!same)
        return app_fail(run->app,
                        "%s: a training on other pictures%s; resume with the same, or leave out "
                        "--resume",
                        run->partial, a->labels ? " or labels" : "");
    if (!read_number(root, "minutes", &minutes))
        return fail_damaged(run);
    if (minutes < a->minutes || minutes > a->minutes || (!(a->minutes > 0) && info.steps != steps))
        return app_fail(run->app,
                        "%s: a training of %lld steps, by other --epochs or --minutes; resume with "
                        "the same, or leave out --resume",
                        run->partial, (long long)info.steps);
    return STATUS_DONE;
}

static int take_note(struct tune_run *run, const char *note, int64_t steps)
{
    json_error_t error;
    json_t *root = json_loads(note, 0, &error);
    int status = json_integer_value(json_object_get(root, "version")) == VERSION
                     ? compare(run, root, steps)
                     : fail_damaged(run);
    if (status == STATUS_DONE && !read_note(run, root))
        status = fail_damaged(run);
    json_decref(root);
    return status;
}

int tune_state_resume(struct tune_run *run)
{
    const char *note;
    octet_tune_info info;
    octet_tune_info_get(run->tuning, &info);
    const octet_status status = octet_tune_load(run->tuning, run->partial, &note);
    const char *message = octet_tune_message(run->tuning);
    if (status == OCTET_MISMATCH)
        return app_fail(run->app, "%s; resume with the same, or leave out --resume", message);
    if (status == OCTET_BAD_FORMAT)
        return fail_damaged(run);
    if (status != OCTET_OK)
        return app_fail_library(run->app, status, message);
    return take_note(run, note, info.steps);
}
