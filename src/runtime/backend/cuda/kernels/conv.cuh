/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The convolution on tensor cores: see struct oct_gpu_conv for tiles, patches, chunks and half
 * steps, and conv_tiles.h for the template's numbers. Found in a trial: input patches with their
 * halo, read once and used by all taps, and weights in the order of the matrix instruction's
 * registers, so that neither needs any rearranging. Whatever depends on the place in a tile alone
 * was worked out by the host: an output value has some 25 instructions, of which SiLU and the code
 * are 15.
 */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_KERNELS_CONV_CUH
#define OCTET_RUNTIME_BACKEND_CUDA_KERNELS_CONV_CUH

#include "runtime/backend/cuda/kernels/finish.cuh"

/* What follows the sums. */
enum finish {
    FINISH_SILU,          /* SiLU, stored in the input's type */
    FINISH_SILU_RESIDUAL, /* codes: SiLU, a residual of codes, stored as codes */
    FINISH_VALUES,        /* stored as floats */
    FINISH_ANY            /* what the parameters say */
};

/* ---- into shared memory ---- */

template <int threads>
__device__ __forceinline__ void copy_vectors(uint32_t to, const void *from, int bytes)
{
    const unsigned char *source = (const unsigned char *)from;
#pragma unroll 4
    for (int i = threadIdx.x * 16; i < bytes; i += threads * 16)
        copy16(to + i, source + i);
}

__device__ __forceinline__ const unsigned char *source_of(const oct_gpu_source &source, int image,
                                                          int y, int x, int group)
{
    return (const unsigned char *)source.data + (int64_t)image * source.image +
           ((y >> source.shift) * source.row + (x >> source.shift) * source.pixel +
            (group - source.first) * OCT_GPU_GROUP_BYTES);
}

/* Of an input of several sources: group `group` of pixel (y, x). */
__device__ __forceinline__ const unsigned char *group_of(const oct_gpu_conv &p, int image, int y,
                                                         int x, int group)
{
    int s = 0;
#pragma unroll
    for (int k = 1; k < OCT_GPU_SOURCES_MAX; k++)
        s = k < p.source_count && group >= p.sources[k].first ? k : s;
    return source_of(p.sources[s], image, y, x, group);
}

/* Where a tile's patch comes from: its image, and the patch's first pixel in the input. */
struct Patch {
    int image, y, x;
};

/* The patch of a chunk: bytes of the sources inside of the picture, zero points outside. `one`:
 * there is one source, as it stands. Threads stand along rows; each goes down its column. */
template <int threads, bool one>
__device__ __forceinline__ void fill_from(const oct_gpu_conv &p, const Patch &patch, uint32_t to,
                                          int first_group)
{
    const int first_row = divide(threadIdx.x, p.by_patch_columns);
    const int down = p.rows_at_once;
    if (first_row >= down)
        return;
    for (int v = threadIdx.x - first_row * p.patch_columns; v < p.patch_columns; v += threads) {
        const int x = divide(v, p.by_chunk_groups), g = v - x * p.chunk_groups;
        const int column = p.odd_columns ? (x & 1) * p.odd_columns + (x >> 1) : x;
        const int group = first_group + g, from_x = patch.x + x;
        const bool across = (unsigned)from_x < (unsigned)p.input_width;
        uint32_t target =
            to + first_row * p.patch_row + column * p.patch_pixel + g * OCT_GPU_GROUP_BYTES;
        int y = patch.y + first_row;
        const unsigned char *from = source_of(p.sources[0], patch.image, y, from_x, group);
        for (int row = first_row; row < p.patch_height; row += down) {
            if (!across || (unsigned)y >= (unsigned)p.input_height) {
                const uint32_t zero = ((const unsigned char *)p.zeros)[group] * 0x01010101u;
                store16(target, make_uint4(zero, zero, zero, zero));
            } else {
                copy16(target, one ? from : group_of(p, patch.image, y, from_x, group));
            }
            target += down * p.patch_row;
            from += down * p.sources[0].row;
            y += down;
        }
    }
}

