/* SPDX-License-Identifier: Apache-2.0 */
/* The convolutions of YOLOv8 in running order, as an engine would place them. */
#ifndef OCTET_TESTS_KERNELS_YOLO_H
#define OCTET_TESTS_KERNELS_YOLO_H

#include "runtime/backend/cpu/kernels/kernels.h"

enum { YOLO_LAYERS_MAX = 128, YOLO_TENSORS_MAX = 128 };

/* A square tensor with a border of one pixel. It lives from layer `first` to layer `last`. */
struct yolo_tensor {
    int channels, size;
    int first, last;
    size_t offset; /* bytes, in the arena */
    enum oct_type type;
};

/* A slice: channels from `channel` on. */
struct yolo_slice {
    int tensor, channel;
};

struct yolo_layer {
    char name[24];
    struct oct_conv_shape shape;
    struct yolo_slice input, output, residual; /* residual.tensor -1: none */
    bool silu;
};

struct yolo {
    struct yolo_tensor tensors[YOLO_TENSORS_MAX];
    struct yolo_layer layers[YOLO_LAYERS_MAX];
    int tensor_count, layer_count;
    size_t arena_bytes;
    enum oct_type type;
};

/* Model 'n', 's' or 'm' for pictures of `size` pixels, a multiple of 32, with 80 classes. */
void yolo_build(struct yolo *yolo, char model, int size, enum oct_type type);

double yolo_multiply_adds(const struct yolo_layer *layer);

/* The view of a slice's first real pixel; `back` pixels earlier in both directions where taps
 * begin. */
struct oct_view yolo_view(const struct yolo *yolo, struct yolo_slice slice, uint8_t *arena,
                          int back);

#endif
