/* SPDX-License-Identifier: Apache-2.0 */
/* A source that is a pipe or a device: as many frames as come out of it (picture_stream.h). */
#ifndef TOOLS_STREAM_FRAMES_H
#define TOOLS_STREAM_FRAMES_H

#include "pictures/picture_frame.h"

extern const struct frame_kind pipe_frames;
extern const struct frame_kind standard_input_frames; /* whatever the path says */

#endif