template <int threads>
__device__ __forceinline__ void fill_patch(const oct_gpu_conv &p, const Patch &patch, uint32_t to,
                                           int chunk)
{
    if (p.source_count == 1 && !p.sources[0].shift)
        fill_from<threads, true>(p, patch, to, chunk * p.chunk_groups);
    else
        fill_from<threads, false>(p, patch, to, chunk * p.chunk_groups);
}

/* ---- products ---- */

/* Products of a warp's part of a chunk's depth. */
template <class Type, int I, int J, int tile_channels>
__device__ __forceinline__ void multiply_chunk(typename Type::Sum (&sums)[I][J][4],
                                               const uint32_t (&rows)[I], uint32_t weights,
                                               const int32_t *offsets, int begin, int end)
{
    weights += begin * tile_channels * 32;
    int offset = offsets[2 * begin];
#pragma unroll(I *J > 16 ? 1 : 2)
    for (int step = begin; step < end; step++) {
        uint32_t a[I][4];
#pragma unroll
        for (int i = 0; i < I; i++)
            load_rows(a[i], rows[i] + offset);
        offset = offsets[2 * step + 2];
#pragma unroll
        for (int j = 0; j < J; j += 2) {
            const uint4 b = load16(weights + j * 256);
#pragma unroll
            for (int i = 0; i < I; i++) {
                Type::multiply(sums[i][j], a[i], b.x, b.y);
                Type::multiply(sums[i][j + 1], a[i], b.z, b.w);
            }
        }
        weights += tile_channels * 32;
    }
}

/* The same of 3x3 taps, three steps at a time, which differ in the row of taps alone: what row r of
 * the patch gives serves the pixels of rows r, r - 1 and r - 2. */
template <class Type, int I, int J, int tile_channels>
__device__ __forceinline__ void multiply_rows(typename Type::Sum (&sums)[I][J][4], uint32_t row,
                                              int patch_row, uint32_t weights,
                                              const int32_t *offsets, int begin, int end)
{
    weights += begin * tile_channels * 96;
    for (int column = begin; column < end; column++) {
        const uint32_t from = row + offsets[6 * column];
        uint32_t a[I + 2][4];
#pragma unroll
        for (int r = 0; r < I + 2; r++)
            load_rows(a[r], from + r * patch_row);
#pragma unroll
        for (int dy = 0; dy < 3; dy++) {
#pragma unroll
            for (int j = 0; j < J; j += 2) {
                const uint4 b = load16(weights + j * 256);
#pragma unroll
                for (int i = 0; i < I; i++) {
                    Type::multiply(sums[i][j], a[i + dy], b.x, b.y);
                    Type::multiply(sums[i][j + 1], a[i + dy], b.z, b.w);
                }
            }
            weights += tile_channels * 32;
        }
    }
}

/* J blocks of 8 channels are stored in groups of 4 (or, at the end, 2) blocks: a lane has 8 (or 4)
 * channels that stand side by side. */
template <int J> struct Channels {
    static __device__ __forceinline__ constexpr int blocks(int group)
    {
        return J - group * 4 >= 4 ? 4 : 2;
    }
    static __device__ __forceinline__ int first(int group)
    {
        return group * 32 + (threadIdx.x & 3) * 2 * blocks(group);
    }
};

/* What sums begin with: `start`, or a bias; of warps that share the depth, one's alone. */
template <class Type, int I, int J>
__device__ __forceinline__ void start_sums(typename Type::Sum (&sums)[I][J][4],
                                           const float *constants, int channels, int n, bool first)
{
#pragma unroll
    for (int j = 0; j < J; j += 2) {
        const int channel = n * J * 8 + Channels<J>::first(j / 4) + (j % 4) * 2;
#pragma unroll
        for (int k = 0; k < 4; k++) {
            typename Type::Sum start = 0;
            if (first)
                start = Type::is_codes ? (typename Type::Sum)((const int *)constants)[channel + k]
                                       : (typename Type::Sum)constants[2 * channels + channel + k];
#pragma unroll
            for (int i = 0; i < I; i++)
                sums[i][j + k / 2][k % 2] = sums[i][j + k / 2][k % 2 + 2] = start;
        }
    }
}

