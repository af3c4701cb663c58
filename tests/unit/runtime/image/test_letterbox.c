/* SPDX-License-Identifier: Apache-2.0 */
/* Letterbox: geometry, and pixels against the definition written out plainly. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/image/letterbox.h"

static struct test_context test;
static struct oct_kernels kernels;

static int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    oct_kernels_fill(&kernels, oct_cpu_sets());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return test.live;
}

/* Each width, height. */
static void expect_box(const octet_letterbox *box, const int source[2], const int target[2],
                       const int resized[2], const int pad[2])
{
    assert_int_equal(box->source_width, source[0]);
    assert_int_equal(box->source_height, source[1]);
    assert_int_equal(box->target_width, target[0]);
    assert_int_equal(box->target_height, target[1]);
    assert_int_equal(box->resized_width, resized[0]);
    assert_int_equal(box->resized_height, resized[1]);
    assert_int_equal(box->pad_left, pad[0]);
    assert_int_equal(box->pad_top, pad[1]);
    assert_true(box->gain_x == (double)resized[0] / source[0]);
    assert_true(box->gain_y == (double)resized[1] / source[1]);
}

/* Sizes and pads as Ultralytics' LetterBox gives them (Python's round). */
static void geometry(void **state)
{
    (void)state;
    static const struct {
        int source[2], target[2], resized[2], pad[2]; /* width, height */
    } cases[] = {
        {{1280, 720}, {640, 640}, {640, 360}, {0, 140}},
        {{720, 1280}, {640, 640}, {360, 640}, {140, 0}},
        {{640, 640}, {640, 640}, {640, 640}, {0, 0}},
        {{457, 640}, {640, 640}, {457, 640}, {91, 0}},
        {{614, 461}, {640, 640}, {640, 481}, {0, 79}},
        {{351, 500}, {640, 640}, {449, 640}, {95, 0}},
        {{500, 375}, {640, 384}, {512, 384}, {64, 0}},
        {{1, 1}, {640, 320}, {320, 320}, {160, 0}},
        {{1, 5000}, {640, 640}, {1, 640}, {319, 0}},
        {{32767, 1}, {32, 32}, {32, 1}, {0, 15}},
        {{8, 5}, {4, 4}, {4, 2}, {0, 1}}, /* 2.5 goes to 2 */
        {{8, 7}, {4, 4}, {4, 4}, {0, 0}}, /* 3.5 goes to 4 */
        {{8, 3}, {4, 5}, {4, 2}, {0, 1}}, /* 1.5 goes to 2, pad 1.5 - 0.1 to 1 */
        {{32767, 32767}, {1, 1}, {1, 1}, {0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_letterbox box;
        assert_int_equal(octet_letterbox_geometry(cases[i].source[0], cases[i].source[1],
                                                  cases[i].target[0], cases[i].target[1], &box),
                         OCTET_OK);
        expect_box(&box, cases[i].source, cases[i].target, cases[i].resized, cases[i].pad);
    }
    octet_letterbox box;
    assert_int_equal(octet_letterbox_geometry(0, 1, 1, 1, &box), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_letterbox_geometry(1, 32768, 1, 1, &box), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_letterbox_geometry(1, 1, -1, 1, &box), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_letterbox_geometry(1, 1, 1, 0, &box), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_letterbox_geometry(1, 1, 1, 1, NULL), OCTET_INVALID_ARGUMENT);
}

/* The smallest input of Ultralytics' LetterBox(auto=True); tests/golden/test_bundled_rect.c has
 * many more. */
static void rect(void **state)
{
    (void)state;
    static const struct {
        int source[2], bound[2], stride, size[2], resized[2], pad[2]; /* width, height */
    } cases[] = {
        {{1920, 1080}, {640, 640}, 32, {640, 384}, {640, 360}, {0, 12}},
        {{1080, 1920}, {640, 640}, 32, {384, 640}, {360, 640}, {12, 0}},
        {{640, 640}, {640, 640}, 32, {640, 640}, {640, 640}, {0, 0}},
        {{1920, 1153}, {640, 640}, 32, {640, 384}, {640, 384}, {0, 0}}, /* 384.3 */
        {{640, 480}, {640, 384}, 32, {512, 384}, {512, 384}, {0, 0}},
        {{1920, 1080}, {640, 640}, 64, {640, 384}, {640, 360}, {0, 12}},
        {{500, 375}, {640, 640}, 64, {640, 512}, {640, 480}, {0, 16}},
        {{5000, 1}, {640, 640}, 32, {640, 32}, {640, 1}, {0, 15}},
        {{1, 1}, {32, 32}, 32, {32, 32}, {32, 32}, {0, 0}},
        {{8, 5}, {4, 4}, 1, {4, 2}, {4, 2}, {0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_letterbox box;
        assert_int_equal(octet_letterbox_rect(cases[i].source[0], cases[i].source[1],
                                              cases[i].bound[0], cases[i].bound[1], cases[i].stride,
                                              &box),
                         OCTET_OK);
        expect_box(&box, cases[i].source, cases[i].size, cases[i].resized, cases[i].pad);
    }
    static const int bad[][5] = {{0, 1, 32, 32, 32},  {1, 32768, 32, 32, 32}, {1, 1, 0, 32, 32},
                                 {1, 1, 32, 40, 32},  {1, 1, 40, 32, 32},     {1, 1, 32, 32, 0},
                                 {1, 1, 32, 32, -32}, {1, 1, 32, 32, 64}};
    octet_letterbox box;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(
            octet_letterbox_rect(bad[i][0], bad[i][1], bad[i][2], bad[i][3], bad[i][4], &box),
            OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_letterbox_rect(1, 1, 32, 32, 32, NULL), OCTET_INVALID_ARGUMENT);
}

/* One axis of the resize: which two source positions, with which 11 bit weights. */
struct axis {
    int at[2], weight[2];
};

static struct axis axis_of(int source, int target, int i, bool row)
{
    float x = (float)((i + 0.5) * source / target - 0.5);
    int s = (int)floor(x);
    float f = x - (float)s;
    if (!row && (s < 0 || s >= source - 1)) {
        s = s < 0 ? 0 : source - 1;
        f = 0;
    }
    struct axis axis = {{s, s + 1}, {(int)rint((1.0f - f) * 2048), (int)rint(f * 2048)}};
    for (int k = 0; k < 2; k++)
        axis.at[k] = axis.at[k] < 0 ? 0 : axis.at[k] >= source ? source - 1 : axis.at[k];
    return axis;
}

static int wanted_sample(const octet_image *image, const octet_letterbox *box, int x, int y, int c)
{
    if (c == 3)
        return 0;
    x -= box->pad_left;
    y -= box->pad_top;
    if (x < 0 || y < 0 || x >= box->resized_width || y >= box->resized_height)
        return 114;
    struct axis columns = axis_of(image->width, box->resized_width, x, false);
    struct axis rows = axis_of(image->height, box->resized_height, y, true);
    if (box->resized_width == image->width && box->resized_height == image->height)
        return image->pixels[3 * ((size_t)y * (size_t)image->width + (size_t)x) + (size_t)c];
    int sum = 2;
    for (int k = 0; k < 2; k++) {
        const uint8_t *row = image->pixels + (size_t)rows.at[k] * 3 * (size_t)image->width;
        int blend = row[3 * columns.at[0] + c] * columns.weight[0] +
                    row[3 * columns.at[1] + c] * columns.weight[1];
        sum += (blend >> 4) * rows.weight[k] >> 16;
    }
    return sum >> 2;
}

static octet_image *noise(int width, int height)
{
    octet_image *image;
    static uint32_t random = 7;
    uint8_t *pixels = malloc(3 * (size_t)width * (size_t)height);
    assert_non_null(pixels);
    for (size_t i = 0; i < 3 * (size_t)width * (size_t)height; i++)
        pixels[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
    assert_int_equal(
        octet_image_copy_rgb(&test.context, pixels, width, height, 3 * (size_t)width, &image),
        OCTET_OK);
    free(pixels);
    return image;
}

/* Letterboxes into memory with guard bytes after each row,
 * of `pixel_bytes`, and compares it all. */
static void check(int width, int height, int target_width, int target_height, int pixel_bytes)
{
    octet_image *image = noise(width, height);
    octet_letterbox box = oct_letterbox_geometry(width, height, target_width, target_height);
    const size_t used = (size_t)target_width * (size_t)pixel_bytes, row_bytes = used + 5;
    uint8_t *data = malloc(row_bytes * (size_t)target_height);
    assert_non_null(data);
    memset(data, 0xa5, row_bytes * (size_t)target_height);
    struct oct_letterbox_scratch scratch = {NULL, oct_letterbox_scratch_bytes(target_width)};
    scratch.memory = aligned_alloc(64, scratch.bytes);
    assert_non_null(scratch.memory);
    memset(scratch.memory, 0x5a, scratch.bytes);
    const int calls = test.calls;
    assert_int_equal(oct_letterbox_into(&test.context, &kernels.resize, image, &box,
                                        &(struct oct_pixels){data, row_bytes, pixel_bytes},
                                        &scratch),
                     OCTET_OK);
    assert_int_equal(test.calls, calls);
    for (int y = 0; y < target_height; y++)
        for (size_t i = 0; i < row_bytes; i++) {
            int x = (int)i / pixel_bytes, c = (int)i % pixel_bytes;
            int wanted = i >= used ? 0xa5 : wanted_sample(image, &box, x, y, c);
            if (data[(size_t)y * row_bytes + i] != wanted)
                fail_msg("%dx%d to %dx%d, %d bytes a pixel: (%d, %d) channel %d is %d, not %d",
                         width, height, target_width, target_height, pixel_bytes, x, y, c,
                         data[(size_t)y * row_bytes + i], wanted);
        }
    free(scratch.memory);
    free(data);
    octet_image_free(&image);
}

/* In plain C, and with all that the machine has. */
static void check_sets(int width, int height, int target_width, int target_height, int pixel_bytes)
{
    oct_kernels_fill(&kernels, OCT_CPU_REF);
    check(width, height, target_width, target_height, pixel_bytes);
    oct_kernels_fill(&kernels, oct_cpu_sets());
    check(width, height, target_width, target_height, pixel_bytes);
}

static void pixels(void **state)
{
    (void)state;
    static const int sizes[][4] = {
        {64, 36, 32, 32}, {36, 64, 32, 32},  {32, 32, 32, 32},  {31, 32, 32, 32},
        {32, 29, 32, 32}, {1, 1, 32, 32},    {1, 1, 1, 1},      {1, 40, 32, 32},
        {40, 1, 32, 32},  {2, 2, 33, 7},     {1000, 1, 32, 32}, {1, 1000, 32, 32},
        {96, 54, 32, 32}, {50, 37, 64, 64},  {61, 46, 64, 64},  {127, 253, 64, 96},
        {33, 77, 1, 1},   {300, 200, 17, 5}, {5, 3, 160, 96},   {91, 64, 65, 64},
        {52, 48, 26, 26}, {2, 2, 1, 1},      {130, 20, 65, 65}, {7, 3, 64, 64},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int pixel_bytes = 3; pixel_bytes <= 4; pixel_bytes++)
            check_sets(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], pixel_bytes);
}

/* The two weights of a column do not always add up to 2048; here one column's do not. */
static void irregular_weights(void **state)
{
    (void)state;
    struct axis axis = axis_of(1967, 5463, 2, false);
    assert_int_not_equal(axis.weight[0] + axis.weight[1], 2048);
    check_sets(1967, 2, 5463, 6, 3);
    check_sets(1967, 2, 5463, 6, 4);
}

static void arguments(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    octet_image *image = noise(4, 3);
    uint8_t data[8 * 8 * 4];
    _Alignas(64) uint8_t memory[4096];
    const octet_letterbox good = oct_letterbox_geometry(4, 3, 8, 8);
    const struct oct_pixels target = {data, 24, 3};
    const struct oct_letterbox_scratch scratch = {memory, oct_letterbox_scratch_bytes(8)};
    assert_true(scratch.bytes <= sizeof memory);
    assert_int_equal(oct_letterbox_into(ctx, &kernels.resize, image, &good, &target, &scratch),
                     OCTET_OK);

    octet_letterbox box = oct_letterbox_geometry(3, 4, 8, 8);
    assert_int_equal(oct_letterbox_into(ctx, &kernels.resize, image, &box, &target, &scratch),
                     OCTET_INVALID_ARGUMENT);
    box = good;
    box.pad_top++;
    box.resized_height = 8;
    assert_int_equal(oct_letterbox_into(ctx, &kernels.resize, image, &box, &target, &scratch),
                     OCTET_INVALID_ARGUMENT);
    box = good;
    box.pad_left = -1;
    assert_int_equal(oct_letterbox_into(ctx, &kernels.resize, image, &box, &target, &scratch),
                     OCTET_INVALID_ARGUMENT);
    struct oct_pixels narrow = {data, 23, 3}, wide = {data, 40, 5};
    assert_int_equal(oct_letterbox_into(ctx, &kernels.resize, image, &good, &narrow, &scratch),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(oct_letterbox_into(ctx, &kernels.resize, image, &good, &wide, &scratch),
                     OCTET_INVALID_ARGUMENT);
    struct oct_letterbox_scratch small = {memory, scratch.bytes - 1};
    assert_int_equal(oct_letterbox_into(ctx, &kernels.resize, image, &good, &target, &small),
                     OCTET_INVALID_ARGUMENT);

    assert_int_equal(octet_letterbox_image(NULL, image, 8, 8, data, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_letterbox_image(ctx, NULL, 8, 8, data, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_letterbox_image(ctx, image, 8, 8, NULL, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_letterbox_image(ctx, image, 0, 8, data, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_letterbox_image(ctx, image, 8, 32768, data, NULL),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_letterbox_image(ctx, image, 8, 8, data, &box), OCTET_OK);
    assert_int_equal(box.pad_top, 1);
    test.fail_at = test.calls;
    assert_int_equal(octet_letterbox_image(ctx, image, 8, 8, data, NULL), OCTET_OUT_OF_MEMORY);
    octet_image_free(&image);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(geometry), TEST(rect), TEST(pixels), TEST(irregular_weights), TEST(arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
