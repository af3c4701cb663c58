/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures at random sizes: how these are spread, what is seen of a picture then, and where its
 * boxes lie. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/image.h>

#include "counting_context.h"
#include "random.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/image/raster.h"
#include "train/scale_jitter.h"

enum { SIDE = 64 };

static struct test_context test;

/* Half of the logarithms lie in either half of their range; the same place draws the same. */
static void draws(void **state)
{
    enum { COUNT = 4000 };
    const double middle = 0.5 * (log(0.6) + log(1.5));
    int above = 0, right = 0, down = 0;
    double least = 9.0, most = 0.0, together = 0.0;
    (void)state;
    for (uint64_t i = 0; i < COUNT; i++) {
        const struct oct_jitter jitter = oct_jitter_of(3, i), again = oct_jitter_of(3, i);
        assert_memory_equal(&jitter, &again, sizeof jitter);
        least = fmin(least, jitter.scale);
        most = fmax(most, jitter.scale);
        above += log(jitter.scale) > middle;
        right += jitter.right > 0.0;
        down += jitter.down > 0.0;
        together += jitter.right * jitter.down;
        assert_true(fabs(jitter.right) <= 0.1 && fabs(jitter.down) <= 0.1);
    }
    assert_true(least >= 0.6 && least < 0.601 && most <= 1.5 && most > 1.498);
    assert_in_range(above, 0.47 * COUNT, 0.53 * COUNT);
    assert_in_range(right, 0.47 * COUNT, 0.53 * COUNT);
    assert_in_range(down, 0.47 * COUNT, 0.53 * COUNT);
    assert_true(fabs(together / COUNT) < 2e-4); /* by themselves; alike it would be 3.3e-3 */
    const struct oct_jitter one = oct_jitter_of(3, 7), other = oct_jitter_of(4, 7);
    assert_true(fabs(one.scale - other.scale) > 1e-9);
}

/* Red rises to the right, green downwards: what a pixel shows tells where it comes from. */
static octet_image *gradient(int width, int height)
{
    octet_image *image;
    assert_int_equal(
        oct_image_create(&test.context, "gradient", (uint64_t)width, (uint64_t)height, &image),
        OCTET_OK);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *pixel = image->pixels + 3 * ((size_t)y * (size_t)width + (size_t)x);
            pixel[0] = (uint8_t)x;
            pixel[1] = (uint8_t)y;
            pixel[2] = 200;
        }
    return image;
}

static void draw(const struct oct_placed_part *placed, uint8_t *pixels)
{
    struct oct_kernels kernels;
    oct_kernels_fill(&kernels, 0);
    const size_t bytes = oct_letterbox_scratch_bytes(SIDE);
    const struct oct_letterbox_scratch scratch = {aligned_alloc(64, (bytes + 63) / 64 * 64), bytes};
    const struct oct_pixels target = {pixels, 3 * SIDE, 3};
    assert_int_equal(oct_letterbox_frame(&test.context, &kernels.resize, &placed->part,
                                         &placed->where, &target, &scratch),
                     OCTET_OK);
    free(scratch.memory);
}

/* All pixels come from where the size and the place say, within two of the picture's; grey is what
 * is farther than that outside of it. */
static void expect_pixels(const octet_image *image, const struct oct_jitter *jitter)
{
    static uint8_t pixels[SIDE * SIDE * 3];
    const struct oct_placed_part placed = oct_place_jittered(image, SIDE, SIDE, jitter);
    const double gain =
        jitter->scale * fmin((double)SIDE / image->width, (double)SIDE / image->height);
    draw(&placed, pixels);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const uint8_t *pixel = pixels + 3 * (y * SIDE + x);
            const double from_x = (x + 0.5 - SIDE * (0.5 + jitter->right)) / gain +
                                  0.5 * image->width - 0.5,
                         from_y = (y + 0.5 - SIDE * (0.5 + jitter->down)) / gain +
                                  0.5 * image->height - 0.5;
            const double slack = 2.0 + 1.5 / gain;
            const bool is_grey = pixel[2] == OCT_LETTERBOX_PAD;
            const bool within = from_x > slack && from_x < image->width - 1 - slack &&
                                from_y > slack && from_y < image->height - 1 - slack;
            const bool outside = from_x < -slack || from_x > image->width - 1 + slack ||
                                 from_y < -slack || from_y > image->height - 1 + slack;
            const bool at_edge = x < 4 || y < 4 || x >= SIDE - 4 || y >= SIDE - 4;
            if ((within && is_grey && !at_edge) || (outside && !is_grey))
                fail_msg("pixel %d, %d is %sgrey", x, y, is_grey ? "" : "not ");
            if (!is_grey && (fabs(pixel[0] - from_x) > slack || fabs(pixel[1] - from_y) > slack))
                fail_msg("pixel %d, %d comes from %d, %d, not from %.1f, %.1f", x, y, pixel[0],
                         pixel[1], from_x, from_y);
        }
}

