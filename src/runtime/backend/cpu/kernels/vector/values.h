/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of tensors of any type, loaded and stored: a vector of them, and whole groups of four
 * vectors, which are in flight together.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_VALUES_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_VALUES_H

#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cpu/kernels/vector/config.h"

enum { GROUP_LANES = 4 * OCT_LANES };

/* How codes of a tensor and values go into each other. */
struct coding {
    v_float scale, inverse, highest;
    int zero_point;
};

OCT_INLINE struct coding coding_of(const struct oct_view *view)
{
    const int zero_point = view->quantization.zero_point;
    return (struct coding){v_set(view->quantization.scale), v_set(view->inverse_scale),
                           v_set((float)(255 - zero_point)), zero_point};
}

/* The code less its zero point, see oct_requantize(). What is too small is left to v_pack(). */
OCT_INLINE v_int steps_of(v_float value, const struct coding *c)
{
    return v_rounded(v_min(v_mul(value, c->inverse), c->highest));
}

/* A vector's `count` values of a tensor; `type` is known where it is called. */
OCT_INLINE v_float load_values(const uint8_t *at, const enum oct_type type, const struct coding *c,
                               const int count)
{
    if (type == OCT_TYPE_U8)
        return v_mul(v_float_of(v_load_codes(at, count, c->zero_point)), c->scale);
    if (type == OCT_TYPE_BF16)
        return v_load_bf16((const uint16_t *)(const void *)at, count);
#if OCT_F16_STORED
    if (type == OCT_TYPE_F16)
        return v_load_f16((const uint16_t *)(const void *)at, count);
#endif
    return v_load_floats((const float *)(const void *)at, count);
}

OCT_INLINE void store_values(uint8_t *at, const enum oct_type type, const struct coding *c,
                             v_float value, const int count)
{
    if (type == OCT_TYPE_U8) {
        const v_int steps = steps_of(value, c), all[4] = {steps, steps, steps, steps};
        v_store_1(at, v_pack(all, c->zero_point), 0, count);
    } else if (type == OCT_TYPE_BF16) {
        v_store_bf16((uint16_t *)(void *)at, value, count);
#if OCT_F16_STORED
    } else if (type == OCT_TYPE_F16) {
        v_store_f16((uint16_t *)(void *)at, value, count);
#endif
    } else {
        v_store_floats((float *)(void *)at, value, count);
    }
}

/* The same of four whole vectors. */
OCT_INLINE void load_group(const uint8_t *at, const enum oct_type type, const struct coding *c,
                           v_float values[4])
{
    v_int steps[4];
    if (type == OCT_TYPE_U8)
        v_load_codes_4(at, c->zero_point, steps);
    OCT_UNROLL
    for (int i = 0; i < 4; i++)
        values[i] = type == OCT_TYPE_U8
                        ? v_mul(v_float_of(steps[i]), c->scale)
                        : load_values(at + (size_t)(i * OCT_LANES) * oct_type_bytes(type), type, c,
                                      OCT_LANES);
}

OCT_INLINE void store_group(uint8_t *at, const enum oct_type type, const struct coding *c,
                            const v_float values[4])
{
    v_int steps[4];
    OCT_UNROLL
    for (int i = 0; i < 4; i++) {
        if (type == OCT_TYPE_U8)
            steps[i] = steps_of(values[i], c);
        else
            store_values(at + (size_t)(i * OCT_LANES) * oct_type_bytes(type), type, c, values[i],
                         OCT_LANES);
    }
    if (type == OCT_TYPE_U8)
        v_store_4(at, v_pack(steps, c->zero_point), GROUP_LANES);
}

#endif
