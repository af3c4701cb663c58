/* SPDX-License-Identifier: Apache-2.0 */
/* Polygons as people write them. */
#ifndef TOOLS_ZONE_TEXT_H
#define TOOLS_ZONE_TEXT_H

#include "pictures/yaml.h"
#include "watch/zones.h"

/* Reads [[x, y], [x, y], [x, y], ...], [x, y, x, y, ...] or "x,y,x,y,...": shares of the picture
 * from 0 to 1, or pixels where any number is above 1. Returns NULL, or what is wrong, for the
 * caller to free, as zone->corners is in both cases. */
char *zone_read(const struct yaml_node *node, struct zone *zone);

#endif
