/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of the newer families: distances without a distribution, and files that take the best boxes
 * themselves: what is read, that it gives the file's rows, and what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/passes/passes.h"
#include "import_case.h"
#include "network_run.h"
#include "reference.h"
#include "runtime/head/heads.h"
#include "runtime/head/nms.h"

enum { CLASSES = 3, ANCHORS = 84, SIZE = 64, COLUMNS = 6 };

/* ---- what is read ---- */

static void check_head(const struct oct_imported *imported, bool distances)
{
    const struct oct_network *network = &imported->network;
    assert_ptr_equal(network->head.kind, distances ? &oct_head_yolo26 : &oct_head_yolov8);
    assert_int_equal(network->head.class_count, CLASSES);
    assert_int_equal(network->head.output_count, 6);
    for (int i = 0; i < 6; i++) {
        const struct oct_tensor *tensor = &network->tensors[network->head.outputs[i].tensor];
        assert_int_equal(network->head.outputs[i].stride, 8 << i / 2);
        assert_int_equal(tensor->channels, i % 2 ? CLASSES : distances ? 4 : 16);
    }
    assert_true(imported->probe_box_difference_px < 1e-3);
    assert_true(imported->probe_score_difference < 1e-5);
}

/* Without a selection: the network's prediction is the file's. */
static void distances(void **state)
{
    static const struct test_onnx_variant variants[] = {
        {.distances = 1},
        {.distances = 1, .old_head = 1},
        {.distances = 1, .dynamic = 1},
        {.distances = 1, .swapped = 1, .reversed = 1},
        {.distances = 1, .identities = 1, .no_names = 1},
        {.distances = 1, .opset = 11, .split_in_attribute = 1, .old_head = 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        struct test_import f;
        size_t size, count;
        int anchors;
        test_import_begin(&f, &variants[i]);
        test_import_expect(&f);
        check_head(f.imported, true);
        assert_false(f.imported->network.head.selection.is_own);
        unsigned char *bytes = test_onnx_pack(&f.onnx, &size);
        float *planes = test_planes(SIZE, SIZE, 5);
        float *wanted = test_graph_run(&f.test.context, bytes, size, planes, SIZE, SIZE, &count);
        float *is = test_network_run(&f.imported->network, planes, SIZE, SIZE, &anchors);
        assert_int_equal(anchors, ANCHORS);
        assert_int_equal(count, (4 + CLASSES) * ANCHORS);
        test_compare_predictions(is, wanted, CLASSES, ANCHORS, 1e-3, 1e-5);
        free(bytes);
        free(planes);
        free(wanted);
        free(is);
        test_import_end(&f);
    }
}

/* YOLOv3-tiny's two levels, the first of stride 16, behind pools. */
static void two_levels(void **state)
{
    static const struct test_onnx_variant variants[] = {
        {.two_levels = 1, .pooled = 1},
        {.two_levels = 1, .pooled = 1, .old_head = 1, .opset = 11, .split_in_attribute = 1},
        {.two_levels = 1, .dynamic = 1, .swapped = 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        struct test_import f;
        test_import_begin(&f, &variants[i]);
        test_import_expect(&f);
        const struct oct_head *head = &f.imported->network.head;
        assert_int_equal(head->output_count, 4);
        for (int o = 0; o < 4; o++)
            assert_int_equal(head->outputs[o].stride, 16 << o / 2);
        test_import_numbers(&f, 1e-5);
        test_import_end(&f);
    }
}

/* YOLOv6's own exports: an objectness of ones between boxes and scores, cell by cell. */
static void objectness_of_ones(void **state)
{
    (void)state;
    for (int distances = 0; distances < 2; distances++) {
        enum { ROWS = 4 + CLASSES };
        struct test_import f;
        size_t size, count;
        int anchors;
        float ones[ANCHORS], wanted[ROWS * ANCHORS];
        for (int a = 0; a < ANCHORS; a++)
            ones[a] = 1.0f;
        test_import_begin(&f, &(struct test_onnx_variant){.distances = distances, .pooled = 1});
        test_onnx_floats(&f.onnx, "objectness", 3, (int64_t[]){1, 1, ANCHORS}, ones, 0);
        test_onnx_int(
            &f.onnx,
            test_onnx_node(&f.onnx, "Concat", "join", "pixels,objectness,scores", "columns"),
            "axis", 1);
        test_onnx_int_list(&f.onnx,
                           test_onnx_node(&f.onnx, "Transpose", "turn", "columns", "outputs"),
                           "perm", 3, 0, 2, 1);
        f.onnx.model.graph->n_output = 0;
        test_onnx_output(&f.onnx, "outputs");
        test_import_expect(&f);
        check_head(f.imported, distances);
        unsigned char *bytes = test_onnx_pack(&f.onnx, &size);
        float *planes = test_planes(SIZE, SIZE, 5);
        float *rows = test_graph_run(&f.test.context, bytes, size, planes, SIZE, SIZE, &count);
        float *is = test_network_run(&f.imported->network, planes, SIZE, SIZE, &anchors);
        assert_int_equal(count, (ROWS + 1) * ANCHORS);
        for (int r = 0; r < ROWS; r++)
            for (int a = 0; a < ANCHORS; a++)
                wanted[r * ANCHORS + a] = rows[a * (ROWS + 1) + (r < 4 ? r : r + 1)];
        test_compare_predictions(is, wanted, CLASSES, ANCHORS, 1e-3, 1e-5);
        free(bytes);
        free(planes);
        free(rows);
        free(is);
        test_import_end(&f);
    }
}

/* ---- what is taken ---- */

/* What octet selects of a prediction [4 + CLASSES][ANCHORS], as a one-to-one head's own selection:
 * by sorting the scores of all pairs (or cells), plainly. Returns rows of COLUMNS. */
static void take_plainly(const float *prediction, bool of_cell, float *rows)
{
    bool taken[ANCHORS][CLASSES] = {{false}};
    for (int r = 0; r < TEST_TAKEN; r++) {
        int anchor = -1, class = -1;
        float most = -1.0f;
        for (int a = 0; a < ANCHORS; a++)
            for (int c = 0; c < CLASSES; c++) {
                const float score = prediction[(4 + c) * ANCHORS + a];
                bool best = true;
                for (int d = 0; d < CLASSES; d++)
                    best = best && prediction[(4 + d) * ANCHORS + a] <= score;
                if (taken[a][c] || (of_cell && !best) || !(score > most))
                    continue;
                most = score;
                anchor = a;
                class = c;
            }
        taken[anchor][class] = true;
        for (int i = 0; i < 4; i++)
            rows[r * COLUMNS + i] =
                prediction[i % 2 * ANCHORS + anchor] +
                (i < 2 ? -0.5f : 0.5f) * prediction[(2 + i % 2) * ANCHORS + anchor];
        rows[r * COLUMNS + 4] = most;
        rows[r * COLUMNS + 5] = (float)class;
    }
}

static void check_rows(struct test_import *f, bool of_cell)
{
    size_t size, count;
    int anchors;
    float own[TEST_TAKEN * COLUMNS];
    unsigned char *bytes = test_onnx_pack(&f->onnx, &size);
    float *planes = test_planes(SIZE, SIZE, 6);
    float *wanted = test_graph_run(&f->test.context, bytes, size, planes, SIZE, SIZE, &count);
    float *is = test_network_run(&f->imported->network, planes, SIZE, SIZE, &anchors);
    assert_int_equal(count, TEST_TAKEN * COLUMNS);
    take_plainly(is, of_cell, own);
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(own[i] - wanted[i]) <= (i % COLUMNS < 4 ? 1e-3f : 1e-5f)))
            fail_msg("row %zu, column %zu: %g, not %g", i / COLUMNS, i % COLUMNS, (double)own[i],
                     (double)wanted[i]);
    free(bytes);
    free(planes);
    free(wanted);
    free(is);
}

