/* SPDX-License-Identifier: Apache-2.0 */
/* Single elements of a view, whatever its type. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VIEW_ELEMENTS_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VIEW_ELEMENTS_H

#include "base/bfloat16.h"
#include "base/float16.h"
#include "network/requantize.h"
#include "runtime/backend/cpu/kernels/kernels.h"

/* Element `at` of a view, codes as what they stand for. */
static inline float oct_value_at(const struct oct_view *view, ptrdiff_t at)
{
    if (view->type == OCT_TYPE_F32)
        return ((const float *)view->data)[at];
    if (view->type == OCT_TYPE_U8)
        return oct_dequantize(((const uint8_t *)view->data)[at], view->quantization.scale,
                              view->quantization.zero_point);
    const uint16_t half = ((const uint16_t *)view->data)[at];
    return view->type == OCT_TYPE_BF16 ? oct_bf16_value(half) : oct_f16_value(half);
}

static inline void oct_store_at(const struct oct_view *view, ptrdiff_t at, float value)
{
    if (view->type == OCT_TYPE_F32)
        ((float *)view->data)[at] = value;
    else if (view->type == OCT_TYPE_U8)
        ((uint8_t *)view->data)[at] =
            oct_requantize(value, view->inverse_scale, view->quantization.zero_point);
    else
        ((uint16_t *)view->data)[at] =
            view->type == OCT_TYPE_BF16 ? oct_bf16_of(value) : oct_f16_of(value);
}

#endif
