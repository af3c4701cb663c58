/* SPDX-License-Identifier: Apache-2.0 */
/* TensorRT calibration caches: what is written,
 * what is read with all its quirks, engines of them. */
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

#include "compiler/export/trt_codings.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "onnx_builder.h"
#include "small_detector.h"

static struct test_context test;

/* ---- reading ---- */

static octet_cache *expect_cache(const char *text)
{
    octet_cache *cache;
    if (oct_cache_read(&test.context, text, strlen(text), "a.cache", &cache))
        fail_msg("%s", test.context.message);
    return cache;
}

static void test_quirks(void **state)
{
    (void)state;
    octet_cache *cache = expect_cache("\xef\xbb\xbfTRT-8602-EntropyCalibration2\r\n"
                                      "images: 3b66eddc\r\n"
                                      "(Unnamed Layer* 3) [Convolution]_output: 3C010A14\n"
                                      "a: b: 3f800000\n"
                                      "\n"
                                      "zero: 0\n"
                                      "small: 3c1\n"
                                      "infinite: 7f800000\n"
                                      "nan: 7fc00000\n"
                                      "below: bf800000\n"
                                      "images: 3f800000\n"
                                      "last: 3f000000");
    static const struct {
        const char *name;
        double scale;
        const char *problem;
    } expected[] = {
        {"images", 0.003523699, NULL},
        {"(Unnamed Layer* 3) [Convolution]_output", 0.007875938, NULL},
        {"a: b", 1.0, NULL},
        {"zero", 0.0, "is zero"},
        {"small", 0.0, "is out of range"},
        {"infinite", INFINITY, "is infinite"},
        {"nan", NAN, "is not a number"},
        {"below", -1.0, "is negative"},
        {"images", 1.0, "is the second one of this name"},
        {"last", 0.5, NULL},
    };
    const size_t count = sizeof expected / sizeof *expected;
    assert_string_equal(octet_cache_header(cache), "TRT-8602-EntropyCalibration2");
    octet_cache_entry entry;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(octet_cache_at(cache, NULL, (int)i, &entry), 1);
        assert_string_equal(entry.name, expected[i].name);
        if (isfinite(expected[i].scale))
            assert_true(fabs(entry.scale - expected[i].scale) < 1e-8);
        if (!expected[i].problem != !entry.problem ||
            (entry.problem && strcmp(entry.problem, expected[i].problem) != 0))
            fail_msg("%s: %s", entry.name, entry.problem ? entry.problem : "no problem");
        assert_true(entry.maximum == -1.0 && entry.clipped == -1.0);
    }
    assert_int_equal(octet_cache_at(cache, NULL, (int)count, &entry), 0);
    assert_int_equal(octet_cache_at(cache, NULL, -1, &entry), 0);
    assert_true(oct_cache_find(cache, "images")->scale < 0.01f);
    assert_null(oct_cache_find(cache, "image"));
    octet_cache_free(&cache);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
        octet_status status;
    } cases[] = {
        {"", "is empty", OCTET_UNKNOWN_FORMAT},
        {"hello\na: 1\n", "first line", OCTET_UNKNOWN_FORMAT},
        {"TRT-8602-\na: 1\n", "first line", OCTET_UNKNOWN_FORMAT},
        {"TRT-8602-EntropyCalibration2\n", "no scales", OCTET_BAD_FORMAT},
        {"TRT-8602-EntropyCalibration2\na: 3c010a14\nb 3c010a14\n", "line 3", OCTET_BAD_FORMAT},
        {"TRT-8602-EntropyCalibration2\na: 123456789\n", "line 2", OCTET_BAD_FORMAT},
        {"TRT-8602-EntropyCalibration2\na: \n", "line 2", OCTET_BAD_FORMAT},
        {"TRT-8602-EntropyCalibration2\na:3c010a14\n", "line 2", OCTET_BAD_FORMAT},
        {"TRT-8602-EntropyCalibration2\n: 3c010a14\n", "no name", OCTET_BAD_FORMAT},
        {"TRT-8602-EntropyCalibration2\na: 3c010g14\n", "line 2", OCTET_BAD_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        octet_cache *cache;
        const octet_status status =
            oct_cache_read(&test.context, cases[i].text, strlen(cases[i].text), "a.cache", &cache);
        if (status != cases[i].status || cache || !strstr(test.context.message, cases[i].part) ||
            !strstr(test.context.message, "a.cache"))
            fail_msg("case %zu: %s, \"%s\"", i, octet_status_name(status), test.context.message);
    }
    octet_cache *cache;
    static const char nul[] = "TRT-8602-EntropyCalibration2\na\0b: 3c010a14\n";
    assert_int_equal(oct_cache_read(&test.context, nul, sizeof nul - 1, "a.cache", &cache),
                     OCTET_BAD_FORMAT);
}

