/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 4 floats or 32-bit integers, with the names that vector/config.h explains. Channels
 * come in fours, so every count is 4 to a vector. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_VECTOR_NEON_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_ARM_VECTOR_NEON_H

#include <arm_neon.h>
#include <string.h>

#include "base/float16.h"
#include "network/requantize.h"
#include "runtime/backend/cpu/kernels/arm/cubics_neon.h"

#define OCT_LANES 4
#define OCT_REGISTERS 32
#define OCT_F16_STORED 1

typedef float32x4_t v_float;
typedef int32x4_t v_int;
typedef int16x8_t v_words;
typedef uint8x16_t v_bytes;

/* No instruction: the compiler no longer knows what is in `a`. */
#define v_opaque(a) __asm__ volatile("" : "+w"(a))

static inline v_float v_set(float value)
{
    return vdupq_n_f32(value);
}

static inline v_float v_load(const float *at)
{
    return vld1q_f32(at);
}

static inline v_float v_load_aligned(const float *at)
{
    return vld1q_f32(at);
}

static inline v_float v_broadcast_float(const void *at)
{
    float value;
    memcpy(&value, at, sizeof value);
    return vdupq_n_f32(value);
}

static inline void v_store(float *at, v_float a)
{
    vst1q_f32(at, a);
}

/* Cores that this is for have no vector stores past the caches that pay by themselves. */
static inline void v_stream(float *at, v_float a)
{
    vst1q_f32(at, a);
}

static inline void v_stream_end(void)
{
}

static inline v_float v_fma(v_float a, v_float b, v_float c)
{
    return vfmaq_f32(c, a, b);
}

static inline v_float v_mul(v_float a, v_float b)
{
    return vmulq_f32(a, b);
}

static inline v_float v_div(v_float a, v_float b)
{
    return vdivq_f32(a, b);
}

static inline v_float v_add(v_float a, v_float b)
{
    return vaddq_f32(a, b);
}

static inline v_float v_sub(v_float a, v_float b)
{
    return vsubq_f32(a, b);
}

/* Of a NaN and a number the number, as a < b ? a : b has it where only `a` can be a NaN. */
static inline v_float v_min(v_float a, v_float b)
{
    return vminnmq_f32(a, b);
}

static inline v_float v_max(v_float a, v_float b)
{
    return vmaxnmq_f32(a, b);
}

static inline v_int v_bits_of(v_float a)
{
    return vreinterpretq_s32_f32(a);
}

static inline v_float v_bits(v_int a)
{
    return vreinterpretq_f32_s32(a);
}

static inline v_float v_power_of_two(v_float a)
{
    return v_bits(vaddq_s32(vshlq_n_s32(v_bits_of(a), 23), vdupq_n_s32(0x3f800000)));
}

static inline v_int v_keep_int(v_int a, int count)
{
    static const int32_t lanes[OCT_LANES] = {0, 1, 2, 3};
    return vandq_s32(a, vreinterpretq_s32_u32(vcgtq_s32(vdupq_n_s32(count), vld1q_s32(lanes))));
}

static inline v_float v_keep(v_float a, int count)
{
    return v_bits(v_keep_int(v_bits_of(a), count));
}

static inline v_float v_float_of(v_int a)
{
    return vcvtq_f32_s32(a);
}

/* What does not fit becomes the number of its sign that is farthest from zero; a NaN 0. */
static inline v_int v_rounded(v_float a)
{
    return vcvtnq_s32_f32(a);
}

static inline v_int v_load_int(const void *at)
{
    return vld1q_s32((const int32_t *)at);
}

static inline v_int v_load_int_aligned(const void *at)
{
    return v_load_int(at);
}

static inline void v_store_int(void *at, v_int a)
{
    vst1q_s32((int32_t *)at, a);
}

static inline v_int v_broadcast_int(const void *at)
{
    int32_t value;
    memcpy(&value, at, sizeof value);
    return vdupq_n_s32(value);
}

static inline v_int v_add_int(v_int a, v_int b)
{
    return vaddq_s32(a, b);
}

static inline v_int v_sub_int(v_int a, v_int b)
{
    return vsubq_s32(a, b);
}

static inline v_int v_max_int(v_int a, v_int b)
{
    return vmaxq_s32(a, b);
}

static inline v_int v_mul_int(v_int a, int factor)
{
    return vmulq_n_s32(a, factor);
}

static inline v_int v_shift_left(v_int a, int bits)
{
    return vshlq_s32(a, vdupq_n_s32(bits));
}

static inline v_int v_shift_right(v_int a, int bits)
{
    return vshlq_s32(a, vdupq_n_s32(-bits));
}

static inline void v_store_halves(void *at, v_int a)
{
    vst1_s16((int16_t *)at, vmovn_s32(a));
}

static inline v_words v_words_of(const uint8_t *codes)
{
    return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(codes)));
}

static inline v_int v_ints_of(v_words a, int half)
{
    const uint16x8_t words = vreinterpretq_u16_s16(a);
    return vreinterpretq_s32_u32(half ? vmovl_high_u16(words) : vmovl_u16(vget_low_u16(words)));
}

static inline v_words v_load_words(const void *at)
{
    return vld1q_s16((const int16_t *)at);
}

static inline void v_store_words(void *at, v_words a)
{
    vst1q_s16((int16_t *)at, a);
}

