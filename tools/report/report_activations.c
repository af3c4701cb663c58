/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms of what the float model's layers put out, around what the engine's codes reach. */
#include <math.h>
#include <stdlib.h>

#include "models/view_value.h"
#include "plot/plot_histogram.h"
#include "report/measure_parts.h"
#include "report/report_layer_name.h"

#define BINS 64     /* of each histogram */
#define MARGIN 0.12 /* of the codes' range, on either side */
#define AHEAD 2
#define LAST_CODE 255

/* A layer of the engine that keeps codes, and the float model's layer that makes the same. */
struct tally {
    int layer; /* of the float model */
    const char *name;
    double low, high, step; /* of the codes */
    double first, width;    /* of the bins */
    double counts[BINS];    /* what lies beyond is in the outermost */
    double minimum, maximum, all, beyond;
};

struct tallies {
    struct tally *tally;
    size_t count;
};

static void count_value(struct tally *tally, double value)
{
    if (!isfinite(value))
        return;
    const double place = floor((value - tally->first) / tally->width);
    const size_t bin = place < 0 ? 0 : place >= BINS ? BINS - 1 : (size_t)place;
    tally->counts[bin]++;
    tally->all++;
    tally->beyond += value < tally->low - tally->step / 2 || value > tally->high + tally->step / 2;
    tally->minimum = fmin(tally->minimum, value);
    tally->maximum = fmax(tally->maximum, value);
}

static int look(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct tallies *tallies = user;
    (void)index;
    for (size_t i = 0; i < tallies->count; i++) {
        if (tallies->tally[i].layer != layer)
            continue;
        for (int y = 0; y < view->height; y++)
            for (int x = 0; x < view->width; x++)
                for (int c = 0; c < view->channels; c++)
                    count_value(&tallies->tally[i],
                                view_value(view, (size_t)y * view->row_elements +
                                                     (size_t)x * view->pixel_elements + (size_t)c));
    }
    return 0;
}

static void choose_layers(const struct layer_noise *noise, const octet_engine *engine,
                          struct tallies *tallies)
{
    tallies->tally = app_alloc((size_t)noise->count + 1, sizeof *tallies->tally);
    for (int a = 0; a < noise->a_layers; a++) {
        const int pair = noise->pair_of_a[a];
        octet_layer_info info;
        if (pair < 0 || octet_engine_layer(engine, noise->pairs[pair].b_layer, &info) != OCTET_OK ||
            !(info.output_scale > 0))
            continue;
        struct tally *tally = &tallies->tally[tallies->count++];
        *tally = (struct tally){.layer = a,
                                .name = info.name,
                                .low = info.output_scale * (0 - info.output_zero_point),
                                .high = info.output_scale * (LAST_CODE - info.output_zero_point),
                                .step = info.output_scale,
                                .minimum = INFINITY,
                                .maximum = -INFINITY};
        const double range = tally->high - tally->low;
        tally->first = tally->low - MARGIN * range;
        tally->width = (1 + 2 * MARGIN) * range / BINS;
    }
}

static int run_pictures(struct app *app, struct report_measured *measured, struct tallies *tallies)
{
    octet_session *session = measured->run.sides[0].session;
    struct pictures *pictures = NULL;
    struct frame frame;
    size_t used = 0;
    int status = pictures_open(app, &measured->run.sources,
                               (struct pictures_settings){.ahead = AHEAD}, &pictures);
    if (status != STATUS_DONE)
        return status;
    octet_session_observe(session, look, tallies);
    while (used < REPORT_ACTIVATION_PICTURES && !app_interrupted() &&
           pictures_next(pictures, &frame)) {
        const bool runs = frame.image &&
                          octet_session_set_image(session, 0, frame.image) == OCTET_OK &&
                          octet_session_run(session) == OCTET_OK;
        used += runs;
        frame_free(&frame);
        progress_add(&measured->progress, 2);
    }
    octet_session_observe(session, NULL, NULL);
    pictures_close(&pictures);
    return report_check_signal(app);
}

static char *histogram_svg(const struct tally *tally, const char *label)
{
    const struct plot_limit limits[] = {{"", tally->low}, {"", tally->high}};
    const struct plot_histogram chart = {.title = label,
                                         .description = "How often each value came, around what "
                                                        "the codes reach (dashed).",
                                         .x_name = "",
                                         .y_name = "log10 of the count",
                                         .first = tally->first,
                                         .width = tally->width,
                                         .counts = tally->counts,
                                         .count = BINS,
                                         .limits = limits,
                                         .limit_count = 2,
                                         .untitled = true,
                                         .width_px = 340,
                                         .height_px = 190,
                                         .logarithmic = true};
    struct plot_drawing drawing = {0};
    plot_histogram_draw(&chart, &drawing);
    return report_chart(&drawing);
}

int report_measure_activations(struct app *app, struct report_measured *measured)
{
    struct tallies tallies = {0};
    struct report_data *data = &measured->data;
    choose_layers(&measured->run.layers, measured->run.sides[1].engine, &tallies);
    int status = tallies.count ? run_pictures(app, measured, &tallies) : STATUS_DONE;
    measured->histograms = app_alloc(tallies.count + 1, sizeof *measured->histograms);
    for (size_t i = 0; i < tallies.count && status == STATUS_DONE; i++) {
        const struct tally *tally = &tallies.tally[i];
        char *label = layer_name_short(tally->name);
        measured->histograms[i] = (struct report_histogram){
            .name = tally->name,
            .label = label,
            .svg = histogram_svg(tally, label),
            .low = tally->low,
            .high = tally->high,
            .minimum = tally->minimum,
            .maximum = tally->maximum,
            .clipped = tally->all > 0 ? tally->beyond / tally->all : 0,
        };
        data->histogram_count++;
    }
    data->histograms = measured->histograms;
    free(tallies.tally);
    return status;
}
