/* SPDX-License-Identifier: Apache-2.0 */
/* U8 convolutions on AMX: tdpbusd takes 64 input channels of 16 pixels and 16 output channels. */
#include "runtime/kernels/x86/vector_avx512.h"
#include "runtime/kernels/x86/x86.h"

#define OCT_CODES 1
#define OCT_GROUP 4
#define OCT_LATE_START 1
typedef __m512i v_sum;
#define v_sum_load(at) _mm512_loadu_si512(at)
#define v_sum_add(a, b) _mm512_add_epi32(a, b)
#define AMX_MULTIPLY AMX_MULTIPLY_U8_S8
#define FIRST_SUMS(job) (job)->start

static inline void pack_weight(const struct oct_conv_weights *weights, size_t from, uint8_t *to)
{
    *(int8_t *)to = weights->codes[from];
}

#include "runtime/kernels/x86/conv_amx.h"

static const struct oct_conv_kernel kernel = {
    .name = "conv_u8_amx_32x32" AMX_SUFFIX,
    .tile_pixels = 2 * AMX_ROWS,
    .tile_channels = BLOCK_CHANNELS,
    .packed_bytes = conv_packed_bytes,
    .pack = conv_pack,
    .scratch_bytes = conv_scratch_bytes,
    .run = conv_run,
};

const struct oct_conv_kernel *const oct_conv_u8_amx[OCT_AMX_WIDTHS] = {&kernel};

static const struct oct_conv_kernel *choose_conv_u8(const struct oct_conv_shape *shape)
{
    (void)shape;
    return &kernel;
}

static uint64_t burn_u8(uint64_t rounds)
{
    return burn_tiles(rounds);
}

void oct_kernels_fill_amx(struct oct_kernels *kernels)
{
    kernels->set = "amx";
    kernels->choose_conv_u8 = choose_conv_u8;
    kernels->burn_u8 = burn_u8;
}
