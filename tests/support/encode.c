/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures written byte by byte, in kinds and with damages that no encoder makes. */
#include "encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>
#ifdef OCTET_HAS_TIFF
#include <tiffio.h>
#include <unistd.h>
#endif

void make_exif(uint8_t exif[EXIF_BYTES], char order, int orientation)
{
    static const uint8_t big[EXIF_BYTES] = {'M', 'M', 0,    42, 0, 0, 0, 8, 0,
                                            1,   1,   0x12, 0,  3, 0, 0, 0, 1};
    static const uint8_t little[EXIF_BYTES] = {'I', 'I',  42, 0, 8, 0, 0, 0, 1,
                                               0,   0x12, 1,  3, 0, 1, 0, 0, 0};
    memcpy(exif, order == 'I' ? little : big, EXIF_BYTES);
    exif[order == 'I' ? 18 : 19] = (uint8_t)orientation;
}

/* DC, then every AC coefficient alone in three steps of precision. */
static void many_scans(struct jpeg_compress_struct *jpeg, jpeg_scan_info *scans)
{
    int count = 0;
    scans[count++] = (jpeg_scan_info){1, {0}, 0, 0, 0, 0};
    for (int k = 1; k < 64; k++) {
        scans[count++] = (jpeg_scan_info){1, {0}, k, k, 0, 2};
        scans[count++] = (jpeg_scan_info){1, {0}, k, k, 2, 1};
        scans[count++] = (jpeg_scan_info){1, {0}, k, k, 1, 0};
    }
    jpeg->scan_info = scans;
    jpeg->num_scans = count;
}

struct encoded encode_jpeg(const struct samples *samples, const struct jpeg_options *options)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg_scan_info scans[190];
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &size);
    jpeg.image_width = (JDIMENSION)samples->width;
    jpeg.image_height = (JDIMENSION)samples->height;
    jpeg.input_components = samples->channels;
    jpeg.in_color_space = samples->channels == 1   ? JCS_GRAYSCALE
                          : samples->channels == 3 ? JCS_RGB
                                                   : JCS_CMYK;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    if (options->kind == JPEG_YCCK)
        jpeg_set_colorspace(&jpeg, JCS_YCCK);
    if (options->kind == JPEG_PROGRESSIVE)
        jpeg_simple_progression(&jpeg);
    if (options->kind == JPEG_MANY_SCANS)
        many_scans(&jpeg, scans);
    jpeg_start_compress(&jpeg, TRUE);
    if (options->exif) {
        uint8_t segment[256] = "Exif\0";
        assert_true(options->exif_bytes <= sizeof segment - 6);
        memcpy(segment + 6, options->exif, options->exif_bytes);
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, segment, (unsigned)options->exif_bytes + 6);
    }
    for (int y = 0; y < samples->height; y++) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)samples->data +
                       (size_t)y * (size_t)(samples->width * samples->channels);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (struct encoded){bytes, size};
}

static int png_colour(int channels, bool palette)
{
    static const int types[5] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                 PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    return palette ? PNG_COLOR_TYPE_PALETTE : types[channels];
}

static void png_extras(png_structp png, png_infop info, const struct png_options *options,
                       int depth)
{
    if (options->palette) {
        png_color palette[256];
        for (int i = 0; i < 1 << depth; i++)
            palette[i] = (png_color){(png_byte)i, (png_byte)(255 - i), (png_byte)(i / 2)};
        png_set_PLTE(png, info, palette, 1 << depth);
    }
    if (options->transparent) {
        static const png_byte alpha[2] = {0, 128};
        png_set_tRNS(png, info, alpha, 2, NULL);
    }
    if (options->exif)
        png_set_eXIf_1(png, info, (png_uint_32)options->exif_bytes,
                       (png_bytep)(uintptr_t)options->exif);
}

static void png_append(png_structp png, png_bytep bytes, size_t count)
{
    struct encoded *encoded = png_get_io_ptr(png);
    encoded->bytes = realloc(encoded->bytes, encoded->size + count);
    assert_non_null(encoded->bytes);
    memcpy(encoded->bytes + encoded->size, bytes, count);
    encoded->size += count;
}

static void png_failed(png_structp png, const char *message)
{
    (void)png;
    fail_msg("libpng: %s", message);
}

