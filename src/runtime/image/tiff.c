/* SPDX-License-Identifier: Apache-2.0 */
/* TIFF through libtiff's RGBA interface, as OpenCV's imread reads it: the first picture of the
 * file, 8 bit of every sample, colours of transparent pixels multiplied by their alpha. libtiff is
 * opened with the first TIFF: it brings a dozen libraries along, which hardly any run needs. */
#include "runtime/image/raster.h"

#ifdef OCTET_HAS_TIFF

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tiffio.h>

/* One piece (strip or tile) may hold more than the picture, but not without bound. */
#define PIECE_BYTES_MAX ((uint64_t)64 << 20)
#define PIXEL_BYTES_MAX 8 /* four samples of 16 bit */
#define ALLOCATION_BYTES_MAX ((tmsize_t)OCTET_IMAGE_PIXELS_MAX * PIXEL_BYTES_MAX)

/* Since 4.5 libtiff tells its complaints to the one who opened the file. Before, it had one place
 * for the whole process, and printed: there it is told to be silent. */
#if TIFFLIB_VERSION >= 20221213
#define LIBRARY "libtiff.so.6"
#define OPENING(DO)                                                                                \
    DO(TIFFClientOpenExt)                                                                          \
    DO(TIFFOpenOptionsAlloc)                                                                       \
    DO(TIFFOpenOptionsFree)                                                                        \
    DO(TIFFOpenOptionsSetMaxSingleMemAlloc)                                                        \
    DO(TIFFOpenOptionsSetErrorHandlerExtR)                                                         \
    DO(TIFFOpenOptionsSetWarningHandlerExtR)
#else
#define LIBRARY "libtiff.so.5"
#define OPENING(DO)                                                                                \
    DO(TIFFClientOpen)                                                                             \
    DO(TIFFSetErrorHandler)                                                                        \
    DO(TIFFSetWarningHandler)
#endif
#define FUNCTIONS(DO)                                                                              \
    OPENING(DO)                                                                                    \
    DO(TIFFClose)                                                                                  \
    DO(TIFFGetField)                                                                               \
    DO(TIFFGetFieldDefaulted)                                                                      \
    DO(TIFFIsCODECConfigured)                                                                      \
    DO(TIFFIsTiled)                                                                                \
    DO(TIFFRGBAImageBegin)                                                                         \
    DO(TIFFRGBAImageEnd)                                                                           \
    DO(TIFFRGBAImageGet)                                                                           \
    DO(TIFFRGBAImageOK)                                                                            \
    DO(TIFFStripSize64)                                                                            \
    DO(TIFFTileSize64)

#define DECLARE(name) __typeof__(name) *name;
#define NAME(name) #name,

struct libtiff {
    FUNCTIONS(DECLARE)
};

/* False where the library is not there. It stays loaded. */
static bool load(struct libtiff *lib)
{
    static const char *const names[] = {FUNCTIONS(NAME)};
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    bool complete = library != NULL;
    for (size_t i = 0; complete && i < sizeof names / sizeof names[0]; i++) {
        void *function = dlsym(library, names[i]);
        complete = function != NULL;
        memcpy((char *)lib + i * sizeof function, &function, sizeof function);
    }
    if (library)
        dlclose(library);
    return complete;
}

/* What libtiff's callbacks see. */
struct source {
    octet_context *ctx;
    struct libtiff lib;
    const struct oct_encoded *file;
    uint64_t position;
    char reason[160]; /* libtiff's first complaint, or empty */
};

static tmsize_t on_read(thandle_t handle, void *bytes, tmsize_t count)
{
    struct source *source = handle;
    const uint64_t size = source->file->size;
    const uint64_t left = source->position < size ? size - source->position : 0;
    const uint64_t taken = (uint64_t)count < left ? (uint64_t)count : left;
    memcpy(bytes, source->file->bytes + (taken ? source->position : 0), (size_t)taken);
    source->position += taken;
    return (tmsize_t)taken;
}

static tmsize_t on_write(thandle_t handle, void *bytes, tmsize_t count)
{
    (void)handle;
    (void)bytes;
    (void)count;
    return -1;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence)
{
    struct source *source = handle;
    const uint64_t from = whence == SEEK_CUR   ? source->position
                          : whence == SEEK_END ? source->file->size
                                               : 0;
    source->position = from + offset;
    return source->position;
}

