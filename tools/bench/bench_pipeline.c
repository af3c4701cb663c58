/* SPDX-License-Identifier: Apache-2.0 */
/* Times a picture's way from its file to its boxes. */
#include "bench/bench_pipeline.h"

#include <stdlib.h>

#include "app/median.h"

#define PICTURES_MAX 200
#define PICTURES_WARMUP 3

octet_status pipeline_finish(octet_session *session, octet_status status,
                             double at_ms[PIPELINE_STAGES + 1], octet_detection *boxes, int *count)
{
    at_ms[2] = app_now_ms();
    if (status == OCTET_OK)
        status = octet_session_run(session);
    at_ms[3] = app_now_ms();
    if (status == OCTET_OK)
        status = octet_session_detect(session, 0, NULL, boxes, PIPELINE_BOXES_MAX, count);
    at_ms[4] = app_now_ms();
    return status;
}

void pipeline_times(const double at_ms[PIPELINE_STAGES + 1], double times_ms[PIPELINE_STAGES + 1])
{
    for (int i = 0; i < PIPELINE_STAGES; i++)
        times_ms[i] = at_ms[i + 1] - at_ms[i];
    times_ms[PIPELINE_STAGES] = at_ms[PIPELINE_STAGES] - at_ms[0];
}

static int take_file(struct bench_model *model, struct pipeline *pipeline, const void *path,
                     double *times_ms, octet_detection *boxes)
{
    struct app *app = model->app;
    octet_session *session = model->sessions[0];
    octet_image *image;
    double at_ms[PIPELINE_STAGES + 1] = {app_now_ms()};
    octet_status status = octet_image_load(app->context, path, &image);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    at_ms[1] = app_now_ms();
    pipeline->width = octet_image_width(image);
    pipeline->height = octet_image_height(image);
    status = octet_session_set_image(session, 0, image);
    status = pipeline_finish(session, status, at_ms, boxes, &pipeline->boxes);
    octet_image_free(&image);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_session_message(session));
    pipeline_times(at_ms, times_ms);
    return STATUS_DONE;
}

int pipeline_measure(struct bench_model *model, pipeline_take *take, const void *user,
                     struct pipeline *pipeline)
{
    size_t count = (size_t)model->settings->iterations, done = 0;
    int status = STATUS_DONE;
    if (count > PICTURES_MAX)
        count = PICTURES_MAX;
    octet_detection *boxes = app_alloc(PIPELINE_BOXES_MAX, sizeof *boxes);
    double *samples = app_alloc((PIPELINE_STAGES + 1) * count, sizeof *samples), start_ms = 0;
    for (size_t i = 0; i < PICTURES_WARMUP + count && status == STATUS_DONE; i++) {
        double times_ms[PIPELINE_STAGES + 1];
        if (app_interrupted())
            break;
        if (i == PICTURES_WARMUP)
            start_ms = app_cpu_ms();
        status = take(model, pipeline, user, times_ms, boxes);
        if (status != STATUS_DONE || i < PICTURES_WARMUP)
            continue;
        for (size_t k = 0; k <= PIPELINE_STAGES; k++)
            samples[k * count + done] = times_ms[k];
        done++;
    }
    pipeline->done = done;
    if (done > 0)
        pipeline->host_ms = (app_cpu_ms() - start_ms) / (double)done;
    for (size_t k = 0; k <= PIPELINE_STAGES && done > 0; k++)
        pipeline->median_ms[k] = median_of(samples + k * count, done);
    free(samples);
    free(boxes);
    return status;
}

int bench_pipeline(struct bench_model *model)
{
    return pipeline_measure(model, take_file, model->settings->image, &model->pipeline);
}
