/* SPDX-License-Identifier: Apache-2.0 */
/* octet_image_copy_frame(): a camera's frame as the picture that the network would see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <octet/octet.h>

#include "random_frame.h"

static octet_context *context;

static int make_context(void **state)
{
    (void)state;
    return octet_context_create(NULL, &context) != OCTET_OK;
}

static int free_context(void **state)
{
    (void)state;
    octet_context_free(&context);
    return 0;
}

static void compare(const octet_frame *frame)
{
    octet_image *image = NULL, *expected = test_frame_picture(context, frame);
    assert_int_equal(octet_image_copy_frame(context, frame, &image), OCTET_OK);
    assert_int_equal(octet_image_width(image), frame->width);
    assert_int_equal(octet_image_height(image), frame->height);
    assert_memory_equal(octet_image_pixels(image), octet_image_pixels(expected),
                        3 * (size_t)frame->width * (size_t)frame->height);
    octet_image_free(&image);
    octet_image_free(&expected);
}

static void pixels_are_the_definitions(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 2}, {3, 5}, {63, 47}, {320, 240}, {641, 9}};
    uint64_t seed = 1;
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int format = OCTET_PIXEL_RGB; format <= OCTET_PIXEL_YUY2; format++)
            for (int layout = 0; layout < TEST_FRAME_LAYOUTS; layout++) {
                struct test_frame made =
                    test_frame_make((octet_pixel_format)format, sizes[i][0], sizes[i][1],
                                    (enum test_frame_layout)layout, seed++);
                made.frame.matrix = (octet_yuv_matrix)(seed % 2);
                made.frame.range = (octet_yuv_range)(seed / 2 % 2);
                compare(&made.frame);
                test_frame_free(&made);
            }
}

static void what_is_no_frame_is_refused(void **state)
{
    uint8_t byte = 0;
    octet_image *image = (octet_image *)&byte;
    octet_frame frame = {.format = OCTET_PIXEL_NV12, .width = 4, .height = 4};
    (void)state;
    assert_int_equal(octet_image_copy_frame(context, &frame, &image), OCTET_INVALID_ARGUMENT);
    assert_null(image);
    assert_non_null(strstr(octet_context_message(context), "plane 0 is NULL"));
    assert_int_equal(octet_image_copy_frame(context, NULL, &image), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_image_copy_frame(context, &frame, NULL), OCTET_INVALID_ARGUMENT);
    frame.width = OCTET_IMAGE_SIDE_MAX + 1;
    assert_int_equal(octet_image_copy_frame(context, &frame, &image), OCTET_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_the_definitions),
        cmocka_unit_test(what_is_no_frame_is_refused),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
