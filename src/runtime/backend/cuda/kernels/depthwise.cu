/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions of each channel by itself (struct oct_gpu_depthwise). Of codes: four taps of a row
 * are one dp4a, whose operands are the codes of four pixels of a channel. Bytes are brought into
 * that order by permutations, once for the four pixels of a strip and all that reads them; what
 * begins an odd pixel on takes weights that are moved by a tap instead. Patches lie in shared
 * memory as the channels do in global memory, so that filling them is copying.
 */
#include "runtime/backend/cuda/kernels/finish.cuh"

#define THREADS 128
#define STRIP OCT_GPU_STRIP

/* ---- codes ---- */

/* Where a block's tile is: its picture, its first pixel, its first group. */
struct Tile {
    int image, y, x, group;
};

__device__ __forceinline__ Tile tile_of(const oct_gpu_depthwise &p)
{
    Tile tile;
    const int pixels = divide(blockIdx.x, p.by_group_tiles);
    tile.group = (blockIdx.x - pixels * p.group_tiles) * p.tile_groups;
    tile.image = divide(pixels, p.by_image_tiles);
    const int in_image = pixels - tile.image * (p.tiles_down * p.tiles_across);
    const int row = divide(in_image, p.by_tiles_across);
    tile.y = row * p.tile_height;
    tile.x = (in_image - row * p.tiles_across) * p.tile_width;
    return tile;
}

__device__ __forceinline__ unsigned char *pixel_of(const oct_gpu_view &view, int image, int y,
                                                   int x)
{
    return (unsigned char *)view.data + (int64_t)image * view.image + (int64_t)y * view.row +
           (int64_t)x * view.pixel;
}

/* Codes of the picture, and zero points outside of it. */
__device__ __forceinline__ void fill_patch(const oct_gpu_depthwise &p, const Tile &tile,
                                           uint32_t patch)
{
    const int columns = p.patch_width * p.tile_groups;
    const int first_y = tile.y * p.stride - p.padding, first_x = tile.x * p.stride - p.padding;
    for (int v = threadIdx.x; v < p.patch_height * columns; v += THREADS) {
        const int row = divide(v, p.by_patch_columns), in_row = v - row * columns;
        const int column = divide(in_row, p.by_tile_groups);
        const int group = tile.group + in_row - column * p.tile_groups;
        const int y = first_y + row, x = first_x + column;
        const uint32_t to = patch + row * p.patch_row + in_row * OCT_GPU_GROUP_BYTES;
        if (group * 4 >= p.words)
            continue;
        if ((unsigned)y < (unsigned)p.input_height && (unsigned)x < (unsigned)p.input_width)
            copy16(to, pixel_of(p.input, tile.image, y, x) + group * OCT_GPU_GROUP_BYTES);
        else
            store16(to, __ldg((const uint4 *)p.zeros + group));
    }
    commit_copies();
}

__device__ __forceinline__ uint32_t load4(uint32_t from)
{
    uint32_t value;
    asm volatile("ld.shared.u32 %0, [%1];" : "=r"(value) : "r"(from));
    return value;
}

/* sum + four codes times four weights */
__device__ __forceinline__ int add_products(uint32_t codes, uint32_t weights, int sum)
{
    asm("dp4a.u32.s32 %0, %1, %2, %0;" : "+r"(sum) : "r"(codes), "r"(weights));
    return sum;
}

/* Four channels of up to four pixels become four pixels of each channel. */
__device__ __forceinline__ void load_pixels(uint32_t from, int pixel, int count,
                                            uint32_t (&codes)[4])
{
    uint32_t p[4];
#pragma unroll
    for (int i = 0; i < 4; i++)
        p[i] = i < count ? load4(from + i * pixel) : 0;
    const uint32_t low = __byte_perm(p[0], p[1], 0x5140),
                   low_next = __byte_perm(p[2], p[3], 0x5140);
    const uint32_t high = __byte_perm(p[0], p[1], 0x7362),
                   high_next = __byte_perm(p[2], p[3], 0x7362);
    codes[0] = __byte_perm(low, low_next, 0x5410);
    codes[1] = __byte_perm(low, low_next, 0x7632);
    codes[2] = __byte_perm(high, high_next, 0x5410);
    codes[3] = __byte_perm(high, high_next, 0x7632);
}

/* What a strip reads of a row: pixels, in fours; weights, in fours, for each shift. */
template <int K, int S> struct Row {
    static const int pixels = (STRIP - 1) * S + K, blocks = (pixels + 3) / 4;
    static const int shifts = S == 1 ? 2 : 1;
    static const int fours = (K + shifts - 1 + 3) / 4;
};

