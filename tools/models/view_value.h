/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a layer's output, whatever the type that an observer is shown. */
#ifndef TOOLS_VIEW_VALUE_H
#define TOOLS_VIEW_VALUE_H

#include <stdbool.h>
#include <string.h>

#include <octet/octet.h>

/* Element `at` of the view's data. A bfloat16 is the upper half of a float; of IEEE's half the
 * exponent is 112 less. */
static inline float view_value(const octet_tensor_view *view, size_t at)
{
    if (view->type == OCTET_ELEMENT_U8)
        return view->scale * (float)(((const uint8_t *)view->data)[at] - view->zero_point);
    if (view->type == OCTET_ELEMENT_F32)
        return ((const float *)view->data)[at];
    const uint32_t code = ((const uint16_t *)view->data)[at];
    const bool ieee = view->type == OCTET_ELEMENT_F16;
    const uint32_t bits = ieee ? (code & 0x8000u) << 16 | (code & 0x7fffu) << 13 : code << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return ieee ? value * 0x1p112f : value;
}

#endif
