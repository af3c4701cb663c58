/* SPDX-License-Identifier: Apache-2.0 */
/* The bundled models of other families in float: what their heads are, ONNX Runtime's predictions
 * and boxes, those that a file selects by itself, and what INT8 loses of the average precision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "accuracy_set.h"
#include "bundled.h"
#include "counting_context.h"
#include "data.h"
#include "expected_boxes.h"
#include "models.h"
#include "same_bits.h"

enum { SIZE = 320, CLASSES = 5, ANCHORS = 2100, BOXES_MAX = 300 };

/* What float rounding may make, in pixels of the network and in score. */
#define PIXELS 0.05
#define SCORE 1e-3

/* From which score on boxes that the file selects are recorded. */
#define SEEN 0.05

static const struct family {
    const char *name, *model, *head;
    int once; /* it gives one box an object, selected in the file */
    double ap_least, loss_most, agreement_least;
} families[] = {
    {"yolo11", "demo/parts-yolo11.onnx", "dfl", 0, 0.85, 0.02, 0.96},
    {"yolo26", "demo/parts-yolo26.onnx", "distances", 1, 0.85, 0.02, 0.96},
};

static struct test_context test;
static octet_engine *engine;
static octet_session *session;

static const struct family *open_family(void **state)
{
    const struct family *family = *state;
    octet_session_settings settings;
    test_context_init(&test);
    engine = test_data_engine(&test.context, family->model);
    octet_session_defaults(&settings);
    settings.height = settings.width = SIZE;
    assert_int_equal(octet_session_open(&test.context, engine, &settings, &session), OCTET_OK);
    return family;
}

static void close_family(void)
{
    octet_session_close(&session);
    octet_engine_free(&engine);
    assert_int_equal(test.live, 0);
}

static void head(void **state)
{
    const struct family *family = open_family(state);
    octet_detect_settings settings;
    octet_info info;
    octet_engine_info(engine, &info);
    assert_string_equal(info.head, family->head);
    assert_int_equal(info.class_count, CLASSES);
    assert_string_equal(octet_engine_class_name(engine, CLASSES - 1), "defect");
    assert_int_equal(octet_session_anchor_count(session), ANCHORS);
    assert_int_equal(octet_engine_detect_settings(engine, &settings), family->once);
    assert_int_equal(settings.iou >= 1.0, family->once);
    assert_int_equal(settings.multi_label, family->once);
    assert_int_equal(settings.max_detections, BOXES_MAX);
    close_family();
}

/* ---- predictions ---- */

/* A cell: its number, centre, size and scores, of which the output has one row each. */
static void check_cell(json_t *cell, const float *output, const char *name)
{
    const size_t anchor = (size_t)json_integer_value(json_array_get(cell, 0));
    assert_int_equal(json_array_size(cell), 1 + 4 + CLASSES);
    assert_in_range(anchor, 0, ANCHORS - 1);
    for (size_t i = 0; i < 4 + CLASSES; i++) {
        const double wanted = json_number_value(json_array_get(cell, i + 1));
        const double is = (double)output[i * ANCHORS + anchor];
        if (!(fabs(is - wanted) <= (i < 4 ? PIXELS : SCORE)))
            fail_msg("%s: row %zu of cell %zu is %g, not %g", name, i, anchor, is, wanted);
    }
}

static int check_prediction(json_t *entry)
{
    const char *name = test_bundled_text(entry, "image");
    octet_image *image = test_data_image(&test.context, name);
    float *output = malloc((4 + CLASSES) * ANCHORS * sizeof *output);
    json_t *cells = json_object_get(entry, "prediction"), *cell;
    size_t i;
    assert_non_null(output);
    assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_output(session, 0, output), OCTET_OK);
    json_array_foreach(cells, i, cell) check_cell(cell, output, name);
    octet_image_free(&image);
    free(output);
    return (int)json_array_size(cells);
}

/* ---- what the file selects ---- */

