/* SPDX-License-Identifier: Apache-2.0 */
/* Models that are quantised already: read with their own scales, run by them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/build.h>
#include <octet/session.h>

#include "compiler/imported_model.h"
#include "counting_context.h"
#include "network_run.h"
#include "quantized_model.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/engine/engine_contents.h"
#include "small_detector.h"

enum { SIZE = 64, CLASSES = 3, ANCHORS = 64 + 16 + 4, ROWS = 4 + CLASSES };

static void run(struct test_quantized *f, const octet_engine *engine, const char *cpu, int threads,
                float *output)
{
    octet_session_settings settings;
    octet_session *session;
    float *planes = test_quantized_picture();
    octet_session_defaults(&settings);
    settings.cpu = cpu;
    settings.threads = threads;
    assert_int_equal(octet_session_open(&f->test.context, engine, &settings, &session), OCTET_OK);
    assert_int_equal(octet_session_anchor_count(session), ANCHORS);
    assert_int_equal(octet_session_set_tensor(session, 0, planes), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_output(session, 0, output), OCTET_OK);
    octet_session_close(&session);
    free(planes);
}

/* The mean difference, boxes in cells of the first level. */
static double difference_of(const float *a, const float *b, double *most)
{
    double sum = 0.0;
    *most = 0.0;
    for (int i = 0; i < ROWS * ANCHORS; i++) {
        const double difference = fabs((double)a[i] - (double)b[i]) / (i < 4 * ANCHORS ? 8.0 : 1.0);
        sum += difference;
        *most = difference > *most || isnan(difference) ? difference : *most;
    }
    return sum / (ROWS * ANCHORS);
}

/* With tables nothing but the order of float sums differs, so that all comes out alike. Without,
 * the engine's own SiLU (5e-5 off at most, the detector's steps are 3e-3 and more) puts one value
 * in a hundred on the next code, and the detector's random weights magnify that from layer to
 * layer. */
static void compare(struct test_quantized *f, const struct test_quantizing *how, const float *is,
                    const float *wanted)
{
    const bool tables = how->all;
    struct test_quantized plain;
    size_t size, count;
    double most, far;
    test_quantized_begin_for(&plain, how);
    unsigned char *bytes = test_onnx_pack(&plain.onnx, &size);
    float *planes = test_quantized_picture();
    float *floats = test_graph_run(&f->test.context, bytes, size, planes, SIZE, SIZE, &count);
    const double apart = difference_of(is, wanted, &most);
    const double quantising = difference_of(floats, wanted, &far);
    print_message("    apart by %g, at most %g; from float by %g, %g\n", apart, most, quantising,
                  far);
    assert_true(tables ? most < 1e-4 : apart < quantising);
    free(planes);
    free(bytes);
    free(floats);
    test_quantized_end(&plain);
}

struct watch {
    const float *wanted;
    int seen, others;
};

static int look_at(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct watch *watch = user;
    (void)index, (void)layer;
    if (strcmp(view->name, "stem2") != 0)
        return 0;
    watch->seen++;
    assert_int_equal(view->type, OCTET_ELEMENT_U8);
    for (int c = 0; c < view->channels; c++)
        for (int y = 0; y < view->height; y++)
            for (int x = 0; x < view->width; x++) {
                const uint8_t code =
                    ((const uint8_t *)view->data)[(size_t)y * view->row_elements +
                                                  (size_t)x * view->pixel_elements + (size_t)c];
                const float value = view->scale * (float)(code - view->zero_point);
                const float off = fabsf(value - *watch->wanted++);
                watch->others += off > 0.5f * view->scale;
                assert_true(off < 2.5f * view->scale);
            }
    return 0;
}

