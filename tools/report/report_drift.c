/* SPDX-License-Identifier: Apache-2.0 */
/* How the engine's ranges fit the pictures: the float model's values beside the codes, as `octet
 * calibrate --check` looks at them, and the codes alone, as `octet detect --drift` does. */
#include <math.h>
#include <stdlib.h>

#include "app/session_settings.h"
#include "models/code_watch.h"
#include "models/model_file.h"
#include "models/range_check.h"
#include "models/range_report.h"
#include "pictures/pictures.h"
#include "plot/plot_bars.h"
#include "report/measure_parts.h"
#include "report/report_layer_name.h"

#define AHEAD 3 /* pictures that are decoded while others are run */
#define BARS 12

struct looking {
    struct app *app;
    struct report_measured *measured;
    octet_calibration *calibration; /* NULL: no float model to calibrate */
    struct code_watch watch;        /* its drift NULL: the engine does not know its codes */
};

static int open_calibration(struct looking *looking)
{
    const struct report_measured *measured = looking->measured;
    const octet_session *session = measured->run.sides[1].session;
    const octet_calibration_settings settings =
        app_calibration_settings(looking->app, (struct input_size){octet_session_height(session),
                                                                   octet_session_width(session)});
    const octet_status status = octet_calibration_create(looking->app->context, measured->model,
                                                         &settings, &looking->calibration);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(looking->app, status,
                                                 octet_context_message(looking->app->context));
}

/* Those pictures that could be compared can be calibrated on. */
static int look_at(struct looking *looking, const struct frame *frame)
{
    octet_session *session = looking->measured->run.sides[1].session;
    octet_status status = octet_session_set_image(session, 0, frame->image);
    if (status != OCTET_OK)
        return STATUS_DONE;
    if (looking->calibration &&
        (status = octet_calibration_add(looking->calibration, frame->image)) != OCTET_OK)
        return app_fail(looking->app, "%s: %s", frame->label,
                        octet_calibration_message(looking->calibration));
    if (!looking->watch.drift)
        return STATUS_DONE;
    code_watch_begin(&looking->watch, session, octet_image_width(frame->image),
                     octet_image_height(frame->image));
    status = octet_session_run(session);
    code_watch_end(&looking->watch, session);
    return status == OCTET_OK
               ? STATUS_DONE
               : app_fail_library(looking->app, status, octet_session_message(session));
}

static int look_at_all(struct looking *looking)
{
    struct report_measured *measured = looking->measured;
    struct pictures *pictures = NULL;
    struct frame frame;
    int status = pictures_open(looking->app, &measured->run.sources,
                               (struct pictures_settings){.ahead = AHEAD}, &pictures);
    while (status == STATUS_DONE && !app_interrupted() && pictures_next(pictures, &frame)) {
        if (frame.image)
            status = look_at(looking, &frame);
        frame_free(&frame);
        progress_add(&measured->progress, REPORT_DRIFT_STEPS);
    }
    pictures_close(&pictures);
    return status == STATUS_DONE ? report_check_signal(looking->app) : status;
}

static char *bars(const struct report_drift *drift)
{
    char *names[BARS];
    double noise[BARS], best[BARS];
    const int count = drift->fit.tensors < BARS ? drift->fit.tensors : BARS;
    for (int i = 0; i < count; i++) {
        names[i] = layer_name_short(drift->ranges[i].name);
        noise[i] = -drift->ranges[i].noise; /* noise below the signal: long bars are good */
        best[i] = -drift->ranges[i].best;
    }
    const struct plot_bar_group groups[] = {{"this engine's codes", noise},
                                            {"the best codes", best}};
    const struct plot_bars chart = {.title = "Signal to noise of the codes, worst tensors first",
                                    .description = "Decibels on these pictures; long is good.",
                                    .x_name = "dB, long is good",
                                    .names = (const char *const *)names,
                                    .count = (size_t)count,
                                    .groups = groups,
                                    .group_count = 2,
                                    .untitled = true,
                                    .width = 560};
    struct plot_drawing drawing = {0};
    plot_bars_draw(&chart, &drawing);
    for (int i = 0; i < count; i++)
        free(names[i]);
    return report_chart(&drawing);
}

