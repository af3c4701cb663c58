/* SPDX-License-Identifier: Apache-2.0 */
/* Final detections of the float engine against Ultralytics', from file to box. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "data.h"
#include "models.h"

/* Between 0.25 and this, rounding decides on which side of the threshold a box falls. */
#define SCORE_SURE 0.3

struct seen {
    int boxes;
    double iou, score; /* least, and largest difference */
};

static octet_detection expected_box(json_t *json)
{
    json_t *xyxy = json_object_get(json, "xyxy");
    return (octet_detection){
        .x1 = (float)json_number_value(json_array_get(xyxy, 0)),
        .y1 = (float)json_number_value(json_array_get(xyxy, 1)),
        .x2 = (float)json_number_value(json_array_get(xyxy, 2)),
        .y2 = (float)json_number_value(json_array_get(xyxy, 3)),
        .score = (float)json_number_value(json_object_get(json, "score")),
        .class_id = (int)json_integer_value(json_object_get(json, "class_id")),
    };
}

/* The unused box of the same class that overlaps most. */
static int match(const octet_detection *wanted, const octet_detection *boxes, int count,
                 const bool *used)
{
    int best = -1;
    for (int i = 0; i < count; i++)
        if (!used[i] && boxes[i].class_id == wanted->class_id &&
            (best < 0 || test_iou(wanted, &boxes[i]) > test_iou(wanted, &boxes[best])))
            best = i;
    return best;
}

static void compare(octet_session *session, octet_context *ctx, json_t *item, struct seen *seen)
{
    const char *path = json_string_value(json_object_get(item, "image"));
    octet_image *image = test_data_image(ctx, path);
    octet_detection boxes[300];
    bool used[300] = {false};
    const int count = test_detect(session, image, 0.25, boxes);
    octet_image_free(&image);
    json_t *json;
    size_t i;
    json_array_foreach(json_object_get(item, "detections"), i, json)
    {
        const octet_detection wanted = expected_box(json);
        const int found = match(&wanted, boxes, count, used);
        if (found >= 0)
            used[found] = true;
        if ((double)wanted.score < SCORE_SURE)
            continue;
        if (found < 0)
            fail_msg("%s: box %zu was not found", path, i);
        const double iou = test_iou(&wanted, &boxes[found]);
        const double score = fabs((double)wanted.score - (double)boxes[found].score);
        if (!(iou >= 0.98 && score <= 0.01))
            fail_msg("%s: box %zu: IoU %g, score off by %g", path, i, iou, score);
        seen->boxes++;
        seen->iou = fmin(seen->iou, iou);
        seen->score = fmax(seen->score, score);
    }
    for (int b = 0; b < count; b++)
        if (!used[b] && (double)boxes[b].score >= SCORE_SURE)
            fail_msg("%s: a box of class %d, score %g too many", path, boxes[b].class_id,
                     (double)boxes[b].score);
}

static void detections(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    octet_engine *engine = test_data_engine(&test.context, "models/yolov8n.onnx");
    octet_session *session;
    assert_int_equal(octet_session_open(&test.context, engine, NULL, &session), OCTET_OK);
    struct seen seen = {0, 1.0, 0.0};
    json_t *json = test_data_json("golden/ultralytics/detections.json"), *item;
    size_t i;
    json_array_foreach(json_object_get(json, "images"), i, item)
        compare(session, &test.context, item, &seen);
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
