/* SPDX-License-Identifier: Apache-2.0 */
/* What a run of a model was: what is reported beside the figures, and all that the shards of one
 * evaluation have in common. */
#ifndef TOOLS_EVAL_FACTS_H
#define TOOLS_EVAL_FACTS_H

#include "app/json_print.h"
#include "eval/eval_state.h"

/* {"precision":, "settings":, "classes_matched_by":, ...} of an open session. */
json_t *eval_facts_of_run(const struct eval_run *run);

/* Adds what tells one evaluation from another: the model's bytes, the list of pictures, the labels,
 * the classes. Returns a status. */
int eval_facts_identify(const struct eval_run *run, json_t *facts);

/* What a file says: whether all facts are there, each of its kind. NULL, or the one that is not. */
const char *eval_facts_check(const json_t *facts);

/* The first fact in which two runs differ, in words, or NULL: "another model". */
const char *eval_facts_differ(const json_t *facts, const json_t *others);

/* Whether labels are those of label files, whose boxes have no ids of their own. */
bool eval_facts_labelled(const json_t *facts);

/* Whether pictures were run at sizes of their own. */
bool eval_facts_rect(const json_t *facts);

/* How boxes were selected. */
octet_detect_settings eval_facts_selection(const json_t *facts);

/* For people, as precision_name(). */
const char *eval_facts_precision(const json_t *facts);

#endif