static void sees(void **state)
{
    static const int sizes[][2] = {{128, 128}, {200, 90}, {50, 120}, {64, 64}, {30, 40}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        octet_image *image = gradient(sizes[i][0], sizes[i][1]);
        for (uint64_t place = 0; place < 60; place++) {
            const struct oct_jitter jitter = oct_jitter_of(i, place);
            expect_pixels(image, &jitter);
        }
        octet_image_free(&image);
    }
}

/* Nothing but the letterbox where nothing is asked for, and where there is nothing to cut. */
static void is_whole(void **state)
{
    (void)state;
    octet_image *image = gradient(90, 60), *dot = gradient(1, 1);
    const struct oct_jitter none = {1.0, 0.0, 0.0}, large = {1.5, 0.1, -0.1};
    const octet_letterbox box = oct_letterbox_geometry(90, 60, SIDE, SIDE);
    const struct oct_placed_part whole = oct_place_whole(image, SIDE, SIDE);
    assert_memory_equal(&whole.where, &box, sizeof box);
    const struct oct_placed_part same = oct_place_jittered(image, SIDE, SIDE, &none);
    assert_in_range(same.where.resized_width, box.resized_width - 1, box.resized_width + 1);
    assert_in_range(same.where.resized_height, box.resized_height - 1, box.resized_height + 1);
    assert_int_equal(same.left, 0);
    assert_int_equal(same.part.width, 90);
    const struct oct_placed_part of_dot = oct_place_jittered(dot, SIDE, SIDE, &large);
    const octet_letterbox dots = oct_letterbox_geometry(1, 1, SIDE, SIDE);
    assert_memory_equal(&of_dot.where, &dots, sizeof dots);
    octet_image_free(&image);
    octet_image_free(&dot);
}

/* Corners go where their pixels go; what is cut off to a fifth is gone. */
static void boxes(void **state)
{
    (void)state;
    octet_image *image = gradient(128, 128);
    const struct oct_jitter large = {1.5, 0.0, 0.0}; /* 0.75 of the picture's own; 96 of 128 seen */
    const struct oct_placed_part placed = oct_place_jittered(image, SIDE, SIDE, &large);
    float to[4];
    const float middle[4] = {54.0f, 64.0f, 74.0f, 84.0f};
    assert_true(oct_place_box(&placed, middle, to));
    const float expected[4] = {24.5f, 32.0f, 39.5f, 47.0f};
    for (int i = 0; i < 4; i++)
        assert_float_equal(to[i], expected[i], 0.6f);
    const float half[4] = {100.0f, 20.0f, 112.0f, 60.0f}; /* seen up to 106.7 */
    assert_true(oct_place_box(&placed, half, to));
    assert_float_equal(to[2], SIDE, 1e-6f);
    assert_true(to[0] > 58.0f && to[0] < 60.0f);
    const float little[4] = {105.0f, 20.0f, 125.0f, 60.0f}, none[4] = {110.0f, 5.0f, 128.0f, 9.0f};
    assert_false(oct_place_box(&placed, little, to));
    assert_false(oct_place_box(&placed, none, to));
    octet_image_free(&image);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(draws), TEST(sees), TEST(is_whole), TEST(boxes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
