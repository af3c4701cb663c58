/* SPDX-License-Identifier: Apache-2.0 */
/* F32 convolutions on NEON. */
#define OCT_CODES 0
#define OCT_GROUP 1
#define OCT_FINISH oct_finish_f32_neon
#define OCT_TILES_USED oct_tiles_f32_neon
#include "runtime/backend/cpu/kernels/arm/arm.h"
#include "runtime/backend/cpu/kernels/arm/tiles_neon.h"
#include "runtime/backend/cpu/kernels/arm/vector_neon.h"

#define V_STEP(sum, x, w) (sum) = vfmaq_f32(sum, x, w)

#include "runtime/backend/cpu/kernels/vector/conv.h"

DEFINE_KERNEL("conv_f32_neon_5x4", 5, 1)
DEFINE_KERNEL("conv_f32_neon_5x8", 5, 2)
DEFINE_KERNEL("conv_f32_neon_5x12", 5, 3)
DEFINE_KERNEL("conv_f32_neon_5x16", 5, 4)

const struct oct_conv_kernel *const oct_conv_f32_neon[OCT_NEON_VECTORS] = {&kernel_1, &kernel_2,
                                                                           &kernel_3, &kernel_4};

static const struct oct_conv_kernel *choose_conv_f32(const struct oct_conv_shape *shape)
{
    const struct oct_conv_kernel *winograd = oct_winograd_choice(
        oct_winograd_f32_neon, OCT_NEON_WINOGRADS, shape, OCT_WINOGRAD_PIXELS_F32);
    return winograd ? winograd : oct_conv_f32_neon[choose_vectors(shape) - 1];
}

void oct_fill_f32_neon(struct oct_kernels *kernels)
{
    kernels->choose_conv_f32 = choose_conv_f32;
    kernels->burn_f32 = burn_tiles;
}
