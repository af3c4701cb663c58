/* SPDX-License-Identifier: Apache-2.0 */
/* Builds with scales for sizes: what they share, what is each size's own, and which sizes get
 * some. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/lower/lower.h"
#include "compiler/quantize/moments.h"
#include "compiler/scale_sets.h"
#include "counting_context.h"
#include "small_detector.h"

static struct test_context test;

static void words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool known;
        enum oct_scales_kind kind;
        double regret;
    } cases[] = {
        {NULL, true, OCT_SCALES_MERGED, OCT_REGRET_DEFAULT},
        {"merged", true, OCT_SCALES_MERGED, OCT_REGRET_DEFAULT},
        {"per-size", true, OCT_SCALES_PER_SIZE, OCT_REGRET_DEFAULT},
        {"auto", true, OCT_SCALES_AUTO, OCT_REGRET_DEFAULT},
        {"auto:0", true, OCT_SCALES_AUTO, 0.0},
        {"auto:0.25", true, OCT_SCALES_AUTO, 0.25},
        {"auto:", false, OCT_SCALES_AUTO, 0},
        {"auto:x", false, OCT_SCALES_AUTO, 0},
        {"auto:1x", false, OCT_SCALES_AUTO, 0},
        {"auto:-1", false, OCT_SCALES_AUTO, 0},
        {"auto:101", false, OCT_SCALES_AUTO, 0},
        {"auto:nan", false, OCT_SCALES_AUTO, 0},
        {"", false, OCT_SCALES_AUTO, 0},
        {"each", false, OCT_SCALES_AUTO, 0},
        {"per-sizes", false, OCT_SCALES_AUTO, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct oct_scales_request request;
        assert_int_equal(oct_scales_parse(cases[i].text, &request), cases[i].known);
        if (!cases[i].known)
            continue;
        assert_int_equal(request.kind, cases[i].kind);
        assert_true(request.regret <= cases[i].regret && request.regret >= cases[i].regret);
    }
}

/* Statistics at the model's size and at one twice as wide, of bright pictures, which differ. */
static octet_statistics *of_two_sizes(const octet_model *model)
{
    octet_statistics *statistics = test_statistics(&test.context, model, 100, 3);
    octet_statistics *wide = test_statistics_at(
        &test.context, model, 200, 2, model->network.input_height, 2 * model->network.input_width);
    assert_int_equal(octet_statistics_merge(statistics, wide), OCTET_OK);
    octet_statistics_free(&wide);
    return statistics;
}

static octet_engine *build(const octet_model *model, const octet_statistics *statistics,
                           const char *scales, const char *calibrator)
{
    octet_build_settings settings;
    octet_build_defaults(&settings);
    settings.scales = scales;
    settings.calibrator = calibrator;
    octet_engine *engine = NULL;
    if (octet_build(&test.context, model, statistics, &settings, &engine))
        fail_msg("%s", octet_context_message(&test.context));
    return engine;
}

/* The codes are those of the merged scales, and in each group all scales differ by one factor, so
 * that the weights that codes stand for are the same at every size. */
static void weights_stay(void **state)
{
    (void)state;
    static const enum test_detector kinds[] = {TEST_DETECTOR_SMALL, TEST_DETECTOR_FAMILY,
                                               TEST_DETECTOR_POOLED, TEST_DETECTOR_PRUNED,
                                               TEST_DETECTOR_DEPTHWISE};
    static const char *const calibrators[] = {"mse", "minmax", "percentile:99.9", "entropy",
                                              "minmax-trt"};
    for (size_t k = 0; k < 5; k++) {
        octet_model *model = test_model(&test.context, kinds[k], 7);
        octet_statistics *statistics = of_two_sizes(model);
        octet_engine *merged = build(model, statistics, NULL, calibrators[k]);
        octet_engine *engine = build(model, statistics, "per-size", calibrators[k]);
        assert_int_equal(engine->set_count, 2);
        for (int set = 0; set < 2; set++) {
            const struct oct_network *a = &merged->network, *b = oct_engine_network(engine, set);
            assert_int_equal(a->layer_count, b->layer_count);
            for (int i = 0; i < a->layer_count; i++) {
                const struct oct_layer *from = &a->layers[i], *to = &b->layers[i];
                if (!from->codes)
                    continue;
                const int outputs = a->tensors[from->output].channels;
                assert_memory_equal(from->codes, to->codes, (size_t)oct_layer_weights(a, from));
                for (int c = 0; c < a->tensors[from->input].channels; c++) {
                    const struct oct_network_channel at = oct_network_resolve(a, from->input, c);
                    const double factor = (double)b->tensors[at.tensor].quantization.scale /
                                          (double)a->tensors[at.tensor].quantization.scale;
                    for (int n = 0; n < outputs; n++)
                        if (fabs((double)to->scale[n] / (double)from->scale[n] / factor - 1.0) >
                            1e-6)
                            fail_msg("layer %d: %g, %g", i, factor,
                                     (double)to->scale[n] / (double)from->scale[n]);
                }
            }
        }
        octet_engine_free(&engine);
        octet_engine_free(&merged);
        octet_statistics_free(&statistics);
        octet_model_free(&model);
    }
}

