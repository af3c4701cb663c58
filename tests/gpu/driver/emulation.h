/* SPDX-License-Identifier: Apache-2.0 */
/*
 * octet's kernels on the CPU, block by block, from the parameters that a launch brings: the same
 * addresses, the same arithmetic in the same order, the same parts of shared memory. They follow
 * src/runtime/backend/cuda/kernels, which is authoritative, and share with the host's C nothing but
 * parameters.h, conv_tiles.h, yuv.h and what the network's rooms define.
 */
#ifndef OCTET_TESTS_GPU_DRIVER_EMULATION_H
#define OCTET_TESTS_GPU_DRIVER_EMULATION_H

#include "device_memory.h"
#include "runtime/backend/cuda/kernels/parameters.h"

struct emulated_launch {
    unsigned grid[3], block[3], shared_bytes;
    const void *parameters;
};

/* A row of conv_tiles.h. */
struct emulated_tile {
    int pixels, channels, m, n, k, i, j;
};

/* As enum finish of conv.cuh. */
enum emulated_finish { FINISH_SILU, FINISH_SILU_RESIDUAL, FINISH_VALUES, FINISH_ANY };

struct emulated_kernel {
    const char *name, *module;
    size_t parameter_bytes;
    unsigned threads;             /* of a block; 0: any number */
    unsigned static_shared_bytes; /* that it declares itself */
    void (*run)(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
    /* loops in registers: of a warp's product, the clock cycles of a quarter of a multiprocessor */
    double cycles;
    /* convolutions */
    struct emulated_tile tile;
    bool codes;
    enum emulated_finish finish;
    /* conv_pixels: blocks of channels, half steps a row of taps, steps */
    int j, columns, steps;
    bool any; /* the activation is what the parameters say */
    /* depthwise of codes: 0: any */
    int size, stride;
};

/* NULL: there is none of that name. */
const struct emulated_kernel *find_emulated_kernel(const char *name);

void emulate_conv(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_pixels(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_conv_f32(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_depthwise(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_depthwise_values(const struct emulated_kernel *kernel,
                              const struct emulated_launch *launch);
void emulate_attention(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_attention_values(const struct emulated_kernel *kernel,
                              const struct emulated_launch *launch);
void emulate_move(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_pool_u8(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_pool_f32(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_pool_bf16(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_mean_u8(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_mean_f32(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_mean_bf16(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_chain_u8(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_chain_f32(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_chain_bf16(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_look_up(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_head_clear(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_head_gather(const struct emulated_kernel *kernel,
                         const struct emulated_launch *launch);
void emulate_head_boxes(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_letterbox(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_letterbox_yuv(const struct emulated_kernel *kernel,
                           const struct emulated_launch *launch);
void emulate_planes(const struct emulated_kernel *kernel, const struct emulated_launch *launch);
void emulate_burn(const struct emulated_kernel *kernel, const struct emulated_launch *launch);

/* How long a loop in registers takes on so many multiprocessors, ms. */
double emulated_burn_ms(const struct emulated_kernel *kernel, const struct emulated_launch *launch,
                        int multiprocessors);

/* device.cuh */
int emulated_divide(int x, struct oct_gpu_divisor by);

/* ---- finish.cuh ---- */

/* `table` as in shared memory, for a thread. */
float emulated_silu(float y, const float *table, int thread);
float emulated_silu_of_values(float y);
/* activate() and activate_values() */
void emulated_activate(struct oct_gpu_activation by, const float *table, int thread, float y[4]);
void emulated_activate_values(struct oct_gpu_activation by, const float *table, int thread,
                              float y[4]);
uint32_t emulated_codes_of(const float y[4], float inverse_scale, int zero_point);
int emulated_any_code(float value, float inverse_scale, int zero_point);
float emulated_add_code(uint8_t code, int zero_point, float scale, float y);
void emulated_add_residual(const struct oct_gpu_view *view, uint64_t at, float y[4]);
void emulated_store_any(const struct oct_gpu_view *view, uint64_t at, const float y[4]);
int emulated_element_bytes(int type);
/* The address of a view's pixel. */
uint64_t emulated_pixel(const struct oct_gpu_view *view, int image, int y, int x);

#endif
