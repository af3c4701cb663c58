/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what quantisation does to a network's outputs: every score and box of every cell, which
 * hundreds of boxes decide and not the rank of a few, so that few pictures are enough. */
#include "build/output_error.h"

#include <stdlib.h>

#include "app/session_settings.h"
#include "insight/output_distance.h"

#define AHEAD 2

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
    noise->rows = OUTPUT_BOX_ROWS + info.class_count;
    noise->anchors = octet_session_anchor_count(session);
    const size_t values = (size_t)noise->rows * (size_t)noise->anchors;
    noise->output = app_alloc(values, sizeof *noise->output);
    for (int i = 0; i < noise->count && status == OCTET_OK; i++) {
        noise->reference[i] = app_alloc(values, sizeof **noise->reference);
        status = run(session, noise->frames[i].image, noise->reference[i]);
    }
    if (status != OCTET_OK)
        result = fail(noise, session, status);
    octet_session_close(&session);
    return result;
}

int output_error_measure(struct output_error *noise, const octet_engine *engine, double *energy)
{
    octet_session *session = NULL;
    struct output_distance distance = {.rows = noise->rows, .anchors = noise->anchors};
    int result = STATUS_DONE;
    octet_status status =
        octet_session_open(noise->app->context, engine, &noise->settings, &session);
    for (int i = 0; i < noise->count && status == OCTET_OK && !app_interrupted(); i++) {
        status = run(session, noise->frames[i].image, noise->output);
        if (status == OCTET_OK)
            output_distance_add(&distance, noise->output, noise->reference[i]);
    }
    if (app_interrupted())
        result = STATUS_FAILED;
    else if (status != OCTET_OK)
        result = fail(noise, session, status);
    octet_session_close(&session);
    *energy = distance.signal > 0 ? distance.error / distance.signal : 0;
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
    *noise = (struct output_error){0};
}
