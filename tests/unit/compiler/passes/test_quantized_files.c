/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in quantised files beside the plain case: QuantizeLinear and DequantizeLinear that
 * differ, constants on the way through other operators, heads that are quantised as a whole. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/session.h>

#include "compiler/imported_model.h"
#include "quantized_model.h"
#include "runtime/engine/engine_contents.h"

enum { UINT8 = 2, INT8 = 3, UINT16 = 4, INT32 = 6, TAPS = 8 * 9, CHANNELS = 8 };

static const struct test_quantizing float_weights = {
    .is_signed = 1, .float_bias = 1, .float_weights = 1};

/* A constant of codes; one number where `rank` is 0. */
static void add_codes(struct test_quantized *f, const char *name, int type, int rank,
                      const int64_t *dims, const int64_t *codes)
{
    OctOnnx__TensorProto *tensor = test_onnx_ints(&f->onnx, name, rank, dims, codes);
    tensor->int32_data = test_onnx_memory(&f->onnx, tensor->n_int64_data * sizeof(int32_t));
    for (size_t i = 0; i < tensor->n_int64_data; i++)
        tensor->int32_data[i] = (int32_t)codes[i];
    tensor->n_int32_data = tensor->n_int64_data;
    tensor->n_int64_data = 0;
    tensor->data_type = type;
}

static void set_input(struct test_quantized *f, OctOnnx__NodeProto *node, int index,
                      const char *name)
{
    node->input[index] = (char *)(uintptr_t)test_onnx_text(&f->onnx, "%s", name);
}

/* The node of that type that makes `output`. */
static OctOnnx__NodeProto *maker(struct test_quantized *f, const char *output)
{
    for (size_t n = 0; n < f->onnx.model.graph->n_node; n++)
        if (strcmp(f->onnx.model.graph->node[n]->output[0], output) == 0)
            return f->onnx.model.graph->node[n];
    fail_msg("nothing makes %s", output);
    return NULL;
}

static void begin_with(struct test_quantized *f, const struct test_quantizing *how)
{
    test_quantized_begin(f);
    test_onnx_quantize(&f->test.context, &f->onnx, how);
}

/* The second convolution's weights as they were before quantising, and the scales of its codes. */
struct second {
    float weights[CHANNELS * TAPS], scales[CHANNELS];
};

static struct second second_of(struct test_quantized *f)
{
    struct second s;
    memcpy(s.weights, test_quantized_initializer(f, "stem1.weight.float")->float_data,
           sizeof s.weights);
    memcpy(s.scales, test_quantized_initializer(f, "stem1.weight.scale")->float_data,
           sizeof s.scales);
    return s;
}

/* The model's weights are (code - zero) * scales, codes by the scales of QuantizeLinear. */
static void expect_weights(struct test_quantized *f, const struct second *s, const float *scales,
                           int zero)
{
    if (test_quantized_load(f) != OCTET_OK)
        fail_msg("%s", f->test.context.message);
    const float *values = f->model->network.layers[1].values;
    for (int i = 0; i < CHANNELS * TAPS; i++) {
        const float code = rintf(s->weights[i] / s->scales[i / TAPS]);
        assert_true(fabsf(values[i] - (code - (float)zero) * scales[i / TAPS]) < 1e-7f);
    }
    octet_engine *engine = test_quantized_build(f);
    bool found = false;
    for (int i = 0; i < engine->network.layer_count; i++) {
        const struct oct_layer *layer = &engine->network.layers[i];
        const struct oct_tensor *in = &engine->network.tensors[layer->input];
        if (strcmp(engine->network.tensors[layer->output].name, "stem1") != 0 || !layer->codes)
            continue;
        found = true;
        for (int n = 0; n < CHANNELS; n++)
            assert_true(fabsf(layer->scale[n] - in->quantization.scale * scales[n]) <=
                        1e-6f * layer->scale[n]);
    }
    assert_int_equal(found, zero == 0); /* else beyond -127 to 127: float */
    octet_engine_free(&engine);
    test_quantized_end(f);
}

