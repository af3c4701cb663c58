/* SPDX-License-Identifier: Apache-2.0 */
/* How many pictures were run at which input size. */
#ifndef TOOLS_SIZE_TALLY_H
#define TOOLS_SIZE_TALLY_H

#include "app/json_print.h"

struct size_count {
    int height, width; /* pixels */
    size_t pictures;
};

/* In the order in which sizes came. */
struct size_tally {
    struct size_count *sizes;
    size_t count;
};

/* So many pictures more at a size. */
void size_tally_add(struct size_tally *tally, int height, int width, size_t pictures);

/* "256x320 (12), 320x320 (2)", the most frequent first, and how many are left out. The caller frees
 * it. */
char *size_tally_text(const struct size_tally *tally);

/* [{"height":.., "width":.., "images":..}, ...], likewise, all of them. */
json_t *size_tally_json(const struct size_tally *tally);

/* Adds what that wrote, of so many pictures in all; false: it is no such list. */
bool size_tally_read(struct size_tally *tally, const json_t *list, size_t pictures);

/* Accepts a zeroed struct. */
void size_tally_free(struct size_tally *tally);

#endif