/* Sums of a strip: [pixel][channel]. */
template <int K, int S>
__device__ __forceinline__ void sum_strip(const oct_gpu_depthwise &p, uint32_t patch, int pixel,
                                          int word, int (&sums)[STRIP][4])
{
    typedef Row<K, S> R;
    const uint4 *weights = (const uint4 *)p.weights + word;
#pragma unroll(K > 3 ? 1 : K)
    for (int dy = 0; dy < K; dy++) {
        uint32_t codes[R::blocks + 1][4];
#pragma unroll
        for (int b = 0; b < R::blocks; b++)
            load_pixels(patch + dy * p.patch_row + b * 4 * pixel, pixel, R::pixels - 4 * b,
                        codes[b]);
        codes[R::blocks][0] = codes[R::blocks][1] = codes[R::blocks][2] = codes[R::blocks][3] = 0;
#pragma unroll
        for (int i = 0; i < R::shifts * R::fours; i++) {
            const int shift = i / R::fours;
            const uint4 w = __ldg(weights);
            weights += p.words;
#pragma unroll
            for (int o = shift; o < STRIP; o += R::shifts) {
                const int first = o * S - shift, b = first / 4 + i % R::fours; /* even */
                uint32_t four[4];
#pragma unroll
                for (int c = 0; c < 4; c++)
                    four[c] =
                        first % 4 ? __byte_perm(codes[b][c], codes[b + 1][c], 0x5432) : codes[b][c];
                sums[o][0] = add_products(four[0], w.x, sums[o][0]);
                sums[o][1] = add_products(four[1], w.y, sums[o][1]);
                sums[o][2] = add_products(four[2], w.z, sums[o][2]);
                sums[o][3] = add_products(four[3], w.w, sums[o][3]);
            }
        }
    }
}

/* The same of any size and stride, tap by tap. */
__device__ __forceinline__ void sum_any_strip(const oct_gpu_depthwise &p, uint32_t patch, int pixel,
                                              int word, int (&sums)[STRIP][4])
{
    const uint32_t *weights = (const uint32_t *)p.weights + word;
    for (int dy = 0; dy < p.kernel; dy++, patch += p.patch_row)
        for (int dx = 0; dx < p.kernel; dx++, weights += p.words) {
            const uint32_t w = __ldg(weights);
#pragma unroll
            for (int o = 0; o < STRIP; o++) {
                const uint32_t codes = load4(patch + (o * p.stride + dx) * pixel);
#pragma unroll
                for (int c = 0; c < 4; c++)
                    sums[o][c] += (int)(codes >> (8 * c) & 255) * (signed char)(w >> (8 * c));
            }
        }
}

/* A strip's pixels that are in the picture, of `word`'s four channels. */
__device__ __forceinline__ void store_strip(const oct_gpu_depthwise &p, uint32_t base, int image,
                                            int y, int x, int word, const int (&sums)[STRIP][4])
{
    const float4 scale = __ldg((const float4 *)p.scale + word);
    const float4 bias = __ldg((const float4 *)p.bias + word);
    const int to = word * 4 * element_bytes(p.output.type);
    const int added = word * 4 * element_bytes(p.residual.type);
#pragma unroll
    for (int o = 0; o < STRIP; o++) {
        if (x + o >= p.width)
            continue;
        float v[4] = {__fmaf_rn(__int2float_rn(sums[o][0]), scale.x, bias.x),
                      __fmaf_rn(__int2float_rn(sums[o][1]), scale.y, bias.y),
                      __fmaf_rn(__int2float_rn(sums[o][2]), scale.z, bias.z),
                      __fmaf_rn(__int2float_rn(sums[o][3]), scale.w, bias.w)};
        activate(p.activation, base, v);
        if (p.residual.data)
            add_residual(p.residual, pixel_of(p.residual, image, y, x + o) + added, v);
        store_any(p.output, pixel_of(p.output, image, y, x + o) + to, v);
    }
}

/* K 0: kernels and strides of any size. Neighbouring threads have the tile's words of four
 * channels, then its rows, so that they read different banks. */
template <int K, int S> __device__ __forceinline__ void convolve_codes(const oct_gpu_depthwise &p)
{
    extern __shared__ uint4 memory[];
    __shared__ __align__(128) unsigned char table[OCT_GPU_TABLE_BYTES];
    const uint32_t patch = shared_address(memory), base = silu_base(shared_address(table));
    const Tile tile = tile_of(p);
    const int words = p.tile_groups * 4, pixel = p.tile_groups * OCT_GPU_GROUP_BYTES;
    ((uint4 *)table)[threadIdx.x] = __ldg((const uint4 *)p.table + threadIdx.x);
    await_kernel_before();
    fill_patch(p, tile, patch);
    await_copies<0>();
    __syncthreads();
    let_next_kernel_start();
    const int items = words * p.tile_height * (p.tile_width / STRIP);
    for (int item = threadIdx.x; item < items; item += THREADS) {
        const int strip = divide(item, p.by_tile_words), in_tile = item - strip * words;
        const int across = divide(strip, p.by_tile_height), row = strip - across * p.tile_height;
        const int word = tile.group * 4 + in_tile;
        const int y = tile.y + row, x = tile.x + across * STRIP;
        if (word >= p.words || y >= p.height || x >= p.width)
            continue;
        const int4 start = __ldg((const int4 *)p.start + word);
        int sums[STRIP][4];
#pragma unroll
        for (int o = 0; o < STRIP; o++) {
            sums[o][0] = start.x;
            sums[o][1] = start.y;
            sums[o][2] = start.z;
            sums[o][3] = start.w;
        }
        const uint32_t from =
            patch + row * p.stride * p.patch_row + across * STRIP * p.stride * pixel + in_tile * 4;
        if (K)
            sum_strip<K ? K : 1, S>(p, from, pixel, word, sums);
        else
            sum_any_strip(p, from, pixel, word, sums);
        store_strip(p, base, tile.image, y, x, word, sums);
    }
}

