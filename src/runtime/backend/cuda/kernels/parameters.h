/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host tells a kernel: one struct a launch, by value. The host's C and CUDA C both include
 * this. Addresses are the device's, of slot 0; pitches are bytes. A *group* is 16 bytes of a pixel:
 * 16 codes, 8 numbers of 16 bits or 4 floats. Pixels are stored in whole groups.
 */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_KERNELS_PARAMETERS_H
#define OCTET_RUNTIME_BACKEND_CUDA_KERNELS_PARAMETERS_H

#include <stdint.h>

#include "network/activations.h"
#include "runtime/image/yuv.h"

#define OCT_GPU_GROUP_BYTES 16
#define OCT_GPU_SOURCES_MAX 4

/* How elements are stored; as enum oct_type. */
enum { OCT_GPU_U8, OCT_GPU_F32, OCT_GPU_BF16 };

/* Neighbouring groups of an input's pixels, in one buffer. */
struct oct_gpu_source {
    uint64_t data;      /* of pixel (0, 0) */
    int64_t image;      /* from slot to slot */
    int32_t row, pixel; /* pitches */
    int32_t first;      /* of its groups, among all that the input has */
    int32_t shift;      /* pixel (y, x) is read at (y >> shift, x >> shift): upsampling */
};

/* A tensor that is written, or read as a whole: channels of one place. */
struct oct_gpu_view {
    uint64_t data; /* of channel 0 of pixel (0, 0); 0: there is none */
    int64_t image;
    int32_t row, pixel;
    int32_t type;
    int32_t zero_point; /* U8 */
    float scale, inverse_scale;
};

/* x / divisor for 0 <= x < 2^31 as the upper half of x * multiplier >> shift; see divide.h */
struct oct_gpu_divisor {
    uint32_t multiplier, shift;
};

/* What follows a sum, and the number that it needs: of SiLU and GELU the segments of their table in
 * a unit, of LeakyReLU the slope. */
struct oct_gpu_activation {
    int32_t kind; /* enum oct_activation */
    float factor;
};

/* A table of SiLU's or GELU's cubics, see finish.cuh. */
#define OCT_GPU_TABLE_BYTES 2048

/* A pixel of a tile: where its first tap is in the patch, where its channels begin in output and
 * residual, all in bytes from the tile's first pixel, and y << 16 | x in the tile. */
struct oct_gpu_pixel {
    int32_t patch, output, residual, place;
};

/*
 * A convolution by matrix products on tiles. A block works out tile_height x tile_width pixels of
 * all images times a tile of output channels. It reads a *patch* of the input, all that these
 * pixels' taps need, into shared memory, a *chunk* of groups at a time. Products then run over
 * *half steps*, 16 bytes of depth each (a tap and a group), two of which make one matrix product of
 * depth 32 (codes) or 16 (numbers of 16 bits).
 */
struct oct_gpu_conv {
    struct oct_gpu_source sources[OCT_GPU_SOURCES_MAX];
    int32_t source_count;
    int32_t groups, chunk_groups, chunks; /* groups = chunk_groups * chunks */
    uint64_t zeros;                       /* [groups] bytes: what lies outside of the picture */
    int32_t kernel, stride, padding;
    int32_t input_height, input_width; /* with `shift` done */
    int32_t height, width;             /* of the output */
    int32_t images;

    /* A tile is blocks of 16 pixels (the rows of a matrix product), 2^log_micro_width of them
     * across; 2^log_across such blocks stand beside each other, the rest below. */
    int32_t log_micro_width, log_across;
    int32_t tile_height, tile_width, tiles_down, tiles_across, channel_tiles;
    struct oct_gpu_divisor by_channel_tiles, by_image_tiles, by_tiles_across;

    /* The patch: patch_row bytes from row to row, patch_pixel from column to column; with stride 2
     * its odd columns stand behind the even ones, from column `odd_columns` on. Threads fill
     * `patch_columns` vectors of 16 bytes in a row, `rows_at_once` rows at a time. */
    int32_t patch_height, patch_width, patch_pixel, patch_row, odd_columns;
    int32_t patch_columns, rows_at_once;
    struct oct_gpu_divisor by_patch_columns, by_chunk_groups;

    int32_t by_rows;    /* 1: half steps go down a column of taps first, 3 steps together */
    int32_t steps;      /* matrix products in depth, of a chunk */
    int32_t half_steps; /* entries of the offsets: a multiple of 4, 2 * steps + 2 at least */
    /* [channel_tiles][constant_bytes]: what a block copies to the beginning of its shared memory:
     * SiLU's or GELU's table, OCT_GPU_TABLE_BYTES (finish.cuh); start, scale and bias, [tile
     * channels] each; int32_t[half_steps], where in the patch a half step begins; and struct
     * oct_gpu_pixel[tile pixels] */
    uint64_t constants;
    int32_t constant_bytes;
    uint64_t weights;     /* [channel_tiles][chunks][steps][tile channels * 32 bytes] */
    int32_t weight_bytes; /* of a chunk of a channel tile */
    int32_t shared_weights, shared_patch, shared_stage; /* where in shared memory; of a stage */
    int32_t stages;                       /* 1, or 2: the next chunk is read meanwhile */
    struct oct_gpu_activation activation; /* only kernels for any finish look at it */
    struct oct_gpu_view output, residual;
};

