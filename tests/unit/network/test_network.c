/* SPDX-License-Identifier: Apache-2.0 */
/* The verification of plans: each rule has an example that breaks it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "runtime/head/heads.h"
#include "runtime/head/yolov8.h"
#include "small_detector.h"

static struct test_context test;

/* The `skip`th tensor of a kind; of layers' outputs those that no view is made of count. */
static struct oct_tensor *tensor(struct oct_network *p, enum oct_tensor_kind kind, int skip)
{
    for (int i = 1; i < p->tensor_count; i++)
        if (p->tensors[i].kind == kind && skip-- == 0)
            return &p->tensors[i];
    fail_msg("no such tensor");
    return NULL;
}

static struct oct_layer *layer(struct oct_network *p, enum oct_operation operation, int skip)
{
    for (int i = 0; i < p->layer_count; i++)
        if (p->layers[i].operation == operation && skip-- == 0)
            return &p->layers[i];
    fail_msg("no such layer");
    return NULL;
}

static struct oct_layer *with_residual(struct oct_network *p)
{
    for (int i = 0; i < p->layer_count; i++)
        if (p->layers[i].residual >= 0)
            return &p->layers[i];
    fail_msg("no residual");
    return NULL;
}

static struct oct_layer *layer_before_pool(struct oct_network *p)
{
    const int input = layer(p, OCT_MAX_POOL, 0)->input;
    for (int i = 0; i < p->layer_count; i++)
        if (p->layers[i].output == input)
            return &p->layers[i];
    fail_msg("no layer before the pool");
    return NULL;
}

#define SLICE(p) tensor(p, OCT_TENSOR_SLICE, 0)
#define CONCAT(p) tensor(p, OCT_TENSOR_CONCAT, 0)
#define OUTPUT(p) tensor(p, OCT_TENSOR_LAYER, 0)
#define CONV(p) layer(p, OCT_CONVOLUTION, 1)
#define POOL(p) layer(p, OCT_MAX_POOL, 0)
#define INDEX(p, t) ((int)((t) - (p)->tensors))

/* Tensors whose scale a layer passes on, so that only that rule can be broken. */
static struct oct_tensor *pooled(struct oct_network *p)
{
    return &p->tensors[POOL(p)->output];
}

static void set_float(const float *at, float value)
{
    *(float *)(uintptr_t)at = value;
}

#define DEFINE(name, ...)                                                                          \
    static void name(struct oct_network *p)                                                        \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }

