/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures: 8 bit RGB, decoded from JPEG, PNG, WebP, BMP, TIFF or PPM/PGM as OpenCV's imread
 * decodes them. */
#ifndef OCTET_RUNTIME_IMAGE_RASTER_H
#define OCTET_RUNTIME_IMAGE_RASTER_H

#include <octet/image.h>

#include "base/memory.h"

/* Readable bytes after the last pixel, zero:
 * row functions may load a few bytes more than they use. */
#define OCT_IMAGE_SLACK_BYTES 64

struct octet_image {
    octet_context *ctx;
    int width, height; /* pixels, 1 to OCTET_IMAGE_SIDE_MAX */
    uint8_t *pixels;   /* rows of 3 * width bytes, then OCT_IMAGE_SLACK_BYTES; owned */
};

/* An encoded picture in memory; `name` stands for the file in messages. */
struct oct_encoded {
    const uint8_t *bytes;
    size_t size;
    const char *name;
};

/* Refuses sizes out of bounds: 0 is OCTET_BAD_FORMAT, too large is OCTET_IMAGE_TOO_LARGE. Every
 * decoder asks before it allocates anything in proportion to the size. */
octet_status oct_image_check_size(octet_context *ctx, const char *name, uint64_t width,
                                  uint64_t height);

/* A picture of that size with undefined pixels, after oct_image_check_size(). On failure *image is
 * NULL. */
octet_status oct_image_create(octet_context *ctx, const char *name, uint64_t width, uint64_t height,
                              octet_image **image);
void oct_image_free(octet_image *image);

/* As octet_image_load(), octet_image_decode() and octet_image_copy_rgb(), arguments checked. */
octet_status oct_image_load(octet_context *ctx, const char *path, octet_image **image);
octet_status oct_image_decode(octet_context *ctx, const struct oct_encoded *file,
                              octet_image **image);
octet_status oct_image_copy_rgb(octet_context *ctx, const uint8_t *pixels, int width, int height,
                                size_t stride_bytes, octet_image **image);

/* The decoders. On success the caller owns *image, as stored in the file, and *orientation is
 * EXIF's 1 to 8 (1 where the file says nothing). On failure *image is NULL. */
typedef octet_status oct_image_decoder(octet_context *ctx, const struct oct_encoded *file,
                                       octet_image **image, int *orientation);
oct_image_decoder oct_jpeg_decode, oct_png_decode, oct_webp_decode, oct_bmp_decode, oct_tiff_decode,
    oct_ppm_decode;

/* EXIF's orientation from a TIFF structure ("II*\0" or "MM\0*"): 1 to 8, or 0 where it is absent or
 * unreadable. */
int oct_exif_orientation(const uint8_t *bytes, size_t size);

/* Turns *image upright. On failure *image is unchanged. Orientation 1 does nothing. */
octet_status oct_image_orient(octet_context *ctx, const char *name, int orientation,
                              octet_image **image);

#endif
