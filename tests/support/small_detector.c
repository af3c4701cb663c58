/* SPDX-License-Identifier: Apache-2.0 */
/* Layers, views and heads of the small detectors put together by hand. */
#include "small_detector.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/lower/lower.h"
#include "data.h"
#include "folder.h"
#include "random.h"
#include "runtime/head/heads.h"
#include "runtime/head/levels.h"

#define ROOM 256 /* tensors and layers */

struct builder {
    struct oct_imported *imported;
    struct test_random random;
};

static void *allocate(struct builder *b, size_t count, size_t size)
{
    void *memory = oct_arena_calloc(&b->imported->arena, count, size);
    assert_non_null(memory);
    return memory;
}

static int add_tensor(struct builder *b, const struct oct_tensor *tensor)
{
    struct oct_network *n = &b->imported->network;
    assert_true(n->tensor_count < ROOM);
    n->tensors[n->tensor_count] = *tensor;
    n->tensors[n->tensor_count].type = OCT_TYPE_F32;
    n->tensors[n->tensor_count].name =
        oct_arena_printf(&b->imported->arena, "/value.%d", n->tensor_count);
    assert_non_null(n->tensors[n->tensor_count].name);
    return n->tensor_count++;
}

static int add_layer(struct builder *b, const struct oct_layer *layer, int channels)
{
    struct oct_network *n = &b->imported->network;
    assert_true(n->layer_count < ROOM);
    struct oct_layer *to = &n->layers[n->layer_count];
    *to = *layer;
    to->name = oct_arena_printf(&b->imported->arena, "/layer.%d", n->layer_count);
    assert_non_null(to->name);
    to->output = add_tensor(
        b, &(struct oct_tensor){.kind = OCT_TENSOR_LAYER, .channels = channels, .parent = -1});
    n->layer_count++;
    return to->output;
}

struct convolution {
    int input, channels, kernel, stride, silu;
    int residual; /* tensor, or 0 (the picture, which nothing adds) for none */
};

static int convolve(struct builder *b, struct convolution c)
{
    const size_t inputs = (size_t)b->imported->network.tensors[c.input].channels;
    const size_t depth = inputs * (size_t)c.kernel * (size_t)c.kernel;
    const float limit = sqrtf(4.5f / (float)depth);
    float *weights = allocate(b, depth * (size_t)c.channels, sizeof *weights);
    float *bias = allocate(b, (size_t)c.channels, sizeof *bias);
    for (size_t i = 0; i < depth * (size_t)c.channels; i++)
        weights[i] = test_float(&b->random, -limit, limit);
    for (int n = 0; n < c.channels; n++)
        bias[n] = test_float(&b->random, -0.5f, 0.5f);
    const struct oct_layer layer = {.operation = OCT_CONVOLUTION,
                                    .input = c.input,
                                    .residual = c.residual ? c.residual : -1,
                                    .kernel = c.kernel,
                                    .stride = c.stride,
                                    .padding = c.kernel / 2,
                                    .activation =
                                        c.silu ? OCT_ACTIVATION_SILU : OCT_ACTIVATION_NONE,
                                    .values = weights,
                                    .bias = bias};
    return add_layer(b, &layer, c.channels);
}

static int conv(struct builder *b, int input, int channels, int kernel, int stride)
{
    return convolve(b, (struct convolution){input, channels, kernel, stride, 1, 0});
}

/* With `slope` of an activation that has one; `residual` 0: none. */
static int depthwise(struct builder *b, int input, int kernel, int stride,
                     enum oct_activation activation, int residual)
{
    const int channels = b->imported->network.tensors[input].channels;
    const size_t taps = (size_t)kernel * (size_t)kernel;
    const float limit = sqrtf(4.5f / (taps < 9 ? 9.0f : (float)taps));
    float *weights = allocate(b, taps * (size_t)channels, sizeof *weights);
    float *bias = allocate(b, (size_t)channels, sizeof *bias);
    for (size_t i = 0; i < taps * (size_t)channels; i++)
        weights[i] = test_float(&b->random, -limit, limit);
    for (int n = 0; n < channels; n++)
        bias[n] = test_float(&b->random, -0.5f, 0.5f);
    const struct oct_layer layer = {.operation = OCT_CONVOLUTION,
                                    .input = input,
                                    .residual = residual ? residual : -1,
                                    .kernel = kernel,
                                    .stride = stride,
                                    .padding = kernel / 2,
                                    .groups = channels,
                                    .activation = activation,
                                    .slope = oct_activation_row(activation)->has_slope ? 0.1f : 0,
                                    .values = weights,
                                    .bias = bias};
    return add_layer(b, &layer, channels);
}

