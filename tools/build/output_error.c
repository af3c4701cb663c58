/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what quantisation does to a network's outputs: every score and box of every cell, which
 * hundreds of boxes decide and not the rank of a few, so that few pictures are enough. */
#include "build/output_error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_settings.h"

#define AHEAD 2
#define BOX_ROWS 4
#define SCORE_LEAST 0.01f /* of cells whose boxes are looked at */

static int read_pictures(struct output_error *noise, const struct sources *sources)
{
    struct frame frame;
    int status = pictures_open(noise->app, sources, (struct pictures_settings){.ahead = AHEAD},
                               &noise->pictures);
    while (status == STATUS_DONE && noise->count < NOISE_PICTURES_MAX &&
           pictures_next(noise->pictures, &frame)) {
        if (frame.image) {
            noise->frames[noise->count++] = frame;
            continue;
        }
        if (frame.status == OCTET_OUT_OF_MEMORY)
            status = app_fail(noise->app, "%s", frame.message);
        frame_free(&frame);
    }
    if (status == STATUS_DONE && app_interrupted())
        return STATUS_FAILED;
    return status;
}

static int fail(struct output_error *noise, octet_session *session, octet_status status)
{
    return app_fail_library(noise->app, status,
                            session ? octet_session_message(session)
                                    : octet_context_message(noise->app->context));
}

static octet_status run(octet_session *session, const octet_image *image, float *output)
{
    octet_status status = octet_session_set_image(session, 0, image);
    if (status == OCTET_OK)
        status = octet_session_run(session);
    return status == OCTET_OK ? octet_session_output(session, 0, output) : status;
}

int output_error_open(struct app *app, const octet_engine *engine, struct input_size size,
                      const struct sources *sources, struct output_error *noise)
{
    octet_session *session = NULL;
    octet_info info;
    *noise = (struct output_error){.app = app};
    noise->settings = app_session_settings(app, NULL, size);
    int result = read_pictures(noise, sources);
    if (result != STATUS_DONE)
        return result;
    octet_status status = octet_session_open(app->context, engine, &noise->settings, &session);
    if (status != OCTET_OK)
        return fail(noise, NULL, status);
    octet_engine_info(engine, &info);
    noise->rows = BOX_ROWS + info.class_count;
    noise->anchors = octet_session_anchor_count(session);
    const size_t values = (size_t)noise->rows * (size_t)noise->anchors;
    noise->output = app_alloc(values, sizeof *noise->output);
    noise->best = app_alloc((size_t)noise->anchors, sizeof *noise->best);
    for (int i = 0; i < noise->count && status == OCTET_OK; i++) {
        noise->reference[i] = app_alloc(values, sizeof **noise->reference);
        status = run(session, noise->frames[i].image, noise->reference[i]);
    }
    if (status != OCTET_OK)
        result = fail(noise, session, status);
    octet_session_close(&session);
    return result;
}

/* Where a cell's row begins to overlap another's, and by how much; at most the smaller side. */
static float shared_side(float a, float a_side, float b, float b_side)
{
    const float low = fmaxf(a - a_side / 2, b - b_side / 2);
    const float high = fminf(a + a_side / 2, b + b_side / 2);
    return fmaxf(0.0f, high - low);
}

static float overlap(const float *a, const float *b, size_t anchors)
{
    const float both = shared_side(a[0], a[2 * anchors], b[0], b[2 * anchors]) *
                       shared_side(a[anchors], a[3 * anchors], b[anchors], b[3 * anchors]);
    const float all = a[2 * anchors] * a[3 * anchors] + b[2 * anchors] * b[3 * anchors] - both;
    return all > 0 ? both / all : 1.0f;
}

/* Adds a picture's error and signal. */
static void add_error(struct output_error *noise, const float *reference, double *error,
                      double *signal)
{
    const size_t anchors = (size_t)noise->anchors;
    memset(noise->best, 0, anchors * sizeof *noise->best);
    for (int row = BOX_ROWS; row < noise->rows; row++) {
        const float *is = &noise->output[(size_t)row * anchors];
        const float *should = &reference[(size_t)row * anchors];
        float sum = 0, squares = 0;
        for (size_t i = 0; i < anchors; i++) {
            sum += (is[i] - should[i]) * (is[i] - should[i]);
            squares += should[i] * should[i];
            noise->best[i] = should[i] > noise->best[i] ? should[i] : noise->best[i];
        }
        *error += (double)sum;
        *signal += (double)squares;
    }
    for (size_t i = 0; i < anchors; i++) {
        if (noise->best[i] < SCORE_LEAST)
            continue;
        const float missing = 1 - overlap(&noise->output[i], &reference[i], anchors);
        *error += (double)(noise->best[i] * noise->best[i] * missing * missing);
    }
}

int output_error_measure(struct output_error *noise, const octet_engine *engine, double *energy)
{
    octet_session *session = NULL;
    double error = 0, signal = 0;
    int result = STATUS_DONE;
    octet_status status =
        octet_session_open(noise->app->context, engine, &noise->settings, &session);
    for (int i = 0; i < noise->count && status == OCTET_OK && !app_interrupted(); i++) {
        status = run(session, noise->frames[i].image, noise->output);
        if (status == OCTET_OK)
            add_error(noise, noise->reference[i], &error, &signal);
    }
    if (app_interrupted())
        result = STATUS_FAILED;
    else if (status != OCTET_OK)
        result = fail(noise, session, status);
    octet_session_close(&session);
    *energy = signal > 0 ? error / signal : 0;
    return result;
}

void output_error_free(struct output_error *noise)
{
    for (int i = 0; i < noise->count; i++) {
        frame_free(&noise->frames[i]);
        free(noise->reference[i]);
    }
    pictures_close(&noise->pictures);
    free(noise->output);
    free(noise->best);
    *noise = (struct output_error){0};
}
