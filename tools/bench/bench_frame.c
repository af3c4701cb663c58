/* SPDX-License-Identifier: Apache-2.0 */
/* Times a frame's way from memory of the session's to its boxes, as a camera loop goes it. */
#include "bench/bench_frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench_pipeline.h"

static const struct {
    const char *name;
    octet_pixel_format format;
} formats[] = {
    {"nv12", OCTET_PIXEL_NV12}, {"i420", OCTET_PIXEL_I420}, {"yuy2", OCTET_PIXEL_YUY2},
    {"rgb", OCTET_PIXEL_RGB},   {"bgr", OCTET_PIXEL_BGR},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

const char *bench_frame_format(const octet_frame *frame)
{
    int i = 0;
    while (i < FORMATS - 1 && formats[i].format != frame->format)
        i++;
    return formats[i].name;
}

bool bench_frame_parse(const char *text, octet_frame *frame)
{
    int length = 0;
    if (sscanf(text, "%5dx%5d%n", &frame->width, &frame->height, &length) != 2)
        return false;
    if (frame->width < 1 || frame->height < 1 || frame->width > OCTET_IMAGE_SIDE_MAX ||
        frame->height > OCTET_IMAGE_SIDE_MAX ||
        (uint64_t)frame->width * (uint64_t)frame->height > OCTET_IMAGE_PIXELS_MAX)
        return false;
    const char *word = text[length] == ':' ? text + length + 1 : text[length] ? "" : "nv12";
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(word, formats[i].name) == 0) {
            frame->format = formats[i].format;
            return true;
        }
    return false;
}

/* ---- what it shows ---- */

/* Stripes that cross, in every colour. */
static void draw_stripes(uint8_t *rgb, int width, int height)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, rgb += 3) {
            rgb[0] = (uint8_t)(x * 3 + y);
            rgb[1] = (uint8_t)((x + 2 * y) >> 1);
            rgb[2] = (uint8_t)(x * y >> 6);
        }
}

static int draw(const struct bench_model *model, const octet_frame *frame, uint8_t *rgb)
{
    struct app *app = model->app;
    octet_image *image;
    if (!model->settings->image) {
        draw_stripes(rgb, frame->width, frame->height);
        return STATUS_DONE;
    }
    octet_status status = octet_image_load(app->context, model->settings->image, &image);
    if (status == OCTET_OK)
        status = octet_letterbox_image(app->context, image, frame->width, frame->height, rgb, NULL);
    octet_image_free(&image);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status, octet_context_message(app->context));
}

/* BT.601, limited, in 8 bits: Y, U and V. */
static void yuv_of(const uint8_t *rgb, uint8_t yuv[3])
{
    const int r = rgb[0], g = rgb[1], b = rgb[2];
    yuv[0] = (uint8_t)((66 * r + 129 * g + 25 * b + 4224) >> 8);
    yuv[1] = (uint8_t)((-38 * r - 74 * g + 112 * b + 32896) >> 8);
    yuv[2] = (uint8_t)((112 * r - 94 * g - 18 * b + 32896) >> 8);
}

/* Of chroma that pixels share, the last one's stays. */
static void put_pixel(const octet_frame *frame, int x, int y, const uint8_t *rgb)
{
    uint8_t yuv[3], *row = frame->planes[0] + (size_t)y * frame->strides[0];
    const size_t half = (size_t)(y / 2), at = (size_t)x, pair = at / 2;
    yuv_of(rgb, yuv);
    switch (frame->format) {
    case OCTET_PIXEL_RGB:
    case OCTET_PIXEL_BGR:
        for (size_t c = 0; c < 3; c++)
            row[3 * at + c] = rgb[frame->format == OCTET_PIXEL_RGB ? c : 2 - c];
        break;
    case OCTET_PIXEL_NV12:
        row[at] = yuv[0];
        memcpy(frame->planes[1] + half * frame->strides[1] + 2 * pair, yuv + 1, 2);
        break;
    case OCTET_PIXEL_I420:
        row[at] = yuv[0];
        frame->planes[1][half * frame->strides[1] + pair] = yuv[1];
        frame->planes[2][half * frame->strides[2] + pair] = yuv[2];
        break;
    case OCTET_PIXEL_YUY2:
        row[2 * at] = yuv[0];
        row[4 * pair + 1] = yuv[1];
        row[4 * pair + 3] = yuv[2];
        break;
    }
}

static int fill(const struct bench_model *model, const octet_frame *frame)
{
    const size_t row = 3 * (size_t)frame->width;
    uint8_t *rgb = app_alloc((size_t)frame->height, row);
    const int status = draw(model, frame, rgb);
    for (int y = 0; y < frame->height && status == STATUS_DONE; y++)
        for (int x = 0; x < frame->width; x++)
            put_pixel(frame, x, y, rgb + (size_t)y * row + 3 * (size_t)x);
    free(rgb);
    return status;
}

/* ---- its way ---- */

static int take_frame(struct bench_model *model, struct pipeline *pipeline, const void *frame,
                      double *times_ms, octet_detection *boxes)
{
    octet_session *session = model->sessions[0];
    const double now_ms = app_now_ms();
    double at_ms[PIPELINE_STAGES + 1] = {now_ms, now_ms}; /* nothing is decoded */
    octet_status status = octet_session_set_frame(session, 0, frame);
    status = pipeline_finish(session, status, at_ms, boxes, &pipeline->boxes);
    if (status != OCTET_OK)
        return app_fail_library(model->app, status, octet_session_message(session));
    pipeline_times(at_ms, times_ms);
    return STATUS_DONE;
}

int bench_frame(struct bench_model *model)
{
    const octet_frame *wanted = &model->settings->frame;
    octet_session *session = model->sessions[0];
    octet_frame frame;
    const octet_status allocated = octet_session_allocate_frame(
        session, wanted->format, wanted->width, wanted->height, &frame);
    if (allocated != OCTET_OK)
        return app_fail_library(model->app, allocated, octet_session_message(session));
    model->frame.width = frame.width;
    model->frame.height = frame.height;
    int status = fill(model, &frame);
    if (status == STATUS_DONE)
        status = pipeline_measure(model, take_frame, &frame, &model->frame);
    octet_session_free_frame(session, &frame);
    return status;
}