static int pool(struct builder *b, int input, int kernel)
{
    const struct oct_layer layer = {
        .operation = OCT_MAX_POOL, .input = input, .residual = -1, .kernel = kernel, .stride = 1};
    return add_layer(b, &layer, b->imported->network.tensors[input].channels);
}

static int upsample(struct builder *b, int input)
{
    const struct oct_layer layer = {
        .operation = OCT_UPSAMPLE, .input = input, .residual = -1, .kernel = 1, .stride = 1};
    return add_layer(b, &layer, b->imported->network.tensors[input].channels);
}

static int slice(struct builder *b, int parent, int offset, int channels)
{
    struct oct_tensor tensor = b->imported->network.tensors[parent];
    tensor.kind = OCT_TENSOR_SLICE;
    tensor.channels = channels;
    tensor.parent = parent;
    tensor.offset = offset;
    return add_tensor(b, &tensor);
}

static int concat(struct builder *b, int count, const int *members)
{
    struct oct_tensor tensor = b->imported->network.tensors[members[0]];
    tensor.kind = OCT_TENSOR_CONCAT;
    tensor.parent = -1;
    tensor.offset = 0;
    tensor.channels = 0;
    tensor.member_count = count;
    for (int i = 0; i < count; i++) {
        tensor.members[i] = members[i];
        tensor.channels += b->imported->network.tensors[members[i]].channels;
    }
    return add_tensor(b, &tensor);
}

#define CONCAT(b, ...)                                                                             \
    concat(b, (int)(sizeof(int[]){__VA_ARGS__} / sizeof(int)), (const int[]){__VA_ARGS__})

/* Ultralytics' C2f with `count` bottlenecks, which add their input or do not. */
static int c2f_of(struct builder *b, int input, int channels, int count, bool is_added)
{
    const int half = channels / 2, both = conv(b, input, channels, 1, 1);
    int parts[OCT_CONCAT_MAX] = {slice(b, both, 0, half), slice(b, both, half, half)};
    for (int i = 0; i < count; i++) {
        const int inner = conv(b, parts[1 + i], half, 3, 1);
        parts[2 + i] =
            convolve(b, (struct convolution){inner, half, 3, 1, 1, is_added ? parts[1 + i] : 0});
    }
    return conv(b, concat(b, 2 + count, parts), channels, 1, 1);
}

/* Ultralytics' C2f with one bottleneck; `whole` puts the split tensor itself into the concat, as
 * a pass may, else its two slices as the ONNX file has them. */
static int c2f(struct builder *b, int input, int channels, bool whole, int kernel)
{
    const int half = channels / 2;
    const int both = conv(b, input, channels, 1, 1);
    const int left = slice(b, both, 0, half), right = slice(b, both, half, half);
    const int inner = conv(b, right, half, kernel, 1);
    const int sum = convolve(b, (struct convolution){inner, half, 3, 1, 1, right});
    const int all = whole ? CONCAT(b, both, sum) : CONCAT(b, left, right, sum);
    return conv(b, all, channels, 1, 1);
}

/* Of a level's boxes. */
static int box_channels(const struct oct_head *head)
{
    return head->kind == &oct_head_yolo26 ? 4 : 4 * head->of.yolov8.reg_max;
}

static void head(struct builder *b, int stride, int input)
{
    struct oct_head *head = &b->imported->network.head;
    const int box = conv(b, input, 10, 3, 1), class = conv(b, input, 7, 3, 1);
    const int boxes = convolve(b, (struct convolution){box, box_channels(head), 1, 1, 0, 0});
    const int classes = convolve(b, (struct convolution){class, head->class_count, 1, 1, 0, 0});
    oct_levels_add(head, boxes, classes, stride);
}

