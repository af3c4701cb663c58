/* SPDX-License-Identifier: Apache-2.0 */
/* The writing half of struct video_library, which says what each function does. */
#ifndef TOOLS_FILM_WRITER_H
#define TOOLS_FILM_WRITER_H

#include "video/video.h"

struct video_writer *writer_begin(const struct video_target *target, char *encoder, char *message);
bool writer_write(struct video_writer *writer, const struct video_pixels *pixels, double time_s,
                  char *message);
bool writer_finish(struct video_writer *writer, bool is_whole, char *message);
void writer_end(struct video_writer *writer);

#endif