DEFINE(few_tensors, p->tensor_count = 1)
DEFINE(many_tensors, p->tensor_count = OCT_TENSORS_MAX + 1)
DEFINE(no_layers, p->layer_count = 0)
DEFINE(many_layers, p->layer_count = OCT_LAYERS_MAX + 1)
DEFINE(no_channels, OUTPUT(p)->channels = 0)
DEFINE(negative_channels, OUTPUT(p)->channels = -8)
DEFINE(many_channels, OUTPUT(p)->channels = OCT_CHANNELS_MAX + 1)
DEFINE(second_input, OUTPUT(p)->kind = OCT_TENSOR_INPUT)
DEFINE(no_input, p->tensors[0].kind = OCT_TENSOR_LAYER)
DEFINE(grey_input, p->tensors[0].channels = 1)
DEFINE(zero_scale, OUTPUT(p)->quantization.scale = 0.0f)
DEFINE(negative_scale, OUTPUT(p)->quantization.scale = -1.0f)
DEFINE(tiny_scale, OUTPUT(p)->quantization.scale = 1e-31f)
DEFINE(huge_scale, OUTPUT(p)->quantization.scale = 1e31f)
DEFINE(nan_scale, OUTPUT(p)->quantization.scale = NAN)
DEFINE(negative_zero_point, OUTPUT(p)->quantization.zero_point = -1)
DEFINE(large_zero_point, OUTPUT(p)->quantization.zero_point = 256)
DEFINE(input_scale, p->tensors[0].quantization.scale = 1.0f / 254.0f)
DEFINE(input_zero_point, p->tensors[0].quantization.zero_point = 1)
DEFINE(slice_of_nothing, SLICE(p)->parent = -1)
DEFINE(slice_of_itself, SLICE(p)->parent = INDEX(p, SLICE(p)))
DEFINE(slice_of_slice, tensor(p, OCT_TENSOR_SLICE, 1)->parent = INDEX(p, SLICE(p)))
DEFINE(slice_odd, SLICE(p)->offset = 2)
DEFINE(slice_negative, SLICE(p)->offset = -4)
DEFINE(slice_beyond, SLICE(p)->offset += 4)
DEFINE(slice_far, SLICE(p)->offset = 1 << 30)
DEFINE(slice_type, SLICE(p)->type = OCT_TYPE_F32)
DEFINE(concat_empty, CONCAT(p)->member_count = 0)
DEFINE(concat_long, CONCAT(p)->member_count = OCT_CONCAT_MAX + 1)
DEFINE(concat_input, CONCAT(p)->members[0] = 0)
DEFINE(concat_negative, CONCAT(p)->members[0] = -1)
DEFINE(concat_itself, CONCAT(p)->members[0] = INDEX(p, CONCAT(p)))
DEFINE(concat_slice, CONCAT(p)->members[0] = INDEX(p, SLICE(p)))
DEFINE(concat_twice, CONCAT(p)->members[1] = CONCAT(p)->members[0])
DEFINE(concat_type, CONCAT(p)->type = OCT_TYPE_F32)
DEFINE(concat_channels, CONCAT(p)->channels += 4)
DEFINE(input_missing, CONV(p)->input = p->tensor_count)
DEFINE(input_negative, CONV(p)->input = -1)
DEFINE(output_missing, CONV(p)->output = p->tensor_count)
DEFINE(output_negative, CONV(p)->output = -1)
DEFINE(output_picture, CONV(p)->output = 0)
DEFINE(output_view, CONV(p)->output = INDEX(p, CONCAT(p)))
DEFINE(output_twice, CONV(p)->output = p->layers[0].output)
DEFINE(input_later, CONV(p)->input = CONV(p)->output)
DEFINE(input_half, CONV(p)->input = INDEX(p, CONCAT(p)))
DEFINE(no_kernel, CONV(p)->kernel = 0)
DEFINE(large_kernel, CONV(p)->kernel = 16)
DEFINE(no_stride, CONV(p)->stride = 0)
DEFINE(large_stride, CONV(p)->stride = 9)
DEFINE(negative_padding, CONV(p)->padding = -1)
DEFINE(large_padding, CONV(p)->padding = CONV(p)->kernel)
DEFINE(no_bias, CONV(p)->bias = NULL)
DEFINE(nan_bias, set_float(CONV(p)->bias + 1, NAN))
DEFINE(no_codes, CONV(p)->codes = NULL)
DEFINE(no_scales, CONV(p)->scale = NULL)
DEFINE(infinite_scale, set_float(CONV(p)->scale, INFINITY))
DEFINE(wild_code, ((int8_t *)(uintptr_t)CONV(p)->codes)[5] = -128)
DEFINE(residual_missing, with_residual(p)->residual = p->tensor_count)
DEFINE(residual_later, with_residual(p)->residual = with_residual(p)->output)
DEFINE(residual_channels, with_residual(p)->residual = 0)
DEFINE(pool_channels, POOL(p)->input = 0)
DEFINE(pool_residual, POOL(p)->residual = POOL(p)->input)
DEFINE(pool_silu, POOL(p)->activation = OCT_ACTIVATION_SILU)
DEFINE(pool_scale, pooled(p)->quantization.scale *= 2.0f)
DEFINE(pool_zero_point, pooled(p)->quantization.zero_point ^= 1)
DEFINE(pool_no_kernel, POOL(p)->kernel = 0)
DEFINE(pool_even, POOL(p)->kernel = 4)
DEFINE(pool_large, POOL(p)->kernel = 17)
DEFINE(copy_type, p->tensors[layer(p, OCT_UPSAMPLE, 0)->output].type = OCT_TYPE_F32)
DEFINE(no_levels, p->head.output_count = 0)
DEFINE(many_levels, p->head.output_count = OCT_HEAD_OUTPUTS_MAX + 2)
DEFINE(no_reg_max, p->head.of.yolov8.reg_max = 0)
DEFINE(large_reg_max, p->head.of.yolov8.reg_max = OCT_REG_MAX_MAX + 1)
DEFINE(no_classes, p->head.class_count = 0)
DEFINE(other_classes, p->head.class_count -= 1)
DEFINE(many_classes, p->head.class_count = OCT_CHANNELS_MAX + 1)
DEFINE(level_missing, p->head.outputs[0].tensor = p->tensor_count)
DEFINE(level_negative, p->head.outputs[1].tensor = -1)
DEFINE(level_codes, p->head.outputs[0].tensor = p->layers[0].output)
DEFINE(level_swapped, p->head.outputs[0].tensor = p->head.outputs[1].tensor)
DEFINE(level_unwritten, p->layer_count -= 1)
DEFINE(level_stride_0, p->head.outputs[0].stride = 0)
DEFINE(level_stride_3, p->head.outputs[0].stride = 3)
DEFINE(level_stride_512, p->head.outputs[0].stride = 512)
DEFINE(level_strides, p->head.outputs[1].stride *= 2)
DEFINE(odd_outputs, p->head.output_count -= 1)
DEFINE(no_kind, p->head.kind = NULL)
DEFINE(other_role, p->head.outputs[1].role = OCT_HEAD_BOX)
DEFINE(no_height, p->input_height = 0)
DEFINE(odd_height, p->input_height = 33)
DEFINE(large_width, p->input_width = 8224)
DEFINE(negative_width, p->input_width = -32)

