/* SPDX-License-Identifier: Apache-2.0 */
/* The symmetric recipe: one scale for every group of values, and which convolutions stay float. */
#ifndef OCTET_COMPILER_EXPORT_RECIPE_H
#define OCTET_COMPILER_EXPORT_RECIPE_H

#include "compiler/calibrate/statistics.h"
#include "compiler/export/placement.h"
#include "compiler/lower/lower.h"
#include "compiler/quantize/activation.h"
#include "compiler/quantize/weights.h"

/* Of the picture, 0 to 1: never calibrated or clipped. */
#define OCT_PICTURE_SCALE (1.0f / 127.0f)

struct oct_recipe {
    const struct oct_placement *placement;
    const octet_statistics *statistics; /* a record for each layer of the network */
    float *scales;                      /* [values]: of the value's group, or 0 */
    /* [network layers]: how much of what a convolution computes is error of its input's codes, as a
     * power ratio */
    double *noise;
    bool *is_float; /* [network layers]: convolutions that are not quantised */
    /* [network layers]: in place of codes that are found here, with the scale of a code each, and
     * of floats where oct_recipe_places_floats(); or NULL */
    const struct oct_trained_layer *trained;
};

/*
 * Scales from the merged histogram of all convolutions' and means' outputs in a group, and the
 * convolutions' noise. `is_float` has the head's last convolutions and transposed ones alone.
 */
octet_status oct_recipe_make(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_placement *placement,
                             const octet_statistics *statistics,
                             const struct oct_calibrator *calibrator, struct oct_recipe *recipe);

/*
 * Leaves convolutions float by measured noise against what they cost: those of more noise than
 * OCT_NOISE_LEAST that bring more than OCT_NOISE_PRICE of it for the whole network's work, the
 * worst first, as long as they are OCT_FLOAT_SHARE_MOST of that together. They are marked in
 * recipe->is_float and in `chosen`.
 */
#define OCT_NOISE_LEAST 0.002
#define OCT_NOISE_PRICE 0.3
#define OCT_FLOAT_SHARE_MOST 0.03
octet_status oct_recipe_search(octet_context *ctx, struct oct_arena *arena,
                               struct oct_recipe *recipe, bool *chosen);

/* Whether a convolution of the placement stands for its node and that is quantised: of several that
 * are parts of one node the first does, and none is quantised where one is not. */
bool oct_recipe_quantises(const struct oct_recipe *recipe, int convolution);

/* Whether floats of a convolution that is not quantised can be written into the file: those of the
 * head's last ones, where each is a node of its own. */
bool oct_recipe_places_floats(const struct oct_recipe *recipe, int convolution);

/* Share of each layer in the multiply-adds at the model's default size. */
octet_status oct_recipe_work(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_network *network, double *work);

/* What is known of the input channels of a layer, from the statistics: `moments` has one for each.
 * False when the layer reads the picture, of which nothing is known. */
bool oct_recipe_moments(const struct oct_recipe *recipe, int layer, struct oct_moments *moments);

#endif
