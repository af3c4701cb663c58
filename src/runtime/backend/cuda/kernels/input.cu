/* SPDX-License-Identifier: Apache-2.0 */
/* The picture into the network's input: letterboxed and resized as runtime/image does it, to the
 * byte, from RGB, BGR or YUV; or float planes. */
#include "runtime/backend/cuda/kernels/finish.cuh"

#define PAD 114 /* OCT_LETTERBOX_PAD */

/* A pixel of codes into an input of any type: stored are 4 codes, 8 bfloat16 or 4 floats. */
__device__ __forceinline__ void store_pixel(uint64_t target, int type, int64_t pixel, int r, int g,
                                            int b)
{
    if (type == OCT_GPU_U8) {
        ((uint32_t *)target)[pixel] = (uint32_t)r | (uint32_t)g << 8 | (uint32_t)b << 16;
        return;
    }
    const float scale = 1.0f / 255.0f;
    const float red = __fmul_rn((float)r, scale), green = __fmul_rn((float)g, scale),
                blue = __fmul_rn((float)b, scale);
    if (type == OCT_GPU_BF16)
        ((uint4 *)target)[pixel] =
            make_uint4(two_bfloats(red, green), two_bfloats(blue, 0.0f), 0u, 0u);
    else
        ((float4 *)target)[pixel] = make_float4(red, green, blue, 0.0f);
}

/* How a kernel reads pixel (y, x) of its source. */
struct RgbSource {
    const oct_gpu_letterbox &p;
    __device__ __forceinline__ void read(int y, int x, int rgb[3]) const
    {
        const unsigned char *pixel =
            (const unsigned char *)p.source + (int64_t)y * p.source_row + 3 * x;
        rgb[0] = pixel[p.red];
        rgb[1] = pixel[1];
        rgb[2] = pixel[2 - p.red];
    }
};

struct YuvSource {
    const oct_gpu_letterbox_yuv &p;
    __device__ __forceinline__ void read(int y, int x, int rgb[3]) const
    {
        const int64_t row = y >> p.chroma_shift;
        const int chroma = (x >> 1) * p.chroma_step;
        const int luma = ((const unsigned char *)p.y)[(int64_t)y * p.y_row + x * p.y_step];
        oct_yuv_to_rgb(&p.factors, luma, ((const unsigned char *)p.u)[row * p.u_row + chroma],
                       ((const unsigned char *)p.v)[row * p.v_row + chroma], rgb);
    }
};

/* A pixel of the input, of four of the source's. */
template <typename Source>
__device__ __forceinline__ void letterbox_pixel(const Source &source, const oct_gpu_resize &p)
{
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y;
    if (x >= p.width)
        return;
    const int column = x - p.pad_left, row = y - p.pad_top;
    int code[3] = {PAD, PAD, PAD};
    if (column >= 0 && column < p.resized_width && row >= 0 && row < p.resized_height) {
        const int *across = (const int *)p.columns + column * 3;
        const int4 down = __ldg((const int4 *)p.rows + row);
        const int left = across[0], right = left + p.next, a = across[1], b = across[2];
        int above[2][3], below[2][3];
        source.read(down.x, left, above[0]);
        source.read(down.x, right, above[1]);
        source.read(down.y, left, below[0]);
        source.read(down.y, right, below[1]);
#pragma unroll
        for (int c = 0; c < 3; c++) {
            const int first = (above[0][c] * a + above[1][c] * b) >> 4;
            const int second = (below[0][c] * a + below[1][c] * b) >> 4;
            code[c] = ((first * down.z >> 16) + (second * down.w >> 16) + 2) >> 2;
        }
    }
    store_pixel(p.target, p.type, (int64_t)y * p.width + x, code[0], code[1], code[2]);
}

extern "C" __global__ void letterbox(PARAMETER oct_gpu_letterbox p)
{
    letterbox_pixel(RgbSource{p}, p.resize);
}

extern "C" __global__ void letterbox_yuv(PARAMETER oct_gpu_letterbox_yuv p)
{
    letterbox_pixel(YuvSource{p}, p.resize);
}

__device__ __forceinline__ int code_of_value(float value)
{
    const float code = __fmul_rn(value, 255.0f);
    if (!(code > 0.0f))
        return 0;
    return code < 255.0f ? __float2int_rn(code) : 255;
}

extern "C" __global__ void planes(PARAMETER oct_gpu_planes p)
{
    const int64_t plane = (int64_t)p.height * p.width;
    const int64_t pixel = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (pixel >= plane)
        return;
    const float *source = (const float *)p.source + pixel;
    const float r = source[0], g = source[plane], b = source[2 * plane];
    if (p.type == OCT_GPU_U8)
        store_pixel(p.target, p.type, pixel, code_of_value(r), code_of_value(g), code_of_value(b));
    else if (p.type == OCT_GPU_BF16)
        ((uint4 *)p.target)[pixel] = make_uint4(two_bfloats(r, g), two_bfloats(b, 0.0f), 0u, 0u);
    else
        ((float4 *)p.target)[pixel] = make_float4(r, g, b, 0.0f);
}
