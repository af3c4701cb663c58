/* SPDX-License-Identifier: Apache-2.0 */
/* U8 convolutions on AMX: tdpbusd takes 64 input channels of 16 pixels and 16 output channels. */
#define OCT_CODES 1
#define OCT_GROUP 4
#define OCT_FINISH_RAW 1
#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define AMX_NAME "conv_u8_amx_32x32"
#define AMX_MULTIPLY AMX_MULTIPLY_U8_S8
#define FIRST_SUMS(job) (job)->start

static inline void pack_weight(const struct oct_conv_weights *weights, size_t from, uint8_t *to)
{
    *(int8_t *)to = weights->codes[from];
}

#include "runtime/backend/cpu/kernels/x86/conv_amx.h"

const struct oct_conv_kernel *const oct_conv_u8_amx[OCT_AMX_WIDTHS] = {&kernel};

void oct_kernels_fill_amx(struct oct_kernels *kernels)
{
    kernels->set = "amx";
    kernels->choose_conv_u8 = choose_conv;
    kernels->burn_u8 = burn_tiles;
}
