/* SPDX-License-Identifier: Apache-2.0 */
/* Says how boxes are selected. */
#include "models/selection.h"

#include <stdlib.h>

/* The field's settings, which published figures are worked out with. */
#define SCORING_CONFIDENCE 0.001
#define SCORING_IOU 0.7

char *suppression_text(const octet_detect_settings *settings)
{
    if (settings->iou >= 1)
        return app_strdup("no suppression");
    return app_printf("%sNMS at IoU %g", settings->class_agnostic ? "class-agnostic " : "",
                      settings->iou);
}

char *selection_text(const octet_detect_settings *settings)
{
    char *suppression = suppression_text(settings);
    char *each = settings->max_per_class ? app_printf(", %d of a class", settings->max_per_class)
                                         : app_strdup("");
    char *text = app_printf("score above %g, %s, at most %d boxes%s", settings->confidence,
                            suppression, settings->max_detections, each);
    free(suppression);
    free(each);
    return text;
}

json_t *selection_json(const octet_detect_settings *settings, int own)
{
    json_t *json = json_new_object();
    json_put(json, "own", json_boolean(own));
    json_put(json, "confidence", json_number(settings->confidence));
    json_put(json, "iou", json_number(settings->iou));
    json_put(json, "max_detections", json_integer(settings->max_detections));
    json_put(json, "max_per_class",
             settings->max_per_class ? json_integer(settings->max_per_class) : json_null());
    json_put(json, "multi_label", json_boolean(settings->multi_label));
    json_put(json, "class_agnostic", json_boolean(settings->class_agnostic));
    return json;
}

void selection_for_precision(const octet_engine *engine, octet_detect_settings *settings)
{
    octet_engine_detect_settings(engine, settings);
    const bool unsuppressed = settings->iou >= 1;
    octet_detect_defaults(settings);
    settings->confidence = SCORING_CONFIDENCE;
    settings->iou = unsuppressed ? 1 : SCORING_IOU;
    settings->max_detections = SCORING_DETECTIONS_MAX;
    settings->multi_label = 1;
}
