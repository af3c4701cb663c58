/* SPDX-License-Identifier: Apache-2.0 */
/* Random layers and views put one after another. */
#include "random_plan.h"

#include <string.h>

#include "runtime/head/levels.h"

static int add_tensor(struct test_plan *r, struct oct_tensor tensor, int factor)
{
    const int index = r->network.tensor_count++;
    tensor.name = "tensor";
    r->tensors[index] = tensor;
    r->factor[index] = factor;
    return index;
}

static int add_layer(struct test_plan *r, struct oct_layer layer, int channels, int factor)
{
    const struct oct_tensor output = {.kind = OCT_TENSOR_LAYER,
                                      .type = r->tensors[layer.input].type,
                                      .channels = channels,
                                      .quantization = {1.0f, 0}};
    layer.name = "layer";
    layer.output = add_tensor(r, output, factor);
    r->layers[r->network.layer_count++] = layer;
    return layer.output;
}

static bool stored_whole(const struct test_plan *r, int tensor)
{
    return oct_network_contiguous(&r->network, tensor) &&
           oct_network_shift(&r->network, tensor) == 0;
}

/* Any tensor but those of odd sizes, which have no factor. */
static int any(struct test_plan *r)
{
    int tensor;
    do
        tensor = test_int(&r->random, 0, r->network.tensor_count - 1);
    while (r->factor[tensor] == 0);
    return tensor;
}

static void add_convolution(struct test_plan *r)
{
    static const int kernels[] = {1, 3, 3, 5};
    const int input = any(r), kernel = kernels[test_int(&r->random, 0, 3)];
    const int stride = r->factor[input] < 16 ? test_int(&r->random, 1, 2) : 1;
    const int channels = test_int(&r->random, 1, 20);
    int residual = any(r);
    if (r->tensors[residual].channels != channels || !stored_whole(r, residual) ||
        r->factor[residual] != r->factor[input] * stride)
        residual = -1;
    add_layer(r,
              (struct oct_layer){.input = input,
                                 .residual = residual,
                                 .kernel = kernel,
                                 .stride = stride,
                                 .padding = kernel / 2},
              channels, r->factor[input] * stride);
}

/* As many pixels as the input has, or half as many, by paddings of all kinds. */
static void add_window(struct test_plan *r)
{
    static const struct {
        int kernel, stride, padding, uneven;
    } windows[] = {{2, 2, 0, 0}, {3, 2, 1, 0}, {2, 1, 0, 1},  {3, 1, 1, 0},
                   {4, 2, 1, 0}, {3, 2, 0, 1}, {2, 1, 1, -1}, {5, 1, 2, 0}};
    const int input = any(r), of = test_int(&r->random, 0, 2), w = test_int(&r->random, 0, 7);
    if (r->factor[input] * windows[w].stride > 16 || (of > 0 && !stored_whole(r, input)))
        return;
    struct oct_layer layer = {.input = input,
                              .residual = -1,
                              .kernel = windows[w].kernel,
                              .stride = windows[w].stride,
                              .padding = windows[w].padding,
                              .uneven = windows[w].uneven};
    if (of > 0)
        layer.operation = of == 1 ? OCT_WINDOW_MAX : OCT_WINDOW_MEAN;
    layer.zeros = of == 1 && test_int(&r->random, 0, 1);
    add_layer(r, layer, of > 0 ? r->tensors[input].channels : test_int(&r->random, 1, 20),
              r->factor[input] * layer.stride);
}

/* A pixel less on each axis, and half of that, rounded up. */
static void add_odd(struct test_plan *r)
{
    const int input = any(r), channels = r->tensors[input].channels;
    if (r->factor[input] > 8 || !stored_whole(r, input))
        return;
    const int odd = add_layer(
        r,
        (struct oct_layer){
            .operation = OCT_WINDOW_MEAN, .input = input, .residual = -1, .kernel = 2, .stride = 1},
        channels, 0);
    add_layer(r,
              (struct oct_layer){.operation =
                                     test_int(&r->random, 0, 1) ? OCT_WINDOW_MAX : OCT_CONVOLUTION,
                                 .input = odd,
                                 .residual = -1,
                                 .kernel = 3,
                                 .stride = 2,
                                 .padding = 1},
              channels, 2 * r->factor[input]);
}

