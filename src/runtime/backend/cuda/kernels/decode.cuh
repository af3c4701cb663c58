/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of heads as runtime/head/yolov8.c and levels.h and base/exponential.h work them out, to
 * the bit: the same operations in the same order, each rounded by itself. The host's C includes this
 * too, for the test that says so. Only sums must be in order: terms and parts of a distribution can
 * be worked out side by side.
 */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_KERNELS_DECODE_CUH
#define OCTET_RUNTIME_BACKEND_CUDA_KERNELS_DECODE_CUH

#include <stdint.h>

#include "runtime/backend/cuda/kernels/parameters.h"

#define OCT_GPU_BINS_MAX 64 /* OCT_REG_MAX_MAX */

#ifdef __CUDACC__
#define OCT_GPU_INLINE static __device__ __forceinline__
#define OCT_GPU_ADD(a, b) __dadd_rn(a, b)
#define OCT_GPU_SUBTRACT(a, b) __dsub_rn(a, b)
#define OCT_GPU_MULTIPLY(a, b) __dmul_rn(a, b)
#define OCT_GPU_DIVIDE(a, b) __ddiv_rn(a, b)
#define OCT_GPU_ADD_FLOATS(a, b) __fadd_rn(a, b)
#define OCT_GPU_SUBTRACT_FLOATS(a, b) __fsub_rn(a, b)
#define OCT_GPU_MULTIPLY_FLOATS(a, b) __fmul_rn(a, b)
#define OCT_GPU_DIVIDE_FLOATS(a, b) __fdiv_rn(a, b)
#else
#include <math.h>
#include <string.h>
#define OCT_GPU_INLINE static inline
#define OCT_GPU_ADD(a, b) ((a) + (b))
#define OCT_GPU_SUBTRACT(a, b) ((a) - (b))
#define OCT_GPU_MULTIPLY(a, b) ((a) * (b))
#define OCT_GPU_DIVIDE(a, b) ((a) / (b))
#define OCT_GPU_ADD_FLOATS(a, b) ((a) + (b))
#define OCT_GPU_SUBTRACT_FLOATS(a, b) ((a) - (b))
#define OCT_GPU_MULTIPLY_FLOATS(a, b) ((a) * (b))
#define OCT_GPU_DIVIDE_FLOATS(a, b) ((a) / (b))
#endif

/* ---- exp ---- */

OCT_GPU_INLINE double oct_gpu_double_of(uint64_t bits)
{
#ifdef __CUDACC__
    return __longlong_as_double((long long)bits);
#else
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
#endif
}

/* p * r + next */
OCT_GPU_INLINE double oct_gpu_horner(double p, double r, double next)
{
    return OCT_GPU_ADD(OCT_GPU_MULTIPLY(p, r), next);
}

/* oct_exp() */
OCT_GPU_INLINE double oct_gpu_exp(double x)
{
    const double shift = 6755399441055744.0;
    x = x > -700.0 ? x : -700.0;
    x = x < 700.0 ? x : 700.0;
    const double n =
        OCT_GPU_SUBTRACT(OCT_GPU_ADD(OCT_GPU_MULTIPLY(x, 1.4426950408889634), shift), shift);
    const double r = OCT_GPU_SUBTRACT(OCT_GPU_SUBTRACT(x, OCT_GPU_MULTIPLY(n, 0.69314718036912382)),
                                      OCT_GPU_MULTIPLY(n, 1.9082149292705877e-10));
    double p = 1.0 / 39916800.0;
    p = oct_gpu_horner(p, r, 1.0 / 3628800.0);
    p = oct_gpu_horner(p, r, 1.0 / 362880.0);
    p = oct_gpu_horner(p, r, 1.0 / 40320.0);
    p = oct_gpu_horner(p, r, 1.0 / 5040.0);
    p = oct_gpu_horner(p, r, 1.0 / 720.0);
    p = oct_gpu_horner(p, r, 1.0 / 120.0);
    p = oct_gpu_horner(p, r, 1.0 / 24.0);
    p = oct_gpu_horner(p, r, 1.0 / 6.0);
    p = oct_gpu_horner(p, r, 0.5);
    p = oct_gpu_horner(p, r, 1.0);
    p = oct_gpu_horner(p, r, 1.0);
    return OCT_GPU_MULTIPLY(p, oct_gpu_double_of((uint64_t)((int64_t)n + 1023) << 52));
}

