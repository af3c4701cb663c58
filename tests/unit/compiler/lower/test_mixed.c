/* SPDX-License-Identifier: Apache-2.0 */
/* Mixed precision: which layers stay float, which types tensors get, and what comes out. */
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
#include "counting_context.h"
#include "network/operations.h"
#include "network/requantize.h"
#include "random.h"
#include "reference.h"
#include "runtime/backend/cpu/features/features.h"
#include "small_detector.h"

/* A sum that falls on the other side of a tie turns a code by one, which later layers carry on. */
#define BOX_TOLERANCE_PX 0.25
#define SCORE_TOLERANCE 0.005
/* Times that, where tensors are rounded to BF16. */
#define HALF_TOLERANCE 2

static struct test_context test;
static octet_model *model;
static octet_statistics *statistics;

static int set_up_all(void **state)
{
    (void)state;
    test_context_init(&test);
    model = test_model(&test.context, TEST_DETECTOR_SMALL, 7);
    statistics = test_statistics(&test.context, model, 100, 3);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    octet_statistics_free(&statistics);
    octet_model_free(&model);
    return test.live;
}

static octet_engine *build_as(const char *float_layers, octet_precision precision)
{
    octet_build_settings settings;
    octet_engine *engine;
    octet_build_defaults(&settings);
    settings.float_layers = float_layers;
    settings.float_precision = precision;
    if (octet_build(&test.context, model, statistics, &settings, &engine) != OCTET_OK)
        fail_msg("%s: %s", float_layers, test.context.message);
    return engine;
}

static octet_engine *build(const char *float_layers)
{
    return build_as(float_layers, OCTET_PRECISION_FP32);
}

static int count_float(const struct oct_network *network)
{
    int count = 0;
    for (int i = 0; i < network->layer_count; i++)
        count += network->layers[i].values || network->layers[i].bf16;
    return count;
}

static bool has_halves(const struct oct_network *network)
{
    for (int i = 0; i < network->tensor_count; i++)
        if (network->tensors[i].type == OCT_TYPE_BF16)
            return true;
    return false;
}

/* Layers that convert, beside those of the float plan (whose copies may convert as well). */
static int count_added(const octet_engine *engine)
{
    return engine->network.layer_count - model->network.layer_count;
}

static int count_convolutions(void)
{
    return count_float(&model->network);
}

static void words(void **state)
{
    (void)state;
    enum { ALL = -1 };
    static const struct {
        const char *text;
        octet_status status;
        int count;
    } cases[] = {
        {NULL, OCTET_OK, 0},
        {"none", OCTET_OK, 0},
        {"head", OCTET_OK, 12}, /* a 3x3 convolution and the last one, two branches, three levels */
        {"0", OCTET_OK, 1},
        {"0-2", OCTET_OK, 3},
        {"0,2,0-2", OCTET_OK, 3},
        {"000", OCTET_OK, 1},
        {"*", OCTET_OK, ALL},
        {"/layer.*", OCTET_OK, ALL},
        {"/value.1", OCTET_OK, 1}, /* an output */
        {"/layer.[0-1]", OCTET_OK, 2},
        {"/layer.?", OCTET_OK, 10},
        {"head,0", OCTET_OK, 13},
        {"", OCTET_INVALID_ARGUMENT, 0},
        {",", OCTET_INVALID_ARGUMENT, 0},
        {"0,", OCTET_INVALID_ARGUMENT, 0},
        {"0,,2", OCTET_INVALID_ARGUMENT, 0},
        {"none,0", OCTET_INVALID_ARGUMENT, 0},
        {"2-0", OCTET_INVALID_ARGUMENT, 0},
        {"0-", OCTET_INVALID_ARGUMENT, 0},
        {"0-1-2", OCTET_INVALID_ARGUMENT, 0},
        {"0--1", OCTET_INVALID_ARGUMENT, 0},
        {"99999999999999999999", OCTET_INVALID_ARGUMENT, 0},
        {"999999", OCTET_MISMATCH, 0},
        {"Head", OCTET_MISMATCH, 0},
        {"/layer.999", OCTET_MISMATCH, 0},
        {"[", OCTET_MISMATCH, 0},
        {"0,nothing*", OCTET_MISMATCH, 0},
    };
    const struct oct_network *network = &model->network;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is_float[OCT_LAYERS_MAX] = {false};
        test.context.message[0] = '\0';
        const octet_status status =
            oct_select_float_layers(&test.context, network, cases[i].text, is_float);
        if (status != cases[i].status)
            fail_msg("\"%s\": %s", cases[i].text, octet_status_name(status));
        assert_int_equal(status != OCTET_OK, test.context.message[0] != '\0');
        int count = 0;
        for (int l = 0; l < network->layer_count; l++)
            count += is_float[l];
        const int wanted = cases[i].count == ALL ? count_convolutions() : cases[i].count;
        if (!status && count != wanted)
            fail_msg("\"%s\": %d layers, not %d", cases[i].text, count, wanted);
        /* without a model, only what cannot be right in any is found */
        const octet_build_settings settings = {.precision = OCTET_PRECISION_INT8,
                                               .float_layers = cases[i].text};
        const octet_status syntax = octet_build(&test.context, NULL, NULL, &settings, NULL);
        assert_int_equal(syntax, status == OCTET_MISMATCH ? OCTET_OK : status);
        assert_int_equal(octet_build(&test.context, model, NULL, &settings, NULL), status);
    }
}