static void best_boxes(void **state)
{
    (void)state;
    for (int distances = 0; distances < 2; distances++)
        for (int taken = TEST_BEST; taken <= TEST_BEST_OF_CELL; taken++)
            for (int dynamic = 0; dynamic < 2; dynamic++) {
                const struct test_onnx_variant variant = {
                    .distances = distances, .taken = taken, .dynamic = dynamic};
                struct test_import f;
                test_import_begin(&f, &variant);
                test_import_expect(&f);
                check_head(f.imported, distances);
                const struct oct_selection *selection = &f.imported->network.head.selection;
                assert_true(selection->is_own && selection->iou == 1.0);
                assert_int_equal(selection->max_detections, TEST_TAKEN);
                assert_int_equal(selection->multi_label, taken != TEST_BEST_OF_CELL);
                assert_non_null(strstr(f.log, "(TopK) is cut off"));
                assert_null(strstr(f.log, "could not be tried"));
                check_rows(&f, taken == TEST_BEST_OF_CELL);
                test_import_end(&f);
            }
}

/* Every allocation that fails ends in an error that says so, with all given back. */
static void no_memory(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){.distances = 1, .taken = TEST_BEST});
    octet_status status = OCTET_OUT_OF_MEMORY;
    int failed = 0;
    for (int at = 0; status; at += 1 + at / 60, failed++) {
        f.test.calls = 0;
        f.test.fail_at = at;
        status = test_import_run(&f);
        assert_true(status == OCTET_OK || status == OCTET_OUT_OF_MEMORY);
        assert_true(status == OCTET_OK || !f.imported);
    }
    assert_true(failed > 100);
    f.test.fail_at = -1;
    test_import_end(&f);
}

