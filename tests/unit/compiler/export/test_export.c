/* SPDX-License-Identifier: Apache-2.0 */
/* QDQ models of the small detector in all its variants: the rules of placement, what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/octet.h>

#include "compiler/quantize/activation.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "onnx_builder.h"
#include "qdq_rules.h"
#include "small_detector.h"

struct fixture {
    struct test_context test;
    struct test_onnx onnx;
    char folder[TEST_FOLDER_BYTES], source[TEST_FOLDER_BYTES + 16], target[TEST_FOLDER_BYTES + 16];
    octet_statistics *statistics;
    octet_export_info info;
};

static void write_source(struct fixture *f)
{
    size_t size;
    unsigned char *bytes = test_onnx_pack(&f->onnx, &size);
    test_write_file(f->source, bytes, size);
    free(bytes);
}

/* The model's file and statistics of two pictures. */
static void begin(struct fixture *f, const struct test_onnx_variant *variant)
{
    *f = (struct fixture){.statistics = NULL};
    test_context_init(&f->test);
    test_onnx_detector(&f->onnx, variant);
    test_folder_create(f->folder);
    snprintf(f->source, sizeof f->source, "%s/small.onnx", f->folder);
    snprintf(f->target, sizeof f->target, "%s/out", f->folder);
    write_source(f);
    octet_model *model;
    if (octet_model_load(&f->test.context, f->source, &model))
        fail_msg("%s", f->test.context.message);
    f->statistics = test_statistics(&f->test.context, model, 50, 2);
    octet_model_free(&model);
}

static void end(struct fixture *f)
{
    octet_statistics_free(&f->statistics);
    test_onnx_free(&f->onnx);
    test_folder_remove(f->folder);
    assert_int_equal(f->test.live, 0);
}

static octet_status export(struct fixture *f, const octet_export_settings *settings)
{
    return octet_export(&f->test.context, f->source, f->statistics, settings, f->target, &f->info);
}

static void check_rules(struct fixture *f, const struct test_qdq_expected *expected)
{
    size_t size;
    struct oct_onnx_model after;
    unsigned char *bytes = test_read_file(f->target, &size);
    oct_onnx_init(&f->test.context, "out", &after);
    assert_int_equal(oct_onnx_unpack(&after, bytes, size), OCTET_OK);
    test_qdq_rules(&f->onnx.model, after.message, expected);
    oct_onnx_close(&after);
    free(bytes);
}

enum { CONVOLUTIONS = 18, LAST = 6 };

static void export_variant(const struct test_onnx_variant *variant, int int8, int unsigned_codes,
                           const char *floats)
{
    struct fixture f;
    octet_export_settings settings;
    begin(&f, variant);
    octet_export_defaults(&settings);
    settings.int8_weights = int8;
    settings.unsigned_codes = unsigned_codes;
    settings.float_layers = floats;
    if (export(&f, &settings))
        fail_msg("%s", f.test.context.message);
    const octet_export_info info = f.info;
    assert_int_equal(info.layer_count, CONVOLUTIONS + variant->pooled); /* one is transposed */
    assert_int_equal(info.float_count, strcmp(floats, "none") != 0);
    assert_int_equal(info.quantised_count, CONVOLUTIONS - LAST - info.float_count);
    const struct test_qdq_expected expected = {info.quantised_count,
                                               strcmp(floats, "m2_conv*") != 0, int8,
                                               unsigned_codes, !variant->reversed};
    check_rules(&f, &expected);
    end(&f);
}

