/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From sums to what is stored: network/requantize.h once more, in explicit operations that the
 * compiler neither joins nor reorders, so that codes are the CPU's to the bit. The build forbids
 * contraction (-fmad=false) besides.
 */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_KERNELS_FINISH_CUH
#define OCTET_RUNTIME_BACKEND_CUDA_KERNELS_FINISH_CUH

#include "network/silu_table.h"
#include "runtime/backend/cuda/kernels/device.cuh"

/* SiLU's or GELU's cubics in shared memory: [16 segments][8 copies][4 coefficients]. Eight lanes that read 16
 * bytes each at a time take a copy each, so that no two meet in a bank. */
#define SILU_COPY_BYTES 128 /* of a segment */

#define MAGIC 12582912.0f /* 1.5 * 2^23: adding it leaves the integer in the lowest bits */
#define MAGIC_BITS 0x4B400000
#define SILU_MAGIC 8388608.0f /* 2^23 */
#define SILU_MAGIC_BITS 0x4B000000u

/* Where a lane looks a segment up, less what SILU_MAGIC's bits add. */
__device__ __forceinline__ uint32_t silu_base(uint32_t table)
{
    return table + (threadIdx.x & 7) * 16 - (SILU_MAGIC_BITS << 7);
}

/* oct_by_cubics() */
__device__ __forceinline__ float by_cubics(float y, uint32_t base, float scale)
{
    const float a = fabsf(y);
    const float t =
        fminf(__fmaf_rn(a, scale, SILU_MAGIC), SILU_MAGIC + (float)(OCT_SILU_SEGMENTS - 1));
    const uint32_t at = (__float_as_uint(t) << 7) + base;
    float c0, c1, c2, c3;
    asm("ld.shared.v4.f32 {%0, %1, %2, %3}, [%4];"
        : "=f"(c0), "=f"(c1), "=f"(c2), "=f"(c3)
        : "r"(at));
    float g = __fmaf_rn(c3, a, c2);
    g = __fmaf_rn(g, a, c1);
    g = __fmaf_rn(g, a, c0);
    return __fmaf_rn(y, 0.5f, g);
}

/* oct_silu() */
__device__ __forceinline__ float silu(float y, uint32_t base)
{
    return by_cubics(y, base, OCT_SILU_SCALE);
}

/* oct_activate() of four values */
__device__ __forceinline__ void activate(const oct_gpu_activation &by, uint32_t base, float (&y)[4])
{
    if (by.kind == OCT_ACTIVATION_NONE)
        return;
#pragma unroll
    for (int k = 0; k < 4; k++) {
        const float positive = y[k] > 0.0f ? y[k] : 0.0f;
        if (by.kind == OCT_ACTIVATION_RELU) {
            y[k] = positive;
        } else if (by.kind == OCT_ACTIVATION_LEAKY_RELU) {
            y[k] = __fmaf_rn(y[k] < 0.0f ? y[k] : 0.0f, by.factor, positive);
        } else if (by.kind == OCT_ACTIVATION_HARDSWISH) {
            const float gate = __fmaf_rn(y[k], 1.0f / 6.0f, 0.5f);
            const float below = gate < 1.0f ? gate : 1.0f;
            y[k] = __fmul_rn(y[k], below > 0.0f ? below : 0.0f);
        } else {
            y[k] = by_cubics(y[k], base, by.factor);
        }
    }
}

/* The lowest byte of the result is `low`, as a code from 0 to 255, then `high`; the rest is moved
 * up. */
__device__ __forceinline__ uint32_t pack_codes(int high, int low, uint32_t rest)
{
    uint32_t packed;
    asm("cvt.pack.sat.u8.s32.b32 %0, %1, %2, %3;" : "=r"(packed) : "r"(high), "r"(low), "r"(rest));
    return packed;
}

/* oct_requantize() where value * inverse_scale > -2^22, which the host has proved. */
__device__ __forceinline__ int code_of(float value, float inverse_scale, int zero_point)
{
    return __float_as_int(__fadd_rn(__fmul_rn(value, inverse_scale), MAGIC)) +
           (zero_point - MAGIC_BITS);
}

__device__ __forceinline__ uint32_t codes_of(const float (&y)[4], float inverse_scale,
                                             int zero_point)
{
    return pack_codes(code_of(y[1], inverse_scale, zero_point),
                      code_of(y[0], inverse_scale, zero_point),
                      pack_codes(code_of(y[3], inverse_scale, zero_point),
                                 code_of(y[2], inverse_scale, zero_point), 0));
}

