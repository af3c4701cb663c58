/* SPDX-License-Identifier: Apache-2.0 */
/* COCO annotations and their pictures as a set. */
#ifndef TOOLS_EVAL_COCO_H
#define TOOLS_EVAL_COCO_H

#include "models/eval_set.h"

/* Pictures are looked for in `folder`, unless that is NULL. Those that are not there are reported
 * and counted as bad; two that would be one file fail. Returns a status. */
int eval_set_open_coco(struct app *app, const char *annotations, const char *folder,
                       struct eval_set *set);

#endif
