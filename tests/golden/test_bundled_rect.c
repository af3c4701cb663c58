/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest input for each picture's shape: sizes and pixels of Ultralytics'
 * LetterBox(auto=True), and ONNX Runtime's boxes at these sizes (support/rect_expectations.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bundled.h"
#include "counting_context.h"
#include "expected_boxes.h"
#include "models.h"

enum { BOUND = 320, SHAPES = 93 };

static int pair(json_t *entry, const char *key, size_t index)
{
    json_t *number = json_array_get(json_object_get(entry, key), index);
    assert_true(json_is_integer(number));
    return (int)json_integer_value(number);
}

static void shapes(void **state)
{
    (void)state;
    json_t *all = test_bundled_family("rect", "images"), *entry;
    const int stride = test_bundled_number(all, "stride");
    size_t i, seen = 0;
    json_array_foreach(json_object_get(all, "shapes"), i, entry)
    {
        octet_letterbox box;
        assert_int_equal(octet_letterbox_rect(pair(entry, "source", 0), pair(entry, "source", 1),
                                              pair(entry, "bound", 0), pair(entry, "bound", 1),
                                              stride, &box),
                         OCTET_OK);
        assert_int_equal(box.resized_width, pair(entry, "resized", 0));
        assert_int_equal(box.resized_height, pair(entry, "resized", 1));
        assert_int_equal(box.target_width, pair(entry, "size", 0));
        assert_int_equal(box.target_height, pair(entry, "size", 1));
        assert_int_equal(box.pad_left, pair(entry, "at", 0));
        assert_int_equal(box.pad_top, pair(entry, "at", 1));
        seen++;
    }
    assert_int_equal(seen, SHAPES);
    json_decref(all);
}

static octet_letterbox place(const octet_image *image)
{
    octet_letterbox box;
    assert_int_equal(octet_letterbox_rect(octet_image_width(image), octet_image_height(image),
                                          BOUND, BOUND, 32, &box),
                     OCTET_OK);
    return box;
}

/* None of these pictures has a side that rounds down to a multiple of the stride: the size says it
 * all. */
static void check_pixels(octet_context *ctx, const octet_image *image, json_t *entry)
{
    const octet_letterbox box = place(image);
    const size_t bytes = 3 * (size_t)box.target_width * (size_t)box.target_height;
    uint8_t *pixels = malloc(bytes);
    assert_non_null(pixels);
    assert_int_equal(box.target_width, test_bundled_number(entry, "width"));
    assert_int_equal(box.target_height, test_bundled_number(entry, "height"));
    assert_int_equal(
        octet_letterbox_image(ctx, image, box.target_width, box.target_height, pixels, NULL),
        OCTET_OK);
    test_expect_digest(pixels, bytes, test_bundled_text(entry, "pixels"),
                       test_bundled_text(entry, "image"));
    free(pixels);
}

static void pictures(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    octet_engine *engine = test_data_engine(&test.context, BUNDLED_MODEL);
    struct test_boxes_seen seen = {0, 1.0, 0.0};
    json_t *all = test_bundled_family("rect", "images"), *entry;
    int narrow = 0;
    size_t i;
    json_array_foreach(json_object_get(all, "images"), i, entry)
    {
        octet_image *image = test_data_image(&test.context, test_bundled_text(entry, "image"));
        const octet_letterbox box = place(image);
        octet_session_settings settings;
        octet_session *session;
        check_pixels(&test.context, image, entry);
        octet_session_defaults(&settings);
        settings.height = box.target_height;
        settings.width = box.target_width;
        settings.bound_height = settings.bound_width = BOUND;
        assert_int_equal(octet_session_open(&test.context, engine, &settings, &session), OCTET_OK);
        test_expect_boxes(session, &test.context, entry, &seen);
        octet_session_close(&session);
        octet_image_free(&image);
        narrow += box.target_height < BOUND || box.target_width < BOUND;
    }
    print_message("    %d boxes: IoU %.5f at least, scores within %.2g\n", seen.boxes, seen.iou,
                  seen.score);
    assert_true(seen.boxes > 90);
    assert_true(narrow > 12);
    assert_true(seen.iou > 0.999); /* the file has corners to a thousandth of a pixel */
    assert_true(seen.score < 2e-5);
    json_decref(all);
    octet_engine_free(&engine);
    assert_int_equal(test.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
