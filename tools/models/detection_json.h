/* SPDX-License-Identifier: Apache-2.0 */
/* A detection as JSON has it, whichever verb prints it. */
#ifndef TOOLS_DETECTION_JSON_H
#define TOOLS_DETECTION_JSON_H

#include "app/json_print.h"

/* {"class_id":.., "class_name":.., "score":.., "box_xyxy":[..]} */
json_t *detection_json(const octet_engine *engine, const octet_detection *found);

#endif