static void build_small(struct builder *b)
{
    const int p1 = conv(b, 0, 8, 3, 2);
    const int p2 = c2f(b, conv(b, p1, 16, 3, 2), 16, false, 5);
    const int p3 = c2f(b, conv(b, p2, 24, 3, 2), 24, true, 3);
    const int p4 = conv(b, p3, 24, 3, 2);
    const int s0 = conv(b, conv(b, p4, 24, 3, 2), 10, 1, 1); /* 10 channels: 2 of padding */
    const int s1 = pool(b, s0, 5), s2 = pool(b, s1, 5), s3 = pool(b, s2, 3);
    const int p5 = conv(b, CONCAT(b, CONCAT(b, s0, s1), s2, s3), 24, 1, 1);
    const int up4 = c2f(b, CONCAT(b, upsample(b, p5), p4), 16, true, 3);
    const int up3 = conv(b, CONCAT(b, upsample(b, up4), p3), 16, 3, 1);
    /* p3 stands in a second concat, and is added to a convolution without activation */
    const int out3 = convolve(b, (struct convolution){CONCAT(b, up3, p3), 24, 1, 1, 0, p3});
    const int out4 = conv(b, CONCAT(b, conv(b, out3, 16, 3, 2), up4), 16, 3, 1);
    const int out5 = conv(b, CONCAT(b, conv(b, out4, 16, 3, 2), p5), 20, 1, 1);
    head(b, 8, out3);
    head(b, 16, out4);
    head(b, 32, out5);
}

static void build_tiny(struct builder *b)
{
    const int p2 = conv(b, conv(b, 0, 4, 3, 2), 8, 3, 2);
    const int p3 = conv(b, p2, 8, 3, 2);
    const int right = slice(b, p3, 4, 4);
    const int sum = convolve(b, (struct convolution){right, 4, 3, 1, 1, right});
    head(b, 8, CONCAT(b, upsample(b, pool(b, conv(b, p3, 4, 3, 2), 3)), p3, sum));
}

static void build_wide(struct builder *b)
{
    const int p3 = conv(b, conv(b, conv(b, 0, 8, 3, 2), 16, 3, 2), 32, 3, 2);
    const int narrow = conv(b, p3, 36, 3, 1);
    const int wide = conv(b, narrow, 128, 3, 1);
    head(b, 8, convolve(b, (struct convolution){wide, 36, 3, 1, 1, narrow}));
}

static int window(struct builder *b, int input, struct oct_layer layer)
{
    layer.input = input;
    layer.residual = -1;
    return add_layer(b, &layer, b->imported->network.tensors[input].channels);
}

static int depth_to_space(struct builder *b, int input)
{
    const struct oct_layer layer = {
        .operation = OCT_DEPTH_TO_SPACE, .input = input, .residual = -1, .kernel = 1, .stride = 1};
    return add_layer(b, &layer, b->imported->network.tensors[input].channels / 4);
}

/* YOLOv9's ADown of 16 channels. */
static int a_down(struct builder *b, int input)
{
    const int smooth = window(
        b, input, (struct oct_layer){.operation = OCT_WINDOW_MEAN, .kernel = 2, .stride = 1});
    const int left = conv(b, slice(b, smooth, 0, 8), 10, 3, 2);
    const int right = window(
        b, slice(b, smooth, 8, 8),
        (struct oct_layer){.operation = OCT_WINDOW_MAX, .kernel = 3, .stride = 2, .padding = 1});
    return CONCAT(b, left, conv(b, right, 6, 1, 1));
}