struct example {
    void (*apply)(struct oct_network *network);
    const char *name, *message;
};

#define E(name, message)                                                                           \
    {                                                                                              \
        name, #name, message                                                                       \
    }

static const struct example int8_examples[] = {
    E(few_tensors, "1 tensors"),
    E(many_tensors, "4097 tensors"),
    E(no_layers, "0 layers"),
    E(many_layers, "2049 layers"),
    E(no_channels, "number of channels"),
    E(negative_channels, "number of channels"),
    E(many_channels, "number of channels"),
    E(second_input, "out of place"),
    E(no_input, "out of place"),
    E(grey_input, "3 channels"),
    E(zero_scale, "scale or zero point"),
    E(negative_scale, "scale or zero point"),
    E(tiny_scale, "scale or zero point"),
    E(huge_scale, "scale or zero point"),
    E(nan_scale, "scale or zero point"),
    E(negative_zero_point, "scale or zero point"),
    E(large_zero_point, "scale or zero point"),
    E(input_scale, "1/255"),
    E(input_zero_point, "1/255"),
    E(slice_of_nothing, "slice of no tensor"),
    E(slice_of_itself, "slice of no tensor"),
    E(slice_of_slice, "slice of no tensor"),
    E(slice_odd, "bad residual"),
    E(slice_negative, "beyond the tensor"),
    E(slice_beyond, "beyond"),
    E(slice_far, "beyond"),
    E(slice_type, "type"),
    E(concat_empty, "no tensors or too many"),
    E(concat_long, "no tensors or too many"),
    E(concat_input, "no layer's output"),
    E(concat_negative, "no layer's output"),
    E(concat_itself, "no layer's output"),
    E(concat_slice, "no layer's output"),
    E(concat_twice, "another concat"),
    E(concat_type, "types"),
    E(concat_channels, "channels of its members"),
    E(input_missing, "does not exist"),
    E(input_negative, "does not exist"),
    E(output_missing, "does not exist"),
    E(output_negative, "does not exist"),
    E(output_picture, "view or was written"),
    E(output_view, "view or was written"),
    E(output_twice, "view or was written"),
    E(input_later, "not written before"),
    E(input_half, "not written before"),
    E(no_kernel, "kernel, stride or padding"),
    E(large_kernel, "kernel, stride or padding"),
    E(no_stride, "kernel, stride or padding"),
    E(large_stride, "kernel, stride or padding"),
    E(negative_padding, "kernel, stride or padding"),
    E(large_padding, "kernel, stride or padding"),
    E(no_bias, "bias"),
    E(nan_bias, "bias"),
    E(no_codes, "weights or scales"),
    E(no_scales, "weights or scales"),
    E(infinite_scale, "weights or scales"),
    E(wild_code, "-128"),
    E(residual_missing, "residual"),
    E(residual_later, "residual"),
    E(residual_channels, "residual"),
    E(pool_channels, "channels or type"),
    E(pool_residual, "channels or type"),
    E(pool_silu, "channels or type"),
    E(pool_scale, "scale"),
    E(pool_zero_point, "scale"),
    E(pool_no_kernel, "kernel"),
    E(pool_even, "kernel"),
    E(pool_large, "kernel"),
    E(copy_type, "type"),
    E(no_levels, "bad head"),
    E(many_levels, "bad head"),
    E(no_reg_max, "bad head"),
    E(large_reg_max, "bad head"),
    E(no_classes, "bad head"),
    E(other_classes, "bad head"),
    E(many_classes, "bad head"),
    E(level_missing, "bad head: output 0"),
    E(level_negative, "bad head: output 1"),
    E(level_codes, "bad head: output 0"),
    E(level_swapped, "bad head: level 0"),
    E(level_unwritten, "bad head: output"),
    E(level_stride_0, "bad head: stride"),
    E(level_stride_3, "bad head: stride"),
    E(level_stride_512, "bad head: stride"),
    E(level_strides, "bad head: level 0"),
    E(odd_outputs, "bad head"),
    E(no_kind, "bad head"),
    E(other_role, "bad head: level 0"),
    E(no_height, "bad input size"),
    E(odd_height, "bad input size"),
    E(large_width, "bad input size"),
    E(negative_width, "bad input size"),
};

