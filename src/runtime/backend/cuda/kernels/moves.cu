/* SPDX-License-Identifier: Apache-2.0 */
/* Copies, conversions, upsampling, pools and tables. */
#include "runtime/backend/cuda/kernels/finish.cuh"

#define THREADS 128
#define CHAIN_THREADS 256

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

__device__ __forceinline__ float value_of(const oct_gpu_view &view, const unsigned char *at)
{
    if (view.type == OCT_GPU_U8)
        return __fmul_rn((float)((int)*at - view.zero_point), view.scale);
    return view.type == OCT_GPU_BF16 ? bfloat_value(*(const unsigned short *)at)
                                     : *(const float *)at;
}

__device__ __forceinline__ void store_one(const oct_gpu_view &view, unsigned char *at, float value)
{
    if (view.type == OCT_GPU_U8)
        *at = (unsigned char)any_code_of(value, view.inverse_scale, view.zero_point);
    else if (view.type == OCT_GPU_BF16)
        *(unsigned short *)at = (unsigned short)bfloat_of(value);
    else
        *(float *)at = value;
}

extern "C" __global__ void __launch_bounds__(THREADS) move_elements(PARAMETER oct_gpu_move p)
{
    Element e;
    await_kernel_before();
    if (!find_element(p.images, p.height, p.width, p.channels + p.cleared, &e))
        return;
    const int to_bytes = element_bytes(p.output.type), from_bytes = element_bytes(p.input.type);
    unsigned char *to = pixel_of(p.output, e.image, e.y, e.x) + e.index * to_bytes;
    if (e.index >= p.channels) {
        for (int i = 0; i < to_bytes; i++)
            to[i] = 0;
        return;
    }
    const unsigned char *from =
        pixel_of(p.input, e.image, e.y >> p.shift, e.x >> p.shift) + e.index * from_bytes;
    if (p.input.type != p.output.type)
        store_one(p.output, to, value_of(p.input, from));
    else if (p.input.type == OCT_GPU_U8)
        *to = *from;
    else if (p.input.type == OCT_GPU_BF16)
        *(unsigned short *)to = *(const unsigned short *)from;
    else
        *(float *)to = *(const float *)from;
}

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

template <uint32_t (*larger)(uint32_t, uint32_t)>
__device__ __forceinline__ void pool_group(const oct_gpu_pool &p)
{
    Element e;
    await_kernel_before();
    if (!find_element(p.images, p.height, p.width, p.groups, &e))
        return;
    const int reach = p.kernel / 2;
    const int top = max(e.y - reach, 0), bottom = min(e.y + reach, p.height - 1);
    const int left = max(e.x - reach, 0), right = min(e.x + reach, p.width - 1);
    uint4 most = __ldcg((const uint4 *)pixel_of(p.input, e.image, top, left) + e.index);
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++) {
            const uint4 v = __ldcg((const uint4 *)pixel_of(p.input, e.image, y, x) + e.index);
            most = make_uint4(larger(most.x, v.x), larger(most.y, v.y), larger(most.z, v.z),
                              larger(most.w, v.w));
        }
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

__device__ __forceinline__ uint4 larger_group(uint32_t (*larger)(uint32_t, uint32_t), uint4 a,
                                              uint4 b)
{
    return make_uint4(larger(a.x, b.x), larger(a.y, b.y), larger(a.z, b.z), larger(a.w, b.w));
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

/* clamp(rint(value / scale) + zero_point, 0, 255): tables divide, see oct_table_job. */
__device__ __forceinline__ int divided_code(float value, const oct_gpu_view &view)
{
    const float steps = __fdiv_rn(value, view.scale);
    const float low = (float)-view.zero_point, high = (float)(255 - view.zero_point);
    const float below = steps < high ? steps : high;
    const float held = below > low ? below : low;
    return __float2int_rn(held) + view.zero_point;
}

extern "C" __global__ void __launch_bounds__(THREADS) look_up(PARAMETER oct_gpu_table p)
{
    Element e;
    await_kernel_before();
    if (!find_element(p.images, p.height, p.width, p.channels, &e))
        return;
    const unsigned char code = pixel_of(p.input, e.image, e.y, e.x)[e.index];
    float y = __ldg((const float *)p.table + code);
    if (p.residual.data)
        y = __fadd_rn(y, value_of(p.residual, pixel_of(p.residual, e.image, e.y, e.x) +
                                                  e.index * element_bytes(p.residual.type)));
    unsigned char *to =
        pixel_of(p.output, e.image, e.y, e.x) + e.index * element_bytes(p.output.type);
    if (p.output.type == OCT_GPU_U8)
        *to = (unsigned char)divided_code(y, p.output);
    else
        *(float *)to = y;
}
