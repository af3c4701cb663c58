/* SPDX-License-Identifier: Apache-2.0 */
/* Random weights for layers of networks that tests make. */
#ifndef OCTET_TESTS_GPU_SUPPORT_RANDOM_WEIGHTS_H
#define OCTET_TESTS_GPU_SUPPORT_RANDOM_WEIGHTS_H

#include "network/network.h"
#include "random.h"

/* A scale and a zero point for values of about 1. */
struct oct_quantization random_quantization(struct test_random *random);

/* Weights, bias and scales of a convolution whose input is set, of the type that this asks for;
 * values come to about 1. */
void random_weights(struct oct_arena *arena, struct test_random *random,
                    const struct oct_network *network, struct oct_layer *layer, int outputs);

/* `count` values up to `limit`. */
float *random_floats(struct oct_arena *arena, struct test_random *random, int count, float limit);

#endif
