/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as their formats are defined, sample by sample, without the library's code. */
#include "random_frame.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

#include "random.h"

enum { FORMATS = 5 };

/* Of a plane: bytes of a row are width / across (rounded up) * bytes, rows are height / down. */
static const struct {
    const char *name;
    int planes;
    struct {
        int across, bytes, down;
    } plane[3];
} formats[FORMATS] = {
    [OCTET_PIXEL_RGB] = {"RGB", 1, {{1, 3, 1}}},
    [OCTET_PIXEL_BGR] = {"BGR", 1, {{1, 3, 1}}},
    [OCTET_PIXEL_NV12] = {"NV12", 2, {{1, 1, 1}, {2, 2, 2}}},
    [OCTET_PIXEL_I420] = {"I420", 3, {{1, 1, 1}, {2, 1, 2}, {2, 1, 2}}},
    [OCTET_PIXEL_YUY2] = {"YUY2", 1, {{2, 4, 1}}},
};

const char *test_format_name(octet_pixel_format format)
{
    return formats[format].name;
}

static size_t row_bytes(octet_pixel_format format, int width, int plane)
{
    const int across = formats[format].plane[plane].across;
    return (size_t)((width + across - 1) / across) * (size_t)formats[format].plane[plane].bytes;
}

static size_t row_count(octet_pixel_format format, int height, int plane)
{
    const int down = formats[format].plane[plane].down;
    return (size_t)((height + down - 1) / down);
}

static size_t stride_of(size_t bytes, enum test_frame_layout layout)
{
    if (layout == TEST_FRAME_WIDE)
        return 5 * bytes + 7;
    return layout == TEST_FRAME_PADDED ? bytes + bytes / 8 + 1 : bytes;
}

void test_frame_fill(const octet_frame *frame, uint64_t seed)
{
    struct test_random random = test_random_of(seed);
    for (int i = 0; i < formats[frame->format].planes; i++)
        for (size_t y = 0; y < row_count(frame->format, frame->height, i); y++)
            for (size_t x = 0; x < row_bytes(frame->format, frame->width, i); x++)
                frame->planes[i][y * frame->strides[i] + x] = (uint8_t)test_bits(&random);
}

struct test_frame test_frame_make(octet_pixel_format format, int width, int height,
                                  enum test_frame_layout layout, uint64_t seed)
{
    struct test_frame made = {.frame = {.format = format, .width = width, .height = height}};
    const bool together = layout == TEST_FRAME_CLOSE || layout == TEST_FRAME_PADDED;
    size_t sizes[3], all = 0;
    const int planes = formats[format].planes;
    for (int i = 0; i < planes; i++) {
        const size_t bytes = row_bytes(format, width, i), rows = row_count(format, height, i);
        made.frame.strides[i] = stride_of(bytes, layout);
        sizes[i] =
            together ? made.frame.strides[i] * rows : made.frame.strides[i] * (rows - 1) + bytes;
        all += sizes[i];
    }
    for (int i = 0; i < planes; i++) {
        if (i == 0 || !together)
            made.memory[i] = calloc(together ? all : sizes[i], 1);
        made.frame.planes[i] =
            i > 0 && together ? made.frame.planes[i - 1] + sizes[i - 1] : made.memory[i];
        if (!made.frame.planes[i])
            fail_msg("out of memory");
    }
    test_frame_fill(&made.frame, seed);
    return made;
}

void test_frame_free(struct test_frame *frame)
{
    for (int i = 0; i < 3; i++)
        free(frame->memory[i]);
    *frame = (struct test_frame){0};
}

/* OpenCV's own numbers where it has some; else the weights of the standards. */
void test_frame_factors(octet_yuv_matrix matrix, octet_yuv_range range, int64_t factors[6])
{
    static const int64_t opencv[6] = {16, 1220542, 1673527, -409993, -852492, 2116026};
    const double red = matrix == OCTET_YUV_BT601 ? 0.299 : 0.2126;
    const double blue = matrix == OCTET_YUV_BT601 ? 0.114 : 0.0722, green = 1 - red - blue;
    const double one = 1048576.0 * (range == OCTET_YUV_FULL ? 1.0 : 255.0 / 224.0);
    const double weights[5] = {1048576.0 * (range == OCTET_YUV_FULL ? 1.0 : 255.0 / 219.0),
                               2 * (1 - red) * one, -2 * (1 - blue) * blue / green * one,
                               -2 * (1 - red) * red / green * one, 2 * (1 - blue) * one};
    factors[0] = range == OCTET_YUV_FULL ? 0 : 16;
    for (int i = 1; i < 6; i++)
        factors[i] = matrix == OCTET_YUV_BT601 && range == OCTET_YUV_LIMITED
                         ? opencv[i]
                         : (int64_t)rint(weights[i - 1]);
}

static uint8_t code_of(int64_t sum)
{
    const double code = floor((double)(sum + 524288) / 1048576.0);
    return (uint8_t)(code < 0 ? 0 : code > 255 ? 255 : code);
}

/* Y, U and V of a pixel. */
static void samples_of(const octet_frame *f, int x, int y, int64_t yuv[3])
{
    const uint8_t *row = f->planes[0] + (size_t)y * f->strides[0];
    if (f->format == OCTET_PIXEL_YUY2) {
        yuv[0] = row[2 * x];
        yuv[1] = row[x / 2 * 4 + 1];
        yuv[2] = row[x / 2 * 4 + 3];
        return;
    }
    const uint8_t *chroma = f->planes[1] + (size_t)(y / 2) * f->strides[1];
    yuv[0] = row[x];
    if (f->format == OCTET_PIXEL_NV12) {
        yuv[1] = chroma[x / 2 * 2];
        yuv[2] = chroma[x / 2 * 2 + 1];
    } else {
        yuv[1] = chroma[x / 2];
        yuv[2] = f->planes[2][(size_t)(y / 2) * f->strides[2] + (size_t)(x / 2)];
    }
}

static void pixel_of(const octet_frame *f, int x, int y, const int64_t factors[6], uint8_t rgb[3])
{
    int64_t yuv[3];
    if (f->format == OCTET_PIXEL_RGB || f->format == OCTET_PIXEL_BGR) {
        for (int c = 0; c < 3; c++)
            rgb[f->format == OCTET_PIXEL_RGB ? c : 2 - c] =
                f->planes[0][(size_t)y * f->strides[0] + 3 * (size_t)x + (size_t)c];
        return;
    }
    samples_of(f, x, y, yuv);
    const int64_t luma = factors[1] * (yuv[0] < factors[0] ? 0 : yuv[0] - factors[0]);
    rgb[0] = code_of(luma + factors[2] * (yuv[2] - 128));
    rgb[1] = code_of(luma + factors[3] * (yuv[1] - 128) + factors[4] * (yuv[2] - 128));
    rgb[2] = code_of(luma + factors[5] * (yuv[1] - 128));
}

octet_image *test_frame_picture(octet_context *ctx, const octet_frame *frame)
{
    const size_t row = 3 * (size_t)frame->width;
    uint8_t *rgb = malloc(row * (size_t)frame->height);
    octet_image *image = NULL;
    int64_t factors[6];
    test_frame_factors(frame->matrix, frame->range, factors);
    for (int y = 0; rgb && y < frame->height; y++)
        for (int x = 0; x < frame->width; x++)
            pixel_of(frame, x, y, factors, rgb + (size_t)y * row + 3 * (size_t)x);
    if (!rgb ||
        octet_image_copy_rgb(ctx, rgb, frame->width, frame->height, row, &image) != OCTET_OK)
        fail_msg("out of memory");
    free(rgb);
    return image;
}
