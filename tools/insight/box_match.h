/* SPDX-License-Identifier: Apache-2.0 */
/* Which boxes of two detectors are of the same thing, and how far they are apart. Numbers alone:
 * nothing here prints or fails. */
#ifndef TOOLS_BOX_MATCH_H
#define TOOLS_BOX_MATCH_H

#include <stddef.h>

#include <octet/octet.h>

#define MATCH_IOU 0.5 /* from here on two boxes are of the same thing */
/* Of the sure score: a box answers for a sure one from here on, so that boxes which stand just
 * above it in one and just below in the other are not taken for missing. */
#define MATCH_SCORE_SHARE 0.5

/* The boxes of one picture, best first. */
struct found_boxes {
    const octet_detection *boxes;
    int count;
};

/* One class' boxes, over all pictures. */
struct class_totals {
    size_t sure;    /* boxes of A of the sure score and more */
    size_t matched; /* of these, those that B has */
    size_t more;    /* B's sure boxes that A does not have */
};

/* All pictures so far. */
struct box_totals {
    double sure_score;
    struct class_totals all, *classes;  /* [classes] */
    double score_sum, score_square_sum; /* of B's score less A's, over matched boxes */
    float *box_errors;                  /* [all.matched] greatest distance of two edges, pixels */
    float *score_errors;                /* [all.matched] B's score less A's */
    size_t capacity;
};

struct box_errors {
    double mean, share_95, most; /* pixels; 0 without matched boxes */
};

void box_totals_open(struct box_totals *totals, double sure_score, int class_count);

/* Adds a picture's boxes. Each sure box of A, the best first, is matched with that of B which has
 * its class, overlaps it most (MATCH_IOU at least) and is not taken yet; then the same is done for
 * those sure boxes of B that are left. Returns how much the picture's boxes differ: the scores of
 * sure boxes without match, and of matched ones the difference of scores and what their IoU lacks
 * of 1. */
double box_totals_add(struct box_totals *totals, const struct found_boxes *a,
                      const struct found_boxes *b);

/* Sorts the errors on its way. */
struct box_errors box_totals_errors(struct box_totals *totals);

/* Accepts a zeroed struct. */
void box_totals_close(struct box_totals *totals);

#endif
