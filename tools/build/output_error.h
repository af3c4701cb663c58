/* SPDX-License-Identifier: Apache-2.0 */
/* How far an engine's outputs are off the float engine's, over some pictures. */
#ifndef TOOLS_OUTPUT_ERROR_H
#define TOOLS_OUTPUT_ERROR_H

#include "app/options.h"
#include "pictures/pictures.h"

#define NOISE_PICTURES_MAX 12

struct output_error {
    struct app *app;
    octet_session_settings settings;
    struct pictures *pictures; /* open for as long as the frames are held */
    struct frame frames[NOISE_PICTURES_MAX];
    float *reference[NOISE_PICTURES_MAX]; /* outputs of the float engine */
    int count, rows, anchors;             /* pictures; of the outputs */
    float *output;                        /* [rows][anchors] */
};

/* Reads the pictures, NOISE_PICTURES_MAX at most, and runs the float engine. Those that cannot be
 * read are left out. Frees with output_error_free(), whatever the status, which it returns: as
 * output_error_measure() a failure without a message when a signal came. */
int output_error_open(struct app *app, const octet_engine *engine, struct input_size size,
                      const struct sources *sources, struct output_error *noise);

/* Sets `*energy` to the distance of the outputs (insight/output_distance.h), as a share of the
 * scores' squares. Returns a status. */
int output_error_measure(struct output_error *noise, const octet_engine *engine, double *energy);

/* Accepts a zeroed struct. */
void output_error_free(struct output_error *noise);

#endif
