/* SPDX-License-Identifier: Apache-2.0 */
/* Counts pictures by input size. */
#include "models/size_tally.h"

#include <stdlib.h>
#include <string.h>

#include "app/options.h"

#define SIZES_TOLD 6

void size_tally_add(struct size_tally *tally, int height, int width, size_t pictures)
{
    for (size_t i = 0; i < tally->count; i++)
        if (tally->sizes[i].height == height && tally->sizes[i].width == width) {
            tally->sizes[i].pictures += pictures;
            return;
        }
    tally->sizes = app_resize(tally->sizes, tally->count + 1, sizeof *tally->sizes);
    tally->sizes[tally->count++] = (struct size_count){height, width, pictures};
}

/* More pictures, then a smaller height, a smaller width. */
static int compare(const void *first, const void *second)
{
    const struct size_count *a = first, *b = second;
    if (a->pictures != b->pictures)
        return a->pictures > b->pictures ? -1 : 1;
    return a->height != b->height ? a->height - b->height : a->width - b->width;
}

static struct size_count *sorted(const struct size_tally *tally)
{
    struct size_count *sizes = app_alloc(tally->count, sizeof *sizes);
    if (tally->count)
        memcpy(sizes, tally->sizes, tally->count * sizeof *sizes);
    qsort(sizes, tally->count, sizeof *sizes, compare);
    return sizes;
}

char *size_tally_text(const struct size_tally *tally)
{
    struct size_count *sizes = sorted(tally);
    char *text = app_strdup("");
    for (size_t i = 0; i < tally->count; i++) {
        const bool is_last = i == SIZES_TOLD - 1 && tally->count > SIZES_TOLD;
        char *longer = is_last ? app_printf("%s, and %zu more sizes", text, tally->count - i)
                               : app_printf("%s%s%dx%d (%zu)", text, i ? ", " : "", sizes[i].height,
                                            sizes[i].width, sizes[i].pictures);
        free(text);
        text = longer;
        if (is_last)
            break;
    }
    free(sizes);
    return text;
}

json_t *size_tally_json(const struct size_tally *tally)
{
    struct size_count *sizes = sorted(tally);
    json_t *list = json_new_array();
    for (size_t i = 0; i < tally->count; i++) {
        json_t *entry = json_new_object();
        json_put(entry, "height", json_integer(sizes[i].height));
        json_put(entry, "width", json_integer(sizes[i].width));
        json_put(entry, "images", json_integer((json_int_t)sizes[i].pictures));
        json_push(list, entry);
    }
    free(sizes);
    return list;
}

bool size_tally_read(struct size_tally *tally, const json_t *list, size_t pictures)
{
    size_t left = pictures;
    if (!json_is_array(list))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const json_int_t height = json_integer_value(json_object_get(entry, "height")),
                         width = json_integer_value(json_object_get(entry, "width")),
                         images = json_integer_value(json_object_get(entry, "images"));
        if (height < 1 || height > INPUT_SIDE_MAX || width < 1 || width > INPUT_SIDE_MAX ||
            images < 1 || (uint64_t)images > left)
            return false;
        size_tally_add(tally, (int)height, (int)width, (size_t)images);
        left -= (size_t)images;
    }
    return left == 0;
}

void size_tally_free(struct size_tally *tally)
{
    free(tally->sizes);
    *tally = (struct size_tally){0};
}
