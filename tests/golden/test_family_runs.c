/* SPDX-License-Identifier: Apache-2.0 */
/* YOLO11 and YOLO26 in float: ONNX Runtime's outputs of letterboxed pictures, and the boxes that
 * Ultralytics finds on whole ones. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "data.h"
#include "expected_boxes.h"
#include "models.h"
#include "read_npz.h"

#define BOX_TOLERANCE_PX 0.05
#define SCORE_TOLERANCE 1e-3
/* Rows of a one-to-one head below this score are noise, whose order rounding decides. */
#define SCORE_LEAST 0.001
enum { SIZE = 640, ROWS = 300, ROW = 6 };

static const struct model {
    const char *name, *folder;
    const char *pictures[3];
    bool selects; /* its output is what TopK has taken */
} models[] = {
    {"yolo11n-coco",
     "coco/images/val2017",
     {"000000000139", "000000000285", "000000000724"},
     false},
    {"yolo26n-coco-dq-raw",
     "coco/images/val2017",
     {"000000000139", "000000000285", "000000000724"},
     false},
    {"yolo26n-coco-dq-e2e",
     "coco/images/val2017",
     {"000000000139", "000000000285", "000000000724"},
     true},
    {"yolo26n-road-raw",
     "family/sets/potholes-val/images",
     {"pothole_100", "pothole_103", "pothole_107"},
     false},
    {"yolo26n-road-e2e",
     "family/sets/potholes-val/images",
     {"pothole_100", "pothole_103", "pothole_107"},
     true},
};

struct difference {
    double box, score;
    int compared;
};

static void see(struct difference *seen, bool is_box, double off)
{
    double *largest = is_box ? &seen->box : &seen->score;
    *largest = off > *largest || isnan(off) ? off : *largest;
    seen->compared++;
}

static octet_session *open_session(octet_context *ctx, const struct model *model,
                                   octet_engine **engine)
{
    char relative[TEST_PATH_BYTES];
    octet_session *session;
    snprintf(relative, sizeof relative, "family/models/%s.onnx", model->name);
    *engine = test_data_engine(ctx, relative);
    assert_int_equal(octet_session_open(ctx, *engine, NULL, &session), OCTET_OK);
    return session;
}

/* Anchors [count] of the file's output beside octet's, [rows][anchors] both. */
static void compare_columns(const float *output, size_t anchors, const float *expected,
                            const int32_t *places, size_t rows, size_t count,
                            struct difference *seen)
{
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < count; i++) {
            const size_t anchor = places ? (size_t)places[i] : i;
            const float value = output[row * anchors + anchor];
            see(seen, row < 4, fabs((double)value - (double)expected[row * count + i]));
        }
}

static void compare_prediction(octet_session *session, const char *golden, size_t rows,
                               struct difference *seen)
{
    const size_t anchors = (size_t)octet_session_anchor_count(session);
    float *output = malloc(rows * anchors * sizeof *output);
    struct npy expected, places;
    assert_non_null(output);
    assert_int_equal(octet_session_output(session, 0, output), OCTET_OK);
    if (npz_read(golden, "output0", &expected)) {
        npy_expect(&expected, NPY_FLOAT32, 3, (size_t)1, rows, anchors);
        compare_columns(output, anchors, expected.f32, NULL, rows, anchors, seen);
    } else {
        assert_true(npz_read(golden, "output0_columns", &expected));
        assert_true(npz_read(golden, "anchor_index", &places));
        npy_expect(&places, NPY_INT32, 1, places.shape[0]);
        npy_expect(&expected, NPY_FLOAT32, 2, rows, places.shape[0]);
        compare_columns(output, anchors, expected.f32, places.i32, rows, places.shape[0], seen);
        npy_free(&places);
    }
    npy_free(&expected);
    free(output);
}

/* The largest distance of a side. octet's boxes end where the picture ends. */
static double row_distance(const float *row, const octet_detection *box)
{
    const float sides[4] = {box->x1, box->y1, box->x2, box->y2};
    double largest = 0.0;
    for (int i = 0; i < 4; i++) {
        const double off = fabs(fmin(fmax((double)row[i], 0.0), SIZE) - (double)sides[i]);
        if (!(off <= largest)) /* not fmax(): gcc 12 for ARM ends with an error of its own there */
            largest = off;
    }
    return largest;
}

