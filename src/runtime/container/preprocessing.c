/* SPDX-License-Identifier: Apache-2.0 */
/* The object "preprocessing", written and read. */
#include "runtime/container/preprocessing.h"

#include <limits.h>
#include <string.h>

enum { WITH_PADDING = 1 };

octet_status oct_preprocessing_read(const struct oct_field_place *place,
                                    const struct oct_json_value *object, int *padding_included,
                                    const char **differs)
{
    const char *resize, *channels, *range;
    int scale_up, pad;
    const struct oct_field fields[] = {
        {"resize", OCT_FIELD_TEXT, 0, 0, &resize, 0, false},
        {"scale_up", OCT_FIELD_BOOLEAN, 0, 0, &scale_up, 0, false},
        {"pad", OCT_FIELD_INTEGER, 0, INT_MAX, &pad, 0, false},
        {"channels", OCT_FIELD_TEXT, 0, 0, &channels, 0, false},
        {"range", OCT_FIELD_TEXT, 0, 0, &range, 0, false},
        {"padding_included", OCT_FIELD_BOOLEAN, 0, 0, padding_included, WITH_PADDING, false},
    };
    *differs = NULL;
    const octet_status status =
        OCT_FIELDS_READ(place, object, padding_included ? WITH_PADDING : 0, fields);
    if (status)
        return status;
    *differs = strcmp(resize, "letterbox") != 0 ? "resize"
               : !scale_up                      ? "scale_up"
               : pad != 114                     ? "pad"
               : strcmp(channels, "RGB") != 0   ? "channels"
               : strcmp(range, "0-1") != 0      ? "range"
                                                : NULL;
    return OCTET_OK;
}

void oct_preprocessing_add(struct oct_text *out, const int *padding_included)
{
    oct_text_printf(out,
                    "\"preprocessing\":{\"resize\":\"letterbox\",\"scale_up\":true,\"pad\":114,"
                    "\"channels\":\"RGB\",\"range\":\"0-1\"");
    if (padding_included)
        oct_text_printf(out, ",\"padding_included\":%s", *padding_included ? "true" : "false");
    oct_text_printf(out, "}");
}
