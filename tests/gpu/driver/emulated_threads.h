/* SPDX-License-Identifier: Apache-2.0 */
/* Which element of which pixel each thread of a launch has, as find_element() of moves.cu. */
#ifndef OCTET_TESTS_GPU_DRIVER_EMULATED_THREADS_H
#define OCTET_TESTS_GPU_DRIVER_EMULATED_THREADS_H

#include "emulation.h"

#define MOVE_THREADS 128

struct element {
    int image, y, x, index;
};

/* What each thread of a launch has, one after another: false at the end of them. */
struct threads {
    const struct emulated_launch *launch;
    int images, height, width, each;
    int64_t next;
};

static inline bool next_element(struct threads *t, struct element *e)
{
    while (t->next < (int64_t)t->launch->grid[0] * MOVE_THREADS) {
        const int64_t at = t->next++, pixel = at / t->each;
        const int row = (int)(pixel / t->width);
        *e = (struct element){row / t->height, row % t->height,
                              (int)(pixel - (int64_t)row * t->width), (int)(at - pixel * t->each)};
        if (e->image < t->images)
            return true;
    }
    return false;
}

#endif
