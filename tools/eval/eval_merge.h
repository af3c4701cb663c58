/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the parts of an evaluation. */
#ifndef TOOLS_EVAL_MERGE_H
#define TOOLS_EVAL_MERGE_H

#include "eval/eval_state.h"
#include "eval/part_reader.h"

/* All shards of one evaluation. */
struct eval_parts {
    struct part *part; /* by shard */
    size_t count;
};

/* Reads the files, in any order. Fails where one is missing, is there twice, or is of another run,
 * naming it. Returns a status; to be freed after a failure as well. */
int eval_parts_read(struct app *app, char *const *paths, size_t count, struct eval_parts *parts);

/* Makes of them what one run would have left: ground truth, detections, pictures that took part,
 * facts. What `run` shows of texts is the parts', which must stay. Returns a status. */
int eval_parts_join(struct eval_run *run, const struct eval_parts *parts);

/* Accepts a zeroed struct. */
void eval_parts_free(struct eval_parts *parts);

#endif
