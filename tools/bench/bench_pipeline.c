/* SPDX-License-Identifier: Apache-2.0 */
/* Times a picture's way from its file to its boxes. */
#include "bench/bench_pipeline.h"

#include <stdlib.h>

#include "app/median.h"

#define PICTURES_MAX 200
#define PICTURES_WARMUP 3

enum { BOXES_MAX = 300 };

/* One time through; times are of decoding, letterboxing, network, selection. */
static int take(struct bench_model *model, double *times_ms, octet_detection *boxes)
{
    struct app *app = model->app;
    struct pipeline *pipeline = &model->pipeline;
    octet_session *session = model->sessions[0];
    octet_image *image;
    double at_ms[PIPELINE_STAGES + 1] = {app_now_ms()};
    octet_status status = octet_image_load(app->context, model->settings->image, &image);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    at_ms[1] = app_now_ms();
    pipeline->width = octet_image_width(image);
    pipeline->height = octet_image_height(image);
    status = octet_session_set_image(session, 0, image);
    at_ms[2] = app_now_ms();
    if (status == OCTET_OK)
        status = octet_session_run(session);
    at_ms[3] = app_now_ms();
    if (status == OCTET_OK)
        status = octet_session_detect(session, 0, NULL, boxes, BOXES_MAX, &pipeline->boxes);
    at_ms[4] = app_now_ms();
    octet_image_free(&image);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_session_message(session));
    for (int i = 0; i < PIPELINE_STAGES; i++)
        times_ms[i] = at_ms[i + 1] - at_ms[i];
    times_ms[PIPELINE_STAGES] = at_ms[PIPELINE_STAGES] - at_ms[0];
    return STATUS_DONE;
}

int bench_pipeline(struct bench_model *model)
{
    size_t count = (size_t)model->settings->iterations, done = 0;
    int status = STATUS_DONE;
    if (count > PICTURES_MAX)
        count = PICTURES_MAX;
    octet_detection *boxes = app_alloc(BOXES_MAX, sizeof *boxes);
    double *samples = app_alloc((PIPELINE_STAGES + 1) * count, sizeof *samples);
    for (size_t i = 0; i < PICTURES_WARMUP + count && status == STATUS_DONE; i++) {
        double times_ms[PIPELINE_STAGES + 1];
        if (app_interrupted())
            break;
        status = take(model, times_ms, boxes);
        if (status != STATUS_DONE || i < PICTURES_WARMUP)
            continue;
        for (size_t k = 0; k <= PIPELINE_STAGES; k++)
            samples[k * count + done] = times_ms[k];
        done++;
    }
    model->pipeline.done = done;
    for (size_t k = 0; k <= PIPELINE_STAGES && done > 0; k++)
        model->pipeline.median_ms[k] = median_of(samples + k * count, done);
    free(samples);
    free(boxes);
    return status;
}
