/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first convolution of codes, straight from the picture's pixels: a pixel (red, green, blue and
 * a zero byte) is what a lane gives a matrix product, so that nothing is staged. Half a step is 4
 * taps of a row. A warp works out 32 pixels of a row; weights stay in its registers.
 */
#include "runtime/backend/cuda/kernels/finish.cuh"

#define THREADS 128

/* A tap's pixel; black outside, which is what padding is. */
__device__ __forceinline__ uint32_t tap(const oct_gpu_pixels &p, const uint32_t *picture, int y,
                                        int x)
{
    const bool inside =
        (unsigned)y < (unsigned)p.input_height && (unsigned)x < (unsigned)p.input_width;
    return inside ? __ldg(picture + (int64_t)y * p.input_width + x) : 0u;
}

/* Four channels; y are the values before SiLU. */
__device__ __forceinline__ void finish_four(const oct_gpu_pixels &p, uint32_t base, float (&y)[4],
                                            unsigned char *to)
{
    if (p.any_silu)
#pragma unroll
        for (int k = 0; k < 4; k++)
            y[k] = silu(y[k], base);
    if (p.output.type == OCT_GPU_U8 && p.silu)
        *(uint32_t *)to = codes_of(y, p.output.inverse_scale, p.output.zero_point);
    else
        store_any(p.output, to, y);
}

/* Where 8 * J channels of a lane begin, two blocks of 8 at a time. */
template <int J> __device__ __forceinline__ int channel_of(int j)
{
    const int blocks = J >= 4 ? 4 : 2;
    return (j / 4) * 32 + (threadIdx.x & 3) * 2 * blocks + (j % 4) * 2;
}

/* 16 pixels of a row from x on, times 8 * J channels from `first` on. */
template <int J, int COLUMNS, int STEPS>
__device__ __forceinline__ void multiply_pixels(const oct_gpu_pixels &p, int (&sums)[J][4],
                                                const uint32_t *picture, const uint4 *weights,
                                                const uint4 (&held)[STEPS > 2 ? 1 : STEPS][J / 2],
                                                int y, int x)
{
    const int t = threadIdx.x & 3, g = (threadIdx.x & 31) >> 2;
#pragma unroll
    for (int s = 0; s < STEPS; s++) {
        uint32_t a[4];
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int half = 2 * s + (k >> 1), dy = half / COLUMNS;
            const int dx = half % COLUMNS * 4 + t;
            a[k] = dy < p.kernel ? tap(p, picture, y * p.stride - p.padding + dy,
                                       (x + g + 8 * (k & 1)) * p.stride - p.padding + dx)
                                 : 0u;
        }
#pragma unroll
        for (int j = 0; j < J; j += 2) {
            const uint4 b = STEPS > 2 ? __ldg(weights + (s * (J / 2) + j / 2) * 32)
                                      : held[STEPS > 2 ? 0 : s][j / 2];
            Codes::multiply(sums[j], a, b.x, b.y);
            Codes::multiply(sums[j + 1], a, b.z, b.w);
        }
    }
}

template <int J>
__device__ __forceinline__ void store_pixels(const oct_gpu_pixels &p, const int (&sums)[J][4],
                                             uint32_t base, int first, int image, int y, int x)
{
    const int bytes = element_bytes(p.output.type);
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const int at_x = x + ((threadIdx.x & 31) >> 2) + 8 * half;
        if (at_x >= p.width)
            continue;
        unsigned char *to = (unsigned char *)p.output.data + (int64_t)image * p.output.image +
                            (int64_t)y * p.output.row + at_x * p.output.pixel;
#pragma unroll
        for (int j = 0; j < J; j += 2) {
            const int channel = first + channel_of<J>(j);
            const float4 scale = __ldg((const float4 *)((const float *)p.scale + channel));
            const float4 bias = __ldg((const float4 *)((const float *)p.bias + channel));
            float v[4] = {__fmaf_rn(__int2float_rn(sums[j][2 * half]), scale.x, bias.x),
                          __fmaf_rn(__int2float_rn(sums[j][2 * half + 1]), scale.y, bias.y),
                          __fmaf_rn(__int2float_rn(sums[j + 1][2 * half]), scale.z, bias.z),
                          __fmaf_rn(__int2float_rn(sums[j + 1][2 * half + 1]), scale.w, bias.w)};
            finish_four(p, base, v, to + channel * bytes);
        }
    }
}

/* 8 * J channels of a block's; a kernel has COLUMNS half steps a row of taps, STEPS in all. Weights
 * that are few stay in registers. */
template <int J, int COLUMNS, int STEPS>
__device__ __forceinline__ void convolve_pixels(const oct_gpu_pixels &p)
{
    __shared__ __align__(128) unsigned char table[SILU_TABLE_BYTES];
    const int lane = threadIdx.x & 31, first = blockIdx.y * J * 8;
    ((uint4 *)table)[threadIdx.x] = __ldg((const uint4 *)p.silu_table + threadIdx.x);
    __syncthreads();
    const uint32_t base = silu_base(shared_address(table));
    const uint4 *weights =
        (const uint4 *)p.weights + (int64_t)blockIdx.y * STEPS * (J / 2) * 32 + lane;
    uint4 held[STEPS > 2 ? 1 : STEPS][J / 2];
    for (int s = 0; s < STEPS && STEPS <= 2; s++)
#pragma unroll
        for (int j = 0; j < J / 2; j++)
            held[STEPS > 2 ? 0 : s][j] = __ldg(weights + (s * (J / 2) + j) * 32);
    int start[J / 2][4];
#pragma unroll
    for (int j = 0; j < J; j += 2)
#pragma unroll
        for (int k = 0; k < 4; k++)
            start[j / 2][k] = __ldg((const int *)p.start + first + channel_of<J>(j) + k);
    for (int tile = blockIdx.x * (THREADS / 32) + (threadIdx.x >> 5); tile < p.warp_tiles;
         tile += gridDim.x * (THREADS / 32)) {
        const int row = divide(tile, p.by_row_blocks), x = (tile - row * p.row_blocks) * 32;
        const int image = divide(row, p.by_height), y = row - image * p.height;
        const uint32_t *picture =
            (const uint32_t *)(p.input + (uint64_t)image * (uint64_t)p.input_image);
#pragma unroll
        for (int i = 0; i < 2; i++) {
            int sums[J][4];
#pragma unroll
            for (int j = 0; j < J; j += 2)
#pragma unroll
                for (int k = 0; k < 4; k++)
                    sums[j + k / 2][k % 2] = sums[j + k / 2][k % 2 + 2] = start[j / 2][k];
            multiply_pixels<J, COLUMNS, STEPS>(p, sums, picture, weights, held, y, x + i * 16);
            store_pixels<J>(p, sums, base, first, image, y, x + i * 16);
        }
    }
}

#define PIXELS_KERNEL(NAME, J, COLUMNS, STEPS)                                                     \
    extern "C" __global__ void __launch_bounds__(THREADS, 4) NAME(PARAMETER oct_gpu_pixels p)      \
    {                                                                                              \
        convolve_pixels<J, COLUMNS, STEPS>(p);                                                     \
    }

/* By channels, and the largest kernel. */
PIXELS_KERNEL(conv_pixels_16_4, 2, 1, 2)
PIXELS_KERNEL(conv_pixels_32_4, 4, 1, 2)
PIXELS_KERNEL(conv_pixels_16_8, 2, 2, 8)
PIXELS_KERNEL(conv_pixels_16_15, 2, 4, 30)