static void test_variants(void **state)
{
    (void)state;
    static const struct test_onnx_variant variants[] = {
        {0},
        {.old_head = 1},
        {.dynamic = 1},
        {.batchnorm = 1},
        {.slices = 1},
        {.swapped = 1},
        {.reversed = 1},
        {.transposed = 1},
        {.no_names = 1},
        {.opset = 11, .split_in_attribute = 1},
        {.opset = 12, .split_in_attribute = 1, .old_head = 1},
        {.opset = 20},
        {.pooled = 1},
        {.pooled = 1, .opset = 12, .split_in_attribute = 1, .reversed = 1},
        {.batchnorm = 1, .swapped = 1, .slices = 1, .dynamic = 1},
        {.distances = 1},
        {.distances = 1, .taken = TEST_BEST},
        {.taken = TEST_BEST_BY_ROWS},
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        for (int int8 = 0; int8 < 2; int8++)
            export_variant(&variants[i], int8, i % 2 == 0, "none");
}

/* Something that changes nothing between a convolution and its batch normalisation: it stays, and
 * what octet makes of the result is the same network. */
static void test_identity_before_norm(void **state)
{
    (void)state;
    struct fixture f;
    octet_export_settings settings;
    octet_model *model = NULL;
    octet_info before, after;
    begin(&f, &(struct test_onnx_variant){.batchnorm = 1});
    OctOnnx__GraphProto *graph = f.onnx.model.graph;
    size_t at = 0;
    while (at < graph->n_node && strcmp(graph->node[at]->op_type, "BatchNormalization") != 0)
        at++;
    assert_in_range(at, 1, graph->n_node - 1);
    const char *from = graph->node[at]->input[0];
    OctOnnx__NodeProto *between = test_onnx_node(&f.onnx, "Identity", "between", from, "between");
    graph = f.onnx.model.graph;
    graph->node[at]->input[0] = between->output[0];
    memmove(graph->node + at + 1, graph->node + at, (graph->n_node - 1 - at) * sizeof between);
    graph->node[at] = between;
    write_source(&f);
    assert_int_equal(octet_model_load(&f.test.context, f.source, &model), OCTET_OK);
    octet_model_info(model, &before);
    octet_model_free(&model);
    octet_export_defaults(&settings);
    settings.float_layers = "none";
    assert_int_equal(export(&f, &settings), OCTET_OK);
    if (octet_model_load(&f.test.context, f.target, &model))
        fail_msg("%s", f.test.context.message);
    octet_model_info(model, &after);
    assert_int_equal(after.weight_count, before.weight_count);
    assert_int_equal(after.precision, OCTET_PRECISION_MIXED);
    octet_model_free(&model);
    end(&f);
}

/* The convolution of q, k and v stays one in the file, and what a pair stands before is one more
 * sum, with what the attention gives: 3 convolutions more and 2 sums. */
static void test_attention(void **state)
{
    (void)state;
    for (int kind = TEST_ATTENTION_SPLIT; kind <= TEST_ATTENTION_ODD; kind++) {
        struct fixture f;
        octet_export_settings settings;
        octet_model *model;
        octet_info before, after;
        begin(&f, &(struct test_onnx_variant){.attention = kind});
        assert_int_equal(octet_model_load(&f.test.context, f.source, &model), OCTET_OK);
        octet_model_info(model, &before);
        octet_model_free(&model);
        octet_export_defaults(&settings);
        settings.int8_weights = kind % 2;
        settings.float_layers = "none";
        if (export(&f, &settings))
            fail_msg("%s", f.test.context.message);
        assert_int_equal(f.info.layer_count, CONVOLUTIONS + 3);
        assert_int_equal(f.info.quantised_count, CONVOLUTIONS + 3 - LAST);
        check_rules(&f, &(struct test_qdq_expected){f.info.quantised_count, 3, kind % 2, 0, 1});
        if (octet_model_load(&f.test.context, f.target, &model)) /* the attention is found again */
            fail_msg("%s", f.test.context.message);
        octet_model_info(model, &after);
        assert_int_equal(after.precision, OCTET_PRECISION_MIXED);
        assert_int_equal(after.weight_count, before.weight_count);
        octet_model_free(&model);
        settings.float_layers = "p3.qkv"; /* one of its three parts is enough, and all are named */
        if (export(&f, &settings))
            fail_msg("%s", f.test.context.message);
        assert_int_equal(f.info.float_count, 1);
        check_rules(&f, &(struct test_qdq_expected){CONVOLUTIONS + 2 - LAST, 3, kind % 2, 0, 1});
        end(&f);
    }
}

static void test_float_layers(void **state)
{
    (void)state;
    export_variant(&(struct test_onnx_variant){0}, 0, 0, "m2_conv*");
    export_variant(&(struct test_onnx_variant){0}, 1, 0, "p4");
}

/* A name that an export would give is taken, and weights that two convolutions share. */
static void test_names_and_sharing(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, &(struct test_onnx_variant){0});
    test_onnx_find(&f.onnx, "stem1_gate/Sigmoid")->output[0] = (char *)"stem0_scale";
    test_onnx_find(&f.onnx, "stem1/Mul")->input[1] = (char *)"stem0_scale";
    test_onnx_find(&f.onnx, "m2_conv/Conv")->input[1] = (char *)"m1.weight";
    test_onnx_find(&f.onnx, "m2_conv/Conv")->input[2] = (char *)"m1.bias";
    write_source(&f);
    octet_statistics_free(&f.statistics);
    octet_model *model;
    assert_int_equal(octet_model_load(&f.test.context, f.source, &model), OCTET_OK);
    f.statistics = test_statistics(&f.test.context, model, 50, 2);
    octet_model_free(&model);
    octet_export_settings settings;
    octet_export_defaults(&settings);
    settings.float_layers = "none";
    for (int int8 = 0; int8 < 2; int8++) {
        settings.int8_weights = int8;
        if (export(&f, &settings))
            fail_msg("%s", f.test.context.message);
        check_rules(&f, &(struct test_qdq_expected){CONVOLUTIONS - LAST, 1, int8, 0, 1});
    }
    end(&f);
}

