/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_FRAME_H
#define OCTET_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include <octet/context.h>

OCTET_BEGIN_DECLARATIONS

/** How a frame's pixels lie in its planes, a byte a sample, rows from top to bottom. Of NV12 and
 * I420 a chroma sample serves 2x2 pixels, of YUY2 two pixels of a row; at odd widths and heights
 * the last one serves those that there are. Below, w is (width + 1) / 2, h is (height + 1) / 2. */
typedef enum octet_pixel_format {
    OCTET_PIXEL_RGB = 0,  /**< one plane: height rows of 3 * width bytes, R G B */
    OCTET_PIXEL_BGR = 1,  /**< the same, B G R */
    OCTET_PIXEL_NV12 = 2, /**< Y: height rows of width bytes; then U V pairs: h rows of 2 * w */
    OCTET_PIXEL_I420 = 3, /**< Y: height rows of width bytes; then U, then V: h rows of w each */
    OCTET_PIXEL_YUY2 = 4  /**< one plane: height rows of 4 * w bytes, Y0 U Y1 V */
} octet_pixel_format;

/** Which weights make RGB of YUV: most cameras say BT.601, high definition video BT.709. */
typedef enum octet_yuv_matrix {
    OCTET_YUV_BT601 = 0, /**< as OpenCV's cvtColor, to the byte where the range is limited */
    OCTET_YUV_BT709 = 1
} octet_yuv_matrix;

/** What the samples span: black to white, and chroma. */
typedef enum octet_yuv_range {
    OCTET_YUV_LIMITED = 0, /**< Y from 16 to 235, U and V from 16 to 240 ("video range") */
    OCTET_YUV_FULL = 1     /**< all from 0 to 255 (JPEG, MJPEG cameras) */
} octet_yuv_range;

/** A camera's picture in memory of the caller, or of octet_session_allocate_frame(). Begin with
 * `octet_frame frame = {0}`. Width and height are 1 to OCTET_IMAGE_SIDE_MAX, their product at most
 * OCTET_IMAGE_PIXELS_MAX. octet only reads the planes. A part of a larger picture is a frame:
 * planes that begin inside, at even places where chroma is shared, with the whole's strides. */
typedef struct octet_frame {
    octet_pixel_format format;
    int width, height; /**< pixels */
    /** the first byte of each plane that the format has, others are not looked at */
    uint8_t *planes[3];
    /** bytes from a row to the next: at least the row's, at most INT32_MAX */
    size_t strides[3];
    octet_yuv_matrix matrix; /**< of NV12, I420 and YUY2, as the next */
    octet_yuv_range range;
    size_t reserved[4];
} octet_frame;

OCTET_END_DECLARATIONS
#endif
