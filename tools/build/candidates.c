/* SPDX-License-Identifier: Apache-2.0 */
#include "build/candidates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/json_print.h"
#include "app/progress.h"
#include "app/table.h"
#include "bench/bench_statistics.h"
#include "models/model_file.h"

/* Rounds, in which each candidate runs twice and the quicker run counts; fewer, but not less than
 * the least, once the time is spent. */
enum { ROUNDS = 15, ROUNDS_LEAST = 4, RUNS = 2, FLOAT = CANDIDATES - 1 };
#define ENOUGH_MS 15000.0

/* Half is preferred to FP32 up to this: as fast, it is half as large. */
#define AS_FAST 1.02

static const octet_precision precisions[CANDIDATES] = {OCTET_PRECISION_INT8, OCTET_PRECISION_HALF,
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

/* A fixed picture of noise: what the network makes of it takes no other time than a real one. */
static octet_status set_noise(octet_session *session)
{
    const size_t bytes =
        3 * (size_t)octet_session_height(session) * (size_t)octet_session_width(session);
    uint8_t *pixels = app_alloc(bytes, 1);
    uint32_t state = 1;
    for (size_t i = 0; i < bytes; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)(state >> 24);
    }
    const octet_status status = octet_session_set_pixels(session, 0, pixels);
    free(pixels);
    return status;
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
static int time_all(struct app *app, struct candidates *candidates)
{
    double times[CANDIDATES][ROUNDS], beside[CANDIDATES][ROUNDS], warm_ms;
    struct progress progress;
    octet_status status = OCTET_OK;
    octet_session *session = NULL;
    for (int i = 0; i < CANDIDATES && status == OCTET_OK; i++) {
        session = candidates->all[i].session;
        status = set_noise(session);
        if (status == OCTET_OK)
            status = time_runs(session, 1, &warm_ms);
    }
    const double start_ms = app_now_ms();
    size_t rounds = 0;
    progress_start(&progress, app, "timing", ROUNDS);
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

static bool agrees(const struct candidates *candidates, int index)
{
    const double agreement = candidates->all[index].agreement;
    return index == FLOAT || isnan(agreement) || agreement >= candidates->min_agreement;
}

/* The fastest that agrees; half rather than FP32 where both are as fast. */
static int choose(const struct candidates *candidates)
{
    int best = FLOAT;
    for (int i = FLOAT - 1; i >= 0; i--) {
        const double allowed = i == FLOAT - 1 ? AS_FAST : 1.0;
        if (agrees(candidates, i) && candidates->all[i].time < allowed * candidates->all[best].time)
            best = i;
    }
    return best;
}

int candidates_compare(struct app *app, const struct candidate_request *request,
                       struct candidates *candidates)
{
    int status = STATUS_DONE;
    *candidates = (struct candidates){.min_agreement = request->min_agreement};
    for (int i = 0; i < CANDIDATES && status == STATUS_DONE; i++)
        status = build_one(app, request, precisions[i], &candidates->all[i]);
    if (status == STATUS_DONE)
        status = time_all(app, candidates);
    if (status == STATUS_DONE && request->judges->images.count)
        status = candidates_judge(app, request, candidates);
    if (status == STATUS_DONE && !request->judges->images.count)
        app_say(app, "warning: no pictures: only speed decides; with --images SOURCE the "
                     "engines are judged, too");
    candidates->chosen = choose(candidates);
    return status;
}

void candidates_free(struct candidates *candidates)
{
    for (int i = 0; i < CANDIDATES; i++) {
        octet_session_close(&candidates->all[i].session);
        octet_detections_free(&candidates->all[i].found);
        octet_engine_free(&candidates->all[i].engine);
    }
}

static const char *verdict(const struct candidates *candidates, int index)
{
    if (index == candidates->chosen)
        return "chosen";
    return agrees(candidates, index) ? "" : "agrees too little";
}

void candidates_print(const struct candidates *candidates)
{
    static const char *const headers[] = {"  precision",
                                          ">median ms",
                                          ">---least ms",
                                          ">-x fp32 speed",
                                          ">agreement",
                                          ">--weights",
                                          ""};
    struct table table;
    char size[SIZE_TEXT_BYTES];
    printf("  measured     kernels %s, %d thread%s, %dx%d\n",
           octet_session_cpu(candidates->all[0].session),
           octet_session_threads(candidates->all[0].session),
           octet_session_threads(candidates->all[0].session) == 1 ? "" : "s",
           octet_session_height(candidates->all[0].session),
           octet_session_width(candidates->all[0].session));
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (int i = 0; i < CANDIDATES; i++) {
        const struct candidate *candidate = &candidates->all[i];
        table_add(&table, "  %s", precision_name(candidate->info.precision));
        table_add(&table, "%.2f", candidate->median_ms);
        table_add(&table, "%.2f", candidate->least_ms);
        table_add(&table, "%.2f", 1 / candidate->time);
        table_add(&table, isnan(candidate->agreement) ? "-" : "%.1f %%", candidate->agreement);
        table_add(&table, "%s", size_text((double)candidate->info.weight_bytes, size));
        table_add(&table, "%s", verdict(candidates, i));
    }
    table_print(&table);
    if (candidates->boxes)
        printf("  judged       by %zu boxes of the float model in %zu picture%s; at least %g %% "
               "must agree\n",
               candidates->boxes, candidates->pictures, candidates->pictures == 1 ? "" : "s",
               candidates->min_agreement);
}

void candidates_json(const struct candidates *candidates, json_t *root)
{
    json_t *all = json_new_array();
    for (int i = 0; i < CANDIDATES; i++) {
        const struct candidate *candidate = &candidates->all[i];
        json_t *one = json_new_object();
        json_put(one, "precision", json_text(precision_name(candidate->info.precision)));
        json_put(one, "median_ms", json_number(candidate->median_ms));
        json_put(one, "least_ms", json_number(candidate->least_ms));
        json_put(one, "time_beside_fp32", json_number(candidate->time));
        json_put(one, "agreement_ap", json_number(candidate->agreement / 100));
        json_put(one, "weight_bytes", json_integer(candidate->info.weight_bytes));
        json_put(one, "agrees", json_boolean(agrees(candidates, i)));
        json_put(one, "chosen", json_boolean(i == candidates->chosen));
        json_push(all, one);
    }
    json_put(root, "candidates", all);
    json_put(root, "min_agreement", json_number(candidates->min_agreement));
    json_put(root, "judging_images", json_integer((json_int_t)candidates->pictures));
    json_put(root, "judging_boxes", json_integer((json_int_t)candidates->boxes));
}
