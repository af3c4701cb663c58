/* SPDX-License-Identifier: Apache-2.0 */
/* How far a network's outputs are off another's: every score and box of every cell, which hundreds
 * of boxes decide and not the rank of a few, so that few pictures are enough. */
#ifndef TOOLS_OUTPUT_DISTANCE_H
#define TOOLS_OUTPUT_DISTANCE_H

#define OUTPUT_BOX_ROWS 4 /* of an output, before those of the classes */

/* Over the pictures so far. */
struct output_distance {
    int rows, anchors;    /* of outputs as octet_session_output() gives them */
    double error, signal; /* squares of what is off; of the scores */
};

/* Adds a picture's squared error of scores and boxes: a box that is off counts as its score times
 * what is missing from an overlap of 1. */
void output_distance_add(struct output_distance *distance, const float *output,
                         const float *reference);

#endif
