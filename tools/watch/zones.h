/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a camera's picture: a box is in a zone where its foot point (the middle of its lower
 * side, where what stands on the ground stands) is. */
#ifndef TOOLS_ZONES_H
#define TOOLS_ZONES_H

#include <stdbool.h>
#include <stddef.h>

#include <octet/session.h>

#define ZONE_CORNERS_MAX 256
#define ZONES_MAX 64 /* of a camera: a bit each */

struct zone_corner {
    double x, y;
};

/* A polygon whose last corner joins the first. */
struct zone {
    char *name;
    struct zone_corner *corners;
    size_t count;
    bool in_pixels; /* of the frame; else shares of its width and height, 0 to 1 */
};

/* Whether a point of a frame lies in the polygon, by the even-odd rule; a point on an edge between
 * two zones that share it is in one of them. */
bool zone_has(const struct zone *zone, double x_px, double y_px, int width, int height);

/* A bit for each of the zones that the box stands in. */
uint64_t zones_of_box(const struct zone *zones, size_t count, const octet_detection *box, int width,
                      int height);

void zones_free(struct zone *zones, size_t count);

#endif
