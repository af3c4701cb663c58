/* SPDX-License-Identifier: Apache-2.0 */
/* Which class of a ground truth a class of the model is. */
#ifndef TOOLS_CLASS_MATCH_H
#define TOOLS_CLASS_MATCH_H

#include "app/app.h"

struct class_match {
    int64_t *ids; /* by the model's class; meaningful where `known` */
    bool *known;
    int count;
    const char *how;   /* "name", "coco" or "index" */
    bool *truth_known; /* by the ground truth's class: the model has it */
    int64_t *chosen;   /* --classes, as ids of the ground truth, or NULL */
    size_t chosen_count;
};

/* Takes the classes of `list` (names or ids of the ground truth, with commas between) as the chosen
 * ones. Returns a status. */
int class_match_choose(struct app *app, const octet_truth *truth, const char *list,
                       struct class_match *classes);

/* Matches by name; where no name is the same by COCO's ids,
 * else by index; says what has no match. */
void class_match_find(struct app *app, const octet_engine *engine, const octet_truth *truth,
                      struct class_match *classes);

/* Every class is, where none was chosen. */
bool class_match_is_chosen(const struct class_match *classes, int64_t id);

/* Accepts a zeroed struct. */
void class_match_free(struct class_match *classes);

#endif
