/* SPDX-License-Identifier: Apache-2.0 */
/* The 256 values that an 8-bit tensor can have: scale * (code - zero_point), code in 0 .. 255.
 * Signed codes are these less 128. */
#ifndef OCTET_COMPILER_GRAPH_GRID_H
#define OCTET_COMPILER_GRAPH_GRID_H

#include <stdbool.h>

struct oct_grid {
    float scale; /* 0: no grid */
    int zero_point;
};

static inline bool oct_is_grid(struct oct_grid grid)
{
    return grid.scale > 0.0f;
}

static inline bool oct_same_grid(struct oct_grid a, struct oct_grid b)
{
    return a.scale == b.scale && a.zero_point == b.zero_point;
}

#endif