/* The bias that leaves no mean error on such pictures, of output channel n. */
static double expected_bias(const struct oct_network *from, const struct oct_network *set,
                            int layer, int n, const octet_statistics *statistics)
{
    const struct oct_layer *floats = &from->layers[layer], *coded = &set->layers[layer];
    const int taps = floats->kernel * floats->kernel;
    const int channels = from->tensors[floats->input].channels;
    double sum = (double)floats->bias[n];
    for (int c = 0; c < channels; c++) {
        const struct oct_network_channel at = oct_network_resolve(from, floats->input, c);
        int record = 0;
        while (from->layers[record].output != at.tensor)
            record++;
        const double mean = oct_moments_of(&statistics->tensors[record], at.channel).mean;
        const double unit =
            (double)coded->scale[n] / (double)set->tensors[at.tensor].quantization.scale;
        for (int t = 0; t < taps; t++) {
            const size_t w = ((size_t)n * (size_t)channels + (size_t)c) * (size_t)taps + (size_t)t;
            sum += mean * ((double)floats->values[w] - unit * coded->codes[w]);
        }
    }
    return sum;
}

/* Biases are corrected for the means of each size's own pictures. */
static void biases_are_their_own(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_SMALL, 7);
    octet_statistics *statistics = of_two_sizes(model);
    octet_engine *engine = build(model, statistics, "per-size", NULL);
    const struct oct_network *from = &model->network;
    int compared = 0;
    for (int i = 0; i < 2; i++) {
        octet_statistics *view;
        const struct oct_scaled_size *size = &engine->sizes[i];
        const struct oct_network *set = oct_engine_network(engine, size->set);
        assert_int_equal(
            oct_statistics_of_size(&test.context, statistics, size->height, size->width, &view),
            OCTET_OK);
        for (int layer = 1; layer < from->layer_count; layer++) {
            if (!set->layers[layer].codes)
                continue;
            for (int n = 0; n < from->tensors[from->layers[layer].output].channels; n++)
                assert_true(fabs((double)set->layers[layer].bias[n] -
                                 expected_bias(from, set, layer, n, view)) < 1e-5);
            compared++;
        }
        oct_statistics_free(view);
    }
    assert_true(compared > 20);
    octet_engine_free(&engine);
    octet_statistics_free(&statistics);
    octet_model_free(&model);
}

/* A tensor that shares with none has the coding of an engine calibrated at its size alone. */
static void free_tensors_are_their_own(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_SMALL, 7);
    octet_statistics *statistics = of_two_sizes(model);
    octet_statistics *usual = test_statistics(&test.context, model, 100, 3);
    octet_engine *engine = build(model, statistics, "per-size", NULL);
    octet_engine *single = build(model, usual, NULL, NULL);
    const struct oct_network *from = &model->network;
    int *group = calloc((size_t)from->tensor_count, sizeof *group), free_tensors = 0, moved = 0;
    assert_non_null(group);
    oct_group_scales(from, group);
    for (int i = 0; i < from->tensor_count; i++) {
        const struct oct_tensor *own = &engine->network.tensors[i];
        int members = 0;
        for (int j = 0; j < from->tensor_count; j++)
            members += group[j] == group[i] && from->tensors[j].kind == OCT_TENSOR_LAYER;
        if (own->kind != OCT_TENSOR_LAYER || own->type != OCT_TYPE_U8 || members != 1)
            continue;
        free_tensors++;
        assert_true(
            oct_same_quantization(own->quantization, single->network.tensors[i].quantization));
        moved += !oct_same_quantization(own->quantization, engine->sets[0].tensors[i].quantization);
    }
    assert_true(free_tensors > 4);
    assert_true(moved > 2);
    free(group);
    octet_engine_free(&single);
    octet_engine_free(&engine);
    octet_statistics_free(&usual);
    octet_statistics_free(&statistics);
    octet_model_free(&model);
}

/* The model's own size has the first set, whichever is the larger. */
static void first_set(void **state)
{
    (void)state;
    octet_engine *engine = test_engine_of_sizes(&test.context, TEST_DETECTOR_SMALL, "per-size");
    int height, width, set;
    octet_info info;
    octet_engine_info(engine, &info);
    assert_int_equal(info.scale_sets, 2);
    assert_int_equal(octet_engine_size(engine, 0, &height, &width, &set), 1);
    assert_int_equal(height, info.input_height);
    assert_int_equal(width, info.input_width);
    assert_int_equal(set, 0);
    assert_int_equal(octet_engine_size(engine, 1, &height, &width, &set), 1);
    assert_int_equal(width, 2 * info.input_width);
    assert_int_equal(set, 1);
    assert_int_equal(octet_engine_size(engine, 2, &height, &width, &set), 0);
    assert_int_equal(octet_engine_size(engine, -1, &height, &width, &set), 0);
    octet_engine_free(&engine);
}

