/* SPDX-License-Identifier: Apache-2.0 */
/* Copies, conversions, upsampling, depth to space and tables. */
#include "runtime/backend/cuda/kernels/elements.cuh"
#include "runtime/backend/cuda/kernels/finish.cuh"

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
    const unsigned char *from = pixel_of(p.input, e.image, e.y >> p.shift, e.x >> p.shift) +
                                (((e.y & 1) * 2 + (e.x & 1)) * p.depth + e.index) * from_bytes;
    if (p.input.type != p.output.type)
        store_one(p.output, to, value_of(p.input, from));
    else if (p.input.type == OCT_GPU_U8)
        *to = *from;
    else if (p.input.type == OCT_GPU_BF16)
        *(unsigned short *)to = *(const unsigned short *)from;
    else
        *(float *)to = *(const float *)from;
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
