/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of real YOLO11 and YOLO26 files: what their import finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/import_pipeline.h"
#include "counting_context.h"
#include "data.h"
#include "runtime/head/heads.h"

static const struct expected {
    const char *file;
    const struct oct_head_kind *kind;
    int classes, taken; /* taken 0: the file selects nothing */
} files[] = {
    {"yolo11n-coco.onnx", &oct_head_yolov8, 80, 0},
    {"yolo11n-coco-plain.onnx", &oct_head_yolov8, 80, 0},
    {"yolo26n-coco-dq-raw.onnx", &oct_head_yolo26, 80, 0},
    {"yolo26n-coco-dq-e2e.onnx", &oct_head_yolo26, 80, 300},
    {"yolo26n-road-raw.onnx", &oct_head_yolo26, 7, 0},
    {"yolo26n-road-e2e.onnx", &oct_head_yolo26, 7, 300},
};

static void check_file(const struct expected *expected)
{
    struct test_context test;
    struct oct_imported *imported;
    char relative[TEST_PATH_BYTES], path[TEST_PATH_BYTES];
    size_t size;
    test_context_init(&test);
    snprintf(relative, sizeof relative, "family/models/%s", expected->file);
    unsigned char *bytes = test_read_file(test_data_path(path, relative), &size);
    if (oct_imported_from_bytes(&test.context, bytes, size, expected->file, &imported))
        fail_msg("%s", test.context.message);
    const struct oct_network *network = &imported->network;
    const struct oct_head *head = &network->head;
    struct oct_network_size *sizes = calloc((size_t)network->tensor_count, sizeof *sizes);
    assert_non_null(sizes);
    assert_int_equal(oct_network_sizes(&test.context, network, 640, 640, sizes), OCTET_OK);
    assert_ptr_equal(head->kind, expected->kind);
    assert_int_equal(head->class_count, expected->classes);
    assert_int_equal(head->output_count, 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(head->outputs[i].stride, 8 << i / 2);
        assert_int_equal(sizes[head->outputs[i].tensor].height, 80 >> i / 2);
    }
    assert_true(imported->probe_box_difference_px < 1e-3);
    assert_true(imported->probe_score_difference < 1e-5);
    assert_int_equal(head->selection.is_own, expected->taken > 0);
    if (expected->taken) {
        assert_true(head->selection.iou == 1.0 && head->selection.multi_label);
        assert_int_equal(head->selection.max_detections, expected->taken);
    }
    free(sizes);
    oct_imported_free(&test.context, imported);
    free(bytes);
    assert_int_equal(test.live, 0);
}

static void family_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        check_file(&files[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(family_heads)};
    return test_family_present() ? cmocka_run_group_tests(tests, NULL, NULL) : TEST_SKIPPED;
}