/* ---- the scale before SiLU ---- */

static void test_before_silu(void **state)
{
    (void)state;
    for (double amax = 0.5; amax < 200.0; amax *= 1.3) {
        const float scale = oct_scale_before(OCT_ACTIVATION_SILU, (float)(amax / 127.0));
        const double top = 127.0 * (double)scale, bottom = top / (1.0 + exp(top));
        assert_true(top / (1.0 + exp(-top)) >= amax * (1.0 - 1e-6));
        assert_true(bottom <= 0.5 * (double)scale * (1.0 + 1e-6)); /* what lies below is near 0 */
        if (amax > 6.0)
            assert_true(top < amax + 0.02);
    }
}

/* ---- writing, and engines ---- */

struct fixture {
    struct test_onnx onnx;
    char folder[TEST_FOLDER_BYTES], source[TEST_FOLDER_BYTES + 16], target[TEST_FOLDER_BYTES + 16];
    octet_model *model;
    octet_statistics *statistics;
    octet_cache *cache;
    int warnings;
    char log[8192];
};

static void keep_line(void *user, octet_log_level level, const char *line)
{
    struct fixture *f = user;
    const size_t length = strlen(f->log);
    f->warnings += level == OCTET_LOG_WARNING;
    snprintf(f->log + length, sizeof f->log - length, "%s\n", line);
}

static void begin_variant(struct fixture *f, const struct test_onnx_variant *variant)
{
    size_t size;
    *f = (struct fixture){.model = NULL};
    test.context.log = keep_line;
    test.context.log_user = f;
    test.context.log_level = OCTET_LOG_WARNING;
    test_onnx_detector(&f->onnx, variant);
    test_folder_create(f->folder);
    snprintf(f->source, sizeof f->source, "%s/small.onnx", f->folder);
    snprintf(f->target, sizeof f->target, "%s/small.cache", f->folder);
    unsigned char *bytes = test_onnx_pack(&f->onnx, &size);
    test_write_file(f->source, bytes, size);
    free(bytes);
    assert_int_equal(octet_model_load(&test.context, f->source, &f->model), OCTET_OK);
    f->statistics = test_statistics(&test.context, f->model, 50, 2);
}

static void begin(struct fixture *f)
{
    begin_variant(f, &(struct test_onnx_variant){.batchnorm = 1});
}

static void end(struct fixture *f)
{
    octet_cache_free(&f->cache);
    octet_statistics_free(&f->statistics);
    octet_model_free(&f->model);
    test_onnx_free(&f->onnx);
    test_folder_remove(f->folder);
    test.context.log = NULL;
}

static void export(struct fixture *f, const char *calibrator, const char *floats)
{
    octet_export_settings settings;
    octet_export_defaults(&settings);
    settings.format = OCTET_EXPORT_TRT_CACHE;
    settings.calibrator = calibrator;
    settings.float_layers = floats;
    if (octet_export(&test.context, f->source, f->statistics, &settings, f->target, NULL))
        fail_msg("%s", test.context.message);
    octet_cache_free(&f->cache);
    assert_int_equal(octet_cache_load(&test.context, f->target, &f->cache), OCTET_OK);
}

static double scale_of(const struct fixture *f, const char *name)
{
    const struct oct_cache_entry *entry = oct_cache_find(f->cache, name);
    if (!entry || entry->problem)
        fail_msg("no scale for %s", name);
    return (double)entry->scale;
}

static double largest(const struct fixture *f, const char *const *names, int count)
{
    double most = 0.0;
    octet_tensor_statistics t;
    for (int i = 0; octet_statistics_tensor(f->statistics, i, &t) == OCTET_OK; i++)
        for (int n = 0; n < count; n++)
            if (strcmp(t.name, names[n]) == 0)
                most = fmax(most, fmax(-t.minimum, t.maximum));
    assert_true(most > 0.0);
    return most;
}

