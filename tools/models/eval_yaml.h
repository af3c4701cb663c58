/* SPDX-License-Identifier: Apache-2.0 */
/* A data.yaml and its label files as a set. */
#ifndef TOOLS_EVAL_YAML_H
#define TOOLS_EVAL_YAML_H

#include "models/eval_set.h"

/* Label files are checked here; their boxes are added
 * by eval_set_add_picture(). Returns a status. */
int eval_set_open_yaml(struct app *app, const char *path, const char *split, struct eval_set *set);

#endif
