/* SPDX-License-Identifier: Apache-2.0 */
/* INT8 results are the same to the bit on every kernel set, number of threads and batch size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "counting_context.h"
#include "data.h"
#include "models.h"
#include "same_bits.h"

static struct test_context test;
static octet_engine *engine;

static int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    struct test_data_list pictures =
        test_data_list("coco/images/train2017", test_is_slow() ? 2 : 8);
    engine = test_data_int8(&test.context, "models/yolov8n-dynamic.onnx", &pictures, 320);
    test_data_list_free(&pictures);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    octet_engine_free(&engine);
    return test.live;
}

static void small(void **state)
{
    (void)state;
    test_same_bits(&test.context, engine, 320, 320, "coco/images/val2017/000000000139.jpg");
}

static void wide(void **state)
{
    (void)state;
    test_same_bits(&test.context, engine, 96, 416, "coco/images/val2017/000000000785.jpg");
}

/* The size that most use, on the best kernels and on the definition. */
static void large(void **state)
{
    (void)state;
    if (test_is_slow())
        skip();
    octet_image *image = test_data_image(&test.context, "coco/images/val2017/000000000139.jpg");
    const octet_session_settings plain = {
        .height = 640, .width = 640, .batch = 1, .threads = 2, .cpu = "ref"};
    const struct test_bits expected = test_bits_of(&test.context, engine, &plain, image);
    octet_session_settings best = plain;
    best.cpu = "max";
    test_expect_bits(&test.context, engine, best, image, &expected);
    free(expected.output);
    octet_image_free(&image);
}

int main(void)
{
    if (!test_data_present())
        return TEST_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small),
        cmocka_unit_test(wide),
        cmocka_unit_test(large),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
