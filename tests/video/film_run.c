/* SPDX-License-Identifier: Apache-2.0 */
/* Reads films for the tests, by way of the program's own source of frames. */
#include "film_run.h"

#include <stdio.h>

#include "video/video_library.h"

static octet_context *context;

const struct video_library *film_library(void)
{
    static const struct video_library *library;
    char message[VIDEO_MESSAGE_BYTES];
    if (!library)
        library = video_library_open(message);
    if (!library)
        puts(message);
    return library;
}

int film_begin(void **state)
{
    (void)state;
    return octet_context_create(NULL, &context) != OCTET_OK;
}

int film_end(void **state)
{
    (void)state;
    octet_context_free(&context);
    return 0;
}

struct film_run film_start(enum video_kind kind, const char *source, size_t every, size_t picks)
{
    struct film_run run = {{film_library(), kind, (char *)source, every, picks}, NULL};
    return run;
}

bool film_next(struct film_run *run, struct frame *frame)
{
    void *encoded = NULL;
    if (!run->film)
        run->film = film_frames.open("film", &run->request);
    *frame = (struct frame){0};
    if (!film_frames.take(run->film, context, frame, &encoded))
        return false;
    film_frames.decode(context, frame, encoded);
    return true;
}

void film_stop(struct film_run *run)
{
    film_frames.close(run->film);
}
