/* SPDX-License-Identifier: Apache-2.0 */
/* The model over the pictures. */
#ifndef TOOLS_EVAL_RUN_H
#define TOOLS_EVAL_RUN_H

#include "eval/eval_state.h"

/* Runs all pictures; fills facts, detections (or the part), done and seconds. */
int eval_run_pictures(struct eval_run *run);

#endif