/* oct_sigmoid() */
OCT_GPU_INLINE float oct_gpu_sigmoid(float x)
{
    return (float)OCT_GPU_DIVIDE(1.0, OCT_GPU_ADD(1.0, oct_gpu_exp(-(double)x)));
}

/* ---- boxes ---- */

OCT_GPU_INLINE float oct_gpu_highest(const float *logits, int count)
{
    float highest = logits[0];
    for (int i = 1; i < count; i++)
        highest = logits[i] > highest ? logits[i] : highest;
    return highest;
}

/* What a bin's logit is in the softmax, before it is divided by the sum of all. */
OCT_GPU_INLINE double oct_gpu_term(float logit, float highest)
{
    return oct_gpu_exp(OCT_GPU_SUBTRACT((double)logit, (double)highest));
}

OCT_GPU_INLINE double oct_gpu_sum(const double *values, int count)
{
    double sum = 0.0;
    for (int i = 0; i < count; i++)
        sum = OCT_GPU_ADD(sum, values[i]);
    return sum;
}

/* oct_quantization_steps() times the scale, where there is one */
OCT_GPU_INLINE double oct_gpu_rounded(double value, float scale, int zero_point)
{
    if (!(scale > 0.0f))
        return value;
    const double steps = rint((double)OCT_GPU_DIVIDE_FLOATS((float)value, scale));
    const double low = (double)-zero_point, high = (double)(255 - zero_point);
    return OCT_GPU_MULTIPLY(steps < low ? low : steps > high ? high : steps, (double)scale);
}

/* What a bin adds to the expectation; `sum` is that of all terms. */
OCT_GPU_INLINE double oct_gpu_part(double term, double sum, int bin,
                                   const struct oct_gpu_rounding *rounding)
{
    if (!rounding->rounds)
        return OCT_GPU_MULTIPLY(term, (double)bin);
    const double step = (double)rounding->weight_scale;
    const double probability = oct_gpu_rounded(
        OCT_GPU_DIVIDE(term, sum), rounding->probability_scale, rounding->probability_zero);
    return OCT_GPU_MULTIPLY(
        probability,
        step > 0.0 ? OCT_GPU_MULTIPLY(rint(OCT_GPU_DIVIDE((double)bin, step)), step) : (double)bin);
}

/* The distance to a side, in cells; `weighted` is the sum of all parts. */
OCT_GPU_INLINE float oct_gpu_distance(double weighted, double sum,
                                      const struct oct_gpu_rounding *rounding)
{
    return (float)(rounding->rounds ? oct_gpu_rounded(weighted, rounding->distance_scale,
                                                      rounding->distance_zero)
                                    : OCT_GPU_DIVIDE(weighted, sum));
}

/* A side of the box, in pixels of the input: left, top, right, bottom. `cell` is the cell's x or
 * y. */
OCT_GPU_INLINE float oct_gpu_corner(int side, int cell, float distance, float stride)
{
    const float centre = OCT_GPU_ADD_FLOATS((float)cell, 0.5f);
    const float at =
        side < 2 ? OCT_GPU_SUBTRACT_FLOATS(centre, distance) : OCT_GPU_ADD_FLOATS(centre, distance);
    return OCT_GPU_MULTIPLY_FLOATS(at, stride);
}

/* ---- the best class ---- */

/* The highest of the logits that were looked at, of those above a limit; class -1: none is. */
struct oct_gpu_best {
    float logit;
    int32_t class_id;
};

OCT_GPU_INLINE void oct_gpu_take(struct oct_gpu_best *best, float logit, int class_id)
{
    if (logit > best->logit) {
        best->logit = logit;
        best->class_id = class_id;
    }
}

/* The better one, and of equals the lower class. Both began with the same limit: what is none is
 * never above the other. */
OCT_GPU_INLINE struct oct_gpu_best oct_gpu_better(struct oct_gpu_best a, struct oct_gpu_best b)
{
    const int second =
        b.logit > a.logit || (b.logit == a.logit && b.class_id >= 0 && b.class_id < a.class_id);
    return second ? b : a;
}

#endif
