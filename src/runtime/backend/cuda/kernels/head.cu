/* SPDX-License-Identifier: Apache-2.0 */
/* YOLOv8's and YOLO26's heads: what anchors are confident of, and then their boxes. */
#include "runtime/backend/cuda/kernels/decode.cuh"
#include "runtime/backend/cuda/kernels/device.cuh"

#define GATHER_THREADS 128
#define ANCHOR_LANES 4 /* of an anchor: they read 64 bytes side by side */
#define READS 5        /* of a lane, under way together: 80 classes */
#define BOX_THREADS 256
#define SIDE_LANES 16
#define BOX_LANES (4 * SIDE_LANES)
#define BOXES (BOX_THREADS / BOX_LANES) /* of a block at a time */
#define WORDS ((int)(sizeof(oct_gpu_candidate) / sizeof(float)))

__device__ __forceinline__ int level_of(const oct_gpu_head &p, int anchor)
{
    int level = 0;
    while (level + 1 < p.level_count && anchor >= p.levels[level + 1].first)
        level++;
    return level;
}

__device__ __forceinline__ const float *logits_of(const oct_gpu_view &view, int slot, int y, int x)
{
    return (const float *)((const char *)view.data + (int64_t)slot * view.image +
                           (int64_t)y * view.row + (int64_t)x * view.pixel);
}

/* ---- confident anchors ---- */

__device__ __forceinline__ bool is_wanted(const oct_gpu_head &p, const oct_gpu_search &search,
                                          int class_id)
{
    const uint32_t *bits = (const uint32_t *)((const oct_gpu_search *)p.search + 1);
    return search.any_class || (bits[class_id / 32] >> (class_id % 32) & 1u);
}

/* A logit that is above the limit: its score decides. */
__device__ __forceinline__ void append(const oct_gpu_head &p, const oct_gpu_search &search,
                                       int slot, int anchor, int class_id, float logit)
{
    if (!is_wanted(p, search, class_id))
        return;
    const float score = oct_gpu_sigmoid(logit);
    if (!(score > search.confidence))
        return;
    const uint32_t place = atomicAdd((uint32_t *)p.counts + slot, 1u);
    if (place < (uint32_t)p.capacity)
        ((float4 *)p.found)[(int64_t)slot * p.capacity + place] =
            make_float4(score, __int_as_float(anchor), __int_as_float(class_id), 0.0f);
}

/* `READS` groups of four classes, from `group` on; classes that are not there are lowest. */
__device__ __forceinline__ void read_groups(float (&v)[READS][4], const float *logits, int group,
                                            int classes)
{
    const float lowest = __int_as_float(0xff800000);
#pragma unroll
    for (int k = 0; k < READS; k++) {
        const int at = group + k * ANCHOR_LANES;
        const float4 four = 4 * at < classes ? __ldcg((const float4 *)logits + at)
                                             : make_float4(lowest, lowest, lowest, lowest);
        v[k][0] = four.x;
        v[k][1] = 4 * at + 1 < classes ? four.y : lowest;
        v[k][2] = 4 * at + 2 < classes ? four.z : lowest;
        v[k][3] = 4 * at + 3 < classes ? four.w : lowest;
    }
}

/* All classes of a lane's groups that are above the limit. */
__device__ __forceinline__ void gather_all(const oct_gpu_head &p, const oct_gpu_search &search,
                                           const float *logits, int slot, int anchor, int lane)
{
    for (int group = lane; 4 * group < p.class_count; group += READS * ANCHOR_LANES) {
        float v[READS][4];
        uint32_t above = 0;
        read_groups(v, logits, group, p.class_count);
#pragma unroll
        for (int i = 0; i < 4 * READS; i++)
            above |= (uint32_t)(v[i / 4][i % 4] > search.logit) << i;
        for (; above; above &= above - 1) {
            const int i = __ffs((int)above) - 1;
            const int class_id = 4 * (group + i / 4 * ANCHOR_LANES) + i % 4;
            append(p, search, slot, anchor, class_id, __ldcg(logits + class_id));
        }
    }
}

/* The anchor's best class, which the first of its lanes appends. As on the CPU, where class 0 is no
 * number nothing is better. */
__device__ __forceinline__ void gather_best(const oct_gpu_head &p, const oct_gpu_search &search,
                                            const float *logits, int slot, int anchor, int lane)
{
    oct_gpu_best best = {search.logit, -1};
    bool number = true;
    for (int group = lane; 4 * group < p.class_count; group += READS * ANCHOR_LANES) {
        float v[READS][4];
        read_groups(v, logits, group, p.class_count);
        number = number && (group > 0 || v[0][0] == v[0][0]);
#pragma unroll
        for (int i = 0; i < 4 * READS; i++)
            oct_gpu_take(&best, v[i / 4][i % 4], 4 * (group + i / 4 * ANCHOR_LANES) + i % 4);
    }
#pragma unroll
    for (int across = 1; across < ANCHOR_LANES; across *= 2) {
        const oct_gpu_best other = {__shfl_xor_sync(0xffffffffu, best.logit, across),
                                    __shfl_xor_sync(0xffffffffu, best.class_id, across)};
        best = oct_gpu_better(best, other);
    }
    if (lane == 0 && number && best.class_id >= 0 && anchor < p.anchors)
        append(p, search, slot, anchor, best.class_id, best.logit);
}

