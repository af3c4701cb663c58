/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons that go on where they were interrupted: DIR/compare.partial holds the boxes of every
 * picture so far, in both detectors, and the layers' sums. */
#ifndef TOOLS_COMPARE_STATE_H
#define TOOLS_COMPARE_STATE_H

#include <jansson.h>

#include "insight/box_match.h"
#include "insight/layer_noise.h"

/* The boxes of one picture; A's are followed by B's in the list of all. */
struct picture_boxes {
    uint32_t place;     /* in the list of pictures */
    uint32_t counts[2]; /* of A and B */
};

struct compare_state {
    struct app *app;
    char *path;           /* compare.partial; NULL: none is kept */
    json_t *request;      /* what makes a comparison this one; owned */
    size_t pictures;      /* in the list */
    size_t position, bad; /* of them: looked at, and among these left out */
    double seconds;       /* that they took */
    struct picture_boxes *measured;
    size_t measured_count, measured_capacity;
    octet_detection *boxes; /* of all measured pictures, one after another */
    size_t box_count, box_capacity;
    struct layer_noise *layers; /* whose sums are kept as well, or NULL */
    double written_ms, pause_ms;
};

/* Keeps the state in `folder`, which is or will be there; nothing where that is NULL. */
void compare_state_open(struct compare_state *state, struct app *app, const char *folder);

/* Refuses a file at its path that compare_state_save() did not write: it would be lost. Returns a
 * status. */
int compare_state_check(const struct compare_state *state);

/* Says when a state that is there is not used. */
void compare_state_pass_over(const struct compare_state *state);

/* Takes over what was measured, into the lists above and the layers' sums; request, pictures and
 * layers are set. A state that is not there, is damaged, or is of another comparison is refused.
 * Returns a status. */
int compare_state_load(struct compare_state *state);

/* Adds the boxes of the picture at state->position. */
void compare_state_add(struct compare_state *state, const struct found_boxes boxes[2]);

/* Writes what was measured; the second one when some time has gone by since the last writing.
 * Return a status. */
int compare_state_save(struct compare_state *state);
int compare_state_save_at_times(struct compare_state *state);

/* Removes what was written, of a comparison that came to its end. */
void compare_state_remove(const struct compare_state *state);

/* Accepts a zeroed struct. */
void compare_state_close(struct compare_state *state);

#endif