static int on_close(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle)
{
    const struct source *source = handle;
    return source->file->size;
}

/* libtiff reads from the bytes themselves. (Else it takes the size of its buffer for that of an
 * uncompressed tile, and refuses good files.) */
static int on_map(thandle_t handle, void **bytes, toff_t *size)
{
    const struct source *source = handle;
    *bytes = (void *)(uintptr_t)source->file->bytes;
    *size = source->file->size;
    return 1;
}

static void on_unmap(thandle_t handle, void *bytes, toff_t size)
{
    (void)handle;
    (void)bytes;
    (void)size;
}

#if TIFFLIB_VERSION >= 20221213
static int on_error(TIFF *tiff, void *user, const char *module, const char *format,
                    va_list arguments)
{
    struct source *source = user;
    (void)tiff;
    (void)module;
    if (!source->reason[0])
        vsnprintf(source->reason, sizeof source->reason, format, arguments);
    return 1;
}

/* libjpeg's warnings leave grey behind; the others are about tags. */
static int on_warning(TIFF *tiff, void *user, const char *module, const char *format,
                      va_list arguments)
{
    if (module && strncmp(module, "JPEG", 4) == 0)
        on_error(tiff, user, module, format, arguments);
    return 1;
}

static TIFF *open_source(struct source *source)
{
    const struct libtiff *lib = &source->lib;
    TIFFOpenOptions *options = lib->TIFFOpenOptionsAlloc();
    if (!options)
        return NULL;
    lib->TIFFOpenOptionsSetMaxSingleMemAlloc(options, ALLOCATION_BYTES_MAX);
    lib->TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, source);
    lib->TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, source);
    TIFF *tiff = lib->TIFFClientOpenExt(source->file->name, "r", source, on_read, on_write, on_seek,
                                        on_close, on_size, on_map, on_unmap, options);
    lib->TIFFOpenOptionsFree(options);
    return tiff;
}
#else
static TIFF *open_source(struct source *source)
{
    const struct libtiff *lib = &source->lib;
    lib->TIFFSetErrorHandler(NULL);
    lib->TIFFSetWarningHandler(NULL);
    return lib->TIFFClientOpen(source->file->name, "r", source, on_read, on_write, on_seek,
                               on_close, on_size, on_map, on_unmap);
}
#endif

static octet_status damaged(const struct source *source)
{
    const char *reason = source->reason[0] ? source->reason : "damaged or cut off";
    return oct_fail(source->ctx, OCTET_BAD_FORMAT, "%s: TIFF: %s", source->file->name, reason);
}

/* Those that libtiff reads without surprises; old-style JPEG is not among them. */
static bool is_known_compression(const struct libtiff *lib, unsigned compression)
{
    static const uint16_t known[] = {
        COMPRESSION_NONE,          COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3,
        COMPRESSION_CCITTFAX4,     COMPRESSION_LZW,      COMPRESSION_JPEG,
        COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,  COMPRESSION_PACKBITS,
        COMPRESSION_LZMA,          COMPRESSION_ZSTD,     COMPRESSION_WEBP};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i] == compression)
            return lib->TIFFIsCODECConfigured(known[i]) == 1;
    return false;
}

static octet_status check_kind(const struct source *source, TIFF *tiff)
{
    const struct libtiff *lib = &source->lib;
    uint16_t compression = COMPRESSION_NONE;
    char reason[1024] = "";
    lib->TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    if (!is_known_compression(lib, compression))
        return oct_fail(source->ctx, OCTET_UNSUPPORTED_IMAGE,
                        "%s: TIFF of compression %u is not read", source->file->name, compression);
    if (!lib->TIFFRGBAImageOK(tiff, reason))
        return oct_fail(source->ctx, OCTET_UNSUPPORTED_IMAGE, "%s: TIFF is not read: %s",
                        source->file->name, reason);
    return OCTET_OK;
}

