/* SPDX-License-Identifier: Apache-2.0 */
/*
 * softmax(factor * q k') v of codes (struct oct_gpu_attention; network/softmax.h is the
 * definition). A block has 16 queries of one head; its warps share the pixels that they see, 32 at
 * a time. Scores are worked out twice, for their highest and for their weights: a product of depth
 * 32 costs less than keeping them. Weights of 12 bits are two products of bytes. All sums are
 * exact, whoever adds them up. What the product of queries and keys leaves in a lane's registers
 * is, but for its order, what the next one takes of weights: values are read in that order.
 */
#include "network/softmax.h"
#include "runtime/backend/cuda/kernels/attention.cuh"

#define QUERIES OCT_GPU_QUERIES
#define STEP 32            /* pixels */
#define CHANNELS 64        /* of values, at a time */
#define ROW (CHANNELS + 4) /* of sums in shared memory */

/* 16 x 8 sums of codes times codes, 32 deep. */
__device__ __forceinline__ void multiply(int (&c)[4], const uint32_t (&a)[4], uint32_t b0,
                                         uint32_t b1)
{
    asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.u8.s32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/* Four channels from `channel` on; zeros beyond the head's. */
__device__ __forceinline__ uint32_t four_codes(const unsigned char *pixel, int channel,
                                               int channels)
{
    return channel < channels ? *(const uint32_t *)(pixel + channel) : 0;
}

/* A lane's part of the queries, or of the keys: row g, which is the lane's number over 4, and
 * channels from 4 times the rest on. */
struct Lane {
    const unsigned char *queries, *keys, *values; /* of the head and area */
    int g, t;
    int rows[2];         /* the lane's queries: pixels of the area */
    uint32_t zero_point; /* q's, four times */
};

__device__ __forceinline__ void load_queries(const oct_gpu_attention &p, const Lane &lane,
                                             int depth, uint32_t (&a)[4])
{
#pragma unroll
    for (int i = 0; i < 4; i++)
        a[i] = four_codes(lane.queries + (int64_t)lane.rows[i & 1] * p.queries.pixel,
                          depth + lane.t * 4 + (i >> 1) * 16, p.key_channels);
}

/*
 * Scores of 16 queries and 16 pixels from `begin` on, but for what all of a query's have in common:
 * sum q k - z_q sum k. Of 8 pixels each: rows g and g + 8, columns 2 t and 2 t + 1. What would be
 * behind the last pixel is the last one's.
 */
template <bool one>
__device__ __forceinline__ void find_scores(const oct_gpu_attention &p, const Lane &lane,
                                            const uint32_t (&queries)[4], int begin,
                                            int (&scores)[2][4])
{
    const uint32_t zero_points[4] = {lane.zero_point, lane.zero_point, lane.zero_point,
                                     lane.zero_point};
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const int pixel = min(begin + i * 8 + lane.g, p.pixels - 1);
        const unsigned char *key = lane.keys + (int64_t)pixel * p.keys.pixel;
        int common[4] = {0, 0, 0, 0};
        scores[i][0] = scores[i][1] = scores[i][2] = scores[i][3] = 0;
        for (int depth = 0; depth < (one ? 1 : p.key_channels); depth += 32) {
            const uint32_t b0 = four_codes(key, depth + lane.t * 4, p.key_channels);
            const uint32_t b1 = four_codes(key, depth + lane.t * 4 + 16, p.key_channels);
            uint32_t a[4] = {queries[0], queries[1], queries[2], queries[3]};
            if (!one)
                load_queries(p, lane, depth, a);
            multiply(scores[i], a, b0, b1);
            multiply(common, zero_points, b0, b1);
        }
#pragma unroll
        for (int k = 0; k < 4; k++)
            scores[i][k] -= common[k];
    }
}

/* oct_softmax_weight() in the lowest bits; the others are MAGIC_BITS. */
__device__ __forceinline__ uint32_t weight_of(int below, float unit)
{
    const float x = fmaxf(__fmul_rn(__int2float_rn(below), unit), OCT_SOFTMAX_LEAST);
    const float n = __fadd_rn(x, OCT_SOFTMAX_MAGIC);
    const float r = __fsub_rn(x, __fsub_rn(n, OCT_SOFTMAX_MAGIC));
    float w = __fmaf_rn(OCT_SOFTMAX_C4, r, OCT_SOFTMAX_C3);
    w = __fmaf_rn(w, r, OCT_SOFTMAX_C2);
    w = __fmaf_rn(w, r, OCT_SOFTMAX_C1);
    w = __fmaf_rn(w, r, OCT_SOFTMAX_C0);
    const float power = __uint_as_float((__float_as_uint(n) << 23) + 0x3f800000u);
    return __float_as_uint(__fadd_rn(__fmul_rn(w, power), MAGIC));
}

/* Lowest and second bytes of four weights. */
__device__ __forceinline__ void split(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t *low,
                                      uint32_t *high)
{
    const uint32_t first = __byte_perm(a, b, 0x5140), second = __byte_perm(c, d, 0x5140);
    *low = __byte_perm(first, second, 0x5410);
    *high = __byte_perm(first, second, 0x7632);
}

