/* SPDX-License-Identifier: Apache-2.0 */
/* How far an engine's outputs are off the float engine's, over some pictures. */
#ifndef TOOLS_LAYER_NOISE_H
#define TOOLS_LAYER_NOISE_H

#include "app/options.h"
#include "pictures/pictures.h"

#define NOISE_PICTURES_MAX 12

struct layer_noise {
    struct app *app;
    octet_session_settings settings;
    struct pictures *pictures; /* open for as long as the frames are held */
    struct frame frames[NOISE_PICTURES_MAX];
    float *reference[NOISE_PICTURES_MAX]; /* outputs of the float engine */
    int count, rows, anchors;             /* pictures; of the outputs */
    float *output, *best;                 /* [rows][anchors], [anchors] */
};

/* Reads the pictures, NOISE_PICTURES_MAX at most, and runs the float engine. Those that cannot be
 * read are left out. Frees with layer_noise_free(), whatever the status, which it returns. */
int layer_noise_open(struct app *app, const octet_engine *engine, struct input_size size,
                     const struct sources *sources, struct layer_noise *noise);

/* Sets `*energy` to the squared error of scores and boxes, as a share of the scores' squares: a box
 * that is off counts as its score times what is missing from an overlap of 1. Returns a status. */
int layer_noise_measure(struct layer_noise *noise, const octet_engine *engine, double *energy);

/* Accepts a zeroed struct. */
void layer_noise_free(struct layer_noise *noise);

#endif
