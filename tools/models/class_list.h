/* SPDX-License-Identifier: Apache-2.0 */
/* A choice of classes: names or numbers, with commas between. */
#ifndef TOOLS_CLASS_LIST_H
#define TOOLS_CLASS_LIST_H

#include <octet/octet.h>

struct class_list {
    int *ids;
    int count;
};

/* Looks the words up among the engine's classes; a whole name that contains commas is found as
 * well. Returns NULL, or what is wrong, for the caller to free; free(list->ids) in both cases. */
char *class_list_parse(const octet_engine *engine, const char *text, struct class_list *list);

#endif