/* The first convolution, of the picture's own pixels: RGB and a zero byte. */
struct oct_gpu_pixels {
    uint64_t input; /* [images], `input_image` bytes apart, of [input_height][input_width][4] */
    int64_t input_image;
    int32_t input_height, input_width;
    int32_t height, width, images, kernel, stride, padding;
    struct oct_gpu_divisor by_runs, by_height;
    int32_t runs, run_blocks; /* of a row; blocks of 32 pixels in a run, which a warp works out */
    int32_t warp_tiles;       /* runs * height * images */
    uint64_t weights, start, scale, bias, table;
    int32_t channels; /* stored */
    int32_t silu;     /* and the codes are bounded, see code_of() */
    int32_t any_silu;
    struct oct_gpu_activation activation; /* only kernels for any activation look at it */
    struct oct_gpu_view output;
};

/* A convolution of floats, in plain FP32. */
struct oct_gpu_conv_f32 {
    struct oct_gpu_source sources[OCT_GPU_SOURCES_MAX];
    int32_t source_count, groups;
    int32_t kernel, stride, padding;
    int32_t input_height, input_width, height, width, images, channels;
    struct oct_gpu_divisor by_width, by_height;
    uint64_t weights; /* float[kernel * kernel * groups * 4][channels] */
    uint64_t bias, table;
    struct oct_gpu_activation activation;
    struct oct_gpu_view output, residual;
};

#define OCT_GPU_STRIP 4 /* neighbouring pixels of a row, that a thread works out together */

/*
 * A convolution of each channel by itself. Of codes, a block has tile_height x tile_width pixels (a
 * multiple of OCT_GPU_STRIP) times tile_groups groups; it reads their patch into shared memory,
 * patch_row bytes from row to row, and threads work out strips of four channels. Of floats, a
 * thread has four channels of one pixel.
 */
struct oct_gpu_depthwise {
    struct oct_gpu_view input, output, residual;
    int32_t kernel, stride, padding;
    int32_t input_height, input_width, height, width, images;
    int32_t words; /* of four channels: all that is stored */
    /* Codes: uint32_t[kernel][shifts][taps in fours][words][4 channels], four taps of a row each;
     * with stride 1 there are two shifts, the second one begins with a tap before the first.
     * Kernels of sizes that have none of their own: uint32_t[kernel][kernel][words], four channels
     * each. Floats: float[kernel][kernel][words][4]. */
    uint64_t weights;
    uint64_t start, scale, bias, table; /* of all stored channels */
    uint64_t zeros;                     /* uint8_t, likewise: what lies outside of the picture */
    struct oct_gpu_activation activation;
    int32_t tile_height, tile_width, tile_groups, tiles_down, tiles_across, group_tiles;
    int32_t patch_height, patch_width, patch_row;
    struct oct_gpu_divisor by_group_tiles, by_image_tiles, by_tiles_across;
    struct oct_gpu_divisor by_patch_columns, by_tile_groups, by_tile_words, by_tile_height;
};

#define OCT_GPU_QUERIES 16             /* of a block of codes */
#define OCT_GPU_QUERIES_OF_VALUES 4    /* of a block of floats: one a warp */
#define OCT_GPU_HEAD_CHANNELS_MAX 1024 /* of q and k */

/* softmax(q k') v of each head, over the pixels of each area; pixels follow each other in memory. A
 * block has some queries of an area and a head. */
struct oct_gpu_attention {
    struct oct_gpu_view queries, keys, values, output;
    int32_t pixels, areas; /* of an area; of a picture */
    int32_t tiles;         /* of queries, in an area */
    int32_t heads, images;
    int32_t key_channels, value_channels; /* of a head, in fours */
    int32_t cleared; /* stored channels of the output behind the last head's, which become zeros */
    float unit;      /* of codes oct_softmax_unit(), of floats the factor */
    struct oct_gpu_divisor by_image_tiles, by_tiles;
};

/* Copies, conversions and upsampling: `channels` elements of every pixel, one by one, from where
 * the input's data points to where the output's does; `cleared` more become zeros. */
struct oct_gpu_move {
    struct oct_gpu_view input, output;
    int32_t shift; /* pixel (y, x) is read at (y >> shift, x >> shift) */
    int32_t depth; /* of (2y + dy, 2x + dx), (2 dy + dx) * depth elements further on; else 0 */
    int32_t height, width, channels, cleared, images;
};

/* Pools, whole groups at a time: windows from (y * stride - padding, x * stride - padding) on. */
struct oct_gpu_pool {
    struct oct_gpu_view input, output;
    int32_t height, width, groups, images, kernel;
    int32_t stride, padding, input_height, input_width;
    int32_t zeros; /* maxima: 1 where zeros outside of the picture take part; means: 1 */
    float share;   /* means: the input's scale, or 1, over kernel * kernel */
};