/* Warps that share the depth add up what they have; the first of them go on with the sums. */
template <class Type, int M, int N, int K, int I, int J>
__device__ __forceinline__ void add_up(typename Type::Sum (&sums)[I][J][4], void *room, int warp)
{
    typename Type::Sum *all = (typename Type::Sum *)room;
    const int lane = threadIdx.x & 31, part = warp / (M * N), tile = warp % (M * N);
    constexpr int count = I * J * 4;
    __syncthreads();
    if (part > 0)
#pragma unroll
        for (int i = 0; i < count; i++)
            all[(((part - 1) * M * N + tile) * count + i) * 32 + lane] =
                sums[i / (J * 4)][i / 4 % J][i % 4];
    __syncthreads();
    if (part == 0)
#pragma unroll
        for (int i = 0; i < count; i++)
#pragma unroll
            for (int k = 1; k < K; k++)
                sums[i / (J * 4)][i / 4 % J][i % 4] +=
                    all[(((k - 1) * M * N + tile) * count + i) * 32 + lane];
}

/* ---- the finish ---- */

struct Finishing {
    float inverse_scale, residual_scale, residual_zero;
    int zero_point;
    uint32_t silu;
};

__device__ __forceinline__ float sum_value(int sum, float scale, float bias)
{
    return __fmaf_rn(__int2float_rn(sum), scale, bias);
}

__device__ __forceinline__ float sum_value(float sum, float, float)
{
    return sum;
}

/* Codes of SiLU, and maybe of a residual of codes, of `count` (4 or 8) channels of one pixel. */
template <int FINISH, int count>
__device__ __forceinline__ void store_codes(const Finishing &f, unsigned char *output,
                                            const unsigned char *residual, bool exists,
                                            float (&y)[count / 4][4])
{
    uint32_t added[2] = {0, 0}, codes[2];
    if (FINISH == FINISH_SILU_RESIDUAL && exists) {
        if (count == 8) {
            const uint2 both = __ldcg((const uint2 *)residual);
            added[0] = both.x;
            added[1] = both.y;
        } else {
            added[0] = __ldcg((const uint32_t *)residual);
        }
    }
#pragma unroll
    for (int q = 0; q < count / 4; q++) {
#pragma unroll
        for (int k = 0; k < 4; k++) {
            y[q][k] = silu(y[q][k], f.silu);
            if (FINISH == FINISH_SILU_RESIDUAL)
                y[q][k] = add_code(added[q], k, f.residual_zero, f.residual_scale, y[q][k]);
        }
        codes[q] = codes_of(y[q], f.inverse_scale, f.zero_point);
    }
    if (count == 8 && exists)
        *(uint2 *)output = make_uint2(codes[0], codes[1]);
    else if (exists)
        *(uint32_t *)output = codes[0];
}

/* Four channels of any finish. */
template <class Type, int FINISH>
__device__ __forceinline__ void store_values(const oct_gpu_conv &p, const Finishing &f,
                                             unsigned char *output, const unsigned char *residual,
                                             float (&y)[4])
{
#pragma unroll
    for (int k = 0; k < 4; k++)
        if (FINISH == FINISH_SILU)
            y[k] = Type::is_codes ? silu(y[k], f.silu) : silu_of_values(y[k]);
    if (FINISH == FINISH_ANY && Type::is_codes)
        activate(p.activation, f.silu, y);
    else if (FINISH == FINISH_ANY)
        activate_values(p.activation, f.silu, y);
    if (FINISH == FINISH_ANY && residual)
        add_residual(p.residual, residual, y);
    if (FINISH == FINISH_VALUES)
        *(float4 *)output = make_float4(y[0], y[1], y[2], y[3]);
    else if (FINISH == FINISH_SILU)
        *(uint2 *)output = make_uint2(two_bfloats(y[0], y[1]), two_bfloats(y[2], y[3]));
    else
        store_any(p.output, output, y);
}

