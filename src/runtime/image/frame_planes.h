/* SPDX-License-Identifier: Apache-2.0 */
/* Cameras' frames: what their planes hold, and where a row's samples are. */
#ifndef OCTET_RUNTIME_IMAGE_FRAME_PLANES_H
#define OCTET_RUNTIME_IMAGE_FRAME_PLANES_H

#include <octet/frame.h>

#include <stdbool.h>

#include "runtime/image/raster.h"
#include "runtime/image/yuv.h"

#define OCT_FRAME_PLANES_MAX 3

/* A plane as its format and the frame's size ask for it. */
struct oct_plane {
    size_t row_bytes;
    int rows;
};

/* 0: the format is not known. */
int oct_frame_plane_count(octet_pixel_format format);
/* Of a format that is known, and a plane that it has. */
struct oct_plane oct_frame_plane(octet_pixel_format format, int width, int height, int plane);

/* OCTET_INVALID_ARGUMENT with one line, unless the format is known and the size within bounds. */
octet_status oct_frame_check_size(octet_context *ctx, octet_pixel_format format, int width,
                                  int height);
/* The same of all that octet_session_set_frame() asks of a frame. */
octet_status oct_frame_check(octet_context *ctx, const octet_frame *frame);

/* A picture as a frame, which reads the picture's pixels. */
octet_frame oct_frame_of_image(const octet_image *image);

/* What follows takes frames that were checked. */
static inline bool oct_frame_is_yuv(const octet_frame *frame)
{
    return frame->format != OCTET_PIXEL_RGB && frame->format != OCTET_PIXEL_BGR;
}

/* Row y of RGB and BGR, and of YUV. */
static inline const uint8_t *oct_frame_row(const octet_frame *frame, int y)
{
    return frame->planes[0] + (size_t)y * frame->strides[0];
}
struct oct_yuv_row oct_frame_yuv_row(const octet_frame *frame, int y);

const struct oct_yuv_factors *oct_frame_factors(const octet_frame *frame);

#endif
