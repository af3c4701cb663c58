/* SPDX-License-Identifier: Apache-2.0 */
#include "jpeg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#define QUALITY 92

struct failure {
    struct jpeg_error_mgr manager;
    jmp_buf back;
    int error; /* errno when it happened: a failed write's, if it was one */
};

static void leave(j_common_ptr common)
{
    struct failure *failure = (struct failure *)common->err;
    failure->error = errno;
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

const char *jpeg_write(struct output_file *file, const struct jpeg_pixels *pixels)
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
        jpeg_stdio_dest(&jpeg, file->stream);
        jpeg.image_width = (JDIMENSION)pixels->width;
        jpeg.image_height = (JDIMENSION)pixels->height;
        jpeg.input_components = 3;
        jpeg.in_color_space = JCS_RGB;
        jpeg_set_defaults(&jpeg);
        jpeg_set_quality(&jpeg, QUALITY, TRUE);
        for (int i = 0; i < jpeg.num_components; i++)
            jpeg.comp_info[i].h_samp_factor = jpeg.comp_info[i].v_samp_factor = 1;
        jpeg_start_compress(&jpeg, TRUE);
        write_rows(&jpeg, pixels, row);
        jpeg_finish_compress(&jpeg);
    } else if (ferror(file->stream)) {
        file->error = failure.error; /* reported when the file is committed */
    } else {
        problem = "the JPEG library failed";
    }
    jpeg_destroy_compress(&jpeg);
    free(row);
    return problem;
}
