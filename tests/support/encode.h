/* SPDX-License-Identifier: Apache-2.0 */
/* Writes small pictures in the formats that octet reads, with the oddities that tests need. */
#ifndef OCTET_TESTS_SUPPORT_ENCODE_H
#define OCTET_TESTS_SUPPORT_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An encoded file in malloc'd memory; free(bytes). */
struct encoded {
    uint8_t *bytes;
    size_t size;
};

/* Samples to encode: rows without gaps. */
struct samples {
    const uint8_t *data; /* two bytes a sample, big-endian, where depth is 16; packed below 8 */
    int width, height;
    int channels;
};

enum jpeg_kind { JPEG_BASELINE, JPEG_PROGRESSIVE, JPEG_YCCK, JPEG_MANY_SCANS };

struct jpeg_options {
    enum jpeg_kind kind; /* MANY_SCANS: a valid file of 190 scans; of one channel */
    const uint8_t *exif; /* TIFF structure for an EXIF segment, or NULL */
    size_t exif_bytes;
};

struct png_options {
    int depth;                 /* 1 to 16; 0 stands for 8 */
    bool palette, transparent; /* with 1 channel; any */
    bool interlaced;
    const uint8_t *exif;
    size_t exif_bytes;
};

/* A TIFF structure with one entry, the orientation. `order` is 'I' or 'M'. Writes 26 bytes. */
#define EXIF_BYTES 26
void make_exif(uint8_t exif[EXIF_BYTES], char order, int orientation);

/* 1 channel is grey, 3 RGB, 4 CMYK in Adobe's inverted form. Quality 100. */
struct encoded encode_jpeg(const struct samples *samples, const struct jpeg_options *options);

/* Grey, grey and alpha, RGB, RGBA; or palette indices:
 * index i has the colour (i, 255 - i, i / 2). */
struct encoded encode_png(const struct samples *samples, const struct png_options *options);

/* RGB or RGBA; `quality` 0 to 100, or -1 for lossless. */
struct encoded encode_webp(const struct samples *samples, int quality);

/* Puts a WebP file into the extended form, with the flags, and EXIF behind the picture if any. */
struct encoded extend_webp(const struct encoded *webp, int width, int height, uint8_t flags,
                           const uint8_t *exif, size_t exif_bytes);

/* `header` and the samples' bytes, 8 bit. */
struct encoded encode_ppm(const char *header, const void *bytes, size_t size);

struct bmp_options {
    int header_bytes; /* 12 to 124; 0 stands for 40 */
    int depth;        /* bits a pixel */
    int compression;
    bool top_down;
    uint32_t masks[4];      /* with compression 3 */
    const uint8_t *palette; /* of BGR0, or of BGR with a header of 12 bytes */
    size_t palette_bytes;
};

/* `data` is what stands in the file: rows or runs. */
struct encoded encode_bmp(int width, int height, const struct bmp_options *options,
                          const uint8_t *data, size_t size);

struct tiff_options {
    int depth;               /* bits a sample, 8 or 16 (in the machine's order); 0 stands for 8 */
    int photometric;         /* as the tag's number */
    int compression;         /* as the tag's number; 0 stands for none */
    int alpha;               /* of the last sample, as ExtraSamples says it; 0: none */
    int orientation;         /* 0: not said */
    int strip_rows;          /* 0: all rows in one strip */
    int tile;                /* side; 0: in strips */
    bool two;                /* a second, black picture follows */
    const uint16_t *palette; /* 3 * 256 */
};

/* Fails the test where octet is built without libtiff. */
struct encoded encode_tiff(const struct samples *samples, const struct tiff_options *options);

/* A PNG file whose header says these sizes and that ends there, with right checksums. */
struct encoded png_header(uint32_t width, uint32_t height);

#endif
