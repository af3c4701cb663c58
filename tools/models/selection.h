/* SPDX-License-Identifier: Apache-2.0 */
/* How boxes are selected, in words; models may bring limits of their own. */
#ifndef TOOLS_SELECTION_H
#define TOOLS_SELECTION_H

#include "app/json_print.h"

/* "score above 0.25, NMS at IoU 0.7, at most 300 boxes"; freed with free(). */
char *selection_text(const octet_detect_settings *settings);

/* "NMS at IoU 0.7" alone. */
char *suppression_text(const octet_detect_settings *settings);

/* `own`: the settings are the model's. */
json_t *selection_json(const octet_detect_settings *settings, int own);

/* Boxes of a picture that take part in average precision. */
#define SCORING_DETECTIONS_MAX 300

/* What average precision is worked out with: the field's settings for every model, but no
 * suppression where the model does without. */
void selection_for_precision(const octet_engine *engine, octet_detect_settings *settings);

#endif