#define DEPTHWISE_KERNEL(NAME, K, S)                                                               \
    extern "C" __global__ void __launch_bounds__(THREADS, 4) NAME(PARAMETER oct_gpu_depthwise p)   \
    {                                                                                              \
        convolve_codes<K, S>(p);                                                                   \
    }

/* By size and stride. */
DEPTHWISE_KERNEL(depthwise_u8_k3_s1, 3, 1)
DEPTHWISE_KERNEL(depthwise_u8_k3_s2, 3, 2)
DEPTHWISE_KERNEL(depthwise_u8_k5_s1, 5, 1)
DEPTHWISE_KERNEL(depthwise_u8_k5_s2, 5, 2)
DEPTHWISE_KERNEL(depthwise_u8_k7_s1, 7, 1)
DEPTHWISE_KERNEL(depthwise_u8_k7_s2, 7, 2)
DEPTHWISE_KERNEL(depthwise_u8_any, 0, 1)

/* ---- floats ---- */

template <bool halves> __device__ __forceinline__ float4 load_four(const unsigned char *at)
{
    if (!halves)
        return *(const float4 *)at;
    const uint2 pairs = *(const uint2 *)at;
    return make_float4(bfloat_value(pairs.x), bfloat_value(pairs.x >> 16), bfloat_value(pairs.y),
                       bfloat_value(pairs.y >> 16));
}

template <bool halves> __device__ __forceinline__ void convolve_values(const oct_gpu_depthwise &p)
{
    __shared__ __align__(128) unsigned char table[OCT_GPU_TABLE_BYTES];
    const int64_t at = (int64_t)blockIdx.x * THREADS + threadIdx.x, pixel = at / p.words;
    const int word = (int)(at - pixel * p.words), row = (int)(pixel / p.width);
    const int x = (int)(pixel - (int64_t)row * p.width);
    const int image = row / p.height, y = row - image * p.height;
    ((uint4 *)table)[threadIdx.x] = __ldg((const uint4 *)p.table + threadIdx.x);
    __syncthreads();
    await_kernel_before();
    if (image >= p.images)
        return;
    const float4 bias = __ldg((const float4 *)p.bias + word);
    const float4 *weights = (const float4 *)p.weights + word;
    float sums[4] = {bias.x, bias.y, bias.z, bias.w};
    for (int dy = 0; dy < p.kernel; dy++)
        for (int dx = 0; dx < p.kernel; dx++, weights += p.words) {
            const int from_y = y * p.stride + dy - p.padding,
                      from_x = x * p.stride + dx - p.padding;
            if ((unsigned)from_y >= (unsigned)p.input_height ||
                (unsigned)from_x >= (unsigned)p.input_width)
                continue;
            const float4 v = load_four<halves>(pixel_of(p.input, image, from_y, from_x) +
                                               word * (halves ? 8 : 16));
            const float4 w = __ldg(weights);
            sums[0] = __fmaf_rn(v.x, w.x, sums[0]);
            sums[1] = __fmaf_rn(v.y, w.y, sums[1]);
            sums[2] = __fmaf_rn(v.z, w.z, sums[2]);
            sums[3] = __fmaf_rn(v.w, w.w, sums[3]);
        }
    activate_values(p.activation, silu_base(shared_address(table)), sums);
    if (p.residual.data)
        add_residual(p.residual,
                     pixel_of(p.residual, image, y, x) + word * 4 * element_bytes(p.residual.type),
                     sums);
    store_any(p.output, pixel_of(p.output, image, y, x) + word * 4 * element_bytes(p.output.type),
              sums);
}

extern "C" __global__ void __launch_bounds__(THREADS) depthwise_f32(PARAMETER oct_gpu_depthwise p)
{
    convolve_values<false>(p);
}

extern "C" __global__ void __launch_bounds__(THREADS) depthwise_bf16(PARAMETER oct_gpu_depthwise p)
{
    convolve_values<true>(p);
}
