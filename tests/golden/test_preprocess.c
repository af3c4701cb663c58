/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding and letterboxing against OpenCV's and Ultralytics' bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include <octet/image.h>

#include "counting_context.h"
#include "data.h"
#include "read_npy.h"

#define FOLDER "golden/preprocess/"

/* Fails, saying how far off, unless all bytes are equal: tolerance zero. */
static void expect_pixels(const char *name, const uint8_t *is, const struct npy *wanted)
{
    size_t differ = 0;
    int furthest = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        int off = abs(is[i] - wanted->u8[i]);
        differ += off != 0;
        furthest = off > furthest ? off : furthest;
    }
    if (differ)
        fail_msg("%s: %zu of %zu samples differ, by up to %d", name, differ, wanted->count,
                 furthest);
}

static octet_image *load(octet_context *ctx, const char *relative)
{
    char path[TEST_PATH_BYTES];
    octet_image *image;
    if (octet_image_load(ctx, test_data_path(path, relative), &image) != OCTET_OK)
        fail_msg("%s", ctx->message);
    return image;
}

static const char *text_of(json_t *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item, key));
    if (!text)
        fail_msg("index: no %s", key);
    return text;
}

static int number_of(json_t *item, const char *key)
{
    return (int)json_integer_value(json_object_get(item, key));
}

static void check_letterbox(octet_context *ctx, json_t *item)
{
    char path[TEST_PATH_BYTES], relative[TEST_PATH_BYTES];
    octet_image *image = load(ctx, text_of(item, "source"));
    int width = number_of(item, "target_width"), height = number_of(item, "target_height");
    snprintf(relative, sizeof relative, FOLDER "%s", text_of(item, "file"));
    struct npy wanted;
    npy_read(test_data_path(path, relative), &wanted);
    npy_expect(&wanted, NPY_UINT8, 3, (size_t)height, (size_t)width, (size_t)3);

    uint8_t *pixels = malloc(wanted.count);
    assert_non_null(pixels);
    octet_letterbox box;
    assert_int_equal(octet_letterbox_image(ctx, image, width, height, pixels, &box), OCTET_OK);
    expect_pixels(relative, pixels, &wanted);
    assert_int_equal(box.source_width, number_of(item, "source_width"));
    assert_int_equal(box.source_height, number_of(item, "source_height"));
    assert_int_equal(box.resized_width, number_of(item, "resized_width"));
    assert_int_equal(box.resized_height, number_of(item, "resized_height"));
    assert_int_equal(box.pad_left, number_of(item, "pad_left"));
    assert_int_equal(box.pad_top, number_of(item, "pad_top"));
    assert_int_equal(width - box.resized_width - box.pad_left, number_of(item, "pad_right"));
    assert_int_equal(height - box.resized_height - box.pad_top, number_of(item, "pad_bottom"));
    free(pixels);
    npy_free(&wanted);
    octet_image_free(&image);
}

/* `pictures` and `arrays` are the folders, with a slash or empty, of the item's two files. */
static void check_decoded(octet_context *ctx, json_t *item, const char *pictures,
                          const char *arrays)
{
    char path[TEST_PATH_BYTES], relative[TEST_PATH_BYTES];
    snprintf(relative, sizeof relative, "%s%s", pictures, text_of(item, "source"));
    octet_image *image = load(ctx, relative);
    snprintf(relative, sizeof relative, "%s%s", arrays, text_of(item, "file"));
    struct npy wanted;
    npy_read(test_data_path(path, relative), &wanted);
    npy_expect(&wanted, NPY_UINT8, 3, (size_t)octet_image_height(image),
               (size_t)octet_image_width(image), (size_t)3);
    expect_pixels(relative, octet_image_pixels(image), &wanted);
    npy_free(&wanted);
    octet_image_free(&image);
}

static json_t *read_index(const char *relative)
{
    char path[TEST_PATH_BYTES];
    json_error_t error;
    json_t *index = json_load_file(test_data_path(path, relative), 0, &error);
    if (!index)
        fail_msg("%s: %s", path, error.text);
    return index;
}

static void letterboxes(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    json_t *index = read_index(FOLDER "letterbox.json"), *item;
    size_t i;
    json_array_foreach(json_object_get(index, "items"), i, item)
        check_letterbox(&test.context, item);
    assert_int_equal(i, 8);
    json_decref(index);
    assert_int_equal(test.live, 0);
}

static void decoded_photographs(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    json_t *index = read_index(FOLDER "decode/decode.json"), *item;
    size_t i;
    json_array_foreach(json_object_get(index, "items"), i, item)
        check_decoded(&test.context, item, "", FOLDER "decode/");
    assert_int_equal(i, 2);
    json_decref(index);
    assert_int_equal(test.live, 0);
}

static void decoded_formats(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    json_t *index = read_index(FOLDER "formats/formats.json"), *item;
    size_t i;
    json_array_foreach(json_object_get(index, "items"), i, item)
        check_decoded(&test.context, item, FOLDER "formats/", FOLDER "formats/");
    assert_int_equal(i, 10);
    json_decref(index);
    assert_int_equal(test.live, 0);
}

int main(void)
{
    if (!test_data_present())
        return TEST_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letterboxes),
        cmocka_unit_test(decoded_photographs),
        cmocka_unit_test(decoded_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
