/* SPDX-License-Identifier: Apache-2.0 */
/* The sets of kernels in order, and the lists of them for the harness. */
#include "runtime/backend/cpu/kernels/kernels.h"

#include "runtime/backend/cpu/kernels/ref/ref.h"
#if defined(__x86_64__)
#include "runtime/backend/cpu/kernels/x86/x86.h"
#elif defined(__aarch64__)
#include "runtime/backend/cpu/kernels/arm/arm.h"
#endif

/* Lowest first: each overwrites what it does better. */
static const struct {
    unsigned sets; /* all of them */
    void (*fill)(struct oct_kernels *kernels);
} fills[] = {
    {OCT_CPU_REF, oct_kernels_fill_ref},
#if defined(__x86_64__)
    {OCT_CPU_AVX2, oct_kernels_fill_avx2},
    {OCT_CPU_AVXVNNI, oct_kernels_fill_avxvnni},
    {OCT_CPU_AVX512, oct_kernels_fill_avx512},
    {OCT_CPU_AVX512VNNI, oct_kernels_fill_avx512vnni},
    {OCT_CPU_AVX512BF16, oct_kernels_fill_avx512bf16},
    {OCT_CPU_AMX, oct_kernels_fill_amx},
    {OCT_CPU_AMX | OCT_CPU_AVX512BF16, oct_kernels_fill_amxbf16},
#elif defined(__aarch64__)
    {OCT_CPU_NEON, oct_kernels_fill_neon},       {OCT_CPU_FP16, oct_kernels_fill_fp16},
    {OCT_CPU_DOTPROD, oct_kernels_fill_dotprod}, {OCT_CPU_I8MM, oct_kernels_fill_i8mm},
#endif
};

void oct_kernels_fill(struct oct_kernels *kernels, unsigned sets)
{
    for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++) {
        if (fills[i].sets == OCT_CPU_REF || (sets & fills[i].sets) == fills[i].sets)
            fills[i].fill(kernels);
    }
}

static const struct oct_conv_kernel *const ref_u8[] = {&oct_conv_u8_ref};
static const struct oct_conv_kernel *const ref_f32[] = {&oct_conv_f32_ref, &oct_winograd_f32_ref};
static const struct oct_conv_kernel *const ref_bf16[] = {&oct_conv_bf16_ref};

/* A list of one kernel. */
#define ONE(KERNEL) ((const struct oct_conv_kernel *const[]){&(KERNEL)}), 1

/* A list of the one kernel that does depthwise convolutions of TYPE in SET. */
#define DEPTHWISE(TYPE, SET) ONE(oct_depthwise_##TYPE##_##SET)

static const struct oct_kernel_list lists[] = {
    {OCT_CPU_REF, ref_u8, 1, ref_f32, 2, ref_bf16, 1},
    {OCT_CPU_REF, DEPTHWISE(u8, ref), DEPTHWISE(f32, ref), DEPTHWISE(bf16, ref)},
#if defined(__x86_64__)
    {OCT_CPU_AVX2, oct_conv_u8_avx2, OCT_AVX2_WIDTHS, oct_conv_f32_avx2, OCT_AVX2_WIDTHS, NULL, 0},
    {OCT_CPU_AVXVNNI, oct_conv_u8_avxvnni, OCT_AVX2_WIDTHS, NULL, 0, NULL, 0},
    {OCT_CPU_AVX512, NULL, 0, oct_conv_f32_avx512, OCT_AVX512_WIDTHS, NULL, 0},
    {OCT_CPU_AVX512VNNI, oct_conv_u8_avx512vnni, OCT_AVX512_WIDTHS, NULL, 0, NULL, 0},
    {OCT_CPU_AVX512BF16, NULL, 0, NULL, 0, oct_conv_bf16_avx512bf16, OCT_AVX512_WIDTHS},
    {OCT_CPU_AMX, oct_conv_u8_amx, OCT_AMX_WIDTHS, NULL, 0, NULL, 0},
    {OCT_CPU_AMX | OCT_CPU_AVX512BF16, NULL, 0, NULL, 0, oct_conv_bf16_amxbf16, OCT_AMX_WIDTHS},
    {OCT_CPU_AVX2, oct_winograd_u8_avx2, OCT_AVX2_WINOGRADS, oct_winograd_f32_avx2,
     OCT_AVX2_WINOGRADS, NULL, 0},
    {OCT_CPU_AVXVNNI, oct_winograd_u8_avxvnni, OCT_AVX2_WINOGRADS, NULL, 0, NULL, 0},
    {OCT_CPU_AVX512, NULL, 0, oct_winograd_f32_avx512, OCT_AVX512_WINOGRADS, NULL, 0},
    {OCT_CPU_AVX512VNNI, oct_winograd_u8_avx512vnni, OCT_AVX512_WINOGRADS, NULL, 0, NULL, 0},
    {OCT_CPU_AVX512BF16, NULL, 0, NULL, 0, oct_winograd_bf16_avx512bf16, OCT_AVX512_WINOGRADS},
    {OCT_CPU_AVX2, DEPTHWISE(u8, avx2), DEPTHWISE(f32, avx2), NULL, 0},
    {OCT_CPU_AVXVNNI, DEPTHWISE(u8, avxvnni), NULL, 0, NULL, 0},
    {OCT_CPU_AVX512, NULL, 0, DEPTHWISE(f32, avx512), NULL, 0},
    {OCT_CPU_AVX512VNNI, DEPTHWISE(u8, avx512vnni), NULL, 0, NULL, 0},
    {OCT_CPU_AVX512BF16, NULL, 0, NULL, 0, DEPTHWISE(bf16, avx512bf16)},
#elif defined(__aarch64__)
    {OCT_CPU_NEON, ONE(oct_conv_u8_neon), oct_conv_f32_neon, OCT_NEON_VECTORS, NULL, 0},
    {OCT_CPU_NEON, oct_winograd_u8_neon, OCT_NEON_WINOGRADS, oct_winograd_f32_neon,
     OCT_NEON_WINOGRADS, NULL, 0},
    {OCT_CPU_NEON, DEPTHWISE(u8, neon), DEPTHWISE(f32, neon), NULL, 0},
    {OCT_CPU_FP16, NULL, 0, NULL, 0, oct_conv_f16_fp16, OCT_NEON_VECTORS},
    {OCT_CPU_FP16, NULL, 0, NULL, 0, oct_winograd_f16_fp16, OCT_NEON_WINOGRADS},
    {OCT_CPU_FP16, NULL, 0, NULL, 0, ONE(oct_depthwise_f16_neon)},
    {OCT_CPU_DOTPROD, ONE(oct_conv_u8_dotprod), NULL, 0, NULL, 0},
    {OCT_CPU_I8MM, ONE(oct_conv_u8_i8mm), NULL, 0, NULL, 0},
#endif
};

const struct oct_kernel_list *oct_kernels_list(int *count)
{
    *count = (int)(sizeof lists / sizeof lists[0]);
    return lists;
}