/* Scores of 16 pixels become weights, as a half of a product takes them; adds them up by rows. */
__device__ __forceinline__ void weigh(const oct_gpu_attention &p, const Lane &lane,
                                      const int (&most)[2], int begin, const int (&scores)[2][4],
                                      uint32_t *low, uint32_t *high, uint32_t (&sums)[2])
{
    uint32_t w[2][4];
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int k = 0; k < 4; k++) {
            w[i][k] = weight_of(scores[i][k] - most[k >> 1], p.unit);
            if (begin + i * 8 + lane.t * 2 + (k & 1) >= p.pixels)
                w[i][k] = MAGIC_BITS;
            sums[k >> 1] += w[i][k] - MAGIC_BITS;
        }
#pragma unroll
    for (int row = 0; row < 2; row++)
        split(w[0][row * 2], w[0][row * 2 + 1], w[1][row * 2], w[1][row * 2 + 1], &low[row],
              &high[row]);
}

/* Four channels of four pixels become four pixels of each channel. */
__device__ __forceinline__ void turn(const uint32_t (&v)[4], uint32_t (&turned)[4])
{
    const uint32_t a = __byte_perm(v[0], v[1], 0x5140), b = __byte_perm(v[2], v[3], 0x5140);
    const uint32_t c = __byte_perm(v[0], v[1], 0x7362), d = __byte_perm(v[2], v[3], 0x7362);
    turned[0] = __byte_perm(a, b, 0x5410);
    turned[1] = __byte_perm(a, b, 0x7632);
    turned[2] = __byte_perm(c, d, 0x5410);
    turned[3] = __byte_perm(c, d, 0x7632);
}

/* Adds weights times values of 32 pixels. Column g of block i of a group of 32 channels is channel
 * 4 g + i. Sums of higher bytes join those of lower ones at once, so as to take no registers. */
__device__ __forceinline__ void add_values(const oct_gpu_attention &p, const Lane &lane, int begin,
                                           int first, const uint32_t (&low)[4],
                                           const uint32_t (&high)[4], int (&sums)[8][4])
{
#pragma unroll
    for (int group = 0; group < CHANNELS / 32; group++) {
        const int channel = first + group * 32 + lane.g * 4;
        uint32_t turned[2][4];
        if (first + group * 32 >= p.value_channels)
            break;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            uint32_t v[4];
#pragma unroll
            for (int k = 0; k < 4; k++) {
                const int pixel =
                    min(begin + half * 16 + (k >> 1) * 8 + lane.t * 2 + (k & 1), p.pixels - 1);
                v[k] = four_codes(lane.values + (int64_t)pixel * p.values.pixel, channel,
                                  p.value_channels);
            }
            turn(v, turned[half]);
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int(&sum)[4] = sums[group * 4 + i];
            int above[4] = {0, 0, 0, 0};
            multiply(above, high, turned[0][i], turned[1][i]);
#pragma unroll
            for (int k = 0; k < 4; k++)
                sum[k] += above[k] * 256;
            multiply(sum, low, turned[0][i], turned[1][i]);
        }
    }
}

/* What warps tell each other. */
struct Shared {
    int most[WARPS][QUERIES];
    uint32_t weights[WARPS][QUERIES];
    int sums[WARPS][QUERIES][ROW];
};

/* The highest score of each of a lane's two queries, over all pixels. */
template <bool one>
__device__ __forceinline__ void find_most(const oct_gpu_attention &p, const Lane &lane,
                                          const uint32_t (&queries)[4], Shared &shared,
                                          int (&most)[2])
{
    const int warp = threadIdx.x >> 5;
    most[0] = most[1] = -2147483647 - 1;
    for (int begin = warp * STEP; begin < p.pixels; begin += WARPS * STEP) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int scores[2][4];
            find_scores<one>(p, lane, queries, begin + half * 16, scores);
#pragma unroll
            for (int k = 0; k < 4; k++)
                most[k >> 1] = max(most[k >> 1], max(scores[0][k], scores[1][k]));
        }
    }
#pragma unroll
    for (int row = 0; row < 2; row++) {
        most[row] = max(most[row], __shfl_xor_sync(0xffffffffu, most[row], 1));
        most[row] = max(most[row], __shfl_xor_sync(0xffffffffu, most[row], 2));
        if (lane.t == 0)
            shared.most[warp][lane.g + row * 8] = most[row];
    }
    __syncthreads();
#pragma unroll
    for (int row = 0; row < 2; row++)
#pragma unroll
        for (int w = 0; w < WARPS; w++)
            most[row] = max(most[row], shared.most[w][lane.g + row * 8]);
}