/* Rows that are decoded together; 0 when they would need more memory than any picture. */
static uint32_t rows_together(const struct libtiff *lib, TIFF *tiff, uint64_t pixels)
{
    uint32_t rows = 0;
    const bool tiled = lib->TIFFIsTiled(tiff);
    if (tiled)
        lib->TIFFGetField(tiff, TIFFTAG_TILELENGTH, &rows);
    else
        lib->TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
    const uint64_t bytes = tiled ? lib->TIFFTileSize64(tiff) : lib->TIFFStripSize64(tiff);
    const uint64_t most = pixels * PIXEL_BYTES_MAX;
    return bytes <= PIECE_BYTES_MAX || bytes <= most ? rows : 0;
}

/* `raster` holds `rows` rows. libtiff shall not turn the picture:
 * it knows only half of the turns. */
static octet_status read_rows(const struct source *source, TIFF *tiff, uint32_t rows,
                              uint32_t *raster, octet_image *image)
{
    const struct libtiff *lib = &source->lib;
    TIFFRGBAImage rgba;
    char reason[1024] = "";
    if (!lib->TIFFRGBAImageBegin(&rgba, tiff, 1, reason))
        return damaged(source);
    rgba.orientation = rgba.req_orientation = ORIENTATION_TOPLEFT;
    octet_status status = OCTET_OK;
    const uint32_t width = (uint32_t)image->width, height = (uint32_t)image->height;
    uint8_t *out = image->pixels;
    for (uint32_t top = 0; top < height && status == OCTET_OK; top += rows) {
        const uint32_t here = height - top < rows ? height - top : rows;
        rgba.row_offset = (int)top;
        if (!lib->TIFFRGBAImageGet(&rgba, raster, width, here) || source->reason[0])
            status = damaged(source);
        for (size_t i = 0; i < (size_t)width * here && status == OCTET_OK; i++) {
            *out++ = (uint8_t)TIFFGetR(raster[i]);
            *out++ = (uint8_t)TIFFGetG(raster[i]);
            *out++ = (uint8_t)TIFFGetB(raster[i]);
        }
    }
    lib->TIFFRGBAImageEnd(&rgba);
    return status;
}

static octet_status decode(struct source *source, TIFF *tiff, octet_image **image, int *orientation)
{
    octet_context *ctx = source->ctx;
    const struct libtiff *lib = &source->lib;
    uint32_t width = 0, height = 0;
    uint16_t turn = 1;
    if (!lib->TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width) ||
        !lib->TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height))
        return damaged(source);
    octet_status status = oct_image_check_size(ctx, source->file->name, width, height);
    if (status == OCTET_OK)
        status = check_kind(source, tiff);
    if (status)
        return status;
    uint32_t rows = rows_together(lib, tiff, (uint64_t)width * height);
    if (rows == 0)
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: TIFF: its strips or tiles are damaged",
                        source->file->name);
    rows = rows < height ? rows : height;
    uint32_t *raster = oct_malloc(ctx, (size_t)width * rows, sizeof *raster);
    if (!raster)
        return oct_fail_memory(ctx, source->file->name);
    status = oct_image_create(ctx, source->file->name, width, height, image);
    if (status == OCTET_OK)
        status = read_rows(source, tiff, rows, raster, *image);
    oct_free(ctx, raster);
    lib->TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &turn);
    *orientation = turn;
    return status;
}

octet_status oct_tiff_decode(octet_context *ctx, const struct oct_encoded *file,
                             octet_image **image, int *orientation)
{
    struct source source = {.ctx = ctx, .file = file};
    *image = NULL;
    *orientation = 1;
    if (!load(&source.lib))
        return oct_fail(
            ctx, OCTET_UNSUPPORTED_IMAGE,
            "%s: is a TIFF, which needs " LIBRARY
            ", and that is not installed (package libtiff6 or libtiff5): install it, or "
            "convert the picture to PNG",
            file->name);
    TIFF *tiff = open_source(&source);
    if (!tiff)
        return damaged(&source);
    octet_status status = decode(&source, tiff, image, orientation);
    source.lib.TIFFClose(tiff);
    if (status) {
        oct_image_free(*image);
        *image = NULL;
    }
    return status;
}

#else

octet_status oct_tiff_decode(octet_context *ctx, const struct oct_encoded *file,
                             octet_image **image, int *orientation)
{
    *image = NULL;
    *orientation = 1;
    return oct_fail(ctx, OCTET_UNSUPPORTED_IMAGE,
                    "%s: is a TIFF, and this octet was built without libtiff: convert it to PNG",
                    file->name);
}

#endif
