/* SPDX-License-Identifier: Apache-2.0 */
/* A picture on its way from its source to the network,
 * and what a kind of source does to give it. */
#ifndef TOOLS_PICTURE_FRAME_H
#define TOOLS_PICTURE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <octet/octet.h>

struct frame {
    char *label;        /* what people call it: the file's path; of a stream "stdin:0" and so on */
    octet_image *image; /* NULL when it could not be read, or is planes */
    octet_frame planes; /* as a film has them, while `held` is not NULL */
    void *held;         /* what they lie in, for release() */
    void (*release)(void *held);
    octet_status status;
    char *message;        /* then: why */
    bool is_whole_source; /* no frame failed, but what they come out of */
    size_t source;        /* its source's place in the list */
    size_t index;         /* of its source, from 0 on */
    uint64_t dropped;     /* frames of a camera that came too fast, up to here */
    bool streamed;        /* its source gives as many as come */
    bool is_film, is_live;
    bool keep_planes;  /* whoever takes the frame takes planes */
    double time_s;     /* since its source's start; NAN where that has no clock */
    double frame_rate; /* of a film's frames that are taken; 0: not known */
    size_t expected;   /* frames that its film gives; 0: not known */
    double decode_ms;
};

/* A kind of source: a file is one frame, a pipe as many as come out of it. Another kind (a video, a
 * camera) is another table, and its line in sources.c; nobody else learns of it. */
struct frame_kind {
    bool many; /* as many as come: how many is known when take() says that there are no more */

    /* Begins to read the source at `path`, which must stay, as `settings` of its own kind, or
     * NULL; does not wait. */
    void *(*open)(const char *path, const void *settings);

    /* Waits for the next frame: sets its label, index and time, and `*encoded` for decode(). One
     * thread at a time. False when there is none; a source of one frame is asked once only. */
    bool (*take)(void *reader, octet_context *context, struct frame *frame, void **encoded);

    /* Makes the picture, or says why there is none (frame_finish()). Frames of one source are
     * decoded by several threads at once. Frees `encoded`. A film's frame stays planes where
     * frame->keep_planes is set. */
    void (*decode)(octet_context *context, struct frame *frame, void *encoded);

    void (*close)(void *reader);
};

/* Takes over what the library said to the decoding of frame->image. */
void frame_finish(struct frame *frame, octet_context *context, octet_status status);

/* Makes frame->image of the planes, unless it is there; the planes stay. */
void frame_make_image(octet_context *context, struct frame *frame);

/* Whether it can be run: a picture, or planes. */
static inline bool frame_is_read(const struct frame *frame)
{
    return frame->image || frame->held;
}

/* Gives the planes back. */
void frame_release(struct frame *frame);

void frame_free(struct frame *frame);

#endif