static void expect_refusal(struct fixture *f, const octet_export_settings *settings,
                           octet_status status, const char *part)
{
    const octet_status is = export(f, settings);
    if (is != status || !strstr(f->test.context.message, part))
        fail_msg("%s, \"%s\": wanted %s with \"%s\"", octet_status_name(is),
                 f->test.context.message, octet_status_name(status), part);
    assert_int_equal(test_folder_count(f->folder), 1); /* the model */
}

/* A reader that no output needs hides no residual. */
static void test_unread(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, &(struct test_onnx_variant){0});
    test_onnx_node(&f.onnx, "Relu", "unread", "m2", "unread");
    write_source(&f);
    octet_export_settings settings;
    octet_export_defaults(&settings);
    settings.float_layers = "none";
    if (export(&f, &settings))
        fail_msg("%s", f.test.context.message);
    check_rules(&f, &(struct test_qdq_expected){CONVOLUTIONS - LAST, 1, 0, 0, 1});
    end(&f);
}

static void test_settings(void **state)
{
    (void)state;
    struct fixture f;
    octet_export_settings settings;
    begin(&f, &(struct test_onnx_variant){0});
    octet_export_defaults(&settings);
    settings.calibrator = "mean";
    expect_refusal(&f, &settings, OCTET_INVALID_ARGUMENT, "\"mean\"");
    settings.calibrator = NULL;
    settings.float_layers = "nothing";
    expect_refusal(&f, &settings, OCTET_MISMATCH, "\"nothing\"");
    settings.float_layers = "3-";
    expect_refusal(&f, &settings, OCTET_INVALID_ARGUMENT, "\"3-\"");
    settings.float_layers = NULL;
    static const char *const headers[] = {"",
                                          "TRT-",
                                          "TRT-86",
                                          "TRT-86-",
                                          "TRT-x-Entropy",
                                          "TRT-8602-Entropy Calibration",
                                          "trt-8602-Entropy"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        settings.cache_header = headers[i];
        expect_refusal(&f, &settings, OCTET_INVALID_ARGUMENT, "cache header");
    }
    settings.cache_header = NULL;
    settings.format = (octet_export_format)7;
    expect_refusal(&f, &settings, OCTET_INVALID_ARGUMENT, "format");
    end(&f);
}