static const char *provenance(const octet_engine *engine, const char *key)
{
    const char *text = oct_engine_provenance(engine, key);
    assert_non_null(text);
    return text;
}

/* "auto" keeps the merged set for sizes that lose no more than it is told. */
static void automatic(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_SMALL, 7);
    octet_statistics *statistics = of_two_sizes(model);
    double regrets[2];
    octet_engine *engine = build(model, statistics, "auto:0", NULL);
    assert_int_equal(sscanf(provenance(engine, "scales_regret"), "64x64:%lf,64x128:%lf",
                            &regrets[0], &regrets[1]),
                     2);
    assert_string_equal(provenance(engine, "scales"), "auto:0");
    octet_engine_free(&engine);
    const int less = regrets[1] < regrets[0];
    assert_true(fabs(regrets[0] - regrets[1]) > 0.02);
    char text[32];
    snprintf(text, sizeof text, "auto:%.3f", (regrets[0] + regrets[1]) / 2);
    engine = build(model, statistics, text, NULL);
    octet_engine *merged = build(model, statistics, NULL, NULL);
    assert_int_equal(engine->set_count, 2);
    const int set = engine->sizes[less].set;
    const struct oct_network *shared = oct_engine_network(engine, set);
    for (int i = 0; i < shared->tensor_count; i++)
        assert_true(oct_same_quantization(shared->tensors[i].quantization,
                                          merged->network.tensors[i].quantization));
    octet_engine_free(&merged);
    octet_engine_free(&engine);
    octet_statistics_free(&statistics);
    octet_model_free(&model);
}

static void refusals(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_TINY, 7);
    octet_statistics *one = test_statistics(&test.context, model, 100, 2);
    octet_build_settings settings;
    octet_build_defaults(&settings);
    octet_engine *engine;
    settings.scales = "per-size";
    assert_int_equal(octet_build(&test.context, model, one, &settings, &engine),
                     OCTET_INVALID_ARGUMENT);
    assert_null(engine);
    assert_non_null(strstr(test.context.message, "of 32x32 alone"));
    settings.scales = "auto"; /* which has nothing to choose */
    assert_int_equal(octet_build(&test.context, model, one, &settings, &engine), OCTET_OK);
    octet_engine_free(&engine);
    settings.scales = "sometimes";
    assert_int_equal(octet_build(&test.context, model, one, &settings, &engine),
                     OCTET_INVALID_ARGUMENT);
    assert_non_null(strstr(test.context.message, "sometimes"));
    settings.scales = "auto";
    settings.precision = OCTET_PRECISION_FP32;
    assert_int_equal(octet_build(&test.context, model, NULL, &settings, &engine),
                     OCTET_INVALID_ARGUMENT);
    octet_statistics_free(&one);
    octet_model_free(&model);
}

/* Every allocation of a build fails once: no leak, no engine. */
static void short_memory(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_TINY, 7);
    octet_statistics *statistics = of_two_sizes(model);
    octet_build_settings settings;
    octet_build_defaults(&settings);
    settings.scales = "per-size";
    octet_engine *engine = NULL;
    octet_status status = OCTET_OUT_OF_MEMORY;
    const int live = test.live;
    for (int fail = 0; status == OCTET_OUT_OF_MEMORY; fail++) {
        test.calls = 0;
        test.fail_at = fail;
        status = octet_build(&test.context, model, statistics, &settings, &engine);
        test.fail_at = -1;
        if (status) {
            assert_null(engine);
            assert_int_equal(test.live, live);
        }
    }
    assert_int_equal(status, OCTET_OK);
    octet_engine_free(&engine);
    octet_statistics_free(&statistics);
    octet_model_free(&model);
}

/* Mixed engines and such of 4 bits have sets as all others do. */
static void with_other_settings(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_SMALL, 7);
    octet_statistics *statistics = of_two_sizes(model);
    octet_build_settings settings;
    for (int i = 0; i < 3; i++) {
        octet_engine *engine;
        octet_build_defaults(&settings);
        settings.scales = "per-size";
        settings.float_layers = i ? "neck,head.box" : NULL;
        settings.weight_bits = i ? 8 : 4;
        settings.float_precision = i == 2 ? OCTET_PRECISION_BF16 : OCTET_PRECISION_FP32;
        assert_int_equal(octet_build(&test.context, model, statistics, &settings, &engine),
                         OCTET_OK);
        assert_int_equal(engine->set_count, 2);
        size_t size;
        unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
        octet_engine *loaded;
        assert_int_equal(octet_engine_load_memory(&test.context, bytes, size, "x", &loaded),
                         OCTET_OK);
        octet_engine_free(&loaded);
        free(bytes);
        octet_engine_free(&engine);
    }
    octet_statistics_free(&statistics);
    octet_model_free(&model);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words),
        TEST(weights_stay),
        TEST(free_tensors_are_their_own),
        TEST(biases_are_their_own),
        TEST(first_set),
        TEST(automatic),
        TEST(refusals),
        TEST(short_memory),
        TEST(with_other_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
