/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors times a constant for each channel, as layer scale has them, or for all. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "import_case.h"

enum { CHANNELS = 8, NAME_BYTES = 32 };

static const float scales[CHANNELS] = {0.01f, -0.5f, 2.0f, 0.0f, 1.0f, 1e-6f, -3.0f, 0.25f};

/* What m2 gives is scaled before half1 is added. */
static void begin(struct test_import *f, const char *inputs, int rank, const int64_t *dims)
{
    static const struct test_onnx_variant plain = {.opset = 0};
    test_import_begin(f, &plain);
    test_onnx_floats(&f->onnx, "gamma", rank, dims, scales, 0);
    test_onnx_node(&f->onnx, "Mul", "scale", inputs, "scaled");
    test_onnx_find(&f->onnx, "sum/Add")->input[1] = (char *)"scaled";
}

static void layer_scale(void **state)
{
    (void)state;
    static const int64_t dims[] = {1, CHANNELS, 1, 1};
    static const char *const inputs[] = {"m2,gamma", "gamma,m2"};
    for (int i = 0; i < 4; i++) {
        struct test_import f;
        const int short_rank = i / 2;
        begin(&f, inputs[i % 2], 4 - short_rank, dims + short_rank);
        test_import_expect(&f);
        const struct oct_layer *layer = test_import_layer(&f, "sum");
        assert_int_equal(layer->operation, OCT_CONVOLUTION);
        assert_int_equal(layer->groups, CHANNELS);
        assert_int_equal(layer->kernel, 1);
        assert_true(layer->residual >= 0);
        assert_memory_equal(layer->values, scales, sizeof scales);
        assert_string_equal(f.log, "");
        test_import_numbers(&f, 1e-5);
        test_import_end(&f);
    }
}

/* YOLO-NAS's blocks: one constant for all that a residual has. */
static void one_constant(void **state)
{
    (void)state;
    static const float factors[] = {0.9f, -2.0f, 0.0f};
    for (int i = 0; i < 6; i++) {
        static const struct test_onnx_variant plain = {.opset = 0};
        struct test_import f;
        test_import_begin(&f, &plain);
        test_onnx_floats(&f.onnx, "alpha", i % 2, (int64_t[]){1}, &factors[i / 2], 0);
        test_onnx_node(&f.onnx, "Mul", "scale", i % 2 ? "half1,alpha" : "alpha,half1", "scaled");
        test_onnx_find(&f.onnx, "sum/Add")->input[0] = (char *)"scaled";
        test_import_expect(&f);
        const struct oct_layer *layer = test_import_layer(&f, "scaled");
        assert_int_equal(layer->operation, OCT_CONVOLUTION);
        assert_int_equal(layer->groups, CHANNELS);
        assert_int_equal(layer->kernel, 1);
        assert_int_equal(layer->residual, -1);
        for (int c = 0; c < CHANNELS; c++)
            assert_true(layer->values[c] == factors[i / 2]);
        assert_int_equal(test_import_layer(&f, "sum")->residual, layer->output);
        assert_string_equal(f.log, "");
        test_import_numbers(&f, 1e-5);
        test_import_end(&f);
    }
}

/* A number for each column is no scale of channels; one that is none, or a tensor, no scale at
 * all. */
static void others(void **state)
{
    (void)state;
    struct test_import f;
    begin(&f, "m2,gamma", 4, (int64_t[]){1, 1, 1, CHANNELS});
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "node 'scale'", NULL);
    begin(&f, "m2,gamma", 4, (int64_t[]){1, CHANNELS, 1, 1});
    test_onnx_floats(&f.onnx, "none", 3, (int64_t[]){CHANNELS, 1, 1},
                     (float[CHANNELS]){1, 2, NAN, 4, 5, 6, 7, 8}, 0);
    test_onnx_find(&f.onnx, "scale")->input[1] = (char *)"none";
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "node 'scale'", NULL);
    begin(&f, "m2,m2", 4, (int64_t[]){1, CHANNELS, 1, 1});
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "node 'scale'", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layer_scale),
        cmocka_unit_test(one_constant),
        cmocka_unit_test(others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