DEFINE(no_values, CONV(p)->values = NULL)
DEFINE(nan_values, set_float(CONV(p)->values + 3, NAN))

static const struct example float_examples[] = {
    E(no_values, "weights"),
    E(nan_values, "weights"),
};

DEFINE(no_halves, CONV(p)->bf16 = NULL)
DEFINE(infinite_halves, ((uint16_t *)(uintptr_t)CONV(p)->bf16)[3] = 0xff80)
DEFINE(half_slice, SLICE(p)->type = OCT_TYPE_F32)
DEFINE(half_head, p->tensors[p->head.outputs[1].tensor].type = OCT_TYPE_BF16)
DEFINE(half_to_float, p->tensors[POOL(p)->output].type = OCT_TYPE_F32)

static const struct example half_examples[] = {
    E(no_halves, "weights"),  E(infinite_halves, "weights"),
    E(half_slice, "type"),    E(half_head, "bad head: output 1"),
    E(half_to_float, "type"),
};

/* Breaks a copy of the engine's plan. */
static void check(const octet_engine *original, const struct example *example)
{
    octet_context *ctx = &test.context;
    octet_engine *engine;
    assert_int_equal(oct_engine_create(ctx, &engine), OCTET_OK);
    assert_int_equal(oct_engine_set_network(ctx, engine, &original->network, "plan.x"), OCTET_OK);
    example->apply(&engine->network);
    const octet_status status = oct_network_verify(ctx, &engine->network, "plan.x");
    if (status != OCTET_BAD_FORMAT || !strstr(ctx->message, example->message) ||
        !strstr(ctx->message, "plan.x"))
        fail_msg("%s: %s: \"%s\"", example->name, octet_status_name(status), ctx->message);
    octet_engine_free(&engine);
}

