/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of random samples, and the pictures that they must be taken for. */
#ifndef OCTET_TESTS_SUPPORT_RANDOM_FRAME_H
#define OCTET_TESTS_SUPPORT_RANDOM_FRAME_H

#include <octet/frame.h>
#include <octet/image.h>

/* How planes lie in memory. */
enum test_frame_layout {
    TEST_FRAME_CLOSE,  /* rows and planes end to end */
    TEST_FRAME_PADDED, /* rows a little apart, planes end to end */
    TEST_FRAME_APART,  /* each plane in memory of its own, as long as it must be */
    TEST_FRAME_WIDE,   /* the same, rows far apart: part of a larger picture */
    TEST_FRAME_LAYOUTS
};

struct test_frame {
    octet_frame frame;
    uint8_t *memory[3];
};

/* Fails the running test where there is no memory. */
struct test_frame test_frame_make(octet_pixel_format format, int width, int height,
                                  enum test_frame_layout layout, uint64_t seed);
void test_frame_free(struct test_frame *frame);

/* Fills a frame's planes, wherever they are. */
void test_frame_fill(const octet_frame *frame, uint64_t seed);

/* The frame's pixels as RGB, by sums of 64 bits from the weights themselves. */
octet_image *test_frame_picture(octet_context *ctx, const octet_frame *frame);

/* The factors of a matrix and range: black, then luma, V in red, U in green, V in green, U in blue,
 * times 2^20. */
void test_frame_factors(octet_yuv_matrix matrix, octet_yuv_range range, int64_t factors[6]);

const char *test_format_name(octet_pixel_format format);

#endif
