/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernels' contract: one table of function pointers, filled with the plain C reference first
 * and then overwritten upward, set by set, so that no slot is ever null. A convolution kernel's
 * tile geometry, packing and run function travel together. Activations are channels-last; see
 * struct oct_conv_job for their layout.
 *
 * INT8 and F32 results are bit-identical in every set: requantize.h, float_functions.h and the
 * plain C kernels are the one definition. BF16 and F16 results agree within tolerances.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_KERNELS_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network/activations.h"
#include "network/quantization.h"
#include "network/types.h"
#include "runtime/backend/cpu/features/features.h"
#include "runtime/backend/cpu/kernels/conv_weights.h"
#include "runtime/image/blend.h"

/* What a kernel is chosen by and packs for. Channels are stored channels: multiples of 4. */
struct oct_conv_shape {
    int input_channels;  /* read for each tap */
    int output_channels; /* written */
    int kernel, stride;  /* square; pixels */
    bool depthwise;      /* channel n of the output is made of channel n of the input alone */
    int output_height, output_width;
    int input_pixel; /* the input view's `pixel`: more than input_channels when it is a slice */
    /* U8: no |acc| (struct oct_conv_job) is greater, with `start` or without;
     * INT32_MAX: not known */
    int32_t reach;
};

/* What a kernel's packing sees of a shape: neither the output's size nor `reach`, which are 0, so
 * that sessions of all sizes share what it packed. */
static inline struct oct_conv_shape oct_conv_packed_shape(const struct oct_conv_shape *shape)
{
    struct oct_conv_shape packed = *shape;
    packed.output_height = packed.output_width = 0;
    packed.reach = 0;
    return packed;
}

/* An activation tensor in memory: element (c, y, x) stands at data[y * row + x * pixel + c],
 * strides in elements. */
struct oct_view {
    void *data;
    size_t row, pixel;
    enum oct_type type;
    struct oct_quantization quantization; /* U8: real = scale * (code - zero_point) */
    float inverse_scale;                  /* U8: 1.0f / scale */
};

/*
 * One convolution of one picture. The input's data points at the element that tap (0, 0) of output
 * pixel (0, 0) reads; with padding that lies in the border, which holds zero points (U8) or zeros
 * (F32, BF16, F16), so that kernels know no edges. Up to 64 bytes behind any row's last element may
 * be read, never used.
 *
 * For output channel n, first
 *
 *   U8 input:         acc[n] = start[n] + sum code_w code_x    int32, exact
 *                     y = fma(float(acc[n]), scale[n], bias[n])
 *   F32 input:        y = bias[n], then fma(x, w, y) for taps in order and channels in order, or by
 *                     transforms (transformed.h)
 *   BF16 input:       y = bias[n] + sum w x                    float, in any order
 *   F16 input:        y = bias[n] + sum w x                    float or half, in any order
 *
 * with depthwise shapes c = n alone, and then, in this order:
 *
 *   `activation`:     y = that of y (requantize.h); floats' SiLU is that of float_functions.h
 *   `residual.data`:  y = y + residual; of codes: y = fma(float(code - zero_point), scale, y)
 *   store:            as float, rounded to BF16 or F16 (float16.h), or requantised with the
 *                     output's inverse_scale and zero_point
 *
 * Residual and output may be of any type whatever the input's is.
 */
struct oct_conv_job {
    struct oct_conv_shape shape;
    struct oct_view input, output;
    struct oct_view residual; /* same height, width and channels as the output */
    const void *packed;       /* as the same kernel's pack() wrote it */
    const int32_t *start;     /* U8: [output channels, padded to 64]; zero-point correction */
    const float *scale;       /* U8: [output channels, padded to 64] */
    const float *bias;        /* [output channels, padded to 64] */
    enum oct_activation activation;
    float slope;   /* of an activation that has one */
    bool streamed; /* F32 output that caches need not keep: large, and read after the run */
};

/* Part of a convolution: output rows [row_begin, row_end), and output channels
 * [channel_begin, channel_end): channel_begin is a multiple of the kernel's tile_channels, and
 * channel_end one too, or all channels. */
struct oct_conv_range {
    int row_begin, row_end, channel_begin, channel_end;
};

/* Packed weights and scratch may lie anywhere; on multiples of 64 bytes they are read fastest.
 * `run` may be called for several ranges of a job at a time, each caller with its own scratch, as
 * long as the ranges do not overlap. */
