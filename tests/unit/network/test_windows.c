/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of any stride and padding, means and depth to space: verified, sized, told, hashed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "network/operations.h"
#include "small_detector.h"

static struct test_context test;

static struct oct_layer *layer(const octet_engine *engine, enum oct_operation operation, int skip)
{
    for (int i = 0; i < engine->network.layer_count; i++)
        if (engine->network.layers[i].operation == operation && skip-- == 0)
            return &engine->network.layers[i];
    fail_msg("no such layer");
    return NULL;
}

static octet_engine *pooled(octet_precision precision)
{
    return test_engine(&test.context, TEST_DETECTOR_POOLED, precision);
}

static void expect_refusal(octet_engine *engine, const char *why)
{
    test.context.message[0] = '\0';
    if (oct_network_verify(&test.context, &engine->network, "n") != OCTET_BAD_FORMAT ||
        !strstr(test.context.message, why))
        fail_msg("not refused for that it %s: %s", why, test.context.message);
    octet_engine_free(&engine);
}

static void set_window(struct oct_layer *layer, const int window[4])
{
    layer->kernel = window[0];
    layer->stride = window[1];
    layer->padding = window[2];
    layer->uneven = window[3];
}

static void bad_windows(void **state)
{
    (void)state;
    /* kernel, stride, padding, uneven */
    static const int windows[][4] = {
        {0, 1, 0, 0},         {-1, 1, 0, 0},        {OCT_KERNEL_MAX + 1, 1, 0, 0},
        {2, 0, 0, 0},         {2, -1, 0, 0},        {2, OCT_STRIDE_MAX + 1, 0, 0},
        {2, 1, -1, 1},        {2, 1, 2, -1},        {2, 1, 0, 2},
        {2, 1, 0, -1},        {2, 1, 1, -2},        {2, 1, 1, 1},
        {2, 1, 0, INT32_MAX}, {2, 1, 1, INT32_MAX}, {2, 1, 0, INT32_MIN},
    };
    static const enum oct_operation operations[] = {OCT_WINDOW_MAX, OCT_WINDOW_MEAN,
                                                    OCT_CONVOLUTION};
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        for (size_t o = 0; o < 3; o++) {
            octet_engine *engine = pooled(OCTET_PRECISION_INT8);
            set_window(layer(engine, operations[o], 0), windows[i]);
            expect_refusal(engine, "bad kernel, stride or padding");
        }
}

static void other_rules(void **state)
{
    (void)state;
    octet_engine *engine = pooled(OCTET_PRECISION_INT8);
    layer(engine, OCT_WINDOW_MEAN, 0)->zeros = 1;
    expect_refusal(engine, "bad kernel, stride or padding");
    engine = pooled(OCTET_PRECISION_INT8);
    layer(engine, OCT_WINDOW_MEAN, 0)->residual = 0;
    expect_refusal(engine, "changes channels or type");
    engine = pooled(OCTET_PRECISION_INT8);
    layer(engine, OCT_WINDOW_MEAN, 0)->activation = OCT_ACTIVATION_SILU;
    expect_refusal(engine, "changes channels or type");
    engine = pooled(OCTET_PRECISION_INT8);
    engine->network.tensors[layer(engine, OCT_WINDOW_MEAN, 0)->output].type = OCT_TYPE_F32;
    expect_refusal(engine, "differs in type"); /* of a slice */
    engine = pooled(OCTET_PRECISION_INT8);
    engine->network.tensors[layer(engine, OCT_WINDOW_MEAN, 1)->output].type = OCT_TYPE_F32;
    expect_refusal(engine, "changes channels or type");
    engine = pooled(OCTET_PRECISION_INT8);
    engine->network.tensors[layer(engine, OCT_WINDOW_MAX, 0)->output].quantization.scale *= 2.0f;
    expect_refusal(engine, "changes the scale");
    engine = pooled(OCTET_PRECISION_INT8);
    engine->network.tensors[layer(engine, OCT_DEPTH_TO_SPACE, 0)->output].quantization.scale *=
        2.0f;
    expect_refusal(engine, "changes the scale");
    engine = pooled(OCTET_PRECISION_INT8);
    layer(engine, OCT_DEPTH_TO_SPACE, 0)->input = layer(engine, OCT_WINDOW_MAX, 0)->output;
    expect_refusal(engine, "changes channels or type");
    engine = pooled(OCTET_PRECISION_INT8);
    layer(engine, OCT_DEPTH_TO_SPACE, 0)->input = 0;
    expect_refusal(engine, "four times the channels");
}