/* Pools in a row, each of what the one before gave: a block has one group of one picture, two
 * planes of it in shared memory. */
#define OCT_GPU_CHAIN_MAX 3
struct oct_gpu_chain {
    struct oct_gpu_view input, outputs[OCT_GPU_CHAIN_MAX];
    int32_t count, height, width, groups, images, kernel;
};

/* Functions of codes by look-up, four channels at a time. */
struct oct_gpu_table {
    struct oct_gpu_view input, output, residual;
    uint64_t table; /* float[256] */
    int32_t height, width, channels, images;
};

/* Where in a picture's pixels a pixel of the network's input comes from. */
struct oct_gpu_resize {
    uint64_t columns; /* int32_t[resized_width][3]: the first pixel, the two weights */
    uint64_t rows;    /* int32_t[resized_height][4]: the two rows, the two weights */
    int32_t next;     /* from a column's first pixel to its second: 1, or 0 where a row has one */
    int32_t resized_width, resized_height, pad_left, pad_top;
    int32_t height, width, type;
    uint64_t target; /* the slot's */
};

/* A picture of RGB or BGR pixels into the network's input. */
struct oct_gpu_letterbox {
    struct oct_gpu_resize resize;
    uint64_t source; /* uint8_t[][source_row] */
    int32_t source_row;
    int32_t red; /* which of a pixel's bytes that is: 0, or 2 of BGR */
};

/* A frame of YUV, in planes of its own or not: Y of pixel (y, x) is at y * y_row + x * y_step, U
 * and V at (y >> chroma_shift) * u_row, or v_row, + (x >> 1) * chroma_step. */
struct oct_gpu_letterbox_yuv {
    struct oct_gpu_resize resize;
    uint64_t y, u, v; /* uint8_t */
    int32_t y_row, u_row, v_row;
    int32_t y_step, chroma_step, chroma_shift;
    struct oct_yuv_factors factors;
};

/* Float planes into the network's input. */
struct oct_gpu_planes {
    uint64_t source; /* float[3][height][width] */
    int32_t height, width, type;
    uint64_t target;
};

/* ---- heads of levels: YOLOv8's and YOLO26's ---- */

#define OCT_GPU_LEVELS_MAX 8

/* One resolution of the head. */
struct oct_gpu_level {
    struct oct_gpu_view boxes, classes; /* F32; pixels begin at a group */
    int32_t first;                      /* its first anchor */
    int32_t width;                      /* cells in a row */
    float stride;                       /* pixels of the input a cell */
};

/* How a quantised head rounds, as struct oct_dfl_rounding; scale 0: not at all. */
struct oct_gpu_rounding {
    int32_t rounds; /* any of it */
    float probability_scale, distance_scale, weight_scale;
    int32_t probability_zero, distance_zero;
};

/* What is searched for, and behind it a bit for each class that is wanted, in words of 32. It lies
 * in the GPU's memory: launches stay as they are when it changes. */
struct oct_gpu_search {
    float logit; /* one that is not above cannot reach the confidence */
    float confidence;
    int32_t multi_label;
    int32_t any_class; /* the bits are not looked at */
};

/* An anchor that is confident of a class. */
struct oct_gpu_found {
    float score;
    int32_t anchor, class_id, unused;
};

/* The same with its box: x1, y1, x2, y2 in pixels of the input. */
struct oct_gpu_candidate {
    struct oct_gpu_found found;
    float corners[4];
};

/* From the head's tensors to candidates, in lists of `capacity`, one for each slot. */
struct oct_gpu_head {
    struct oct_gpu_level levels[OCT_GPU_LEVELS_MAX];
    struct oct_gpu_rounding rounding;
    int32_t level_count, anchors, class_count;
    int32_t reg_max; /* bins of a distribution; 0: boxes are the four distances themselves */
    int32_t first;   /* slot */
    int32_t capacity;
    uint64_t search;
    uint64_t counts;     /* uint32_t[slots]: found, which may be more than there is room for */
    uint64_t found;      /* struct oct_gpu_found[slots][capacity], in any order */
    uint64_t told;       /* the counts, in memory of the host */
    uint64_t candidates; /* struct oct_gpu_candidate[slots][capacity], likewise */
};

/* ---- the most that a GPU can do ---- */

/* Of a block. With the registers that they take, a multiprocessor has room for one block, so that
 * each gets as many blocks as the others. */
#define OCT_GPU_BURN_THREADS 1024
#define OCT_GPU_BURN_CHAINS 8 /* sums that a warp has at once, each waiting only for itself */
#define OCT_GPU_BURN_STEPS 16 /* products into each of them in a round */

/* A loop in registers, which is timed. */
struct oct_gpu_burn {
    uint64_t clock; /* struct oct_gpu_clock of the first block */
    uint64_t sums;  /* int32_t[threads of all blocks]: so that they are worked out; 0: not kept */
    int32_t rounds;
};

/* How long a block took, by the multiprocessor's clock and by the time of day. */
struct oct_gpu_clock {
    uint64_t cycles, nanoseconds;
};

#endif
