/* SPDX-License-Identifier: Apache-2.0 */
/* Engines of every precision: builds them, times them in turn, and chooses one. */
#include "build/candidates.h"

#include <math.h>

#include "app/median.h"
#include "app/progress.h"
#include "models/noise.h"

/* Rounds, in which each candidate runs twice and the quicker run counts; fewer, but not less than
 * the least, once the time is spent. */
enum { ROUNDS = 15, ROUNDS_LEAST = 4, RUNS = 2, FLOAT = CANDIDATES - 1 };
#define ENOUGH_MS 15000.0

static const octet_precision precisions[CANDIDATES] = {OCTET_PRECISION_INT8, OCTET_PRECISION_BF16,
                                                       OCTET_PRECISION_FP32};

static int build_one(struct app *app, const struct candidate_request *request,
                     octet_precision precision, struct candidate *candidate)
{
    octet_build_settings settings = request->settings;
    octet_session_settings session;
    settings.precision = precision;
    if (precision != OCTET_PRECISION_INT8)
        settings.float_layers = NULL;
    octet_session_defaults(&session);
    session.height = request->judges->size.height;
    session.width = request->judges->size.width;
    session.threads = app->threads;
    session.cpu = app->cpu;
    candidate->agreement = NAN;
    octet_status status =
        octet_build(app->context, request->model,
                    precision == OCTET_PRECISION_INT8 ? request->statistics : NULL, &settings,
                    &candidate->engine);
    if (status == OCTET_OK)
        status = octet_session_open(app->context, candidate->engine, &session, &candidate->session);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    octet_engine_info(candidate->engine, &candidate->info);
    return STATUS_DONE;
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

/* All in turn, round after round, so that a machine that slows down slows all alike. */
int candidates_time(struct app *app, struct candidates *candidates)
{
    double times[CANDIDATES][ROUNDS], beside[CANDIDATES][ROUNDS], warm_ms;
    struct progress progress;
    octet_status status = OCTET_OK;
    octet_session *session = NULL;
    for (int i = 0; i < CANDIDATES && status == OCTET_OK; i++) {
        session = candidates->all[i].session;
        status = noise_set(session, 1);
        if (status == OCTET_OK)
            status = time_runs(session, 1, &warm_ms);
    }
    const double start_ms = app_now_ms();
    size_t rounds = 0;
    app_progress(app, &progress, "timing", ROUNDS);
    while (rounds < ROUNDS && status == OCTET_OK && !app_interrupted() &&
           (rounds < ROUNDS_LEAST || app_now_ms() - start_ms < ENOUGH_MS)) {
        for (int i = 0; i < CANDIDATES && status == OCTET_OK; i++) {
            const int turn = (i + (int)rounds) % CANDIDATES;
            session = candidates->all[turn].session;
            status = time_runs(session, RUNS, &times[turn][rounds]);
        }
        for (int i = 0; i < CANDIDATES; i++)
            beside[i][rounds] = times[i][rounds] / times[FLOAT][rounds];
        rounds++;
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    if (app_interrupted())
        return app_fail(app, "interrupted: nothing was written");
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_session_message(session));
    for (int i = 0; i < CANDIDATES; i++) {
        candidates->all[i].time = median_of(beside[i], rounds);
        candidates->all[i].median_ms = median_of(times[i], rounds);
        candidates->all[i].least_ms = times[i][0]; /* sorted by now */
    }
    return STATUS_DONE;
}

void candidates_choose(struct candidates *candidates)
{
    octet_candidate measured[CANDIDATES];
    for (int i = 0; i < CANDIDATES; i++)
        measured[i] = (octet_candidate){.precision = precisions[i],
                                        .time = candidates->all[i].time,
                                        .agreement = candidates->all[i].agreement};
    candidates->chosen = octet_choose_candidate(measured, CANDIDATES, candidates->min_agreement);
    for (int i = 0; i < CANDIDATES; i++)
        candidates->all[i].agrees = measured[i].agrees;
}

int candidates_build(struct app *app, const struct candidate_request *request,
                     struct candidates *candidates)
{
    int status = STATUS_DONE;
    *candidates = (struct candidates){.min_agreement = request->min_agreement};
    for (int i = 0; i < CANDIDATES && status == STATUS_DONE; i++)
        status = build_one(app, request, precisions[i], &candidates->all[i]);
    return status;
}

void candidates_free(struct candidates *candidates)
{
    for (int i = 0; i < CANDIDATES; i++) {
        octet_session_close(&candidates->all[i].session);
        octet_engine_free(&candidates->all[i].engine);
    }
}
