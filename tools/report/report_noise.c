/* SPDX-License-Identifier: Apache-2.0 */
/* Each layer of the engine: its time, and its noise beside the float model's. */
#include <math.h>
#include <stdlib.h>

#include "app/median.h"
#include "plot/plot_bars.h"
#include "plot/plot_lines.h"
#include "report/measure_parts.h"
#include "report/report_layer_name.h"

#define LAYER_RUNS 9
#define CHART_WIDTH 470
#define EFFECT_BARS 14

/* The share of the engine's time that each layer takes. */
static int time_layers(struct app *app, struct report_measured *measured, double *shares)
{
    octet_session *session = NULL;
    double sum = 0, *ms;
    const int layers = measured->data.info.layer_count;
    int status = report_open_timed(app, measured, measured->run.sides[1].engine, true, &session);
    for (int i = 0; i < layers && status == STATUS_DONE; i++)
        shares[i] = octet_session_layer_ms(session, i); /* of the first run, which counts nothing */
    ms = app_alloc((size_t)layers * LAYER_RUNS + 1, sizeof *ms);
    for (int run = 0; run < LAYER_RUNS && status == STATUS_DONE; run++) {
        if (octet_session_run(session) != OCTET_OK)
            status = app_fail(app, "%s", octet_session_message(session));
        for (int i = 0; i < layers && status == STATUS_DONE; i++) {
            const double until_now = octet_session_layer_ms(session, i);
            ms[i * LAYER_RUNS + run] = until_now - shares[i];
            shares[i] = until_now;
        }
    }
    for (int i = 0; i < layers; i++)
        sum += shares[i] = median_of(ms + (size_t)i * LAYER_RUNS, LAYER_RUNS);
    for (int i = 0; i < layers; i++)
        shares[i] = sum > 0 && shares[i] >= 0 ? shares[i] / sum : NAN;
    free(ms);
    octet_session_close(&session);
    return status;
}

/* Both lines by the layers' numbers. */
static char *noise_lines(const struct report_data *data)
{
    const size_t count = data->layer_count;
    double *columns = app_alloc(3 * count + 1, sizeof *columns);
    size_t shown = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(data->layers[i].through_db) && !isfinite(data->layers[i].alone_db))
            continue;
        columns[shown] = (double)i;
        columns[count + shown] = data->layers[i].through_db;
        columns[2 * count + shown++] = data->layers[i].alone_db;
    }
    const struct plot_series series[] = {
        {"through the network", columns, columns + count, NULL, NULL, shown},
        {"alone, on exact inputs", columns, columns + 2 * count, NULL, NULL, shown}};
    const struct plot_lines chart = {
        .title = "Signal to quantisation noise of each layer",
        .description = "In decibels, in running order; low is bad. The table has the figures.",
        .x_name = "layer, in running order",
        .y_name = "dB, high is good",
        .series = series,
        .series_count = 2,
        .from_zero = true,
        .counted = true,
        .untitled = true,
        .width = CHART_WIDTH,
        .height = 360};
    struct plot_drawing drawing;
    char *svg = NULL;
    if (shown) {
        plot_lines_draw(&chart, &drawing);
        svg = report_chart(&drawing);
    }
    free(columns);
    return svg;
}

static int by_effect(const void *a, const void *b)
{
    const struct report_layer *left = *(const struct report_layer *const *)a;
    const struct report_layer *right = *(const struct report_layer *const *)b;
    return (left->effect < right->effect) - (left->effect > right->effect);
}

static char *effect_bars(const struct report_data *data)
{
    const struct report_layer **order = app_alloc(data->layer_count + 1, sizeof(void *));
    char *names[EFFECT_BARS];
    double values[EFFECT_BARS];
    size_t count = 0, shown = 0;
    for (size_t i = 0; i < data->layer_count; i++)
        if (data->layers[i].effect > 0)
            order[count++] = &data->layers[i];
    qsort(order, count, sizeof *order, by_effect);
    for (; shown < count && shown < EFFECT_BARS; shown++) {
        values[shown] = 100 * order[shown]->effect;
        names[shown] =
            app_printf("%zu %s", (size_t)(order[shown] - data->layers), order[shown]->label);
    }
    const struct plot_bar_group group = {NULL, values};
    const struct plot_bars chart = {.title = "Layers that cost the outputs most",
                                    .description = "Error of scores and boxes when one layer "
                                                   "alone is quantised; short is good.",
                                    .x_name = "error at the outputs, % of the scores",
                                    .names = (const char *const *)names,
                                    .count = shown,
                                    .groups = &group,
                                    .group_count = 1,
                                    .untitled = true,
                                    .width = CHART_WIDTH,
                                    .numbered = true,
                                    .digits = 2};
    struct plot_drawing drawing = {0};
    char *svg = NULL;
    if (shown) {
        plot_bars_draw(&chart, &drawing);
        svg = report_chart(&drawing);
    }
    for (size_t i = 0; i < shown; i++)
        free(names[i]);
    free(order);
    return svg;
}

/* `share` is of the time; the effect is measured later. */
static void fill_layer(const struct report_measured *measured, int index, double share,
                       struct report_layer *layer)
{
    const struct layer_noise *noise = &measured->run.layers;
    *layer =
        (struct report_layer){.share = share, .through_db = NAN, .alone_db = NAN, .effect = NAN};
    octet_engine_layer(measured->run.sides[1].engine, index, &layer->info);
    layer->label = layer_name_short(layer->info.name);
    const int pair = noise->pair_of_b[index];
    if (pair < 0)
        return;
    layer->through_db = noise_decibels(&noise->pairs[pair].through);
    if (noise->alone)
        layer->alone_db = noise_decibels(&noise->pairs[pair].alone);
}

int report_measure_layers(struct app *app, struct report_measured *measured)
{
    struct report_data *data = &measured->data;
    const size_t count = (size_t)data->info.layer_count;
    double *shares = app_alloc(count, sizeof *shares);
    int status = time_layers(app, measured, shares);
    measured->layers = app_alloc(count, sizeof *measured->layers);
    for (size_t i = 0; i < count; i++)
        fill_layer(measured, (int)i, shares[i], &measured->layers[i]);
    data->layers = measured->layers;
    data->layer_count = count;
    free(shares);
    if (status == STATUS_DONE)
        status = report_measure_effects(app, measured);
    if (status != STATUS_DONE)
        return status;
    data->noise_svg = noise_lines(data);
    data->effect_svg = effect_bars(data);
    report_measure_blocks(measured);
    return STATUS_DONE;
}
