/* SPDX-License-Identifier: Apache-2.0 */
/* How boxes are selected where a model says nothing, and what it may say. */
#include "network/head.h"

struct oct_selection oct_selection_default(void)
{
    return (struct oct_selection){.confidence = 0.25, .iou = 0.7, .max_detections = 300};
}

bool oct_selection_valid(const struct oct_selection *selection)
{
    return !selection->is_own ||
           (selection->confidence >= 0.0 && selection->confidence <= 1.0 && selection->iou >= 0.0 &&
            selection->iou <= 1.0 && selection->max_detections >= 1 &&
            selection->max_detections <= OCT_CANDIDATES_MAX && selection->max_per_class >= 0);
}

void oct_selection_settings(const struct oct_selection *selection, octet_detect_settings *settings)
{
    const struct oct_selection from = selection->is_own ? *selection : oct_selection_default();
    *settings = (octet_detect_settings){.confidence = from.confidence,
                                        .iou = from.iou,
                                        .max_detections = from.max_detections,
                                        .multi_label = from.multi_label,
                                        .class_agnostic = from.class_agnostic,
                                        .max_per_class = from.max_per_class};
}