static void only_int8(void **state)
{
    (void)state;
    octet_engine *engine;
    const octet_build_settings settings = {.precision = OCTET_PRECISION_FP32,
                                           .float_layers = "head"};
    assert_int_equal(octet_build(&test.context, model, NULL, &settings, &engine),
                     OCTET_INVALID_ARGUMENT);
    assert_null(engine);
}

static void none_changes_nothing(void **state)
{
    (void)state;
    octet_engine *engines[2] = {build(NULL), build("none")};
    unsigned char *bytes[2];
    size_t size[2];
    for (int i = 0; i < 2; i++) {
        bytes[i] = test_engine_bytes(&test.context, engines[i], &size[i]);
        octet_engine_free(&engines[i]);
    }
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static octet_session *open_session(const octet_engine *engine, const char *cpu)
{
    const octet_session_settings settings = {
        .height = 64, .width = 96, .batch = 1, .threads = 1, .cpu = cpu};
    octet_session *session;
    if (octet_session_open(&test.context, engine, &settings, &session) != OCTET_OK)
        fail_msg("%s", test.context.message);
    return session;
}

enum { ANCHORS = 8 * 12 + 4 * 6 + 2 * 3, ROWS = 4 + 5 };

static const uint8_t *pixels(void)
{
    static uint8_t all[64 * 96 * 3];
    octet_image *image = test_picture(&test.context, 96, 64, 5);
    memcpy(all, octet_image_pixels(image), sizeof all);
    octet_image_free(&image);
    return all;
}

static void run_engine(const octet_engine *engine, const char *cpu, float output[ROWS * ANCHORS])
{
    octet_session *session = open_session(engine, cpu);
    assert_int_equal(octet_session_set_pixels(session, 0, pixels()), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_anchor_count(session), ANCHORS);
    assert_int_equal(octet_session_output(session, 0, output), OCTET_OK);
    octet_session_close(&session);
}

static void all_float(void **state)
{
    (void)state;
    static float mixed[ROWS * ANCHORS], plain[ROWS * ANCHORS];
    octet_engine *engine = build("*"), *fp32;
    const octet_build_settings settings = {.precision = OCTET_PRECISION_FP32};
    assert_int_equal(octet_build(&test.context, model, NULL, &settings, &fp32), OCTET_OK);
    octet_info info;
    octet_engine_info(engine, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_FP32);
    assert_int_equal(count_added(engine), 0);
    run_engine(engine, NULL, mixed);
    run_engine(fp32, NULL, plain);
    assert_memory_equal(mixed, plain, sizeof plain);
    octet_engine_free(&engine);
    octet_engine_free(&fp32);
}

/* What the runs must agree in: boxes in pixels, scores. */
static void compare_outputs(const char *what, const float *found, const float *plain,
                            const double *precise, int looser)
{
    for (int i = 0; i < ROWS * ANCHORS; i++) {
        const double wanted = precise ? precise[i] : (double)plain[i];
        const double tolerance = i < 4 * ANCHORS ? BOX_TOLERANCE_PX : SCORE_TOLERANCE;
        if (!(fabs((double)found[i] - wanted) <= looser * tolerance))
            fail_msg("%s: row %d, anchor %d: %g, not %g", what, i / ANCHORS, i % ANCHORS,
                     (double)found[i], wanted);
    }
}

/* Every convolution has the weights of its input's type, every tensor the type of its buffer. */
static void check_plan(const struct oct_network *network, int wanted_float)
{
    assert_int_equal(oct_network_verify(&test.context, network, "mixed"), OCTET_OK);
    assert_int_equal(count_float(network), wanted_float);
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        if (layer->operation == OCT_CONVOLUTION)
            assert_int_equal(layer->codes != NULL,
                             network->tensors[layer->input].type == OCT_TYPE_U8);
    }
}

