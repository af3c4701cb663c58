/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of random samples on the CPU and on the GPU: what they become in the network's input. */
#include "frame_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/session/session_contents.h"

/* How planes lie. */
enum memory { OWN, OWN_APART, OF_SESSION, MEMORIES };

static void require(octet_status status, const char *what, octet_session *session)
{
    if (status == OCTET_OK)
        return;
    fprintf(stderr, "gpu_check: %s: %s\n", what, octet_session_message(session));
    exit(1);
}

static void fill(const octet_frame *frame)
{
    static unsigned state = 1;
    for (int i = 0; i < oct_frame_plane_count(frame->format); i++) {
        const struct oct_plane plane =
            oct_frame_plane(frame->format, frame->width, frame->height, i);
        for (int y = 0; y < plane.rows; y++)
            for (size_t x = 0; x < plane.row_bytes; x++) {
                state = state * 1664525u + 1013904223u;
                frame->planes[i][(size_t)y * frame->strides[i] + x] = (uint8_t)(state >> 24);
            }
    }
}

/* Planes end to end, or far apart with rows that are part of longer ones; in one allocation. */
static void *own_frame(octet_frame *frame, enum memory memory)
{
    size_t offsets[OCT_FRAME_PLANES_MAX], bytes = 0;
    for (int i = 0; i < oct_frame_plane_count(frame->format); i++) {
        const struct oct_plane plane =
            oct_frame_plane(frame->format, frame->width, frame->height, i);
        frame->strides[i] = memory == OWN ? plane.row_bytes : 2 * plane.row_bytes + 5;
        offsets[i] = bytes;
        bytes += frame->strides[i] * (size_t)plane.rows + (memory == OWN ? 0 : 99);
    }
    uint8_t *made = calloc(bytes, 1);
    if (!made) {
        fprintf(stderr, "gpu_check: out of memory\n");
        exit(1);
    }
    for (int i = 0; i < oct_frame_plane_count(frame->format); i++)
        frame->planes[i] = made + offsets[i];
    return made;
}

static octet_tensor_view input_of(octet_session *session)
{
    octet_tensor_view view;
    require(session->backend->tensor(session->state, 0, 0, &view), "the input", session);
    return view;
}

/* Whether the inputs are alike: in values, or codes, of three channels. */
static bool same_inputs(octet_session *cpu, octet_session *gpu)
{
    const octet_tensor_view a = input_of(cpu), b = input_of(gpu);
    static const size_t sizes[] = {1, sizeof(float), 2};
    const size_t element = sizes[a.type];
    if (a.type != b.type || a.height != b.height || a.width != b.width)
        return false;
    for (int y = 0; y < a.height; y++)
        for (int x = 0; x < a.width; x++)
            if (memcmp((const char *)a.data +
                           ((size_t)y * a.row_elements + (size_t)x * a.pixel_elements) * element,
                       (const char *)b.data +
                           ((size_t)y * b.row_elements + (size_t)x * b.pixel_elements) * element,
                       3 * element) != 0)
                return false;
    return true;
}

static bool compare(octet_session *cpu, octet_session *gpu, octet_frame *frame, enum memory memory)
{
    void *own = NULL;
    const octet_frame wanted = *frame;
    if (memory == OF_SESSION)
        require(
            octet_session_allocate_frame(gpu, wanted.format, wanted.width, wanted.height, frame),
            "memory for a frame", gpu);
    else
        own = own_frame(frame, memory);
    frame->matrix = wanted.matrix;
    frame->range = wanted.range;
    fill(frame);
    require(octet_session_set_frame(cpu, 0, frame), "a frame", cpu);
    require(octet_session_set_frame(gpu, 0, frame), "a frame", gpu);
    const bool same = same_inputs(cpu, gpu);
    if (!same && getenv("VERBOSE"))
        printf("  format %d %dx%d matrix %d range %d memory %d differs\n", (int)wanted.format,
               wanted.width, wanted.height, (int)wanted.matrix, (int)wanted.range, (int)memory);
    octet_session_free_frame(gpu, frame);
    free(own);
    return same;
}

int check_frames(octet_session *cpu, octet_session *gpu, int *different)
{
    static const int sizes[][2] = {{1, 1}, {3, 5}, {64, 48}, {101, 75}, {640, 480}, {1919, 1079}};
    int compared = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int format = OCTET_PIXEL_RGB; format <= OCTET_PIXEL_YUY2; format++)
            for (int colours = 0; colours < 4; colours++)
                for (int memory = OWN; memory < MEMORIES; memory++, compared++) {
                    octet_frame frame = {.format = (octet_pixel_format)format,
                                         .width = sizes[i][0],
                                         .height = sizes[i][1],
                                         .matrix = (octet_yuv_matrix)(colours / 2),
                                         .range = (octet_yuv_range)(colours % 2)};
                    *different += !compare(cpu, gpu, &frame, (enum memory)memory);
                }
    return compared;
}
