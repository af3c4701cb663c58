/* SPDX-License-Identifier: Apache-2.0 */
/* A source that is a file: one frame. */
#ifndef TOOLS_PICTURE_FILE_H
#define TOOLS_PICTURE_FILE_H

#include "pictures/picture_frame.h"

extern const struct frame_kind picture_file;

#endif
