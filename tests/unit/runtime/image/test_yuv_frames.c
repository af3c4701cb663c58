/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: what YUV is as RGB, their letterbox against that of the picture which they are, and the
 * frames that are none. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "random.h"
#include "random_frame.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/image/letterbox.h"

static struct test_context test;

static const octet_pixel_format formats[] = {OCTET_PIXEL_RGB, OCTET_PIXEL_BGR, OCTET_PIXEL_NV12,
                                             OCTET_PIXEL_I420, OCTET_PIXEL_YUY2};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* ---- the definition ---- */

/* The formula of the standards, in doubles. */
static void exact(octet_yuv_matrix matrix, octet_yuv_range range, const int yuv[3], double rgb[3])
{
    const double kr = matrix == OCTET_YUV_BT601 ? 0.299 : 0.2126;
    const double kb = matrix == OCTET_YUV_BT601 ? 0.114 : 0.0722;
    const bool full = range == OCTET_YUV_FULL;
    const double y = full ? yuv[0] / 255.0 : fmax(0.0, yuv[0] - 16) / 219.0;
    const double u = (yuv[1] - 128) / (full ? 255.0 : 224.0);
    const double v = (yuv[2] - 128) / (full ? 255.0 : 224.0);
    const double red = y + 2 * (1 - kr) * v, blue = y + 2 * (1 - kb) * u;
    const double green = (y - kr * red - kb * blue) / (1 - kr - kb);
    const double values[3] = {red, green, blue};
    for (int c = 0; c < 3; c++)
        rgb[c] = fmin(255.0, fmax(0.0, 255.0 * values[c]));
}

static void compare_definition(octet_yuv_matrix matrix, octet_yuv_range range)
{
    const octet_frame frame = {.format = OCTET_PIXEL_NV12, .matrix = matrix, .range = range};
    const struct oct_yuv_factors *factors = oct_frame_factors(&frame);
    int64_t own[6];
    test_frame_factors(matrix, range, own);
    const int32_t told[6] = {factors->black,   factors->luma,    factors->red_v,
                             factors->green_u, factors->green_v, factors->blue_u};
    for (int i = 0; i < 6; i++)
        assert_int_equal(told[i], own[i]);
    for (int y = 0; y < 256; y++)
        for (int u = 0; u < 256; u += y % 3 + 1)
            for (int v = 0; v < 256; v += u % 5 + 1) {
                int rgb[3];
                double wanted[3];
                oct_yuv_to_rgb(factors, y, u, v, rgb);
                exact(matrix, range, (const int[3]){y, u, v}, wanted);
                for (int c = 0; c < 3; c++)
                    if (!(fabs(rgb[c] - wanted[c]) <= 1.0))
                        fail_msg("Y %d U %d V %d: channel %d is %d, not %g", y, u, v, c, rgb[c],
                                 wanted[c]);
            }
}

static void definition(void **state)
{
    (void)state;
    for (int matrix = 0; matrix < 2; matrix++)
        for (int range = 0; range < 2; range++)
            compare_definition((octet_yuv_matrix)matrix, (octet_yuv_range)range);
}

/* Greys have no colour, and black and white are where their ranges have them. */
static void greys(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const octet_frame frame = {.matrix = (octet_yuv_matrix)(i / 2),
                                   .range = (octet_yuv_range)(i % 2)};
        const bool full = frame.range == OCTET_YUV_FULL;
        for (int y = 0; y < 256; y++) {
            int rgb[3];
            oct_yuv_to_rgb(oct_frame_factors(&frame), y, 128, 128, rgb);
            assert_int_equal(rgb[0], rgb[1]);
            assert_int_equal(rgb[0], rgb[2]);
            if (y <= (full ? 0 : 16))
                assert_int_equal(rgb[0], 0);
            if (y >= (full ? 255 : 235))
                assert_int_equal(rgb[0], 255);
            if (full)
                assert_int_equal(rgb[0], y);
        }
    }
}

/* ---- the letterbox ---- */

static uint8_t *letterbox(const struct oct_kernels *kernels, const octet_frame *frame,
                          const octet_letterbox *box, int pixel_bytes)
{
    const size_t row = (size_t)box->target_width * (size_t)pixel_bytes;
    uint8_t *data = malloc(row * (size_t)box->target_height);
    struct oct_letterbox_scratch scratch = {
        NULL, oct_letterbox_frame_scratch_bytes(
                  box->target_width, frame->format == OCTET_PIXEL_RGB ? 0 : frame->width)};
    scratch.memory = aligned_alloc(64, scratch.bytes);
    assert_non_null(data);
    assert_non_null(scratch.memory);
    assert_int_equal(oct_letterbox_frame(&test.context, &kernels->resize, frame, box,
                                         &(struct oct_pixels){data, row, pixel_bytes}, &scratch),
                     OCTET_OK);
    free(scratch.memory);
    return data;
}

