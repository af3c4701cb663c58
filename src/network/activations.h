/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The activations of a convolution, one row each: what they are called, what they have. What they
 * compute to the bit is in requantize.h. A new one is a row here, its arithmetic there, what the
 * passes make of it, and a case in each backend.
 */
#ifndef OCTET_NETWORK_ACTIVATIONS_H
#define OCTET_NETWORK_ACTIVATIONS_H

#include <stdbool.h>

/* Numbers are part of oct_network_hash(): they stay. */
enum oct_activation {
    OCT_ACTIVATION_NONE = 0,
    OCT_ACTIVATION_SILU = 1,
    OCT_ACTIVATION_RELU = 2,
    OCT_ACTIVATION_LEAKY_RELU = 3, /* a slope below 0 */
    OCT_ACTIVATION_HARDSWISH = 4,
    OCT_ACTIVATION_GELU = 5, /* by erf */
    OCT_ACTIVATION_GELU_TANH = 6,
    OCT_ACTIVATION_COUNT
};

struct oct_activation_row {
    const char *name;  /* in engine files */
    const char *label; /* for people */
    const char *added; /* the same, with a residual added behind it */
    bool has_slope;    /* 0 to 1 */
};

/* Never NULL for a valid activation. */
const struct oct_activation_row *oct_activation_row(enum oct_activation activation);

/* The activation of that name in an engine file; -1: none. */
int oct_activation_find(const char *name);

/* What it is; and rounded to a float. */
double oct_activation_exact(enum oct_activation activation, double slope, double y);
float oct_activation_value(enum oct_activation activation, float slope, float y);

#endif
