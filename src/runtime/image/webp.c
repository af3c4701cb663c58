/* SPDX-License-Identifier: Apache-2.0 */
/* WebP through libwebp. Single pictures only: an animation is refused. */
#include <string.h>
#include <webp/decode.h>

#include "base/reader.h"
#include "runtime/image/raster.h"

#define FLAG_EXIF 0x08 /* of the VP8X chunk */

static octet_status fail(octet_context *ctx, const struct oct_encoded *file, VP8StatusCode code)
{
    switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return oct_fail_memory(ctx, file->name);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return oct_fail(ctx, OCTET_UNSUPPORTED_IMAGE,
                        "%s: WebP has a feature that is not supported", file->name);
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: WebP is cut off", file->name);
    default:
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: WebP is damaged", file->name);
    }
}

/* EXIF's orientation: the file must be extended (first chunk VP8X), say that it has EXIF, and have
 * the chunk. `reader` stands on the first chunk of the RIFF container. */
static int find_orientation(struct oct_reader reader)
{
    bool announced = false;
    for (bool first = true; !reader.failed; first = false) {
        const uint8_t *type = oct_read_bytes(&reader, 4);
        size_t size = (size_t)oct_read_le(&reader, 4);
        const uint8_t *data = oct_read_bytes(&reader, size);
        if (reader.failed)
            break;
        if (size % 2)
            oct_read_bytes(&reader, 1);
        if (first)
            announced = memcmp(type, "VP8X", 4) == 0 && size >= 1 && (data[0] & FLAG_EXIF);
        if (!announced)
            break;
        if (memcmp(type, "EXIF", 4) == 0)
            return oct_exif_orientation(data, size);
    }
    return 0;
}

octet_status oct_webp_decode(octet_context *ctx, const struct oct_encoded *file,
                             octet_image **image, int *orientation)
{
    *image = NULL;
    *orientation = 1;
    struct oct_reader reader = oct_reader_of(file->bytes, file->size);
    oct_read_bytes(&reader, 4);
    /* libwebp fills up missing last bytes with zeros, so the container's own size is held against
     * the file's. */
    if (oct_read_le(&reader, 4) > file->size - 8)
        return fail(ctx, file, VP8_STATUS_NOT_ENOUGH_DATA);
    oct_read_bytes(&reader, 4);

    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return oct_fail(ctx, OCTET_INTERNAL, "%s: libwebp is of another version than its headers",
                        file->name);
    VP8StatusCode code = WebPGetFeatures(file->bytes, file->size, &config.input);
    if (code != VP8_STATUS_OK)
        return fail(ctx, file, code);
    if (config.input.has_animation)
        return oct_fail(ctx, OCTET_UNSUPPORTED_IMAGE,
                        "%s: is an animated WebP: give single pictures", file->name);
    octet_status status = oct_image_create(ctx, file->name, (uint64_t)config.input.width,
                                           (uint64_t)config.input.height, image);
    if (status)
        return status;
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = (*image)->pixels;
    config.output.u.RGBA.stride = 3 * config.input.width;
    config.output.u.RGBA.size = (size_t)config.input.width * 3 * (size_t)config.input.height;
    code = WebPDecode(file->bytes, file->size, &config);
    WebPFreeDecBuffer(&config.output);
    if (code != VP8_STATUS_OK) {
        oct_image_free(*image);
        *image = NULL;
        return fail(ctx, file, code);
    }
    *orientation = find_orientation(reader);
    return OCTET_OK;
}
