/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of a layer, one row each: what they are called, what a layer of them has, the size
 * of what they write, how they are verified. Files, descriptions, lowering and costs read this
 * table. A new operation is a row here, its lowering in the compiler, and a kernel in each backend.
 */
#ifndef OCTET_NETWORK_OPERATIONS_H
#define OCTET_NETWORK_OPERATIONS_H

#include "network/network.h"

/* What a layer can have beside input and output; combined. */
enum {
    OCT_HAS_WEIGHTS = 1 << 0, /* weights and bias: as many multiply-adds as weights, each pixel */
    OCT_HAS_KERNEL = 1 << 1,
    OCT_HAS_WINDOW = 1 << 2, /* stride, padding, groups, activation */
    OCT_HAS_RESIDUAL = 1 << 3,
    OCT_HAS_TABLE = 1 << 4,
    OCT_HAS_UNEVEN = 1 << 5,  /* padding that differs between sides */
    OCT_HAS_PADDING = 1 << 6, /* stride, padding and what it is uneven by, of pools */
    OCT_HAS_ZEROS = 1 << 7,   /* padding of zeros, or such as takes no part */
    OCT_HAS_HEADS = 1 << 8    /* heads, areas, factor */
};

/* What works on codes or on values, by its input's type, and then finds the scale that its output
 * is given; all else takes what it is given. */
enum { OCT_COMPUTES = OCT_HAS_WEIGHTS | OCT_HAS_HEADS };

struct oct_verification;

struct oct_operation_row {
    const char *name;  /* in engine files */
    const char *label; /* for people; a copy that converts is "Quantize" or "Dequantize" */
    unsigned has;      /* OCT_HAS_... */
    bool moves;        /* what it writes are values that it reads: no scale or type is changed */
    struct oct_network_size (*size)(const struct oct_layer *layer, struct oct_network_size input);
    /* Its input, output and order were verified. */
    octet_status (*verify)(const struct oct_verification *v, int layer);
    int since; /* version of engine files that have it; 0: all */
};

/* Never NULL for a valid operation. */
const struct oct_operation_row *oct_operation_row(enum oct_operation operation);

/* Whether a layer does: OCT_COMPUTES. */
static inline bool oct_layer_computes(const struct oct_layer *layer)
{
    return oct_operation_row(layer->operation)->has & OCT_COMPUTES;
}

/* The operation of that name in an engine file; -1: none. */
int oct_operation_find(const char *name);

#endif