static void build_pooled(struct builder *b)
{
    const int p1 = conv(b, 0, 8, 3, 2);
    struct oct_layer *stem = &b->imported->network.layers[b->imported->network.layer_count - 1];
    stem->padding = 0; /* and a pixel below and to the right */
    stem->uneven = 1;
    const int halved =
        window(b, p1, (struct oct_layer){.operation = OCT_WINDOW_MAX, .kernel = 2, .stride = 2});
    const int p2 = conv(b, halved, 16, 3, 1);
    const int p3 = a_down(b, p2);
    const struct oct_layer tiny = {
        .operation = OCT_WINDOW_MAX, .kernel = 2, .stride = 1, .uneven = 1, .zeros = 1};
    const struct oct_layer zeros = {
        .operation = OCT_WINDOW_MAX, .kernel = 3, .stride = 1, .padding = 1, .zeros = 1};
    const int same = window(b, window(b, conv(b, p3, 10, 1, 1), tiny), zeros);
    const int half =
        window(b, conv(b, p3, 12, 3, 1),
               (struct oct_layer){.operation = OCT_WINDOW_MEAN, .kernel = 2, .stride = 2});
    const int up = depth_to_space(b, convolve(b, (struct convolution){half, 28, 1, 1, 0, 0}));
    const int padded = window(
        b, conv(b, p3, 9, 1, 1),
        (struct oct_layer){.operation = OCT_WINDOW_MEAN, .kernel = 3, .stride = 1, .padding = 1});
    head(b, 8, conv(b, CONCAT(b, same, up, conv(b, padded, 5, 1, 1)), 16, 3, 1));
}

static void build_pruned(struct builder *b)
{
    const int p2 = c2f(b, conv(b, conv(b, 0, 6, 3, 2), 9, 3, 2), 14, true, 3);
    const int p3 = c2f(b, conv(b, p2, 13, 3, 2), 12, false, 3);
    const int parts = conv(b, p3, 79, 3, 1);
    const int middle = slice(b, parts, 9, 35), last = slice(b, parts, 74, 5);
    const int down = conv(b, middle, 11, 3, 2);
    const int up = upsample(b, slice(b, down, 6, 5));
    head(b, 8, CONCAT(b, pool(b, last, 3), conv(b, middle, 33, 3, 1), up, last));
}

static void build_depthwise(struct builder *b)
{
    const int picture = depthwise(b, 0, 3, 1, OCT_ACTIVATION_NONE, 0);
    const int p1 = conv(b, picture, 10, 3, 2);
    const int p2 = depthwise(b, p1, 5, 2, OCT_ACTIVATION_RELU, 0);
    const int wide = conv(b, p2, 84, 1, 1);
    const int p3 = depthwise(b, wide, 3, 2, OCT_ACTIVATION_LEAKY_RELU, 0);
    const int added = depthwise(b, p3, 7, 1, OCT_ACTIVATION_HARDSWISH, p3);
    const int part = slice(b, added, 20, 36);
    const int small = depthwise(b, part, 3, 1, OCT_ACTIVATION_GELU, 0);
    const int both = CONCAT(b, small, depthwise(b, part, 5, 1, OCT_ACTIVATION_GELU_TANH, small));
    const int padded = depthwise(b, slice(b, wide, 7, 10), 3, 2, OCT_ACTIVATION_RELU, 0);
    const int last = depthwise(b, CONCAT(b, padded, both), 3, 1, OCT_ACTIVATION_NONE, 0);
    head(b, 8, depthwise(b, last, 1, 1, OCT_ACTIVATION_SILU, 0));
}

/* softmax(q k') v, with what a convolution makes of v added, through a convolution, and added. */
static int attention(struct builder *b, int input, struct oct_head_channels each, int heads,
                     int areas)
{
    const int channels = b->imported->network.tensors[input].channels;
    const int q = convolve(b, (struct convolution){input, heads * each.key, 1, 1, 0, 0});
    const int k = convolve(b, (struct convolution){input, heads * each.key, 1, 1, 0, 0});
    const int v = convolve(b, (struct convolution){input, heads * each.value, 1, 1, 0, 0});
    const struct oct_layer layer = {.operation = OCT_ATTENTION,
                                    .input = CONCAT(b, q, k, v),
                                    .residual = -1,
                                    .kernel = 1,
                                    .stride = 1,
                                    .heads = heads,
                                    .areas = areas,
                                    .factor = 0.4f / sqrtf((float)each.key)};
    const int weighed = add_layer(b, &layer, heads * each.value);
    const int sum = convolve(b, (struct convolution){v, heads * each.value, 3, 1, 0, weighed});
    return convolve(b, (struct convolution){sum, channels, 1, 1, 0, input});
}

