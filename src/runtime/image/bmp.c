/* SPDX-License-Identifier: Apache-2.0 */
/* Windows and OS/2 bitmaps: 1, 4, 8, 16, 24 and 32 bits a pixel, plain, with masks, or in runs, as
 * OpenCV's imread gives them: alpha is dropped, fields of 16 bit pixels are widened by zeros, and
 * what runs leave out has the palette's first colour. */
#include <string.h>

#include "base/reader.h"
#include "runtime/image/raster.h"

#define FILE_HEADER_BYTES 14
#define OS2_HEADER_BYTES 12 /* of the first version: sizes of 16 bit, palette of three bytes */
#define MASKS_AT 40         /* in headers that are long enough; else the masks follow the header */
#define COLOURS_MAX 256

enum { STORED, RUNS_8, RUNS_4, MASKS, MASKS_AND_ALPHA = 6 };

struct mask {
    uint32_t bits;
    int shift;        /* of its lowest bit */
    uint32_t maximum; /* of the value */
};

struct bitmap {
    octet_context *ctx;
    const struct oct_encoded *file;
    uint32_t header_bytes, pixels_at, compression, colours;
    uint64_t width, height;
    int depth; /* bits a pixel */
    bool top_down;
    uint8_t palette[COLOURS_MAX][3]; /* RGB */
    struct mask masks[3];            /* red, green, blue */
};

static octet_status damaged(const struct bitmap *bitmap, const char *what)
{
    return oct_fail(bitmap->ctx, OCTET_BAD_FORMAT, "%s: BMP %s", bitmap->file->name, what);
}

/* What a header is too short for is 0. */
static octet_status read_header(struct bitmap *bitmap)
{
    struct oct_reader reader = oct_reader_of(bitmap->file->bytes, bitmap->file->size);
    oct_read_bytes(&reader, 10);
    bitmap->pixels_at = (uint32_t)oct_read_le(&reader, 4);
    bitmap->header_bytes = (uint32_t)oct_read_le(&reader, 4);
    if (reader.failed || bitmap->header_bytes > reader.size - FILE_HEADER_BYTES)
        return damaged(bitmap, "is cut off");
    if (bitmap->header_bytes < OS2_HEADER_BYTES)
        return damaged(bitmap, "header is damaged");
    reader.size = FILE_HEADER_BYTES + bitmap->header_bytes;
    const size_t side = bitmap->header_bytes == OS2_HEADER_BYTES ? 2 : 4;
    bitmap->width = oct_read_le(&reader, side);
    bitmap->height = oct_read_le(&reader, side);
    bitmap->top_down = side == 4 && bitmap->height > INT32_MAX;
    if (bitmap->top_down)
        bitmap->height = (1ull << 32) - bitmap->height;
    oct_read_bytes(&reader, 2);
    bitmap->depth = (int)oct_read_le(&reader, 2);
    if (reader.failed)
        return damaged(bitmap, "header is damaged");
    bitmap->compression = (uint32_t)oct_read_le(&reader, 4);
    oct_read_bytes(&reader, 12);
    bitmap->colours = (uint32_t)oct_read_le(&reader, 4);
    return oct_image_check_size(bitmap->ctx, bitmap->file->name, bitmap->width, bitmap->height);
}

static octet_status check_kind(const struct bitmap *bitmap)
{
    static const struct {
        int depth;
        uint32_t compressions; /* a bit for each */
    } kinds[] = {
        {1, 1 << STORED},
        {4, 1 << STORED | 1 << RUNS_4},
        {8, 1 << STORED | 1 << RUNS_8},
        {16, 1 << STORED | 1 << MASKS | 1 << MASKS_AND_ALPHA},
        {24, 1 << STORED},
        {32, 1 << STORED | 1 << MASKS | 1 << MASKS_AND_ALPHA},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].depth == bitmap->depth && bitmap->compression < 32 &&
            kinds[i].compressions >> bitmap->compression & 1)
            return OCTET_OK;
    return oct_fail(bitmap->ctx, OCTET_UNSUPPORTED_IMAGE,
                    "%s: BMP of %d bits a pixel with compression %u is not read",
                    bitmap->file->name, bitmap->depth, bitmap->compression);
}