/* Codes by the one, values by the other. */
static void test_weights_differ(void **state)
{
    (void)state;
    static const int64_t channels[] = {CHANNELS};
    struct test_quantized f;
    float twice[CHANNELS], same[CHANNELS];
    int64_t zeros[CHANNELS];

    begin_with(&f, &float_weights);
    struct second s = second_of(&f);
    for (int n = 0; n < CHANNELS; n++) {
        twice[n] = s.scales[n] * 2.0f;
        zeros[n] = 3;
        same[n] = 0.01f;
    }
    test_onnx_floats(&f.onnx, "other", 1, channels, twice, 0);
    set_input(&f, maker(&f, "stem1.weight"), 1, "other");
    expect_weights(&f, &s, twice, 0);

    begin_with(&f, &float_weights);
    test_onnx_floats(&f.onnx, "other", 0, NULL, same, 0); /* one for all */
    add_codes(&f, "other_zero", INT8, 0, NULL, zeros);
    set_input(&f, maker(&f, "stem1.weight"), 1, "other");
    set_input(&f, maker(&f, "stem1.weight"), 2, "other_zero");
    expect_weights(&f, &s, same, 3);

    begin_with(&f, &float_weights);
    add_codes(&f, "other_zero", INT8, 1, channels, zeros);
    set_input(&f, maker(&f, "stem1.weight"), 2, "other_zero");
    expect_weights(&f, &s, s.scales, 3);

    begin_with(&f, &float_weights);
    add_codes(&f, "other_zero", UINT8, 1, channels, zeros);
    set_input(&f, maker(&f, "stem1.weight"), 2, "other_zero");
    test_quantized_refuse(&f, OCTET_BAD_FORMAT, "its zero point is not of its input's type");

    begin_with(&f, &float_weights);
    test_onnx_int(&f.onnx, maker(&f, "stem1.weight.codes"), "output_dtype", UINT8);
    test_quantized_refuse(&f, OCTET_BAD_FORMAT, "its zero point is not of its output's type");
}

/* Weights and zero points pass through operators that only move or convert them. */
static void test_constants_move(void **state)
{
    (void)state;
    struct test_quantized f;
    begin_with(&f, &float_weights);
    const struct second s = second_of(&f);
    const int64_t zeros[CHANNELS] = {0}, channels[] = {CHANNELS};
    add_codes(&f, "wide_zero", INT32, 1, channels, zeros);
    test_onnx_int(&f.onnx, test_onnx_node(&f.onnx, "Cast", "", "wide_zero", "cast_zero"), "to",
                  INT8);
    test_onnx_node(&f.onnx, "Identity", "", "stem1.weight.scale", "same_scale");
    test_onnx_list(&f.onnx, "flat_shape", 2, CHANNELS, -1);
    test_onnx_list(&f.onnx, "whole_shape", 4, CHANNELS, CHANNELS, 3, 3);
    test_onnx_node(&f.onnx, "Reshape", "", "stem1.weight.codes,flat_shape", "flat");
    test_onnx_node(&f.onnx, "Reshape", "", "flat,whole_shape", "whole");
    set_input(&f, maker(&f, "stem1.weight.codes"), 2, "cast_zero");
    set_input(&f, maker(&f, "stem1.weight"), 0, "whole");
    set_input(&f, maker(&f, "stem1.weight"), 1, "same_scale");
    set_input(&f, maker(&f, "stem1.weight"), 2, "cast_zero");
    expect_weights(&f, &s, s.scales, 0);
}

/* ONNX Runtime's own domain means the same. */
static void test_other_domain(void **state)
{
    (void)state;
    struct test_quantized f;
    begin_with(&f, &float_weights);
    const struct second s = second_of(&f);
    for (size_t n = 0; n < f.onnx.model.graph->n_node; n++)
        if (strstr(f.onnx.model.graph->node[n]->op_type, "quantizeLinear") ||
            strstr(f.onnx.model.graph->node[n]->op_type, "QuantizeLinear"))
            f.onnx.model.graph->node[n]->domain =
                (char *)(uintptr_t)test_onnx_text(&f.onnx, "com.microsoft");
    expect_weights(&f, &s, s.scales, 0);
}

