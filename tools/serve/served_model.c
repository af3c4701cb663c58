/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps sessions of a model for the sizes that frames have, and runs frames through them. */
#include "serve/served_model.h"

#include <stdlib.h>
#include <string.h>

#include "app/paths.h"
#include "app/session_settings.h"
#include "models/model_file.h"

/* Larger frames are letterboxed: a session's memory grows with its size. */
#define RUN_SIDE_MAX 2048
#define ENGINE_MARK 8 /* where the JSON of a safetensors file begins */

/* What the options say, else the model, else octet; as many as a reply holds. */
static void choose_settings(struct served_model *model, const struct serve_settings *given)
{
    octet_detect_settings *settings = &model->settings;
    octet_engine_detect_settings(model->engine, settings);
    if (given->confidence >= 0)
        settings->confidence = given->confidence;
    if (given->iou >= 0)
        settings->iou = given->iou;
    settings->max_detections = SERVED_BOXES;
}

/* With an engine in its place. */
static octet_status prepare(struct served_model *model, const struct serve_settings *given)
{
    struct app *app = model->app;
    const octet_session_settings settings = app_session_settings(app, app->device, given->size);
    choose_settings(model, given);
    return sized_sessions_open(&model->sessions, app->context, model->engine, &settings,
                               given->rect);
}

static struct served_model *start(struct app *app, const char *name)
{
    struct served_model *model = app_alloc(1, sizeof *model);
    model->app = app;
    model->name = app_strdup(path_name(name));
    return model;
}

int served_model_open(struct app *app, const struct serve_settings *settings, const char *path,
                      struct served_model **model)
{
    *model = start(app, path);
    int status = detector_open(app, path, &(*model)->engine);
    if (status == STATUS_DONE) {
        const octet_status result = prepare(*model, settings);
        if (result != OCTET_OK)
            status = app_fail_library(app, result, octet_context_message(app->context));
    }
    if (status != STATUS_DONE)
        served_model_free(model);
    return status;
}

/* As files are opened: ONNX runs in float, or as it is quantised. */
static octet_status build(struct app *app, const char *name, const void *bytes, size_t size,
                          octet_engine **engine)
{
    octet_model *onnx = NULL;
    octet_info info;
    octet_build_settings settings;
    octet_status status = octet_model_load_memory(app->context, bytes, size, name, &onnx);
    if (status != OCTET_OK)
        return status;
    octet_build_defaults(&settings);
    octet_model_info(onnx, &info);
    if (info.precision == OCTET_PRECISION_FP32)
        settings.precision = OCTET_PRECISION_FP32;
    status = octet_build(app->context, onnx, NULL, &settings, engine);
    octet_model_free(&onnx);
    return status;
}

char *served_model_take(struct app *app, const struct serve_settings *settings, const char *name,
                        const void *bytes, size_t size, struct served_model **model)
{
    const bool is_engine = size > ENGINE_MARK && ((const char *)bytes)[ENGINE_MARK] == '{';
    *model = start(app, name);
    octet_engine **engine = &(*model)->engine;
    octet_status status = is_engine
                              ? octet_engine_load_memory(app->context, bytes, size, name, engine)
                              : build(app, name, bytes, size, engine);
    if (status == OCTET_OK)
        status = prepare(*model, settings);
    if (status == OCTET_OK)
        return NULL;
    const char *message = octet_context_message(app->context);
    char *problem = app_strdup(message[0] ? message : octet_status_text(status));
    served_model_free(model);
    return problem;
}

/* Whether frames of that size run as they are. */
static bool is_own_size(const struct served_model *model, int height, int width)
{
    return !model->sessions.rect && height % INPUT_SIDE_STEP == 0 && width % INPUT_SIDE_STEP == 0 &&
           height <= RUN_SIDE_MAX && width <= RUN_SIDE_MAX;
}

/* Of the frame's own size where that is one of a network's, of that for its shape with rect, else
 * the model's. */
static octet_session *choose_session(struct served_model *model, int height, int width)
{
    const octet_letterbox place = sized_sessions_place(&model->sessions, width, height);
    const bool own = is_own_size(model, height, width);
    const struct sized_session *sized = sized_sessions_ask(
        &model->sessions, own ? height : place.target_height, own ? width : place.target_width);
    if (!sized->session && sized->asked == 1)
        app_say(model->app, "frames of %dx%d are letterboxed: %s", width, height,
                octet_context_message(model->app->context));
    return sized->session ? sized->session : sized_sessions_first(&model->sessions);
}

static float fraction(float pixels, int side)
{
    const float part = pixels / (float)side;
    return part < 0 ? 0 : part > 1 ? 1 : part;
}

static void fill_rows(struct served_boxes *boxes, const octet_detection *found, int height,
                      int width)
{
    memset(boxes->rows, 0, sizeof boxes->rows);
    for (int i = 0; i < boxes->count; i++) {
        float *row = boxes->rows[i];
        row[0] = (float)found[i].class_id;
        row[1] = found[i].score;
        row[2] = fraction(found[i].y1, height);
        row[3] = fraction(found[i].x1, width);
        row[4] = fraction(found[i].y2, height);
        row[5] = fraction(found[i].x2, width);
    }
}

static octet_status run(octet_session *session, const octet_detect_settings *settings,
                        const octet_frame *frame, octet_detection *found,
                        struct served_boxes *boxes)
{
    const double start_ms = app_now_ms();
    octet_status status = octet_session_set_frame(session, 0, frame);
    const double set_ms = app_now_ms();
    if (status == OCTET_OK)
        status = octet_session_run(session);
    const double run_ms = app_now_ms();
    if (status == OCTET_OK)
        status = octet_session_detect(session, 0, settings, found, SERVED_BOXES, &boxes->count);
    boxes->times = (struct serve_times){set_ms - start_ms, run_ms - set_ms, app_now_ms() - run_ms};
    return status;
}

char *served_model_detect(struct served_model *model, const uint8_t *rgb, int height, int width,
                          struct served_boxes *boxes)
{
    octet_detection found[SERVED_BOXES];
    /* octet only reads the planes of a frame. */
    const octet_frame frame = {.format = OCTET_PIXEL_RGB,
                               .width = width,
                               .height = height,
                               .planes = {(uint8_t *)(uintptr_t)rgb},
                               .strides = {(size_t)width * 3}};
    *boxes = (struct served_boxes){.count = 0};
    octet_session *session = choose_session(model, height, width);
    if (run(session, &model->settings, &frame, found, boxes) != OCTET_OK) {
        boxes->count = 0;
        return app_strdup(octet_session_message(session));
    }
    fill_rows(boxes, found, height, width);
    return NULL;
}

void served_model_free(struct served_model **model)
{
    struct served_model *freed = *model;
    if (!freed)
        return;
    sized_sessions_close(&freed->sessions);
    octet_engine_free(&freed->engine);
    free(freed->name);
    free(freed);
    *model = NULL;
}
