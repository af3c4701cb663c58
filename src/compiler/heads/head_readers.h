/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How heads are found in a model file: one row a kind. The convolutions that the outputs are
 * computed of are found first (recognize_head.c); a row says by what it knows its own, and what is
 * read of them. docs/heads.md goes through it.
 */
#ifndef OCTET_COMPILER_HEADS_HEAD_READERS_H
#define OCTET_COMPILER_HEADS_HEAD_READERS_H

#include "compiler/passes/passes.h"

struct oct_head_reader {
    const struct oct_head_kind *kind;
    /* The operator that a level's box channels go into, as they are. OCT_OP_OTHER, in the last row
     * alone: into none that another row names; boxes are then what no Sigmoid reads. */
    enum oct_operator boxes_go_to;
    /* Sets what the box channels of a level, which `node` gives, say of the head; or refuses them.
     * All levels have the same number. */
    octet_status (*take_boxes)(struct oct_import *import, const struct oct_node *node,
                               int64_t channels);
    /* Passes (compiler/passes/passes.h) that fill import->head, or compare it with the file. */
    oct_pass *read_grids;        /* what a quantised file rounds in its head */
    oct_pass *restore_constants; /* what such a file rounds and the head knows exactly */
    oct_pass *probe;             /* octet's decode against the file's own head */
};

/* head_readers.c: the table, the last row that of OCT_OP_OTHER. */
extern const struct oct_head_reader oct_head_readers[];
extern const size_t oct_head_reader_count;

/* Heads of levels (runtime/head/levels.h). */
oct_pass oct_levels_restore_constants, oct_levels_probe;

/* Reads the grids of the outputs, and by `read_own`, which returns how many it took, those that the
 * kind has. NULL: it has none. */
typedef int oct_read_own_grids(struct oct_import *import, const int *uses);
octet_status oct_levels_read_grids(struct oct_import *import, oct_read_own_grids *read_own);

/* The one FakeQuantize node that reads `value`, where nothing else does; or NULL. */
const struct oct_node *oct_only_fake(const struct oct_graph *graph, int value, const int *uses);

/* find_KIND.c */
octet_status oct_yolov8_take_boxes(struct oct_import *import, const struct oct_node *node,
                                   int64_t channels);
octet_status oct_yolo26_take_boxes(struct oct_import *import, const struct oct_node *node,
                                   int64_t channels);
oct_pass oct_yolov8_read_grids, oct_yolo26_read_grids;

#endif
