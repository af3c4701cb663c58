/* SPDX-License-Identifier: Apache-2.0 */
/* What `octet eval` prints. */
#ifndef TOOLS_EVAL_REPORT_H
#define TOOLS_EVAL_REPORT_H

#include "eval/eval_state.h"

struct eval_result {
    octet_evaluation all;
    octet_class_evaluation *classes; /* [classes of the ground truth] */
};

/* Of a shard: what its part holds. Returns a status. */
int eval_report_part(struct eval_run *run);

/* As a table or as JSON. Returns a status. */
int eval_report(struct eval_run *run, const struct eval_result *result);

#endif
