/* SPDX-License-Identifier: Apache-2.0 */
/* Engines of every precision: builds them, times them in turn, and chooses one. */
#include "build/candidates.h"

#include <math.h>
#include <string.h>

#include "app/median.h"
#include "app/progress.h"
#include "app/session_settings.h"
#include "models/model_file.h"
#include "models/noise.h"

/* Rounds, in which each candidate runs twice and the quicker run counts; fewer, but not less than
 * the least, once the time is spent. */
enum { ROUNDS = 15, ROUNDS_LEAST = 4, RUNS = 2 };
#define ENOUGH_MS 15000.0

static const octet_precision precisions[CANDIDATE_PRECISIONS] = {
    OCTET_PRECISION_INT8, OCTET_PRECISION_BF16, OCTET_PRECISION_FP32};

static int build_engines(struct app *app, const struct candidate_request *request,
                         struct candidates *candidates)
{
    octet_status status = OCTET_OK;
    for (int i = 0; i < CANDIDATE_PRECISIONS && status == OCTET_OK; i++) {
        octet_build_settings settings = request->settings;
        const bool quantised = precisions[i] == OCTET_PRECISION_INT8;
        settings.precision = precisions[i];
        if (!quantised)
            settings.float_layers = NULL;
        status = octet_build(app->context, request->model, quantised ? request->statistics : NULL,
                             &settings, &candidates->engines[i]);
    }
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(app, status, octet_context_message(app->context));
}

/* The next candidate: an engine on a device. `optional`: it may be left out. */
static int open_candidate(struct app *app, const struct candidate_request *request, int precision,
                          const char *device, bool optional, struct candidates *candidates)
{
    struct candidate *candidate = &candidates->all[candidates->count];
    *candidate = (struct candidate){.engine = candidates->engines[precision],
                                    .precision = precisions[precision],
                                    .agreement = NAN};
    const octet_session_settings settings =
        app_session_settings(app, device, request->judges->size);
    const octet_status status =
        octet_session_open(app->context, candidate->engine, &settings, &candidate->session);
    octet_engine_info(candidate->engine, &candidate->info);
    if (status == OCTET_OK) {
        candidates->count++;
        return STATUS_DONE;
    }
    const char *message = octet_context_message(app->context);
    if (!optional)
        return app_fail_library(app, status, message);
    app_say(app, "warning: %s on %s is left out: %s", precision_name(candidate->info.precision),
            device, message);
    return STATUS_DONE;
}

/* The devices to weigh, the reference's first. */
static int list_devices(struct app *app, const char *devices[CANDIDATE_DEVICES])
{
    octet_gpu gpu;
    devices[0] = app->device;
    if (!app->device || strcmp(app->device, "auto") != 0)
        return 1;
    devices[0] = "cpu";
    devices[1] = "cuda";
    return octet_machine_gpu(app->context, 0, &gpu) == OCTET_OK ? 2 : 1;
}

/* The quickest of a few runs, in ms. */
static octet_status time_runs(octet_session *session, int runs, double *least_ms)
{
    octet_status status = OCTET_OK;
    *least_ms = INFINITY;
    for (int i = 0; i < runs && status == OCTET_OK; i++) {
        const double start_ms = app_now_ms();
        status = octet_session_run(session);
        *least_ms = fmin(*least_ms, app_now_ms() - start_ms);
    }
    return status;
}

/* A first run of each, which takes longer. */
static octet_status warm_up(struct candidates *candidates, octet_session **session)
{
    double least_ms;
    octet_status status = OCTET_OK;
    for (int i = 0; i < candidates->count && status == OCTET_OK; i++) {
        *session = candidates->all[i].session;
        status = noise_set(*session, 1);
        if (status == OCTET_OK)
            status = time_runs(*session, 1, &least_ms);
    }
    return status;
}

static void summarize(struct candidates *candidates, double times[][ROUNDS], size_t rounds)
{
    double beside[ROUNDS], reference[ROUNDS];
    memcpy(reference, times[CANDIDATE_REFERENCE], sizeof reference);
    for (int i = 0; i < candidates->count; i++) {
        struct candidate *candidate = &candidates->all[i];
        for (size_t k = 0; k < rounds; k++)
            beside[k] = times[i][k] / reference[k];
        candidate->time = median_of(beside, rounds);
        candidate->median_ms = median_of(times[i], rounds);
        candidate->least_ms = times[i][0]; /* sorted by now */
    }
}

/* All in turn, round after round, so that a machine that slows down slows all alike. */
int candidates_time(struct app *app, struct candidates *candidates)
{
    double times[CANDIDATES_MAX][ROUNDS];
    struct progress progress;
    octet_session *session = NULL;
    octet_status status = warm_up(candidates, &session);
    const double start_ms = app_now_ms();
    size_t rounds = 0;
    app_progress(app, &progress, "timing", ROUNDS);
    while (rounds < ROUNDS && status == OCTET_OK && !app_interrupted() &&
           (rounds < ROUNDS_LEAST || app_now_ms() - start_ms < ENOUGH_MS)) {
        for (int i = 0; i < candidates->count && status == OCTET_OK; i++) {
            const int turn = (i + (int)rounds) % candidates->count;
            session = candidates->all[turn].session;
            status = time_runs(session, RUNS, &times[turn][rounds]);
        }
        rounds++;
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    if (app_interrupted())
        return app_fail(app, "interrupted: nothing was written");
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_session_message(session));
    summarize(candidates, times, rounds);
    return STATUS_DONE;
}

void candidates_choose(struct candidates *candidates)
{
    octet_candidate measured[CANDIDATES_MAX];
    const int count = candidates->count;
    for (int i = 0; i < count; i++)
        measured[i] = (octet_candidate){.precision = candidates->all[i].precision,
                                        .time = candidates->all[i].time,
                                        .agreement = candidates->all[i].agreement};
    candidates->chosen = octet_choose_candidate(measured, count, candidates->min_agreement);
    for (int i = 0; i < count; i++)
        candidates->all[i].agrees = measured[i].agrees;
}

int candidates_build(struct app *app, const struct candidate_request *request,
                     struct candidates *candidates)
{
    const char *devices[CANDIDATE_DEVICES];
    *candidates = (struct candidates){.min_agreement = request->min_agreement};
    const int device_count = list_devices(app, devices);
    int status = build_engines(app, request, candidates);
    for (int i = 0; i < device_count; i++)
        for (int k = 0; k < CANDIDATE_PRECISIONS && status == STATUS_DONE; k++)
            status = open_candidate(app, request, k, devices[i], i > 0, candidates);
    return status;
}

void candidates_free(struct candidates *candidates)
{
    for (int i = 0; i < candidates->count; i++)
        octet_session_close(&candidates->all[i].session);
    for (int i = 0; i < CANDIDATE_PRECISIONS; i++)
        octet_engine_free(&candidates->engines[i]);
}