/* Of activations no engine has both: what differs is refused, whatever the number of bits. */
static void test_activations_differ(void **state)
{
    (void)state;
    const struct test_quantizing how = {.float_bias = 1};
    static const int64_t channels[] = {8};
    static const float scales[] = {1, 1, 1, 1, 1, 1, 1, 1};
    const int64_t zero = 5, zeros[8] = {0};
    struct test_quantized f;

    begin_with(&f, &how);
    test_onnx_floats(&f.onnx, "other", 0, NULL, (float[]){0.5f}, 0);
    set_input(&f, maker(&f, "stem1.dq"), 1, "other");
    test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL, "is not what its input was quantised with");

    begin_with(&f, &how);
    test_quantized_initializer(&f, "stem1.zero")->data_type = UINT16;
    add_codes(&f, "other_zero", UINT16, 0, NULL, &zero);
    set_input(&f, maker(&f, "stem1.dq"), 2, "other_zero");
    test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL, "is not what its input was quantised with");

    for (int axis = 1; axis <= 2; axis++) { /* a scale for each channel, or for each row */
        begin_with(&f, &how);
        test_onnx_floats(&f.onnx, "each", 1, channels, scales, 0);
        add_codes(&f, "each_zero", UINT8, 1, channels, zeros);
        for (int i = 0; i < 2; i++) {
            OctOnnx__NodeProto *node = maker(&f, i ? "stem1.dq" : "stem1.q");
            set_input(&f, node, 1, "each");
            set_input(&f, node, 2, "each_zero");
            test_onnx_int(&f.onnx, node, "axis", i ? axis : 1);
        }
        if (axis == 2) {
            test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL,
                                  "is not what its input was quantised with");
            continue;
        }
        assert_int_equal(test_quantized_load(&f), OCTET_OK);
        assert_non_null(strstr(f.warning, "1 of its roundings"));
        test_quantized_end(&f);
    }
}

static void test_codes_move(void **state)
{
    (void)state;
    static const int64_t channels[] = {8};
    static const float scales[] = {1, 1, 1, 1, 1, 1, 1, 1};
    const int64_t zero = 0, zeros[8] = {0};
    struct test_quantized f;

    /* 16 bits, of two scales, joined */
    test_quantized_begin(&f);
    test_onnx_floats(&f.onnx, "s1", 0, NULL, (float[]){0.5f}, 0);
    test_onnx_floats(&f.onnx, "s2", 0, NULL, (float[]){0.25f}, 0);
    add_codes(&f, "z", UINT16, 0, NULL, &zero);
    test_onnx_node(&f.onnx, "QuantizeLinear", "", "stem0,s1,z", "a");
    test_onnx_node(&f.onnx, "QuantizeLinear", "", "stem0,s2,z", "b");
    test_onnx_int(&f.onnx, test_onnx_node(&f.onnx, "Concat", "", "a,b", "joined"), "axis", 1);
    test_onnx_node(&f.onnx, "DequantizeLinear", "", "joined,s1,z", "lost");
    test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL, "it joins integers of different scales");

    /* channels that change places, with their scales */
    test_quantized_begin(&f);
    test_onnx_floats(&f.onnx, "each", 1, channels, scales, 0);
    add_codes(&f, "each_zero", UINT8, 1, channels, zeros);
    test_onnx_node(&f.onnx, "QuantizeLinear", "", "stem0,each,each_zero", "a");
    test_onnx_int_list(&f.onnx, test_onnx_node(&f.onnx, "Transpose", "", "a", "turned"), "perm", 4,
                       0, 2, 1, 3);
    test_onnx_node(&f.onnx, "DequantizeLinear", "", "turned,each,each_zero", "lost");
    test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL,
                          "it moves integers that have a scale for each channel");

    /* a zero point that is not the one that was found at run time */
    test_quantized_begin(&f);
    test_onnx_node(&f.onnx, "DynamicQuantizeLinear", "", "stem0,", "x,xs,xz");
    f.onnx.model.graph->node[f.onnx.model.graph->n_node - 1]->n_input = 1;
    add_codes(&f, "w", INT8, 1, channels, zeros);
    add_codes(&f, "other_zero", UINT8, 0, NULL, &zero);
    test_onnx_node(&f.onnx, "ConvInteger", "", "x,w,other_zero", "lost");
    test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL, "with that node's zero point");
}