static void test_other_statistics(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, &(struct test_onnx_variant){0});
    octet_model *model = test_model(&f.test.context, TEST_DETECTOR_TINY, 3);
    octet_statistics_free(&f.statistics);
    f.statistics = test_statistics(&f.test.context, model, 50, 1);
    octet_model_free(&model);
    expect_refusal(&f, NULL, OCTET_MISMATCH, "another model");
    end(&f);
}

/* Below opset 13 Softmax went over all axes from its own on. */
static void test_old_softmax(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, &(struct test_onnx_variant){.opset = 11, .split_in_attribute = 1});
    test_onnx_find(&f.onnx, "dfl_soft/Softmax")->attribute[0]->i = -1;
    OctOnnx__NodeProto *unread = test_onnx_node(&f.onnx, "Softmax", "unread", "p5", "unread");
    write_source(&f);
    expect_refusal(&f, NULL, OCTET_UNSUPPORTED_MODEL, "operator Softmax at node 'unread'");
    test_onnx_int(&f.onnx, unread, "axis", 3);
    write_source(&f);
    if (export(&f, NULL))
        fail_msg("%s", f.test.context.message);
    end(&f);
}

/* An operator whose attribute became an input: the values go along. */
static void test_split_attribute(void **state)
{
    (void)state;
    struct fixture f;
    size_t size;
    struct oct_onnx_model after;
    begin(&f, &(struct test_onnx_variant){.opset = 11, .split_in_attribute = 1});
    assert_int_equal(export(&f, NULL), OCTET_OK);
    unsigned char *bytes = test_read_file(f.target, &size);
    oct_onnx_init(&f.test.context, "out", &after);
    assert_int_equal(oct_onnx_unpack(&after, bytes, size), OCTET_OK);
    const OctOnnx__GraphProto *graph = after.message->graph;
    int found = 0;
    for (size_t n = 0; n < graph->n_node; n++) {
        const OctOnnx__NodeProto *node = graph->node[n];
        if (strcmp(node->op_type, "Split") != 0)
            continue;
        assert_int_equal(node->n_input, 2);
        assert_int_equal(node->n_attribute, 1);
        for (size_t i = 0; i < graph->n_initializer; i++)
            if (strcmp(graph->initializer[i]->name, node->input[1]) == 0) {
                assert_int_equal(graph->initializer[i]->raw_data.len, 16);
                assert_int_equal(((int64_t *)(void *)graph->initializer[i]->raw_data.data)[1], 8);
                found++;
            }
    }
    assert_int_equal(found, 1);
    assert_true(after.message->ir_version >= 7);
    oct_onnx_close(&after);
    free(bytes);
    end(&f);
}

/* What an export made is not exported again. */
static void test_quantised(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, &(struct test_onnx_variant){0});
    assert_int_equal(export(&f, NULL), OCTET_OK);
    assert_int_equal(rename(f.target, f.source), 0);
    expect_refusal(&f, NULL, OCTET_UNSUPPORTED_MODEL, "already quantised");
    end(&f);
    begin(&f, &(struct test_onnx_variant){0}); /* an operator that the import has no need of */
    test_onnx_node(&f.onnx, "BlockQuantize", "odd", "p5", "odd")->domain = (char *)"com.example";
    write_source(&f);
    expect_refusal(&f, NULL, OCTET_UNSUPPORTED_MODEL,
                   "operator com.example.BlockQuantize at node 'odd': already quantised");
    end(&f);
}

static void test_half(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.graph->input[0]->type->tensor_type->elem_type = 10;
    write_source(&f);
    expect_refusal(&f, NULL, OCTET_UNSUPPORTED_MODEL, "float16");
    octet_export_settings settings;
    octet_export_defaults(&settings);
    settings.format = OCTET_EXPORT_TRT_CACHE;
    assert_int_equal(export(&f, &settings), OCTET_OK);
    end(&f);
}

