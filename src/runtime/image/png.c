/* SPDX-License-Identifier: Apache-2.0 */
/* PNG through libspng. Colour spaces and gamma are ignored and alpha is dropped, as OpenCV does. */
#include <spng.h>

#include "runtime/image/image.h"

#define CHUNK_BYTES_MAX                                                                            \
    ((size_t)64 << 20) /* of one chunk other than pixels, and of all that are kept */

static octet_status fail(octet_context *ctx, const struct oct_encoded *file, int error)
{
    switch (error) {
    case SPNG_EMEM:
        return oct_fail_memory(ctx, file->name);
    case SPNG_EUSER_WIDTH:
    case SPNG_EUSER_HEIGHT:
        return oct_fail(ctx, OCTET_IMAGE_TOO_LARGE, "%s: PNG is wider or higher than %d pixels",
                        file->name, OCTET_IMAGE_SIDE_MAX);
    case SPNG_IO_EOF:
    case SPNG_EOF:
    case SPNG_EIDAT_TOO_SHORT:
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: PNG is cut off", file->name);
    default:
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: PNG is damaged: %s", file->name,
                        spng_strerror(error));
    }
}

static octet_status decode(octet_context *ctx, spng_ctx *png, const struct oct_encoded *file,
                           octet_image **image, int *orientation)
{
    struct spng_ihdr header;
    size_t bytes;
    int error = spng_set_image_limits(png, OCTET_IMAGE_SIDE_MAX, OCTET_IMAGE_SIDE_MAX);
    if (!error)
        error = spng_set_chunk_limits(png, CHUNK_BYTES_MAX, CHUNK_BYTES_MAX);
    if (!error)
        error = spng_set_png_buffer(png, file->bytes, file->size);
    if (!error)
        error = spng_get_ihdr(png, &header);
    if (error)
        return fail(ctx, file, error);
    octet_status status = oct_image_check_size(ctx, file->name, header.width, header.height);
    if (status)
        return status;
    error = spng_decoded_image_size(png, SPNG_FMT_RGB8, &bytes);
    if (error)
        return fail(ctx, file, error);
    if (bytes != (size_t)header.width * 3 * header.height)
        return oct_fail(ctx, OCTET_INTERNAL, "%s: PNG decoder wants %zu bytes", file->name, bytes);
    status = oct_image_create(ctx, file->name, header.width, header.height, image);
    if (status)
        return status;
    error = spng_decode_image(png, (*image)->pixels, bytes, SPNG_FMT_RGB8, 0);
    if (!error)
        error = spng_decode_chunks(
            png); /* to the end: finds a cut, and EXIF may stand behind the pixels */
    if (error)
        return fail(ctx, file, error);
    struct spng_exif exif;
    if (spng_get_exif(png, &exif) == 0)
        *orientation = oct_exif_orientation((const uint8_t *)exif.data, exif.length);
    return OCTET_OK;
}

octet_status oct_png_decode(octet_context *ctx, const struct oct_encoded *file, octet_image **image,
                            int *orientation)
{
    *image = NULL;
    *orientation = 1;
    spng_ctx *png = spng_ctx_new(0);
    if (!png)
        return oct_fail_memory(ctx, file->name);
    octet_status status = decode(ctx, png, file, image, orientation);
    spng_ctx_free(png);
    if (status) {
        oct_image_free(*image);
        *image = NULL;
    }
    return status;
}