/* Whichever of the two it is. */
template <class Type, int FINISH, int count>
__device__ __forceinline__ void store_pixel(const oct_gpu_conv &p, const Finishing &f,
                                            unsigned char *output, const unsigned char *residual,
                                            bool exists, float (&y)[count / 4][4])
{
    if (Type::is_codes && (FINISH == FINISH_SILU || FINISH == FINISH_SILU_RESIDUAL)) {
        store_codes<FINISH, count>(f, output, residual, exists, y);
    } else if (exists) {
        const int output_bytes = element_bytes(p.output.type);
        const int residual_bytes = element_bytes(p.residual.type);
#pragma unroll
        for (int q = 0; q < count / 4; q++)
            store_values<Type, FINISH>(p, f, output + q * 4 * output_bytes,
                                       residual ? residual + q * 4 * residual_bytes : nullptr,
                                       y[q]);
    }
}

/* Where a lane's pixels are: two of each block of 16, from `table` on. They are looked up for each
 * group of channels anew, for registers' sake. */
struct Pixels {
    const oct_gpu_pixel *table;
    int left_y, left_x; /* pixels between the tile's first and the picture's end */
};

/* `count` neighbouring channels (4 or 8) of all of a lane's pixels. */
template <class Type, int I, int J, int FINISH, int count>
__device__ __forceinline__ void
store_channels(const oct_gpu_conv &p, const Finishing &f, typename Type::Sum (&sums)[I][J][4],
               int block, const float *scale, const float *bias, const Pixels &pixels,
               unsigned char *output, const unsigned char *residual)
{
    float4 scales[count / 4], biases[count / 4];
#pragma unroll
    for (int q = 0; q < count / 4; q++) {
        scales[q] = ((const float4 *)scale)[q];
        biases[q] = ((const float4 *)bias)[q];
    }
#pragma unroll
    for (int i = 0; i < I; i++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float y[count / 4][4];
#pragma unroll
            for (int q = 0; q < count / 4; q++) {
                const int b = (block + q * 2) % J;
                y[q][0] = sum_value(sums[i][b][2 * half], scales[q].x, biases[q].x);
                y[q][1] = sum_value(sums[i][b][2 * half + 1], scales[q].y, biases[q].y);
                y[q][2] = sum_value(sums[i][b + 1][2 * half], scales[q].z, biases[q].z);
                y[q][3] = sum_value(sums[i][b + 1][2 * half + 1], scales[q].w, biases[q].w);
            }
            const int4 pixel = *(const int4 *)&pixels.table[i * 16 + half * 8];
            const bool exists =
                (pixel.w >> 16) < pixels.left_y && (pixel.w & 0xffff) < pixels.left_x;
            store_pixel<Type, FINISH, count>(p, f, output + pixel.y,
                                             residual ? residual + pixel.z : nullptr, exists, y);
        }
}

/* Where a block's tile is. */
struct Tile {
    int image, y, x, channel_tile;
};

/* Worked out anew whenever it is asked for, so that it takes no registers in between. */
__device__ __forceinline__ Tile tile_of(const oct_gpu_conv &p)
{
    Tile tile;
    int block;
    asm volatile("mov.u32 %0, %%ctaid.x;" : "=r"(block));
    const int pixels = divide(block, p.by_channel_tiles);
    tile.channel_tile = block - pixels * p.channel_tiles;
    tile.image = divide(pixels, p.by_image_tiles);
    const int in_image = pixels - tile.image * (p.tiles_down * p.tiles_across);
    const int row = divide(in_image, p.by_tiles_across);
    tile.y = row * p.tile_height;
    tile.x = (in_image - row * p.tiles_across) * p.tile_width;
    return tile;
}

