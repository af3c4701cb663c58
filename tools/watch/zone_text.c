/* SPDX-License-Identifier: Apache-2.0 */
/* Reads polygons: all numbers in their order, however they are grouped. */
#include "watch/zone_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS_MAX ((size_t)2 * ZONE_CORNERS_MAX)
#define PIXELS_MAX 1e5

struct numbers {
    double number[NUMBERS_MAX];
    size_t count;
};

static char *take_text(struct numbers *numbers, const char *text)
{
    for (const char *at = text;;) {
        char *end;
        const double number = strtod(at, &end);
        if (end == at || !(number >= 0 && number <= PIXELS_MAX))
            return app_printf("'%s': coordinates are numbers, 0 or above", text);
        if (numbers->count == NUMBERS_MAX)
            return app_printf("more than %d corners", ZONE_CORNERS_MAX);
        numbers->number[numbers->count++] = number;
        at = end + strspn(end, " ");
        if (!*at)
            return NULL;
        if (*at++ != ',')
            return app_printf("'%s': commas stand between coordinates", text);
    }
}

/* A list of two, or of numbers alone. */
static char *take_items(struct numbers *numbers, const struct yaml_node *list, bool is_inner)
{
    char *problem = NULL;
    const size_t before = numbers->count;
    for (const struct yaml_node *item = list->first; item && !problem; item = item->next) {
        const struct yaml_node *value = yaml_value(item);
        if (value->kind == YAML_SCALAR)
            problem = take_text(numbers, value->text);
        else if (value->kind == YAML_SEQUENCE && !is_inner)
            problem = take_items(numbers, value, true);
        else
            problem = app_strdup("a corner is [x, y]");
    }
    if (!problem && is_inner && numbers->count - before != 2)
        problem = app_strdup("a corner is [x, y]");
    return problem;
}

static char *make_corners(const struct numbers *numbers, struct zone *zone)
{
    if (numbers->count % 2)
        return app_strdup("an x without a y");
    zone->count = numbers->count / 2;
    if (zone->count < 3)
        return app_strdup("a polygon has three corners or more");
    zone->corners = app_alloc(zone->count, sizeof *zone->corners);
    for (size_t i = 0; i < numbers->count; i++)
        zone->in_pixels = zone->in_pixels || numbers->number[i] > 1;
    for (size_t i = 0; i < zone->count; i++)
        zone->corners[i] = (struct zone_corner){numbers->number[2 * i], numbers->number[2 * i + 1]};
    return NULL;
}

char *zone_read(const struct yaml_node *node, struct zone *zone)
{
    struct numbers *numbers = app_alloc(1, sizeof *numbers);
    char *problem = node->kind == YAML_SCALAR     ? take_text(numbers, node->text)
                    : node->kind == YAML_SEQUENCE ? take_items(numbers, node, false)
                                                  : app_strdup("must be [[x, y], [x, y], ...]");
    if (!problem)
        problem = make_corners(numbers, zone);
    free(numbers);
    return problem;
}