/* oct_requantize() of any value. */
__device__ __forceinline__ int any_code_of(float value, float inverse_scale, int zero_point)
{
    const float code = __fmul_rn(value, inverse_scale);
    const float highest = (float)(255 - zero_point), lowest = (float)-zero_point;
    const float below = code < highest ? code : highest;
    const float held = below > lowest ? below : lowest;
    return __float2int_rn(held) + zero_point;
}

/* fma(float(code - zero_point), scale, y): 2^23 + code is made of bytes; `zero` is -(2^23 +
 * zero_point). */
__device__ __forceinline__ float add_code(uint32_t codes, int index, float zero, float scale,
                                          float y)
{
    const float raised = __uint_as_float(__byte_perm(codes, SILU_MAGIC_BITS, 0x7540 | index));
    return __fmaf_rn(__fadd_rn(raised, zero), scale, y);
}

/* Float kernels: real SiLU, within a few units in the last place. */
__device__ __forceinline__ float silu_of_values(float y)
{
    return __fdividef(y, 1.0f + __expf(-y));
}

/* The same of all activations: others are as of codes. */
__device__ __forceinline__ void activate_values(const oct_gpu_activation &by, uint32_t base,
                                                float (&y)[4])
{
    if (by.kind != OCT_ACTIVATION_SILU) {
        activate(by, base, y);
        return;
    }
#pragma unroll
    for (int k = 0; k < 4; k++)
        y[k] = silu_of_values(y[k]);
}

__device__ __forceinline__ float bfloat_value(uint32_t bits)
{
    return __uint_as_float(bits << 16);
}

/* oct_bf16_of(): to nearest even, a NaN stays one. */
__device__ __forceinline__ uint32_t bfloat_of(float value)
{
    const uint32_t bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return (bits >> 16) | 0x40u;
    return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}

__device__ __forceinline__ uint32_t two_bfloats(float low, float high)
{
    return bfloat_of(low) | bfloat_of(high) << 16;
}

/* Adds four channels of a residual of any type. */
__device__ __forceinline__ void add_residual(const oct_gpu_view &view, const unsigned char *at,
                                             float (&y)[4])
{
    if (view.type == OCT_GPU_U8) {
        const uint32_t codes = __ldcg((const uint32_t *)at);
        for (int k = 0; k < 4; k++)
            y[k] = add_code(codes, k, -(SILU_MAGIC + (float)view.zero_point), view.scale, y[k]);
    } else if (view.type == OCT_GPU_BF16) {
        const uint2 pairs = __ldcg((const uint2 *)at);
        y[0] = __fadd_rn(y[0], bfloat_value(pairs.x));
        y[1] = __fadd_rn(y[1], bfloat_value(pairs.x >> 16));
        y[2] = __fadd_rn(y[2], bfloat_value(pairs.y));
        y[3] = __fadd_rn(y[3], bfloat_value(pairs.y >> 16));
    } else {
        const float4 values = __ldcg((const float4 *)at);
        y[0] = __fadd_rn(y[0], values.x);
        y[1] = __fadd_rn(y[1], values.y);
        y[2] = __fadd_rn(y[2], values.z);
        y[3] = __fadd_rn(y[3], values.w);
    }
}

/* Stores four channels in any type. */
__device__ __forceinline__ void store_any(const oct_gpu_view &view, unsigned char *at,
                                          const float (&y)[4])
{
    if (view.type == OCT_GPU_U8) {
        const int z = view.zero_point;
        const float inverse = view.inverse_scale;
        *(uint32_t *)at =
            pack_codes(any_code_of(y[1], inverse, z), any_code_of(y[0], inverse, z),
                       pack_codes(any_code_of(y[3], inverse, z), any_code_of(y[2], inverse, z), 0));
    } else if (view.type == OCT_GPU_BF16) {
        *(uint2 *)at = make_uint2(two_bfloats(y[0], y[1]), two_bfloats(y[2], y[3]));
    } else {
        *(float4 *)at = make_float4(y[0], y[1], y[2], y[3]);
    }
}

__device__ __forceinline__ int element_bytes(int type)
{
    return type == OCT_GPU_U8 ? 1 : type == OCT_GPU_BF16 ? 2 : 4;
}

#endif
