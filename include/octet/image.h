/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_IMAGE_H
#define OCTET_IMAGE_H

#include <stdint.h>

#include <octet/frame.h>

OCTET_BEGIN_DECLARATIONS

/** A picture: 8 bit RGB, rows of `3 * width` bytes from top to bottom, already turned as its EXIF
 * orientation asks. Greyscale is expanded to RGB, CMYK and YCCK are converted, 16 bit samples are
 * reduced to their high byte, alpha is dropped (not blended; in TIFF, colours of unassociated alpha
 * are multiplied by it), as OpenCV's imread does. Read-only after it was made; may be shared
 * between threads. */
typedef struct octet_image octet_image;

/** Largest width or height of a picture, in pixels, and the most pixels it may have. */
#define OCTET_IMAGE_SIDE_MAX 32767
#define OCTET_IMAGE_PIXELS_MAX (256u * 1024 * 1024)

/** Reads a JPEG, PNG, WebP, BMP, TIFF or PPM/PGM (P5, P6) file; the type is recognised by content.
 * Of a file with several pictures (MPO, TIFF) it is the first. On success the caller owns
 * `*image`; on failure it is NULL and the context's message names the file and the reason. A
 * damaged picture (for instance a truncated JPEG) is OCTET_BAD_FORMAT, never a partly grey
 * picture; a JPEG that lacks nothing but its end marker is read. Built without libtiff, octet
 * refuses TIFF with OCTET_UNSUPPORTED_IMAGE. From a pipe or a device at most 512 MiB are read. */
OCTET_API octet_status octet_image_load(octet_context *context, const char *path,
                                        octet_image **image);

/** The same from memory, which is not kept. `name` stands for the file in messages. */
OCTET_API octet_status octet_image_decode(octet_context *context, const void *bytes, size_t size,
                                          const char *name, octet_image **image);

/** Makes a picture of `height` rows of `width` RGB pixels, `stride_bytes` >= 3 * width apart. */
OCTET_API octet_status octet_image_copy_rgb(octet_context *context, const uint8_t *pixels,
                                            int width, int height, size_t stride_bytes,
                                            octet_image **image);

/** The same of a camera's frame, with the RGB that octet_session_set_frame() makes of it. */
OCTET_API octet_status octet_image_copy_frame(octet_context *context, const octet_frame *frame,
                                              octet_image **image);

OCTET_API int octet_image_width(const octet_image *image);
OCTET_API int octet_image_height(const octet_image *image);
/** The first pixel; rows are 3 * width bytes apart. Valid as long as the picture. */
OCTET_API const uint8_t *octet_image_pixels(const octet_image *image);
OCTET_API void octet_image_free(octet_image **image);

/** Where a picture came to lie in the network's input: Ultralytics' letterbox (centred, scale-up
 * allowed, pad 114). With r = min(target_height / source_height, target_width / source_width) the
 * resized size is round(source * r), half to even; the pads are round((target - resized) / 2 -
 * 0.1). A point maps back as (x - pad_left) / gain_x. */
typedef struct octet_letterbox {
    int source_width, source_height, target_width, target_height; /**< pixels */
    int resized_width, resized_height, pad_left, pad_top;         /**< pixels */
    double gain_x, gain_y; /**< resized_width / source_width, resized_height / source_height */
} octet_letterbox;

/** Works out the geometry. All sizes are 1 to OCTET_IMAGE_SIDE_MAX, else OCTET_INVALID_ARGUMENT. */
OCTET_API octet_status octet_letterbox_geometry(int source_width, int source_height,
                                                int target_width, int target_height,
                                                octet_letterbox *geometry);

/** The same of the smallest input for the picture, as Ultralytics' predict with rect makes it
 * (LetterBox auto=True): scaled as into the bound, whose sides are multiples of `stride`, padded to
 * the next ones. The target is the size to open a session at, with this bound. */
OCTET_API octet_status octet_letterbox_rect(int source_width, int source_height, int bound_width,
                                            int bound_height, int stride,
                                            octet_letterbox *geometry);

/** Letterboxes a picture to `target_width` x `target_height` RGB bytes at `pixels` (3 * width *
 * height bytes, owned by the caller). Resizing is bit-exact with OpenCV's cv::resize(INTER_LINEAR)
 * on bytes. `geometry` may be NULL. */
OCTET_API octet_status octet_letterbox_image(octet_context *context, const octet_image *image,
                                             int target_width, int target_height, uint8_t *pixels,
                                             octet_letterbox *geometry);

OCTET_END_DECLARATIONS
#endif