/* The codes after three convolutions. */
static void compare_codes(struct test_quantized *f, const octet_engine *engine,
                          const struct test_quantizing *how)
{
    octet_session *session;
    float *wanted = test_quantized_expected(f, how, "stem2.dq", 16 * 8 * 8),
          *planes = test_quantized_picture();
    struct watch watch = {wanted, 0, 0};
    assert_int_equal(octet_session_open(&f->test.context, engine, NULL, &session), OCTET_OK);
    octet_session_observe(session, look_at, &watch);
    assert_int_equal(octet_session_set_tensor(session, 0, planes), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(watch.seen, 1);
    print_message("    %d of %d codes differ\n", watch.others, 16 * 8 * 8);
    assert_true(watch.others < 16 * 8 * 8 / 10);
    octet_session_close(&session);
    free(wanted);
    free(planes);
}

static int count_tables(const octet_engine *engine)
{
    int count = 0;
    for (int i = 0; i < engine->network.layer_count; i++)
        count += engine->network.layers[i].operation == OCT_TABLE;
    return count;
}

/* Reads, builds, runs on every kernel set and with threads, and compares. */
static void agree(const struct test_quantizing *how, bool tables)
{
    static const char *const sets[] = {"ref", "avx2", "max"};
    struct test_quantized f;
    float output[ROWS * ANCHORS], again[ROWS * ANCHORS];
    octet_info info;
    test_quantized_begin_for(&f, how);
    test_onnx_quantize(&f.test.context, &f.onnx, how);
    if (test_quantized_load(&f) != OCTET_OK)
        fail_msg("%s", f.test.context.message);
    assert_int_equal(f.warnings, 0);
    octet_model_info(f.model, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_INT8);
    octet_engine *engine = test_quantized_build(&f);
    assert_int_equal(count_tables(engine) > 0, tables);
    run(&f, engine, "ref", 1, output);
    float *wanted = test_quantized_expected(&f, how, "output0", ROWS * ANCHORS);
    compare(&f, how, output, wanted);
    free(wanted);
    if (!how->all)
        compare_codes(&f, engine, how);
    octet_session *session;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        octet_session_settings settings;
        octet_session_defaults(&settings);
        settings.cpu = sets[i];
        const octet_status status =
            octet_session_open(&f.test.context, engine, &settings, &session);
        if (status == OCTET_UNSUPPORTED_CPU && strcmp(sets[i], "avx2") == 0)
            continue; /* not on this machine */
        assert_int_equal(status, OCTET_OK);
        octet_session_close(&session);
        run(&f, engine, sets[i], 3, again);
        assert_memory_equal(again, output, sizeof output);
    }
    octet_engine_free(&engine);
    test_quantized_end(&f);
}

static void test_every_result(void **state)
{
    (void)state;
    agree(&(struct test_quantizing){.all = 1}, true);
    agree(&(struct test_quantizing){.all = 1, .is_signed = 1, .float_bias = 1}, true);
    agree(&(struct test_quantizing){.all = 1, .per_tensor = 1}, true);
    agree(&(struct test_quantizing){.all = 1, .is_signed = 1, .no_zeros = 1}, true);
}

/* Between a convolution and its SiLU nothing is rounded: one pass, as octet's own engines. Signed
 * pictures have half as many values, by a table. */
static void test_convolutions_inputs(void **state)
{
    (void)state;
    agree(&(struct test_quantizing){.float_bias = 1}, false);
    agree(&(struct test_quantizing){.is_signed = 1, .float_bias = 1, .float_weights = 1}, true);
}

/* Means on codes where the file rounds around them, in floats where it does not; Pads and a
 * transposed convolution on codes. */
static void test_pooled(void **state)
{
    (void)state;
    agree(&(struct test_quantizing){.all = 1, .pooled = 1}, true);
    agree(&(struct test_quantizing){.all = 1, .pooled = 1, .is_signed = 1, .per_tensor = 1}, true);
    agree(&(struct test_quantizing){.pooled = 1, .float_bias = 1}, false);
}

static void test_qlinear_conv(void **state)
{
    (void)state;
    const struct test_quantizing how = {.all = 1, .qlinear = 1};
    agree(&how, true);
}