/* The unused box of the same class that is nearest; how far its farthest side is. */
static int nearest(json_t *wanted, const octet_detection *boxes, int count, const bool *used,
                   double *distance)
{
    json_t *xyxy = json_object_get(wanted, "xyxy");
    int best = -1;
    *distance = HUGE_VAL;
    for (int b = 0; b < count; b++) {
        const float sides[4] = {boxes[b].x1, boxes[b].y1, boxes[b].x2, boxes[b].y2};
        double far = 0.0;
        for (size_t i = 0; i < 4; i++)
            far = fmax(far, fabs(json_number_value(json_array_get(xyxy, i)) - (double)sides[i]));
        if (!used[b] && far < *distance &&
            boxes[b].class_id == json_integer_value(json_object_get(wanted, "class_id"))) {
            best = b;
            *distance = far;
        }
    }
    return best;
}

/* All rows of the file's output from SEEN on, and no others, the best first. */
static int check_selected(json_t *entry)
{
    const char *name = test_bundled_text(entry, "image");
    const double scale = json_number_value(json_object_get(entry, "scale"));
    octet_image *image = test_data_image(&test.context, name);
    octet_detection boxes[BOXES_MAX];
    bool used[BOXES_MAX] = {false};
    json_t *rows = json_object_get(entry, "selected"), *row;
    size_t i;
    octet_detect_settings settings;
    int count;
    octet_engine_detect_settings(engine, &settings);
    settings.confidence = SEEN - SCORE;
    assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_detect(session, 0, &settings, boxes, BOXES_MAX, &count),
                     OCTET_OK);
    json_array_foreach(rows, i, row)
    {
        double distance;
        const int found = nearest(row, boxes, count, used, &distance);
        if (found < 0 || !(distance * scale <= PIXELS))
            fail_msg("%s: row %zu is not there: %g px", name, i, distance);
        used[found] = true;
        assert_true(fabs(json_number_value(json_object_get(row, "score")) -
                         (double)boxes[found].score) <= SCORE);
    }
    for (int b = 0; b < count; b++) {
        if (!used[b] && (double)boxes[b].score > SEEN + SCORE)
            fail_msg("%s: a box too many, score %g", name, (double)boxes[b].score);
        assert_true(b == 0 || boxes[b].score <= boxes[b - 1].score);
    }
    octet_image_free(&image);
    return (int)json_array_size(rows);
}

static void outputs(void **state)
{
    const struct family *family = open_family(state);
    json_t *all = test_bundled_family(family->name, "pictures"), *entry;
    size_t i;
    int seen = 0;
    json_array_foreach(json_object_get(all, "outputs"), i, entry) seen +=
        family->once ? check_selected(entry) : check_prediction(entry);
    print_message("    %s: %d %s\n", family->name, seen, family->once ? "rows" : "cells");
    assert_true(seen > 100);
    json_decref(all);
    close_family();
}

/* Where the file selects none: boxes by octet's own selection. */
static void detections(void **state)
{
    const struct family *family = open_family(state);
    struct test_boxes_seen seen = {0, 1.0, 0.0};
    json_t *all = test_bundled_family(family->name, "images"), *item;
    size_t i;
    json_array_foreach(json_object_get(all, "images"), i, item)
        test_expect_boxes(session, &test.context, item, &seen);
    print_message("    %s: %d boxes: IoU %.5f at least, scores within %.2g\n", family->name,
                  seen.boxes, seen.iou, seen.score);
    assert_true(seen.boxes > 80);
    json_decref(all);
    close_family();
}

/* 14 pictures with 78 boxes, on which half a point is noise. */
static void accuracy(void **state)
{
    const struct family *family = *state;
    json_t *all = test_bundled_family(family->name, "pictures");
    const double ap = json_number_value(json_object_get(json_object_get(all, "evaluation"), "ap"));
    json_decref(all);
    assert_true(ap > family->ap_least);
    test_accuracy(&(struct test_accuracy_set){
        family->model, "demo/images/calibration", "demo/images/test", "demo/annotations/test.json",
        SIZE, NULL, ap, family->loss_most, family->agreement_least});
}

#define OF_FAMILY(test, at) cmocka_unit_test_prestate(test, (void *)(uintptr_t)&families[at])
#define ALL(test) OF_FAMILY(test, 0), OF_FAMILY(test, 1)

int main(void)
{
    const struct CMUnitTest tests[] = {ALL(head), ALL(outputs), OF_FAMILY(detections, 0),
                                       ALL(accuracy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