template <class Type, int M, int N, int I, int J, int FINISH>
__device__ __forceinline__ void
store_tile(const oct_gpu_conv &p, typename Type::Sum (&sums)[I][J][4], const unsigned char *memory)
{
    constexpr int channels = N * J * 8;
    const Tile tile = tile_of(p);
    int thread;
    asm volatile("mov.u32 %0, %%tid.x;" : "=r"(thread)); /* likewise */
    const int warp = (thread >> 5) % (M * N), m = warp % M, n = warp / M;
    const float *constants = (const float *)(memory + OCT_GPU_TABLE_BYTES);
    const oct_gpu_pixel *table =
        (const oct_gpu_pixel *)(memory + OCT_GPU_TABLE_BYTES + channels * 12 + p.half_steps * 4);
    const int output_bytes = FINISH == FINISH_VALUES ? 4
                             : FINISH == FINISH_ANY  ? element_bytes(p.output.type)
                             : Type::is_codes        ? 1
                                                     : 2;
    const int residual_bytes = FINISH == FINISH_ANY ? element_bytes(p.residual.type) : 1;
    const bool adds = FINISH == FINISH_SILU_RESIDUAL || (FINISH == FINISH_ANY && p.residual.data);
    const Finishing f = {p.output.inverse_scale, p.residual.scale,
                         -(SILU_MAGIC + (float)p.residual.zero_point), p.output.zero_point,
                         silu_base(shared_address(memory))};
    const Pixels pixels = {table + m * I * 16 + ((thread & 31) >> 2), p.height - tile.y,
                           p.width - tile.x};
    unsigned char *output = (unsigned char *)p.output.data + (int64_t)tile.image * p.output.image +
                            (tile.y * p.output.row + tile.x * p.output.pixel);
    const unsigned char *residual = adds ? (const unsigned char *)p.residual.data +
                                               (int64_t)tile.image * p.residual.image +
                                               (tile.y * p.residual.row + tile.x * p.residual.pixel)
                                         : nullptr;
#pragma unroll
    for (int group = 0; group * 4 < J; group++) {
        const int in_tile = n * J * 8 + Channels<J>::first(group);
        const int channel = tile.channel_tile * channels + in_tile;
        const float *scale = constants + channels + in_tile, *bias = scale + channels;
        unsigned char *to = output + channel * output_bytes;
        const unsigned char *added = adds ? residual + channel * residual_bytes : nullptr;
        if (Channels<J>::blocks(group) == 4)
            store_channels<Type, I, J, FINISH, 8>(p, f, sums, group * 4, scale, bias, pixels, to,
                                                  added);
        else
            store_channels<Type, I, J, FINISH, 4>(p, f, sums, group * 4, scale, bias, pixels, to,
                                                  added);
    }
}

/* ---- the kernel ---- */

