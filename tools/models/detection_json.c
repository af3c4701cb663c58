/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a detection's JSON. */
#include "models/detection_json.h"

json_t *detection_json(const octet_engine *engine, const octet_detection *found)
{
    const float corners[4] = {found->x1, found->y1, found->x2, found->y2};
    json_t *json = json_new_object(), *box = json_new_array();
    json_put(json, "class_id", json_integer(found->class_id));
    json_put(json, "class_name", json_text(octet_engine_class_name(engine, found->class_id)));
    json_put(json, "score", json_number(found->score));
    for (int i = 0; i < 4; i++)
        json_push(box, json_number(corners[i]));
    json_put(json, "box_xyxy", box);
    return json;
}
