/* SPDX-License-Identifier: Apache-2.0 */
/* --classes: names or numbers of classes, with commas between. */
#ifndef TOOLS_CLASS_LIST_H
#define TOOLS_CLASS_LIST_H

#include "app/app.h"

struct class_list {
    int *ids;
    int count;
};

/* Looks the words up among the engine's classes; a whole name that contains commas is found as
 * well. Returns a status; free(list->ids). */
int class_list_parse(struct app *app, const octet_engine *engine, const char *text,
                     struct class_list *list);

#endif
