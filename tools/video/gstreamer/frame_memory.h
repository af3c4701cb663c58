/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that a decoder leaves in memory of its device. */
#ifndef TOOLS_FRAME_MEMORY_H
#define TOOLS_FRAME_MEMORY_H

#include <gst/gst.h>

/* Puts into the pipeline what brings frames with these caps into the machine's own memory, in a
 * layout of `layouts`; the caller links and starts it. NULL where they are there anyway, or where
 * nothing here can do it: then an error is posted. */
GstElement *frame_memory_download(GstElement *pipeline, const GstCaps *caps, const char *layouts);

#endif