static void test_written(void **state)
{
    (void)state;
    static const char *const split[] = {"c2f1", "half0", "half1", "sum", "c2f_all", "m2"};
    static const char *const pools[] = {"sppf1", "pool1", "pool2", "pool3", "sppf_all"};
    static const char *const neck[] = {"p5", "up", "down4", "neck_all"};
    static const char *const written[] = {"c2f1", "sum"};
    struct fixture f;
    begin(&f);
    export(&f, "minmax-trt", NULL);
    assert_string_equal(octet_cache_header(f.cache), "TRT-8602-MinMaxCalibration");
    assert_true(scale_of(&f, "images") == (double)(1.0f / 127.0f));
    for (size_t i = 0; i < 6; i++)
        assert_true(scale_of(&f, split[i]) == scale_of(&f, "c2f1"));
    for (size_t i = 0; i < 5; i++)
        assert_true(scale_of(&f, pools[i]) == scale_of(&f, "sppf1"));
    for (size_t i = 0; i < 4; i++)
        assert_true(scale_of(&f, neck[i]) == scale_of(&f, "p5"));
    assert_true(scale_of(&f, "c2f1") == (double)(float)(largest(&f, written, 2) / 127.0));
    assert_true(scale_of(&f, "stem0_gate") == (double)(1.0f / 127.0f));
    assert_true(scale_of(&f, "stem0_conv") > scale_of(&f, "stem0"));
    assert_true(scale_of(&f, "stem1_norm") > scale_of(&f, "stem1"));
    assert_null(oct_cache_find(f.cache, "stem1_conv")); /* before batch normalisation: not known */
    assert_true(scale_of(&f, "box3") > 0.0);
    assert_null(oct_cache_find(f.cache, "boxes"));
    export(&f, "mse", "p4_conv*");
    assert_string_equal(octet_cache_header(f.cache), OCT_TRT_HEADER_DEFAULT);
    assert_null(oct_cache_find(f.cache, "p4_conv"));
    assert_true(scale_of(&f, "p4") > 0.0);
    end(&f);
}

static octet_engine *build(struct fixture *f)
{
    octet_build_settings settings;
    octet_engine *engine;
    octet_build_defaults(&settings);
    settings.cache = f->cache;
    if (octet_build(&test.context, f->model, NULL, &settings, &engine))
        fail_msg("%s", test.context.message);
    return engine;
}

static void test_engine_of_cache(void **state)
{
    (void)state;
    struct fixture f;
    octet_layer_info layer;
    octet_info info;
    begin(&f);
    export(&f, "mse", NULL);
    octet_engine *engine = build(&f);
    assert_int_equal(f.warnings, 0);
    octet_engine_info(engine, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_INT8);
    int compared = 0;
    for (int i = 0; octet_engine_layer(engine, i, &layer) == OCTET_OK; i++) {
        if (layer.output_scale <= 0)
            continue;
        assert_true(layer.output_scale == scale_of(&f, layer.name));
        assert_int_equal(layer.output_zero_point, 128);
        compared++;
    }
    assert_true(compared >= 12);
    octet_engine_free(&engine);
    end(&f);
}

static void expect_floats(const octet_engine *engine, const char *const *names, int count)
{
    octet_layer_info layer;
    int found = 0;
    for (int i = 0; octet_engine_layer(engine, i, &layer) == OCTET_OK; i++)
        for (int n = 0; n < count; n++)
            if (strcmp(layer.name, names[n]) == 0 && strcmp(layer.operation, "Conv") == 0) {
                assert_int_equal(layer.precision, OCTET_PRECISION_FP32);
                found++;
            }
    assert_int_equal(found, count);
}

/* Means have scales of their own, max pools and Pads their input's; a transposed convolution has
 * its result's. */