/* ---- names ---- */

struct watch {
    const char *name;
    const float *wanted;
    int seen;
};

static int look_at(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct watch *watch = user;
    (void)index, (void)layer;
    if (strcmp(view->name, watch->name) != 0 || watch->seen++ > 0)
        return 0;
    assert_int_equal(view->type, OCTET_ELEMENT_U8);
    const uint8_t *codes = view->data;
    for (int c = 0; c < view->channels; c++)
        for (int y = 0; y < view->height; y++)
            for (int x = 0; x < view->width; x++) {
                const size_t at =
                    (size_t)y * view->row_elements + (size_t)x * view->pixel_elements + (size_t)c;
                const float value = view->scale * (float)(codes[at] - view->zero_point);
                assert_true(fabsf(value - *watch->wanted++) < 1e-5f);
            }
    return 0;
}

/* Before SiLU, after it, and after the addition: each under its own name. */
static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        size_t count;
    } cases[] = {
        {"stem1_conv", "stem1_conv.dq", 8 * 16 * 16},
        {"stem1", "stem1.dq", 8 * 16 * 16},
        {"m2_conv", "m2_conv.dq", 8 * 8 * 8},
        {"sum", "sum.dq", 8 * 8 * 8},
        {"box3", "box3.dq", 16 * 8 * 8},
    };
    const struct test_quantizing how = {.all = 1};
    struct test_quantized f;
    begin_with(&f, &how);
    assert_int_equal(test_quantized_load(&f), OCTET_OK);
    octet_engine *engine = test_quantized_build(&f);
    float *planes = test_quantized_picture();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_session *session;
        float *wanted = test_quantized_expected(&f, &how, cases[i].value, cases[i].count);
        struct watch watch = {cases[i].name, wanted, 0};
        assert_int_equal(octet_session_open(&f.test.context, engine, NULL, &session), OCTET_OK);
        octet_session_observe(session, look_at, &watch);
        assert_int_equal(octet_session_set_tensor(session, 0, planes), OCTET_OK);
        assert_int_equal(octet_session_run(session), OCTET_OK);
        assert_true(watch.seen > 0);
        octet_session_close(&session);
        free(wanted);
    }
    free(planes);
    octet_engine_free(&engine);
    test_quantized_end(&f);
}

/* ---- heads that are quantised as a whole ---- */

/* NAME becomes what 8 bits make of it; `moved` is added to one number of it. */
static void quantize_numbers(struct test_quantized *f, const char *name, float moved)
{
    OctOnnx__TensorProto *numbers = test_quantized_initializer(f, name);
    float highest = 0.0f;
    int64_t zero = 0, *codes = test_onnx_memory(&f->onnx, numbers->n_float_data * sizeof *codes);
    for (size_t i = 0; i < numbers->n_float_data; i++)
        highest = fmaxf(highest, numbers->float_data[i]);
    const float scale = highest / 11.0f; /* coarse, that of 2,000 pixels */
    numbers->float_data[5] += moved;
    for (size_t i = 0; i < numbers->n_float_data; i++)
        codes[i] = (int64_t)rintf(numbers->float_data[i] / scale);
    const char *plain = test_onnx_text(&f->onnx, "%s", name);
    numbers->name = (char *)(uintptr_t)test_onnx_text(&f->onnx, "%s.before", name);
    test_onnx_floats(&f->onnx, test_onnx_text(&f->onnx, "%s.scale", name), 0, NULL, &scale, 0);
    add_codes(f, test_onnx_text(&f->onnx, "%s.zero", name), UINT8, 0, NULL, &zero);
    add_codes(f, test_onnx_text(&f->onnx, "%s.codes", name), UINT8, (int)numbers->n_dims,
              numbers->dims, codes);
    test_onnx_node(&f->onnx, "DequantizeLinear", "",
                   test_onnx_text(&f->onnx, "%s.codes,%s.scale,%s.zero", name, name, name), plain);
}

