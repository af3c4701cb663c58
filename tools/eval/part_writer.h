/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a part of an evaluation: a line about the run, a line a picture as it is done, and a last
 * line with their number and a hash of all bytes before it. docs/formats.md describes it.
 */
#ifndef TOOLS_PART_WRITER_H
#define TOOLS_PART_WRITER_H

#include "app/output_file.h"
#include "eval/eval_state.h"

#define PART_VERSION 1

struct part_writer {
    struct output_file file;
    uint64_t hash;
    size_t pictures, boxes, found; /* written */
    /* the ground truth's boxes by picture, where it has all of them from the start */
    struct box_place {
        int64_t image_id;
        size_t index;
    } * places;
    size_t place_count;
};

/* Begins `path`, of a run whose facts are complete. Returns a status. */
int part_begin(struct part_writer *part, const struct eval_run *run, const char *path);

/* Adds picture `index` of run->set, whose truth has its boxes by now, and what was found there: of
 * classes that the ground truth has. A failure shows when committing. */
void part_add(struct part_writer *part, const struct eval_run *run, size_t index,
              const octet_detection *found, int count);

/* Puts the file in its place. Returns a status. */
int part_commit(struct part_writer *part, const struct eval_run *run);

/* Removes what was not committed. Accepts a zeroed struct. */
void part_abandon(struct part_writer *part);

#endif