static void build_attention(struct builder *b)
{
    const int p3 = conv(b, conv(b, conv(b, 0, 8, 3, 2), 12, 3, 2), 18, 3, 2);
    const int all = attention(b, p3, (struct oct_head_channels){4, 12}, 2, 1);
    head(b, 8, attention(b, all, (struct oct_head_channels){8, 4}, 3, 2));
}

/* A level of YOLOv8's head, of `boxes` and `classes` channels within. */
static void wide_head(struct builder *b, int stride, int input, int boxes, int classes)
{
    struct oct_head *head = &b->imported->network.head;
    const int box = conv(b, conv(b, input, boxes, 3, 1), boxes, 3, 1);
    const int class = conv(b, conv(b, input, classes, 3, 1), classes, 3, 1);
    oct_levels_add(head, convolve(b, (struct convolution){box, box_channels(head), 1, 1, 0, 0}),
                   convolve(b, (struct convolution){class, head->class_count, 1, 1, 0, 0}), stride);
}

/* YOLOv8m, layer by layer. */
static void build_medium(struct builder *b)
{
    const int p2 = c2f_of(b, conv(b, conv(b, 0, 48, 3, 2), 96, 3, 2), 96, 2, true);
    const int p3 = c2f_of(b, conv(b, p2, 192, 3, 2), 192, 4, true);
    const int p4 = c2f_of(b, conv(b, p3, 384, 3, 2), 384, 4, true);
    const int deep = c2f_of(b, conv(b, p4, 576, 3, 2), 576, 2, true);
    const int s0 = conv(b, deep, 288, 1, 1);
    const int s1 = pool(b, s0, 5), s2 = pool(b, s1, 5), s3 = pool(b, s2, 5);
    const int p5 = conv(b, CONCAT(b, s0, s1, s2, s3), 576, 1, 1);
    const int up4 = c2f_of(b, CONCAT(b, upsample(b, p5), p4), 384, 2, false);
    const int out3 = c2f_of(b, CONCAT(b, upsample(b, up4), p3), 192, 2, false);
    const int out4 = c2f_of(b, CONCAT(b, conv(b, out3, 192, 3, 2), up4), 384, 2, false);
    const int out5 = c2f_of(b, CONCAT(b, conv(b, out4, 384, 3, 2), p5), 576, 2, false);
    wide_head(b, 8, out3, 64, 192);
    wide_head(b, 16, out4, 64, 192);
    wide_head(b, 32, out5, 64, 192);
}

/* A level of YOLO26's head, whose classes come of convolutions of each channel by itself. */
static void distances_head(struct builder *b, int stride, int input)
{
    struct oct_head *head = &b->imported->network.head;
    const int box = conv(b, conv(b, input, 16, 3, 1), 16, 3, 1);
    const int first = conv(b, depthwise(b, input, 3, 1, OCT_ACTIVATION_SILU, 0), 80, 1, 1);
    const int class = conv(b, depthwise(b, first, 3, 1, OCT_ACTIVATION_SILU, 0), 80, 1, 1);
    oct_levels_add(head, convolve(b, (struct convolution){box, box_channels(head), 1, 1, 0, 0}),
                   convolve(b, (struct convolution){class, head->class_count, 1, 1, 0, 0}), stride);
}

static void build_family(struct builder *b)
{
    const struct oct_head_channels each = {32, 64}, area = {32, 32};
    const int p2 = c2f(b, conv(b, conv(b, 0, 16, 3, 2), 32, 3, 2), 32, true, 3);
    const int p3 = c2f(b, conv(b, p2, 64, 3, 2), 64, true, 3);
    const int down = depthwise(b, conv(b, p3, 96, 1, 1), 3, 2, OCT_ACTIVATION_NONE, 0);
    const int p4 = attention(b, down, area, 3, 4);
    const int wide = depthwise(b, conv(b, p4, 128, 1, 1), 5, 2, OCT_ACTIVATION_NONE, 0);
    const int large = depthwise(b, wide, 7, 1, OCT_ACTIVATION_SILU, wide);
    const int p5 = attention(b, large, each, 2, 1);
    const int up4 = conv(b, CONCAT(b, upsample(b, p5), p4), 64, 3, 1);
    const int out3 = conv(b, CONCAT(b, upsample(b, up4), p3), 64, 3, 1);
    const int out4 = conv(b, CONCAT(b, conv(b, out3, 64, 3, 2), up4), 64, 3, 1);
    distances_head(b, 8, out3);
    distances_head(b, 16, out4);
    distances_head(b, 32, p5);
}

