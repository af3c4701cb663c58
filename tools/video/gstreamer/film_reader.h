/* SPDX-License-Identifier: Apache-2.0 */
/* The reading half of struct video_library, which says what each function does. */
#ifndef TOOLS_FILM_READER_H
#define TOOLS_FILM_READER_H

#include "video/video.h"

struct video_reader *reader_open(enum video_kind kind, const char *source, char *message);
enum video_result reader_next(struct video_reader *reader, int wait_ms, struct video_frame *frame,
                              char *message);
void reader_release(void *held);
void reader_facts(struct video_reader *reader, struct video_facts *facts);
bool reader_seek(struct video_reader *reader, double time_s);
void reader_close(struct video_reader *reader);

#endif
