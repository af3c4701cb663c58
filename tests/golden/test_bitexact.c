/* SPDX-License-Identifier: Apache-2.0 */
/* INT8 results are the same to the bit on every kernel set, number of threads and batch size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "data.h"
#include "models.h"

static struct test_context test;
static octet_engine *engine;

static int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    struct test_data_list pictures =
        test_data_list("coco/images/train2017", test_build_is_slow() ? 2 : 8);
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

/* What a run gives: the raw output and the boxes. */
struct result {
    size_t count;
    float *output;
    int box_count;
    octet_detection boxes[300];
};

static struct result run(const octet_session_settings *settings, const octet_image *image)
{
    octet_session *session;
    if (octet_session_open(&test.context, engine, settings, &session) != OCTET_OK)
        fail_msg("%s", octet_context_message(&test.context));
    octet_info info;
    octet_engine_info(engine, &info);
    const int slot = settings->batch - 1;
    struct result result = {.count = (size_t)octet_session_anchor_count(session) *
                                     (size_t)(4 + info.class_count)};
    result.output = malloc(result.count * sizeof *result.output);
    assert_non_null(result.output);
    memset(result.boxes, 0, sizeof result.boxes);
    assert_int_equal(octet_session_set_image(session, slot, image), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_output(session, slot, result.output), OCTET_OK);
    assert_int_equal(
        octet_session_detect(session, slot, NULL, result.boxes, 300, &result.box_count), OCTET_OK);
    octet_session_close(&session);
    return result;
}

static void check(octet_session_settings settings, const octet_image *image,
                  const struct result *expected)
{
    struct result result = run(&settings, image);
    if (result.box_count != expected->box_count ||
        memcmp(result.boxes, expected->boxes, sizeof result.boxes) != 0 ||
        memcmp(result.output, expected->output, result.count * sizeof *result.output) != 0)
        fail_msg("%dx%d, %s, %d threads, batch %d differs", settings.height, settings.width,
                 settings.cpu, settings.threads, settings.batch);
    free(result.output);
}

static void compare_all(int height, int width, const char *picture)
{
    octet_image *image = test_data_image(&test.context, picture);
    octet_machine machine;
    octet_machine_get(&machine);
    const octet_session_settings plain = {
        .height = height, .width = width, .batch = 1, .threads = 1, .cpu = "ref"};
    const struct result expected = run(&plain, image);
    assert_true(expected.box_count > 0);
    int sets = 0;
    for (char *rest, *set = strtok_r(machine.kernel_sets, " ", &rest); set;
         set = strtok_r(NULL, " ", &rest), sets++) {
        octet_session_settings settings = plain;
        settings.cpu = set;
        check(settings, image, &expected);
        settings.threads = 2;
        check(settings, image, &expected);
        settings.batch = 4;
        check(settings, image, &expected);
    }
    print_message("    %dx%d: %d boxes, the same on %d kernel sets\n", height, width,
                  expected.box_count, sets);
    assert_true(sets >= 1);
    free(expected.output);
    octet_image_free(&image);
}

static void small(void **state)
{
    (void)state;
    compare_all(320, 320, "coco/images/val2017/000000000139.jpg");
}

static void wide(void **state)
{
    (void)state;
    compare_all(96, 416, "coco/images/val2017/000000000785.jpg");
}

/* The size that most use, on the best kernels and on the definition. */
static void large(void **state)
{
    (void)state;
    if (test_build_is_slow())
        skip();
    octet_image *image = test_data_image(&test.context, "coco/images/val2017/000000000139.jpg");
    const octet_session_settings plain = {
        .height = 640, .width = 640, .batch = 1, .threads = 2, .cpu = "ref"};
    const struct result expected = run(&plain, image);
    octet_session_settings best = plain;
    best.cpu = "max";
    check(best, image, &expected);
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
