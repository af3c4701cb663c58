/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures out of a pipe: PPM and PGM (P5, P6) one after another, as netpbm and ffmpeg's image2pipe
 * write them, or one picture of any other type. No more than the picture at hand is in memory.
 */
#ifndef TOOLS_PICTURE_STREAM_H
#define TOOLS_PICTURE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <octet/octet.h>

struct picture_stream {
    const char *path; /* NULL: not open */
    int descriptor;
    uint8_t *bytes; /* what was read and not handed out */
    size_t size, capacity;
    size_t number; /* pictures handed out */
    bool ended;
    int error; /* errno of a failed open or read */
};

/* An encoded picture of a stream. */
struct streamed {
    char *name;     /* "stdin:0", "stdin:1"; without number where it is no PPM */
    uint8_t *bytes; /* NULL: `message` says why */
    size_t size;
    char *message;
    bool more_lost; /* damaged, so that nobody knows where the next one would begin */
};

/* `path` must stay; "stdin" with `standard_input` is that. A pipe is opened, and waits for its
 * writer, with the first picture. */
void picture_stream_open(struct picture_stream *stream, const char *path, bool standard_input);

/* Waits for the next picture; false when there is none. The caller frees what `*streamed` holds. */
bool picture_stream_next(struct picture_stream *stream, octet_context *context,
                         struct streamed *streamed);

/* Accepts a zeroed struct. */
void picture_stream_close(struct picture_stream *stream);

#endif
