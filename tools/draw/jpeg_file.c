/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JPEG files with libjpeg, whose errors become texts. */
#include "draw/jpeg_file.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#define QUALITY 92
#define BUFFER_BYTES 16384

struct failure {
    struct jpeg_error_mgr manager;
    jmp_buf back;
};

/* Takes what the library made; a failed write shows when the file is committed. */
struct destination {
    struct jpeg_destination_mgr manager;
    struct output_file *file;
    unsigned char bytes[BUFFER_BYTES];
};

static void start(j_compress_ptr jpeg)
{
    struct destination *to = (struct destination *)jpeg->dest;
    to->manager.next_output_byte = to->bytes;
    to->manager.free_in_buffer = sizeof to->bytes;
}

/* The whole buffer, whatever the library says is free of it. */
static boolean write_buffer(j_compress_ptr jpeg)
{
    struct destination *to = (struct destination *)jpeg->dest;
    output_write(to->file, to->bytes, sizeof to->bytes);
    start(jpeg);
    return TRUE;
}

static void write_rest(j_compress_ptr jpeg)
{
    struct destination *to = (struct destination *)jpeg->dest;
    output_write(to->file, to->bytes, sizeof to->bytes - to->manager.free_in_buffer);
}

static void leave(j_common_ptr common)
{
    struct failure *failure = (struct failure *)common->err;
    longjmp(failure->back, 1);
}

static void ignore(j_common_ptr common)
{
    (void)common;
}

static void write_rows(struct jpeg_compress_struct *jpeg, const struct jpeg_pixels *pixels,
                       unsigned char *row)
{
    while (jpeg->next_scanline < jpeg->image_height) {
        const unsigned char *source =
            pixels->data + (size_t)jpeg->next_scanline * (size_t)pixels->stride;
        for (int x = 0; x < pixels->width; x++) {
            uint32_t pixel;
            memcpy(&pixel, source + 4 * (size_t)x, sizeof pixel);
            row[3 * x] = (unsigned char)(pixel >> 16);
            row[3 * x + 1] = (unsigned char)(pixel >> 8);
            row[3 * x + 2] = (unsigned char)pixel;
        }
        jpeg_write_scanlines(jpeg, &row, 1);
    }
}

/* Where the bytes go: one of both. */
struct jpeg_sink {
    struct destination *file;
    unsigned char **bytes;
    unsigned long *size;
    int quality;
};

static void set_up(struct jpeg_compress_struct *jpeg, const struct jpeg_pixels *pixels,
                   const struct jpeg_sink *sink)
{
    if (sink->file)
        jpeg->dest = &sink->file->manager;
    else
        jpeg_mem_dest(jpeg, sink->bytes, sink->size);
    jpeg->image_width = (JDIMENSION)pixels->width;
    jpeg->image_height = (JDIMENSION)pixels->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, sink->quality, TRUE);
    for (int i = 0; i < jpeg->num_components; i++)
        jpeg->comp_info[i].h_samp_factor = jpeg->comp_info[i].v_samp_factor = 1;
}

static const char *compress_to(const struct jpeg_sink *sink, const struct jpeg_pixels *pixels)
{
    struct jpeg_compress_struct jpeg = {0};
    struct failure failure;
    unsigned char *row = app_alloc((size_t)pixels->width, 3);
    const char *volatile problem = NULL;
    jpeg.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = leave;
    failure.manager.output_message = ignore;
    if (setjmp(failure.back) == 0) {
        jpeg_create_compress(&jpeg);
        set_up(&jpeg, pixels, sink);
        jpeg_start_compress(&jpeg, TRUE);
        write_rows(&jpeg, pixels, row);
        jpeg_finish_compress(&jpeg);
    } else {
        problem = failure.manager.msg_code == JERR_OUT_OF_MEMORY ? "out of memory"
                                                                 : "the JPEG library failed";
    }
    jpeg_destroy_compress(&jpeg);
    free(row);
    return problem;
}

const char *jpeg_write(struct output_file *file, const struct jpeg_pixels *pixels)
{
    struct destination to = {{NULL, 0, start, write_buffer, write_rest}, file, {0}};
    const struct jpeg_sink sink = {.file = &to, .quality = QUALITY};
    return compress_to(&sink, pixels);
}

const char *jpeg_make(const struct jpeg_pixels *pixels, int quality, unsigned char **bytes,
                      size_t *size)
{
    unsigned long length = 0;
    const struct jpeg_sink sink = {.bytes = bytes, .size = &length, .quality = quality};
    *bytes = NULL;
    const char *problem = compress_to(&sink, pixels);
    *size = (size_t)length;
    return problem;
}

void copy_pixels(const octet_image *image, int left, int top, int width, int height,
                 unsigned char *data, int stride)
{
    size_t row_bytes = 3 * (size_t)octet_image_width(image);
    for (int y = 0; y < height; y++) {
        unsigned char *row = data + (size_t)y * (size_t)stride;
        const uint8_t *rgb = octet_image_pixels(image);
        rgb += (size_t)(top + y) * row_bytes + 3 * (size_t)left;
        for (int x = 0; x < width; x++, rgb += 3) {
            uint32_t pixel = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
            memcpy(row + 4 * (size_t)x, &pixel, sizeof pixel);
        }
    }
}
