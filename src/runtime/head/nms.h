/* SPDX-License-Identifier: Apache-2.0 */
/* Class-wise suppression of boxes (greedy, by IoU), of any head whose boxes are many for one
 * object: the best candidates are kept in a bounded heap, sorted, and each is a detection unless a
 * better one covers it. */
#ifndef OCTET_RUNTIME_HEAD_NMS_H
#define OCTET_RUNTIME_HEAD_NMS_H

#include "network/head.h"

struct oct_candidate {
    float score, best; /* best: of all candidates of its anchor */
    int anchor, class_id;
};

/* Scratch for a head's select(), owned by the caller. */
struct oct_select_scratch {
    struct oct_candidate *candidates;
    int capacity;
};

/* A bounded heap with the worst candidate on top, so that the best `capacity` survive. */
struct oct_candidates {
    struct oct_candidate *entries;
    int count, capacity;
};

/* Entries that a head of this size can need: at most OCT_CANDIDATES_MAX. */
int oct_select_capacity(int anchors, int class_count);

void oct_candidates_add(struct oct_candidates *heap, struct oct_candidate candidate);

/* Where the boxes of candidates come from: corners() says (x1, y1, x2, y2) of an anchor's, in input
 * pixels. It is asked of those alone that suppression comes to. */
struct oct_boxes {
    void (*corners)(const void *user, int anchor, float corners[4]);
    const void *user;
};

/* Writes at most `most` detections, best first, in input pixels (unclipped), and returns their
 * number. Allocates nothing. The settings are valid (see octet_detect_settings). */
int oct_nms(struct oct_candidates *candidates, const struct oct_boxes *boxes,
            const octet_detect_settings *settings, octet_detection *detections, int most);

#endif