/* A thread a slot: nothing is found yet. */
extern "C" __global__ void head_clear(PARAMETER oct_gpu_head p)
{
    await_kernel_before();
    ((uint32_t *)p.counts)[p.first + threadIdx.x] = 0u;
}

extern "C" __global__ void __launch_bounds__(GATHER_THREADS) head_gather(PARAMETER oct_gpu_head p)
{
    const int slot = p.first + blockIdx.y, lane = threadIdx.x % ANCHOR_LANES;
    const int anchor = (blockIdx.x * GATHER_THREADS + threadIdx.x) / ANCHOR_LANES;
    /* lanes behind the last anchor read it once more: they take part in what lanes do together */
    const int there = min(anchor, p.anchors - 1);
    const oct_gpu_level &level = p.levels[level_of(p, there)];
    const int cell = there - level.first;
    const float *logits = logits_of(level.classes, slot, cell / level.width, cell % level.width);
    const oct_gpu_search search = *(const oct_gpu_search *)p.search;
    await_kernel_before();
    if (!search.multi_label)
        gather_best(p, search, logits, slot, anchor, lane);
    else if (anchor < p.anchors)
        gather_all(p, search, logits, slot, anchor, lane);
}

/* ---- boxes ---- */

/* A side of a found anchor's box, by SIDE_LANES lanes of one warp; `values` is their memory. */
__device__ __forceinline__ float side_of(const oct_gpu_head &p, int slot, int anchor, int side,
                                         int lane, double *values)
{
    const oct_gpu_level &level = p.levels[level_of(p, anchor)];
    const int cell = anchor - level.first, y = cell / level.width, x = cell % level.width;
    const float *logits = logits_of(level.boxes, slot, y, x) + side * p.reg_max;
    if (p.reg_max == 0)
        return oct_gpu_corner(side, side % 2 ? y : x, logits[side], level.stride);
    const float highest = oct_gpu_highest(logits, p.reg_max);
    for (int i = lane; i < p.reg_max; i += SIDE_LANES)
        values[i] = oct_gpu_term(logits[i], highest);
    __syncwarp();
    const double sum = oct_gpu_sum(values, p.reg_max);
    __syncwarp();
    for (int i = lane; i < p.reg_max; i += SIDE_LANES)
        values[i] = oct_gpu_part(values[i], sum, i, &p.rounding);
    __syncwarp();
    const float distance = oct_gpu_distance(oct_gpu_sum(values, p.reg_max), sum, &p.rounding);
    __syncwarp();
    return oct_gpu_corner(side, side % 2 ? y : x, distance, level.stride);
}

/* What was found, with its boxes, to the host's memory, a block's in one piece. */
extern "C" __global__ void __launch_bounds__(BOX_THREADS) head_boxes(PARAMETER oct_gpu_head p)
{
    __shared__ double values[BOX_THREADS / SIDE_LANES][OCT_GPU_BINS_MAX];
    __shared__ float words[BOXES * WORDS];
    const int slot = p.first + blockIdx.y;
    const int box = threadIdx.x / BOX_LANES, side = threadIdx.x / SIDE_LANES % 4;
    const int lane = threadIdx.x % SIDE_LANES;
    await_kernel_before();
    const uint32_t all = ((const uint32_t *)p.counts)[slot];
    const int count = (int)min(all, (uint32_t)p.capacity);
    const oct_gpu_found *found = (const oct_gpu_found *)p.found + (int64_t)slot * p.capacity;
    float *candidates = (float *)((oct_gpu_candidate *)p.candidates + (int64_t)slot * p.capacity);
    if (blockIdx.x == 0 && threadIdx.x == 0)
        ((uint32_t *)p.told)[slot] = all;
    for (int first = blockIdx.x * BOXES; first < count; first += gridDim.x * BOXES) {
        const oct_gpu_found *mine = found + min(first + box, count - 1);
        const float corner =
            side_of(p, slot, mine->anchor, side, lane, values[threadIdx.x / SIDE_LANES]);
        if (lane == 0) {
            words[box * WORDS + side] = ((const float *)mine)[side];
            words[box * WORDS + 4 + side] = corner;
        }
        __syncthreads();
        if (threadIdx.x < min(BOXES, count - first) * WORDS)
            candidates[(int64_t)first * WORDS + threadIdx.x] = words[threadIdx.x];
        __syncthreads();
    }
}