/* A warp's sums over pixels [begin, end), into shared memory. */
template <bool one>
__device__ __forceinline__ void sum_block(const oct_gpu_attention &p, const Lane &lane,
                                          const uint32_t (&queries)[4], const int (&most)[2],
                                          int begin, int end, int first, Shared &shared)
{
    const int warp = threadIdx.x >> 5;
    int sums[8][4] = {};
    uint32_t weights[2] = {0, 0};
    for (int at = begin + warp * STEP; at < end; at += WARPS * STEP) {
        uint32_t low[4], high[4];
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int scores[2][4];
            find_scores<one>(p, lane, queries, at + half * 16, scores);
            weigh(p, lane, most, at + half * 16, scores, low + half * 2, high + half * 2, weights);
        }
        add_values(p, lane, at, first, low, high, sums);
    }
#pragma unroll
    for (int row = 0; row < 2; row++) {
        weights[row] += __shfl_xor_sync(0xffffffffu, weights[row], 1);
        weights[row] += __shfl_xor_sync(0xffffffffu, weights[row], 2);
        if (lane.t == 0)
            shared.weights[warp][lane.g + row * 8] = weights[row];
#pragma unroll
        for (int group = 0; group < CHANNELS / 32; group++)
#pragma unroll
            for (int column = 0; column < 2; column++) {
                const int value = row * 2 + column;
                int *to =
                    shared.sums[warp][lane.g + row * 8] + group * 32 + lane.t * 8 + column * 4;
                *(int4 *)to = make_int4(sums[group * 4][value], sums[group * 4 + 1][value],
                                        sums[group * 4 + 2][value], sums[group * 4 + 3][value]);
            }
    }
}

/* What a thread finishes: 8 channels of one query. */
struct Totals {
    float values[8];
    uint32_t weights;
};

/* Adds what all warps have of a block of pixels. */
__device__ __forceinline__ void add_block(const oct_gpu_attention &p, const Shared &shared,
                                          Totals &totals)
{
    const int row = threadIdx.x >> 3, column = (threadIdx.x & 7) * 8;
    uint32_t weights = 0;
    int sums[8] = {};
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
        weights += shared.weights[w][row];
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int4 four = *(const int4 *)(shared.sums[w][row] + column + half * 4);
            sums[half * 4] += four.x;
            sums[half * 4 + 1] += four.y;
            sums[half * 4 + 2] += four.z;
            sums[half * 4 + 3] += four.w;
        }
    }
    totals.weights += weights;
#pragma unroll
    for (int k = 0; k < 8; k++)
        totals.values[k] = __fadd_rn(totals.values[k],
                                     __int2float_rn(sums[k] - p.values.zero_point * (int)weights));
}

__device__ __forceinline__ void store_totals(const oct_gpu_attention &p, const Place &place,
                                             int first, const Totals &totals)
{
    const int query = place.first + (threadIdx.x >> 3), channel = first + (threadIdx.x & 7) * 8;
    unsigned char *output =
        head_of(p.output, place, p.value_channels) + (int64_t)query * p.output.pixel;
    const float each = __fdiv_rn(p.values.scale, __int2float_rn((int)totals.weights));
    if (query >= p.pixels)
        return;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float y[4];
#pragma unroll
        for (int k = 0; k < 4; k++)
            y[k] = __fmul_rn(totals.values[half * 4 + k], each);
        if (channel + half * 4 < p.value_channels)
            store_any(p.output, output + (channel + half * 4) * element_bytes(p.output.type), y);
    }
    if (first == 0)
        clear_rest(p, place, output, threadIdx.x & 7, 8);
}

/* `one`: q and k have 32 channels at most. */
template <bool one> __device__ __forceinline__ void attend(const oct_gpu_attention &p)
{
    __shared__ __align__(16) Shared shared;
    const Place place = place_of(p, QUERIES);
    Lane lane;
    lane.g = (threadIdx.x & 31) >> 2;
    lane.t = threadIdx.x & 3;
    lane.queries = head_of(p.queries, place, p.key_channels);
    lane.keys = head_of(p.keys, place, p.key_channels);
    lane.values = head_of(p.values, place, p.value_channels);
    lane.rows[0] = min(place.first + lane.g, p.pixels - 1);
    lane.rows[1] = min(place.first + lane.g + 8, p.pixels - 1);
    lane.zero_point = p.queries.zero_point * 0x01010101u;
    uint32_t queries[4] = {0, 0, 0, 0};
    int most[2];
    await_kernel_before();
    if (one)
        load_queries(p, lane, 0, queries);
    find_most<one>(p, lane, queries, shared, most);
    for (int first = 0; first < p.value_channels; first += CHANNELS) {
        Totals totals = {};
        for (int begin = 0; begin < p.pixels; begin += OCT_SOFTMAX_BLOCK) {
            sum_block<one>(p, lane, queries, most, begin, min(begin + OCT_SOFTMAX_BLOCK, p.pixels),
                           first, shared);
            __syncthreads();
            add_block(p, shared, totals);
            __syncthreads(); /* before what was read is written over */
        }
        if (first + CHANNELS >= p.value_channels)
            let_next_kernel_start();
        store_totals(p, place, first, totals);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, 4)
    attention_u8_32(PARAMETER oct_gpu_attention p)
{
    attend<true>(p);
}

extern "C" __global__ void __launch_bounds__(THREADS, 4)
    attention_u8_any(PARAMETER oct_gpu_attention p)
{
    attend<false>(p);
}
