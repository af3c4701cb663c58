/* SPDX-License-Identifier: Apache-2.0 */
/* Ultralytics' letterbox into memory of the caller. */
#ifndef OCTET_RUNTIME_IMAGE_LETTERBOX_H
#define OCTET_RUNTIME_IMAGE_LETTERBOX_H

#include "runtime/image/blend.h"
#include "runtime/image/frame_planes.h"

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

/* Working memory for any picture and targets at most `target_width` pixels wide; and for frames of
 * at most `frame_width` pixels, whose rows become RGB in it. */
size_t oct_letterbox_scratch_bytes(int target_width);
size_t oct_letterbox_frame_scratch_bytes(int target_width, int frame_width);

/* As octet_letterbox_geometry(); sizes must be 1 to OCTET_IMAGE_SIDE_MAX. */
octet_letterbox oct_letterbox_geometry(int source_width, int source_height, int target_width,
                                       int target_height);

/* The same at the scale of a letterbox into the bound, where the target holds what comes of that;
 * sides of the bound likewise. */
octet_letterbox oct_letterbox_bounded(int source_width, int source_height, int target_width,
                                      int target_height, int bound_width, int bound_height);

/* As octet_letterbox_rect(); the sides of the bound are multiples of the stride. */
octet_letterbox oct_letterbox_rect(int source_width, int source_height, int bound_width,
                                   int bound_height, int stride);

/* Writes the frame, which was checked, and its padding: as the picture of its RGB pixels would be.
 * Of the frame's rows those that a row of the target needs become RGB, once each. Allocates
 * nothing. OCTET_INVALID_ARGUMENT when the geometry is not the frame's, or the target or the
 * scratch is too small. */
octet_status oct_letterbox_frame(octet_context *ctx, const struct oct_resize_kernels *kernels,
                                 const octet_frame *frame, const octet_letterbox *geometry,
                                 const struct oct_pixels *target,
                                 const struct oct_letterbox_scratch *scratch);

/* The same of a picture. */
octet_status oct_letterbox_into(octet_context *ctx, const struct oct_resize_kernels *kernels,
                                const octet_image *image, const octet_letterbox *geometry,
                                const struct oct_pixels *target,
                                const struct oct_letterbox_scratch *scratch);

#endif
