/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The finish of convolutions whose sums are halves. What most layers end in, SiLU and halves, with
 * or without a residual of halves, is worked out in halves; the rest in floats, by the finish of
 * sums that are floats.
 */
#include <arm_neon.h>

#include "base/float16.h"
#include "runtime/backend/cpu/kernels/arm/arm.h"

/* Together: the vectors that are in flight. */
enum { LANES = 8, FLOATS = 4, REGISTER = 16, TOGETHER = 4, MOST_VALUES = 28 * LANES };

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/*
 * x / (1 + exp(-x)): exp(-x) = 2^n p(r) with -x log2(e) = n - r. Adding 1.5 * 2^10 + 15 leaves n
 * and the exponent's 15 in the last bits. Below -11.2 n is 16, which makes 2^n infinite and the
 * quotient 0; above 9.9 it is x. The reciprocal's estimate of 8 bits takes one step of Newton's.
 */
#define LEAST -11.2f
#define MOST 9.9f
#define LOG2_E 1.44269504f
#define MAGIC 1551.0f
#define EXPONENT_BITS 10

/* 2^-r within 1.1e-4 for r from -0.5 to 0.5. */
#define C1 -0.69314f
#define C2 0.24022f
#define C3 -0.05588f

static inline float16x8_t all(float value)
{
    return vdupq_n_f16((float16_t)value);
}

ALWAYS_INLINE void silu(float16x8_t v[TOGETHER], int count)
{
    for (int i = 0; i < count; i++) {
        const float16x8_t x = vmaxnmq_f16(v[i], all(LEAST)), held = vminnmq_f16(x, all(MOST));
        const float16x8_t shifted = vfmsq_f16(all(MAGIC), held, all(LOG2_E));
        const float16x8_t r = vfmaq_f16(vsubq_f16(shifted, all(MAGIC)), held, all(LOG2_E));
        const float16x8_t power =
            vreinterpretq_f16_s16(vshlq_n_s16(vreinterpretq_s16_f16(shifted), EXPONENT_BITS));
        float16x8_t p = vfmaq_f16(all(C2), r, all(C3));
        p = vfmaq_f16(all(C1), r, p);
        p = vfmaq_f16(all(1.0f), r, p);
        const float16x8_t below = vfmaq_f16(all(1.0f), p, power);
        const float16x8_t estimate = vrecpeq_f16(below);
        v[i] = vmulq_f16(vmulq_f16(x, estimate), vrecpsq_f16(below, estimate));
    }
}

/* A sum that went beyond the largest half, and may be no number, as one that did not. */
static inline float32x4_t held(float32x4_t sum)
{
    return vminnmq_f32(vmaxnmq_f32(sum, vdupq_n_f32(-OCT_F16_MOST)), vdupq_n_f32(OCT_F16_MOST));
}

static void by_floats(const struct finish *f, int pixels, uint8_t *output, const uint8_t *residual)
{
    _Alignas(64) float values[MOST_VALUES];
    struct finish floats = *f;
    floats.vectors = 2 * f->vectors - (f->tail <= FLOATS);
    floats.tail = f->tail <= FLOATS ? f->tail : f->tail - FLOATS;
    floats.sums = (const int32_t *)(const void *)values;
    const float16_t *sums = (const float16_t *)(const void *)f->sums;
    float *to = values;
    for (int i = 0; i < pixels; i++, sums += f->vectors * LANES)
        for (int n = 0; n < floats.vectors; n++, to += FLOATS)
            vst1q_f32(to, held(vcvt_f32_f16(vld1_f16(sums + (ptrdiff_t)n * FLOATS))));
    oct_finish_f16_neon(f->flags)(&floats, pixels, output, residual);
}

/* `count` vectors, `vectors` of each pixel, from `sums` on. */
ALWAYS_INLINE void finish_vectors(const struct finish *f, const float16_t *sums, int count,
                                  int vectors, uint8_t *output, const uint8_t *residual)
{
    float16x8_t v[TOGETHER];
    for (int i = 0; i < count; i++)
        v[i] = vld1q_f16(sums + (ptrdiff_t)i * LANES);
    silu(v, count);
    for (int i = 0; i < count; i++) {
        const size_t pixel = (size_t)(i / vectors), at = (size_t)(i % vectors) * REGISTER;
        if (residual)
            v[i] = vaddq_f16(
                v[i], vld1q_f16((const float16_t *)(const void *)(residual +
                                                                  pixel * f->residual_pixel + at)));
        vst1q_f16((float16_t *)(void *)(output + pixel * f->output_pixel + at),
                  vminnmq_f16(v[i], all(OCT_F16_MOST)));
    }
}

/* Pixels of `vectors` whole vectors: as many at a time as make TOGETHER, then one by one. */
ALWAYS_INLINE void finish_pixels(const struct finish *f, int vectors, int pixels, uint8_t *output,
                                 const uint8_t *residual)
{
    const float16_t *sums = (const float16_t *)(const void *)f->sums;
    int step = TOGETHER / vectors;
    for (int i = 0; i < pixels; i += step) {
        if (pixels - i >= TOGETHER / vectors) {
            finish_vectors(f, sums, TOGETHER / vectors * vectors, vectors, output, residual);
        } else {
            finish_vectors(f, sums, vectors, vectors, output, residual);
            step = 1;
        }
        sums += (ptrdiff_t)(step * vectors) * LANES;
        output += (size_t)step * f->output_pixel;
        residual += residual ? (size_t)step * f->residual_pixel : 0;
    }
}

ALWAYS_INLINE void silu_halves(const struct finish *given, int pixels, uint8_t *output,
                               const uint8_t *residual)
{
    const struct finish local = *given, *f = &local; /* which no store can change */
    if (f->tail <= FLOATS)
        by_floats(f, pixels, output, residual);
    else if (f->vectors == 4)
        finish_pixels(f, 4, pixels, output, residual);
    else if (f->vectors == 3)
        finish_pixels(f, 3, pixels, output, residual);
    else if (f->vectors == 2)
        finish_pixels(f, 2, pixels, output, residual);
    else
        finish_pixels(f, 1, pixels, output, residual);
}

static void silu_alone(const struct finish *f, int pixels, uint8_t *output, const uint8_t *residual)
{
    (void)residual;
    silu_halves(f, pixels, output, NULL);
}

static void silu_residual(const struct finish *f, int pixels, uint8_t *output,
                          const uint8_t *residual)
{
    if (residual) /* which the compiler need not ask again */
        silu_halves(f, pixels, output, residual);
}

finish_function *oct_finish_f16_fp16(int flags)
{
    if (flags == (FINISH_SILU | FINISH_OUTPUT_F16))
        return silu_alone;
    if (flags == (FINISH_SILU | FINISH_OUTPUT_F16 | FINISH_RESIDUAL_F16))
        return silu_residual;
    return by_floats;
}
