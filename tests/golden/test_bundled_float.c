/* SPDX-License-Identifier: Apache-2.0 */
/* The bundled model in float: its graph's numbers, ONNX Runtime's boxes, and what INT8 loses of its
 * average precision, which pycocotools worked out of ONNX Runtime's boxes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "accuracy_set.h"
#include "bundled.h"
#include "counting_context.h"
#include "data.h"
#include "expected_boxes.h"
#include "models.h"
#include "network_run.h"
#include "same_bits.h"

enum { SIZE = 320, CLASSES = 5, ANCHORS = 2100 };

/* The engine beside the file's graph, run by the interpreter before any pass. Both sum in another
 * order: what float rounding makes of that stays under 0.01 px and 1e-4. */
static void graph(void **state)
{
    (void)state;
    struct test_context test;
    char path[TEST_PATH_BYTES];
    size_t size, count;
    test_context_init(&test);
    octet_engine *engine = test_data_engine(&test.context, BUNDLED_MODEL);
    octet_info info;
    octet_engine_info(engine, &info);
    assert_int_equal(info.class_count, CLASSES);
    assert_int_equal(info.input_height, SIZE);
    assert_string_equal(octet_engine_class_name(engine, 0), "washer");
    assert_string_equal(octet_engine_class_name(engine, CLASSES - 1), "defect");
    float *planes = test_planes(SIZE, SIZE, 3);
    unsigned char *bytes = test_read_file(test_data_path(path, BUNDLED_MODEL), &size);
    float *wanted = test_graph_run(&test.context, bytes, size, planes, SIZE, SIZE, &count);
    assert_int_equal(count, (4 + CLASSES) * ANCHORS);
    float *output = malloc(count * sizeof *output);
    octet_session *session;
    assert_non_null(output);
    assert_int_equal(octet_session_open(&test.context, engine, NULL, &session), OCTET_OK);
    assert_int_equal(octet_session_anchor_count(session), ANCHORS);
    assert_int_equal(octet_session_set_tensor(session, 0, planes), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_output(session, 0, output), OCTET_OK);
    test_compare_predictions(output, wanted, CLASSES, ANCHORS, 0.01, 1e-4);
    octet_session_close(&session);
    octet_engine_free(&engine);
    free(planes);
    free(bytes);
    free(wanted);
    free(output);
    assert_int_equal(test.live, 0);
}

static void detections(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    octet_engine *engine = test_data_engine(&test.context, BUNDLED_MODEL);
    octet_session *session;
    assert_int_equal(octet_session_open(&test.context, engine, NULL, &session), OCTET_OK);
    struct test_boxes_seen seen = {0, 1.0, 0.0};
    json_t *all = test_bundled("images"), *item;
    size_t i;
    json_array_foreach(json_object_get(all, "images"), i, item)
        test_expect_boxes(session, &test.context, item, &seen);
    print_message("    %d boxes: IoU %.5f at least, scores within %.2g\n", seen.boxes, seen.iou,
                  seen.score);
    assert_true(seen.boxes > 100);
    json_decref(all);
    octet_session_close(&session);
    octet_engine_free(&engine);
    assert_int_equal(test.live, 0);
}

/* One function: with every kernel set, alone and in a batch. */
static void same_bits(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    octet_engine *engine = test_data_engine(&test.context, BUNDLED_MODEL);
    test_same_bits(&test.context, engine, 224, 416, "demo/images/test/test-01.jpg");
    octet_engine_free(&engine);
    assert_int_equal(test.live, 0);
}

/* 14 pictures with 78 boxes, on which half a point is noise. Measured with statistics that
 * differ in last digits: 0.8 to 0.9 points lost, an agreement of 99.4 to 99.6. */
static void accuracy(void **state)
{
    (void)state;
    json_t *all = test_bundled("pictures");
    const double ap = json_number_value(json_object_get(json_object_get(all, "evaluation"), "ap"));
    json_decref(all);
    assert_true(ap > 0.9);
    test_accuracy(&(struct test_accuracy_set){BUNDLED_MODEL, "demo/images/calibration",
                                              "demo/images/test", "demo/annotations/test.json",
                                              SIZE, NULL, ap, 0.012, 0.985});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graph),
        cmocka_unit_test(detections),
        cmocka_unit_test(same_bits),
        cmocka_unit_test(accuracy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
