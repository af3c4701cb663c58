/* SPDX-License-Identifier: Apache-2.0 */
/*
 * softmax(factor * q k') v of floats (struct oct_gpu_attention). A warp has a query: its lanes take
 * 32 pixels' scores at a time, then two channels each, with sums that follow the highest score so
 * far.
 */
#include "runtime/backend/cuda/kernels/attention.cuh"

template <bool halves> __device__ __forceinline__ float value_at(const unsigned char *pixel, int at)
{
    return halves ? bfloat_value(((const unsigned short *)pixel)[at]) : ((const float *)pixel)[at];
}

/* The product of a query, in shared memory, and a key. */
template <bool halves>
__device__ __forceinline__ float score_of(const float *query, const unsigned char *key,
                                          int channels)
{
    float score = 0.0f;
    for (int t = 0; t < channels; t += 4) {
        const float4 q = *(const float4 *)(query + t);
        float4 k;
        if (halves) {
            const uint2 pairs = *(const uint2 *)(key + 2 * t);
            k = make_float4(bfloat_value(pairs.x), bfloat_value(pairs.x >> 16),
                            bfloat_value(pairs.y), bfloat_value(pairs.y >> 16));
        } else {
            k = *(const float4 *)(key + 4 * t);
        }
        score = __fmaf_rn(q.x, k.x, score);
        score = __fmaf_rn(q.y, k.y, score);
        score = __fmaf_rn(q.z, k.z, score);
        score = __fmaf_rn(q.w, k.w, score);
    }
    return score;
}

__device__ __forceinline__ void store_value(const oct_gpu_view &view, unsigned char *pixel, int at,
                                            float y)
{
    if (view.type == OCT_GPU_U8)
        pixel[at] = (unsigned char)any_code_of(y, view.inverse_scale, view.zero_point);
    else if (view.type == OCT_GPU_BF16)
        ((unsigned short *)pixel)[at] = (unsigned short)bfloat_of(y);
    else
        ((float *)pixel)[at] = y;
}

/* A lane's sums of two channels, for the highest score so far. */
struct Sums {
    float most, weights, values[2];
};

/* Adds 32 pixels from `begin` on, a lane's score each. */
template <bool halves>
__device__ __forceinline__ void add_pixels(const oct_gpu_attention &p, const float *query,
                                           const unsigned char *keys, const unsigned char *values,
                                           int begin, int channel, Sums &sums)
{
    const int lane = threadIdx.x & 31, pixel = begin + lane;
    float score = -INFINITY;
    if (pixel < p.pixels)
        score = __fmul_rn(
            p.unit, score_of<halves>(query, keys + (int64_t)pixel * p.keys.pixel, p.key_channels));
    float most = score;
#pragma unroll
    for (int mask = 16; mask; mask >>= 1)
        most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, mask));
    most = fmaxf(most, sums.most);
    const float before = expf(__fsub_rn(sums.most, most));
    const float weight = pixel < p.pixels ? expf(__fsub_rn(score, most)) : 0.0f;
    sums.most = most;
    sums.weights = __fmaf_rn(sums.weights, before, weight);
    sums.values[0] = __fmul_rn(sums.values[0], before);
    sums.values[1] = __fmul_rn(sums.values[1], before);
    for (int k = 0; k < 32 && begin + k < p.pixels; k++) {
        const float w = __shfl_sync(0xffffffffu, weight, k);
        const unsigned char *value = values + (int64_t)(begin + k) * p.values.pixel;
#pragma unroll
        for (int i = 0; i < 2; i++)
            if (channel + 32 * i < p.value_channels)
                sums.values[i] =
                    __fmaf_rn(w, value_at<halves>(value, channel + 32 * i), sums.values[i]);
    }
}

template <bool halves> __device__ __forceinline__ void attend_values(const oct_gpu_attention &p)
{
    __shared__ __align__(16) float queries[WARPS][OCT_GPU_HEAD_CHANNELS_MAX];
    const Place place = place_of(p, OCT_GPU_QUERIES_OF_VALUES);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, query = place.first + warp;
    const unsigned char *keys = head_of(p.keys, place, p.key_channels);
    const unsigned char *values = head_of(p.values, place, p.value_channels);
    unsigned char *output =
        head_of(p.output, place, p.value_channels) + (int64_t)query * p.output.pixel;
    await_kernel_before();
    if (query >= p.pixels)
        return;
    for (int t = lane; t < p.key_channels; t += 32)
        queries[warp][t] = value_at<halves>(
            head_of(p.queries, place, p.key_channels) + (int64_t)query * p.queries.pixel, t);
    __syncwarp();
    for (int channel = lane; channel < p.value_channels + lane; channel += 64) {
        Sums sums = {-INFINITY, 0.0f, {0.0f, 0.0f}};
        for (int begin = 0; begin < p.pixels; begin += 32)
            add_pixels<halves>(p, queries[warp], keys, values, begin, channel, sums);
#pragma unroll
        for (int mask = 16; mask; mask >>= 1)
            sums.weights =
                __fadd_rn(sums.weights, __shfl_xor_sync(0xffffffffu, sums.weights, mask));
#pragma unroll
        for (int i = 0; i < 2; i++)
            if (channel + 32 * i < p.value_channels)
                store_value(p.output, output, channel + 32 * i,
                            __fdividef(sums.values[i], sums.weights));
    }
    clear_rest(p, place, output, lane, 32);
}

extern "C" __global__ void __launch_bounds__(THREADS, 4)
    attention_f32(PARAMETER oct_gpu_attention p)
{
    attend_values<false>(p);
}

extern "C" __global__ void __launch_bounds__(THREADS, 4)
    attention_bf16(PARAMETER oct_gpu_attention p)
{
    attend_values<true>(p);
}
