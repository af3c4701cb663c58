/* SPDX-License-Identifier: Apache-2.0 */
/* Decoders on pictures that are made here: kinds, orientation,
 * damage, hostile headers, no memory. */
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

static octet_status decode(const struct encoded *file, octet_image **image)
{
    return octet_image_decode(&test.context, file->bytes, file->size, "test", image);
}

/* Decodes and frees the file; it must be good. */
static octet_image *decoded(struct encoded file)
{
    octet_image *image;
    if (decode(&file, &image) != OCTET_OK)
        fail_msg("%s", test.context.message);
    free(file.bytes);
    return image;
}

/* Decodes and frees the file; it must fail so, with a message that begins with the name. */
static void refused(struct encoded file, octet_status wanted)
{
    octet_image *image = (octet_image *)&test;
    test.context.message[0] = '\0';
    octet_status status = decode(&file, &image);
    if (status != wanted)
        fail_msg("status %s, not %s: %s", octet_status_name(status), octet_status_name(wanted),
                 test.context.message);
    assert_null(image);
    assert_true(strncmp(test.context.message, "test: ", 6) == 0);
    free(file.bytes);
}

static void expect(octet_image *image, int width, int height, const uint8_t *rgb, int tolerance)
{
    assert_int_equal(octet_image_width(image), width);
    assert_int_equal(octet_image_height(image), height);
    const uint8_t *pixels = octet_image_pixels(image);
    for (int i = 0; i < 3 * width * height; i++)
        if (abs(pixels[i] - rgb[i]) > tolerance)
            fail_msg("sample %d is %d, not %d", i, pixels[i], rgb[i]);
    octet_image_free(&image);
    assert_null(image);
}

#define WIDTH 23
#define HEIGHT 17
#define SAMPLES_MAX (WIDTH * HEIGHT * 8)

/* A smooth picture of up to 4 channels, so that lossy codecs stay near it. */
static struct samples smooth(uint8_t data[SAMPLES_MAX], int channels)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < channels; c++)
                data[(y * WIDTH + x) * channels + c] = (uint8_t)(c == 0   ? 11 * x
                                                                 : c == 1 ? 15 * y
                                                                 : c == 2 ? 255 - 6 * x - 6 * y
                                                                          : 200 - 5 * x);
    return (struct samples){data, WIDTH, HEIGHT, channels};
}

static void ppm_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        uint8_t samples[12];
        size_t size;
        uint8_t rgb[6];
    } cases[] = {
        {"P6 2 1 255\n", {1, 2, 3, 4, 5, 6}, 6, {1, 2, 3, 4, 5, 6}},
        {"P5 2 1 255\n", {7, 9}, 2, {7, 7, 7, 9, 9, 9}},
        {"P5\n# one\n2 # two\r1\n#\n255\n", {7, 9}, 2, {7, 7, 7, 9, 9, 9}},
        {"P5#\n2\t1\v255\r", {7, 9}, 2, {7, 7, 7, 9, 9, 9}},
        {"P5 2 1 65535\n", {0xff, 0x80, 0x01, 0xff}, 4, {255, 255, 255, 1, 1, 1}},
        {"P6 1 2 65535\n", {1, 9, 2, 9, 3, 9, 4, 9, 5, 9, 6, 9}, 12, {1, 2, 3, 4, 5, 6}},
        {"P6 2 1 100\n", {0, 50, 100, 99, 101, 255}, 6, {0, 128, 255, 252, 255, 255}},
        {"P6 1 2 1023\n", {3, 255, 2, 0, 1, 0, 0, 0, 0, 1, 9, 9}, 12, {255, 128, 64, 0, 0, 255}},
        {"P5 1 2 1\n", {0, 1}, 2, {0, 0, 0, 255, 255, 255}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_image *image = decoded(encode_ppm(cases[i].header, cases[i].samples, cases[i].size));
        int width = octet_image_width(image);
        expect(image, width, 2 / width, cases[i].rgb, 0);
    }
}