/* What each kind is, as enum test_detector. */
static const struct kind {
    void (*build)(struct builder *);
    int classes, reg_max, side; /* reg_max 0: YOLO26's head */
} kinds[] = {{build_small, 5, 8, 64},    {build_tiny, 2, 2, 32},      {build_wide, 2, 2, 32},
             {build_pooled, 2, 2, 32},   {build_pruned, 2, 2, 32},    {build_depthwise, 2, 2, 32},
             {build_medium, 5, 16, 320}, {build_attention, 2, 2, 32}, {build_small, 5, 0, 64},
             {build_family, 5, 0, 64}};

struct oct_imported *test_network(octet_context *ctx, enum test_detector kind, uint64_t seed)
{
    static const char *const names[] = {"person", "car", "bus", "dog", "cat"};
    const struct kind *of = &kinds[kind];
    struct oct_imported *n = oct_calloc(ctx, 1, sizeof *n);
    assert_non_null(n);
    oct_arena_init(&n->arena, ctx);
    struct builder b = {n, test_random_of(seed)};
    struct oct_network *network = &n->network;
    network->tensors = allocate(&b, ROOM, sizeof *network->tensors);
    network->layers = allocate(&b, ROOM, sizeof *network->layers);
    n->notes = allocate(&b, ROOM, sizeof *n->notes);
    network->head.kind = of->reg_max ? &oct_head_yolov8 : &oct_head_yolo26;
    network->head.class_count = of->classes;
    network->head.of.yolov8.reg_max = of->reg_max;
    network->class_names =
        allocate(&b, (size_t)network->head.class_count, sizeof *network->class_names);
    memcpy(network->class_names, names, (size_t)network->head.class_count * sizeof *names);
    network->input_height = network->input_width = of->side;
    network->description = "a detector of random weights";
    add_tensor(&b, &(struct oct_tensor){.kind = OCT_TENSOR_INPUT, .channels = 3, .parent = -1});
    of->build(&b);
    return n;
}

octet_model *test_model(octet_context *ctx, enum test_detector kind, uint64_t seed)
{
    octet_model *model = oct_calloc(ctx, 1, sizeof *model);
    assert_non_null(model);
    oct_context_inherit(&model->own, ctx);
    oct_arena_init(&model->arena, &model->own);
    model->imported = test_network(ctx, kind, seed);
    assert_int_equal(
        oct_lower_float(ctx, &model->arena, &model->imported->network, &model->network, NULL),
        OCTET_OK);
    assert_int_equal(oct_network_verify(ctx, &model->network, "small.onnx"), OCTET_OK);
    oct_network_hash(&model->network, model->hash);
    model->name = "small.onnx";
    return model;
}

octet_image *test_picture(octet_context *ctx, int width, int height, uint64_t seed)
{
    struct test_random random = test_random_of(seed);
    uint8_t *pixels = malloc((size_t)width * (size_t)height * 3);
    assert_non_null(pixels);
    float wave[3][3];
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < 3; i++)
            wave[c][i] = test_float(&random, 0.0f, 0.6f);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                pixels[(y * width + x) * 3 + c] =
                    (uint8_t)(127.5f + 120.0f * sinf((float)x * wave[c][0] + (float)y * wave[c][1] +
                                                     20.0f * wave[c][2]));
    octet_image *image;
    assert_int_equal(octet_image_copy_rgb(ctx, pixels, width, height, (size_t)width * 3, &image),
                     OCTET_OK);
    free(pixels);
    return image;
}

