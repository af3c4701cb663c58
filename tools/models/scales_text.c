/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes with one set stand together, sets in the order of their smallest sizes. */
#include "models/scales_text.h"

#include <stdbool.h>
#include <stdlib.h>

#include "app/app.h"

/* `text`, which it frees, with more behind. */
static char *with(char *text, const char *between, int height, int width)
{
    char *longer = app_printf("%s%s%dx%d", text, between, height, width);
    free(text);
    return longer;
}

/* Whether a smaller size has the same set. */
static bool was_before(const octet_engine *engine, int index, int set)
{
    int height, width, other;
    for (int i = 0; i < index && octet_engine_size(engine, i, &height, &width, &other); i++)
        if (other == set)
            return true;
    return false;
}

char *scales_text(const octet_engine *engine)
{
    int height, width, set, other;
    octet_info info;
    octet_engine_info(engine, &info);
    if (info.scale_sets < 2)
        return NULL;
    char *text = app_printf("%d sets:", info.scale_sets);
    for (int i = 0; octet_engine_size(engine, i, &height, &width, &set); i++) {
        if (was_before(engine, i, set))
            continue;
        text = with(text, i ? "; " : " ", height, width);
        for (int j = i + 1; octet_engine_size(engine, j, &height, &width, &other); j++)
            if (other == set)
                text = with(text, ", ", height, width);
    }
    return text;
}

json_t *scales_json(const octet_engine *engine)
{
    json_t *list = json_new_array();
    int height, width, set;
    for (int i = 0; octet_engine_size(engine, i, &height, &width, &set); i++) {
        json_t *one = json_new_object();
        json_put(one, "height", json_integer(height));
        json_put(one, "width", json_integer(width));
        json_put(one, "set", json_integer(set));
        json_push(list, one);
    }
    return list;
}