static void add_depth(struct test_plan *r)
{
    const int input = any(r), channels = r->tensors[input].channels;
    if (r->factor[input] < 2 || channels % 4 || !stored_whole(r, input))
        return;
    add_layer(r,
              (struct oct_layer){.operation = OCT_DEPTH_TO_SPACE,
                                 .input = input,
                                 .residual = -1,
                                 .kernel = 1,
                                 .stride = 1},
              channels / 4, r->factor[input] / 2);
}

static void add_move(struct test_plan *r)
{
    const int input = any(r);
    enum oct_operation operation = OCT_MAX_POOL + test_int(&r->random, 0, 2);
    if (!oct_network_contiguous(&r->network, input))
        return;
    if (!stored_whole(r, input))
        operation = OCT_COPY;
    if (operation == OCT_UPSAMPLE && r->factor[input] == 1)
        operation = OCT_COPY;
    add_layer(r,
              (struct oct_layer){.operation = operation,
                                 .input = input,
                                 .residual = -1,
                                 .kernel = operation == OCT_MAX_POOL ? 5 : 1,
                                 .stride = 1},
              r->tensors[input].channels,
              operation == OCT_UPSAMPLE ? r->factor[input] / 2 : r->factor[input]);
}

static void add_slice(struct test_plan *r)
{
    const int parent = any(r), channels = r->tensors[parent].channels;
    if (r->tensors[parent].kind == OCT_TENSOR_SLICE || channels < 2)
        return;
    const int offset = test_int(&r->random, 0, channels - 1);
    const struct oct_tensor slice = {.kind = OCT_TENSOR_SLICE,
                                     .type = r->tensors[parent].type,
                                     .channels = test_int(&r->random, 1, channels - offset),
                                     .parent = parent,
                                     .offset = offset};
    add_tensor(r, slice, r->factor[parent]);
}

static void add_concat(struct test_plan *r)
{
    struct oct_tensor concat = {.kind = OCT_TENSOR_CONCAT, .type = r->tensors[0].type};
    int factor = 0;
    for (int tries = 0; tries < 12 && concat.member_count < 4; tries++) {
        const int m = any(r);
        const enum oct_tensor_kind kind = r->tensors[m].kind;
        if (m == 0 || r->member[m] || (kind != OCT_TENSOR_LAYER && kind != OCT_TENSOR_CONCAT) ||
            (factor && r->factor[m] != factor))
            continue;
        factor = r->factor[m];
        r->member[m] = true;
        concat.members[concat.member_count++] = m;
        concat.channels += r->tensors[m].channels;
    }
    if (concat.member_count > 0)
        add_tensor(r, concat, factor);
}

void test_plan_make(struct test_plan *r, uint64_t seed)
{
    memset(r, 0, sizeof *r);
    r->random = test_random_of(seed);
    r->network = (struct oct_network){.tensors = r->tensors, .layers = r->layers};
    const enum oct_type type = (enum oct_type)(seed % 3);
    add_tensor(
        r,
        (struct oct_tensor){
            .kind = OCT_TENSOR_INPUT, .type = type, .channels = 3, .quantization = {1.0f, 0}},
        1);
    const int layers = test_int(&r->random, 1, TEST_PLAN_LAYERS - 3);
    while (r->network.layer_count < layers && r->network.tensor_count < TEST_PLAN_TENSORS - 3) {
        static void (*const add[])(struct test_plan *) = {
            add_convolution, add_convolution, add_move, add_move, add_slice,
            add_concat,      add_window,      add_odd,  add_depth};
        add[test_int(&r->random, 0, 8)](r);
    }
    const int input = any(r);
    const struct oct_layer head = {.input = input, .residual = -1, .kernel = 1, .stride = 1};
    const int stride = r->factor[input], boxes = add_layer(r, head, 8, stride);
    oct_levels_add(&r->network.head, boxes, add_layer(r, head, 5, stride), stride);
    for (int i = 0; i < 2; i++)
        r->tensors[r->network.tensor_count - 1 - i].type = OCT_TYPE_F32;
}
