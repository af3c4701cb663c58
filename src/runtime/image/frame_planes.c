/* SPDX-License-Identifier: Apache-2.0 */
/* What the planes of a camera's frame hold, and whether a frame is one. */
#include "runtime/image/frame_planes.h"

#define LIMIT_STRIDE ((size_t)INT32_MAX)

int oct_frame_plane_count(octet_pixel_format format)
{
    switch (format) {
    case OCTET_PIXEL_RGB:
    case OCTET_PIXEL_BGR:
    case OCTET_PIXEL_YUY2:
        return 1;
    case OCTET_PIXEL_NV12:
        return 2;
    case OCTET_PIXEL_I420:
        return 3;
    }
    return 0;
}

struct oct_plane oct_frame_plane(octet_pixel_format format, int width, int height, int plane)
{
    const size_t pixels = (size_t)width, pairs = (pixels + 1) / 2;
    if (plane > 0)
        return (struct oct_plane){format == OCTET_PIXEL_NV12 ? 2 * pairs : pairs, (height + 1) / 2};
    if (format == OCTET_PIXEL_NV12 || format == OCTET_PIXEL_I420)
        return (struct oct_plane){pixels, height};
    return (struct oct_plane){format == OCTET_PIXEL_YUY2 ? 4 * pairs : 3 * pixels, height};
}

octet_status oct_frame_check_size(octet_context *ctx, octet_pixel_format format, int width,
                                  int height)
{
    if (oct_frame_plane_count(format) == 0)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "frame: pixel format %d is not known",
                        (int)format);
    if (width < 1 || height < 1 || width > OCTET_IMAGE_SIDE_MAX || height > OCTET_IMAGE_SIDE_MAX ||
        (uint64_t)width * (uint64_t)height > OCTET_IMAGE_PIXELS_MAX)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "frame: %d x %d pixels: sides must be 1 to %d, pixels at most %u", width,
                        height, OCTET_IMAGE_SIDE_MAX, OCTET_IMAGE_PIXELS_MAX);
    return OCTET_OK;
}

static octet_status check_plane(octet_context *ctx, const octet_frame *frame, int index)
{
    const struct oct_plane plane =
        oct_frame_plane(frame->format, frame->width, frame->height, index);
    const size_t stride = frame->strides[index];
    if (!frame->planes[index])
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "frame: plane %d is NULL", index);
    if (stride < plane.row_bytes || stride > LIMIT_STRIDE ||
        stride > PTRDIFF_MAX / (size_t)plane.rows)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "frame: plane %d has its rows %zu bytes apart: must be %zu to %zu", index,
                        stride, plane.row_bytes, LIMIT_STRIDE);
    return OCTET_OK;
}

static octet_status check_colours(octet_context *ctx, const octet_frame *frame)
{
    if (frame->matrix != OCTET_YUV_BT601 && frame->matrix != OCTET_YUV_BT709)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "frame: YUV matrix %d is not known",
                        (int)frame->matrix);
    if (frame->range != OCTET_YUV_LIMITED && frame->range != OCTET_YUV_FULL)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "frame: YUV range %d is not known",
                        (int)frame->range);
    return OCTET_OK;
}

octet_status oct_frame_check(octet_context *ctx, const octet_frame *frame)
{
    octet_status status = oct_frame_check_size(ctx, frame->format, frame->width, frame->height);
    for (int i = 0; !status && i < oct_frame_plane_count(frame->format); i++)
        status = check_plane(ctx, frame, i);
    return status ? status : check_colours(ctx, frame);
}

octet_frame oct_frame_of_image(const octet_image *image)
{
    return (octet_frame){.format = OCTET_PIXEL_RGB,
                         .width = image->width,
                         .height = image->height,
                         .planes = {image->pixels},
                         .strides = {3 * (size_t)image->width}};
}

struct oct_yuv_row oct_frame_yuv_row(const octet_frame *frame, int y)
{
    const uint8_t *luma = oct_frame_row(frame, y);
    if (frame->format == OCTET_PIXEL_YUY2)
        return (struct oct_yuv_row){luma, luma + 1, luma + 3, 2, 4};
    const uint8_t *chroma = frame->planes[1] + (size_t)(y / 2) * frame->strides[1];
    if (frame->format == OCTET_PIXEL_NV12)
        return (struct oct_yuv_row){luma, chroma, chroma + 1, 1, 2};
    return (struct oct_yuv_row){luma, chroma,
                                frame->planes[2] + (size_t)(y / 2) * frame->strides[2], 1, 1};
}

const struct oct_yuv_factors *oct_frame_factors(const octet_frame *frame)
{
    /* [matrix][range]; BT.601, limited: OpenCV's, of weights with three decimals */
    static const struct oct_yuv_factors factors[2][2] = {
        {{16, 1220542, 1673527, -409993, -852492, 2116026},
         {0, 1048576, 1470104, -360853, -748826, 1858077}},
        {{16, 1220945, 1879825, -223607, -558796, 2215014},
         {0, 1048576, 1651297, -196424, -490864, 1945738}},
    };
    return &factors[frame->matrix][frame->range];
}
