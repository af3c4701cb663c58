/* SPDX-License-Identifier: Apache-2.0 */
/* Binary PGM (P5) and PPM (P6), 8 and 16 bit, after netpbm's pgm(5) and ppm(5). */
#include <string.h>

#include "base/reader.h"
#include "runtime/image/raster.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next number of the header, after blanks and comments. Fails the reader where there is none;
 * values beyond what any field may hold stay at a bound, so that no digits can overflow. Leaves the
 * reader on the byte after it. */
static uint32_t read_field(struct oct_reader *reader)
{
    uint8_t c = oct_read_u8(reader);
    while (!reader->failed && (is_blank(c) || c == '#')) {
        while (c == '#' && !reader->failed)
            for (c = oct_read_u8(reader); !reader->failed && c != '\n' && c != '\r';)
                c = oct_read_u8(reader);
        c = oct_read_u8(reader);
    }
    if (c < '0' || c > '9')
        reader->failed = true;
    uint32_t value = 0;
    for (; !reader->failed && c >= '0' && c <= '9'; c = oct_read_u8(reader))
        value = value < 100000000 ? value * 10 + (uint32_t)(c - '0') : value;
    if (!reader->failed)
        reader->position--;
    return value;
}

/* 8 bit from a sample of [0, maximum]. 65535 takes the high byte as OpenCV does. */
static uint8_t to_byte(uint32_t sample, uint32_t maximum)
{
    if (maximum == 65535)
        return (uint8_t)(sample >> 8);
    if (sample > maximum)
        sample = maximum;
    return (uint8_t)((sample * 255 + maximum / 2) / maximum);
}

struct raster {
    const uint8_t *samples;
    size_t count;     /* samples */
    uint32_t maximum; /* 1 to 65535; above 255 a sample has two bytes, the high one first */
    int channels;     /* 1 or 3 */
};

static void expand(const struct raster *raster, uint8_t *out)
{
    if (raster->maximum == 255 && raster->channels == 3) {
        memcpy(out, raster->samples, raster->count);
        return;
    }
    const uint8_t *in = raster->samples;
    const bool wide = raster->maximum > 255;
    const int copies = raster->channels == 1 ? 3 : 1;
    for (size_t i = 0; i < raster->count; i++, in += wide ? 2 : 1) {
        uint8_t byte = to_byte(wide ? (uint32_t)in[0] << 8 | in[1] : in[0], raster->maximum);
        for (int c = 0; c < copies; c++)
            *out++ = byte;
    }
}

octet_status oct_ppm_decode(octet_context *ctx, const struct oct_encoded *file, octet_image **image,
                            int *orientation)
{
    *image = NULL;
    *orientation = 1;
    struct oct_reader reader = oct_reader_of(file->bytes, file->size);
    struct raster raster = {.channels = 1};
    oct_read_bytes(&reader, 1);
    if (oct_read_u8(&reader) == '6')
        raster.channels = 3;
    uint32_t width = read_field(&reader);
    uint32_t height = read_field(&reader);
    raster.maximum = read_field(&reader);
    if (reader.failed || !is_blank(oct_read_u8(&reader)))
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: PPM header is damaged", file->name);
    if (raster.maximum < 1 || raster.maximum > 65535)
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: PPM has largest sample %u: must be 1 to 65535",
                        file->name, raster.maximum);
    octet_status status = oct_image_check_size(ctx, file->name, width, height);
    if (status)
        return status;
    raster.count = (size_t)width * height * (size_t)raster.channels;
    size_t bytes = raster.count * (raster.maximum > 255 ? 2 : 1);
    size_t left = reader.size - reader.position;
    raster.samples = oct_read_bytes(&reader, bytes);
    if (!raster.samples)
        return oct_fail(ctx, OCTET_BAD_FORMAT,
                        "%s: PPM is cut off: %zu bytes of samples, needs %zu", file->name, left,
                        bytes);
    status = oct_image_create(ctx, file->name, width, height, image);
    if (status)
        return status;
    expand(&raster, (*image)->pixels);
    return OCTET_OK;
}
