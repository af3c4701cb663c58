/* SPDX-License-Identifier: Apache-2.0 */
/* A plain evaluation of plans, written for tests: no layout, no kernels, no threads. INT8 to the
 * bit, float with sums in double precision, and half as float of rounded weights. */
#ifndef OCTET_TESTS_SUPPORT_REFERENCE_H
#define OCTET_TESTS_SUPPORT_REFERENCE_H

#include "network/network.h"

/* One channel of a tensor, [height][width]: codes or values. */
struct test_plane {
    const uint8_t *codes;
    const float *values;
    float scale;
    int zero_point;
};

struct test_tensor {
    int height, width;         /* 0 until it was worked out */
    struct test_plane *planes; /* [channels] */
    void *own;                 /* the planes' memory, of tensors that a layer writes */
};

struct test_run {
    const struct oct_network *network;
    struct test_tensor *tensors; /* [network->tensor_count] */
};

/* Runs the plan on a picture of [height][width] RGB bytes. */
void test_run_create(struct test_run *run, const struct oct_network *network, int height, int width,
                     const uint8_t *rgb);
void test_run_free(struct test_run *run);

/* The same step by step, as often as wanted: a picture, then all layers in order. Where the input
 * takes codes, planes are clamped to 0 .. 1 (NaN is 0) and rounded. */
void test_run_open(struct test_run *run, const struct oct_network *network, int height, int width);
void test_run_set_pixels(struct test_run *run, const uint8_t *rgb);
void test_run_set_planes(struct test_run *run, const float *planes); /* [3][height][width] */
void test_run_layer(struct test_run *run, int layer);

/* A tensor that is worked out, or whose parts are. */
const struct test_tensor *test_run_tensor(struct test_run *run, int tensor);

/* The head's undecided output, [4 + classes][anchors], in double precision. malloc'd. */
double *test_run_output(const struct test_run *run, int *anchors);

#endif
