/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of every module by name, as the .cu files define them. */
#include <string.h>

#include "emulation.h"
#include "runtime/backend/cuda/kernels/conv_tiles.h"

#define NAME(FAMILY, PIXELS, CHANNELS, K, END) FAMILY "_" #PIXELS "x" #CHANNELS "_k" #K END

#define CONV(...) CONV_NAMED("", __VA_ARGS__)
#define CONV_ROWS(...) CONV_NAMED("r", __VA_ARGS__)
#define CONV_NAMED(END, FAMILY, MODULE, CODES, FINISH, PIXELS, CHANNELS, M, N, K, I, J)            \
    {.name = NAME(FAMILY, PIXELS, CHANNELS, K, END),                                               \
     .module = MODULE,                                                                             \
     .parameter_bytes = sizeof(struct oct_gpu_conv),                                               \
     .threads = 32 * (M) * (N) * (K),                                                              \
     .run = emulate_conv,                                                                          \
     .tile = {16 * (M) * (I), 8 * (N) * (J), M, N, K, I, J},                                       \
     .codes = CODES,                                                                               \
     .finish = FINISH},

#define SILU(...) CONV("conv_u8_silu", "conv_u8", true, FINISH_SILU, __VA_ARGS__)
#define RESIDUAL(...)                                                                              \
    CONV("conv_u8_residual", "conv_u8_residual", true, FINISH_SILU_RESIDUAL, __VA_ARGS__)
#define VALUES(...) CONV("conv_u8_values", "conv_u8_any", true, FINISH_VALUES, __VA_ARGS__)
#define ANY(...) CONV("conv_u8_any", "conv_u8_any", true, FINISH_ANY, __VA_ARGS__)
#define BFLOAT_SILU(...) CONV("conv_bf16_silu", "conv_bf16", false, FINISH_SILU, __VA_ARGS__)
#define BFLOAT_VALUES(...) CONV("conv_bf16_values", "conv_bf16", false, FINISH_VALUES, __VA_ARGS__)
#define BFLOAT_ANY(...) CONV("conv_bf16_any", "conv_bf16", false, FINISH_ANY, __VA_ARGS__)

#define SILU_ROWS(...) CONV_ROWS("conv_u8_silu", "conv_u8", true, FINISH_SILU, __VA_ARGS__)
#define RESIDUAL_ROWS(...)                                                                         \
    CONV_ROWS("conv_u8_residual", "conv_u8_residual", true, FINISH_SILU_RESIDUAL, __VA_ARGS__)
#define BFLOAT_SILU_ROWS(...)                                                                      \
    CONV_ROWS("conv_bf16_silu", "conv_bf16", false, FINISH_SILU, __VA_ARGS__)

#define PIXELS(SIZE, J, COLUMNS, STEPS)                                                            \
    PIXELS_NAMED("conv_pixels_" SIZE, J, COLUMNS, STEPS, false)                                    \
    PIXELS_NAMED("conv_pixels_any_" SIZE, J, COLUMNS, STEPS, true)
#define PIXELS_NAMED(NAME, J, COLUMNS, STEPS, ANY)                                                 \
    {.name = NAME,                                                                                 \
     .module = "pixels",                                                                           \
     .parameter_bytes = sizeof(struct oct_gpu_pixels),                                             \
     .threads = 128,                                                                               \
     .static_shared_bytes = OCT_GPU_TABLE_BYTES,                                                   \
     .run = emulate_pixels,                                                                        \
     .j = J,                                                                                       \
     .columns = COLUMNS,                                                                           \
     .steps = STEPS,                                                                               \
     .any = ANY},

#define DEPTHWISE(NAME, SIZE, STRIDE)                                                              \
    {.name = "depthwise_u8_" NAME,                                                                 \
     .module = "depthwise",                                                                        \
     .parameter_bytes = sizeof(struct oct_gpu_depthwise),                                          \
     .threads = 128,                                                                               \
     .static_shared_bytes = OCT_GPU_TABLE_BYTES,                                                   \
     .run = emulate_depthwise,                                                                     \
     .size = SIZE,                                                                                 \
     .stride = STRIDE},

