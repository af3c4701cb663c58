/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a part of an evaluation, and believes nothing of it. */
#ifndef TOOLS_PART_READER_H
#define TOOLS_PART_READER_H

#include "app/json_print.h"
#include "app/shard.h"
#include "models/size_tally.h"

struct part_picture {
    size_t place; /* in the list of all shards */
    int64_t image_id;
    size_t boxes_end, found_end; /* its own lie behind those of the picture before */
};

struct part {
    const char *path;
    json_t *header, *facts; /* the facts are the header's */
    struct shard shard;
    struct part_picture *pictures; /* by rising place */
    size_t count, picture_capacity;
    octet_truth_box *boxes; /* image_id is that of its picture */
    size_t box_count, box_capacity;
    struct part_found {
        int64_t class_id; /* of the ground truth */
        octet_detection box;
    } * found;
    size_t found_count, found_capacity;
    size_t left_out;
    struct size_tally tally; /* of a run with --rect */
    double seconds;
};

/* Fails, with one line that begins with the path, where the file is no whole part. The struct is to
 * be freed then as well. Returns a status. */
int part_read(struct app *app, const char *path, struct part *part);

/* Fails where something is at `path` that is no part: a shard knows only its own pictures, and must
 * not take the place of another's. Returns a status. */
int part_may_replace(struct app *app, const char *path);

void part_free(struct part *part);

#endif
