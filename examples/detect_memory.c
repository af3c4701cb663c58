/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that lie in the program's own memory, and their boxes (docs/embedded.md).
 * usage: detect_memory ENGINE.octet nv12|rgb WIDTH HEIGHT <frames */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <octet/session.h>

int main(int argc, char **argv)
{
    const int is_rgb = argc == 5 && strcmp(argv[2], "rgb") == 0;
    const int is_known = is_rgb || (argc == 5 && strcmp(argv[2], "nv12") == 0);
    const int width = is_known ? atoi(argv[3]) : 0, height = is_known ? atoi(argv[4]) : 0;
    if (width < 1 || width > OCTET_IMAGE_SIDE_MAX || height < 1 || height > OCTET_IMAGE_SIDE_MAX)
        return fprintf(stderr, "usage: detect_memory ENGINE nv12|rgb WIDTH HEIGHT <frames\n"), 2;
    const size_t row = (size_t)width * (is_rgb ? 3 : 1), chroma_row = ((size_t)width + 1) / 2 * 2;
    const size_t bytes = row * height + (is_rgb ? 0 : chroma_row * (((size_t)height + 1) / 2));
    uint8_t *pixels = calloc(bytes, 1); /* here a camera, a decoder or DMA would write */
    if (!pixels)
        return fputs("detect_memory: out of memory\n", stderr), 1;
    octet_frame frame = {.format = is_rgb ? OCTET_PIXEL_RGB : OCTET_PIXEL_NV12,
                         .width = width,
                         .height = height,
                         .planes = {pixels, pixels + row * height}, /* the second of NV12 */
                         .strides = {row, chroma_row}};
    octet_context *context = NULL;
    octet_engine *engine = NULL;
    octet_session *session = NULL;
    static octet_detection boxes[300];
    int count = 0;
    octet_status status = octet_context_create(NULL, &context);
    if (status == OCTET_OK)
        status = octet_engine_load(context, argv[1], &engine);
    if (status == OCTET_OK)
        status = octet_session_open(context, engine, NULL, &session);
    while (status == OCTET_OK && fread(pixels, 1, bytes, stdin) == bytes) {
        status = octet_session_set_frame(session, 0, &frame);
        if (status == OCTET_OK)
            status = octet_session_run(session);
        if (status == OCTET_OK)
            status = octet_session_detect(session, 0, NULL, boxes, 300, &count);
        for (int i = 0; status == OCTET_OK && i < count; i++)
            printf("%s %.3f  %.1f %.1f %.1f %.1f\n",
                   octet_engine_class_name(engine, boxes[i].class_id), boxes[i].score, boxes[i].x1,
                   boxes[i].y1, boxes[i].x2, boxes[i].y2);
    }
    if (status != OCTET_OK)
        fprintf(stderr, "detect_memory: %s\n",
                session ? octet_session_message(session) : octet_context_message(context));
    octet_session_close(&session);
    octet_engine_free(&engine);
    octet_context_free(&context);
    free(pixels);
    return status == OCTET_OK ? 0 : 1;
}
