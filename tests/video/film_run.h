/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a film as the verbs get them, for tests: those of the demo's film, which has 75 frames
 * of 320x320 pixels in three seconds, and ticking sound, and others. */
#ifndef TESTS_FILM_RUN_H
#define TESTS_FILM_RUN_H

#include "pictures/film_frames.h"

#define FILM OCTET_PROJECT_FOLDER "/demo/belt.mp4"
#define FRAMES 75
#define SIDE 320
#define RATE 25.0
#define FILM_SKIPPED 77

struct film_run {
    struct film_request request;
    void *film;
};

/* liboctet-video, or NULL where it is not: why is printed. */
const struct video_library *film_library(void);

/* Of a group of tests: make and free what film_next() needs. */
int film_begin(void **state);
int film_end(void **state);

struct film_run film_start(enum video_kind kind, const char *source, size_t every, size_t picks);

/* False past the end. The caller frees the frame, which may be one that says what failed. */
bool film_next(struct film_run *run, struct frame *frame);
void film_stop(struct film_run *run);

#endif