/* Codes and scales are the file's. */
static void test_scales_kept(void **state)
{
    (void)state;
    struct test_quantized f;
    test_quantized_begin(&f);
    const struct test_quantizing how = {.is_signed = 1, .float_bias = 1};
    test_onnx_quantize(&f.test.context, &f.onnx, &how);
    assert_int_equal(test_quantized_load(&f), OCTET_OK);
    octet_engine *engine = test_quantized_build(&f);
    const OctOnnx__GraphProto *graph = f.onnx.model.graph;
    float scale = 0.0f, weight_scale = 0.0f;
    const int32_t *codes = NULL;
    for (size_t i = 0; i < graph->n_initializer; i++) {
        const OctOnnx__TensorProto *t = graph->initializer[i];
        scale = strcmp(t->name, "stem0.scale") == 0 ? t->float_data[0] : scale;
        weight_scale = strcmp(t->name, "stem1.weight.scale") == 0 ? t->float_data[3] : weight_scale;
        codes = strcmp(t->name, "stem1.weight.codes") == 0 ? t->int32_data : codes;
    }
    bool found = false;
    for (int i = 0; i < engine->network.layer_count; i++) {
        const struct oct_layer *layer = &engine->network.layers[i];
        const struct oct_tensor *in = &engine->network.tensors[layer->input];
        if (strcmp(engine->network.tensors[layer->output].name, "stem1") != 0)
            continue;
        found = true;
        assert_true(in->quantization.scale == scale);
        assert_int_equal(in->quantization.zero_point, 128);
        assert_true(layer->scale[3] == scale * weight_scale);
        for (int k = 0; k < 8 * 8 * 9; k++)
            assert_int_equal(layer->codes[k], codes[k]);
    }
    assert_true(found);
    octet_engine_free(&engine);
    test_quantized_end(&f);
}

/* An engine with tables survives its file. */
static void test_engine_file(void **state)
{
    (void)state;
    struct test_quantized f;
    float output[ROWS * ANCHORS], again[ROWS * ANCHORS];
    size_t size;
    octet_engine *loaded;
    test_quantized_begin(&f);
    test_onnx_quantize(&f.test.context, &f.onnx, &(struct test_quantizing){.all = 1});
    assert_int_equal(test_quantized_load(&f), OCTET_OK);
    octet_engine *engine = test_quantized_build(&f);
    engine->network.head.of.yolov8.rounding =
        (struct oct_dfl_rounding){{0.00375f, 0}, {0.0125f, 3}, 0.0236f};
    unsigned char *bytes = test_engine_bytes(&f.test.context, engine, &size);
    assert_int_equal(octet_engine_load_memory(&f.test.context, bytes, size, "q.octet", &loaded),
                     OCTET_OK);
    assert_memory_equal(&loaded->network.head.of.yolov8.rounding,
                        &engine->network.head.of.yolov8.rounding,
                        sizeof loaded->network.head.of.yolov8.rounding);
    run(&f, engine, NULL, 1, output);
    run(&f, loaded, NULL, 2, again);
    assert_memory_equal(again, output, sizeof output);
    unsigned char *at = memmem(bytes, size, ".table", 6);
    assert_non_null(at);
    at[1] = 'T';
    octet_engine_free(&loaded);
    assert_int_equal(octet_engine_load_memory(&f.test.context, bytes, size, "q.octet", &loaded),
                     OCTET_BAD_FORMAT);
    free(bytes);
    octet_engine_free(&engine);
    test_quantized_end(&f);
}

