/* SPDX-License-Identifier: Apache-2.0 */
/* Times the float model, bfloat16 and the engine in turn on this machine, and the engine's layers
 * one by one. */
#include <math.h>
#include <stdlib.h>

#include "app/median.h"
#include "plot/plot_bars.h"
#include "report/measure_parts.h"

enum { ROUNDS = 21, RUNS = 2, ENTRANTS = 3 };
#define ENOUGH_MS 10000.0
#define ROUNDS_LEAST 5

struct entrant {
    const char *name;
    const octet_engine *engine;
    octet_session *session;
    bool is_engine;
    double ms[ROUNDS];
};

/* Half precision of the ONNX file; a model that is an engine has none. */
static int build_half(struct app *app, struct report_measured *measured)
{
    octet_build_settings settings;
    if (!measured->model)
        return STATUS_DONE;
    octet_build_defaults(&settings);
    settings.precision = OCTET_PRECISION_BF16;
    if (octet_build(app->context, measured->model, NULL, &settings, &measured->bf16) != OCTET_OK)
        return app_fail(app, "%s", octet_context_message(app->context));
    return STATUS_DONE;
}

/* Each twice a round, of which the quicker counts. */
static octet_status time_round(struct entrant *entrants, int count, int round)
{
    for (int i = 0; i < count; i++) {
        double least_ms = INFINITY;
        for (int run = 0; run < RUNS; run++) {
            const double start_ms = app_now_ms();
            const octet_status status = octet_session_run(entrants[i].session);
            if (status != OCTET_OK)
                return status;
            least_ms = fmin(least_ms, app_now_ms() - start_ms);
        }
        entrants[i].ms[round] = least_ms;
    }
    return OCTET_OK;
}

static int time_all(struct app *app, struct report_measured *measured, struct entrant *entrants,
                    int count, int *rounds)
{
    const double start_ms = app_now_ms();
    octet_status status = OCTET_OK;
    for (*rounds = 0; *rounds < ROUNDS && status == OCTET_OK && !app_interrupted(); ++*rounds) {
        if (*rounds >= ROUNDS_LEAST && app_now_ms() - start_ms > ENOUGH_MS)
            break;
        status = time_round(entrants, count, *rounds);
        progress_add(&measured->progress, REPORT_SPEED_STEPS / ROUNDS);
    }
    if (status != OCTET_OK)
        return app_fail_library(app, status, "");
    return report_check_signal(app);
}

static char *bars(const char *title, const char *unit, const struct report_speed *speeds,
                  size_t count, bool sizes)
{
    const char *names[ENTRANTS];
    double values[ENTRANTS];
    for (size_t i = 0; i < count; i++) {
        names[i] = speeds[i].name;
        values[i] = sizes ? (double)speeds[i].weight_bytes / 1e6 : speeds[i].median_ms;
    }
    const struct plot_bar_group group = {NULL, values};
    const struct plot_bars chart = {.title = title,
                                    .description = "Short is good; the table has the figures.",
                                    .x_name = unit,
                                    .names = names,
                                    .count = count,
                                    .groups = &group,
                                    .group_count = 1,
                                    .untitled = true,
                                    .width = 440,
                                    .numbered = true,
                                    .digits = 2};
    struct plot_drawing drawing = {0};
    plot_bars_draw(&chart, &drawing);
    return report_chart(&drawing);
}

static void fill_speeds(struct report_measured *measured, struct entrant *entrants, int count,
                        int rounds)
{
    struct report_data *data = &measured->data;
    for (int i = 0; i < count; i++) {
        octet_info info;
        octet_engine_info(entrants[i].engine, &info);
        const double median_ms = median_of(entrants[i].ms, (size_t)rounds);
        measured->speeds[i] = (struct report_speed){
            .name = entrants[i].name,
            .median_ms = median_ms,
            .p90_ms = entrants[i].ms[(size_t)(0.9 * (rounds - 1))], /* sorted by the median */
            .weight_bytes = info.weight_bytes,
            .is_engine = entrants[i].is_engine,
        };
    }
    data->speeds = measured->speeds;
    data->speed_count = (size_t)count;
    data->speed_svg = bars("Time of the network for a picture", "milliseconds, median",
                           measured->speeds, data->speed_count, false);
    data->size_svg =
        bars("Size of the weights", "megabytes", measured->speeds, data->speed_count, true);
}

static const char *engine_name(const octet_info *info)
{
    return info->precision == OCTET_PRECISION_INT8    ? "this engine, INT8"
           : info->precision == OCTET_PRECISION_MIXED ? "this engine, mixed"
           : info->precision == OCTET_PRECISION_BF16  ? "this engine, half"
                                                      : "this engine, float";
}

int report_measure_speeds(struct app *app, struct report_measured *measured)
{
    const struct compare_side *sides = measured->run.sides;
    int status = build_half(app, measured);
    struct entrant entrants[ENTRANTS];
    int count = 0, rounds = 0;
    entrants[count++] = (struct entrant){.name = "float model", .engine = sides[0].engine};
    if (measured->bf16)
        entrants[count++] = (struct entrant){.name = "half (bfloat16)", .engine = measured->bf16};
    entrants[count++] = (struct entrant){
        .name = engine_name(&measured->data.info), .engine = sides[1].engine, .is_engine = true};
    for (int i = 0; i < count && status == STATUS_DONE; i++)
        status = report_open_timed(app, measured, entrants[i].engine, false, &entrants[i].session);
    if (status == STATUS_DONE)
        status = time_all(app, measured, entrants, count, &rounds);
    if (status == STATUS_DONE)
        fill_speeds(measured, entrants, count, rounds);
    for (int i = 0; i < count; i++)
        octet_session_close(&entrants[i].session);
    return status;
}
