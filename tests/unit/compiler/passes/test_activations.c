/* SPDX-License-Identifier: Apache-2.0 */
/* Activations, however a file spells them, groups, and sums that no convolution takes in: the small
 * detector changed at `m1`, against the file's graph before any pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import_case.h"
#include "network_run.h"
#include "random.h"

enum { CLASSES = 3, SIZE = 64 };

static const struct oct_layer *layer_of(const struct test_import *f, const char *output)
{
    const struct oct_network *network = &f->imported->network;
    for (int l = 0; l < network->layer_count; l++)
        if (strcmp(network->tensors[network->layers[l].output].name, output) == 0)
            return &network->layers[l];
    fail_msg("no layer writes '%s'", output);
    return NULL;
}

/* ---- activations ---- */

/* A number, or a node of the formula. "m1/Mul", which gives the activation's result, becomes the
 * last node. */
struct step {
    const char *op, *inputs, *output, *attribute;
    float value;
};

struct spelling {
    const char *name;
    enum oct_activation activation;
    float slope;
    struct step steps[8];
};

static const struct spelling spellings[] = {
    {"ReLU", OCT_ACTIVATION_RELU, 0, {{"Relu", "m1_conv", "m1", NULL, 0}}},
    {"ReLU by Clip",
     OCT_ACTIVATION_RELU,
     0,
     {{NULL, NULL, "zero_", NULL, 0}, {"Clip", "m1_conv,zero_", "m1", NULL, 0}}},
    {"ReLU by Max",
     OCT_ACTIVATION_RELU,
     0,
     {{NULL, NULL, "zero_", NULL, 0}, {"Max", "m1_conv,zero_", "m1", NULL, 0}}},
    {"LeakyReLU", OCT_ACTIVATION_LEAKY_RELU, 0.1f, {{"LeakyRelu", "m1_conv", "m1", "alpha", 0.1f}}},
    {"LeakyReLU, slope left out",
     OCT_ACTIVATION_LEAKY_RELU,
     0.01f,
     {{"LeakyRelu", "m1_conv", "m1", NULL, 0}}},
    {"LeakyReLU by Max",
     OCT_ACTIVATION_LEAKY_RELU,
     0.25f,
     {{NULL, NULL, "slope_", NULL, 0.25f},
      {"Mul", "m1_conv,slope_", "below_", NULL, 0},
      {"Max", "m1_conv,below_", "m1", NULL, 0}}},
    {"HardSwish", OCT_ACTIVATION_HARDSWISH, 0, {{"HardSwish", "m1_conv", "m1", NULL, 0}}},
    {"HardSwish by HardSigmoid",
     OCT_ACTIVATION_HARDSWISH,
     0,
     {{"HardSigmoid", "m1_conv", "gate_", "alpha", 1.0f / 6.0f},
      {"Mul", "m1_conv,gate_", "m1", NULL, 0}}},
    {"HardSwish by Clip, product first",
     OCT_ACTIVATION_HARDSWISH,
     0,
     {{NULL, NULL, "zero_", NULL, 0},
      {NULL, NULL, "three_", NULL, 3},
      {NULL, NULL, "six_", NULL, 6},
      {"Add", "m1_conv,three_", "shifted_", NULL, 0},
      {"Clip", "shifted_,zero_,six_", "held_", NULL, 0},
      {"Mul", "m1_conv,held_", "product_", NULL, 0},
      {"Div", "product_,six_", "m1", NULL, 0}}},
    {"HardSwish by Clip, quotient first",
     OCT_ACTIVATION_HARDSWISH,
     0,
     {{NULL, NULL, "zero_", NULL, 0},
      {NULL, NULL, "three_", NULL, 3},
      {NULL, NULL, "six_", NULL, 6},
      {"Add", "three_,m1_conv", "shifted_", NULL, 0},
      {"Clip", "shifted_,zero_,six_", "held_", NULL, 0},
      {"Div", "held_,six_", "gate_", NULL, 0},
      {"Mul", "gate_,m1_conv", "m1", NULL, 0}}},
    {"GELU", OCT_ACTIVATION_GELU, 0, {{"Gelu", "m1_conv", "m1", NULL, 0}}},
    {"GELU by Erf",
     OCT_ACTIVATION_GELU,
     0,
     {{NULL, NULL, "root_", NULL, 1.41421356f},
      {NULL, NULL, "one_", NULL, 1},
      {NULL, NULL, "half_", NULL, 0.5f},
      {"Div", "m1_conv,root_", "scaled_", NULL, 0},
      {"Erf", "scaled_", "erf_", NULL, 0},
      {"Add", "erf_,one_", "sum_", NULL, 0},
      {"Mul", "m1_conv,sum_", "product_", NULL, 0},
      {"Mul", "product_,half_", "m1", NULL, 0}}},
    {"SiLU by Swish", OCT_ACTIVATION_SILU, 0, {{"Swish", "m1_conv", "m1", NULL, 0}}},
};

enum { STEPS = 8 };