struct encoded encode_png(const struct samples *samples, const struct png_options *options)
{
    int depth = options->depth ? options->depth : 8;
    size_t row_bytes = ((size_t)(samples->width * samples->channels * depth) + 7) / 8;
    struct encoded encoded = {NULL, 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, png_failed, NULL);
    assert_non_null(png);
    png_infop info = png_create_info_struct(png);
    assert_non_null(info);
    png_set_write_fn(png, &encoded, png_append, NULL);
    png_set_IHDR(png, info, (png_uint_32)samples->width, (png_uint_32)samples->height, depth,
                 png_colour(samples->channels, options->palette),
                 options->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_extras(png, info, options, depth);
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < samples->height; y++)
            png_write_row(png, samples->data + (size_t)y * row_bytes);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return encoded;
}

struct encoded encode_webp(const struct samples *samples, int quality)
{
    const int width = samples->width, height = samples->height, stride = width * samples->channels;
    uint8_t *made = NULL;
    size_t size;
    if (samples->channels == 4)
        size = quality < 0
                   ? WebPEncodeLosslessRGBA(samples->data, width, height, stride, &made)
                   : WebPEncodeRGBA(samples->data, width, height, stride, (float)quality, &made);
    else
        size = quality < 0
                   ? WebPEncodeLosslessRGB(samples->data, width, height, stride, &made)
                   : WebPEncodeRGB(samples->data, width, height, stride, (float)quality, &made);
    assert_true(size > 0);
    struct encoded encoded = encode_ppm("", made, size);
    WebPFree(made);
    return encoded;
}

static uint8_t *put_chunk(uint8_t *at, const char *type, const void *data, size_t size)
{
    memcpy(at, type, 4);
    for (int i = 0; i < 4; i++)
        at[4 + i] = (uint8_t)(size >> 8 * i);
    memcpy(at + 8, data, size);
    at += 8 + size;
    if (size % 2)
        *at++ = 0;
    return at;
}

struct encoded extend_webp(const struct encoded *webp, int width, int height, uint8_t flags,
                           const uint8_t *exif, size_t exif_bytes)
{
    uint8_t extended[10] = {flags};
    for (int i = 0; i < 3; i++) {
        extended[4 + i] = (uint8_t)((width - 1) >> 8 * i);
        extended[7 + i] = (uint8_t)((height - 1) >> 8 * i);
    }
    struct encoded file = {malloc(webp->size + exif_bytes + 64), 0};
    assert_non_null(file.bytes);
    memcpy(file.bytes, webp->bytes, 12);
    uint8_t *at = put_chunk(file.bytes + 12, "VP8X", extended, sizeof extended);
    memcpy(at, webp->bytes + 12, webp->size - 12);
    at += webp->size - 12;
    if (exif)
        at = put_chunk(at, "EXIF", exif, exif_bytes);
    file.size = (size_t)(at - file.bytes);
    for (int i = 0; i < 4; i++)
        file.bytes[4 + i] = (uint8_t)((file.size - 8) >> 8 * i);
    return file;
}

struct encoded encode_ppm(const char *header, const void *bytes, size_t size)
{
    size_t length = strlen(header);
    struct encoded encoded = {malloc(length + size + 1), length + size};
    assert_non_null(encoded.bytes);
    memcpy(encoded.bytes, header, length);
    if (size)
        memcpy(encoded.bytes + length, bytes, size);
    return encoded;
}

static uint32_t crc32(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void put_be32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

struct encoded png_header(uint32_t width, uint32_t height)
{
    uint8_t bytes[33] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
    put_be32(bytes + 16, width);
    put_be32(bytes + 20, height);
    bytes[24] = 8;
    bytes[25] = 2;
    put_be32(bytes + 29, crc32(bytes + 12, 17));
    return encode_ppm("", bytes, sizeof bytes);
}

static uint8_t *put_le(uint8_t *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *at++ = (uint8_t)(value >> 8 * i);
    return at;
}

struct encoded encode_bmp(int width, int height, const struct bmp_options *options,
                          const uint8_t *data, size_t size)
{
    uint8_t start[14 + 124 + 16] = "BM";
    const size_t header_bytes = options->header_bytes ? (size_t)options->header_bytes : 40;
    const bool masks_behind = options->compression == 3 && header_bytes == 40;
    const size_t before = 14 + header_bytes + (masks_behind ? 12 : 0);
    const size_t pixels_at = before + options->palette_bytes;
    put_le(start + 2, (uint32_t)(pixels_at + size), 4);
    put_le(start + 10, (uint32_t)pixels_at, 4);
    uint8_t *at = put_le(start + 14, (uint32_t)header_bytes, 4);
    const int side = header_bytes == 12 ? 2 : 4;
    at = put_le(at, (uint32_t)width, side);
    at = put_le(at, options->top_down ? (uint32_t)-height : (uint32_t)height, side);
    at = put_le(at, 1, 2);
    at = put_le(at, (uint32_t)options->depth, 2);
    if (header_bytes >= 40) {
        put_le(at, (uint32_t)options->compression, 4);
        put_le(start + 14 + 32, (uint32_t)(options->palette_bytes / 4), 4);
    }
    for (int c = 0; c < 4 && options->compression == 3 && (c < 3 || !masks_behind); c++)
        put_le(start + 14 + 40 + 4 * c, options->masks[c], 4);
    struct encoded file = {malloc(pixels_at + size), pixels_at + size};
    assert_non_null(file.bytes);
    memcpy(file.bytes, start, before);
    if (options->palette_bytes)
        memcpy(file.bytes + before, options->palette, options->palette_bytes);
    if (size)
        memcpy(file.bytes + pixels_at, data, size);
    return file;
}

#ifdef OCTET_HAS_TIFF
static void tiff_tags(TIFF *tiff, const struct samples *samples, const struct tiff_options *options)
{
    const uint16_t alpha = (uint16_t)options->alpha;
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, samples->width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, samples->height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, options->depth ? options->depth : 8);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples->channels);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, options->photometric);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION,
                 options->compression ? options->compression : COMPRESSION_NONE);
    if (options->compression == COMPRESSION_JPEG && samples->channels == 3)
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    if (alpha)
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
    if (options->orientation)
        TIFFSetField(tiff, TIFFTAG_ORIENTATION, options->orientation);
    if (options->palette)
        TIFFSetField(tiff, TIFFTAG_COLORMAP, options->palette, options->palette + 256,
                     options->palette + 512);
}

