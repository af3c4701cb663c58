/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of halves, added up in halves. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_HALVES 1
#define OCT_FINISH oct_finish_f16_fp16
#define OCT_TILES_USED oct_tiles_f16_fp16
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/tiles_neon.h"
#include "runtime/backend/cpu/kernels/arm/vector_fp16.h"

#define V_STEP(sum, x, w) (sum) = vfmaq_f16(sum, x, w)

#include "runtime/backend/cpu/kernels/vector/conv.h"

DEFINE_KERNEL("conv_f16_fp16_5x8", 5, 1)
DEFINE_KERNEL("conv_f16_fp16_5x16", 5, 2)
DEFINE_KERNEL("conv_f16_fp16_5x24", 5, 3)
DEFINE_KERNEL("conv_f16_fp16_5x32", 5, 4)

const struct oct_conv_kernel *const oct_conv_f16_fp16[OCT_NEON_VECTORS] = {&kernel_1, &kernel_2,
                                                                           &kernel_3, &kernel_4};

static const struct oct_conv_kernel *choose_conv_half(const struct oct_conv_shape *shape)
{
    const struct oct_conv_kernel *winograd = oct_winograd_choice(
        oct_winograd_f16_fp16, OCT_NEON_WINOGRADS, shape, OCT_WINOGRAD_PIXELS_F32);
    return winograd ? winograd : oct_conv_f16_fp16[choose_vectors(shape) - 1];
}

/* As oct_f16_of() of the floats. */
static void pixels_to_half(const uint8_t *codes, uint16_t *values, size_t pixels)
{
    const float scale = 1.0f / 255.0f;
    size_t i = 0;
    for (; i + 2 <= pixels; i += 2) {
        const uint16x8_t words = vmovl_u8(vld1_u8(codes + 4 * i));
        const float32x4_t low = vcvtq_f32_u32(vmovl_u16(vget_low_u16(words)));
        const float32x4_t high = vcvtq_f32_u32(vmovl_high_u16(words));
        vst1q_u16(values + 4 * i,
                  vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(vmulq_n_f32(low, scale)),
                                                          vmulq_n_f32(high, scale))));
    }
    for (size_t k = 4 * i; k < 4 * pixels; k++)
        values[k] = oct_f16_of((float)codes[k] * scale);
}

void oct_kernels_fill_fp16(struct oct_kernels *kernels)
{
    kernels->half_storage = OCT_TYPE_F16;
    kernels->half_set = "fp16";
    kernels->choose_conv_half = choose_conv_half;
    kernels->depthwise_half = &oct_depthwise_f16_neon;
    kernels->pixels_to_half = pixels_to_half;
    kernels->burn_half = burn_tiles;
}