/* The engine against the plain evaluation, and its kernel sets against each other: to the bit, but
 * for tensors that one of them stores as BF16 or F16. */
static void check_engine(const octet_engine *engine, const char *what)
{
    static float output[ROWS * ANCHORS], first[ROWS * ANCHORS];
    struct test_run expected;
    int anchors;
    test_run_create(&expected, &engine->network, 64, 96, pixels());
    double *values = test_run_output(&expected, &anchors);
    assert_int_equal(anchors, ANCHORS);
    for (unsigned set = 1; set && set <= oct_cpu_sets(); set <<= 1) {
        if (!(oct_cpu_sets() & set))
            continue;
        run_engine(engine, oct_cpu_set_name(set), output);
        const unsigned storing = OCT_CPU_AVX512BF16 | OCT_CPU_FP16; /* and sets above them */
        const bool half =
            has_halves(&engine->network) && (oct_cpu_sets() & storing & (2 * set - 1));
        compare_outputs(what, output, NULL, values, half ? HALF_TOLERANCE : 1);
        if (set == 1)
            memcpy(first, output, sizeof first);
        else if (!half && memcmp(output, first, sizeof first) != 0)
            fail_msg("%s: %s gives other bits", what, oct_cpu_set_name(set));
    }
    free(values);
    test_run_free(&expected);
}

/* A saved engine is the engine. */
static void check_file(const octet_engine *engine)
{
    static float before[ROWS * ANCHORS], after[ROWS * ANCHORS];
    size_t size;
    octet_engine *loaded;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    assert_int_equal(octet_engine_load_memory(&test.context, bytes, size, "mixed", &loaded),
                     OCTET_OK);
    test_expect_engine(&test.context, loaded, bytes, size);
    run_engine(engine, NULL, before);
    run_engine(loaded, NULL, after);
    assert_memory_equal(before, after, sizeof before);
    octet_engine_free(&loaded);
    free(bytes);
}

static void single_layers(void **state)
{
    (void)state;
    int built = 0;
    for (int i = 0; i < model->network.layer_count; i++) {
        char text[16];
        if (!model->network.layers[i].values)
            continue;
        built++;
        snprintf(text, sizeof text, "%d", i);
        octet_engine *engine = build(text);
        octet_info info;
        octet_engine_info(engine, &info);
        assert_int_equal(info.precision, OCTET_PRECISION_MIXED);
        check_plan(&engine->network, 1);
        if (count_added(engine) > 2)
            fail_msg("layer %d alone takes %d conversions", i, count_added(engine));
        if (i % 8 == 0)
            check_engine(engine, text);
        octet_engine_free(&engine);
    }
    assert_true(built > 20);
}

static void random_layers(void **state)
{
    (void)state;
    struct test_random random = test_random_of(3);
    for (int turn = 0; turn < 40; turn++) {
        char text[512] = "0";
        const uint32_t share = 1 + test_bits(&random) % 7;
        for (int i = 1; i < model->network.layer_count; i++)
            if (model->network.layers[i].values && test_bits(&random) % 8 < share)
                snprintf(text + strlen(text), sizeof text - strlen(text), ",%d", i);
        octet_engine *engine = build(text);
        check_plan(&engine->network, count_float(&engine->network));
        if (turn % 8 == 0)
            check_engine(engine, text);
        if (turn % 10 == 0)
            check_file(engine);
        octet_engine_free(&engine);
    }
}

/* The same layers in half: as many conversions, and the head's outputs are float. */
static void half_layers(void **state)
{
    (void)state;
    static const char *const texts[] = {"0",        "1", "head", "5-9", "/layer.*[02468]",
                                        "0,3,head", "*"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        octet_engine *whole = build(texts[i]);
        octet_engine *half = build_as(texts[i], OCTET_PRECISION_BF16);
        check_plan(&half->network, count_float(&whole->network));
        assert_true(has_halves(&half->network));
        assert_int_equal(count_added(half), count_added(whole));
        for (int l = 0; l < half->network.layer_count; l++)
            assert_null(half->network.layers[l].values);
        check_engine(half, texts[i]);
        check_file(half);
        octet_engine_free(&whole);
        octet_engine_free(&half);
    }
}

