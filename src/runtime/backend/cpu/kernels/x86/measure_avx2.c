/* SPDX-License-Identifier: Apache-2.0 */
/* What calibration sees of floats, in vectors of 256 bits. */
#define OCT_CODES 0
#define OCT_GROUP 1
#include "runtime/backend/cpu/kernels/x86/vector_avx2.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

static inline v_int v_floors(v_float value, v_float inverse, v_float width)
{
    const v_int whole = _mm256_cvttps_epi32(v_mul(value, inverse));
    const v_float below = _mm256_cmp_ps(value, v_mul(v_float_of(whole), width), _CMP_LT_OQ);
    return v_add_int(whole, _mm256_castps_si256(below));
}

#include "runtime/backend/cpu/kernels/vector/measure.h"

void oct_fill_measure_avx2(struct oct_kernels *kernels)
{
    kernels->measure = (struct oct_measure_kernels){measure, count_bins};
}
