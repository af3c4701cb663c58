/* SPDX-License-Identifier: Apache-2.0 */
/* What a convolution tells its finish (finish.h): a struct finish out of a job. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_FINISH_JOB_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_FINISH_JOB_H

#include <math.h>

#include "network/requantize.h"
#include "runtime/backend/cpu/kernels/vector/config.h"
#include "runtime/backend/cpu/kernels/vector/contract.h"

static inline int whole_vectors(int channels)
{
    return (channels + OCT_LANES - 1) / OCT_LANES;
}

static inline size_t view_bytes(const struct oct_view *view, size_t elements)
{
    return elements * oct_type_bytes(view->type);
}

static inline int output_flag(const struct oct_view *output)
{
    static const int flags[] = {[OCT_TYPE_F32] = FINISH_OUTPUT_F32,
                                [OCT_TYPE_BF16] = FINISH_OUTPUT_BF16,
                                [OCT_TYPE_F16] = FINISH_OUTPUT_F16};
    return flags[output->type];
}

static inline int finish_flags(const struct oct_conv_job *job)
{
    static const int residuals[] = {[OCT_TYPE_U8] = FINISH_RESIDUAL_U8,
                                    [OCT_TYPE_F32] = FINISH_RESIDUAL_F32,
                                    [OCT_TYPE_BF16] = FINISH_RESIDUAL_BF16,
                                    [OCT_TYPE_F16] = FINISH_RESIDUAL_F16};
    static const int activations[] = {[OCT_ACTIVATION_SILU] = FINISH_SILU,
                                      [OCT_ACTIVATION_RELU] = FINISH_OTHER | FINISH_RELU,
                                      [OCT_ACTIVATION_LEAKY_RELU] =
                                          FINISH_OTHER | FINISH_LEAKY_RELU,
                                      [OCT_ACTIVATION_HARDSWISH] = FINISH_OTHER | FINISH_HARDSWISH,
                                      [OCT_ACTIVATION_GELU] = FINISH_OTHER | FINISH_GELU,
                                      [OCT_ACTIVATION_GELU_TANH] = FINISH_OTHER | FINISH_GELU_TANH};
    int flags = activations[job->activation];
    if (job->residual.data)
        flags |= residuals[job->residual.type];
    return flags | output_flag(&job->output);
}

/* Magnitudes: of any int32 sum, and of what is safe to become an int32, with room for rounding of
 * the estimate. */
#define MOST_SUM 0x1p31f
#define SAFE_INTEGER 0x1p30f

/* FINISH_BOUNDED where it holds for `vectors` of channels, whatever the input; no activation's
 * result is larger than |y| + 1. */
static inline int bounded_flag(const struct oct_conv_job *job, int channel, int vectors)
{
    if (!OCT_CODES || job->output.type != OCT_TYPE_U8)
        return 0;
    if (job->residual.data && job->residual.type != OCT_TYPE_U8)
        return 0;
    const float residual = job->residual.data ? 255.0f * job->residual.quantization.scale : 0.0f;
    for (int n = channel; n < channel + vectors * OCT_LANES; n++) {
        const float most = MOST_SUM * fabsf(job->scale[n]) + fabsf(job->bias[n]) + 1.0f + residual;
        if (!(most * job->output.inverse_scale < SAFE_INTEGER)) /* a NaN is not */
            return 0;
    }
    return FINISH_BOUNDED;
}

/* Of channels [channel, channel + count); sums and their constants are the caller's to set. */
static inline struct finish finish_of(const struct oct_conv_job *job, int channel, int count)
{
    const int vectors = whole_vectors(count);
    return (struct finish){
        .sums = NULL,
        .start = NULL,
        .scale = NULL,
        .bias = NULL,
        .vectors = vectors,
        .tail = count - (vectors - 1) * OCT_LANES,
        .flags = finish_flags(job) | bounded_flag(job, channel, vectors),
        .output_pixel = view_bytes(&job->output, job->output.pixel),
        .residual_pixel = view_bytes(&job->residual, job->residual.pixel),
        .inverse_scale = job->output.inverse_scale,
        .residual_scale = job->residual.quantization.scale,
        .slope = job->slope,
        .highest = (float)(255 - job->output.quantization.zero_point),
        .zero_point = job->output.quantization.zero_point,
        .residual_zero_point = job->residual.quantization.zero_point,
    };
}

#endif
