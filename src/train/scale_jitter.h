/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures at other sizes and places than the letterbox has them: 0.6 to 1.5 times as large, by a
 * factor whose logarithm is uniform, and moved by up to a tenth of the input each way. What lies
 * outside is cut off, where nothing lies is the letterbox' grey.
 */
#ifndef OCTET_TRAIN_SCALE_JITTER_H
#define OCTET_TRAIN_SCALE_JITTER_H

#include "runtime/image/letterbox.h"

struct oct_jitter {
    double scale;       /* of the letterbox' own */
    double right, down; /* in widths and heights of the input */
};

/* That of a place in the row of all pictures that are looked at. */
struct oct_jitter oct_jitter_of(uint64_t seed, uint64_t place);

/* A part of a picture, and where in the input it comes to lie. */
struct oct_placed_part {
    octet_frame part; /* of the picture's pixels */
    int left, top;    /* its first in the picture */
    octet_letterbox where;
};

/* The whole where the letterbox has it. */
struct oct_placed_part oct_place_whole(const octet_image *image, int width, int height);

/* What is seen of it then; the whole where the picture has too few pixels to be cut. */
struct oct_placed_part oct_place_jittered(const octet_image *image, int width, int height,
                                          const struct oct_jitter *jitter);

/* A box of the picture as the input has it: cut off at the edges. False: no more than a fifth of it
 * is left. */
bool oct_place_box(const struct oct_placed_part *placed, const float box[4], float to[4]);

#endif