/* Layers write what their readers want: conversions are few, or none at all. */
static void few_conversions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int most;
    } cases[] = {
        {"0", 0},    /* the picture comes as values */
        {"0-1", 0},  /* a chain */
        {"*", 0},    /* nothing is quantised */
        {"head", 2}, /* of the levels' inputs, one is read by nothing else */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_engine *engine = build(cases[i].text);
        if (count_added(engine) > cases[i].most)
            fail_msg("\"%s\": %d conversions", cases[i].text, count_added(engine));
        octet_engine_free(&engine);
    }
}

/* Codes of a run by the tensors' names; values are coded as the INT8 engine codes them. */
struct codes {
    const struct oct_network *network, *running; /* INT8; the session's */
    uint8_t *of[128];                            /* [layers of `plan`] */
    int compared;
};

static int find_layer(const struct oct_network *network, const char *name)
{
    const size_t length = strlen(name);
    const bool twin = length > 3 && strcmp(name + length - 3, ".u8") == 0;
    for (int i = 0; i < network->layer_count; i++) {
        const char *own = network->tensors[network->layers[i].output].name;
        if (strlen(own) == length - (twin ? 3 : 0) && strncmp(own, name, strlen(own)) == 0)
            return i;
    }
    return -1;
}

static uint8_t code_at(const octet_tensor_view *view, const struct oct_tensor *t, size_t at)
{
    if (view->type == OCTET_ELEMENT_U8)
        return ((const uint8_t *)view->data)[at];
    return oct_requantize(((const float *)view->data)[at], 1.0f / t->quantization.scale,
                          t->quantization.zero_point);
}

static int keep_codes(void *user, int index, int layer, const octet_tensor_view *view)
{
    (void)index;
    struct codes *codes = user;
    if (codes->running->layers[layer].values) /* a float convolution has results of its own */
        return 0;
    const int own = find_layer(codes->network, view->name);
    const size_t count = (size_t)(view->height * view->width * view->channels);
    const struct oct_tensor *t =
        own < 0 ? NULL : &codes->network->tensors[codes->network->layers[own].output];
    if (!t || t->type != OCT_TYPE_U8)
        return 0;
    const bool first = !codes->of[own];
    if (first)
        codes->of[own] = malloc(count);
    assert_non_null(codes->of[own]);
    uint8_t *code = codes->of[own];
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++) {
            for (int c = 0; c < view->channels; c++, code++) {
                const size_t at =
                    (size_t)y * view->row_elements + (size_t)x * view->pixel_elements + (size_t)c;
                const uint8_t now = code_at(view, t, at);
                if (first)
                    *code = now;
                else if (*code != now)
                    fail_msg("%s: channel %d at (%d, %d): %d, not %d", view->name, c, y, x, now,
                             *code);
            }
        }
    }
    codes->compared += !first;
    return 0;
}

/* With the head in float, all before it computes the codes of the INT8 engine; tensors that the
 * head reads are written as values, which have those codes. */
static void int8_stays_exact(void **state)
{
    (void)state;
    octet_engine *int8 = build(NULL), *mixed = build("head");
    struct codes codes = {.network = &int8->network};
    octet_engine *const engines[2] = {int8, mixed};
    for (int i = 0; i < 2; i++) {
        octet_session *session = open_session(engines[i], i ? NULL : "ref");
        codes.running = &engines[i]->network;
        codes.compared = 0; /* copies share names with what they copy: some in the first run too */
        assert_int_equal(octet_session_set_pixels(session, 0, pixels()), OCTET_OK);
        octet_session_observe(session, keep_codes, &codes);
        assert_int_equal(octet_session_run(session), OCTET_OK);
        octet_session_close(&session);
    }
    int kept = 0;
    for (int i = 0; i < int8->network.layer_count; i++) {
        kept += codes.of[i] != NULL;
        free(codes.of[i]);
    }
    assert_true(codes.compared >= kept - 6 + count_added(mixed)); /* six 3x3 ones are float */
    octet_engine_free(&int8);
    octet_engine_free(&mixed);
}

