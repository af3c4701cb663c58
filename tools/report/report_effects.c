/* SPDX-License-Identifier: Apache-2.0 */
/* What quantising each layer alone does to the outputs: the float model runs once for every layer,
 * with what the engine's layer makes of exact inputs in the place of its own. */
#include <math.h>
#include <stdlib.h>

#include "insight/output_distance.h"
#include "report/measure_parts.h"

#define ENOUGH_MS 20000.0 /* no further picture after half of it, nor more layers than fit in */
#define LAYERS_LEAST 12

struct effects {
    struct app *app;
    struct report_measured *measured;
    float *reference, *output;
    struct output_distance *pairs; /* [layers.count] */
    octet_status status;
    size_t steps; /* of the bar that were taken */
};

/* Layers without noise stand last. */
static double decibels_alone(const struct layer_noise *noise, size_t pair)
{
    const double decibels = noise_decibels(&noise->pairs[pair].alone);
    return isnan(decibels) ? (double)INFINITY : decibels;
}

static bool look(void *user, int pair)
{
    struct effects *effects = user;
    octet_session *a = effects->measured->run.sides[0].session;
    effects->status = octet_session_output(a, 0, pair < 0 ? effects->reference : effects->output);
    if (effects->status != OCTET_OK)
        return false;
    if (pair >= 0)
        output_distance_add(&effects->pairs[pair], effects->output, effects->reference);
    progress_add(&effects->measured->progress, 1);
    effects->steps++;
    return !app_interrupted();
}

static int measure_picture(struct effects *effects, const struct frame *frame)
{
    struct compare_run *run = &effects->measured->run;
    octet_session *a = run->sides[0].session, *b = run->sides[1].session, *failed = a;
    if (octet_session_set_image(a, 0, frame->image) != OCTET_OK ||
        octet_session_set_image(b, 0, frame->image) != OCTET_OK)
        return STATUS_DONE; /* told before */
    octet_status status = layer_noise_effects(&run->layers, a, b, look, effects, &failed);
    if (status == OCTET_OK)
        status = effects->status;
    if (status != OCTET_OK)
        return app_fail_library(effects->app, status, octet_session_message(failed));
    effects->measured->data.effect_pictures++;
    return report_check_signal(effects->app);
}

static int compare_numbers(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* Of a model that takes long, those layers alone that have most noise of their own. [pairs] */
static bool *choose_left_out(const struct report_measured *measured)
{
    const struct layer_noise *noise = &measured->run.layers;
    const size_t count = (size_t)noise->count;
    const double runs = ENOUGH_MS / fmax(measured->data.speeds[0].median_ms, 1e-3);
    const size_t wanted = runs < LAYERS_LEAST    ? LAYERS_LEAST
                          : runs < (double)count ? (size_t)runs
                                                 : count;
    bool *left_out = app_alloc(count, sizeof *left_out);
    double *sorted = app_alloc(count, sizeof *sorted);
    if (wanted < count) {
        for (size_t i = 0; i < count; i++)
            sorted[i] = decibels_alone(noise, i);
        qsort(sorted, count, sizeof *sorted, compare_numbers);
        for (size_t i = 0; i < count; i++)
            left_out[i] = decibels_alone(noise, i) > sorted[wanted - 1];
    }
    free(sorted);
    return left_out;
}

static int measure_all(struct effects *effects)
{
    struct report_measured *measured = effects->measured;
    const double start_ms = app_now_ms();
    struct pictures *pictures = NULL;
    struct frame frame;
    int status = pictures_open(effects->app, &measured->run.sources,
                               (struct pictures_settings){.ahead = 1}, &pictures);
    while (status == STATUS_DONE && measured->data.effect_pictures < REPORT_EFFECT_PICTURES &&
           app_now_ms() - start_ms < ENOUGH_MS / 2 && pictures_next(pictures, &frame)) {
        if (frame.image)
            status = measure_picture(effects, &frame);
        frame_free(&frame);
    }
    pictures_close(&pictures);
    return status == STATUS_DONE ? report_check_signal(effects->app) : status;
}

int report_measure_effects(struct app *app, struct report_measured *measured)
{
    struct layer_noise *noise = &measured->run.layers;
    const octet_session *a = measured->run.sides[0].session;
    const int rows = OUTPUT_BOX_ROWS + measured->data.info.class_count;
    const int anchors = octet_session_anchor_count(a);
    if (!noise->alone || noise->count == 0)
        return STATUS_DONE;
    struct effects effects = {.app = app, .measured = measured};
    effects.reference = app_alloc((size_t)rows * (size_t)anchors, sizeof *effects.reference);
    effects.output = app_alloc((size_t)rows * (size_t)anchors, sizeof *effects.output);
    effects.pairs = app_alloc((size_t)noise->count, sizeof *effects.pairs);
    for (int i = 0; i < noise->count; i++)
        effects.pairs[i] = (struct output_distance){.rows = rows, .anchors = anchors};
    bool *left_out = choose_left_out(measured);
    noise->left_out = left_out;
    const int status = measure_all(&effects);
    noise->left_out = NULL;
    const size_t all = REPORT_EFFECT_PICTURES * measured->data.layer_count;
    progress_add(&measured->progress, all > effects.steps ? all - effects.steps : 0);
    for (int i = 0; i < noise->count && status == STATUS_DONE; i++) {
        const struct output_distance *pair = &effects.pairs[i];
        if (left_out[i])
            continue;
        measured->data.effect_layers++;
        measured->layers[noise->pairs[i].b_layer].effect =
            pair->signal > 0 ? sqrt(pair->error / pair->signal) : 0;
    }
    free(effects.reference);
    free(effects.output);
    free(effects.pairs);
    free(left_out);
    return status;
}
