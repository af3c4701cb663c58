/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a film, a camera or a pipeline, by way of liboctet-video. */
#ifndef TOOLS_FILM_FRAMES_H
#define TOOLS_FILM_FRAMES_H

#include "pictures/picture_frame.h"
#include "video/video.h"

/* What is read, and which of its frames. */
struct film_request {
    const struct video_library *library;
    enum video_kind kind;
    char *source; /* with passwords: not to be printed */
    size_t every; /* of so many frames the first; 1: all */
    size_t picks; /* so many, spread over its length, or a camera's first; 0: all */
};

extern const struct frame_kind film_frames;

/* Opens the film to say how many frames it has, as far as it knows itself; 0 where it does not, for
 * cameras, and where it cannot be read. */
size_t film_count_frames(const struct film_request *request);

/* Accepts NULL. */
void film_request_free(struct film_request *request);

/* Frames come by themselves, and never again. */
bool film_is_live(const struct film_request *request);

#endif
