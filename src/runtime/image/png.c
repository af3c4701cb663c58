/* SPDX-License-Identifier: Apache-2.0 */
/* PNG through libpng. Colour spaces and gamma are ignored and alpha is dropped, as OpenCV does. */
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "runtime/image/raster.h"

#define CHUNK_BYTES_MAX ((png_alloc_size_t)64 << 20) /* of one chunk other than pixels */

/* What libpng's callbacks see. Lives outside the frame that longjmp returns to. */
struct source {
    octet_context *ctx;
    const struct oct_encoded *file;
    size_t position; /* bytes read so far */
    octet_status status;
    char reason[96];
};

static void on_error(png_structp png, const char *message)
{
    struct source *source = png_get_error_ptr(png);
    snprintf(source->reason, sizeof source->reason, "damaged: %s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, const char *message)
{
    (void)png;
    (void)message;
}

static void on_read(png_structp png, png_bytep bytes, size_t count)
{
    struct source *source = png_get_io_ptr(png);
    if (count > source->file->size - source->position) {
        snprintf(source->reason, sizeof source->reason, "cut off");
        png_longjmp(png, 1);
    }
    memcpy(bytes, source->file->bytes + source->position, count);
    source->position += count;
}

static png_voidp on_allocate(png_structp png, png_alloc_size_t bytes)
{
    struct source *source = png_get_mem_ptr(png);
    void *memory = oct_malloc(source->ctx, bytes, 1);
    if (!memory)
        source->status = oct_fail_memory(source->ctx, source->file->name);
    return memory;
}

static void on_release(png_structp png, png_voidp memory)
{
    struct source *source = png_get_mem_ptr(png);
    oct_free(source->ctx, memory);
}

/* Refuses sizes before libpng sees the file: it would read up to the pixels first. */
static octet_status check_header(octet_context *ctx, const struct oct_encoded *file)
{
    struct oct_reader reader = oct_reader_of(file->bytes, file->size);
    oct_read_bytes(&reader, 12);
    bool header = oct_read_be(&reader, 4) == 0x49484452; /* "IHDR" */
    uint64_t width = oct_read_be(&reader, 4), height = oct_read_be(&reader, 4);
    if (reader.failed)
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: PNG is cut off", file->name);
    if (!header || width > PNG_UINT_31_MAX || height > PNG_UINT_31_MAX)
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: PNG is damaged: bad header", file->name);
    return oct_image_check_size(ctx, file->name, width, height);
}

/* Everything becomes 8 bit RGB: 16 bits keep their high byte, transparency is left out. */
static int ask_for_rgb(png_structp png, png_infop info)
{
    png_set_strip_16(png);
    if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    else if (png_get_bit_depth(png, info) < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    return passes;
}

static void read_pixels(png_structp png, int passes, octet_image *image)
{
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < image->height; y++)
            png_read_row(png, image->pixels + (size_t)y * 3 * (size_t)image->width, NULL);
}

static int orientation_of(png_structp png, png_infop info)
{
#ifdef PNG_eXIf_SUPPORTED
    png_uint_32 size;
    png_bytep bytes;
    if (png_get_eXIf_1(png, info, &size, &bytes))
        return oct_exif_orientation(bytes, size);
#else
    (void)png;
    (void)info;
#endif
    return 1;
}

/* The only frame that libpng's errors return to; `image` and `orientation` are the caller's. */
static octet_status decode(png_structp png, png_infop info, struct source *source,
                           octet_image **image, int *orientation)
{
    const char *name = source->file->name;
    if (setjmp(png_jmpbuf(png))) {
        if (source->status)
            return source->status;
        return oct_fail(source->ctx, OCTET_BAD_FORMAT, "%s: PNG is %s", name, source->reason);
    }
    png_set_user_limits(png, OCTET_IMAGE_SIDE_MAX, OCTET_IMAGE_SIDE_MAX);
    png_set_chunk_malloc_max(png, CHUNK_BYTES_MAX);
    png_set_read_fn(png, source, on_read);
    png_read_info(png, info);
    png_uint_32 width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    int passes = ask_for_rgb(png, info);
    if (png_get_rowbytes(png, info) != (size_t)width * 3)
        return oct_fail(source->ctx, OCTET_INTERNAL, "%s: PNG decoder wants %zu bytes a row", name,
                        (size_t)png_get_rowbytes(png, info));
    source->status = oct_image_create(source->ctx, name, width, height, image);
    if (source->status)
        return source->status;
    read_pixels(png, passes, *image);
    png_read_end(png, info); /* finds a cut, and EXIF may stand behind the pixels */
    *orientation = orientation_of(png, info);
    return OCTET_OK;
}

octet_status oct_png_decode(octet_context *ctx, const struct oct_encoded *file, octet_image **image,
                            int *orientation)
{
    struct source source = {ctx, file, 0, OCTET_OK, ""};
    *image = NULL;
    *orientation = 1;
    octet_status status = check_header(ctx, file);
    if (status)
        return status;
    png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &source, on_error, on_warning,
                                               &source, on_allocate, on_release);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    status =
        info ? decode(png, info, &source, image, orientation) : oct_fail_memory(ctx, file->name);
    if (png)
        png_destroy_read_struct(&png, &info, NULL);
    if (status) {
        oct_image_free(*image);
        *image = NULL;
    }
    return status;
}