/* Entries that the file has no room for stay black. */
static octet_status read_palette(struct bitmap *bitmap)
{
    const size_t entry = bitmap->header_bytes == OS2_HEADER_BYTES ? 3 : 4;
    const size_t start = FILE_HEADER_BYTES + (size_t)bitmap->header_bytes;
    if (bitmap->colours > COLOURS_MAX)
        return damaged(bitmap, "palette is damaged");
    if (start + entry > bitmap->pixels_at)
        return damaged(bitmap, "has no palette");
    const size_t count = bitmap->colours ? bitmap->colours : (size_t)1 << bitmap->depth;
    for (size_t i = 0; i < count && start + (i + 1) * entry <= bitmap->pixels_at; i++)
        for (int c = 0; c < 3; c++)
            bitmap->palette[i][c] = bitmap->file->bytes[start + i * entry + 2 - (size_t)c];
    return OCTET_OK;
}

static bool set_mask(struct mask *mask, uint32_t bits)
{
    *mask = (struct mask){bits, 0, 0};
    if (!bits)
        return true;
    mask->shift = __builtin_ctz(bits);
    mask->maximum = bits >> mask->shift;
    return (mask->maximum & (mask->maximum + 1)) == 0;
}

static octet_status read_masks(struct bitmap *bitmap)
{
    static const uint32_t usual[2][3] = {{0x7c00, 0x3e0, 0x1f}, {0xff0000, 0xff00, 0xff}};
    const bool in_header = bitmap->header_bytes >= MASKS_AT + 12;
    struct oct_reader reader = oct_reader_of(bitmap->file->bytes, bitmap->file->size);
    oct_read_bytes(&reader, FILE_HEADER_BYTES + (in_header ? MASKS_AT : bitmap->header_bytes));
    for (int c = 0; c < 3; c++) {
        const uint32_t bits = bitmap->compression == STORED ? usual[bitmap->depth == 32][c]
                                                            : (uint32_t)oct_read_le(&reader, 4);
        if (!set_mask(&bitmap->masks[c], bits))
            return damaged(bitmap, "masks are damaged");
    }
    return reader.failed ? damaged(bitmap, "is cut off") : OCTET_OK;
}

static uint8_t *row_of(const struct bitmap *bitmap, octet_image *image, uint64_t row)
{
    const uint64_t from_top = bitmap->top_down ? row : bitmap->height - 1 - row;
    return image->pixels + from_top * bitmap->width * 3;
}

static void read_indices(const struct bitmap *bitmap, const uint8_t *in, uint8_t *out)
{
    const unsigned depth = (unsigned)bitmap->depth, last = (1u << depth) - 1;
    for (uint64_t x = 0; x < bitmap->width; x++, out += 3) {
        const uint64_t bit = x * depth;
        const unsigned index = in[bit / 8] >> (8 - depth - bit % 8) & last;
        memcpy(out, bitmap->palette[index], 3);
    }
}

static void read_colours(const struct bitmap *bitmap, const uint8_t *in, uint8_t *out)
{
    for (uint64_t x = 0; x < bitmap->width; x++, in += 3, out += 3)
        for (int c = 0; c < 3; c++)
            out[c] = in[2 - c];
}

/* 8 bits of a field: those of 16 bit pixels move up, those of 32 bit pixels are scaled. */
static uint8_t field_of(const struct mask *mask, uint32_t pixel, int depth)
{
    const uint32_t value = (pixel & mask->bits) >> mask->shift;
    if (mask->maximum == 0 || mask->maximum == 255)
        return (uint8_t)value;
    const int bits = 32 - __builtin_clz(mask->maximum);
    if (depth == 16)
        return (uint8_t)(bits > 8 ? value >> (bits - 8) : value << (8 - bits));
    return (uint8_t)((float)value * (255.0f / (float)mask->maximum)); /* OpenCV's rounding */
}

static void read_fields(const struct bitmap *bitmap, const uint8_t *in, uint8_t *out)
{
    const int bytes = bitmap->depth / 8;
    for (uint64_t x = 0; x < bitmap->width; x++, in += bytes, out += 3) {
        uint32_t pixel = 0;
        for (int b = 0; b < bytes; b++)
            pixel |= (uint32_t)in[b] << 8 * b;
        for (int c = 0; c < 3; c++)
            out[c] = field_of(&bitmap->masks[c], pixel, bitmap->depth);
    }
}

static octet_status read_rows(const struct bitmap *bitmap, struct oct_reader *reader,
                              octet_image **image)
{
    const uint64_t row_bytes = (bitmap->width * (uint64_t)bitmap->depth + 31) / 32 * 4;
    if (row_bytes * bitmap->height > reader->size - reader->position)
        return damaged(bitmap, "is cut off");
    octet_status status =
        oct_image_create(bitmap->ctx, bitmap->file->name, bitmap->width, bitmap->height, image);
    for (uint64_t row = 0; row < bitmap->height && status == OCTET_OK; row++) {
        const uint8_t *in = oct_read_bytes(reader, (size_t)row_bytes);
        uint8_t *out = row_of(bitmap, *image, row);
        if (bitmap->depth <= 8)
            read_indices(bitmap, in, out);
        else if (bitmap->depth == 24)
            read_colours(bitmap, in, out);
        else
            read_fields(bitmap, in, out);
    }
    return status;
}