/* The frame's letterbox is the picture's. */
static void compare(const struct oct_kernels *kernels, const octet_frame *frame, int target_width,
                    int target_height, int pixel_bytes)
{
    octet_image *image = test_frame_picture(&test.context, frame);
    const octet_frame whole = oct_frame_of_image(image);
    const octet_letterbox box =
        oct_letterbox_geometry(frame->width, frame->height, target_width, target_height);
    uint8_t *is = letterbox(kernels, frame, &box, pixel_bytes);
    uint8_t *wanted = letterbox(kernels, &whole, &box, pixel_bytes);
    const size_t bytes = (size_t)target_width * (size_t)target_height * (size_t)pixel_bytes;
    for (size_t i = 0; i < bytes; i++)
        if (is[i] != wanted[i])
            fail_msg("%s %dx%d into %dx%d, %s: byte %zu is %d, not %d",
                     test_format_name(frame->format), frame->width, frame->height, target_width,
                     target_height, kernels->set, i, is[i], wanted[i]);
    free(is);
    free(wanted);
    octet_image_free(&image);
}

static void compare_sets(octet_pixel_format format, int width, int height, int target_width,
                         int target_height, enum test_frame_layout layout)
{
    static uint64_t seed = 1;
    const unsigned sets[] = {OCT_CPU_REF, oct_cpu_sets()};
    for (int i = 0; i < 2; i++) {
        struct oct_kernels kernels;
        struct test_frame made = test_frame_make(format, width, height, layout, seed++);
        made.frame.matrix = (octet_yuv_matrix)(seed / 2 % 2);
        made.frame.range = (octet_yuv_range)(seed / 4 % 2);
        oct_kernels_fill(&kernels, sets[i]);
        compare(&kernels, &made.frame, target_width, target_height, 3 + (int)(seed % 2));
        test_frame_free(&made);
    }
}

static void chosen_sizes(void **state)
{
    (void)state;
    static const int sizes[][4] = {
        {1, 1, 32, 32},     {2, 2, 32, 32},     {3, 1, 32, 32},     {1, 3, 32, 32},
        {64, 48, 64, 48},   {63, 47, 63, 47},   {128, 96, 64, 48},  {126, 94, 63, 47},
        {192, 144, 64, 48}, {1920, 8, 640, 32}, {17, 300, 64, 64},  {301, 19, 64, 64},
        {31, 31, 96, 96},   {33, 35, 32, 64},   {641, 479, 96, 96},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int f = 0; f < FORMATS; f++)
            for (int layout = 0; layout < TEST_FRAME_LAYOUTS; layout++)
                compare_sets(formats[f], sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3],
                             (enum test_frame_layout)layout);
}

static void random_sizes(void **state)
{
    (void)state;
    struct test_random random = test_random_of(5);
    for (int i = 0; i < 200; i++)
        compare_sets(formats[i % FORMATS], test_int(&random, 1, 150), test_int(&random, 1, 150),
                     test_int(&random, 1, 100), test_int(&random, 1, 100),
                     (enum test_frame_layout)test_int(&random, 0, TEST_FRAME_LAYOUTS - 1));
}

/* A part of a frame, at even places, is a frame. */
static void cropped(void **state)
{
    (void)state;
    struct oct_kernels kernels;
    struct test_frame made = test_frame_make(OCTET_PIXEL_NV12, 200, 120, TEST_FRAME_CLOSE, 3);
    octet_frame part = made.frame;
    part.width = 91;
    part.height = 51;
    part.planes[0] += 20 * part.strides[0] + 40;
    part.planes[1] += 10 * part.strides[1] + 40;
    oct_kernels_fill(&kernels, oct_cpu_sets());
    compare(&kernels, &part, 64, 64, 4);
    test_frame_free(&made);
}

