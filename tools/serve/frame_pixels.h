/* SPDX-License-Identifier: Apache-2.0 */
/* A frame's bytes as RGB pixels. */
#ifndef TOOLS_FRAME_PIXELS_H
#define TOOLS_FRAME_PIXELS_H

#include <stdint.h>

#include "serve/frigate_header.h"

/* Memory that serves one frame after another; zeroed: none yet. */
struct frame_pixels {
    uint8_t *memory;
    size_t capacity;    /* bytes */
    const uint8_t *rgb; /* of the last frame: in `memory`, or the message's own bytes */
};

/* Takes a frame of frigate_frame_bytes() bytes: planes become pixels, floats bytes. Floats are from
 * 0 to 1, or, where one is larger, from 0 to 255; what lies outside becomes the nearest. Returns
 * NULL, or what is wrong, which the caller frees. */
char *frame_pixels_take(struct frame_pixels *pixels, const struct frigate_header *header,
                        const void *bytes, size_t size);

void frame_pixels_free(struct frame_pixels *pixels);

#endif
