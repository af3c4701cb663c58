/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes of one picture, matched with recorded ones by class and overlap. */
#include "expected_boxes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models.h"

#define CONFIDENCE 0.25 /* that of the recorded boxes */
/* Between it and this, rounding decides on which side of the threshold a box falls. */
#define SCORE_SURE 0.3

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

static void expect_boxes(octet_session *session, const octet_detect_settings *settings,
                         octet_context *ctx, json_t *item, struct test_boxes_seen *seen)
{
    const char *path = json_string_value(json_object_get(item, "image"));
    octet_image *image = test_data_image(ctx, path);
    octet_detection boxes[300];
    bool used[300] = {false};
    const int count = test_detect_by(session, image, settings, boxes);
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

void test_expect_boxes(octet_session *session, octet_context *ctx, json_t *item,
                       struct test_boxes_seen *seen)
{
    octet_detect_settings settings;
    octet_detect_defaults(&settings);
    settings.confidence = CONFIDENCE;
    expect_boxes(session, &settings, ctx, item, seen);
}

void test_expect_own_boxes(octet_session *session, const octet_engine *engine, octet_context *ctx,
                           json_t *item, struct test_boxes_seen *seen)
{
    octet_detect_settings settings;
    octet_engine_detect_settings(engine, &settings);
    settings.confidence = CONFIDENCE;
    expect_boxes(session, &settings, ctx, item, seen);
}