static inline void v_store_words_any(void *at, v_words a)
{
    vst1q_s16((int16_t *)at, a);
}

static inline v_words v_add_words(v_words a, v_words b)
{
    return vaddq_s16(a, b);
}

static inline v_words v_sub_words(v_words a, v_words b)
{
    return vsubq_s16(a, b);
}

static inline v_words v_shift_words(v_words a, int bits)
{
    return vshlq_s16(a, vdupq_n_s16((int16_t)bits));
}

/* `sum` and, in each lane, the products of two words. Not intrinsics: gcc 12 works out the products
 * of a whole tile before it adds them, and spills. */
static inline v_int v_add_pairs(v_int sum, v_int x, v_int w)
{
    int32x4_t low, high;
    __asm__("smull %[low].4s, %[x].4h, %[w].4h\n\t"
            "smull2 %[high].4s, %[x].8h, %[w].8h\n\t"
            "addp %[low].4s, %[low].4s, %[high].4s\n\t"
            "add %[sum].4s, %[sum].4s, %[low].4s"
            : [sum] "+w"(sum), [low] "=&w"(low), [high] "=&w"(high)
            : [x] "w"(x), [w] "w"(w));
    return sum;
}

static inline void v_columns_of_2(const uint8_t *const at[2], v_int columns[2])
{
    const v_words a = v_words_of(at[0]), b = v_words_of(at[1]);
    columns[0] = vreinterpretq_s32_s16(vzip1q_s16(a, b));
    columns[1] = vreinterpretq_s32_s16(vzip2q_s16(a, b));
}

static inline v_int v_load_codes(const uint8_t *at, int count, int zero_point)
{
    (void)count;
    uint32_t four;
    memcpy(&four, at, sizeof four);
    const uint16x8_t words = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(four)));
    return vsubq_s32(vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(words))),
                     vdupq_n_s32(zero_point));
}

static inline void v_load_codes_4(const uint8_t *at, int zero_point, v_int v[4])
{
    const uint8x16_t codes = vld1q_u8(at), less = vdupq_n_u8((uint8_t)zero_point);
    const v_words low = vreinterpretq_s16_u16(vsubl_u8(vget_low_u8(codes), vget_low_u8(less)));
    const v_words high = vreinterpretq_s16_u16(vsubl_high_u8(codes, less));
    v[0] = vmovl_s16(vget_low_s16(low));
    v[1] = vmovl_high_s16(low);
    v[2] = vmovl_s16(vget_low_s16(high));
    v[3] = vmovl_high_s16(high);
}

static inline v_float v_load_floats(const float *at, int count)
{
    (void)count;
    return vld1q_f32(at);
}

static inline void v_store_floats(float *at, v_float a, int count)
{
    (void)count;
    vst1q_f32(at, a);
}

static inline v_float v_load_bf16(const uint16_t *at, int count)
{
    (void)count;
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(at), 16));
}

/* To nearest even, as oct_bf16_of(). */
static inline void v_store_bf16(uint16_t *at, v_float a, int count)
{
    (void)count;
    const uint32x4_t bits = vreinterpretq_u32_f32(a), high = vshrq_n_u32(bits, 16);
    const uint32x4_t odd = vandq_u32(high, vdupq_n_u32(1));
    const uint32x4_t up = vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7fff)), odd);
    const uint32x4_t number = vceqq_f32(a, a); /* all but NaNs */
    vst1_u16(at,
             vmovn_u32(vbslq_u32(number, vshrq_n_u32(up, 16), vorrq_u32(high, vdupq_n_u32(0x40)))));
}

static inline v_float v_load_f16(const uint16_t *at, int count)
{
    (void)count;
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(at)));
}

static inline void v_store_f16(uint16_t *at, v_float a, int count)
{
    (void)count;
    const v_float low = vmaxq_f32(a, vdupq_n_f32(-OCT_F16_MOST)); /* of a NaN it */
    vst1_u16(at, vreinterpret_u16_f16(vcvt_f16_f32(vminq_f32(low, vdupq_n_f32(OCT_F16_MOST)))));
}

static inline v_bytes v_pack(const v_int v[4], int zero_point)
{
    const int16x8_t add = vdupq_n_s16((int16_t)zero_point);
    const int16x8_t low = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(v[0]), v[1]), add);
    const int16x8_t high = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(v[2]), v[3]), add);
    return vqmovun_high_s16(vqmovun_s16(low), high);
}

static inline void v_store_4(uint8_t *at, v_bytes a, int count)
{
    (void)count;
    vst1q_u8(at, a);
}

static inline void v_store_2(uint8_t *at, v_bytes a, int pair, int count)
{
    (void)count;
    vst1_u8(at, pair ? vget_high_u8(a) : vget_low_u8(a));
}

static inline void v_store_1(uint8_t *at, v_bytes a, int which, int count)
{
    (void)count;
    uint32_t words[4];
    vst1q_u32(words, vreinterpretq_u32_u8(a));
    memcpy(at, words + which, sizeof *words);
}

static inline void v_silu_table(v_float v[4])
{
    v_by_cubics(oct_silu_table, OCT_SILU_SCALE, v);
}

static inline void v_gelu_table(const float (*table)[OCT_SILU_SEGMENTS], v_float v[4])
{
    v_by_cubics(table, OCT_GELU_SCALE, v);
}

#endif
