/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that may be equal, and what they belong to. */
#ifndef TOOLS_KEYED_H
#define TOOLS_KEYED_H

#include <stddef.h>

/* A text and what it belongs to; sorted, equal texts stand side by side in the order of `index`. */
struct keyed {
    char *key;
    size_t index;
};

void keyed_sort(struct keyed *list, size_t count);

/* Frees keys and list. */
void keyed_free(struct keyed *list, size_t count);

#endif