/* Q and DQ behind a value of the head. */
static void round_value(struct test_quantized *f, const char *value, const char *reader, int input)
{
    const int64_t zero = 0;
    test_onnx_floats(&f->onnx, test_onnx_text(&f->onnx, "%s.s", value), 0, NULL, (float[]){2.5f},
                     0);
    add_codes(f, test_onnx_text(&f->onnx, "%s.z", value), UINT8, 0, NULL, &zero);
    test_onnx_node(&f->onnx, "QuantizeLinear", "",
                   test_onnx_text(&f->onnx, "%s,%s.s,%s.z", value, value, value),
                   test_onnx_text(&f->onnx, "%s.codes", value));
    test_onnx_node(&f->onnx, "DequantizeLinear", "",
                   test_onnx_text(&f->onnx, "%s.codes,%s.s,%s.z", value, value, value),
                   test_onnx_text(&f->onnx, "%s.rounded", value));
    set_input(f, maker(f, reader), input, test_onnx_text(&f->onnx, "%s.rounded", value));
}

static float *predictions(struct test_quantized *f)
{
    octet_session *session;
    octet_engine *engine = test_quantized_build(f);
    float *planes = test_quantized_picture();
    assert_int_equal(octet_session_open(&f->test.context, engine, NULL, &session), OCTET_OK);
    float *output = calloc(7 * (size_t)octet_session_anchor_count(session), sizeof *output);
    assert_non_null(output);
    assert_int_equal(octet_session_set_tensor(session, 0, planes), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_output(session, 0, output), OCTET_OK);
    octet_session_close(&session);
    octet_engine_free(&engine);
    free(planes);
    return output;
}

/* Anchors, strides, boxes and scores in 8 bits: octet decodes as if they were not, and says so. */
static void test_whole_head(void **state)
{
    (void)state;
    const struct test_quantizing how = {.float_bias = 1};
    struct test_quantized f, plain;
    begin_with(&plain, &how);
    assert_int_equal(test_quantized_load(&plain), OCTET_OK);
    float *wanted = predictions(&plain);
    begin_with(&f, &how);
    quantize_numbers(&f, "centres", 0.0f);
    quantize_numbers(&f, "strides", 0.0f);
    round_value(&f, "cells", "pixels", 0);
    round_value(&f, "scores", "output0", 1);
    if (test_quantized_load(&f) != OCTET_OK)
        fail_msg("%s", f.test.context.message);
    assert_int_equal(f.warnings, 1);
    assert_non_null(strstr(f.warning, "anchors and strides among them"));
    float *is = predictions(&f);
    assert_memory_equal(is, wanted, 7 * 84 * sizeof *is);
    free(is);
    free(wanted);
    octet_model_free(&f.model);
    test_quantized_starve(&f);
    test_quantized_end(&f);
    test_quantized_end(&plain);

    /* without them the notice does not speak of them */
    begin_with(&f, &how);
    round_value(&f, "scores", "output0", 1);
    assert_int_equal(test_quantized_load(&f), OCTET_OK);
    assert_non_null(strstr(f.warning, "behind its last convolutions: octet"));
    test_quantized_end(&f);

    /* other anchors are still other anchors */
    begin_with(&f, &how);
    quantize_numbers(&f, "centres", 1.0f);
    test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL, "the head decodes differently");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_differ), cmocka_unit_test(test_constants_move),
        cmocka_unit_test(test_other_domain),   cmocka_unit_test(test_activations_differ),
        cmocka_unit_test(test_codes_move),     cmocka_unit_test(test_names),
        cmocka_unit_test(test_whole_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
