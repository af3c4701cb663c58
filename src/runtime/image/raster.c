/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures made, decoded by content, turned upright, freed. */
#include "runtime/image/raster.h"

#include <string.h>

#include "base/content.h"
#include "base/read_file.h"

/* Of a file: four samples of 16 bit a pixel. */
#define ENCODED_BYTES_MAX ((uint64_t)OCTET_IMAGE_PIXELS_MAX * 8)

octet_status oct_image_check_size(octet_context *ctx, const char *name, uint64_t width,
                                  uint64_t height)
{
    if (width == 0 || height == 0)
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: picture of %llu x %llu pixels", name,
                        (unsigned long long)width, (unsigned long long)height);
    if (width > OCTET_IMAGE_SIDE_MAX || height > OCTET_IMAGE_SIDE_MAX ||
        width * height > OCTET_IMAGE_PIXELS_MAX)
        return oct_fail(
            ctx, OCTET_IMAGE_TOO_LARGE,
            "%s: picture of %llu x %llu pixels: at most %d a side and %u in all are read", name,
            (unsigned long long)width, (unsigned long long)height, OCTET_IMAGE_SIDE_MAX,
            OCTET_IMAGE_PIXELS_MAX);
    return OCTET_OK;
}

octet_status oct_image_create(octet_context *ctx, const char *name, uint64_t width, uint64_t height,
                              octet_image **image)
{
    *image = NULL;
    octet_status status = oct_image_check_size(ctx, name, width, height);
    if (status)
        return status;
    octet_image *made = oct_calloc(ctx, 1, sizeof *made);
    if (!made)
        return oct_fail_memory(ctx, name);
    size_t bytes = (size_t)width * 3 * (size_t)height;
    *made = (octet_image){ctx, (int)width, (int)height,
                          oct_malloc(ctx, bytes + OCT_IMAGE_SLACK_BYTES, 1)};
    if (!made->pixels) {
        oct_free(ctx, made);
        return oct_fail_memory(ctx, name);
    }
    memset(made->pixels + bytes, 0, OCT_IMAGE_SLACK_BYTES);
    *image = made;
    return OCTET_OK;
}

void oct_image_free(octet_image *image)
{
    if (!image)
        return;
    oct_free(image->ctx, image->pixels);
    oct_free(image->ctx, image);
}

/* How an upright picture's pixel (x, y) is found in the stored one: columns and rows change places
 * or not, then are counted from the far end or not. */
static const struct turn {
    bool transposed, from_right, from_bottom; /* the latter two in the stored picture */
} turns[9] = {
    [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true},
    [5] = {true, false, false}, [6] = {true, false, true}, [7] = {true, true, true},
    [8] = {true, true, false},
};

/* Copies the pixels of one square tile, so that turning by 90 degrees stays in the cache. */
#define TILE 64

static void turn_tile(const octet_image *to, const uint8_t *origin, ptrdiff_t step_x,
                      ptrdiff_t step_y, int left, int top)
{
    int right = to->width - left < TILE ? to->width : left + TILE;
    int bottom = to->height - top < TILE ? to->height : top + TILE;
    for (int y = top; y < bottom; y++) {
        uint8_t *out = to->pixels + 3 * ((size_t)y * (size_t)to->width + (size_t)left);
        const uint8_t *in = origin + y * step_y + left * step_x;
        for (int x = left; x < right; x++, out += 3, in += step_x) {
            out[0] = in[0];
            out[1] = in[1];
            out[2] = in[2];
        }
    }
}

octet_status oct_image_orient(octet_context *ctx, const char *name, int orientation,
                              octet_image **image)
{
    if (orientation < 2 || orientation > 8)
        return OCTET_OK;
    const octet_image *from = *image;
    const struct turn turn = turns[orientation];
    octet_image *to;
    octet_status status =
        oct_image_create(ctx, name, (uint64_t)(turn.transposed ? from->height : from->width),
                         (uint64_t)(turn.transposed ? from->width : from->height), &to);
    if (status)
        return status;
    ptrdiff_t column = turn.from_right ? -3 : 3;
    ptrdiff_t row = (ptrdiff_t)3 * from->width * (turn.from_bottom ? -1 : 1);
    const uint8_t *origin =
        from->pixels + (turn.from_right ? 3 * (size_t)(from->width - 1) : 0) +
        (turn.from_bottom ? 3 * (size_t)from->width * (size_t)(from->height - 1) : 0);
    for (int top = 0; top < to->height; top += TILE)
        for (int left = 0; left < to->width; left += TILE)
            turn_tile(to, origin, turn.transposed ? row : column, turn.transposed ? column : row,
                      left, top);
    oct_image_free(*image);
    *image = to;
    return OCTET_OK;
}

static bool is_jpeg(const struct oct_encoded *file)
{
    return file->size >= 3 && memcmp(file->bytes, "\xff\xd8\xff", 3) == 0;
}

