/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the polygons that a point lies in. */
#include "watch/zones.h"

#include <stdlib.h>

/* Crossings of a ray to the right (W. Randolph Franklin, PNPOLY): half-open in y, so that a corner
 * counts once. */
bool zone_has(const struct zone *zone, double x_px, double y_px, int width, int height)
{
    const double x = zone->in_pixels ? x_px : x_px / width;
    const double y = zone->in_pixels ? y_px : y_px / height;
    const struct zone_corner *corners = zone->corners;
    bool inside = false;
    for (size_t i = 0, before = zone->count - 1; i < zone->count; before = i++) {
        const struct zone_corner *a = &corners[i], *b = &corners[before];
        if ((a->y > y) != (b->y > y) && x < (b->x - a->x) * (y - a->y) / (b->y - a->y) + a->x)
            inside = !inside;
    }
    return inside;
}

uint64_t zones_of_box(const struct zone *zones, size_t count, const octet_detection *box, int width,
                      int height)
{
    const double foot_x = ((double)box->x1 + box->x2) / 2;
    /* a box that ends at the lower edge of the picture stands in it */
    const double foot_y = box->y2 < (float)height ? box->y2 : height - 0.5;
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++)
        if (zone_has(&zones[i], foot_x, foot_y, width, height))
            bits |= UINT64_C(1) << i;
    return bits;
}

void zones_free(struct zone *zones, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(zones[i].name);
        free(zones[i].corners);
    }
    free(zones);
}
