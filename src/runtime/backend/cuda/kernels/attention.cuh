/* SPDX-License-Identifier: Apache-2.0 */
/* What kernels for attention share: where a block's queries are, and their head's channels. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_KERNELS_ATTENTION_CUH
#define OCTET_RUNTIME_BACKEND_CUDA_KERNELS_ATTENTION_CUH

#include "runtime/backend/cuda/kernels/finish.cuh"

#define THREADS 128
#define WARPS (THREADS / 32)

/* Where a block's queries are. */
struct Place {
    int image, area, first, head; /* the area's first pixel, the first query among the area's */
};

__device__ __forceinline__ Place place_of(const oct_gpu_attention &p, int queries)
{
    Place place;
    place.image = divide(blockIdx.x, p.by_image_tiles);
    const int in_image = blockIdx.x - place.image * (p.areas * p.tiles);
    const int area = divide(in_image, p.by_tiles);
    place.area = area * p.pixels;
    place.first = (in_image - area * p.tiles) * queries;
    place.head = blockIdx.y;
    return place;
}

/* Channel 0 of the head's of the area's first pixel. */
__device__ __forceinline__ unsigned char *head_of(const oct_gpu_view &view, const Place &place,
                                                  int channels)
{
    return (unsigned char *)view.data + (int64_t)place.image * view.image +
           (int64_t)place.area * view.pixel + place.head * channels * element_bytes(view.type);
}

/* Behind the last head's channels. */
__device__ __forceinline__ void clear_rest(const oct_gpu_attention &p, const Place &place,
                                           unsigned char *output, int first, int each)
{
    if (place.head + 1 == p.heads)
        for (int i = first; i < p.cleared * element_bytes(p.output.type) / 4; i += each)
            ((uint32_t *)(output + p.value_channels * element_bytes(p.output.type)))[i] = 0;
}

#endif
