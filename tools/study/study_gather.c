/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples of one seed hold each other, so a picture belongs to one shell of each seed, however many
 * counts there are: it is run once, its statistics are merged once a seed, and a sample is the sum
 * of its shells. Memory is that of counts x seeds statistics, and does not grow with the pictures.
 */
#include "study/study_gather.h"

#include <stdlib.h>
#include <string.h>

#include "app/progress.h"
#include "app/session_settings.h"
#include "pictures/pictures.h"

#define AHEAD 3 /* pictures that are decoded while others are run */

struct gathering {
    struct study *study;
    octet_calibration *calibration;
    struct sources taken; /* the pictures that samples have: borrowed paths */
    size_t *index;        /* of each in the list of all */
};

static void list_taken(struct gathering *g)
{
    const struct sources *all = &g->study->sources;
    g->taken.path = app_alloc(all->count, sizeof *g->taken.path);
    g->index = app_alloc(all->count, sizeof *g->index);
    for (size_t i = 0; i < all->count; i++) {
        if (!study_plan_takes(&g->study->plan, i))
            continue;
        g->index[g->taken.count] = i;
        g->taken.path[g->taken.count++] = all->path[i];
    }
}

static int start(struct gathering *g)
{
    struct app *app = g->study->app;
    const octet_calibration_settings settings =
        app_calibration_settings(app, g->study->arguments->size);
    const octet_status status =
        octet_calibration_create(app->context, g->study->model, &settings, &g->calibration);
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(app, status, octet_context_message(app->context));
}

static int take_statistics(struct gathering *g, octet_statistics **statistics)
{
    const octet_status status = octet_calibration_finish(g->calibration, statistics);
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(g->study->app, status, octet_calibration_message(g->calibration));
}

/* The first picture of a shell is its beginning. */
static int add_to_shell(struct gathering *g, const octet_statistics *statistics,
                        struct study_shell *shell)
{
    if (!shell->statistics)
        return take_statistics(g, &shell->statistics);
    const octet_status status = octet_statistics_merge(shell->statistics, statistics);
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(g->study->app, status, octet_statistics_message(shell->statistics));
}

static int add_to_shells(struct gathering *g, size_t picture, double seconds)
{
    const struct study_plan *plan = &g->study->plan;
    octet_statistics *statistics = NULL;
    int status = take_statistics(g, &statistics);
    for (size_t seed = 0; seed < plan->seeds && status == STATUS_DONE; seed++) {
        const size_t shell = plan->shell_of[seed * plan->pictures + picture];
        if (shell == plan->count_count)
            continue;
        struct study_shell *to = study_shell(g->study, seed, shell);
        status = add_to_shell(g, statistics, to);
        to->seconds += seconds;
    }
    octet_statistics_free(&statistics);
    return status;
}

static int leave_out(struct gathering *g, const char *message)
{
    struct study *study = g->study;
    app_fail(study->app, "%s", message);
    study->left_out++;
    if ((double)study->left_out <= study->arguments->max_bad * (double)g->taken.count + 1e-9)
        return STATUS_DONE;
    return app_fail(study->app, "%zu of %zu pictures cannot be used, more than --max-bad %g allows",
                    study->left_out, g->taken.count, study->arguments->max_bad);
}

/* The picture's own fault, not the model's or the machine's. */
static bool is_bad_picture(octet_status status)
{
    return status == OCTET_UNSUPPORTED_IMAGE || status == OCTET_IMAGE_TOO_LARGE;
}

static int add_picture(struct gathering *g, const struct frame *frame)
{
    struct app *app = g->study->app;
    const size_t picture = g->index[g->study->position++];
    if (!frame->image)
        return frame->status == OCTET_OUT_OF_MEMORY ? app_fail(app, "%s", frame->message)
                                                    : leave_out(g, frame->message);
    const double start_ms = app_now_ms();
    octet_calibration_restart(g->calibration);
    const octet_status status = octet_calibration_add(g->calibration, frame->image);
    if (status == OCTET_OK)
        return add_to_shells(g, picture, (app_now_ms() - start_ms) / 1e3);
    char *message = app_printf("%s: %s", frame->label, octet_calibration_message(g->calibration));
    const int done = is_bad_picture(status) ? leave_out(g, message) : app_fail(app, "%s", message);
    free(message);
    return done;
}

static int add_pictures(struct gathering *g)
{
    struct study *study = g->study;
    struct sources rest = g->taken;
    struct pictures *pictures = NULL;
    struct progress progress;
    struct frame frame;
    rest.path += study->position;
    rest.count -= study->position;
    int status =
        pictures_open(study->app, &rest, (struct pictures_settings){.ahead = AHEAD}, &pictures);
    if (status != STATUS_DONE)
        return status;
    app_progress(study->app, &progress, "gathering", g->taken.count);
    progress_resume(&progress, study->position);
    while (status == STATUS_DONE && !app_interrupted() && pictures_next(pictures, &frame)) {
        status = add_picture(g, &frame);
        frame_free(&frame);
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    pictures_close(&pictures);
    return status;
}

/* Each sample takes in the next smaller one of its seed. */
static int complete(struct gathering *g)
{
    struct study *study = g->study;
    const struct study_plan *plan = &study->plan;
    octet_statistics_info info;
    for (size_t seed = 0; seed < plan->seeds; seed++) {
        for (size_t i = 0; i < plan->count_count; i++) {
            struct study_shell *shell = study_shell(study, seed, i);
            if (!shell->statistics)
                return app_fail(study->app,
                                "none of the pictures that a sample of %zu (seed %zu) adds could "
                                "be used",
                                plan->counts[i], seed);
            if (i == 0)
                continue;
            const struct study_shell *smaller = study_shell(study, seed, i - 1);
            if (octet_statistics_merge(shell->statistics, smaller->statistics) != OCTET_OK)
                return app_fail(study->app, "%s", octet_statistics_message(shell->statistics));
            shell->seconds += smaller->seconds;
        }
    }
    octet_statistics_info_get(study_shell(study, 0, 0)->statistics, &info);
    if (study->model_hash[0] && strcmp(study->model_hash, info.model_hash) != 0)
        return app_fail(study->app,
                        "the study to resume was of another model (%.12s..., this one "
                        "is %.12s...)",
                        study->model_hash, info.model_hash);
    memcpy(study->model_hash, info.model_hash, sizeof study->model_hash);
    study->gathered = true;
    return STATUS_DONE;
}

int study_gather(struct study *study)
{
    struct gathering g = {.study = study};
    list_taken(&g);
    int status = start(&g);
    if (status == STATUS_DONE)
        status = add_pictures(&g);
    if (status == STATUS_DONE && study->position == g.taken.count)
        status = complete(&g);
    octet_calibration_free(&g.calibration);
    free(g.taken.path);
    free(g.index);
    return status;
}