static void rules_of_int8(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    for (size_t i = 0; i < sizeof int8_examples / sizeof int8_examples[0]; i++)
        check(engine, &int8_examples[i]);
    octet_engine_free(&engine);
}

static void rules_of_float(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_FP32);
    for (size_t i = 0; i < sizeof float_examples / sizeof float_examples[0]; i++)
        check(engine, &float_examples[i]);
    octet_engine_free(&engine);
}

static void rules_of_half(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_BF16);
    for (size_t i = 0; i < sizeof half_examples / sizeof half_examples[0]; i++)
        check(engine, &half_examples[i]);
    octet_engine_free(&engine);
}

/* A plan made by hand: picture - convolutions a, b of `channels` each, concat c of both. */
struct by_hand {
    struct oct_network network;
    struct oct_tensor tensors[8];
    struct oct_layer layers[6];
    int8_t codes[3 * 200];
    float ones[200], zeros[200];
};

static void make_by_hand(struct by_hand *hand, int channels)
{
    memset(hand, 0, sizeof *hand);
    for (int i = 0; i < 200; i++)
        hand->ones[i] = 1.0f;
    hand->network = (struct oct_network){
        .tensor_count = 4,
        .layer_count = 2,
        .head = {.kind = &oct_head_yolov8, .class_count = 1, .of.yolov8.reg_max = 1},
        .input_height = 32,
        .input_width = 32,
        .tensors = hand->tensors,
        .layers = hand->layers};
    hand->tensors[0] = (struct oct_tensor){.name = "in",
                                           .kind = OCT_TENSOR_INPUT,
                                           .channels = 3,
                                           .quantization = oct_picture_quantization};
    for (int i = 0; i < 2; i++) {
        hand->tensors[i + 1] = (struct oct_tensor){
            .name = "a", .kind = OCT_TENSOR_LAYER, .channels = channels, .quantization = {1.0f, 0}};
        hand->layers[i] = (struct oct_layer){.name = "a",
                                             .output = i + 1,
                                             .residual = -1,
                                             .kernel = 1,
                                             .stride = 1,
                                             .codes = hand->codes,
                                             .scale = hand->ones,
                                             .bias = hand->zeros};
    }
    hand->tensors[3] = (struct oct_tensor){.name = "c",
                                           .kind = OCT_TENSOR_CONCAT,
                                           .channels = 2 * channels,
                                           .member_count = 2,
                                           .members = {1, 2}};
}

static void expect(const struct by_hand *hand, const char *message)
{
    assert_int_equal(oct_network_verify(&test.context, &hand->network, "plan.x"), OCTET_BAD_FORMAT);
    if (!strstr(test.context.message, message))
        fail_msg("\"%s\" is not about \"%s\"", test.context.message, message);
}

/* 13 x 13 x 200 products of 255 * 127 do not fit into half of an int32. */
static void accumulator(void **state)
{
    (void)state;
    struct by_hand hand;
    make_by_hand(&hand, 200);
    hand.network.tensor_count = 4;
    hand.tensors[3] = hand.tensors[2];
    hand.network.layer_count = 3;
    hand.layers[2] = hand.layers[1];
    hand.layers[2].input = 1;
    hand.layers[2].output = 3;
    hand.layers[2].kernel = 13;
    expect(&hand, "32 bit accumulator");
}

