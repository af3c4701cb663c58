/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 8 IEEE halves, with the names that vector/config.h explains: what convolutions out of
 * halves ask for (OCT_HALVES). Numbers beyond 65,504 are infinite here; what is stored is not. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_VECTOR_FP16_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_VECTOR_FP16_H

#include <arm_neon.h>

#define OCT_LANES 8
#define OCT_REGISTERS 32

typedef float16x8_t v_float;

/* No instruction: the compiler no longer knows what is in `a`. */
#define v_opaque(a) __asm__ volatile("" : "+w"(a))

static inline v_float v_set(float value)
{
    return vdupq_n_f16((float16_t)value);
}

static inline v_float v_load(const void *at)
{
    return vld1q_f16((const float16_t *)at);
}

static inline v_float v_load_aligned(const void *at)
{
    return vld1q_f16((const float16_t *)at);
}

static inline v_float v_broadcast_float(const void *at)
{
    return vld1q_dup_f16((const float16_t *)at);
}

static inline void v_store(void *at, v_float a)
{
    vst1q_f16((float16_t *)at, a);
}

static inline void v_stream_end(void)
{
}

static inline v_float v_fma(v_float a, v_float b, v_float c)
{
    return vfmaq_f16(c, a, b);
}

static inline v_float v_mul(v_float a, v_float b)
{
    return vmulq_f16(a, b);
}

static inline v_float v_add(v_float a, v_float b)
{
    return vaddq_f16(a, b);
}

static inline v_float v_sub(v_float a, v_float b)
{
    return vsubq_f16(a, b);
}

#endif