static void test_pooled(void **state)
{
    (void)state;
    static const char *const pools[] = {"sppf1", "padded5", "pool1", "pool2", "pool3", "sppf_all"};
    static const char *const neck[] = {"whole4", "down4", "padded4", "up", "neck_all"};
    static const char *const smooth[] = {"smooth"}, *const lacking[] = {"stem2"};
    struct fixture f;
    begin_variant(&f, &(struct test_onnx_variant){.pooled = 1});
    export(&f, "minmax-trt", NULL);
    for (size_t i = 0; i < 6; i++)
        assert_true(scale_of(&f, pools[i]) == scale_of(&f, "sppf1"));
    for (size_t i = 0; i < 5; i++)
        assert_true(scale_of(&f, neck[i]) == scale_of(&f, "down4"));
    assert_true(scale_of(&f, "smooth") < scale_of(&f, "stem1"));
    assert_true(scale_of(&f, "smooth") == (double)(float)(largest(&f, smooth, 1) / 127.0));
    octet_engine *engine = build(&f);
    octet_info info;
    assert_int_equal(f.warnings, 0);
    octet_engine_info(engine, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_INT8);
    octet_engine_free(&engine);
    struct oct_cache_entry *entry = (struct oct_cache_entry *)(uintptr_t)oct_cache_find(
        f.cache, "stem1"); /* then what is averaged of it is of no use, either */
    entry->problem = "is gone";
    engine = build(&f);
    expect_floats(engine, lacking, 1);
    octet_engine_free(&engine);
    entry->problem = NULL;
    entry = (struct oct_cache_entry *)(uintptr_t)oct_cache_find(f.cache, "smooth");
    entry->problem = "is gone";
    engine = build(&f);
    expect_floats(engine, lacking, 1);
    octet_engine_free(&engine);
    end(&f);
}

static void test_damaged_cache(void **state)
{
    (void)state;
    struct fixture f;
    octet_info info;
    begin(&f);
    const char text[] = "TRT-101401-EntropyCalibration2\n"
                        "images: 3b66eddc\nstem0: 3d000000\nstem1: 0\nstem2: 3d000000\n"
                        "c2f1: 3d000000\nsum: 3d000000\nm1: 3d000000\np3: 3d000000\n"
                        "down4: 3d000000\ndown5: 3d000000\nsppf1: 7f800000\np4: 3d000000\n"
                        "unknown: 7fc00000\n";
    f.cache = expect_cache(text);
    octet_engine *engine = build(&f);
    octet_engine_info(engine, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_MIXED);
    static const char *const lines[] = {"'stem1' is zero",           "'sppf1' is infinite",
                                        "'unknown' is not a number", "no scale for 'p5'",
                                        "'images' at 0.4475",        "6 convolutions stay float"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(f.log, lines[i]))
            fail_msg("no line \"%s\" in:\n%s", lines[i], f.log);
    /* a concat of p5 and down4: what reads it is float, and so is what reads down4 */
    static const char *const floats[] = {"stem2", "p5", "p4", "down5", "box5", "class5"};
    expect_floats(engine, floats, 6);
    octet_engine_free(&engine);
    octet_cache_free(&f.cache);
    f.cache = expect_cache("TRT-8602-EntropyCalibration2\nother: 3d000000\n");
    octet_build_settings settings;
    octet_build_defaults(&settings);
    settings.cache = f.cache;
    assert_int_equal(octet_build(&test.context, f.model, NULL, &settings, &engine), OCTET_MISMATCH);
    settings.precision = OCTET_PRECISION_FP32;
    assert_int_equal(octet_build(&test.context, f.model, NULL, &settings, &engine),
                     OCTET_INVALID_ARGUMENT);
    end(&f);
}

static void test_comparison(void **state)
{
    (void)state;
    static const char *const one[] = {"p3"};
    struct fixture f;
    octet_cache_entry entry;
    begin(&f);
    const double amax = largest(&f, one, 1);
    char text[128];
    const float scales[] = {(float)(amax / 127.0), (float)(amax / 2.0 / 127.0)};
    for (int i = 0; i < 2; i++) {
        uint32_t bits;
        memcpy(&bits, &scales[i], sizeof bits);
        snprintf(text, sizeof text, "TRT-1-Entropy\np3: %08x\nnone: 3d000000\n", (unsigned)bits);
        octet_cache_free(&f.cache);
        f.cache = expect_cache(text);
        assert_int_equal(octet_cache_at(f.cache, f.statistics, 0, &entry), 1);
        assert_true(entry.maximum == amax);
        assert_true(i == 0 ? entry.clipped == 0.0 : entry.clipped > 0.0 && entry.clipped < 0.5);
        assert_int_equal(octet_cache_at(f.cache, f.statistics, 1, &entry), 1);
        assert_true(entry.maximum == -1.0 && entry.clipped == -1.0);
    }
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITHIN(test_quirks, test),          TEST_WITHIN(test_refusals, test),
        TEST_WITHIN(test_before_silu, test),     TEST_WITHIN(test_written, test),
        TEST_WITHIN(test_engine_of_cache, test), TEST_WITHIN(test_damaged_cache, test),
        TEST_WITHIN(test_comparison, test),      TEST_WITHIN(test_pooled, test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
