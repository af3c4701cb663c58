/* SPDX-License-Identifier: Apache-2.0 */
/* Pools: the largest of windows, one pool at a time and in a row, and means. */
#include "runtime/backend/cuda/kernels/elements.cuh"
#include "runtime/backend/cuda/kernels/finish.cuh"

#define CHAIN_THREADS 256

__device__ __forceinline__ uint32_t larger_codes(uint32_t a, uint32_t b)
{
    return __vmaxu4(a, b);
}

__device__ __forceinline__ uint32_t larger_float(uint32_t a, uint32_t b)
{
    return __uint_as_float(a) > __uint_as_float(b) ? a : b;
}

__device__ __forceinline__ uint32_t larger_bfloats(uint32_t a, uint32_t b)
{
    const uint32_t low = bfloat_value(a) > bfloat_value(b) ? a : b;
    const uint32_t high = bfloat_value(a >> 16) > bfloat_value(b >> 16) ? a : b;
    return (low & 0xffffu) | (high & 0xffff0000u);
}

__device__ __forceinline__ uint4 larger_group(uint32_t (*larger)(uint32_t, uint32_t), uint4 a,
                                              uint4 b)
{
    return make_uint4(larger(a.x, b.x), larger(a.y, b.y), larger(a.z, b.z), larger(a.w, b.w));
}

/* The pixels of the input that a window has. */
struct Window {
    int top, bottom, left, right; /* the last ones included */
    bool inside;                  /* all of it is */
};

__device__ __forceinline__ Window window_of(const oct_gpu_pool &p, const Element &e)
{
    const int y = e.y * p.stride - p.padding, x = e.x * p.stride - p.padding;
    Window w = {max(y, 0), min(y + p.kernel, p.input_height) - 1, max(x, 0),
                min(x + p.kernel, p.input_width) - 1, false};
    w.inside = w.bottom - w.top + 1 == p.kernel && w.right - w.left + 1 == p.kernel;
    return w;
}

template <uint32_t (*larger)(uint32_t, uint32_t)>
__device__ __forceinline__ void pool_group(const oct_gpu_pool &p)
{
    Element e;
    await_kernel_before();
    if (!find_element(p.images, p.height, p.width, p.groups, &e))
        return;
    const Window w = window_of(p, e);
    uint4 most = __ldcg((const uint4 *)pixel_of(p.input, e.image, w.top, w.left) + e.index);
    if (p.zeros && !w.inside) {
        const uint32_t zero = p.input.type == OCT_GPU_U8 ? p.input.zero_point * 0x01010101u : 0;
        most = larger_group(larger, most, make_uint4(zero, zero, zero, zero));
    }
    for (int y = w.top; y <= w.bottom; y++)
        for (int x = w.left; x <= w.right; x++)
            most = larger_group(larger, most,
                                __ldcg((const uint4 *)pixel_of(p.input, e.image, y, x) + e.index));
    ((uint4 *)pixel_of(p.output, e.image, e.y, e.x))[e.index] = most;
}

extern "C" __global__ void __launch_bounds__(THREADS) pool_u8(PARAMETER oct_gpu_pool p)
{
    pool_group<larger_codes>(p);
}

extern "C" __global__ void __launch_bounds__(THREADS) pool_f32(PARAMETER oct_gpu_pool p)
{
    pool_group<larger_float>(p);
}

extern "C" __global__ void __launch_bounds__(THREADS) pool_bf16(PARAMETER oct_gpu_pool p)
{
    pool_group<larger_bfloats>(p);
}

/* Along rows, then along columns. */
template <uint32_t (*larger)(uint32_t, uint32_t)>
__device__ __forceinline__ void pool_plane(const oct_gpu_chain &p, uint4 *plane, uint4 *rows,
                                           const oct_gpu_view &output, int image, int group)
{
    const int pixels = p.height * p.width, reach = p.kernel / 2;
    for (int i = threadIdx.x; i < pixels; i += CHAIN_THREADS) {
        const int y = i / p.width, x = i - y * p.width;
        const int left = max(x - reach, 0), right = min(x + reach, p.width - 1);
        uint4 most = plane[y * p.width + left];
        for (int at = left + 1; at <= right; at++)
            most = larger_group(larger, most, plane[y * p.width + at]);
        rows[i] = most;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < pixels; i += CHAIN_THREADS) {
        const int y = i / p.width, x = i - y * p.width;
        const int top = max(y - reach, 0), bottom = min(y + reach, p.height - 1);
        uint4 most = rows[top * p.width + x];
        for (int at = top + 1; at <= bottom; at++)
            most = larger_group(larger, most, rows[at * p.width + x]);
        plane[i] = most;
        ((uint4 *)pixel_of(output, image, y, x))[group] = most;
    }
    __syncthreads();
}