static void ppm_damage(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        octet_status status;
    } cases[] = {
        {"P6 2 1 255\n12345", OCTET_BAD_FORMAT},
        {"P5 2 1 65535\n123", OCTET_BAD_FORMAT},
        {"P6 0 1 255\n", OCTET_BAD_FORMAT},
        {"P6 1 0 255\n", OCTET_BAD_FORMAT},
        {"P6 1 1 0\nabc", OCTET_BAD_FORMAT},
        {"P6 1 1 65536\nabcdef", OCTET_BAD_FORMAT},
        {"P6 -1 1 255\nabc", OCTET_BAD_FORMAT},
        {"P6 1 1 255#\nabc", OCTET_BAD_FORMAT},
        {"P6 1 1 255", OCTET_BAD_FORMAT},
        {"P6 1", OCTET_BAD_FORMAT},
        {"P6 # without end", OCTET_BAD_FORMAT},
        {"P6 x", OCTET_BAD_FORMAT},
        {"P6 32768 1 255\n", OCTET_IMAGE_TOO_LARGE},
        {"P6 32767 32767 255\n", OCTET_IMAGE_TOO_LARGE},
        {"P6 99999999999999999999999999 1 255\n", OCTET_IMAGE_TOO_LARGE},
        {"P6 4294967297 1 255\nabc", OCTET_IMAGE_TOO_LARGE},
        {"P6 32767 8000 255\n", OCTET_BAD_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(encode_ppm(cases[i].file, NULL, 0), cases[i].status);
    assert_int_equal(test.calls, 0);
}

static void jpeg_kinds(void **state)
{
    (void)state;
    uint8_t data[SAMPLES_MAX], grey[SAMPLES_MAX], rgb[SAMPLES_MAX];
    struct samples samples = smooth(data, 3);
    expect(decoded(encode_jpeg(&samples, &(struct jpeg_options){.kind = JPEG_BASELINE})), WIDTH,
           HEIGHT, data, 12);
    octet_image *baseline = decoded(encode_jpeg(&samples, &(struct jpeg_options){0}));
    struct encoded progressive =
        encode_jpeg(&samples, &(struct jpeg_options){.kind = JPEG_PROGRESSIVE});
    expect(decoded(progressive), WIDTH, HEIGHT, octet_image_pixels(baseline), 0);
    octet_image_free(&baseline);

    samples = smooth(grey, 1);
    for (int i = 0; i < 3 * WIDTH * HEIGHT; i++)
        rgb[i] = grey[i / 3];
    expect(decoded(encode_jpeg(&samples, &(struct jpeg_options){0})), WIDTH, HEIGHT, rgb, 2);

    samples = smooth(data, 4);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        for (int c = 0; c < 3; c++)
            rgb[3 * i + c] = (uint8_t)(data[4 * i + c] * data[4 * i + 3] / 255);
    expect(decoded(encode_jpeg(&samples, &(struct jpeg_options){0})), WIDTH, HEIGHT, rgb, 4);
    struct encoded ycck = encode_jpeg(&samples, &(struct jpeg_options){.kind = JPEG_YCCK});
    expect(decoded(ycck), WIDTH, HEIGHT, rgb, 12);
}

/* A copy of the file with `size` bytes put in at `at`. */
static struct encoded inserted(struct encoded file, size_t at, const void *bytes, size_t size)
{
    struct encoded made = {malloc(file.size + size), file.size + size};
    assert_non_null(made.bytes);
    memcpy(made.bytes, file.bytes, at);
    memcpy(made.bytes + at, bytes, size);
    memcpy(made.bytes + at + size, file.bytes + at, file.size - at);
    free(file.bytes);
    return made;
}

static size_t find(const struct encoded *file, uint8_t marker)
{
    for (size_t i = 0; i + 1 < file->size; i++)
        if (file->bytes[i] == 0xff && file->bytes[i + 1] == marker)
            return i;
    fail_msg("no marker %x", marker);
    return 0;
}

static void jpeg_damage(void **state)
{
    (void)state;
    uint8_t data[SAMPLES_MAX];
    struct samples samples = smooth(data, 3);
    const struct jpeg_options baseline = {0};
    static const struct {
        uint16_t height, width;
        octet_status status;
    } sizes[] = {
        {0, 16, OCTET_BAD_FORMAT},
        {16, 0, OCTET_BAD_FORMAT},
        {65535, 65535, OCTET_IMAGE_TOO_LARGE},
        {32767, 32767, OCTET_IMAGE_TOO_LARGE},
        {1, 32768, OCTET_IMAGE_TOO_LARGE},
        {HEIGHT + 64, WIDTH, OCTET_BAD_FORMAT},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct encoded file = encode_jpeg(&samples, &baseline);
        uint8_t *frame = file.bytes + find(&file, 0xc0) + 5;
        frame[0] = (uint8_t)(sizes[i].height >> 8), frame[1] = (uint8_t)sizes[i].height;
        frame[2] = (uint8_t)(sizes[i].width >> 8), frame[3] = (uint8_t)sizes[i].width;
        refused(file, sizes[i].status);
    }
    assert_true(test.largest < 100000);

    struct encoded twelve_bit = encode_jpeg(&samples, &baseline);
    twelve_bit.bytes[find(&twelve_bit, 0xc0) + 4] = 12;
    refused(twelve_bit, OCTET_UNSUPPORTED_IMAGE);
    struct encoded lossless = encode_jpeg(&samples, &baseline);
    lossless.bytes[find(&lossless, 0xc0) + 1] = 0xc3;
    refused(lossless, OCTET_UNSUPPORTED_IMAGE);

    samples = smooth(data, 1);
    refused(encode_jpeg(&samples, &(struct jpeg_options){.kind = JPEG_MANY_SCANS}),
            OCTET_BAD_FORMAT);
}

/* Stray bytes before a marker are common in cameras' files and hurt nothing. */
static void jpeg_stray_bytes(void **state)
{
    (void)state;
    uint8_t data[SAMPLES_MAX];
    struct samples samples = smooth(data, 3);
    struct encoded file = encode_jpeg(&samples, &(struct jpeg_options){0});
    size_t end = file.size - 2;
    expect(decoded(inserted(file, end, "\0\0", 2)), WIDTH, HEIGHT, data, 12);
    file = encode_jpeg(&samples, &(struct jpeg_options){0});
    expect(decoded(inserted(file, file.size, "trailer", 7)), WIDTH, HEIGHT, data, 12);
}

/* The picture is that of the whole file. */
static void jpeg_without_end(void **state)
{
    (void)state;
    uint8_t data[SAMPLES_MAX];
    struct samples samples = smooth(data, 3);
    static const enum jpeg_kind kinds[] = {JPEG_BASELINE, JPEG_PROGRESSIVE};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (size_t lacking = 1; lacking <= 2; lacking++) {
            const struct jpeg_options options = {.kind = kinds[i]};
            octet_image *whole = decoded(encode_jpeg(&samples, &options));
            struct encoded file = encode_jpeg(&samples, &options);
            file.size -= lacking;
            expect(decoded(file), WIDTH, HEIGHT, octet_image_pixels(whole), 0);
            octet_image_free(&whole);
        }
    /* A progressive one that ends before its last scan is coarser than it should be. */
    struct encoded file = encode_jpeg(&samples, &(struct jpeg_options){.kind = JPEG_PROGRESSIVE});
    for (size_t i = 0; i + 1 < file.size; i++)
        if (file.bytes[i] == 0xff && file.bytes[i + 1] == 0xda) {
            struct encoded part = {malloc(i), i};
            memcpy(part.bytes, file.bytes, i);
            refused(part, OCTET_BAD_FORMAT);
        }
    free(file.bytes);
}

/* Where the upright picture's pixel (x, y) stands in the stored one, by the meaning of EXIF's
 * numbers: which sides of the picture the stored row 0 and column 0 are. */
static int stored_at(int orientation, int x, int y)
{
    const int right = WIDTH - 1, bottom = HEIGHT - 1;
    switch (orientation) {
    case 2: /* row 0 top, column 0 right */
        return y * WIDTH + (right - x);
    case 3: /* bottom, right */
        return (bottom - y) * WIDTH + (right - x);
    case 4: /* bottom, left */
        return (bottom - y) * WIDTH + x;
    case 5: /* row 0 left, column 0 top */
        return x * WIDTH + y;
    case 6: /* row 0 right, column 0 top */
        return (bottom - x) * WIDTH + y;
    case 7: /* right, bottom */
        return (bottom - x) * WIDTH + (right - y);
    case 8: /* left, bottom */
        return x * WIDTH + (right - y);
    default:
        return y * WIDTH + x;
    }
}

static void expect_turned(octet_image *image, const uint8_t *stored, int orientation)
{
    const bool swapped = orientation >= 5 && orientation <= 8;
    const int width = swapped ? HEIGHT : WIDTH, height = swapped ? WIDTH : HEIGHT;
    uint8_t upright[3 * WIDTH * HEIGHT];
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memcpy(upright + 3 * (y * width + x), stored + 3 * stored_at(orientation, x, y), 3);
    expect(image, width, height, upright, 0);
}

static void orientations(void **state)
{
    (void)state;
    uint8_t data[SAMPLES_MAX], exif[EXIF_BYTES];
    struct samples samples = smooth(data, 3);
    octet_image *stored = decoded(encode_jpeg(&samples, &(struct jpeg_options){0}));
    for (int orientation = 0; orientation <= 9; orientation++)
        for (const char *order = "IM"; *order; order++) {
            make_exif(exif, *order, orientation);
            struct jpeg_options options = {.exif = exif, .exif_bytes = sizeof exif};
            expect_turned(decoded(encode_jpeg(&samples, &options)), octet_image_pixels(stored),
                          orientation);
            struct png_options png = {.exif = exif, .exif_bytes = sizeof exif};
            expect_turned(decoded(encode_png(&samples, &png)), data, orientation);
            struct encoded webp = encode_webp(&samples, -1);
            expect_turned(decoded(extend_webp(&webp, WIDTH, HEIGHT, 8, exif, sizeof exif)), data,
                          orientation);
            free(webp.bytes);
        }
    octet_image_free(&stored);
}

/* As OpenCV: other APP1 segments are passed over, and the first EXIF with an orientation counts. */
static void several_segments(void **state)
{
    (void)state;
    uint8_t data[SAMPLES_MAX], exif[EXIF_BYTES],
        segment[10 + EXIF_BYTES] = "\xff\xe1\0\x22"
                                   "Exif\0";
    struct samples samples = smooth(data, 3);
    octet_image *stored = decoded(encode_jpeg(&samples, &(struct jpeg_options){0}));
    make_exif(exif, 'M', 6);
    make_exif(segment + 10, 'I', 3);
    struct jpeg_options options = {.exif = exif, .exif_bytes = sizeof exif};
    struct encoded file = encode_jpeg(&samples, &options);
    expect_turned(decoded(inserted(file, 2, segment, sizeof segment)), octet_image_pixels(stored),
                  3);
    segment[10] = 'X';
    file = encode_jpeg(&samples, &options);
    expect_turned(decoded(inserted(file, 2, segment, sizeof segment)), octet_image_pixels(stored),
                  6);
    file = encode_jpeg(&samples, &options);
    static const uint8_t xmp[] = "\xff\xe1\0\x1fhttp://ns.adobe.com/xap/1.0/";
    expect_turned(decoded(inserted(file, 2, xmp, sizeof xmp)), octet_image_pixels(stored), 6);
    struct encoded webp = encode_webp(&samples, -1);
    expect_turned(decoded(extend_webp(&webp, WIDTH, HEIGHT, 0, exif, sizeof exif)), data, 1);
    free(webp.bytes);
    octet_image_free(&stored);
}

static void exif_damage(void **state)
{
    (void)state;
    uint8_t exif[EXIF_BYTES];
    make_exif(exif, 'M', 6);
    assert_int_equal(oct_exif_orientation(exif, sizeof exif), 6);
    for (size_t size = 0; size < 22; size++) {
        uint8_t *copy = malloc(size + 1); /* so that a sanitizer sees a read past it */
        memcpy(copy, exif, size);
        assert_int_equal(oct_exif_orientation(copy, size), 0);
        free(copy);
    }
    static const struct {
        size_t at;
        uint8_t byte;
        int orientation;
    } cases[] = {
        {0, 'X', 0}, {3, 43, 0},  {4, 0xff, 0}, {7, 9, 0},  {8, 0xff, 6}, {9, 0, 0},
        {9, 99, 6},  {11, 13, 0}, {13, 4, 6},   {18, 1, 0}, {19, 9, 0},   {19, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_exif(exif, 'M', 6);
        exif[cases[i].at] = cases[i].byte;
        assert_int_equal(oct_exif_orientation(exif, sizeof exif), cases[i].orientation);
    }
}

/* 8 bits of sample `i` of a packed or 16 bit row-by-row PNG, as OpenCV makes them. */
static uint8_t png_byte(const struct samples *samples, int depth, int y, int i)
{
    size_t row = ((size_t)(samples->width * samples->channels * depth) + 7) / 8;
    const uint8_t *at = samples->data + (size_t)y * row;
    if (depth == 16)
        return at[2 * i];
    if (depth == 8)
        return at[i];
    int value = at[i * depth / 8] >> (8 - depth - i * depth % 8) & ((1 << depth) - 1);
    return (uint8_t)(value * 255 / ((1 << depth) - 1));
}

static void png_expected(const struct samples *samples, const struct png_options *options,
                         uint8_t *rgb)
{
    const int channels = samples->channels, colours = channels < 3 ? 1 : 3;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++, rgb += 3) {
            for (int c = 0; c < 3; c++)
                rgb[c] = png_byte(samples, options->depth, y, x * channels + c % colours);
            if (options->palette) {
                int index = rgb[0] * ((1 << options->depth) - 1) / 255;
                rgb[0] = (uint8_t)index;
                rgb[1] = (uint8_t)(255 - index);
                rgb[2] = (uint8_t)(index / 2);
            }
        }
}

static void png_kinds(void **state)
{
    (void)state;
    static const struct {
        int channels, depth;
        bool palette, transparent;
    } kinds[] = {
        {1, 1, false, false}, {1, 2, false, true},  {1, 4, false, false},  {1, 8, false, true},
        {1, 16, false, true}, {2, 8, false, false}, {2, 16, false, false}, {3, 8, false, true},
        {3, 16, false, true}, {4, 8, false, false}, {4, 16, false, false}, {1, 1, true, true},
        {1, 2, true, false},  {1, 4, true, true},   {1, 8, true, true},
    };
    uint8_t data[SAMPLES_MAX], rgb[3 * WIDTH * HEIGHT];
    uint32_t random = 1;
    for (int i = 0; i < SAMPLES_MAX; i++)
        data[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (int interlaced = 0; interlaced < 2; interlaced++) {
            struct samples samples = {data, WIDTH, HEIGHT, kinds[i].channels};
            struct png_options options = {.depth = kinds[i].depth,
                                          .palette = kinds[i].palette,
                                          .transparent = kinds[i].transparent,
                                          .interlaced = interlaced};
            png_expected(&samples, &options, rgb);
            expect(decoded(encode_png(&samples, &options)), WIDTH, HEIGHT, rgb, 0);
        }
}

static void png_damage(void **state)
{
    (void)state;
    refused(png_header(0, 1), OCTET_BAD_FORMAT);
    refused(png_header(1, 0), OCTET_BAD_FORMAT);
    refused(png_header(32768, 1), OCTET_IMAGE_TOO_LARGE);
    refused(png_header(1, 0x7fffffff), OCTET_IMAGE_TOO_LARGE);
    refused(png_header(0xffffffff, 0xffffffff), OCTET_BAD_FORMAT);
    refused(png_header(32767, 32767), OCTET_IMAGE_TOO_LARGE);
    assert_int_equal(test.calls, 0);
    refused(png_header(10, 10), OCTET_BAD_FORMAT);
    uint8_t data[SAMPLES_MAX];
    struct samples samples = smooth(data, 3);
    struct encoded file = encode_png(&samples, &(struct png_options){0});
    file.bytes[file.size - 20] ^= 1; /* of the pixels' checksum or data */
    refused(file, OCTET_BAD_FORMAT);
}

static void webp_kinds(void **state)
{
    (void)state;
    uint8_t data[SAMPLES_MAX], rgba[SAMPLES_MAX];
    struct samples samples = smooth(data, 3);
    expect(decoded(encode_webp(&samples, -1)), WIDTH, HEIGHT, data, 0);
    expect(decoded(encode_webp(&samples, 95)), WIDTH, HEIGHT, data, 30);
    smooth(rgba, 4);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        memcpy(data + 3 * i, rgba + 4 * i, 3);
    expect(decoded(encode_webp(&(struct samples){rgba, WIDTH, HEIGHT, 4}, -1)), WIDTH, HEIGHT, data,
           0);
    expect(decoded(encode_webp(&(struct samples){rgba, WIDTH, HEIGHT, 4}, 95)), WIDTH, HEIGHT, data,
           30);

    struct encoded webp = encode_webp(&samples, -1);
    refused(extend_webp(&webp, WIDTH, HEIGHT, 2, NULL, 0), OCTET_UNSUPPORTED_IMAGE);
    refused(extend_webp(&webp, WIDTH + 1, HEIGHT, 0, NULL, 0), OCTET_BAD_FORMAT);
    free(webp.bytes);
    refused(encode_ppm("RIFF\xff\xff\xff\xffWEBPVP8L", NULL, 0), OCTET_BAD_FORMAT);
}

enum { EVERY_FORMAT = 8 };

/* One small file of each format; `i` from 0 to EVERY_FORMAT - 1. */
static struct encoded small_file(int i)
{
    uint8_t data[SAMPLES_MAX], exif[EXIF_BYTES];
    make_exif(exif, 'I', 6);
    struct samples grey = smooth(data, 1), colour;
    if (i == 0)
        return encode_jpeg(&grey, &(struct jpeg_options){0});
    if (i == 1)
        return encode_png(&grey, &(struct png_options){.interlaced = true});
    colour = smooth(data, 3);
    switch (i) {
    case 2:
        return encode_jpeg(&colour, &(struct jpeg_options){.kind = JPEG_PROGRESSIVE,
                                                           .exif = exif,
                                                           .exif_bytes = sizeof exif});
    case 3:
        return encode_png(&colour, &(struct png_options){.exif = exif, .exif_bytes = sizeof exif});
    case 4:
        return encode_webp(&colour, 60);
    case 5:
        return encode_ppm("P6 23 17 255\n", data, 3 * WIDTH * HEIGHT);
    case 6:
        colour = smooth(data, 4);
        return encode_jpeg(&colour, &(struct jpeg_options){.kind = JPEG_YCCK});
    default: {
        struct encoded webp = encode_webp(&colour, -1);
        struct encoded file = extend_webp(&webp, WIDTH, HEIGHT, 8, exif, sizeof exif);
        free(webp.bytes);
        return file;
    }
    }
}

/* At every length: an error, never a part of the picture; but a JPEG may lack its end marker. The
 * copy has its exact size, so that a sanitizer sees any read past it. */
static void truncation(void **state)
{
    (void)state;
    for (int i = 0; i < EVERY_FORMAT; i++) {
        struct encoded whole = small_file(i);
        const bool jpeg = whole.bytes[0] == 0xff;
        for (size_t size = 0; size + (jpeg ? 2 : 0) < whole.size; size++) {
            struct encoded part = {malloc(size ? size : 1), size};
            memcpy(part.bytes, whole.bytes, size);
            octet_image *image;
            octet_status status = decode(&part, &image);
            if (status != OCTET_BAD_FORMAT && (status != OCTET_UNKNOWN_FORMAT || size >= 12))
                fail_msg("file %d, %zu of %zu bytes: status %d", i, size, whole.size, status);
            assert_null(image);
            free(part.bytes);
        }
        free(whole.bytes);
    }
}

/* Whatever bytes are changed, the outcome is a whole picture or an error. */
static void corruption(void **state)
{
    (void)state;
    uint32_t random = 12345;
    for (int i = 0; i < EVERY_FORMAT; i++) {
        struct encoded whole = small_file(i);
        uint8_t *copy = malloc(whole.size);
        for (int round = 0; round < 600; round++) {
            memcpy(copy, whole.bytes, whole.size);
            for (int k = 0; k <= round % 4; k++) {
                random = random * 1664525 + 1013904223;
                size_t at = (size_t)(random >> 8) % whole.size;
                /* Sizes in the millions of pixels would only make the test slow. */
                if (round % 3 == 0 || at > 60)
                    copy[at] = (uint8_t)(copy[at] ^ (1 + random % 255));
            }
            octet_image *image;
            octet_status status =
                octet_image_decode(&test.context, copy, whole.size, "test", &image);
            assert_true((status == OCTET_OK) == (image != NULL));
            octet_image_free(&image);
        }
        free(copy);
        free(whole.bytes);
    }
}

static void other_types(void **state)
{
    (void)state;
    static const char *const files[] = {"hello, world", "P9\nWIDTH 1", "RIFF....WAVEfmt ", "x"};
    static const struct {
        const char *start, *name;
    } known[] = {
        {"GIF89a...", "a GIF"},         {"P3 1 1 255 1 2 3", "a plain or bit PNM"},
        {"P7\nWIDTH 1", "a PAM"},       {"....ftypavif....", "an AVIF"},
        {"....ftypheic....", "a HEIC"}, {"8BPS....", "a Photoshop"},
        {"\xff\x0a..", "a JPEG XL"},    {"<?xml version='1.0'?>\n<svg>", "an SVG"},
        {"<svg xmlns='x'>", "an SVG"},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        refused(encode_ppm("", files[i], strlen(files[i])), OCTET_UNKNOWN_FORMAT);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        refused(encode_ppm("", known[i].start, strlen(known[i].start)), OCTET_UNKNOWN_FORMAT);
        if (!strstr(test.context.message, known[i].name))
            fail_msg("not %s: %s", known[i].name, test.context.message);
    }
    refused(encode_ppm("", NULL, 0), OCTET_BAD_FORMAT);
    octet_image *image = (octet_image *)&test;
    assert_int_equal(octet_image_load(&test.context, "no/such/file.jpg", &image),
                     OCTET_FILE_NOT_FOUND);
    assert_null(image);
    assert_int_equal(octet_image_load(&test.context, ".", &image), OCTET_FILE_ACCESS);
    assert_non_null(strstr(test.context.message, "directory"));
}

static void files(void **state)
{
    (void)state;
    char path[] = "/tmp/octet_image_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    assert_int_equal(fwrite("P6 1 1 255\nabc", 1, 14, file), 14);
    fclose(file);
    octet_image *image;
    octet_status status = octet_image_load(&test.context, path, &image);
    remove(path);
    assert_int_equal(status, OCTET_OK);
    expect(image, 1, 1, (const uint8_t *)"abc", 0);
}

static void arguments(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    octet_image *image = (octet_image *)&test;
    const uint8_t pixels[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    assert_int_equal(octet_image_load(NULL, "x", &image), OCTET_INVALID_ARGUMENT);
    assert_null(image);
    assert_int_equal(octet_image_load(ctx, NULL, &image), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_image_load(ctx, "x", NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_image_decode(ctx, NULL, 5, "x", &image), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_image_decode(ctx, "abc", 3, NULL, &image), OCTET_UNKNOWN_FORMAT);
    assert_int_equal(octet_image_copy_rgb(ctx, NULL, 1, 1, 3, &image), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_image_copy_rgb(ctx, pixels, 0, 1, 3, &image), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_image_copy_rgb(ctx, pixels, 1, -1, 3, &image), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_image_copy_rgb(ctx, pixels, 2, 1, 5, &image), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_image_copy_rgb(ctx, pixels, 32768, 1, 98304, &image),
                     OCTET_IMAGE_TOO_LARGE);
    assert_int_equal(octet_image_width(NULL), 0);
    assert_int_equal(octet_image_height(NULL), 0);
    assert_null(octet_image_pixels(NULL));
    octet_image_free(NULL);
    octet_image_free(&image);
    assert_int_equal(octet_image_copy_rgb(ctx, pixels, 1, 2, 9, &image), OCTET_OK);
    expect(image, 1, 2, (const uint8_t[]){1, 2, 3, 10, 11, 12}, 0);
}

/* With each allocation failing in turn: out of memory, nothing left behind, and then success. */
static void no_memory(void **state)
{
    (void)state;
    for (int i = 0; i < EVERY_FORMAT; i++) {
        struct encoded file = small_file(i);
        octet_status status = OCTET_OUT_OF_MEMORY;
        for (int n = 0; status == OCTET_OUT_OF_MEMORY; n++) {
            octet_image *image;
            test.calls = 0;
            test.fail_at = n;
            status = decode(&file, &image);
            assert_true(status == OCTET_OK || status == OCTET_OUT_OF_MEMORY);
            assert_true(n < 10 && (n >= 2 || status != OCTET_OK));
            assert_true((status == OCTET_OK) == (image != NULL));
            octet_image_free(&image);
            assert_int_equal(test.live, 0);
        }
        free(file.bytes);
    }
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ppm_kinds),        TEST(ppm_damage),       TEST(jpeg_kinds),   TEST(jpeg_damage),
        TEST(jpeg_stray_bytes), TEST(jpeg_without_end), TEST(orientations), TEST(several_segments),
        TEST(exif_damage),      TEST(png_kinds),        TEST(png_damage),   TEST(webp_kinds),
        TEST(truncation),       TEST(corruption),       TEST(other_types),  TEST(files),
        TEST(arguments),        TEST(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
