/* SPDX-License-Identifier: Apache-2.0 */
/* What Frigate says before a frame's or a model's bytes: one JSON object. Nothing in it is
 * trusted. */
#ifndef TOOLS_FRIGATE_HEADER_H
#define TOOLS_FRIGATE_HEADER_H

#include "app/app.h"

#define FRIGATE_HEADER_BYTES_MAX (64 * 1024)
#define FRIGATE_NAME_BYTES 256

enum frigate_kind {
    FRIGATE_FRAME,         /* "shape" and "dtype": the frame's bytes follow */
    FRIGATE_MODEL_REQUEST, /* "model_request": is the model of this name there? */
    FRIGATE_MODEL_DATA     /* "model_data": the model's bytes follow */
};

struct frigate_header {
    enum frigate_kind kind;
    char name[FRIGATE_NAME_BYTES]; /* of the model: a file's name without folders */
    int height, width;             /* of the frame, pixels */
    bool planar;                   /* planes of R, G and B; else pixels of three bytes */
    bool is_float;                 /* float32, else uint8 */
};

/* Reads the header. Returns NULL, or what is wrong with it, which the caller frees; `kind` is then
 * right as far as it could be told. */
char *frigate_header_read(const void *bytes, size_t size, struct frigate_header *header);

/* The bytes that a frame of this header has. */
size_t frigate_frame_bytes(const struct frigate_header *header);

#endif
