/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What training one picture of a size takes: the convolutions, and where everything lies in a
 * worker's memory. Made once, and then only read.
 */
#ifndef OCTET_TRAIN_TRAIN_PLAN_H
#define OCTET_TRAIN_TRAIN_PLAN_H

#include "network/network.h"
#include "train/convolution.h"
#include "train/kernels/train_kernels.h"

#define OCT_NOWHERE ((size_t)-1)

/* Channels of a tensor that lie one after another in a layer's output or in the picture. */
struct oct_run {
    int tensor, first, count;
};

/* A tensor that is read: its channels, run after run. */
struct oct_reading {
    int run_count;
    struct oct_run *runs;
};

/* Of one layer; places are floats from the beginning of a worker's memory, or OCT_NOWHERE. */
struct oct_layer_plan {
    struct oct_trained_convolution *convolution; /* NULL: a layer without weights */
    struct oct_network_size input, output;
    size_t input_floats, output_floats;
    int coding;      /* of the output: the number of its scale, or -1: values */
    size_t sums;     /* before activation; of layers that compute */
    bool is_brief;   /* the sums are a place that many share: made again on the way back */
    size_t codes;    /* coded outputs, four to a float */
    size_t values;   /* outputs as values, where they are not coded */
    size_t gradient; /* of the output's values: another layer's when this one's is not needed. Of a
                      * pass without codes, the coded outputs' values */
    size_t weight_gradient; /* from the beginning of all gradients, packed; CONVOLUTION */
    size_t bias_gradient;
    bool is_read;   /* somebody uses its output, or the head does */
    size_t feature; /* where a pass without codes leaves the output, for one with codes to be
                     * compared with on its way back; OCT_NOWHERE: it is not */
};

struct oct_train_plan {
    const struct oct_network *network;
    const struct oct_onednn *onednn;
    struct oct_train_kernels kernels;
    struct oct_arena arena; /* of all below */
    int height, width;
    int coding_count;
    struct oct_layer_plan *layers; /* [layers] */
    int *writer;                   /* [tensors]: the layer that writes it, or -1 */
    struct oct_reading *readings;  /* [tensors]: of those that layers read */
    /* a worker's memory, in floats */
    size_t picture, input, back, residual, brief, plain, onednn_scratch, memory_floats;
    size_t gradient_floats; /* of all weights and biases, packed */
};

struct oct_train_plan_settings {
    const struct oct_network *network; /* of floats; it must outlive the plan */
    int height, width;
    const int *codings; /* [tensors]: of layers' outputs, see struct oct_layer_plan */
    int coding_count;
    bool has_features; /* what the head reads is compared */
    unsigned cpu_sets;
};

/* Fails with OCTET_UNSUPPORTED_MODEL for a layer that cannot be trained. */
octet_status oct_train_plan_create(octet_context *ctx, const struct oct_onednn *onednn,
                                   const struct oct_train_plan_settings *settings,
                                   struct oct_train_plan **plan);
void oct_train_plan_free(octet_context *ctx, struct oct_train_plan **plan);

/* The layer that writes a head output. */
int oct_train_output_layer(const struct oct_train_plan *plan, int output);
size_t oct_train_output_floats(const struct oct_train_plan *plan, int output);

#endif