template <class Type, int M, int N, int K, int I, int J, int FINISH, bool by_rows>
__device__ __forceinline__ void convolve(const oct_gpu_conv &p)
{
    constexpr int threads = 32 * M * N * K, channels = N * J * 8;
    extern __shared__ __align__(128) unsigned char memory[];
    const uint32_t shared = shared_address(memory), stages = shared + p.shared_weights;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const int part = warp / (M * N), m = warp % M, n = warp % (M * N) / M;
    const Tile tile = tile_of(p);
    const Patch patch = {tile.image, tile.y * p.stride - p.padding, tile.x * p.stride - p.padding};
    const unsigned char *weights =
        (const unsigned char *)p.weights + (int64_t)tile.channel_tile * p.chunks * p.weight_bytes;
    copy_vectors<threads>(
        shared, (const unsigned char *)p.constants + (int64_t)tile.channel_tile * p.constant_bytes,
        p.constant_bytes);
    const float *constants = (const float *)(memory + OCT_GPU_TABLE_BYTES);
    const int32_t *offsets = (const int32_t *)(constants + channels * 3) + (lane >> 4);
    const int depth = by_rows ? p.steps / 3 : p.steps;
    const int begin = K == 1 ? 0 : depth * part / K, end = depth * (part + 1) / K;

    typename Type::Sum sums[I][J][4];
    uint32_t rows[I];
    for (int chunk = 0, filled = 0; chunk < p.chunks; chunk++) {
        if (chunk > 0)
            __syncthreads(); /* what is filled now was read */
        while (filled < p.chunks && filled < chunk + p.stages) {
            const uint32_t to = stages + (filled & (p.stages - 1)) * p.shared_stage;
            copy_vectors<threads>(to, weights + (int64_t)filled * p.weight_bytes, p.weight_bytes);
            if (filled == 0)
                await_kernel_before();
            fill_patch<threads>(p, patch, to + p.shared_patch, filled);
            commit_copies();
            filled++;
        }
        if (filled > chunk + 1)
            await_copies<1>();
        else
            await_copies<0>();
        __syncthreads();
        if (chunk == 0) {
            const oct_gpu_pixel *table =
                (const oct_gpu_pixel *)((const int32_t *)(constants + channels * 3) + p.half_steps);
#pragma unroll
            for (int i = 0; i < I; i++)
                rows[i] = table[(m * I + i) * 16 + (lane & 15)].patch;
            start_sums<Type, I, J>(sums, constants, channels, n, part == 0);
        }
        const uint32_t stage = stages + (chunk & (p.stages - 1)) * p.shared_stage;
        const uint32_t patch_at = stage + p.shared_patch;
        const uint32_t weights_at = stage + n * J * 256 + lane * 16;
        if (by_rows) {
            multiply_rows<Type, I, J, channels>(sums, patch_at + rows[0], p.patch_row, weights_at,
                                                offsets, begin, end);
        } else {
            uint32_t patch_rows[I];
#pragma unroll
            for (int i = 0; i < I; i++)
                patch_rows[i] = patch_at + rows[i];
            multiply_chunk<Type, I, J, channels>(sums, patch_rows, weights_at, offsets, begin, end);
        }
    }
    let_next_kernel_start();
    if (K > 1) {
        add_up<Type, M, N, K, I, J>(sums, memory + p.shared_weights, warp);
        if (part > 0)
            return;
    }
    store_tile<Type, M, N, I, J, FINISH>(p, sums, memory);
}

/* As many blocks a multiprocessor as the sums' registers let. */
template <int sums> struct Blocks {
    static const int least = sums <= 4 ? 7 : sums <= 8 ? 5 : 4;
};

#define CONV_KERNEL_NAMED(NAME, TYPE, M, N, K, I, J, FINISH, BY_ROWS)                              \
    extern "C" __global__ void __launch_bounds__(                                                  \
        32 * M * N * K, (Blocks<I * J>::least - (FINISH == FINISH_ANY)) / ((M) * (N) * (K) / 4))   \
        NAME(PARAMETER oct_gpu_conv p)                                                             \
    {                                                                                              \
        convolve<TYPE, M, N, K, I, J, FINISH, BY_ROWS>(p);                                         \
    }
#define CONV_KERNEL(NAME, TYPE, PIXELS, CHANNELS, M, N, K, I, J, FINISH)                           \
    CONV_KERNEL_NAMED(NAME##_##PIXELS##x##CHANNELS##_k##K, TYPE, M, N, K, I, J, FINISH, false)
#define CONV_ROWS_KERNEL(NAME, TYPE, PIXELS, CHANNELS, M, N, K, I, J, FINISH)                      \
    CONV_KERNEL_NAMED(NAME##_##PIXELS##x##CHANNELS##_k##K##r, TYPE, M, N, K, I, J, FINISH, true)

#endif
