/* SPDX-License-Identifier: Apache-2.0 */
/* Finds equal texts by sorting. */
#include "models/keyed.h"

#include <stdlib.h>
#include <string.h>

static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *left = a, *right = b;
    const int order = strcmp(left->key, right->key);
    return order ? order : (left->index > right->index) - (left->index < right->index);
}

void keyed_sort(struct keyed *list, size_t count)
{
    if (count > 1)
        qsort(list, count, sizeof *list, compare_keyed);
}

void keyed_free(struct keyed *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].key);
    free(list);
}
