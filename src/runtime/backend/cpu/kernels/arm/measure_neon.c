/* SPDX-License-Identifier: Apache-2.0 */
/* What calibration sees of floats, in vectors of 128 bits. */
#define OCT_CODES 0
#define OCT_GROUP 1
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

/* FMINNM and FMAXNM take -0 for less than 0. */
static inline v_float v_least(v_float a, v_float b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

static inline v_float v_greatest(v_float a, v_float b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

static inline v_int v_floors(v_float value, v_float inverse, v_float width)
{
    const v_int whole = vcvtq_s32_f32(v_mul(value, inverse));
    const uint32x4_t below = vcltq_f32(value, v_mul(v_float_of(whole), width));
    return v_add_int(whole, vreinterpretq_s32_u32(below));
}

#define OCT_LEAST v_least
#define OCT_GREATEST v_greatest
#include "runtime/backend/cpu/kernels/vector/measure.h"

void oct_fill_measure_neon(struct oct_kernels *kernels)
{
    kernels->measure = (struct oct_measure_kernels){measure, count_bins};
}
