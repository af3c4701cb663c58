/* SPDX-License-Identifier: Apache-2.0 */
/* BMP and TIFF: the pixels that OpenCV's imread gives, and refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "encode.h"
#include "runtime/image/raster.h"

static struct test_context test;

static octet_image *decoded(struct encoded file)
{
    octet_image *image;
    if (octet_image_decode(&test.context, file.bytes, file.size, "test", &image) != OCTET_OK)
        fail_msg("%s", test.context.message);
    free(file.bytes);
    return image;
}

static void refused(struct encoded file, octet_status wanted)
{
    octet_image *image = (octet_image *)&test;
    octet_status status = octet_image_decode(&test.context, file.bytes, file.size, "test", &image);
    if (status != wanted)
        fail_msg("status %s, not %s: %s", octet_status_name(status), octet_status_name(wanted),
                 test.context.message);
    assert_null(image);
    free(file.bytes);
}

static void expect(octet_image *image, int width, int height, const uint8_t *rgb)
{
    assert_int_equal(octet_image_width(image), width);
    assert_int_equal(octet_image_height(image), height);
    const uint8_t *pixels = octet_image_pixels(image);
    for (int i = 0; i < 3 * width * height; i++)
        if (pixels[i] != rgb[i])
            fail_msg("sample %d is %d, not %d", i, pixels[i], rgb[i]);
    octet_image_free(&image);
}

/* Three colours, BGR0; and the same as BGR. */
static const uint8_t palette[] = {10, 20, 30, 0, 40, 50, 60, 0, 70, 80, 90, 0};
static const uint8_t short_palette[] = {10, 20, 30, 40, 50, 60};
#define C0 30, 20, 10
#define C1 60, 50, 40
#define C2 90, 80, 70
#define BLACK 0, 0, 0

