/* SPDX-License-Identifier: Apache-2.0 */
/* The head in the description of a network: what it rounds,
 * and how boxes are selected behind it. */
#ifndef OCTET_NETWORK_HEAD_H
#define OCTET_NETWORK_HEAD_H

#include <octet/session.h>

#include <stdbool.h>

#include "network/quantization.h"

#define OCT_HEAD_LEVELS_MAX 8
#define OCT_REG_MAX_MAX 64
#define OCT_CANDIDATES_MAX                                                                         \
    30000 /* best candidates that suppression looks at, as Ultralytics' max_nms */

/* How a head that was quantised itself rounds on the way to a distance: the softmax, the numbers 0
 * .. reg_max - 1 that it is weighted with (each to a multiple of weight_scale, which is 0 where
 * they are exact), and their sum. All 0: not at all. */
struct oct_dfl_rounding {
    struct oct_quantization probability, distance;
    float weight_scale;
};

bool oct_dfl_rounds(const struct oct_dfl_rounding *dfl);
/* Scales finite and not negative, zero points in 0 .. 255. */
bool oct_dfl_rounding_valid(const struct oct_dfl_rounding *dfl);

/* How a model selects boxes where nobody says otherwise; the fields are those of
 * octet_detect_settings. */
struct oct_selection {
    bool is_own; /* false: as octet does, and the rest means nothing */
    double confidence, iou;
    int max_detections, max_per_class, multi_label, class_agnostic;
};

/* What octet does. */
struct oct_selection oct_selection_default(void);
bool oct_selection_valid(const struct oct_selection *selection);
void oct_selection_settings(const struct oct_selection *selection, octet_detect_settings *settings);

#endif