static const struct emulated_kernel kernels[] = {
    OCT_CONV_TILES(SILU) OCT_CONV_TILES(RESIDUAL) OCT_CONV_TILES(VALUES) OCT_CONV_TILES_FEW(ANY)
        OCT_CONV_TILES(BFLOAT_SILU) OCT_CONV_TILES_FEW(BFLOAT_VALUES) OCT_CONV_TILES_FEW(BFLOAT_ANY)
            OCT_CONV_TILES_ROWS(SILU_ROWS) OCT_CONV_TILES_ROWS(RESIDUAL_ROWS)
                OCT_CONV_TILES_ROWS(BFLOAT_SILU_ROWS) PIXELS("16_4", 2, 1, 2)
                    PIXELS("32_4", 4, 1, 2) PIXELS("16_8", 2, 2, 8) PIXELS("16_15", 2, 4, 30)
                        DEPTHWISE("k3_s1", 3, 1) DEPTHWISE("k3_s2", 3, 2) DEPTHWISE("k5_s1", 5, 1)
                            DEPTHWISE("k5_s2", 5, 2) DEPTHWISE("k7_s1", 7, 1)
                                DEPTHWISE("k7_s2", 7, 2) DEPTHWISE("any", 0, 0)
    /* name, module, parameters, threads, shared bytes */
    {"conv_f32", "conv_f32", sizeof(struct oct_gpu_conv_f32), 128, OCT_GPU_TABLE_BYTES,
     .run = emulate_conv_f32},
    {"depthwise_f32", "depthwise", sizeof(struct oct_gpu_depthwise), 128, OCT_GPU_TABLE_BYTES,
     .run = emulate_depthwise_values},
    {"depthwise_bf16", "depthwise", sizeof(struct oct_gpu_depthwise), 128, OCT_GPU_TABLE_BYTES,
     .run = emulate_depthwise_values},
    {"attention_u8_32", "attention", sizeof(struct oct_gpu_attention), 128, 17920,
     .run = emulate_attention},
    {"attention_u8_any", "attention", sizeof(struct oct_gpu_attention), 128, 17920,
     .run = emulate_attention},
    {"attention_f32", "attention_values", sizeof(struct oct_gpu_attention), 128, 16384,
     .run = emulate_attention_values},
    {"attention_bf16", "attention_values", sizeof(struct oct_gpu_attention), 128, 16384,
     .run = emulate_attention_values},
    {"move_elements", "moves", sizeof(struct oct_gpu_move), 128, 0, .run = emulate_move},
    {"pool_u8", "pools", sizeof(struct oct_gpu_pool), 128, 0, .run = emulate_pool_u8},
    {"pool_f32", "pools", sizeof(struct oct_gpu_pool), 128, 0, .run = emulate_pool_f32},
    {"pool_bf16", "pools", sizeof(struct oct_gpu_pool), 128, 0, .run = emulate_pool_bf16},
    {"mean_u8", "pools", sizeof(struct oct_gpu_pool), 128, 0, .run = emulate_mean_u8},
    {"mean_f32", "pools", sizeof(struct oct_gpu_pool), 128, 0, .run = emulate_mean_f32},
    {"mean_bf16", "pools", sizeof(struct oct_gpu_pool), 128, 0, .run = emulate_mean_bf16},
    {"chain_u8", "pools", sizeof(struct oct_gpu_chain), 256, 0, .run = emulate_chain_u8},
    {"chain_f32", "pools", sizeof(struct oct_gpu_chain), 256, 0, .run = emulate_chain_f32},
    {"chain_bf16", "pools", sizeof(struct oct_gpu_chain), 256, 0, .run = emulate_chain_bf16},
    {"look_up", "moves", sizeof(struct oct_gpu_table), 128, 0, .run = emulate_look_up},
    {"head_clear", "head", sizeof(struct oct_gpu_head), 0, 0, .run = emulate_head_clear},
    {"head_gather", "head", sizeof(struct oct_gpu_head), 128, 0, .run = emulate_head_gather},
    {"head_boxes", "head", sizeof(struct oct_gpu_head), 256, 8704, .run = emulate_head_boxes},
    {"letterbox", "input", sizeof(struct oct_gpu_letterbox), 0, 0, .run = emulate_letterbox},
    {"letterbox_yuv", "input", sizeof(struct oct_gpu_letterbox_yuv), 0, 0,
     .run = emulate_letterbox_yuv},
    {"planes", "input", sizeof(struct oct_gpu_planes), 0, 0, .run = emulate_planes},
    {"peak_u8", "peak", sizeof(struct oct_gpu_burn), 1024, 0, .run = emulate_burn, .cycles = 8},
    {"peak_bf16", "peak", sizeof(struct oct_gpu_burn), 1024, 0, .run = emulate_burn, .cycles = 8},
    {"peak_f32", "peak", sizeof(struct oct_gpu_burn), 1024, 0, .run = emulate_burn, .cycles = 4},
};

const struct emulated_kernel *find_emulated_kernel(const char *name)
{
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (strcmp(kernels[i].name, name) == 0)
            return &kernels[i];
    return NULL;
}