static void too_little_scratch(void **state)
{
    (void)state;
    struct oct_kernels kernels;
    struct test_frame made = test_frame_make(OCTET_PIXEL_NV12, 200, 100, TEST_FRAME_CLOSE, 3);
    const octet_letterbox box = oct_letterbox_geometry(200, 100, 64, 64);
    static uint8_t data[64 * 64 * 3];
    struct oct_letterbox_scratch scratch = {NULL, oct_letterbox_frame_scratch_bytes(64, 200)};
    scratch.memory = aligned_alloc(64, scratch.bytes);
    assert_non_null(scratch.memory);
    oct_kernels_fill(&kernels, OCT_CPU_REF);
    const struct oct_pixels target = {data, 64 * 3, 3};
    assert_int_equal(
        oct_letterbox_frame(&test.context, &kernels.resize, &made.frame, &box, &target, &scratch),
        OCTET_OK);
    scratch.bytes--;
    assert_int_equal(
        oct_letterbox_frame(&test.context, &kernels.resize, &made.frame, &box, &target, &scratch),
        OCTET_INVALID_ARGUMENT);
    free(scratch.memory);
    test_frame_free(&made);
}

/* ---- frames that are none ---- */

static void refused(const octet_frame *frame, const char *message)
{
    assert_int_equal(oct_frame_check(&test.context, frame), OCTET_INVALID_ARGUMENT);
    assert_string_equal(test.context.message, message);
}

static void strange_frames(void **state)
{
    (void)state;
    static uint8_t bytes[64];
    const octet_frame good = {.format = OCTET_PIXEL_I420,
                              .width = 5,
                              .height = 3,
                              .planes = {bytes, bytes, bytes},
                              .strides = {5, 3, 3}};
    octet_frame frame = good;
    assert_int_equal(oct_frame_check(&test.context, &frame), OCTET_OK);
    frame.format = (octet_pixel_format)5;
    refused(&frame, "frame: pixel format 5 is not known");
    frame.format = (octet_pixel_format)-1;
    refused(&frame, "frame: pixel format -1 is not known");
    static const int sizes[][2] = {{0, 3}, {5, 0}, {-1, 3}, {32768, 3}, {5, 32768}, {32767, 32767}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char message[120];
        frame = good;
        frame.width = sizes[i][0];
        frame.height = sizes[i][1];
        snprintf(message, sizeof message,
                 "frame: %d x %d pixels: sides must be 1 to 32767, pixels at most 268435456",
                 sizes[i][0], sizes[i][1]);
        refused(&frame, message);
    }
    frame = good;
    frame.planes[2] = NULL;
    refused(&frame, "frame: plane 2 is NULL");
    frame = good;
    frame.strides[1] = 2;
    refused(&frame, "frame: plane 1 has its rows 2 bytes apart: must be 3 to 2147483647");
    frame.strides[1] = (size_t)INT32_MAX + 1;
    refused(&frame, "frame: plane 1 has its rows 2147483648 bytes apart: must be 3 to 2147483647");
    frame = good;
    frame.matrix = (octet_yuv_matrix)2;
    refused(&frame, "frame: YUV matrix 2 is not known");
    frame = good;
    frame.range = (octet_yuv_range)7;
    refused(&frame, "frame: YUV range 7 is not known");
    frame.range = OCTET_YUV_FULL;
    assert_int_equal(oct_frame_check(&test.context, &frame), OCTET_OK);
}

/* The smallest stride of each plane, at odd sizes. */
static void least_strides(void **state)
{
    (void)state;
    static uint8_t bytes[64];
    static const struct {
        octet_pixel_format format;
        size_t strides[3];
    } cases[] = {{OCTET_PIXEL_RGB, {21, 0, 0}},
                 {OCTET_PIXEL_BGR, {21, 0, 0}},
                 {OCTET_PIXEL_NV12, {7, 8, 0}},
                 {OCTET_PIXEL_I420, {7, 4, 4}},
                 {OCTET_PIXEL_YUY2, {16, 0, 0}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int plane = 0; plane < 3 && cases[i].strides[plane]; plane++) {
            octet_frame frame = {.format = cases[i].format,
                                 .width = 7,
                                 .height = 5,
                                 .planes = {bytes, bytes, bytes}};
            memcpy(frame.strides, cases[i].strides, sizeof frame.strides);
            assert_int_equal(oct_frame_check(&test.context, &frame), OCTET_OK);
            frame.strides[plane]--;
            assert_int_equal(oct_frame_check(&test.context, &frame), OCTET_INVALID_ARGUMENT);
        }
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(definition), TEST(greys),          TEST(chosen_sizes),       TEST(random_sizes),
        TEST(cropped),    TEST(strange_frames), TEST(too_little_scratch), TEST(least_strides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
