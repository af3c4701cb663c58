/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a set's Winograd kernels (winograd.h) a convolution takes, if any. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_CHOICE_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_CHOICE_H

#include "runtime/backend/cpu/kernels/kernels.h"

/* With fewer input channels transforming costs more than products save: with 16 a layer of YOLOv8n
 * took 0.31 ms instead of 0.19 (bench/notes/winograd.md). */
enum { OCT_WINOGRAD_INPUTS = 32 };

/* Transformed weights take eight times the room of U8's and BF16's, four times that of floats, so
 * enough output pixels must read them: at 20x20 those of U8 would take 6.4 MB more for YOLOv8n and
 * save 0.5 % of its time. */
enum { OCT_WINOGRAD_PIXELS = 24 * 24, OCT_WINOGRAD_PIXELS_F32 = 8 * 8 };

/* The one of `count` kernels that cuts a shape's output channels into the fewest tiles; NULL where
 * there are too few input channels, or fewer output pixels than `least_pixels`. */
static inline const struct oct_conv_kernel *
oct_winograd_choice(const struct oct_conv_kernel *const *kernels, int count,
                    const struct oct_conv_shape *shape, int least_pixels)
{
    const struct oct_conv_kernel *best = NULL;
    int fewest = 0;
    if (shape->input_channels < OCT_WINOGRAD_INPUTS ||
        shape->output_height * shape->output_width < least_pixels)
        return NULL;
    for (int i = 0; i < count && kernels[i]->fits(shape); i++) {
        const int width = kernels[i]->tile_channels;
        const int tiles = (shape->output_channels + width - 1) / width;
        if (!best || tiles < fewest) {
            best = kernels[i];
            fewest = tiles;
        }
    }
    return best;
}

#endif
