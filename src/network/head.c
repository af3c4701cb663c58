/* SPDX-License-Identifier: Apache-2.0 */
/* What a head may say of itself, and how boxes are selected where it says nothing. */
#include "network/head.h"

bool oct_dfl_rounds(const struct oct_dfl_rounding *dfl)
{
    return dfl->probability.scale > 0.0f || dfl->distance.scale > 0.0f || dfl->weight_scale > 0.0f;
}

static bool scale_valid(float scale)
{
    return scale == 0.0f || (scale >= 1e-30f && scale <= 1e30f);
}

static bool rounding_valid(const struct oct_quantization *rounding)
{
    return scale_valid(rounding->scale) && rounding->zero_point >= 0 && rounding->zero_point <= 255;
}

bool oct_dfl_rounding_valid(const struct oct_dfl_rounding *dfl)
{
    return rounding_valid(&dfl->probability) && rounding_valid(&dfl->distance) &&
           scale_valid(dfl->weight_scale);
}

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
