/* SPDX-License-Identifier: Apache-2.0 */
/* Which element, or group, of which pixel a thread of a simple kernel has. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_KERNELS_ELEMENTS_CUH
#define OCTET_RUNTIME_BACKEND_CUDA_KERNELS_ELEMENTS_CUH

#include "runtime/backend/cuda/kernels/device.cuh"

#define THREADS 128

struct Element {
    int image, y, x, index; /* of a pixel's elements, or of whatever is counted in their place */
};

/* Which of `each` things of a pixel this thread has; false: none. */
__device__ __forceinline__ bool find_element(int images, int height, int width, int each,
                                             Element *element)
{
    const int64_t at = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    const int64_t pixel = at / each;
    const int row = (int)(pixel / width);
    *element = {row / height, row % height, (int)(pixel - (int64_t)row * width),
                (int)(at - pixel * each)};
    return element->image < images;
}

__device__ __forceinline__ unsigned char *pixel_of(const oct_gpu_view &view, int image, int y,
                                                   int x)
{
    return (unsigned char *)view.data + (int64_t)image * view.image + (int64_t)y * view.row +
           (int64_t)x * view.pixel;
}

#endif
