/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a set's Winograd kernels (winograd.h) a convolution takes, if any. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_CHOICE_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_CHOICE_H

#include "runtime/backend/cpu/kernels/transformed.h"

/* The one of `count` kernels that cuts a shape's output channels into the fewest tiles; NULL for
 * shapes that are not transformed (transformed.h), and those of U8 whose sums are too large. */
static inline const struct oct_conv_kernel *
oct_winograd_choice(const struct oct_conv_kernel *const *kernels, int count,
                    const struct oct_conv_shape *shape, int least_pixels)
{
    const struct oct_conv_kernel *best = NULL;
    int fewest = 0;
    if (!oct_is_transformed(shape, least_pixels))
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
