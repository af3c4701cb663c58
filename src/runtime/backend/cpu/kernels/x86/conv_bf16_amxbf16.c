/* SPDX-License-Identifier: Apache-2.0 */
/* BF16 convolutions on AMX: tdpbf16ps takes 32 input channels of 16 pixels and 16 outputs. */
#define OCT_CODES 0
#define OCT_GROUP 2
#define OCT_FINISH_RAW 1
#include <string.h>

#include "runtime/backend/cpu/kernels/x86/vector_avx512.h"
#include "runtime/backend/cpu/kernels/x86/x86.h"

#define AMX_NAME "conv_bf16_amx_32x32"
#define AMX_MULTIPLY AMX_MULTIPLY_BF16
#define FIRST_SUMS(job) (job)->bias

static inline void pack_weight(const struct oct_conv_weights *weights, size_t from, uint8_t *to)
{
    memcpy(to, &weights->bf16[from], sizeof *weights->bf16);
}

#include "runtime/backend/cpu/kernels/x86/conv_amx.h"

const struct oct_conv_kernel *const oct_conv_bf16_amxbf16[OCT_AMX_WIDTHS] = {&kernel};

void oct_kernels_fill_amxbf16(struct oct_kernels *kernels)
{
    kernels->half_storage = OCT_TYPE_BF16;
    kernels->half_set = "amx";
    kernels->choose_conv_half = choose_conv;
    kernels->burn_half = burn_tiles;
}
