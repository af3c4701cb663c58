/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of real YOLO11 and YOLO26 files: what the passes up to their probes make of them, whatever
 * becomes of the rest of the network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/passes/passes.h"
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

static oct_pass *const passes[] = {
    oct_check_model,       oct_read_quantization, oct_bind_shapes,     oct_fold_constants,
    oct_eliminate_dead,    oct_remove_identity,   oct_fuse_affine,     oct_normalize_input,
    oct_fuse_batchnorm,    oct_fuse_activation,   oct_fuse_attention,  oct_fuse_residual,
    oct_leave_out_outputs, oct_recognize_head,    oct_read_head_grids, oct_restore_head_constants,
    oct_probe_head,        oct_probe_selection,
};

static void check_file(const struct expected *expected)
{
    struct test_context test;
    struct oct_imported imported = {.is_quantised = 0};
    struct oct_onnx_model onnx;
    char relative[TEST_PATH_BYTES], path[TEST_PATH_BYTES];
    size_t size;
    test_context_init(&test);
    snprintf(relative, sizeof relative, "family/models/%s", expected->file);
    unsigned char *bytes = test_read_file(test_data_path(path, relative), &size);
    assert_int_equal(oct_onnx_open(&test.context, bytes, size, expected->file, &onnx), OCTET_OK);
    oct_arena_init(&imported.arena, &test.context);
    struct oct_import import = {.ctx = &test.context,
                                .name = expected->file,
                                .onnx = &onnx,
                                .graph = &onnx.graph,
                                .one_picture = true,
                                .imported = &imported};
    for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++)
        if (passes[i](&import) != OCTET_OK)
            fail_msg("pass %zu: %s", i, test.context.message);
    const struct oct_head *head = &import.head.head;
    assert_ptr_equal(head->kind, expected->kind);
    assert_int_equal(head->class_count, expected->classes);
    assert_int_equal(head->output_count, 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(head->outputs[i].stride, 8 << i / 2);
        assert_int_equal(import.head.outputs[i].height, 80 >> i / 2);
    }
    assert_true(imported.probe_box_difference_px < 1e-3);
    assert_true(imported.probe_score_difference < 1e-5);
    assert_int_equal(head->selection.is_own, expected->taken > 0);
    if (expected->taken) {
        assert_true(head->selection.iou == 1.0 && head->selection.multi_label);
        assert_int_equal(head->selection.max_detections, expected->taken);
    }
    oct_onnx_close(&onnx);
    oct_arena_clear(&imported.arena);
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
    char path[TEST_PATH_BYTES];
    if (!test_data_present())
        return TEST_SKIPPED;
    FILE *file = fopen(test_data_path(path, "family/models/yolo11n-coco.onnx"), "rb");
    if (!file) {
        puts("skipped: no test data of other families");
        return TEST_SKIPPED;
    }
    fclose(file);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