/* Where the next pixel of a picture in runs goes. */
struct place {
    uint64_t x, y;
};

/* `count` pixels in a row, the next one where this one is full: the indices in `bytes`, which begin
 * anew after `period` of them. */
static bool put_pixels(const struct bitmap *bitmap, octet_image *image, struct place *place,
                       const uint8_t *bytes, unsigned count, unsigned period)
{
    if (place->x == bitmap->width)
        *place = (struct place){0, place->y + 1};
    if (!bytes || place->y == bitmap->height || count > bitmap->width - place->x)
        return false;
    uint8_t *out = row_of(bitmap, image, place->y) + place->x * 3;
    for (unsigned i = 0; i < count; i++, out += 3) {
        const unsigned at = i % period;
        const unsigned index = bitmap->depth == 8 ? bytes[at]
                               : at % 2           ? bytes[at / 2] & 15u
                                                  : bytes[at / 2] >> 4;
        memcpy(out, bitmap->palette[index], 3);
    }
    place->x += count;
    return true;
}

enum { END_OF_ROW, END_OF_PICTURE, MOVE }; /* codes after a count of 0; others are counts */

/* One code of two bytes and what it stands for; false when it is damaged or cut off. */
static bool read_code(const struct bitmap *bitmap, struct oct_reader *reader, octet_image *image,
                      struct place *place)
{
    const uint8_t count = oct_read_u8(reader), code = oct_read_u8(reader);
    if (reader->failed)
        return false;
    if (count)
        return put_pixels(bitmap, image, place, &code, count, bitmap->depth == 8 ? 1 : 2);
    switch (code) {
    case END_OF_ROW:
        *place = (struct place){0, place->y + 1};
        return true;
    case END_OF_PICTURE:
        place->y = bitmap->height;
        return true;
    case MOVE:
        place->x += oct_read_u8(reader);
        place->y += oct_read_u8(reader);
        return !reader->failed && place->x <= bitmap->width;
    default: { /* as many pixels as the code says, filled up to two bytes */
        const size_t bytes = ((size_t)code * (size_t)bitmap->depth + 15) / 16 * 2;
        return put_pixels(bitmap, image, place, oct_read_bytes(reader, bytes), code, code);
    }
    }
}

static octet_status read_runs(const struct bitmap *bitmap, struct oct_reader *reader,
                              octet_image **image)
{
    octet_status status =
        oct_image_create(bitmap->ctx, bitmap->file->name, bitmap->width, bitmap->height, image);
    if (status)
        return status;
    for (uint64_t i = 0; i < bitmap->width * bitmap->height; i++)
        memcpy((*image)->pixels + 3 * i, bitmap->palette[0], 3);
    struct place place = {0, 0};
    while (place.y < bitmap->height)
        if (!read_code(bitmap, reader, *image, &place))
            return damaged(bitmap, reader->failed ? "is cut off" : "runs are damaged");
    return OCTET_OK;
}

static octet_status decode(struct bitmap *bitmap, octet_image **image)
{
    octet_status status = read_header(bitmap);
    if (status == OCTET_OK)
        status = check_kind(bitmap);
    if (status)
        return status;
    if (bitmap->pixels_at < FILE_HEADER_BYTES + (uint64_t)bitmap->header_bytes)
        return damaged(bitmap, "header is damaged");
    if (bitmap->pixels_at > bitmap->file->size)
        return damaged(bitmap, "is cut off");
    if (bitmap->depth <= 8)
        status = read_palette(bitmap);
    else if (bitmap->depth != 24)
        status = read_masks(bitmap);
    if (status)
        return status;
    struct oct_reader reader = oct_reader_of(bitmap->file->bytes, bitmap->file->size);
    oct_read_bytes(&reader, bitmap->pixels_at);
    const bool runs = bitmap->compression == RUNS_8 || bitmap->compression == RUNS_4;
    return runs ? read_runs(bitmap, &reader, image) : read_rows(bitmap, &reader, image);
}

octet_status oct_bmp_decode(octet_context *ctx, const struct oct_encoded *file, octet_image **image,
                            int *orientation)
{
    struct bitmap bitmap = {.ctx = ctx, .file = file};
    *image = NULL;
    *orientation = 1;
    octet_status status = decode(&bitmap, image);
    if (status) {
        oct_image_free(*image);
        *image = NULL;
    }
    return status;
}
