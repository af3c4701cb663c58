/* SPDX-License-Identifier: Apache-2.0 */
/* Which convolutions Winograd's transforms make faster. In F32 it is part of what a convolution is:
 * transformed sums round otherwise, so that every set transforms the same shapes. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_TRANSFORMED_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_TRANSFORMED_H

#include "runtime/backend/cpu/kernels/kernels.h"

enum {
    OCT_WINOGRAD_SQUARE = 4, /* output pixels of a square, each way */
    /* With fewer input channels transforming costs more than products save: with 16 a layer of
     * YOLOv8n took 0.31 ms instead of 0.19 (bench/notes/winograd.md). */
    OCT_WINOGRAD_INPUTS = 32,
    /* Transformed weights take eight times the room of U8's and BF16's, four times that of floats,
     * so enough output pixels must read them: at 20x20 those of U8 would take 6.4 MB more for
     * YOLOv8n and save 0.5 % of its time. */
    OCT_WINOGRAD_PIXELS = 24 * 24,
    OCT_WINOGRAD_PIXELS_F32 = 8 * 8
};

/* The shapes that can be transformed, whether or not it pays. */
static inline bool oct_can_transform(const struct oct_conv_shape *shape)
{
    return shape->kernel == 3 && shape->stride == 1 && !shape->depthwise &&
           shape->output_width >= OCT_WINOGRAD_SQUARE &&
           shape->output_height >= OCT_WINOGRAD_SQUARE;
}

/* The shapes that are. */
static inline bool oct_is_transformed(const struct oct_conv_shape *shape, int least_pixels)
{
    return oct_can_transform(shape) && shape->input_channels >= OCT_WINOGRAD_INPUTS &&
           shape->output_height * shape->output_width >= least_pixels;
}

#endif
