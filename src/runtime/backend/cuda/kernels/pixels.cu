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
                                            unsigned char *to, bool exists)
{
    if (p.any_silu)
#pragma unroll
        for (int k = 0; k < 4; k++)
            y[k] = silu(y[k], base);
    if (p.output.type == OCT_GPU_U8 && p.silu) {
        const uint32_t codes = codes_of(y, p.output.inverse_scale, p.output.zero_point);
        if (exists)
            *(uint32_t *)to = codes;
    } else if (exists) {
        store_any(p.output, to, y);
    }
}

/* Where 8 * J channels of a lane begin, two blocks of 8 at a time. */
template <int J> __device__ __forceinline__ int channel_of(int j)
{
    const int blocks = J >= 4 ? 4 : 2;
    return (j / 4) * 32 + (threadIdx.x & 3) * 2 * blocks + (j % 4) * 2;
}

/* The taps of 16 pixels of a row from x on, as matrix products take them. */
template <int COLUMNS, int STEPS>
__device__ __forceinline__ void load_taps(const oct_gpu_pixels &p, const uint32_t *picture, int y,
                                          int x, bool inside, uint32_t (&a)[STEPS][4])
{
    const int t = threadIdx.x & 3, g = (threadIdx.x & 31) >> 2;
    const int first_y = y * p.stride - p.padding, first_x = (x + g) * p.stride - p.padding + t;
    const uint32_t *first = picture + (first_y * p.input_width + first_x);
#pragma unroll
    for (int s = 0; s < STEPS; s++)
#pragma unroll
        for (int k = 0; k < 4; k++) {
            const int half = 2 * s + (k >> 1), dy = half / COLUMNS;
            const int dx = half % COLUMNS * 4 + 8 * (k & 1) * p.stride;
            a[s][k] = 0;
            if (dy < p.kernel)
                a[s][k] = inside ? __ldg(first + (dy * p.input_width + dx))
                                 : tap(p, picture, first_y + dy, first_x + dx);
        }
}

/* 16 pixels times 8 * J channels. */
template <int J, int STEPS>
__device__ __forceinline__ void multiply_pixels(int (&sums)[J][4], const uint32_t (&a)[STEPS][4],
                                                const uint4 *weights,
                                                const uint4 (&held)[STEPS > 2 ? 1 : STEPS][J / 2])
{
#pragma unroll
    for (int s = 0; s < STEPS; s++)
#pragma unroll
        for (int j = 0; j < J; j += 2) {
            const uint4 b = STEPS > 2 ? __ldg(weights + (s * (J / 2) + j / 2) * 32)
                                      : held[STEPS > 2 ? 0 : s][j / 2];
            Codes::multiply(sums[j], a[s], b.x, b.y);
            Codes::multiply(sums[j + 1], a[s], b.z, b.w);
        }
}

/* Scale and bias of a lane's channels, and where its sums start. */
template <int J> struct Factors {
    float4 scale[J / 2], bias[J / 2];
    int4 start[J / 2];
};

template <int J>
__device__ __forceinline__ Factors<J> factors_of(const oct_gpu_pixels &p, int first)
{
    Factors<J> factors;
#pragma unroll
    for (int j = 0; j < J; j += 2) {
        const int channel = first + channel_of<J>(j);
        factors.scale[j / 2] = __ldg((const float4 *)((const float *)p.scale + channel));
        factors.bias[j / 2] = __ldg((const float4 *)((const float *)p.bias + channel));
        factors.start[j / 2] = __ldg((const int4 *)((const int *)p.start + channel));
    }
    return factors;
}

template <int J>
__device__ __forceinline__ void start_sums(int (&sums)[J][4], const Factors<J> &factors)
{
#pragma unroll
    for (int j = 0; j < J; j += 2) {
        const int4 start = factors.start[j / 2];
        sums[j][0] = sums[j][2] = start.x;
        sums[j][1] = sums[j][3] = start.y;
        sums[j + 1][0] = sums[j + 1][2] = start.z;
        sums[j + 1][1] = sums[j + 1][3] = start.w;
    }
}