/* ---- what is refused ---- */

static void refused_distances(void **state)
{
    (void)state;
    static const struct test_onnx_variant plain = {.distances = 1};
    struct test_import f;
    test_import_begin(&f, &plain); /* a side turned round */
    test_onnx_find(&f.onnx, "corner1/Sub")->op_type = "Add";
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "the head decodes differently: boxes by",
                        NULL);
    test_import_begin(&f, &plain); /* distances are something else of their numbers */
    test_onnx_node(&f.onnx, "Exp", "", "boxes", "powers");
    test_onnx_find(&f.onnx, "near/Slice")->input[0] = "powers";
    test_onnx_find(&f.onnx, "far/Slice")->input[0] = "powers";
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "the head decodes differently: boxes by",
                        NULL);
    test_import_begin(&f, &plain); /* left and top for right and bottom */
    test_onnx_find(&f.onnx, "near/Slice")->output[0] = "there";
    test_onnx_find(&f.onnx, "far/Slice")->output[0] = "near";
    test_onnx_find(&f.onnx, "near/Slice")->output[0] = "far";
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "the head decodes differently: boxes by",
                        NULL);
    test_import_begin(&f, &plain); /* a cell's middle in another place */
    for (size_t i = 0; i < f.onnx.model.graph->n_initializer; i++)
        if (strcmp(f.onnx.model.graph->initializer[i]->name, "centres") == 0)
            f.onnx.model.graph->initializer[i]->float_data[ANCHORS + 70] += 0.5f;
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "the head decodes differently: boxes by 8 px",
                        NULL);
    test_import_begin(&f, &plain); /* raw corners: what a program expects of an output differs */
    test_onnx_int(&f.onnx, test_onnx_node(&f.onnx, "Concat", "", "corner1,corner2", "xyxy"), "axis",
                  1);
    test_onnx_find(&f.onnx, "pixels/Mul")->input[0] = "xyxy";
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "corners instead of centres", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0}); /* distributions of no Softmax */
    test_onnx_find(&f.onnx, "dfl_soft/Softmax")->op_type = "Exp";
    test_onnx_find(&f.onnx, "dfl_soft/Softmax")->n_attribute = 0;
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "16 channels are neither four distances",
                        "node 'box");
}

static void set_ints(struct test_import *f, const char *name, int64_t value)
{
    for (size_t i = 0; i < f->onnx.model.graph->n_initializer; i++)
        if (strcmp(f->onnx.model.graph->initializer[i]->name, name) == 0)
            f->onnx.model.graph->initializer[i]->int64_data[0] = value;
}

static void swap_outputs(struct test_import *f, const char *a, const char *b)
{
    OctOnnx__NodeProto *first = test_onnx_find(&f->onnx, a), *second = test_onnx_find(&f->onnx, b);
    char *name = first->output[0];
    first->output[0] = second->output[0];
    second->output[0] = name;
}

static void least(struct test_import *f)
{
    test_onnx_int(&f->onnx, test_onnx_find(&f->onnx, "second_top"), "largest", 0);
}

static void least_cells(struct test_import *f)
{
    test_onnx_int(&f->onnx, test_onnx_find(&f->onnx, "first_top"), "largest", 0);
}

