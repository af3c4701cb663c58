/* SPDX-License-Identifier: Apache-2.0 */
/* Opens liboctet-video.so.0 when a film is first asked for. */
#ifndef TOOLS_VIDEO_LIBRARY_H
#define TOOLS_VIDEO_LIBRARY_H

#include "video/video.h"

/* The one beside the program, else the one that the system finds; it stays open. NULL where it is
 * not there or does not fit: `message` (VIDEO_MESSAGE_BYTES) says which packages bring it. On one
 * thread at a time. */
const struct video_library *video_library_open(char *message);

#endif
