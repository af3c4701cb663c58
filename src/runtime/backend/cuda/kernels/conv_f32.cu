/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions of floats, each product and sum in FP32. A block works out 64 pixels times 32
 * channels, a thread 4 pixels times 4 channels, from caches: float models run on a GPU to be
 * compared and calibrated with, not to be fast.
 */
#include "runtime/backend/cuda/kernels/finish.cuh"

#define THREADS 128

__device__ __forceinline__ float4 read_four(const oct_gpu_conv_f32 &p, int source, int group,
                                            int image, int y, int x)
{
    if ((unsigned)y >= (unsigned)p.input_height || (unsigned)x >= (unsigned)p.input_width)
        return make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    const oct_gpu_source &from = p.sources[source];
    return *(const float4 *)((const unsigned char *)from.data + (int64_t)image * from.image +
                             (int64_t)(y >> from.shift) * from.row +
                             (int64_t)(x >> from.shift) * from.pixel +
                             (group - from.first) * OCT_GPU_GROUP_BYTES);
}

__device__ __forceinline__ void multiply_add(float (&sums)[4], float x, const float4 &w)
{
    sums[0] = __fmaf_rn(x, w.x, sums[0]);
    sums[1] = __fmaf_rn(x, w.y, sums[1]);
    sums[2] = __fmaf_rn(x, w.z, sums[2]);
    sums[3] = __fmaf_rn(x, w.w, sums[3]);
}

extern "C" __global__ void __launch_bounds__(THREADS) conv_f32(PARAMETER oct_gpu_conv_f32 p)
{
    __shared__ __align__(128) unsigned char table[OCT_GPU_TABLE_BYTES];
    const int channel = blockIdx.y * 32 + (threadIdx.x & 7) * 4;
    const int64_t total = (int64_t)p.images * p.height * p.width;
    int image[4], y[4], x[4];
    bool exists[4];
    ((uint4 *)table)[threadIdx.x] = __ldg((const uint4 *)p.table + threadIdx.x);
    __syncthreads();
    if (channel >= p.channels)
        return;
    await_kernel_before();
    for (int i = 0; i < 4; i++) {
        const int64_t pixel = (int64_t)blockIdx.x * 64 + (threadIdx.x >> 3) + 16 * i;
        exists[i] = pixel < total;
        const int row = exists[i] ? (int)(pixel / p.width) : 0;
        x[i] = exists[i] ? (int)(pixel - (int64_t)row * p.width) : 0;
        image[i] = row / p.height;
        y[i] = row - image[i] * p.height;
    }
    float sums[4][4];
    const float4 bias = __ldg((const float4 *)((const float *)p.bias + channel));
    for (int i = 0; i < 4; i++) {
        sums[i][0] = bias.x;
        sums[i][1] = bias.y;
        sums[i][2] = bias.z;
        sums[i][3] = bias.w;
    }
    const float *weights = (const float *)p.weights + channel;
    for (int tap = 0; tap < p.kernel * p.kernel; tap++) {
        const int dy = tap / p.kernel - p.padding, dx = tap % p.kernel - p.padding;
        for (int group = 0, source = 0; group < p.groups; group++) {
            if (source + 1 < p.source_count && group >= p.sources[source + 1].first)
                source++;
            float4 w[4];
            for (int k = 0; k < 4; k++, weights += p.channels)
                w[k] = __ldg((const float4 *)weights);
            for (int i = 0; i < 4; i++) {
                const float4 v = read_four(p, source, group, image[i], y[i] * p.stride + dy,
                                           x[i] * p.stride + dx);
                multiply_add(sums[i], v.x, w[0]);
                multiply_add(sums[i], v.y, w[1]);
                multiply_add(sums[i], v.z, w[2]);
                multiply_add(sums[i], v.w, w[3]);
            }
        }
    }
    for (int i = 0; i < 4; i++) {
        if (!exists[i])
            continue;
        activate_values(p.activation, silu_base(shared_address(table)), sums[i]);
        if (p.residual.data)
            add_residual(p.residual,
                         (const unsigned char *)p.residual.data +
                             (int64_t)image[i] * p.residual.image + (int64_t)y[i] * p.residual.row +
                             (int64_t)x[i] * p.residual.pixel +
                             channel * element_bytes(p.residual.type),
                         sums[i]);
        store_any(p.output,
                  (unsigned char *)p.output.data + (int64_t)image[i] * p.output.image +
                      (int64_t)y[i] * p.output.row + (int64_t)x[i] * p.output.pixel +
                      channel * element_bytes(p.output.type),
                  sums[i]);
    }
}
