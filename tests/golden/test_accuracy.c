/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the default INT8 build loses: AP against labels, and agreement AP, the INT8 boxes scored
 * against the float model's boxes of score 0.25 and more. 100 calibration pictures of the same
 * kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "accuracy_set.h"
#include "data.h"
#include "models.h"

static void steel(void **state)
{
    (void)state;
    test_accuracy(&(struct test_accuracy_set){
        "models/neudet-yolov8n-224.onnx", "neudet/images/train", "neudet/images/val",
        "neudet/annotations/instances_dev180.json", 224, NULL, 0.3808, 0.007, 0.95});
}

#define COCO_VAL "coco/annotations/instances_val2017_dev155_boxarea.json"

static void coco(void **state)
{
    (void)state;
    if (test_build_is_slow())
        skip();
    test_accuracy(&(struct test_accuracy_set){"models/yolov8n.onnx", "coco/images/train2017",
                                              "coco/images/val2017", COCO_VAL, 640, NULL, 0.4166,
                                              0.007, 0.97});
}

static void street(void **state)
{
    (void)state;
    if (!test_long())
        skip();
    test_accuracy(&(struct test_accuracy_set){
        "models/yolov8n.onnx", "cctv/images/train", "cctv/images/val",
        "cctv/annotations/instances_dev80.json", 640, "car", 0.4498, 0.007, 0.97});
}

static void coco_with_yolov8s(void **state)
{
    (void)state;
    if (!test_long())
        skip();
    test_accuracy(&(struct test_accuracy_set){"models/yolov8s.onnx", "coco/images/train2017",
                                              "coco/images/val2017", COCO_VAL, 640, NULL, 0.4800,
                                              0.007, 0.98});
}

int main(void)
{
    if (!test_data_present())
        return TEST_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steel),
        cmocka_unit_test(coco),
        cmocka_unit_test(street),
        cmocka_unit_test(coco_with_yolov8s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