/* Whatever allocation fails, the export fails with a message and leaves nothing. */
static void test_out_of_memory(void **state)
{
    (void)state;
    struct fixture f;
    octet_export_settings settings;
    begin(&f, &(struct test_onnx_variant){0});
    octet_export_defaults(&settings);
    for (int format = 0; format < 2; format++) {
        settings.format = (octet_export_format)format;
        f.test.calls = 0;
        assert_int_equal(export(&f, &settings), OCTET_OK);
        const int calls = f.test.calls, live = f.test.live;
        for (int i = 0; i < calls; i += 1 + i / 16) {
            f.test.calls = 0;
            f.test.fail_at = i;
            assert_int_equal(export(&f, &settings), OCTET_OUT_OF_MEMORY);
            assert_int_equal(f.test.live, live);
        }
        f.test.fail_at = -1;
    }
    end(&f);
}

/* ---- numbers ---- */

static void fill(struct oct_histogram *histogram, const float *values, size_t count)
{
    static uint64_t bins[OCT_HISTOGRAM_BINS];
    static uint32_t counts[OCT_HISTOGRAM_BINS];
    memset(bins, 0, sizeof bins);
    oct_histogram_init(histogram, bins);
    float low = 0, high = 0;
    for (size_t i = 0; i < count; i++) {
        low = fminf(low, values[i]);
        high = fmaxf(high, values[i]);
    }
    oct_histogram_widen(histogram, low, high);
    oct_histogram_count(histogram, values, count, counts);
    oct_histogram_take(histogram, counts, 0, OCT_HISTOGRAM_BINS);
}

static void test_symmetric_ranges(void **state)
{
    (void)state;
    float values[1001];
    struct oct_histogram histogram;
    struct oct_calibrator calibrator;
    for (int i = 0; i < 1000; i++)
        values[i] = (float)(i - 600) / 100.0f;
    values[1000] = 60.0f; /* far from all others */
    fill(&histogram, values, 1001);
    assert_true(oct_calibrator_parse("minmax-trt", &calibrator));
    assert_true(oct_symmetric_magnitude(&calibrator, &histogram) == 60.0);
    assert_true(oct_symmetric_scale(60.0) == (float)(60.0 / 127.0));
    assert_true(oct_calibrator_parse("mse", &calibrator));
    const double magnitude = oct_symmetric_magnitude(&calibrator, &histogram);
    assert_true(magnitude <= 60.0);
    for (int i = 0; i < 96; i++) { /* none of the candidates is better */
        const float scale = oct_symmetric_scale(60.0 * (0.05 + 0.95 * i / 95));
        assert_true(oct_symmetric_error(&histogram, scale) >=
                    oct_symmetric_error(&histogram, oct_symmetric_scale(magnitude)));
    }
    assert_true(oct_symmetric_clipped(&histogram, oct_symmetric_scale(60.0)) == 0.0);
    assert_true(fabs(oct_symmetric_clipped(&histogram, oct_symmetric_scale(30.0)) - 1 / 1001.0) <
                1e-9);
    assert_true(oct_symmetric_scale(0.0) == 1.0f / 127.0f);
    /* the threshold of the letterboxed picture, as TensorRT writes it */
    const float scale = oct_symmetric_scale(916.5 / 2048);
    uint32_t bits;
    memcpy(&bits, &scale, sizeof bits);
    assert_int_equal(bits, 0x3b66eddc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_identity_before_norm),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_float_layers),
        cmocka_unit_test(test_names_and_sharing),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_unread),
        cmocka_unit_test(test_other_statistics),
        cmocka_unit_test(test_old_softmax),
        cmocka_unit_test(test_split_attribute),
        cmocka_unit_test(test_half),
        cmocka_unit_test(test_quantised),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_symmetric_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