/* Parts are disjoint, and all of the network together. */
static void parts(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int count;
    } all[] = {{"stem", 2}, {"backbone", 13}, {"neck", 10}, {"head.box", 6}, {"head.cls", 6}};
    unsigned char selected[OCT_LAYERS_MAX], sum[OCT_LAYERS_MAX] = {0};
    int computing = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        int count = 0;
        assert_int_equal(octet_build_select_layers(&test.context, model, all[i].word, selected),
                         OCTET_OK);
        for (int k = 0; k < model->network.layer_count; k++) {
            count += selected[k];
            sum[k] = (unsigned char)(sum[k] + selected[k]);
        }
        assert_int_equal(count, all[i].count);
    }
    for (int k = 0; k < model->network.layer_count; k++) {
        assert_int_equal(sum[k], oct_layer_computes(&model->network.layers[k]));
        computing += sum[k];
    }
    assert_int_equal(computing, count_convolutions());
    assert_int_equal(octet_build_select_layers(&test.context, model, "tail", selected),
                     OCTET_MISMATCH);
    assert_int_equal(octet_build_select_layers(&test.context, model, "none", NULL),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_build_select_layers(&test.context, NULL, "none", selected),
                     OCTET_INVALID_ARGUMENT);
}

/* What a calibrator found is kept for the next build; builds by others between are no matter. */
static void kept_codings(void **state)
{
    (void)state;
    static const char *const calibrators[] = {"mse",           "mse",           "percentile:99",
                                              "percentile:95", "percentile:99", "minmax",
                                              "mse",           "entropy"};
    octet_build_settings settings;
    octet_build_defaults(&settings);
    for (size_t i = 0; i < sizeof calibrators / sizeof calibrators[0]; i++) {
        octet_statistics *fresh = test_statistics(&test.context, model, 100, 3);
        octet_engine *kept, *anew;
        void *bytes[2];
        size_t sizes[2];
        settings.calibrator = calibrators[i];
        assert_int_equal(octet_build(&test.context, model, statistics, &settings, &kept), OCTET_OK);
        assert_int_equal(octet_build(&test.context, model, fresh, &settings, &anew), OCTET_OK);
        assert_int_equal(octet_engine_save_memory(&test.context, kept, &bytes[0], &sizes[0]),
                         OCTET_OK);
        assert_int_equal(octet_engine_save_memory(&test.context, anew, &bytes[1], &sizes[1]),
                         OCTET_OK);
        assert_int_equal(sizes[0], sizes[1]);
        assert_memory_equal(bytes[0], bytes[1], sizes[0]);
        octet_free(&test.context, bytes[0]);
        octet_free(&test.context, bytes[1]);
        octet_engine_free(&kept);
        octet_engine_free(&anew);
        octet_statistics_free(&fresh);
    }
}

/* A copy may change the type, other layers may not. */
static void verification(void **state)
{
    (void)state;
    octet_engine *engine = build("head");
    struct oct_network *network = &engine->network;
    int conversion = -1, pool = -1;
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        if (network->tensors[layer->input].type != network->tensors[layer->output].type &&
            layer->operation == OCT_COPY)
            conversion = i;
        if (layer->operation == OCT_MAX_POOL)
            pool = i;
    }
    assert_true(conversion >= 0 && pool >= 0);
    octet_layer_info info;
    assert_int_equal(octet_engine_layer(engine, conversion, &info), OCTET_OK);
    assert_string_equal(info.operation, "Quantize");
    network->layers[conversion].operation = OCT_MAX_POOL;
    assert_int_equal(oct_network_verify(&test.context, network, "a"), OCTET_BAD_FORMAT);
    network->layers[conversion].operation = OCT_COPY;
    assert_int_equal(oct_network_verify(&test.context, network, "a"), OCTET_OK);
    network->tensors[network->layers[conversion].output].quantization.scale = 0.0f;
    assert_int_equal(oct_network_verify(&test.context, network, "a"), OCTET_BAD_FORMAT);
    octet_engine_free(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(only_int8),
        cmocka_unit_test(none_changes_nothing),
        cmocka_unit_test(all_float),
        cmocka_unit_test(single_layers),
        cmocka_unit_test(random_layers),
        cmocka_unit_test(half_layers),
        cmocka_unit_test(few_conversions),
        cmocka_unit_test(int8_stays_exact),
        cmocka_unit_test(verification),
        cmocka_unit_test(parts),
        cmocka_unit_test(kept_codings),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
