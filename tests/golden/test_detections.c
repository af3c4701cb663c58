/* SPDX-License-Identifier: Apache-2.0 */
/* Final detections of the float engine against Ultralytics', from file to box. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counting_context.h"
#include "data.h"
#include "expected_boxes.h"
#include "models.h"

static void detections(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    octet_engine *engine = test_data_engine(&test.context, "models/yolov8n.onnx");
    octet_session *session;
    assert_int_equal(octet_session_open(&test.context, engine, NULL, &session), OCTET_OK);
    struct test_boxes_seen seen = {0, 1.0, 0.0};
    json_t *json = test_data_json("golden/ultralytics/detections.json"), *item;
    size_t i;
    json_array_foreach(json_object_get(json, "images"), i, item)
        test_expect_boxes(session, &test.context, item, &seen);
    assert_int_equal(i, 16);
    print_message("    %d boxes: IoU %.5f at least, scores within %.2g\n", seen.boxes, seen.iou,
                  seen.score);
    assert_true(seen.boxes > 80);
    json_decref(json);
    octet_session_close(&session);
    octet_engine_free(&engine);
    assert_int_equal(test.live, 0);
}

int main(void)
{
    if (!test_data_present())
        return TEST_SKIPPED;
    const struct CMUnitTest tests[] = {cmocka_unit_test(detections)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
