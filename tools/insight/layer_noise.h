/* SPDX-License-Identifier: Apache-2.0 */
/* How much the layers of two detectors differ: signal and noise of every layer that both have. */
#ifndef TOOLS_LAYER_NOISE_H
#define TOOLS_LAYER_NOISE_H

#include <stdbool.h>

#include <octet/octet.h>

/* Sums of squares, over all elements and pictures. */
struct noise_sums {
    double signal, noise; /* of A's values; of B's less A's */
};

/* A layer that both have: one tensor of the ONNX file, of one shape. */
struct layer_pair {
    octet_layer_info a, b;     /* their text belongs to the engines */
    int b_layer;               /* its number */
    struct noise_sums through; /* B as it runs: what all layers up to here did together */
    struct noise_sums alone;   /* B's layer on A's values, rounded as B keeps its inputs */
    float *values;             /* A's, of the picture at hand */
    float *alone_values; /* B's alone, where layer_noise_effects() asked for them; else NULL */
    size_t count;        /* of them */
    size_t capacity;     /* that there is room for */
};

struct layer_noise {
    struct layer_pair *pairs; /* in B's order */
    int count;
    int a_layers, b_layers;     /* that they have, with and without counterpart */
    bool alone;                 /* it could be had: B runs on the CPU */
    int *pair_of_a, *pair_of_b; /* [layers]: index of the pair, or -1 */
    octet_session *running;     /* while outputs are replaced */
    int replaced;               /* pair, in layer_noise_effects() */
    const bool *left_out;       /* [count]: pairs that it leaves out; NULL: none */
    octet_status status;        /* of what failed in an observer */
};

/* Finds the pairs; both engines must stay. */
void layer_noise_open(struct layer_noise *noise, const octet_engine *a, const octet_engine *b);

/* Adds the picture that slot 0 of both sessions holds: runs A, then B, and once more B with A's
 * values put in place of each layer's output as soon as that was compared. Afterwards both have the
 * results of a run as it is; B's must be taken in `take_b`, for the third run comes behind it.
 * On failure `*failed` is the session whose message tells. */
octet_status layer_noise_add(struct layer_noise *noise, octet_session *a, octet_session *b,
                             octet_status (*take_b)(void *user), void *user,
                             octet_session **failed);

/* What each of B's layers alone does to A's outputs: runs A, B's layers on A's values, and then A
 * once for every pair, with what B's layer made in place of A's. After the first run and after each
 * of these `look` is called, with the pair or -1, and may read A's outputs; it returns whether to
 * go on. Pairs that are equal, and those of noise->left_out, are left out. Nothing is done where
 * B's layers cannot be had alone. */
octet_status layer_noise_effects(struct layer_noise *noise, octet_session *a, octet_session *b,
                                 bool (*look)(void *user, int pair), void *user,
                                 octet_session **failed);

/* 10 log10(signal / noise): infinite where there is no noise, NAN where there is neither. */
double noise_decibels(const struct noise_sums *sums);

/* Accepts a zeroed struct. */
void layer_noise_close(struct layer_noise *noise);

#endif