struct oct_conv_kernel {
    const char *name; /* carries the tile: "conv_u8_avx512vnni_5x64": pixels x channels */
    int tile_pixels, tile_channels;
    int tile_rows;  /* output rows worked out together: ranges of whole ones waste nothing */
    bool depthwise; /* does depthwise shapes, and no others */
    /* the shapes it can do, of those that are depthwise as it is; NULL: all */
    bool (*fits)(const struct oct_conv_shape *shape);
    size_t (*packed_bytes)(const struct oct_conv_shape *shape); /* oct_conv_packed_shape()'s */
    /* Writes all of packed_bytes(), of which nothing is known before; for the same shape. */
    void (*pack)(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                 void *packed);
    size_t (*scratch_bytes)(const struct oct_conv_shape *shape); /* for each worker; may be 0 */
    void (*run)(const struct oct_conv_job *job, const struct oct_conv_range *range, void *scratch);
};

/*
 * Pooling: output pixel (y, x) is the largest, or the mean, of the kernel x kernel pixels of the
 * input from (y * stride - padding, x * stride - padding) on. Of these, rows [first, end_row) and
 * columns [first, end_column) take part, of which each window has some: those of the picture, and
 * of the border, which holds zeros, where padding counts. Means always have all of their pixels.
 * `channels` is a multiple of 4; both tensors are of one type. Bit-identical in every set.
 *
 * Maxima keep scale and zero point. They are separable: the scratch holds row-wise ones. Means:
 *
 *   U8:         sum of code - zero_point, exact; oct_requantize(oct_mean_of_codes(sum, share))
 *   others:     sum, row by row, in float; times share
 *
 * with `share` the input's scale, or 1, over kernel * kernel.
 */
struct oct_pool_job {
    struct oct_view input, output; /* input.data: pixel (0, 0), not the border */
    int channels, height, width;   /* of the output */
    int kernel, stride, padding;
    int first, end_row, end_column; /* `first` is 0, or less */
    float share;                    /* means */
};

/*
 * Codes to what a table has for them:
 *
 *   y = table[code]
 *   `residual.data`:  y = y + residual; of codes: y + float(code - zero_point) * scale, rounded
 *   store:            as float, or as the code clamp(rint(y / scale) + zero_point, 0, 255)
 *
 * `table` has 256 entries; `channels` is a multiple of 4.
 */
struct oct_table_job {
    struct oct_view input, output, residual; /* residual.data NULL: none */
    const float *table;
    int channels, width;
};

/*
 * Attention of one picture: what the pixels of `values` of one area come to, weighted by softmax(
 * factor * q k') for each pixel of `queries`. Head h has channels [h * key_channels, ...) of
 * queries and keys, and [h * value_channels, ...) of values and output; both are multiples of 4.
 * The height * width pixels, row by row, are cut into `areas` equal parts.
 *
 *   U8:         scores are sum (code_q - zero_q) (code_k - zero_k), int32; softmax.h says what
 *               follows: weights w, exact sums of w (code_v - zero_v) in blocks, and
 *                   y = float(sum) * (scale_v / float(sum of w))
 *   others:     y = sum w v * (1 / sum w), w by float_functions.h; all in one order
 *   store:      as float, rounded to BF16 or F16, or requantised
 *
 * The three inputs are of one type; the output may be of any.
 */
struct oct_attention_job {
    struct oct_view queries, keys, values, output;
    int heads, key_channels, value_channels;
    int height, width, areas;
    float factor;
};

/* Output rows [row_begin, row_end) of heads [head_begin, head_end). */
struct oct_attention_range {
    int row_begin, row_end, head_begin, head_end;
};

/* As struct oct_conv_kernel: `run` may be called for several ranges at a time. */
struct oct_attention_kernel {
    const char *name;
    size_t (*scratch_bytes)(const struct oct_attention_job *job); /* views are not looked at */
    void (*run)(const struct oct_attention_job *job, const struct oct_attention_range *range,
                void *scratch);
};

/* What was seen of each channel so far: [channels] each. */
struct oct_measures {
    float *minimum, *maximum, *sum, *square;
};

/* `count` pixels of `channels` floats, `stride` floats apart. */
struct oct_pixel_run {
    const float *values;
    size_t stride;
    int count, channels;
};

/* Bins of a histogram, `width` wide, a power of two; bin `middle` begins at 0. */
struct oct_bins {
    float width, inverse; /* 1 / width */
    int middle;
};

/* What calibration sees of floats. Bit-identical in every set. */
struct oct_measure_kernels {
    /* Adds pixels, one after the other, to what was seen of their channels: the least and greatest
     * of the values that are numbers, the sum, and the sum of squares, each rounded. Returns
     * whether all that was seen lies in [low, high), 0 among them, and all sums are finite. */
    bool (*measure)(const struct oct_measures *seen, const struct oct_pixel_run *run, float low,
                    float high);
    /* counts[floor(value / width) + middle]++ of each value; its whole part fits into int32. */
    void (*count_bins)(const struct oct_bins *bins, const float *values, size_t count,
                       uint32_t *counts);
};