static bool is_png(const struct oct_encoded *file)
{
    return file->size >= 8 && memcmp(file->bytes, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static bool is_webp(const struct oct_encoded *file)
{
    return file->size >= 12 && memcmp(file->bytes, "RIFF", 4) == 0 &&
           memcmp(file->bytes + 8, "WEBP", 4) == 0;
}

static bool is_ppm(const struct oct_encoded *file)
{
    return file->size >= 3 && file->bytes[0] == 'P' &&
           (file->bytes[1] == '5' || file->bytes[1] == '6') &&
           memchr(" \t\r\n\v\f#", file->bytes[2], 7);
}

static bool is_bmp(const struct oct_encoded *file)
{
    return file->size >= 2 && memcmp(file->bytes, "BM", 2) == 0;
}

static bool is_tiff(const struct oct_encoded *file)
{
    static const char magic[4][4] = {"II*", {'M', 'M', 0, '*'}, "II+", {'M', 'M', 0, '+'}};
    for (size_t i = 0; i < sizeof magic / sizeof magic[0] && file->size >= 4; i++)
        if (memcmp(file->bytes, magic[i], 4) == 0)
            return true;
    return false;
}

static const struct format {
    bool (*recognise)(const struct oct_encoded *file);
    oct_image_decoder *decode;
} formats[] = {
    {is_jpeg, oct_jpeg_decode}, {is_png, oct_png_decode},   {is_webp, oct_webp_decode},
    {is_bmp, oct_bmp_decode},   {is_tiff, oct_tiff_decode}, {is_ppm, oct_ppm_decode},
};

/* Types that people may well try, so that the message can call them by name. */
static const struct known {
    const char *name, *magic;
    size_t at, length;
} known_types[] = {
    {"a GIF", "GIF8", 0, 4},
    {"an AVIF", "ftypavi", 4, 7},
    {"a HEIC", "ftyphei", 4, 7},
    {"a HEIC", "ftyphev", 4, 7},
    {"a HEIC", "ftypmif1", 4, 8},
    {"a HEIC", "ftypmsf1", 4, 8},
    {"a Photoshop", "8BPS", 0, 4},
    {"a JPEG 2000", "\0\0\0\x0cjP  ", 0, 8},
    {"a JPEG 2000", "\xff\x4f\xff\x51", 0, 4},
    {"a JPEG XL", "\0\0\0\x0cJXL ", 0, 8},
    {"a JPEG XL", "\xff\x0a", 0, 2},
    {"an OpenEXR", "\x76\x2f\x31\x01", 0, 4},
    {"a Radiance HDR", "#?RADIANCE", 0, 10},
    {"a Windows icon, not a", "\0\0\1\0", 0, 4},
    {"a PAM", "P7\n", 0, 3},
    {"a plain or bit PNM", "P1", 0, 2},
    {"a plain or bit PNM", "P2", 0, 2},
    {"a plain or bit PNM", "P3", 0, 2},
    {"a plain or bit PNM", "P4", 0, 2},
};

/* SVG behind an XML declaration or a comment. */
static bool is_svg(const struct oct_encoded *file)
{
    const size_t searched = file->size < 1024 ? file->size : 1024;
    return file->size >= 5 && file->bytes[0] == '<' && memmem(file->bytes, searched, "<svg", 4);
}

#define READ_FORMATS "JPEG, PNG, WebP, BMP, TIFF or PPM (P5, P6)"

static octet_status refuse(octet_context *ctx, const struct oct_encoded *file)
{
    const char *name = is_svg(file) ? "an SVG" : NULL;
    for (size_t i = 0; i < sizeof known_types / sizeof known_types[0] && !name; i++) {
        const struct known *type = &known_types[i];
        if (file->size >= type->at + type->length &&
            memcmp(file->bytes + type->at, type->magic, type->length) == 0)
            name = type->name;
    }
    if (name)
        return oct_fail(ctx, OCTET_UNKNOWN_FORMAT,
                        "%s: is %s picture, which is not read: convert it to PNG or JPEG",
                        file->name, name);
    const struct oct_content *content = oct_recognise_content(file->bytes, file->size);
    if (content)
        return oct_fail(ctx, OCTET_UNKNOWN_FORMAT, "%s: is %s, not a picture", file->name,
                        content->name);
    return oct_fail(ctx, OCTET_UNKNOWN_FORMAT, "%s: is not a " READ_FORMATS " picture", file->name);
}

octet_status oct_image_decode(octet_context *ctx, const struct oct_encoded *file,
                              octet_image **image)
{
    *image = NULL;
    if (file->size == 0)
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: is empty", file->name);
    const struct format *format = NULL;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0] && !format; i++)
        if (formats[i].recognise(file))
            format = &formats[i];
    if (!format)
        return refuse(ctx, file);
    int orientation = 1;
    octet_status status = format->decode(ctx, file, image, &orientation);
    if (status)
        return status;
    status = oct_image_orient(ctx, file->name, orientation, image);
    if (status) {
        oct_image_free(*image);
        *image = NULL;
    }
    return status;
}

octet_status oct_image_load(octet_context *ctx, const char *path, octet_image **image)
{
    *image = NULL;
    struct oct_file file;
    octet_status status = oct_file_open(ctx, path, &file);
    if (status)
        return status;
    if (file.size > ENCODED_BYTES_MAX)
        status = oct_fail(ctx, OCTET_IMAGE_TOO_LARGE, "%s: %zu bytes: no picture has more than %zu",
                          path, file.size, (size_t)ENCODED_BYTES_MAX);
    else
        status = oct_image_decode(ctx, &(struct oct_encoded){file.bytes, file.size, path}, image);
    oct_file_close(ctx, &file);
    return status;
}

octet_status oct_image_copy_rgb(octet_context *ctx, const uint8_t *pixels, int width, int height,
                                size_t stride_bytes, octet_image **image)
{
    octet_status status = oct_image_create(ctx, "pixels", (uint64_t)width, (uint64_t)height, image);
    if (status)
        return status;
    size_t row_bytes = 3 * (size_t)width;
    for (int y = 0; y < height; y++)
        memcpy((*image)->pixels + (size_t)y * row_bytes, pixels + (size_t)y * stride_bytes,
               row_bytes);
    return OCTET_OK;
}