/* The reference of tables, by hand. */
static void test_table(void **state)
{
    (void)state;
    float table[256], values[8];
    uint8_t codes[8] = {0, 1, 2, 3, 100, 200, 254, 255}, out[8];
    uint8_t added[8] = {10, 10, 10, 10, 10, 250, 0, 20};
    for (int i = 0; i < 256; i++)
        table[i] = 0.25f * (float)i - 3.0f;
    struct oct_table_job job = {
        .input = {.data = codes, .row = 8, .pixel = 4, .type = OCT_TYPE_U8},
        .output =
            {.data = out, .row = 8, .pixel = 4, .type = OCT_TYPE_U8, .quantization = {0.5f, 4}},
        .table = table,
        .channels = 4,
        .width = 2,
    };
    struct oct_kernels kernels;
    oct_kernels_fill(&kernels, oct_cpu_sets());
    kernels.table(&job, 0, 1);
    /* -3, -2.75, -2.5, -2.25, 22, 47, 60.5, 60.75: bf16, to even, plus 4 */
    assert_memory_equal(out, ((uint8_t[]){0, 0, 0, 0, 48, 98, 125, 126}), 8);
    job.residual = (struct oct_view){
        .data = added, .row = 8, .pixel = 4, .type = OCT_TYPE_U8, .quantization = {2.0f, 10}};
    kernels.table(&job, 0, 1);
    assert_memory_equal(out, ((uint8_t[]){0, 0, 0, 0, 48, 255, 85, 166}), 8);
    job.output.type = OCT_TYPE_F32;
    job.output.data = values;
    kernels.table(&job, 0, 1);
    assert_memory_equal(values, ((float[]){-3, -2.75f, -2.5f, -2.25f, 22, 527, 40.5f, 80.75f}),
                        sizeof values);
    float more[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    job.residual.data = more;
    job.residual.type = OCT_TYPE_F32;
    kernels.table(&job, 0, 1);
    assert_memory_equal(values, ((float[]){-2, -0.75f, 0.5f, 1.75f, 27, 53, 67.5f, 68.75f}),
                        sizeof values);
}

/* ConvInteger behind DynamicQuantizeLinear: a float model, with a notice. */
static void test_dynamic(void **state)
{
    (void)state;
    struct test_quantized f, plain;
    octet_info info;
    test_quantized_begin(&f);
    test_quantized_begin(&plain);
    OctOnnx__NodeProto *conv = test_onnx_find(&f.onnx, "stem1_conv/Conv");
    OctOnnx__TensorProto *weights = NULL, *same = NULL;
    for (size_t i = 0; i < f.onnx.model.graph->n_initializer; i++)
        if (strcmp(f.onnx.model.graph->initializer[i]->name, "stem1.weight") == 0) {
            weights = f.onnx.model.graph->initializer[i];
            same = plain.onnx.model.graph->initializer[i];
        }
    assert_non_null(weights);
    int64_t codes[8 * 8 * 9];
    for (int i = 0; i < 8 * 8 * 9; i++) {
        codes[i] = (int64_t)rintf(weights->float_data[i] * 100.0f) + 7;
        same->float_data[i] = (float)(codes[i] - 7) * 0.01f;
    }
    test_onnx_ints(&f.onnx, "w", 4, weights->dims, codes);
    test_onnx_ints(&f.onnx, "wz", 0, NULL, &(int64_t){7});
    test_onnx_floats(&f.onnx, "ws", 0, NULL, &(float){0.01f}, 0);
    test_onnx_list(&f.onnx, "bias_shape", 4, 1, -1, 1, 1);
    test_onnx_node(&f.onnx, "DynamicQuantizeLinear", "", "stem0", "x,xs,xz");
    conv->op_type = (char *)(uintptr_t)test_onnx_text(&f.onnx, "ConvInteger");
    static const char *const inputs[] = {"x", "w", "xz", "wz"};
    conv->input = test_onnx_memory(&f.onnx, sizeof inputs);
    conv->n_input = 4;
    for (int i = 0; i < 4; i++)
        conv->input[i] = (char *)(uintptr_t)test_onnx_text(&f.onnx, "%s", inputs[i]);
    conv->output[0] = (char *)(uintptr_t)test_onnx_text(&f.onnx, "codes_sum");
    OctOnnx__NodeProto *cast = test_onnx_node(&f.onnx, "Cast", "", "codes_sum", "floats");
    test_onnx_int(&f.onnx, cast, "to", 1);
    test_onnx_node(&f.onnx, "Mul", "", "xs,ws", "s");
    test_onnx_node(&f.onnx, "Mul", "", "floats,s", "scaled");
    test_onnx_node(&f.onnx, "Reshape", "", "stem1.bias,bias_shape", "shift");
    test_onnx_node(&f.onnx, "Add", "", "scaled,shift", "stem1_conv");
    if (test_quantized_load(&f) != OCTET_OK)
        fail_msg("%s", f.test.context.message);
    assert_int_equal(test_quantized_load(&plain), OCTET_OK);
    assert_int_equal(f.warnings, 1);
    assert_non_null(strstr(f.warning, "DynamicQuantizeLinear"));
    octet_model_info(f.model, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_FP32);
    static const enum oct_role roles[] = {OCT_ROLE_OPERATOR, OCT_ROLE_AFFINE, OCT_ROLE_AFFINE,
                                          OCT_ROLE_GATE, OCT_ROLE_ACTIVATION};
    const struct oct_layer_notes *notes = &f.model->imported->notes[1];
    assert_int_equal(notes->part_count, sizeof roles / sizeof *roles);
    for (int i = 0; i < notes->part_count; i++)
        assert_int_equal(notes->parts[i].role, roles[i]);
    const float *a = f.model->network.layers[1].values, *b = plain.model->network.layers[1].values;
    for (int i = 0; i < 8 * 8 * 9; i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-6f);
    test_quantized_end(&f);
    test_quantized_end(&plain);
}

/* What cannot be kept is float, and told. */
static void test_left_float(void **state)
{
    (void)state;
    struct test_quantized f;
    octet_info info;
    test_quantized_begin(&f);
    test_onnx_quantize(&f.test.context, &f.onnx, &(struct test_quantizing){.float_bias = 1});
    for (size_t i = 0; i < f.onnx.model.graph->n_initializer; i++)
        if (strcmp(f.onnx.model.graph->initializer[i]->name, "stem1.zero") == 0)
            f.onnx.model.graph->initializer[i]->data_type = 4; /* uint16 */
    assert_int_equal(test_quantized_load(&f), OCTET_OK);
    assert_int_equal(f.warnings, 1);
    assert_non_null(strstr(f.warning, "1 of its roundings"));
    octet_model_info(f.model, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_MIXED);
    test_quantized_end(&f);

    test_quantized_begin(&f);
    test_onnx_quantize(&f.test.context, &f.onnx, &(struct test_quantizing){.float_bias = 1});
    for (size_t i = 0; i < f.onnx.model.graph->n_initializer; i++)
        if (strcmp(f.onnx.model.graph->initializer[i]->name, "stem1.weight.codes") == 0)
            f.onnx.model.graph->initializer[i]->int32_data[5] = -128;
    assert_int_equal(test_quantized_load(&f), OCTET_OK);
    assert_int_equal(f.warnings, 1);
    assert_non_null(strstr(f.warning, "1 quantised convolution runs in float"));
    test_quantized_end(&f);
}

static void test_refused(void **state)
{
    (void)state;
    const struct test_quantizing how = {.all = 1};
    struct test_quantized f;
    test_quantized_begin(&f);
    test_onnx_quantize(&f.test.context, &f.onnx, &how);
    test_quantized_initializer(&f, "stem1.scale")->float_data[0] = -1.0f;
    test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL, "it has a scale that is not positive");
    test_quantized_begin(&f);
    test_onnx_quantize(&f.test.context, &f.onnx, &how);
    test_quantized_initializer(&f, "stem1.weight.zero")->n_dims = 0;
    test_quantized_initializer(&f, "stem1.weight.zero")->n_int32_data = 1;
    test_quantized_refuse(&f, OCTET_BAD_FORMAT, "it has not as many zero points as scales");
    test_quantized_begin(&f);
    test_onnx_node(&f.onnx, "DequantizeLinear", "dq", "p3,up_scales", "lost");
    test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL,
                          "cannot follow where its input was quantised");
    test_quantized_begin(&f);
    test_onnx_node(&f.onnx, "QLinearAveragePool", "pool", "p3,up_scales", "lost")->domain =
        "com.microsoft";
    test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL, "does not read this quantised operator");
    test_quantized_begin(&f);
    test_onnx_node(&f.onnx, "QLinearAdd", "add", "p3,up_scales", "lost")->domain = "com.microsoft";
    test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL, "its scale or zero point is not constant");
    test_quantized_begin(&f);
    test_onnx_node(&f.onnx, "QuantizeLinear", "q", "p3", "lost");
    test_quantized_refuse(&f, OCTET_BAD_FORMAT, "it has too few inputs");
    test_quantized_begin(&f);
    test_onnx_node(&f.onnx, "QuantizeLinear", "q", "p3,p4", "lost");
    test_quantized_refuse(&f, OCTET_UNSUPPORTED_MODEL, "its scale or zero point is not constant");
}

static void test_allocation_failures(void **state)
{
    (void)state;
    struct test_quantized f;
    test_quantized_begin(&f);
    test_onnx_quantize(&f.test.context, &f.onnx, &(struct test_quantizing){.all = 1});
    test_quantized_starve(&f);
    test_quantized_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_result),
        cmocka_unit_test(test_convolutions_inputs),
        cmocka_unit_test(test_pooled),
        cmocka_unit_test(test_qlinear_conv),
        cmocka_unit_test(test_scales_kept),
        cmocka_unit_test(test_engine_file),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_dynamic),
        cmocka_unit_test(test_left_float),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
