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

/* Four channels; y are the values before the activation: SiLU or none, unless it is `any`. */
template <bool any>
__device__ __forceinline__ void finish_four(const oct_gpu_pixels &p, uint32_t base, float (&y)[4],
                                            unsigned char *to, bool exists)
{
    if (any)
        activate(p.activation, base, y);
    else if (p.any_silu)
#pragma unroll
        for (int k = 0; k < 4; k++)
            y[k] = silu(y[k], base);
    if (!any && p.output.type == OCT_GPU_U8 && p.silu) {
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

/* One step's taps of 16 pixels of a row from x on, as matrix products take them. `inside`: all of
 * them are in the picture. */
template <int COLUMNS, bool inside>
__device__ __forceinline__ void load_step(const oct_gpu_pixels &p, const uint32_t *picture, int y,
                                          int x, int step, uint32_t (&a)[4])
{
    const int t = threadIdx.x & 3, g = (threadIdx.x & 31) >> 2;
    const int first_y = y * p.stride - p.padding, first_x = (x + g) * p.stride - p.padding + t;
    const uint32_t *first = picture + (first_y * p.input_width + first_x);
#pragma unroll
    for (int k = 0; k < 4; k++) {
        const int half = 2 * step + (k >> 1), dy = half / COLUMNS;
        const int dx = half % COLUMNS * 4 + 8 * (k & 1) * p.stride;
        a[k] = 0;
        if (dy < p.kernel)
            a[k] = inside ? __ldg(first + (dy * p.input_width + dx))
                          : tap(p, picture, first_y + dy, first_x + dx);
    }
}

/* A step of 16 pixels times 8 * J channels. */
template <int J>
__device__ __forceinline__ void multiply_step(int (&sums)[J][4], const uint32_t (&a)[4],
                                              const uint4 (&b)[J / 2])
{
#pragma unroll
    for (int j = 0; j < J; j += 2) {
        Codes::multiply(sums[j], a, b[j / 2].x, b[j / 2].y);
        Codes::multiply(sums[j + 1], a, b[j / 2].z, b[j / 2].w);
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

template <int J, bool any>
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
            finish_four<any>(p, base, v, to + (first + channel_of<J>(j)) * bytes, at_x < p.width);
        }
    }
}

/* A run of blocks of 32 pixels in a row, which a warp works out one after another. */
struct Run {
    const uint32_t *picture;
    unsigned char *output; /* of the row's first pixel */
    int y, x, end;         /* pixels */
    bool inside;           /* all rows of taps are within the picture */
};

__device__ __forceinline__ Run run_of(const oct_gpu_pixels &p, int index)
{
    const int row = divide(index, p.by_runs), image = divide(row, p.by_height);
    Run run;
    run.x = (index - row * p.runs) * p.run_blocks * 32;
    run.end = min(run.x + p.run_blocks * 32, p.width);
    run.y = row - image * p.height;
    run.picture = (const uint32_t *)(p.input + (uint64_t)image * (uint64_t)p.input_image);
    run.output = (unsigned char *)p.output.data + (int64_t)image * p.output.image +
                 (int64_t)run.y * p.output.row;
    const int y = run.y * p.stride - p.padding;
    run.inside = y >= 0 && y + p.kernel <= p.input_height;
    return run;
}

/* Whether no tap of `pixels` pixels from x on is outside of the picture. */
__device__ __forceinline__ bool is_inside(const oct_gpu_pixels &p, const Run &run, int x,
                                          int pixels, int columns)
{
    const int first = x * p.stride - p.padding;
    return run.inside && first >= 0 &&
           first + (pixels - 1) * p.stride + columns * 4 <= p.input_width;
}

template <int blocks, bool inside>
__device__ __forceinline__ void load_steps(const oct_gpu_pixels &p, const Run &run, int x,
                                           uint32_t (&a)[blocks][2][4])
{
#pragma unroll
    for (int i = 0; i < blocks; i++)
#pragma unroll
        for (int s = 0; s < 2; s++)
            load_step<1, inside>(p, run.picture, run.y, x + i * 16, s, a[i][s]);
}

/* Two steps' taps of `blocks` times 16 pixels. */
template <int blocks>
__device__ __forceinline__ void load_taps(const oct_gpu_pixels &p, const Run &run, int x,
                                          uint32_t (&a)[blocks][2][4])
{
    if (is_inside(p, run, x, 16 * blocks, 1))
        load_steps<blocks, true>(p, run, x, a);
    else
        load_steps<blocks, false>(p, run, x, a);
}

/* Kernels of up to 4: weights stay in registers, and the next pixels are read while these are
 * finished. */
template <int J, bool any>
__device__ __forceinline__ void convolve_small(const oct_gpu_pixels &p, const Run &run,
                                               const uint4 *weights, const Factors<J> &factors,
                                               uint32_t base, int first)
{
    constexpr int blocks = J > 2 ? 1 : 2; /* of 16 pixels at a time, as registers let */
    uint4 held[2][J / 2];
#pragma unroll
    for (int s = 0; s < 2; s++)
#pragma unroll
        for (int j = 0; j < J / 2; j++)
            held[s][j] = __ldg(weights + (s * (J / 2) + j) * 32);
    uint32_t a[blocks][2][4];
    load_taps<blocks>(p, run, run.x, a);
    for (int x = run.x; x < run.end; x += 16 * blocks) {
        int sums[blocks][J][4];
#pragma unroll
        for (int i = 0; i < blocks; i++) {
            start_sums<J>(sums[i], factors);
#pragma unroll
            for (int s = 0; s < 2; s++)
                multiply_step<J>(sums[i], a[i][s], held[s]);
        }
        if (x + 16 * blocks < run.end)
            load_taps<blocks>(p, run, x + 16 * blocks, a);
#pragma unroll
        for (int i = 0; i < blocks; i++)
            store_pixels<J, any>(p, sums[i], factors, base, first, run.output, x + i * 16);
    }
}

/* Larger ones: COLUMNS half steps a row of taps, STEPS in all. */
template <int J, int COLUMNS, int STEPS, bool any>
__device__ __forceinline__ void convolve_large(const oct_gpu_pixels &p, const Run &run,
                                               const uint4 *weights, const Factors<J> &factors,
                                               uint32_t base, int first)
{
    for (int x = run.x; x < run.end; x += 16) {
        int sums[J][4];
        start_sums<J>(sums, factors);
#pragma unroll 2
        for (int s = 0; s < STEPS; s++) {
            uint32_t a[4];
            uint4 b[J / 2];
            load_step<COLUMNS, false>(p, run.picture, run.y, x, s, a);
#pragma unroll
            for (int j = 0; j < J / 2; j++)
                b[j] = __ldg(weights + (s * (J / 2) + j) * 32);
            multiply_step<J>(sums, a, b);
        }
        store_pixels<J, any>(p, sums, factors, base, first, run.output, x);
    }
}

/* 8 * J channels of a block's. */
template <int J, int COLUMNS, int STEPS, bool any>
__device__ __forceinline__ void convolve_pixels(const oct_gpu_pixels &p)
{
    __shared__ __align__(128) unsigned char table[OCT_GPU_TABLE_BYTES];
    const int first = blockIdx.y * J * 8;
    ((uint4 *)table)[threadIdx.x] = __ldg((const uint4 *)p.table + threadIdx.x);
    const uint4 *weights =
        (const uint4 *)p.weights + (int64_t)blockIdx.y * STEPS * (J / 2) * 32 + (threadIdx.x & 31);
    const Factors<J> factors = factors_of<J>(p, first);
    const int index = blockIdx.x * (THREADS / 32) + (threadIdx.x >> 5);
    __syncthreads();
    if (index >= p.warp_tiles)
        return;
    await_kernel_before();
    const Run run = run_of(p, index);
    const uint32_t base = silu_base(shared_address(table));
    if (STEPS == 2)
        convolve_small<J, any>(p, run, weights, factors, base, first);
    else
        convolve_large<J, COLUMNS, STEPS, any>(p, run, weights, factors, base, first);
}

#define PIXELS_KERNEL(NAME, J, COLUMNS, STEPS, ANY)                                                \
    extern "C" __global__ void __launch_bounds__(THREADS, 4) NAME(PARAMETER oct_gpu_pixels p)      \
    {                                                                                              \
        convolve_pixels<J, COLUMNS, STEPS, ANY>(p);                                                \
    }

/* By channels, and the largest kernel. */
PIXELS_KERNEL(conv_pixels_16_4, 2, 1, 2, false)
PIXELS_KERNEL(conv_pixels_32_4, 4, 1, 2, false)
PIXELS_KERNEL(conv_pixels_16_8, 2, 2, 8, false)
PIXELS_KERNEL(conv_pixels_16_15, 2, 4, 30, false)

/* The same for any activation. */
PIXELS_KERNEL(conv_pixels_any_16_4, 2, 1, 2, true)
PIXELS_KERNEL(conv_pixels_any_32_4, 4, 1, 2, true)
PIXELS_KERNEL(conv_pixels_any_16_8, 2, 2, 8, true)
PIXELS_KERNEL(conv_pixels_any_16_15, 2, 4, 30, true)