static void swapped_numbers(struct test_import *f)
{
    swap_outputs(f, "label/Mod", "place/Div");
}

static void other_class_count(struct test_import *f)
{
    set_ints(f, "class_count", 4);
}

static void other_columns(struct test_import *f)
{
    OctOnnx__NodeProto *node = test_onnx_find(&f->onnx, "output0/Concat");
    char *name = node->input[0];
    node->input[0] = node->input[1];
    node->input[1] = name;
}

/* Rows get the boxes of the best cells, one after another. */
static void boxes_of_first(struct test_import *f)
{
    test_onnx_find(&f->onnx, "anchor_column/Unsqueeze")->input[0] = "best_at";
}

/* The best of all pairs come from more cells than are looked at. */
static void fewer_cells(struct test_import *f)
{
    test_onnx_list(&f->onnx, "fewer", 1, TEST_TAKEN - 1);
    test_onnx_find(&f->onnx, "first_top")->input[1] = "fewer";
}

static void worst_class(struct test_import *f)
{
    test_onnx_find(&f->onnx, "best/ReduceMax")->op_type = "ReduceMin";
}

static void boxes_in_cells(struct test_import *f)
{
    test_onnx_list(&f->onnx, "row_cells", 3, 0, 2, 1);
    test_onnx_int_list(&f->onnx, test_onnx_node(&f->onnx, "Transpose", "", "cells", "cell_rows"),
                       "perm", 3, 0, 2, 1);
    test_onnx_find(&f->onnx, "top_boxes/GatherElements")->input[0] = "cell_rows";
}

/* Pairs are gone through class by class. */
static void turned_pairs(struct test_import *f)
{
    test_onnx_int_list(&f->onnx, test_onnx_node(&f->onnx, "Transpose", "", "best_scores", "turned"),
                       "perm", 3, 0, 2, 1);
    test_onnx_find(&f->onnx, "pairs/Flatten")->input[0] = "turned";
}

static void refused_selections(void **state)
{
    static const struct {
        void (*damage)(struct test_import *);
        const char *message;
    } cases[] = {
        {least, "than octet: only the best"},
        {least_cells, "than octet: only the best"},
        {swapped_numbers, "gives other boxes"},
        {other_class_count, "than octet: only the best"},
        {other_columns, "than octet: only the best"},
        {boxes_of_first, "gives other boxes"},
        {fewer_cells, "than octet: only the best"},
        {worst_class, "than octet: only the best"},
        {boxes_in_cells, "gives other boxes"},
        {turned_pairs, "than octet: only the best"},
    };
    (void)state;
    for (int distances = 0; distances < 2; distances++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct test_import f;
            test_import_begin(
                &f, &(struct test_onnx_variant){.distances = distances, .taken = TEST_BEST});
            cases[i].damage(&f);
            test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "operator TopK at node ",
                                cases[i].message);
        }
    struct test_import f; /* more than there are */
    test_import_begin(&f, &(struct test_onnx_variant){.distances = 1, .taken = TEST_BEST});
    set_ints(&f, "k", ANCHORS + 1);
    test_import_refused(&f, OCTET_BAD_SHAPE, "operator TopK at node 'first_top'",
                        "more elements than there are");
    /* an operator behind it that is not known: what was read of it stands, the least does not */
    for (int is_least = 0; is_least < 2; is_least++) {
        test_import_begin(&f, &(struct test_onnx_variant){.distances = 1, .taken = TEST_BEST});
        test_onnx_find(&f.onnx, "output0/Concat")->output[0] = "rows_taken";
        test_onnx_node(&f.onnx, "NoSuchThing", "", "rows_taken", "output0");
        if (is_least) {
            least_cells(&f);
            test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "node 'first_top'", "takes the least");
            continue;
        }
        test_import_expect(&f);
        assert_non_null(strstr(f.log, "could not be tried"));
        assert_int_equal(f.imported->network.head.selection.max_detections, TEST_TAKEN);
        test_import_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),          cmocka_unit_test(two_levels),
        cmocka_unit_test(objectness_of_ones), cmocka_unit_test(best_boxes),
        cmocka_unit_test(no_memory),          cmocka_unit_test(refused_distances),
        cmocka_unit_test(refused_selections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