template <uint32_t (*larger)(uint32_t, uint32_t)>
__device__ __forceinline__ void pool_in_a_row(const oct_gpu_chain &p)
{
    extern __shared__ uint4 plane[];
    const int image = blockIdx.x / p.groups, group = blockIdx.x % p.groups;
    const int pixels = p.height * p.width;
    await_kernel_before();
    for (int i = threadIdx.x; i < pixels; i += CHAIN_THREADS) {
        const int y = i / p.width, x = i - y * p.width;
        plane[i] = __ldcg((const uint4 *)pixel_of(p.input, image, y, x) + group);
    }
    __syncthreads();
    let_next_kernel_start();
    for (int k = 0; k < p.count; k++)
        pool_plane<larger>(p, plane, plane + pixels, p.outputs[k], image, group);
}

extern "C" __global__ void __launch_bounds__(CHAIN_THREADS) chain_u8(PARAMETER oct_gpu_chain p)
{
    pool_in_a_row<larger_codes>(p);
}

extern "C" __global__ void __launch_bounds__(CHAIN_THREADS) chain_f32(PARAMETER oct_gpu_chain p)
{
    pool_in_a_row<larger_float>(p);
}

extern "C" __global__ void __launch_bounds__(CHAIN_THREADS) chain_bf16(PARAMETER oct_gpu_chain p)
{
    pool_in_a_row<larger_bfloats>(p);
}

/* ---- means ---- */

__device__ __forceinline__ uint32_t word_of(const uint4 &group, int word)
{
    return word == 0 ? group.x : word == 1 ? group.y : word == 2 ? group.z : group.w;
}

/* What lies outside of the picture counts as zeros: so many zero points, which cancel. Two sums of
 * 16 bits lie in a word: 15 x 15 codes fit. */
extern "C" __global__ void __launch_bounds__(THREADS) mean_u8(PARAMETER oct_gpu_pool p)
{
    Element e;
    await_kernel_before();
    if (!find_element(p.images, p.height, p.width, p.groups, &e))
        return;
    const Window w = window_of(p, e);
    uint32_t even[4] = {0, 0, 0, 0}, odd[4] = {0, 0, 0, 0};
    for (int y = w.top; y <= w.bottom; y++)
        for (int x = w.left; x <= w.right; x++) {
            const uint4 v = __ldcg((const uint4 *)pixel_of(p.input, e.image, y, x) + e.index);
#pragma unroll
            for (int i = 0; i < 4; i++) {
                even[i] += word_of(v, i) & 0x00ff00ffu;
                odd[i] += (word_of(v, i) >> 8) & 0x00ff00ffu;
            }
        }
    const int zeros = (w.bottom - w.top + 1) * (w.right - w.left + 1) * p.input.zero_point;
    uint32_t codes[4];
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const int sums[4] = {(int)(even[i] & 0xffffu), (int)(odd[i] & 0xffffu),
                             (int)(even[i] >> 16), (int)(odd[i] >> 16)};
        codes[i] = 0;
#pragma unroll
        for (int k = 0; k < 4; k++)
            codes[i] |= (uint32_t)any_code_of(__fmul_rn((float)(sums[k] - zeros), p.share),
                                              p.output.inverse_scale, p.output.zero_point)
                        << (8 * k);
    }
    ((uint4 *)pixel_of(p.output, e.image, e.y, e.x))[e.index] =
        make_uint4(codes[0], codes[1], codes[2], codes[3]);
}

/* The sum of what `value` finds in a word of each pixel's group, row by row, times the share. */
template <float (*value)(uint32_t)>
__device__ __forceinline__ float mean_of(const oct_gpu_pool &p, const Element &e, const Window &w,
                                         int word)
{
    float sum = 0.0f;
    for (int y = w.top; y <= w.bottom; y++)
        for (int x = w.left; x <= w.right; x++) {
            const uint32_t *group =
                (const uint32_t *)pixel_of(p.input, e.image, y, x) + 4 * e.index;
            sum = __fadd_rn(sum, value(__ldcg(group + word)));
        }
    return __fmul_rn(sum, p.share);
}

__device__ __forceinline__ float low_half(uint32_t word)
{
    return bfloat_value(word);
}

__device__ __forceinline__ float high_half(uint32_t word)
{
    return __uint_as_float(word & 0xffff0000u);
}

__device__ __forceinline__ float whole_word(uint32_t word)
{
    return __uint_as_float(word);
}

extern "C" __global__ void __launch_bounds__(THREADS) mean_f32(PARAMETER oct_gpu_pool p)
{
    Element e;
    await_kernel_before();
    if (!find_element(p.images, p.height, p.width, p.groups, &e))
        return;
    const Window w = window_of(p, e);
    float *to = (float *)pixel_of(p.output, e.image, e.y, e.x) + 4 * e.index;
    for (int i = 0; i < 4; i++)
        to[i] = mean_of<whole_word>(p, e, w, i);
}

extern "C" __global__ void __launch_bounds__(THREADS) mean_bf16(PARAMETER oct_gpu_pool p)
{
    Element e;
    await_kernel_before();
    if (!find_element(p.images, p.height, p.width, p.groups, &e))
        return;
    const Window w = window_of(p, e);
    uint32_t *to = (uint32_t *)pixel_of(p.output, e.image, e.y, e.x) + 4 * e.index;
    for (int i = 0; i < 4; i++)
        to[i] = two_bfloats(mean_of<low_half>(p, e, w, i), mean_of<high_half>(p, e, w, i));
}
