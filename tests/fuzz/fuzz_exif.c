/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as EXIF, alone and in a JPEG picture: an orientation of 0 to 8 and a picture turned by
 * it; never a crash, a leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a
 * program that takes files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "fuzz.h"
#include "runtime/image/raster.h"

#define MEMORY_MAX ((size_t)64 << 20) /* that one input may hold */
#define BLOCK_MAX MEMORY_MAX
#define EXIF_MAX 4096

enum { WIDTH = 16, HEIGHT = 8 };

/* A grey picture with the bytes as its EXIF, in malloc'd memory. */
static unsigned char *make_jpeg(const uint8_t *exif, size_t size, unsigned long *length)
{
    static unsigned char row[WIDTH];
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    unsigned char *jpeg = NULL, marker[EXIF_MAX + 6] = "Exif\0";
    JSAMPROW rows[] = {row};
    memcpy(marker + 6, exif, size);
    encoder.err = jpeg_std_error(&errors);
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, &jpeg, length);
    encoder.image_width = WIDTH;
    encoder.image_height = HEIGHT;
    encoder.input_components = 1;
    encoder.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&encoder);
    jpeg_start_compress(&encoder, TRUE);
    jpeg_write_marker(&encoder, JPEG_APP0 + 1, marker, (unsigned)size + 6);
    for (int y = 0; y < HEIGHT; y++)
        jpeg_write_scanlines(&encoder, rows, 1);
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    return jpeg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    octet_image *image;
    if (size > EXIF_MAX)
        return 0;
    const int orientation = oct_exif_orientation(data, size);
    if (orientation < 0 || orientation > 8)
        abort();
    unsigned long length = 0;
    unsigned char *jpeg = make_jpeg(data, size, &length);
    if (octet_image_decode(&ctx, jpeg, length, "fuzz.jpg", &image) != OCTET_OK)
        abort();
    free(jpeg);
    const bool upright = orientation < 5;
    if (octet_image_width(image) != (upright ? WIDTH : HEIGHT) ||
        octet_image_height(image) != (upright ? HEIGHT : WIDTH))
        abort();
    octet_image_free(&image);
    if (pool.live)
        abort();
    return 0;
}
