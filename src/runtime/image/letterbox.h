/* SPDX-License-Identifier: Apache-2.0 */
/* Ultralytics' letterbox into memory of the caller. */
#ifndef OCTET_RUNTIME_IMAGE_LETTERBOX_H
#define OCTET_RUNTIME_IMAGE_LETTERBOX_H

#include "runtime/image/blend.h"
#include "runtime/image/raster.h"

#define OCT_LETTERBOX_PAD 114

/* Where the pixels go: geometry's target_height rows of target_width pixels. */
struct oct_pixels {
    uint8_t *data;
    size_t row_bytes; /* from row to row, at least target_width * pixel_bytes */
    int pixel_bytes;  /* 3: RGB; 4: RGB and a byte 0 */
};

/* Working memory, owned by the caller, for one call at a time. */
struct oct_letterbox_scratch {
    void *memory; /* aligned to OCT_ALIGNMENT */
    size_t bytes; /* at least oct_letterbox_scratch_bytes() */
};

/* Working memory for any picture and targets at most `target_width` pixels wide. */
size_t oct_letterbox_scratch_bytes(int target_width);

/* As octet_letterbox_geometry(); sizes must be 1 to OCTET_IMAGE_SIDE_MAX. */
octet_letterbox oct_letterbox_geometry(int source_width, int source_height, int target_width,
                                       int target_height);

/* Writes the picture and its padding. Allocates nothing. OCTET_INVALID_ARGUMENT when the geometry
 * is not the picture's, or the target or the scratch is too small. */
octet_status oct_letterbox_into(octet_context *ctx, const struct oct_resize_kernels *kernels,
                                const octet_image *image, const octet_letterbox *geometry,
                                const struct oct_pixels *target,
                                const struct oct_letterbox_scratch *scratch);

#endif
