/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entropy calibrator's known answer: over letterboxed COCO pictures TensorRT's Entropy2 gives
 * the image a threshold of 916.5 of 2,048 bins, the cache value 3b66eddc. Everything brighter than
 * mid-grey would be clipped, which is why octet never calibrates the image.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/image.h>

#include "compiler/quantize/entropy.h"
#include "counting_context.h"
#include "data.h"

enum { PICTURES = 100, SIDE = 640 };

static uint64_t bins[OCT_HISTOGRAM_BINS];
static uint32_t counts[OCT_HISTOGRAM_BINS];

/* Adds a picture's pixels as the network reads them, code / 255, the padding's grey among them. */
static void count_picture(octet_context *ctx, const char *path, struct oct_histogram *histogram)
{
    static uint8_t pixels[3 * SIDE * SIDE];
    static float values[3 * SIDE * SIDE];
    octet_image *image;
    if (octet_image_load(ctx, path, &image) != OCTET_OK)
        fail_msg("%s", ctx->message);
    assert_int_equal(octet_letterbox_image(ctx, image, SIDE, SIDE, pixels, NULL), OCTET_OK);
    octet_image_free(&image);
    for (int i = 0; i < 3 * SIDE * SIDE; i++)
        values[i] = (float)pixels[i] / 255.0f;
    oct_histogram_count(histogram, values, 3 * SIDE * SIDE, counts);
    oct_histogram_take(histogram, counts, oct_histogram_bin(histogram, 0.0f),
                       oct_histogram_bin(histogram, 1.0f) + 1);
}

static void letterboxed_pictures_come_out_as_in_tensorrt(void **state)
{
    (void)state;
    struct test_context test;
    struct oct_histogram histogram;
    char pattern[TEST_PATH_BYTES];
    glob_t found;
    test_context_init(&test);
    oct_histogram_init(&histogram, bins);
    oct_histogram_widen(&histogram, 0.0f, 1.0f);
    test_data_path(pattern, "coco/images/train2017/*.jpg");
    assert_int_equal(glob(pattern, 0, NULL, &found), 0); /* sorted */
    assert_true(found.gl_pathc >= PICTURES);
    for (int i = 0; i < PICTURES; i++)
        count_picture(&test.context, found.gl_pathv[i], &histogram);
    globfree(&found);
    assert_int_equal(test.live, 0);

    const double threshold = oct_entropy_threshold(&histogram);
    assert_true(threshold == 916.5 / OCT_ENTROPY_BINS);
    const float scale = (float)(threshold / 127.0);
    uint32_t bits;
    memcpy(&bits, &scale, sizeof bits);
    assert_int_equal(bits, 0x3b66eddc);
}

int main(void)
{
    if (!test_data_present())
        return TEST_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letterboxed_pictures_come_out_as_in_tensorrt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