static void differing_scales(void **state)
{
    (void)state;
    struct by_hand hand;
    make_by_hand(&hand, 8);
    hand.network.tensor_count = 5;
    hand.network.layer_count = 3;
    hand.tensors[4] = (struct oct_tensor){
        .name = "d", .kind = OCT_TENSOR_LAYER, .channels = 16, .quantization = {1.0f, 0}};
    hand.layers[2] = (struct oct_layer){.name = "d",
                                        .operation = OCT_COPY,
                                        .input = 3,
                                        .output = 4,
                                        .residual = -1,
                                        .kernel = 1,
                                        .stride = 1};
    expect(&hand, "bad head"); /* nothing else is wrong */
    hand.tensors[2].quantization.zero_point = 3;
    expect(&hand, "changes the scale");
    hand.tensors[2].quantization.zero_point = 0;
    hand.layers[2] = (struct oct_layer){.name = "d",
                                        .output = 4,
                                        .residual = 3,
                                        .kernel = 1,
                                        .stride = 1,
                                        .codes = hand.codes,
                                        .scale = hand.ones,
                                        .bias = hand.zeros};
    expect(&hand, "bad head");
    hand.tensors[1].quantization.scale = 2.0f;
    expect(&hand, "bad residual");
}

/* Members of 6 channels are stored as 8: only convolutions know to skip the padding between. */
static void padded_members(void **state)
{
    (void)state;
    struct by_hand hand;
    static const enum oct_operation operations[] = {OCT_COPY, OCT_MAX_POOL, OCT_UPSAMPLE};
    for (int i = 0; i < 3; i++) {
        make_by_hand(&hand, 6);
        hand.network.tensor_count = 5;
        hand.network.layer_count = 3;
        hand.tensors[4] = (struct oct_tensor){
            .name = "d", .kind = OCT_TENSOR_LAYER, .channels = 12, .quantization = {1.0f, 0}};
        hand.layers[2] = (struct oct_layer){.name = "d",
                                            .operation = operations[i],
                                            .input = 3,
                                            .output = 4,
                                            .residual = -1,
                                            .kernel = 1,
                                            .stride = 1};
        expect(&hand, "padded parts");
        hand.layers[2].input = 1; /* one part alone */
        hand.tensors[4].channels = 6;
        expect(&hand, "bad head");
    }
    hand.tensors[4].channels = 12;
    hand.layers[2] = hand.layers[1];
    hand.layers[2].output = 4;
    hand.layers[2].residual = 3;
    expect(&hand, "bad residual");
}

/* Views of views end, however long the chain, in time that does not multiply with channels. */
static void long_chains(void **state)
{
    (void)state;
    static struct oct_tensor tensors[OCT_TENSORS_MAX];
    static struct oct_layer layers[OCT_LAYERS_MAX];
    struct by_hand hand;
    make_by_hand(&hand, 8);
    enum { CHAIN = 1200 };
    struct oct_network *network = &hand.network;
    memset(tensors, 0, sizeof tensors);
    memcpy(tensors, hand.tensors, 3 * sizeof *tensors);
    memcpy(layers, hand.layers, sizeof hand.layers);
    network->tensors = tensors;
    network->layers = layers;
    network->tensor_count = 2;
    network->layer_count = 1;
    int whole = 1;
    for (int i = 0; i < CHAIN; i++) { /* concat of all before and of a new convolution */
        const int part = network->tensor_count++;
        tensors[part] = hand.tensors[1];
        layers[network->layer_count] = hand.layers[0];
        layers[network->layer_count++].output = part;
        tensors[network->tensor_count] =
            (struct oct_tensor){.name = "c",
                                .kind = OCT_TENSOR_CONCAT,
                                .channels = tensors[whole].channels + 8,
                                .member_count = 2,
                                .members = {whole, part}};
        whole = network->tensor_count++;
    }
    while (network->layer_count < OCT_LAYERS_MAX) {
        tensors[network->tensor_count] = (struct oct_tensor){.name = "d",
                                                             .kind = OCT_TENSOR_LAYER,
                                                             .channels = tensors[whole].channels,
                                                             .quantization = {1.0f, 0}};
        layers[network->layer_count++] = (struct oct_layer){.name = "d",
                                                            .operation = OCT_COPY,
                                                            .input = whole,
                                                            .output = network->tensor_count++,
                                                            .residual = -1,
                                                            .kernel = 1,
                                                            .stride = 1};
    }
    expect(&hand, "bad head");
}