template <int J>
__device__ __forceinline__ void store_pixels(const oct_gpu_pixels &p, const int (&sums)[J][4],
                                             const Factors<J> &factors, uint32_t base, int first,
                                             unsigned char *row, int x)
{
    const int bytes = element_bytes(p.output.type);
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const int at_x = x + ((threadIdx.x & 31) >> 2) + 8 * half;
        unsigned char *to = row + at_x * p.output.pixel;
#pragma unroll
        for (int j = 0; j < J; j += 2) {
            const float4 scale = factors.scale[j / 2], bias = factors.bias[j / 2];
            float v[4] = {__fmaf_rn(__int2float_rn(sums[j][2 * half]), scale.x, bias.x),
                          __fmaf_rn(__int2float_rn(sums[j][2 * half + 1]), scale.y, bias.y),
                          __fmaf_rn(__int2float_rn(sums[j + 1][2 * half]), scale.z, bias.z),
                          __fmaf_rn(__int2float_rn(sums[j + 1][2 * half + 1]), scale.w, bias.w)};
            finish_four(p, base, v, to + (first + channel_of<J>(j)) * bytes, at_x < p.width);
        }
    }
}

/* Where a warp's tile of 32 pixels is. */
struct Row {
    const uint32_t *picture;
    unsigned char *output;
    int y, x;
    bool inside; /* all taps are within the picture */
};

__device__ __forceinline__ Row row_of(const oct_gpu_pixels &p, int tile, int reach)
{
    const int row = divide(tile, p.by_row_blocks), image = divide(row, p.by_height);
    Row at;
    at.x = (tile - row * p.row_blocks) * 32;
    at.y = row - image * p.height;
    at.picture = (const uint32_t *)(p.input + (uint64_t)image * (uint64_t)p.input_image);
    at.output = (unsigned char *)p.output.data + (int64_t)image * p.output.image +
                (int64_t)at.y * p.output.row;
    const int y = at.y * p.stride - p.padding, x = at.x * p.stride - p.padding;
    at.inside = y >= 0 && x >= 0 && y + p.kernel <= p.input_height &&
                x + 31 * p.stride + reach <= p.input_width;
    return at;
}

/* 8 * J channels of a block's; a kernel has COLUMNS half steps a row of taps, STEPS in all. Weights
 * that are few stay in registers, and the next pixels are read while these are finished. */
template <int J, int COLUMNS, int STEPS>
__device__ __forceinline__ void convolve_pixels(const oct_gpu_pixels &p)
{
    __shared__ __align__(128) unsigned char table[SILU_TABLE_BYTES];
    constexpr int warps = THREADS / 32, blocks = STEPS > 2 ? 1 : 2; /* of 16 pixels at a time */
    const int first = blockIdx.y * J * 8;
    ((uint4 *)table)[threadIdx.x] = __ldg((const uint4 *)p.silu_table + threadIdx.x);
    const uint4 *weights =
        (const uint4 *)p.weights + (int64_t)blockIdx.y * STEPS * (J / 2) * 32 + (threadIdx.x & 31);
    uint4 held[STEPS > 2 ? 1 : STEPS][J / 2];
    for (int s = 0; s < STEPS && STEPS <= 2; s++)
#pragma unroll
        for (int j = 0; j < J / 2; j++)
            held[STEPS > 2 ? 0 : s][j] = __ldg(weights + (s * (J / 2) + j) * 32);
    const Factors<J> factors = factors_of<J>(p, first);
    int tile = blockIdx.x * warps + (threadIdx.x >> 5), part = 0;
    uint32_t a[blocks][STEPS][4];
    Row row = row_of(p, min(tile, p.warp_tiles - 1), COLUMNS * 4);
#pragma unroll
    for (int i = 0; i < blocks; i++)
        load_taps<COLUMNS, STEPS>(p, row.picture, row.y, row.x + i * 16, row.inside, a[i]);
    __syncthreads();
    const uint32_t base = silu_base(shared_address(table));
    while (tile < p.warp_tiles) {
        int sums[blocks][J][4];
#pragma unroll
        for (int i = 0; i < blocks; i++) {
            start_sums<J>(sums[i], factors);
            multiply_pixels<J, STEPS>(sums[i], a[i], weights, held);
        }
        unsigned char *const output = row.output;
        const int x = row.x + part * 16;
        part = blocks == 2 ? 0 : 1 - part;
        tile += part == 0 ? gridDim.x * warps : 0;
        if (tile < p.warp_tiles) {
            row = row_of(p, tile, COLUMNS * 4);
#pragma unroll
            for (int i = 0; i < blocks; i++)
                load_taps<COLUMNS, STEPS>(p, row.picture, row.y, row.x + (i + part) * 16,
                                          row.inside, a[i]);
        }
#pragma unroll
        for (int i = 0; i < blocks; i++)
            store_pixels<J>(p, sums[i], factors, base, first, output, x + i * 16);
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
