/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a convolution tells its finish (finish.h). The including file defines OCT_CODES, OCT_GROUP
 * (or OCT_BF16), OCT_SUMS and OCT_LATE_START as finish.h explains.
 *
 * There is one finish for each type and width of vectors (finish_*.c), which the kernels of all
 * sets share that use them; it takes sums as floats, scaled and with the bias.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_FINISH_JOB_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_X86_FINISH_JOB_H

#include <math.h>

#include "runtime/backend/cpu/kernels/kernels.h"

enum {
    FINISH_SILU = 1,
    FINISH_RESIDUAL_U8 = 2,
    FINISH_RESIDUAL_F32 = 4,
    FINISH_OUTPUT_F32 = 8,
    FINISH_RESIDUAL_BF16 = 16,
    FINISH_OUTPUT_BF16 = 32,
    FINISH_BOUNDED =
        64, /* no number is too large to become an integer before it is limited to codes */
    FINISH_STREAM = 128 /* F32 output of whole vectors goes past the caches */
};

#ifndef OCT_SUMS
#define OCT_SUMS OCT_CODES
#endif

#ifndef OCT_BF16
#define OCT_BF16 (!OCT_CODES && OCT_GROUP == 2)
#endif

/* One channel tile of a job. Distances between pixels in bytes. */
struct finish {
    const int32_t *sums;       /* [pixels][vectors][lanes], int32 or the bits of floats; aligned */
    const float *scale, *bias; /* [vectors * lanes], only when OCT_SUMS */
#if OCT_LATE_START
    const int32_t *start; /* [vectors * lanes] */
#endif
    int vectors;
    int tail;  /* channels of the last vector that exist, 1 to lanes */
    int flags; /* FINISH_* */
    size_t output_pixel, residual_pixel;
    float inverse_scale, residual_scale;
    float highest; /* 255 - zero_point */
    int zero_point, residual_zero_point;
};

typedef void finish_function(const struct finish *f, int pixels, uint8_t *output,
                             const uint8_t *residual);

/* The finish for FINISH_* flags. */
finish_function *oct_finish_u8_avx2(int flags);
finish_function *oct_finish_u8_avx512(int flags);
finish_function *oct_finish_f32_avx2(int flags);
finish_function *oct_finish_f32_avx512(int flags);
finish_function *oct_finish_bf16_avx512bf16(int flags);

static inline int whole_vectors(int channels)
{
    return (channels + OCT_LANES - 1) / OCT_LANES;
}

static inline size_t view_bytes(const struct oct_view *view, size_t elements)
{
    return elements * oct_type_bytes(view->type);
}

static inline int finish_flags(const struct oct_conv_job *job)
{
    static const int residuals[] = {[OCT_TYPE_U8] = FINISH_RESIDUAL_U8,
                                    [OCT_TYPE_F32] = FINISH_RESIDUAL_F32,
                                    [OCT_TYPE_BF16] = FINISH_RESIDUAL_BF16};
    static const int outputs[] = {
        [OCT_TYPE_F32] = FINISH_OUTPUT_F32, [OCT_TYPE_BF16] = FINISH_OUTPUT_BF16};
    int flags = job->silu ? FINISH_SILU : 0;
    if (job->residual.data)
        flags |= residuals[job->residual.type];
    return flags | outputs[job->output.type];
}

/* FINISH_BOUNDED where it holds for `vectors` of channels, whatever the input: sums are below 2^31,
 * and SiLU is below |y| + 1. */
static inline int bounded_flag(const struct oct_conv_job *job, int channel, int vectors)
{
    if (!OCT_CODES || job->output.type != OCT_TYPE_U8)
        return 0;
    if (job->residual.data && job->residual.type != OCT_TYPE_U8)
        return 0;
    const float residual = job->residual.data ? 255.0f * job->residual.quantization.scale : 0.0f;
    for (int n = channel; n < channel + vectors * OCT_LANES; n++) {
        const float most = 0x1p31f * fabsf(job->scale[n]) + fabsf(job->bias[n]) + 1.0f + residual;
        if (!(most * job->output.inverse_scale < 0x1p30f)) /* a NaN is not */
            return 0;
    }
    return FINISH_BOUNDED;
}

/* Of channels [channel, channel + count); sums and their constants are the caller's to set. */
static inline struct finish finish_of(const struct oct_conv_job *job, int channel, int count)
{
    const int vectors = whole_vectors(count);
    return (struct finish){
        .vectors = vectors,
        .tail = count - (vectors - 1) * OCT_LANES,
        .flags = finish_flags(job) | bounded_flag(job, channel, vectors),
        .output_pixel = view_bytes(&job->output, job->output.pixel),
        .residual_pixel = view_bytes(&job->residual, job->residual.pixel),
        .inverse_scale = job->output.inverse_scale,
        .residual_scale = job->residual.quantization.scale,
        .highest = (float)(255 - job->output.quantization.zero_point),
        .zero_point = job->output.quantization.zero_point,
        .residual_zero_point = job->residual.quantization.zero_point,
    };
}

#endif