static void bmp_kinds(void **state)
{
    (void)state;
    static const struct {
        struct bmp_options options;
        uint8_t data[24];
        size_t size;
        uint8_t rgb[18]; /* 3 x 2 */
    } cases[] = {
        {{.depth = 1, .palette = palette, .palette_bytes = 8},
         {0xa0, 0, 0, 0, 0x40, 0, 0, 0},
         8,
         {C0, C1, C0, C1, C0, C1}},
        {{.depth = 1, .top_down = true, .palette = palette, .palette_bytes = 8},
         {0xa0, 0, 0, 0, 0x40, 0, 0, 0},
         8,
         {C1, C0, C1, C0, C1, C0}},
        {{.depth = 1, .header_bytes = 12, .palette = short_palette, .palette_bytes = 6},
         {0xa0, 0, 0, 0, 0x40, 0, 0, 0},
         8,
         {C0, C1, C0, C1, C0, C1}},
        {{.depth = 4, .palette = palette, .palette_bytes = 12},
         {0x12, 0x00, 0, 0, 0x21, 0x30, 0, 0},
         8,
         {C2, C1, BLACK, C1, C2, C0}},
        {{.depth = 8, .header_bytes = 108, .palette = palette, .palette_bytes = 12},
         {0, 1, 2, 0, 2, 1, 255, 0},
         8,
         {C2, C1, BLACK, C0, C1, C2}},
        {{.depth = 16},
         {0x1f, 0, 0xe0, 0x03, 0, 0x7c, 0, 0, 0xff, 0x7f, 0, 0, 0x21, 0x04, 0, 0},
         16,
         {248, 248, 248, BLACK, 8, 8, 8, 0, 0, 248, 0, 248, 0, 248, 0, 0}},
        {{.depth = 16, .compression = 3, .masks = {0xf800, 0x7e0, 0x1f}},
         {0x1f, 0, 0xe0, 0x07, 0, 0xf8, 0, 0, 0xff, 0xff, 0, 0, 0x21, 0x08, 0, 0},
         16,
         {248, 252, 248, BLACK, 8, 4, 8, 0, 0, 248, 0, 252, 0, 248, 0, 0}},
        {{.depth = 16, .compression = 3, .header_bytes = 124, .masks = {0xf00, 0xf0, 0xf}},
         {0x0f, 0, 0xf0, 0, 0, 0x0f, 0, 0, 0, 0, 0, 0, 0x21, 0x04, 0, 0},
         16,
         {BLACK, BLACK, 64, 32, 16, 0, 0, 240, 0, 240, 0, 240, 0, 0}},
        {{.depth = 24},
         {1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0, 0, 0},
         24,
         {13, 12, 11, 16, 15, 14, 19, 18, 17, 3, 2, 1, 6, 5, 4, 9, 8, 7}},
        {{.depth = 32},
         {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 1, 1, 255, 2, 2, 2, 0, 3, 3, 3, 0},
         24,
         {1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 2, 1, 7, 6, 5, 11, 10, 9}},
        {{.depth = 32, .compression = 3, .header_bytes = 56, .masks = {0xff, 0xff00, 0xff0000}},
         {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 1, 1, 255, 2, 2, 2, 0, 3, 3, 3, 0},
         24,
         {1, 1, 1, 2, 2, 2, 3, 3, 3, 1, 2, 3, 5, 6, 7, 9, 10, 11}},
        {{.depth = 32, .compression = 3, .masks = {0x3ff00000, 0xffc00, 0x3ff}},
         {0xff, 0x03, 0, 0, 0, 0xfc, 0x0f, 0, 0, 0, 0xf0, 0x3f, 0, 2, 0, 0},
         24,
         {0, 0, 127, BLACK, BLACK, 0, 0, 255, 0, 255, 0, 255, 0, 0}},
        /* runs: a count and an index; row's end; single indices; a move; all in OpenCV's way */
        {{.depth = 8, .compression = 1, .palette = palette, .palette_bytes = 12},
         {3, 1, 0, 0, 0, 3, 2, 1, 0, 0, 0, 1},
         12,
         {C2, C1, C0, C1, C1, C1}},
        {{.depth = 8, .compression = 1, .palette = palette, .palette_bytes = 12},
         {3, 1, 2, 2, 0, 1},
         6,
         {C2, C2, C0, C1, C1, C1}},
        {{.depth = 8, .compression = 1, .palette = palette, .palette_bytes = 12},
         {1, 1, 0, 2, 1, 1, 1, 2, 0, 1},
         10,
         {C0, C0, C2, C1, C0, C0}},
        {{.depth = 8, .compression = 1, .top_down = true, .palette = palette, .palette_bytes = 12},
         {3, 1, 0, 0, 1, 2, 0, 1},
         8,
         {C1, C1, C1, C2, C0, C0}},
        {{.depth = 4, .compression = 2, .palette = palette, .palette_bytes = 12},
         {3, 0x12, 0, 0, 0, 3, 0x21, 0x00, 0, 1},
         10,
         {C2, C1, C0, C1, C2, C1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(decoded(encode_bmp(3, 2, &cases[i].options, cases[i].data, cases[i].size)), 3, 2,
               cases[i].rgb);
}

static void bmp_damage(void **state)
{
    (void)state;
    static const struct {
        struct bmp_options options;
        int width, height;
        uint8_t data[16];
        size_t size;
        octet_status status;
    } cases[] = {
        {{.depth = 24}, 0, 1, {0}, 4, OCTET_BAD_FORMAT},
        {{.depth = 24}, 1, 0, {0}, 4, OCTET_BAD_FORMAT},
        {{.depth = 24}, -1, 1, {0}, 4, OCTET_IMAGE_TOO_LARGE},
        {{.depth = 24}, 32768, 1, {0}, 4, OCTET_IMAGE_TOO_LARGE},
        {{.depth = 24}, 32767, 8000, {0}, 4, OCTET_BAD_FORMAT},
        {{.depth = 24}, 1, INT32_MIN, {0}, 4, OCTET_IMAGE_TOO_LARGE},
        {{.depth = 24}, 1, 2, {0}, 7, OCTET_BAD_FORMAT},
        {{.depth = 2}, 1, 1, {0}, 4, OCTET_UNSUPPORTED_IMAGE},
        {{.depth = 64}, 1, 1, {0}, 8, OCTET_UNSUPPORTED_IMAGE},
        {{.depth = 24, .compression = 4}, 1, 1, {0}, 4, OCTET_UNSUPPORTED_IMAGE},
        {{.depth = 24, .compression = -1}, 1, 1, {0}, 4, OCTET_UNSUPPORTED_IMAGE},
        {{.depth = 24, .header_bytes = 11}, 1, 1, {0}, 4, OCTET_BAD_FORMAT},
        {{.depth = 8}, 1, 1, {0}, 4, OCTET_BAD_FORMAT},
        {{.depth = 16, .compression = 3, .masks = {0xf0f, 0, 0}}, 1, 1, {0}, 4, OCTET_BAD_FORMAT},
        {{.depth = 8, .compression = 1, .palette = palette, .palette_bytes = 12},
         3,
         2,
         {4, 1, 0, 1},
         4,
         OCTET_BAD_FORMAT},
        {{.depth = 8, .compression = 1, .palette = palette, .palette_bytes = 12},
         3,
         2,
         {3, 1, 3, 1, 1, 1},
         4,
         OCTET_BAD_FORMAT},
        {{.depth = 8, .compression = 1, .palette = palette, .palette_bytes = 12},
         3,
         2,
         {0, 2, 4, 0, 0, 1},
         6,
         OCTET_BAD_FORMAT},
        {{.depth = 8, .compression = 1, .palette = palette, .palette_bytes = 12},
         3,
         2,
         {0, 3, 1},
         3,
         OCTET_BAD_FORMAT},
        {{.depth = 8, .compression = 1, .palette = palette, .palette_bytes = 12},
         3,
         2,
         {3, 1},
         2,
         OCTET_BAD_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(encode_bmp(cases[i].width, cases[i].height, &cases[i].options, cases[i].data,
                           cases[i].size),
                cases[i].status);
    struct encoded file = encode_bmp(1, 1, &(struct bmp_options){.depth = 24}, cases[0].data, 4);
    file.bytes[10] = 20; /* pixels inside of the header */
    refused(file, OCTET_BAD_FORMAT);
    file = encode_bmp(1, 1, &(struct bmp_options){.depth = 24}, cases[0].data, 4);
    memset(file.bytes + 10, 0xff, 4); /* pixels behind the file */
    refused(file, OCTET_BAD_FORMAT);
    file = encode_bmp(1, 1, &(struct bmp_options){.depth = 24}, cases[0].data, 4);
    memset(file.bytes + 14, 0xff, 4); /* a header of 4 GB */
    refused(file, OCTET_BAD_FORMAT);
}

#ifdef OCTET_HAS_TIFF
#define WIDTH 21
#define HEIGHT 18
#define PIXELS (WIDTH * HEIGHT)

static void fill(uint8_t *data, int channels)
{
    for (int i = 0; i < PIXELS * channels; i++)
        data[i] = (uint8_t)(i * 7 + i / 50);
}

static void tiff_layouts(void **state)
{
    (void)state;
    static const struct tiff_options cases[] = {
        {.photometric = 2},
        {.photometric = 2, .strip_rows = 5},
        {.photometric = 2, .tile = 16},
        {.photometric = 2, .tile = 64},
        {.photometric = 2, .compression = 5, .strip_rows = 4},
        {.photometric = 2, .compression = 8, .tile = 16},
        {.photometric = 2, .compression = 32773, .strip_rows = 1},
        {.photometric = 2, .orientation = 1, .two = true},
    };
    uint8_t rgb[PIXELS * 3];
    fill(rgb, 3);
    const struct samples samples = {rgb, WIDTH, HEIGHT, 3};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(decoded(encode_tiff(&samples, &cases[i])), WIDTH, HEIGHT, rgb);
}

static void tiff_samples(void **state)
{
    (void)state;
    uint8_t grey[PIXELS], rgb[PIXELS * 3], rgba[PIXELS * 4], expected[PIXELS * 3];
    uint16_t wide[PIXELS * 3], colours[3 * 256];
    fill(grey, 1);
    for (int i = 0; i < PIXELS * 3; i++)
        rgb[i] = grey[i / 3];
    const struct samples one = {grey, WIDTH, HEIGHT, 1};
    expect(decoded(encode_tiff(&one, &(struct tiff_options){.photometric = 1})), WIDTH, HEIGHT,
           rgb);
    for (int i = 0; i < PIXELS * 3; i++)
        expected[i] = (uint8_t)(255 - rgb[i]);
    expect(decoded(encode_tiff(&one, &(struct tiff_options){.photometric = 0})), WIDTH, HEIGHT,
           expected);

    for (int i = 0; i < 3 * 256; i++)
        colours[i] = (uint16_t)(257 * (i * 3 % 256));
    for (int i = 0; i < PIXELS * 3; i++)
        expected[i] = (uint8_t)(colours[256 * (i % 3) + grey[i / 3]] / 257);
    expect(decoded(encode_tiff(&one, &(struct tiff_options){.photometric = 3, .palette = colours})),
           WIDTH, HEIGHT, expected);

    for (int i = 0; i < PIXELS * 3; i++)
        wide[i] = (uint16_t)(257 * rgb[i]);
    const struct samples deep = {(const uint8_t *)wide, WIDTH, HEIGHT, 3};
    expect(decoded(encode_tiff(&deep, &(struct tiff_options){.photometric = 2, .depth = 16})),
           WIDTH, HEIGHT, rgb);

    /* Colours of unassociated alpha are multiplied by it. */
    fill(rgba, 4);
    for (int i = 0; i < PIXELS * 3; i++)
        expected[i] = (uint8_t)((rgba[4 * (i / 3) + i % 3] * rgba[4 * (i / 3) + 3] + 127) / 255);
    const struct samples four = {rgba, WIDTH, HEIGHT, 4};
    expect(decoded(encode_tiff(&four, &(struct tiff_options){.photometric = 2, .alpha = 2})), WIDTH,
           HEIGHT, expected);
    for (int i = 0; i < PIXELS * 3; i++)
        expected[i] = rgba[4 * (i / 3) + i % 3];
    expect(decoded(encode_tiff(&four, &(struct tiff_options){.photometric = 2, .alpha = 1})), WIDTH,
           HEIGHT, expected);
}

/* Stored at (x, y), by the tag's meaning: two corners tell each of the eight apart. */
static void tiff_orientations(void **state)
{
    (void)state;
    uint8_t rgb[PIXELS * 3];
    fill(rgb, 3);
    const struct samples samples = {rgb, WIDTH, HEIGHT, 3};
    const int right = WIDTH - 1, bottom = (HEIGHT - 1) * WIDTH;
    const int corners[9][2] = {/* pixels that come to the upper left and the upper right */
                               {0, 0},
                               {0, right},
                               {right, 0},
                               {bottom + right, bottom},
                               {bottom, bottom + right},
                               {0, bottom},
                               {bottom, 0},
                               {bottom + right, right},
                               {right, bottom + right}};
    for (int orientation = 1; orientation <= 8; orientation++) {
        const struct tiff_options options = {.photometric = 2, .orientation = orientation};
        octet_image *image = decoded(encode_tiff(&samples, &options));
        const int width = octet_image_width(image);
        const uint8_t *pixels = octet_image_pixels(image);
        assert_int_equal(width, orientation < 5 ? WIDTH : HEIGHT);
        assert_memory_equal(pixels, rgb + 3 * corners[orientation][0], 3);
        assert_memory_equal(pixels + 3 * (width - 1), rgb + 3 * corners[orientation][1], 3);
        octet_image_free(&image);
    }
}

static void tiff_damage(void **state)
{
    (void)state;
    uint8_t rgb[PIXELS * 3];
    fill(rgb, 3);
    const struct samples samples = {rgb, WIDTH, HEIGHT, 3};
    static const struct tiff_options kinds[] = {
        {.photometric = 2, .strip_rows = 5},
        {.photometric = 2, .compression = 5},
        {.photometric = 2, .compression = 8, .tile = 16},
        {.photometric = 2, .compression = 7, .strip_rows = 8},
    };
    /* Whatever is changed or cut off, the outcome is a whole picture or an error. */
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct encoded whole = encode_tiff(&samples, &kinds[i]);
        uint8_t *copy = malloc(whole.size);
        assert_non_null(copy);
        for (int round = 0; round < 500; round++) {
            memcpy(copy, whole.bytes, whole.size);
            random = random * 1664525 + 1013904223;
            const size_t at = (size_t)(random >> 8) % whole.size;
            copy[at] = (uint8_t)(copy[at] ^ (1 + random % 255));
            octet_image *image;
            octet_status status = octet_image_decode(&test.context, copy,
                                                     round % 2 ? whole.size : at, "test", &image);
            assert_true((status == OCTET_OK) == (image != NULL));
            octet_image_free(&image);
        }
        free(copy);
        free(whole.bytes);
    }
    struct encoded file = encode_tiff(&samples, &(struct tiff_options){.photometric = 2});
    file.size /= 2;
    refused(file, OCTET_BAD_FORMAT);
}

static void tiff_no_memory(void **state)
{
    (void)state;
    uint8_t rgb[PIXELS * 3];
    fill(rgb, 3);
    const struct samples samples = {rgb, WIDTH, HEIGHT, 3};
    struct encoded file =
        encode_tiff(&samples, &(struct tiff_options){.photometric = 2, .orientation = 6});
    octet_status status = OCTET_OUT_OF_MEMORY;
    for (int n = 0; status == OCTET_OUT_OF_MEMORY; n++) {
        octet_image *image;
        test.calls = 0;
        test.fail_at = n;
        status = octet_image_decode(&test.context, file.bytes, file.size, "test", &image);
        assert_true(n < 10 && (n >= 5 || status == OCTET_OUT_OF_MEMORY));
        octet_image_free(&image);
        assert_int_equal(test.live, 0);
    }
    assert_int_equal(status, OCTET_OK);
    free(file.bytes);
}
#else
static void tiff_unknown(void **state)
{
    (void)state;
    refused(encode_ppm("", "II*\0....", 8), OCTET_UNSUPPORTED_IMAGE);
    assert_non_null(strstr(test.context.message, "libtiff"));
}
#endif

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bmp_kinds),    TEST(bmp_damage),
#ifdef OCTET_HAS_TIFF
        TEST(tiff_layouts), TEST(tiff_samples),   TEST(tiff_orientations),
        TEST(tiff_damage),  TEST(tiff_no_memory),
#else
        TEST(tiff_unknown),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
