/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How heads are found in a model file: one row a kind, tried in order. A row's functions are passes
 * (compiler/passes/passes.h) that fill import->head, or compare it with the file.
 */
#ifndef OCTET_COMPILER_HEADS_HEAD_READERS_H
#define OCTET_COMPILER_HEADS_HEAD_READERS_H

#include "compiler/passes/passes.h"

struct oct_head_reader {
    const struct oct_head_kind *kind;
    oct_pass *recognize;         /* by topology; a refusal leaves import->head as it was */
    oct_pass *read_grids;        /* what a quantised file rounds in its head */
    oct_pass *restore_constants; /* what such a file rounds and the head knows exactly */
    oct_pass *probe;             /* octet's decode against the file's own head */
};

oct_pass oct_yolov8_recognize, oct_yolov8_read_grids, oct_yolov8_restore_constants,
    oct_yolov8_probe;

#endif
