/* SPDX-License-Identifier: Apache-2.0 */
/* A session's boxes beside those that another program gave for the same model and picture. */
#ifndef OCTET_TESTS_SUPPORT_EXPECTED_BOXES_H
#define OCTET_TESTS_SUPPORT_EXPECTED_BOXES_H

#include <jansson.h>

#include <octet/octet.h>

struct test_boxes_seen {
    int boxes;
    double iou, score; /* least, and largest difference */
};

/* `item` is {"image": PATH, "detections": [{"xyxy", "score", "class_id"}, ...]}, of scores of 0.25
 * and above. Fails the running test unless the boxes of score 0.3 and above are the same, within an
 * IoU of 0.98 and 0.01 of score. `seen` is added to. */
void test_expect_boxes(octet_session *session, octet_context *ctx, json_t *item,
                       struct test_boxes_seen *seen);

/* The same of a session of this engine, by the limits that its file brings. */
void test_expect_own_boxes(octet_session *session, const octet_engine *engine, octet_context *ctx,
                           json_t *item, struct test_boxes_seen *seen);

#endif
