/* SPDX-License-Identifier: Apache-2.0 */
/* A camera's frame on its way from memory to its boxes. */
#ifndef TOOLS_BENCH_FRAME_H
#define TOOLS_BENCH_FRAME_H

#include "bench/bench_model.h"

/* "WIDTHxHEIGHT", with ":FORMAT" or without (NV12): fills frame->format, width and height. False
 * where it is neither. */
bool bench_frame_parse(const char *text, octet_frame *frame);

/* "rgb", "bgr", "nv12", "i420", "yuy2". */
const char *bench_frame_format(const octet_frame *frame);

/* Takes a frame of settings->frame's kind, in memory of the session's, through the model's first
 * session, as often as bench_pipeline() takes its picture; keeps the medians in model->frame. It
 * shows the picture settings->image, where there is one, else stripes. Returns a status. */
int bench_frame(struct bench_model *model);

#endif
