/* SPDX-License-Identifier: Apache-2.0 */
/* bfloat16: rounding, and plans lowered to it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bfloat16.h"
#include "compiler/lower/lower.h"
#include "counting_context.h"
#include "random.h"
#include "runtime/head/heads.h"
#include "runtime/head/levels.h"
#include "small_detector.h"

static void rounding(void **state)
{
    (void)state;
    static const struct {
        float value;
        uint16_t half;
    } known[] = {
        {0.0f, 0x0000},          {-0.0f, 0x8000},         {1.0f, 0x3f80},
        {-2.0f, 0xc000},         {1.00390625f, 0x3f80}, /* ties go to even */
        {1.01171875f, 0x3f82},   {1.00390637f, 0x3f81},   {255.0f, 0x437f},
        {3.3895314e38f, 0x7f7f}, {3.4028235e38f, 0x7f80}, {INFINITY, 0x7f80},
        {-INFINITY, 0xff80},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal(oct_bf16_of(known[i].value), known[i].half);
    assert_true(isnan(oct_bf16_value(oct_bf16_of(NAN))));
    for (uint32_t half = 0; half < 0x10000; half++) {
        const float value = oct_bf16_value((uint16_t)half);
        if (!isnan(value))
            assert_int_equal(oct_bf16_of(value), half);
    }
    struct test_random random = test_random_of(3);
    for (int i = 0; i < 100000; i++) {
        const float value = test_float(&random, -10.0f, 10.0f);
        const double off = (double)oct_bf16_value(oct_bf16_of(value)) - (double)value;
        assert_true(fabs(off) <= fabs((double)value) * 0x1p-8);
    }
}

/* A pool whose output is a head's stays one type; a convolution that reads a head's keeps its
 * weights. */
struct by_hand {
    struct oct_network network;
    struct oct_tensor tensors[6];
    struct oct_layer layers[5];
    float weights[64], bias[8];
};

static void layer(struct by_hand *hand, enum oct_operation operation, int input, int channels)
{
    const bool convolution = operation == OCT_CONVOLUTION;
    const int index = hand->network.layer_count++;
    hand->tensors[index + 1] = (struct oct_tensor){.name = "t",
                                                   .kind = OCT_TENSOR_LAYER,
                                                   .type = OCT_TYPE_F32,
                                                   .channels = channels,
                                                   .parent = -1};
    hand->layers[index] = (struct oct_layer){.name = "l",
                                             .operation = operation,
                                             .input = input,
                                             .output = index + 1,
                                             .residual = -1,
                                             .kernel = 1,
                                             .stride = 1,
                                             .values = convolution ? hand->weights : NULL,
                                             .bias = convolution ? hand->bias : NULL};
    hand->network.tensor_count = index + 2;
}

static void read_heads(void **state)
{
    (void)state;
    static struct by_hand hand;
    static const char *classes[4] = {"a", "b", "c", "d"};
    hand = (struct by_hand){
        .network = {.head = {.kind = &oct_head_yolov8, .class_count = 4, .of.yolov8.reg_max = 1},
                    .input_height = 32,
                    .input_width = 32}};
    hand.network.tensors = hand.tensors;
    hand.network.layers = hand.layers;
    hand.network.class_names = classes;
    hand.tensors[0] = (struct oct_tensor){
        .name = "picture", .kind = OCT_TENSOR_INPUT, .type = OCT_TYPE_F32, .channels = 3};
    layer(&hand, OCT_CONVOLUTION, 0, 8); /* 1: half */
    layer(&hand, OCT_CONVOLUTION, 1, 4); /* 2: pooled into a head's tensor */
    layer(&hand, OCT_MAX_POOL, 2, 4);    /* 3: a head's tensor */
    layer(&hand, OCT_CONVOLUTION, 3, 8); /* 4: reads it */
    layer(&hand, OCT_CONVOLUTION, 4, 4); /* 5: a head's tensor */
    hand.layers[3].activation = OCT_ACTIVATION_SILU;
    oct_levels_add(&hand.network.head, 3, 5, 1);
    struct test_context test;
    test_context_init(&test);
    struct oct_arena arena;
    struct oct_network half;
    oct_arena_init(&arena, &test.context);
    assert_int_equal(oct_network_verify(&test.context, &hand.network, "plan"), OCTET_OK);
    assert_int_equal(oct_lower_bf16(&test.context, &arena, &hand.network, &half), OCTET_OK);
    if (oct_network_verify(&test.context, &half, "plan") != OCTET_OK)
        fail_msg("%s", test.context.message);
    static const enum oct_type types[] = {OCT_TYPE_BF16, OCT_TYPE_BF16, OCT_TYPE_F32,
                                          OCT_TYPE_F32,  OCT_TYPE_BF16, OCT_TYPE_F32};
    for (int i = 0; i < half.tensor_count; i++)
        assert_int_equal(half.tensors[i].type, types[i]);
    assert_true(half.layers[0].bf16 && half.layers[1].bf16 && half.layers[3].values);
    oct_arena_clear(&arena);
    assert_int_equal(test.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rounding), cmocka_unit_test(read_heads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