/* A mean has a scale of its own, which nothing but its statistics tells. */
static void scale_of_mean(void **state)
{
    (void)state;
    octet_engine *engine = pooled(OCTET_PRECISION_INT8);
    const struct oct_layer *mean = layer(engine, OCT_WINDOW_MEAN, 1);
    const struct oct_tensor *tensors = engine->network.tensors;
    assert_false(oct_same_quantization(tensors[mean->input].quantization,
                                       tensors[mean->output].quantization));
    engine->network.tensors[mean->output].quantization.scale *= 2.0f;
    assert_int_equal(oct_network_verify(&test.context, &engine->network, "n"), OCTET_OK);
    octet_engine_free(&engine);
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        int side, kernel, stride, padding, uneven, output;
    } rows[] = {{8, 2, 2, 0, 0, 4}, {9, 2, 2, 0, 0, 4}, {9, 2, 2, 0, 1, 5}, {8, 2, 1, 0, 0, 7},
                {8, 2, 1, 0, 1, 8}, {7, 3, 2, 1, 0, 4}, {1, 2, 1, 0, 0, 0}, {1, 3, 2, 0, 0, 0},
                {1, 4, 8, 0, 1, 0}, {1, 3, 2, 1, 0, 1}, {8, 3, 2, 1, -1, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int o = 0; o < 3; o++) {
            static const enum oct_operation operations[] = {OCT_WINDOW_MAX, OCT_WINDOW_MEAN,
                                                            OCT_CONVOLUTION};
            const struct oct_layer window = {.operation = operations[o],
                                             .kernel = rows[i].kernel,
                                             .stride = rows[i].stride,
                                             .padding = rows[i].padding,
                                             .uneven = rows[i].uneven};
            const struct oct_network_size size =
                oct_operation_row(window.operation)
                    ->size(&window, (struct oct_network_size){rows[i].side, 16});
            if (size.height != rows[i].output)
                fail_msg("row %zu: %d", i, size.height);
        }
    const struct oct_layer padded = {.operation = OCT_WINDOW_MEAN, .padding = 1, .uneven = -1};
    assert_int_equal(oct_layer_border(&padded), 1);
    const struct oct_layer uneven = {.operation = OCT_CONVOLUTION, .padding = 0, .uneven = 2};
    assert_int_equal(oct_layer_border(&uneven), 2);
    const struct oct_layer ignored = {.operation = OCT_WINDOW_MAX, .padding = 2};
    assert_int_equal(oct_layer_border(&ignored), 0);
}

static void told(void **state)
{
    (void)state;
    octet_engine *engine = pooled(OCTET_PRECISION_INT8);
    int maxima = 0, means = 0, depths = 0, halving = 0;
    for (int i = 0; i < engine->network.layer_count; i++) {
        octet_layer_info info;
        assert_int_equal(octet_engine_layer(engine, i, &info), OCTET_OK);
        maxima += strcmp(info.operation, "MaxPool") == 0;
        means += strcmp(info.operation, "AveragePool") == 0;
        depths += strcmp(info.operation, "DepthToSpace") == 0;
        halving += strcmp(info.operation, "MaxPool") == 0 && info.stride == 2;
        if (strcmp(info.operation, "AveragePool") == 0)
            assert_true(info.output_scale > 0.0 && info.multiply_adds == 0);
    }
    assert_int_equal(maxima, 4);
    assert_int_equal(means, 3);
    assert_int_equal(depths, 1);
    assert_int_equal(halving, 2);
    octet_engine_free(&engine);
}

/* Statistics of networks that are older than windows still belong to them. */
static void hashes(void **state)
{
    (void)state;
    octet_model *old = test_model(&test.context, TEST_DETECTOR_SMALL, 7);
    assert_string_equal(old->hash,
                        "03eb48772ff2ccf3cc9721fdde477e77dd5347c76894a941c1e6852bb7d6d309");
    octet_model_free(&old);
    octet_model *model = test_model(&test.context, TEST_DETECTOR_POOLED, 7);
    for (int i = 0; i < model->network.layer_count; i++) {
        struct oct_layer *l = &model->network.layers[i];
        char hash[65];
        l->uneven += 1;
        oct_network_hash(&model->network, hash);
        assert_string_not_equal(hash, model->hash);
        l->uneven -= 1;
        l->zeros = !l->zeros;
        oct_network_hash(&model->network, hash);
        assert_string_not_equal(hash, model->hash);
        l->zeros = !l->zeros;
    }
    octet_model_free(&model);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(bad_windows), TEST(other_rules), TEST(scale_of_mean),
                                       TEST(sizes),       TEST(told),        TEST(hashes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
