/* SPDX-License-Identifier: Apache-2.0 */
/* The table of heads that engine files are read with. */
#include "runtime/head/heads.h"

#include <string.h>

static const struct oct_head_kind *const kinds[] = {&oct_head_yolov8, &oct_head_yolo26};

const struct oct_head_kind *oct_head_kind_find(const char *word)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i]->word, word) == 0)
            return kinds[i];
    return NULL;
}
