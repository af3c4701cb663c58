/* SPDX-License-Identifier: Apache-2.0 */
/* From head tensors to final boxes: threshold in the logit domain, decode what passes, class-wise
 * suppression. */
#ifndef OCTET_RUNTIME_HEAD_NMS_H
#define OCTET_RUNTIME_HEAD_NMS_H

#include <octet/session.h>

#include "runtime/head/decode.h"

struct oct_candidate {
    float score;
    int anchor, class_id;
};

/* Scratch for oct_select(), owned by the caller. */
struct oct_select_scratch {
    struct oct_candidate *candidates;
    int capacity;
};

/* Entries that a head of this size can need: at most OCT_CANDIDATES_MAX. */
int oct_select_capacity(int anchors, int class_count);

/* Writes at most `most` detections, best first, in input pixels (unclipped), and returns their
 * number. Allocates nothing. The settings are valid (see octet_detect_settings). */
int oct_select(const struct oct_head_view *head, const octet_detect_settings *settings,
               struct oct_select_scratch *scratch, octet_detection *detections, int most);

#endif