/* `tile` bytes hold one tile. */
static void tiff_tiles(TIFF *tiff, const struct samples *samples, int side, uint8_t *tile)
{
    const size_t pixel = (size_t)samples->channels;
    for (int top = 0; top < samples->height; top += side)
        for (int left = 0; left < samples->width; left += side) {
            memset(tile, 0, (size_t)side * (size_t)side * pixel);
            for (int y = 0; y < side && top + y < samples->height; y++)
                for (int x = 0; x < side && left + x < samples->width; x++)
                    memcpy(tile + (size_t)(y * side + x) * pixel,
                           samples->data + (size_t)((top + y) * samples->width + left + x) * pixel,
                           pixel);
            assert_true(TIFFWriteTile(tiff, tile, (uint32_t)left, (uint32_t)top, 0, 0) > 0);
        }
}

static void tiff_page(TIFF *tiff, const struct samples *samples, const struct tiff_options *options)
{
    tiff_tags(tiff, samples, options);
    const size_t pixel_bytes = (size_t)samples->channels * (options->depth == 16 ? 2 : 1);
    if (options->tile) {
        TIFFSetField(tiff, TIFFTAG_TILEWIDTH, options->tile);
        TIFFSetField(tiff, TIFFTAG_TILELENGTH, options->tile);
        uint8_t *tile = malloc((size_t)(options->tile * options->tile) * pixel_bytes);
        assert_non_null(tile);
        tiff_tiles(tiff, samples, options->tile, tile);
        free(tile);
        return;
    }
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP,
                 options->strip_rows ? options->strip_rows : samples->height);
    for (int y = 0; y < samples->height; y++) {
        uint8_t row[4096];
        assert_true((size_t)samples->width * pixel_bytes <= sizeof row);
        memcpy(row, samples->data + (size_t)y * (size_t)samples->width * pixel_bytes,
               (size_t)samples->width * pixel_bytes);
        assert_int_equal(TIFFWriteScanline(tiff, row, (uint32_t)y, 0), 1);
    }
}

struct encoded encode_tiff(const struct samples *samples, const struct tiff_options *options)
{
    char path[] = "/tmp/octet_tiff_XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    TIFF *tiff = TIFFOpen(path, "w");
    assert_non_null(tiff);
    tiff_page(tiff, samples, options);
    if (options->two) {
        static const uint8_t black[3];
        assert_int_equal(TIFFWriteDirectory(tiff), 1);
        tiff_page(tiff, &(struct samples){black, 1, 1, 3},
                  &(struct tiff_options){.photometric = 2});
    }
    TIFFClose(tiff);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    struct encoded encoded = {NULL, (size_t)ftell(file)};
    encoded.bytes = malloc(encoded.size);
    assert_non_null(encoded.bytes);
    rewind(file);
    assert_int_equal(fread(encoded.bytes, 1, encoded.size, file), encoded.size);
    fclose(file);
    remove(path);
    return encoded;
}
#else
struct encoded encode_tiff(const struct samples *samples, const struct tiff_options *options)
{
    (void)samples;
    (void)options;
    fail_msg("built without libtiff");
    return (struct encoded){NULL, 0};
}
#endif
