/* SPDX-License-Identifier: Apache-2.0 */
/* The bundled pictures, decoded and letterboxed to the bytes that OpenCV gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <octet/image.h>

#include "bundled.h"
#include "counting_context.h"
#include "models.h"

static void check_letterbox(octet_context *ctx, const octet_image *image, json_t *entry,
                            const char *name)
{
    const int width = test_bundled_number(entry, "width");
    const int height = test_bundled_number(entry, "height");
    const size_t size = 3 * (size_t)width * (size_t)height;
    json_t *resized = json_object_get(entry, "resized");
    uint8_t *pixels = malloc(size);
    octet_letterbox box;
    assert_non_null(pixels);
    assert_int_equal(octet_letterbox_image(ctx, image, width, height, pixels, &box), OCTET_OK);
    test_expect_digest(pixels, size, test_bundled_text(entry, "pixels"), name);
    assert_int_equal(box.pad_left, test_bundled_number(entry, "left"));
    assert_int_equal(box.pad_top, test_bundled_number(entry, "top"));
    assert_int_equal(box.resized_width, json_integer_value(json_array_get(resized, 0)));
    assert_int_equal(box.resized_height, json_integer_value(json_array_get(resized, 1)));
    free(pixels);
}

static void pictures(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    json_t *all = test_bundled("pictures"), *entry, *letterbox;
    size_t i, k;
    int letterboxes = 0;
    json_array_foreach(json_object_get(all, "pictures"), i, entry)
    {
        const char *name = test_bundled_text(entry, "image");
        octet_image *image = test_data_image(&test.context, name);
        const int width = octet_image_width(image), height = octet_image_height(image);
        assert_int_equal(width, test_bundled_number(entry, "width"));
        assert_int_equal(height, test_bundled_number(entry, "height"));
        test_expect_digest(octet_image_pixels(image), 3 * (size_t)width * (size_t)height,
                           test_bundled_text(entry, "pixels"), name);
        json_array_foreach(json_object_get(entry, "letterboxes"), k, letterbox)
        {
            check_letterbox(&test.context, image, letterbox, name);
            letterboxes++;
        }
        octet_image_free(&image);
    }
    assert_int_equal(letterboxes, 2 * BUNDLED_PICTURES);
    json_decref(all);
    assert_int_equal(test.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pictures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