struct oct_kernels {
    const char *set; /* the highest set in use: "ref", "avx2", "avx512vnni", ... */
    /* Never NULL: the best kernel of the table's sets for a shape. */
    const struct oct_conv_kernel *(*choose_conv_u8)(const struct oct_conv_shape *shape);
    const struct oct_conv_kernel *(*choose_conv_f32)(const struct oct_conv_shape *shape);
    const struct oct_conv_kernel *(*choose_conv_half)(const struct oct_conv_shape *shape);
    /* The same for depthwise shapes. */
    const struct oct_conv_kernel *depthwise_u8, *depthwise_f32, *depthwise_half;
    /* How sessions store what a network has in BF16, and what all of the table that is called half
     * takes: BF16 or F16, where products of it are fast. F32: no session has halves. */
    enum oct_type half_storage;
    const char *half_set; /* the highest set that works on it */
    size_t (*pool_scratch_bytes)(const struct oct_pool_job *job);
    void (*max_pool_u8)(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch);
    void (*max_pool_f32)(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch);
    void (*max_pool_half)(const struct oct_pool_job *job, int row_begin, int row_end,
                          void *scratch);
    void (*mean_pool)(const struct oct_pool_job *job, int row_begin, int row_end, void *scratch);
    /* out(y, x) = in(y / 2, x / 2), output rows [row_begin, row_end); same type, scale and zero
     * point. */
    void (*upsample2)(const struct oct_view *input, const struct oct_view *output, int channels,
                      int output_width, int row_begin, int row_end);
    /* Between types: codes to values, scale * (code - zero_point), values to codes by
     * oct_requantize(), to halves by oct_bf16_of() or oct_f16_of(), for rows [row_begin, row_end).
     * `channels` is a multiple of 4. Bit-identical in every set. */
    void (*convert)(const struct oct_view *input, const struct oct_view *output, int channels,
                    int width, int row_begin, int row_end);
    /* For rows [row_begin, row_end); bit-identical in every set. */
    void (*table)(const struct oct_table_job *job, int row_begin, int row_end);
    /* Bit-identical in every set; `attention_float` takes all but U8. */
    const struct oct_attention_kernel *attention_u8, *attention_float;
    /* RGB0 bytes to float [0, 1]: `pixels` pixels, codes[4 * i] to values[4 * i],
     * value = code * (1 / 255.0f). */
    void (*pixels_to_float)(const uint8_t *codes, float *values, size_t pixels);
    /* As it, rounded to `half_storage`; F32: to BF16. */
    void (*pixels_to_half)(const uint8_t *codes, uint16_t *values, size_t pixels);
    struct oct_resize_kernels resize; /* bit-exact in every set */
    struct oct_measure_kernels measure;
    /* Register-only loops for `octet bench --peak`: run `rounds` rounds, return the multiply-adds
     * done. */
    uint64_t (*burn_u8)(uint64_t rounds);
    uint64_t (*burn_f32)(uint64_t rounds);
    uint64_t (*burn_half)(uint64_t rounds);
};

/* Fills the table with the best that `sets` allows, a mask of enum oct_cpu_set (features.h). Ref is
 * always there. */
void oct_kernels_fill(struct oct_kernels *kernels, unsigned sets);

/* Each overwrites what its set does better; the list in kernels.c calls them lowest first. */
void oct_kernels_fill_ref(struct oct_kernels *kernels);
void oct_kernels_fill_avx2(struct oct_kernels *kernels);
void oct_kernels_fill_avxvnni(struct oct_kernels *kernels);
void oct_kernels_fill_avx512(struct oct_kernels *kernels);
void oct_kernels_fill_avx512vnni(struct oct_kernels *kernels);
void oct_kernels_fill_avx512bf16(struct oct_kernels *kernels);
void oct_kernels_fill_amx(struct oct_kernels *kernels);
void oct_kernels_fill_amxbf16(struct oct_kernels *kernels);
void oct_kernels_fill_neon(struct oct_kernels *kernels);
void oct_kernels_fill_fp16(struct oct_kernels *kernels);
void oct_kernels_fill_dotprod(struct oct_kernels *kernels);
void oct_kernels_fill_i8mm(struct oct_kernels *kernels);

/* For the harness: every kernel of a set, `*count` of them, not only those that would be chosen. */
struct oct_kernel_list {
    unsigned sets; /* the CPU sets that the kernels need */
    const struct oct_conv_kernel *const *conv_u8;
    int conv_u8_count;
    const struct oct_conv_kernel *const *conv_f32;
    int conv_f32_count;
    const struct oct_conv_kernel *const *conv_half; /* F16 of the set fp16, else BF16 */
    int conv_half_count;
};
const struct oct_kernel_list *oct_kernels_list(int *count);

#endif