octet_statistics *test_statistics(octet_context *ctx, const octet_model *model, uint64_t first,
                                  int count)
{
    return test_statistics_at(ctx, model, first, count, 0, 0);
}

octet_statistics *test_statistics_at(octet_context *ctx, const octet_model *model, uint64_t first,
                                     int count, int height, int width)
{
    octet_calibration_settings settings;
    octet_calibration_defaults(&settings);
    settings.threads = 1;
    settings.height = height;
    settings.width = width;
    octet_calibration *calibration;
    octet_statistics *statistics;
    assert_int_equal(octet_calibration_create(ctx, model, &settings, &calibration), OCTET_OK);
    for (int i = 0; i < count; i++) {
        octet_image *image = test_picture(ctx, 60 + 8 * i, 64, first + (uint64_t)i);
        assert_int_equal(octet_calibration_add(calibration, image), OCTET_OK);
        octet_image_free(&image);
    }
    assert_int_equal(octet_calibration_finish(calibration, &statistics), OCTET_OK);
    octet_calibration_free(&calibration);
    return statistics;
}

static octet_engine *build(octet_context *ctx, enum test_detector kind,
                           const octet_build_settings *settings)
{
    octet_model *model = test_model(ctx, kind, 7);
    octet_statistics *statistics = test_statistics(ctx, model, 100, 3);
    octet_engine *engine;
    assert_int_equal(octet_build(ctx, model, statistics, settings, &engine), OCTET_OK);
    octet_statistics_free(&statistics);
    octet_model_free(&model);
    return engine;
}

octet_engine *test_engine(octet_context *ctx, enum test_detector kind, octet_precision precision)
{
    octet_build_settings settings;
    octet_build_defaults(&settings);
    settings.precision = precision;
    return build(ctx, kind, &settings);
}

octet_engine *test_engine_few_bits(octet_context *ctx, enum test_detector kind)
{
    octet_build_settings settings;
    octet_build_defaults(&settings);
    settings.weight_bits = 4;
    return build(ctx, kind, &settings);
}

octet_engine *test_engine_of_sizes(octet_context *ctx, enum test_detector kind, const char *scales)
{
    octet_build_settings settings;
    octet_build_defaults(&settings);
    settings.scales = scales;
    octet_model *model = test_model(ctx, kind, 7);
    const int height = model->network.input_height, width = model->network.input_width;
    octet_statistics *statistics = test_statistics(ctx, model, 100, 3);
    octet_statistics *wide = test_statistics_at(ctx, model, 200, 2, height, 2 * width);
    octet_engine *engine;
    assert_int_equal(octet_statistics_merge(statistics, wide), OCTET_OK);
    assert_int_equal(octet_build(ctx, model, statistics, &settings, &engine), OCTET_OK);
    octet_statistics_free(&wide);
    octet_statistics_free(&statistics);
    octet_model_free(&model);
    return engine;
}

unsigned char *test_engine_bytes(octet_context *ctx, const octet_engine *engine, size_t *size)
{
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/engine", folder);
    assert_int_equal(octet_engine_save(ctx, engine, path), OCTET_OK);
    unsigned char *bytes = test_read_file(path, size);
    test_folder_remove(folder);
    return bytes;
}

void test_expect_engine(octet_context *ctx, const octet_engine *engine, const unsigned char *bytes,
                        size_t size)
{
    size_t own_size;
    unsigned char *own = test_engine_bytes(ctx, engine, &own_size);
    assert_int_equal(own_size, size);
    assert_memory_equal(own, bytes, size);
    free(own);
}

unsigned char *test_engine_replaced(octet_context *ctx, enum test_detector kind, const char *from,
                                    const char *to, size_t *size)
{
    octet_engine *engine = test_engine(ctx, kind, OCTET_PRECISION_INT8);
    unsigned char *bytes = test_engine_bytes(ctx, engine, size);
    octet_engine_free(&engine);
    assert_int_equal(strlen(from), strlen(to));
    unsigned char *at = memmem(bytes, *size, from, strlen(from));
    if (!at)
        fail_msg("the file has no %s", from);
    memcpy(at, to, strlen(to));
    return bytes;
}