DEFINE(concat_sizes, layer(p, OCT_UPSAMPLE, 0)->operation = OCT_COPY)
DEFINE(residual_size, with_residual(p)->stride = 2)
DEFINE(nothing_left, layer_before_pool(p)->kernel = 3)
DEFINE(level_size, p->head.outputs[0].stride = p->head.outputs[1].stride = 16)

static void sizes(void **state)
{
    (void)state;
    static const struct example examples[] = {
        E(concat_sizes, "differ in size"),
        E(residual_size, "residual differs in size"),
        E(nothing_left, "nothing is left"),
        E(level_size, "head level"),
    };
    octet_context *ctx = &test.context;
    struct oct_network_size out[256];
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        octet_engine *engine = test_engine(ctx, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
        assert_in_range(engine->network.tensor_count, 2, 256);
        assert_int_equal(oct_network_sizes(ctx, &engine->network, 32, 96, out), OCTET_OK);
        assert_int_equal(out[engine->network.head.outputs[0].tensor].height, 4);
        assert_int_equal(out[engine->network.head.outputs[0].tensor].width, 12);
        assert_int_equal(out[engine->network.head.outputs[5].tensor].width, 3);
        examples[i].apply(&engine->network);
        const octet_status status = oct_network_sizes(ctx, &engine->network, 32, 32, out);
        if (status != OCTET_BAD_SHAPE || !strstr(ctx->message, examples[i].message))
            fail_msg("%s: %s: \"%s\"", examples[i].name, octet_status_name(status), ctx->message);
        octet_engine_free(&engine);
    }
}

static void memory(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    test.fail_at = test.calls;
    assert_int_equal(oct_network_verify(&test.context, &engine->network, "plan.x"),
                     OCTET_OUT_OF_MEMORY);
    octet_engine_free(&engine);
}

/* Channel by channel, as the definition has it. */
static bool reads(const struct oct_network *p, int tensor, int wanted)
{
    for (int c = 0; tensor >= 0 && c < p->tensors[tensor].channels; c++)
        if (oct_network_resolve(p, tensor, c).tensor == wanted)
            return true;
    return false;
}

static void who_reads_whom(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    const struct oct_network *p = &engine->network;
    const int count = p->layer_count;
    int arrows = 0, joins = 0;
    for (int i = 0; i < count; i++) {
        int inputs = 0;
        for (int from = -1; from < count; from++) {
            const int wanted = from < 0 ? 0 : p->layers[from].output;
            const bool is =
                reads(p, p->layers[i].input, wanted) || reads(p, p->layers[i].residual, wanted);
            assert_int_equal(octet_engine_layer_reads(engine, i, from), is);
            inputs += is;
        }
        assert_true(inputs > 0);
        arrows += inputs;
        joins += inputs > 1;
    }
    assert_true(arrows > count && joins > 0);
    assert_int_equal(octet_engine_layer_reads(engine, 0, -1), 1);
    assert_int_equal(octet_engine_layer_reads(engine, -1, 0), 0);
    assert_int_equal(octet_engine_layer_reads(engine, count, 0), 0);
    assert_int_equal(octet_engine_layer_reads(engine, 1, count), 0);
    assert_int_equal(octet_engine_layer_reads(engine, 1, -2), 0);
    assert_int_equal(octet_engine_layer_reads(NULL, 0, -1), 0);
    octet_engine_free(&engine);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rules_of_int8),    TEST(rules_of_float), TEST(rules_of_half), TEST(accumulator),
        TEST(differing_scales), TEST(padded_members), TEST(long_chains),   TEST(sizes),
        TEST(memory),           TEST(who_reads_whom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
