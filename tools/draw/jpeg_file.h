/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG out, as files and as bytes. */
#ifndef TOOLS_JPEG_FILE_H
#define TOOLS_JPEG_FILE_H

#include "app/output_file.h"

/* Rows of 32-bit pixels 0x00RRGGBB in the machine's byte order, `stride` bytes apart. */
struct jpeg_pixels {
    const unsigned char *data;
    int width, height, stride;
};

/* Makes such rows, in `data`, of the part of a picture that starts at (left, top). */
void copy_pixels(const octet_image *image, int left, int top, int width, int height,
                 unsigned char *data, int stride);

/* Writes a JPEG of quality 92, colours at full resolution so that thin lines stay sharp. Returns
 * NULL, or what went wrong as static text. */
const char *jpeg_write(struct output_file *file, const struct jpeg_pixels *pixels);

/* The same in memory, of a quality of 1 to 100; `*bytes` is the caller's to free, also where it
 * fails. */
const char *jpeg_make(const struct jpeg_pixels *pixels, int quality, unsigned char **bytes,
                      size_t *size);

#endif
