/* SPDX-License-Identifier: Apache-2.0 */
/* A camera's loop: NV12 frames of one size, one behind the other, from a file or a pipe, into
 * memory that the session's device reads fastest. It needs the runtime alone.
 * usage: detect_frames ENGINE.octet WIDTH HEIGHT [DEVICE] <frames
 * as in: ffmpeg -i SOURCE -f rawvideo -pix_fmt nv12 - | detect_frames best.octet 1920 1080 */
#include <stdio.h>
#include <stdlib.h>

#include <octet/engine.h>
#include <octet/frame.h>
#include <octet/session.h>

#define DETECTIONS_MAX 300

static int report(octet_status status, const char *message)
{
    if (status != OCTET_OK)
        fprintf(stderr, "detect_frames: %s\n", message[0] ? message : octet_status_text(status));
    return status == OCTET_OK ? 0 : 1;
}

/* Reads the rows of both planes to where the session wants them. Returns 0 at the end. */
static int read_frame(octet_frame *frame)
{
    const size_t rows[2] = {(size_t)frame->height, ((size_t)frame->height + 1) / 2};
    const size_t row_bytes[2] = {(size_t)frame->width, ((size_t)frame->width + 1) / 2 * 2};
    for (int plane = 0; plane < 2; plane++)
        for (size_t y = 0; y < rows[plane]; y++)
            if (fread(frame->planes[plane] + y * frame->strides[plane], 1, row_bytes[plane],
                      stdin) != row_bytes[plane])
                return 0;
    return 1;
}

/* What takes place for every frame; none of it allocates. */
static octet_status detect(octet_session *session, const octet_frame *frame, long number)
{
    static octet_detection found[DETECTIONS_MAX];
    int count = 0;
    octet_status status = octet_session_set_frame(session, 0, frame);
    if (status == OCTET_OK)
        status = octet_session_run(session);
    if (status == OCTET_OK)
        status = octet_session_detect(session, 0, NULL, found, DETECTIONS_MAX, &count);
    for (int i = 0; i < count; i++)
        printf("%ld: class %d %.3f  %.1f %.1f %.1f %.1f\n", number, found[i].class_id,
               found[i].score, found[i].x1, found[i].y1, found[i].x2, found[i].y2);
    return status;
}

static octet_status watch(octet_session *session, int width, int height)
{
    octet_frame frame;
    octet_status status =
        octet_session_allocate_frame(session, OCTET_PIXEL_NV12, width, height, &frame);
    for (long number = 0; status == OCTET_OK && read_frame(&frame); number++)
        status = detect(session, &frame, number);
    octet_session_free_frame(session, &frame);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: detect_frames ENGINE.octet WIDTH HEIGHT [DEVICE] <frames\n");
        return 2;
    }
    octet_context *context = NULL;
    octet_engine *engine = NULL;
    octet_session *session = NULL;
    octet_session_settings settings;
    octet_session_defaults(&settings);
    settings.device = argc == 5 ? argv[4] : NULL;
    octet_status status = octet_context_create(NULL, &context);
    if (status != OCTET_OK)
        return report(status, "");
    status = octet_engine_load(context, argv[1], &engine);
    if (status == OCTET_OK)
        status = octet_session_open(context, engine, &settings, &session);
    int result = report(status, octet_context_message(context));
    if (status == OCTET_OK)
        result =
            report(watch(session, atoi(argv[2]), atoi(argv[3])), octet_session_message(session));
    octet_session_close(&session); /* before its engine */
    octet_engine_free(&engine);
    octet_context_free(&context);
    return result;
}