/* Rows that TopK took, each beside the box of its class that lies nearest. */
static void compare_rows(octet_session *session, const octet_engine *engine, const char *golden,
                         struct difference *seen)
{
    octet_detect_settings settings;
    octet_detection boxes[ROWS];
    struct npy expected;
    int count;
    octet_engine_detect_settings(engine, &settings);
    settings.confidence = 0.0;
    assert_int_equal(octet_session_detect(session, 0, &settings, boxes, ROWS, &count), OCTET_OK);
    assert_int_equal(count, ROWS);
    assert_true(npz_read(golden, "output0", &expected));
    npy_expect(&expected, NPY_FLOAT32, 3, (size_t)1, (size_t)ROWS, (size_t)ROW);
    for (int i = 0; i < ROWS; i++) {
        const float *row = expected.f32 + (ptrdiff_t)i * ROW;
        int best = -1;
        if ((double)row[4] < SCORE_LEAST)
            break;
        for (int b = 0; b < count; b++)
            if (boxes[b].class_id == (int)row[5] &&
                (best < 0 || row_distance(row, &boxes[b]) < row_distance(row, &boxes[best])))
                best = b;
        assert_true(best >= 0);
        see(seen, true, row_distance(row, &boxes[best]));
        see(seen, false, fabs((double)row[4] - (double)boxes[best].score));
    }
    npy_free(&expected);
}

static void check_outputs(const struct model *model)
{
    char path[TEST_PATH_BYTES], relative[TEST_PATH_BYTES];
    struct test_context test;
    struct difference seen = {0};
    octet_engine *engine;
    octet_info info;
    test_context_init(&test);
    octet_session *session = open_session(&test.context, model, &engine);
    octet_engine_info(engine, &info);
    for (int i = 0; i < 3; i++) {
        snprintf(relative, sizeof relative, "family/golden/inputs/%s_640.png", model->pictures[i]);
        octet_image *image = test_data_image(&test.context, relative);
        assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
        assert_int_equal(octet_session_run(session), OCTET_OK);
        octet_image_free(&image);
        snprintf(relative, sizeof relative, "family/golden/%s__%s.npz", model->name,
                 model->pictures[i]);
        test_data_path(path, relative);
        if (model->selects)
            compare_rows(session, engine, path, &seen);
        else
            compare_prediction(session, path, (size_t)(4 + info.class_count), &seen);
    }
    print_message("    %s: %d values, %.5f px, %.2g score\n", model->name, seen.compared, seen.box,
                  seen.score);
    assert_true(seen.compared > 100);
    assert_true(seen.box <= BOX_TOLERANCE_PX && seen.score <= SCORE_TOLERANCE);
    octet_session_close(&session);
    octet_engine_free(&engine);
    assert_int_equal(test.live, 0);
}

static void outputs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        check_outputs(&models[i]);
}

/* {"image", "detections"}, as test_expect_boxes() takes it, of {"dets": [{"cls", ...}, ...]}. */
static json_t *expectation(const char *folder, const char *picture, json_t *recorded)
{
    json_t *boxes = json_array(), *box;
    size_t i;
    json_array_foreach(json_object_get(recorded, "dets"), i, box) json_array_append_new(
        boxes, json_pack("{sOsOsO}", "xyxy", json_object_get(box, "xyxy"), "score",
                         json_object_get(box, "conf"), "class_id", json_object_get(box, "cls")));
    return json_pack("{s:s++, s:o}", "image", folder, "/", picture, "detections", boxes);
}

static void check_detections(const struct model *model)
{
    char relative[TEST_PATH_BYTES];
    const char *picture;
    json_t *recorded;
    struct test_context test;
    struct test_boxes_seen seen = {0, 1.0, 0.0};
    octet_engine *engine;
    test_context_init(&test);
    octet_session *session = open_session(&test.context, model, &engine);
    snprintf(relative, sizeof relative, "family/golden/%s__ultralytics_conf025_iou07.json",
             model->name);
    json_t *json = test_data_json(relative);
    assert_int_equal(json_object_size(json), 12);
    json_object_foreach(json, picture, recorded)
    {
        json_t *item = expectation(model->folder, picture, recorded);
        assert_non_null(item);
        test_expect_own_boxes(session, engine, &test.context, item, &seen);
        json_decref(item);
    }
    print_message("    %s: %d boxes: IoU %.5f at least, scores within %.2g\n", model->name,
                  seen.boxes, seen.iou, seen.score);
    assert_true(seen.boxes > 5);
    json_decref(json);
    octet_session_close(&session);
    octet_engine_free(&engine);
    assert_int_equal(test.live, 0);
}

static void detections(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        check_detections(&models[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs),
        cmocka_unit_test(detections),
    };
    return test_family_present() ? cmocka_run_group_tests(tests, NULL, NULL) : TEST_SKIPPED;
}
