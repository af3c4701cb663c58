/* SPDX-License-Identifier: Apache-2.0 */
/* The one name that liboctet-video.so.0 exports. */
#include "video/gstreamer/film_reader.h"
#include "video/gstreamer/film_writer.h"

extern const struct video_library octet_video_library;

__attribute__((visibility("default"))) const struct video_library octet_video_library = {
    .layout = VIDEO_LAYOUT,
    .version = OCTET_VERSION,
    .open = reader_open,
    .next = reader_next,
    .release = reader_release,
    .facts = reader_facts,
    .seek = reader_seek,
    .close = reader_close,
    .begin = writer_begin,
    .write = writer_write,
    .finish = writer_finish,
    .end = writer_end,
};