static void spell(struct test_import *f, const struct step *steps)
{
    test_import_begin(f, &(struct test_onnx_variant){0});
    OctOnnx__NodeProto *old = test_onnx_find(&f->onnx, "m1/Mul");
    old->op_type = (char *)(uintptr_t) "Identity"; /* of what nobody reads */
    old->n_input = 1;
    old->output[0] = (char *)(uintptr_t) "unused_";
    test_onnx_find(&f->onnx, "m1_gate/Sigmoid")->input[0] = (char *)(uintptr_t) "m2_conv";
    old->input[0] = (char *)(uintptr_t) "m1_gate";
    for (int i = 0; i < STEPS && steps[i].output; i++) {
        if (!steps[i].op) {
            test_onnx_floats(&f->onnx, steps[i].output, 0, NULL, &steps[i].value, 0);
            continue;
        }
        OctOnnx__NodeProto *node = test_onnx_node(&f->onnx, steps[i].op, steps[i].output,
                                                  steps[i].inputs, steps[i].output);
        if (steps[i].attribute)
            test_onnx_float(&f->onnx, node, steps[i].attribute, steps[i].value);
    }
}

static void test_spellings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        const struct spelling *s = &spellings[i];
        struct test_import f;
        spell(&f, s->steps);
        if (test_import_run(&f) != OCTET_OK)
            fail_msg("%s: %s", s->name, f.test.context.message);
        const struct oct_layer *m1 = layer_of(&f, "m1");
        if (m1->activation != s->activation || m1->kernel != 3)
            fail_msg("%s: read as activation %d", s->name, (int)m1->activation);
        assert_true(m1->slope == s->slope);
        assert_int_equal(f.imported->network.layer_count, 22);
        test_import_numbers(&f, 1e-5);
        test_import_end(&f);
    }
}

/* What is no activation that octet has, by little. */
static void test_no_activations(void **state)
{
    static const struct step cases[][STEPS] = {
        {{"LeakyRelu", "m1_conv", "m1", "alpha", -0.1f}},
        {{"LeakyRelu", "m1_conv", "m1", "alpha", 1.5f}},
        {{NULL, NULL, "zero_", NULL, 0},
         {NULL, NULL, "six_", NULL, 6},
         {"Clip", "m1_conv,zero_,six_", "m1", NULL, 0}},
        {{"HardSigmoid", "m1_conv", "gate_", "alpha", 0.2f},
         {"Mul", "m1_conv,gate_", "m1", NULL, 0}},
        {{"Tanh", "m1_conv", "m1", NULL, 0}},
        {{NULL, NULL, "root_", NULL, 1.4f},
         {NULL, NULL, "one_", NULL, 1},
         {NULL, NULL, "half_", NULL, 0.5f},
         {"Div", "m1_conv,root_", "scaled_", NULL, 0},
         {"Erf", "scaled_", "erf_", NULL, 0},
         {"Add", "erf_,one_", "sum_", NULL, 0},
         {"Mul", "m1_conv,sum_", "product_", NULL, 0},
         {"Mul", "product_,half_", "m1", NULL, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_import f;
        spell(&f, cases[i]);
        test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "small.onnx: operator", NULL);
    }
}

/* ---- what no convolution takes in ---- */

/* A ReLU behind a residual sum: the sum is the convolution's, the ReLU a layer of its own. */
static void test_activation_alone(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_find(&f.onnx, "sum/Add")->output[0] = (char *)(uintptr_t) "sum_";
    test_onnx_node(&f.onnx, "Relu", "relu", "sum_", "sum");
    test_import_expect(&f);
    const struct oct_layer *relu = layer_of(&f, "sum");
    assert_int_equal(relu->activation, OCT_ACTIVATION_RELU);
    assert_int_equal(relu->groups, 8);
    assert_int_equal(relu->kernel, 1);
    assert_true(layer_of(&f, "sum_")->residual >= 0);
    test_import_numbers(&f, 1e-5);
    test_import_end(&f);
}

/* The sum of two slices. */
static void test_sum_alone(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    OctOnnx__NodeProto *add = test_onnx_find(&f.onnx, "sum/Add");
    add->input[0] = (char *)(uintptr_t) "half0";
    add->input[1] = (char *)(uintptr_t) "half1";
    test_import_expect(&f);
    const struct oct_layer *sum = layer_of(&f, "sum");
    assert_int_equal(sum->groups, 8);
    assert_true(sum->residual >= 0 && sum->activation == OCT_ACTIVATION_NONE);
    assert_int_equal(f.imported->network.layer_count, 21);
    test_import_numbers(&f, 1e-5);
    test_import_end(&f);
}

/* ---- groups ---- */

static void test_groups(void **state)
{
    (void)state;
    for (int groups = 2; groups <= 8; groups *= 2) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){0});
        test_onnx_int(&f.onnx, test_onnx_find(&f.onnx, "m1_conv/Conv"), "group", groups);
        for (size_t i = 0; i < f.onnx.model.graph->n_initializer; i++) {
            OctOnnx__TensorProto *tensor = f.onnx.model.graph->initializer[i];
            if (strcmp(tensor->name, "m1.weight") == 0) {
                tensor->dims[1] = 8 / groups;
                tensor->n_float_data = (size_t)(8 * 9 * 8 / groups);
            }
        }
        test_import_expect(&f);
        assert_int_equal(layer_of(&f, "m1")->groups, groups == 8 ? 8 : 1);
        test_import_numbers(&f, 1e-5);
        test_import_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),        cmocka_unit_test(test_no_activations),
        cmocka_unit_test(test_activation_alone), cmocka_unit_test(test_sum_alone),
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
