/* SPDX-License-Identifier: Apache-2.0 */
/* PNG through libspng. Colour spaces and gamma are ignored and alpha is dropped, as OpenCV does. */
#include <spng.h>

#include "base/reader.h"
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

/* Whether the chunks (length, type, data, checksum) go on to the end of the last, IEND, whose
 * checksum libspng does not read. */
static bool is_whole(const struct oct_encoded *file)
{
    struct oct_reader reader = oct_reader_of(file->bytes, file->size);
    oct_read_bytes(&reader, 8);
    while (!reader.failed) {
        size_t length = (size_t)oct_read_be(&reader, 4);
        bool last = oct_read_be(&reader, 4) == 0x49454e44;
        oct_read_bytes(&reader, length);
        oct_read_bytes(&reader, 4);
        if (last)
            break;
    }
    return !reader.failed;
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
    if (!is_whole(file))
        return fail(ctx, file, SPNG_IO_EOF);
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
        error = spng_decode_chunks(png); /* EXIF may stand behind the pixels */
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