/* The statistics beside the engine's ranges. */
static int compare(struct looking *looking)
{
    struct report_drift *drift = &looking->measured->data.drift;
    const octet_engine *engine = looking->measured->run.sides[1].engine;
    octet_statistics *statistics = NULL;
    octet_statistics_info info;
    octet_status status = octet_calibration_finish(looking->calibration, &statistics);
    if (status != OCTET_OK)
        return app_fail(looking->app, "%s", octet_calibration_message(looking->calibration));
    octet_statistics_info_get(statistics, &info);
    drift->ranges = app_alloc((size_t)info.tensor_count + 1, sizeof *drift->ranges);
    status = octet_ranges_fit(looking->app->context, NULL, NULL, engine, statistics, drift->ranges,
                              &drift->fit);
    if (status == OCTET_OK) {
        for (int i = 0; i < drift->fit.tensors; i++) /* the statistics end here */
            drift->ranges[i].name = app_strdup(drift->ranges[i].name);
        drift->verdict = range_reason(&drift->fit);
        drift->svg = drift->fit.tensors ? bars(drift) : NULL;
    } else {
        drift->fit = (octet_fit){0};
        drift->missing = app_strdup(octet_context_message(looking->app->context));
    }
    octet_statistics_free(&statistics);
    return STATUS_DONE;
}

static void tell_watch(const octet_drift_state *state, struct report_drift *drift)
{
    if (state->changed < 0)
        return;
    drift->watched = app_printf(
        "Watched as octet detect --drift does, by the codes alone: %s; coding makes %.1f dB %s "
        "noise than on the calibration's pictures (median of the last nine).",
        state->changed ? "recalibrate" : "fits", fabs(state->median),
        state->median < 0 ? "less" : "more");
}

int report_measure_drift(struct app *app, const struct report_request *request,
                         struct report_measured *measured)
{
    struct looking looking = {.app = app, .measured = measured, .watch.state.changed = -1};
    struct report_drift *drift = &measured->data.drift;
    const octet_engine *engine = measured->run.sides[1].engine;
    int status = STATUS_DONE;
    if (measured->run.used < CHECK_PICTURES_MIN) {
        drift->missing =
            app_printf("%zu picture%s, and a verdict needs %d or more", measured->run.used,
                       measured->run.used == 1 ? "" : "s", CHECK_PICTURES_MIN);
        return STATUS_DONE;
    }
    if (measured->data.info.precision != OCTET_PRECISION_INT8 &&
        measured->data.info.precision != OCTET_PRECISION_MIXED) {
        drift->missing = app_strdup("the engine has no INT8 layers, so no ranges");
        return STATUS_DONE;
    }
    if (measured->model)
        status = open_calibration(&looking);
    else
        drift->missing =
            app_printf("%s is no ONNX model that pictures could be gathered with", request->model);
    if (octet_drift_create(app->context, engine, &looking.watch.drift) != OCTET_OK)
        looking.watch.drift = NULL;
    if (status == STATUS_DONE && (looking.calibration || looking.watch.drift))
        status = look_at_all(&looking);
    if (status == STATUS_DONE && looking.calibration)
        status = compare(&looking);
    if (status == STATUS_DONE)
        tell_watch(&looking.watch.state, drift);
    code_watch_close(&looking.watch);
    octet_calibration_free(&looking.calibration);
    return status;
}

void report_drift_free(struct report_drift *drift)
{
    for (int i = 0; i < drift->fit.tensors; i++)
        free((char *)(uintptr_t)drift->ranges[i].name);
    free(drift->ranges);
    free(drift->verdict);
    free(drift->missing);
    free(drift->watched);
    free(drift->svg);
}
