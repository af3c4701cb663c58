/* SPDX-License-Identifier: Apache-2.0 */
/* Small detectors on the CPU backend against a plain evaluation: INT8 to the bit, float within
 * rounding; whatever the size, batch, threads and kernels. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bfloat16.h"
#include "counting_context.h"
#include "random.h"
#include "reference.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cpu/cpu_state.h"
#include "runtime/backend/cpu/features/features.h"
#include "small_detector.h"

/* Float kernels sum in other orders than the evaluation, in single precision, over 20 layers. */
#define FLOAT_TOLERANCE 2e-4
/* Tensors are rounded to 8 bits one layer after another; 0.005 was measured. */
#define HALF_TOLERANCE 0.02
/* The same behind a dozen layers one after another; measured 0.034. */
#define DEEP_HALF_TOLERANCE 0.05
/* Of boxes in pixels and scores, where sums in other orders turn a code; 0.03 was measured. */
#define MIXED_TOLERANCE 0.1

static struct test_context test;

static const struct {
    int height, width;
} sizes[] = {{32, 32}, {64, 64}, {32, 96}, {96, 32}, {160, 64}};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* Each kernel set of this machine in turn; NULL at the end. */
static const char *next_set(unsigned *done)
{
    for (unsigned set = 1; set && set <= oct_cpu_sets(); set <<= 1) {
        if (!(*done & set) && (oct_cpu_sets() & set)) {
            *done |= set;
            return oct_cpu_set_name(set);
        }
    }
    return NULL;
}

struct comparison {
    const struct test_run *expected;
    int layers;
    double largest; /* float difference, relative to 1 + the value */
    bool half;      /* some tensor is stored as BF16 or F16 */
};

static int compare_layer(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct comparison *c = user;
    const struct oct_network *network = c->expected->network;
    const struct test_tensor *t = &c->expected->tensors[network->layers[layer].output];
    assert_int_equal(index, 0);
    assert_int_equal(layer, c->layers++);
    assert_string_equal(view->name, network->tensors[network->layers[layer].output].name);
    assert_int_equal(view->height, t->height);
    assert_int_equal(view->width, t->width);
    assert_int_equal(view->channels, network->tensors[network->layers[layer].output].channels);
    assert_int_equal(view->type != OCTET_ELEMENT_U8, t->planes[0].values != NULL);
    c->half |= view->type == OCTET_ELEMENT_BF16 || view->type == OCTET_ELEMENT_F16;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++) {
            const size_t pixel = (size_t)y * view->row_elements + (size_t)x * view->pixel_elements;
            const int at = y * view->width + x;
            for (int n = 0; n < view->channels; n++) {
                const struct test_plane *p = &t->planes[n];
                if (p->codes && ((const uint8_t *)view->data)[pixel + (size_t)n] != p->codes[at])
                    fail_msg("layer %d, channel %d, (%d, %d): %d, not %d", layer, n, y, x,
                             ((const uint8_t *)view->data)[pixel + (size_t)n], p->codes[at]);
                if (p->codes)
                    continue;
                const double is = (double)test_view_value(view, pixel + (size_t)n);
                const double off = fabs(is - (double)p->values[at]) / (1.0 + fabs(is));
                c->largest = off > c->largest ? off : c->largest;
            }
        }
    }
    return 0;
}

static void check_layers(const octet_engine *engine, int height, int width, int threads,
                         double tolerance)
{
    uint8_t *pixels = test_picture_pixels(&test.context, height, width, (uint64_t)(height + width));
    struct test_run expected;
    test_run_create(&expected, &engine->network, height, width, pixels);
    unsigned done = 0;
    for (const char *set; (set = next_set(&done));) {
        const octet_session_settings settings = {
            .height = height, .width = width, .batch = 1, .threads = threads, .cpu = set};
        octet_session *session =
            test_session_open(&test.context, &oct_cpu_backend, engine, &settings);
        struct comparison c = {.expected = &expected};
        assert_int_equal(octet_session_set_pixels(session, 0, pixels), OCTET_OK);
        octet_session_observe(session, compare_layer, &c);
        test_session_run(session);
        assert_int_equal(c.layers, engine->network.layer_count);
        if (!(c.largest <= (c.half ? fmax(HALF_TOLERANCE, tolerance) : tolerance)))
            fail_msg("%dx%d, %s: off by %g", height, width, set, c.largest);
        octet_session_close(&session);
    }
    test_run_free(&expected);
    free(pixels);
}

static void check_size(const octet_engine *engine, int size, double tolerance)
{
    check_layers(engine, sizes[size].height, sizes[size].width, 1 + size % 2, tolerance);
}

static void layers_of_int8(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    /* head tensors are float, but of the same operations */
    for (int size = 0; size < SIZES; size++)
        check_size(engine, size, 0.0);
    octet_engine_free(&engine);
}

static void layers_of_float(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_FP32);
    for (int size = 0; size < SIZES; size++)
        check_size(engine, size, FLOAT_TOLERANCE);
    octet_engine_free(&engine);
}

/* Wide 3x3 convolutions, which some sets transform: sizes that are whole squares of output pixels
 * and sizes that are not, rows and channels shared by threads. */
static void layers_transformed(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_WIDE, OCTET_PRECISION_INT8);
    check_layers(engine, 192, 192, 1, 0.0);
    check_layers(engine, 200, 216, 2, 0.0);
    check_layers(engine, 328, 200, 3, 0.0);
    octet_engine_free(&engine);
    engine = test_engine(&test.context, TEST_DETECTOR_WIDE, OCTET_PRECISION_FP32);
    check_layers(engine, 200, 216, 2, FLOAT_TOLERANCE);
    octet_engine_free(&engine);
    engine = test_engine(&test.context, TEST_DETECTOR_WIDE, OCTET_PRECISION_BF16);
    check_layers(engine, 200, 216, 2, HALF_TOLERANCE);
    octet_engine_free(&engine);
}

/* Whether AVX2 gives the layer to a kernel that takes only some shapes. */
static bool is_transformed(const octet_engine *engine, int layer)
{
    const struct oct_backend_request request = {
        .engine = engine, .height = 200, .width = 216, .batch = 1, .threads = 1, .cpu = "avx2"};
    void *state;
    assert_int_equal(oct_cpu_backend.open(&test.context, &request, &state), OCTET_OK);
    const bool is = ((const struct oct_cpu *)state)->steps[layer].kernel->fits != NULL;
    oct_cpu_backend.close(state);
    return is;
}

/* Weights of 127 all over: with 112 input channels sums just keep within what transforms allow,
 * with 128 they do not, and another kernel must be chosen. Results are right in both cases. */
static void layers_of_large_sums(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_WIDE, OCTET_PRECISION_INT8);
    struct oct_network *network = &engine->network;
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        const int inputs = network->tensors[layer->input].channels;
        if (inputs < 128)
            continue;
        memset((int8_t *)(uintptr_t)layer->codes, 127, (size_t)oct_layer_weights(network, layer));
        if (oct_cpu_sets() & OCT_CPU_AVX2)
            assert_false(is_transformed(engine, i));
        check_layers(engine, 200, 216, 2, 0.0);
        for (int64_t k = 0; k < oct_layer_weights(network, layer); k++)
            if (k / 9 % inputs >= 112)
                ((int8_t *)(uintptr_t)layer->codes)[k] = 0;
        if (oct_cpu_sets() & OCT_CPU_AVX2)
            assert_true(is_transformed(engine, i));
        check_layers(engine, 200, 216, 2, 0.0);
    }
    octet_engine_free(&engine);
}

/* Where BF16 is not stored as such, it is the float arithmetic of the rounded weights. */
static void layers_of_half(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_BF16);
    for (int size = 0; size < SIZES; size++)
        check_size(engine, size, FLOAT_TOLERANCE);
    octet_session *session = test_session_open(&test.context, &oct_cpu_backend, engine, NULL);
    if (oct_cpu_sets() & OCT_CPU_AVX512BF16) /* AMX works on what is stored so, where both are */
        assert_string_equal(octet_session_cpu(session),
                            oct_cpu_sets() & OCT_CPU_AMX ? "amx" : "avx512bf16");
    if (oct_cpu_sets() & OCT_CPU_FP16)
        assert_string_equal(octet_session_cpu(session), "fp16");
    octet_session_close(&session);
    octet_engine_free(&engine);
}

/* What IEEE's half does not hold is stored in floats. */
static void layers_of_large_halves(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_BF16);
        const struct oct_layer *layer = &engine->network.layers[0];
        if (i == 0)
            ((uint16_t *)(uintptr_t)layer->bf16)[0] = oct_bf16_of(-1e5f);
        else
            ((float *)(uintptr_t)layer->bias)[1] = 1e5f;
        octet_session *session = test_session_open(&test.context, &oct_cpu_backend, engine, NULL);
        if (oct_cpu_sets() & OCT_CPU_FP16)
            assert_string_not_equal(octet_session_cpu(session), "fp16");
        octet_session_close(&session);
        octet_engine_free(&engine);
    }
}

static void layers_of_tiny(void **state)
{
    (void)state;
    for (int precision = 0; precision < 2; precision++) {
        octet_engine *engine =
            test_engine(&test.context, TEST_DETECTOR_TINY, (octet_precision)precision);
        check_size(engine, 2, precision == OCTET_PRECISION_INT8 ? 0.0 : FLOAT_TOLERANCE);
        octet_engine_free(&engine);
    }
}

struct run {
    int height, width, threads; /* height 0: none */
};

/* In each precision; `half` is BF16's tolerance. */
static void check_precisions(enum test_detector kind, double half, const struct run runs[3])
{
    const struct {
        octet_precision precision;
        double tolerance;
    } precisions[] = {{OCTET_PRECISION_INT8, 0.0},
                      {OCTET_PRECISION_FP32, FLOAT_TOLERANCE},
                      {OCTET_PRECISION_BF16, half}};
    for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++) {
        octet_engine *engine = test_engine(&test.context, kind, precisions[i].precision);
        for (int r = 0; r < 3 && runs[r].height; r++)
            check_layers(engine, runs[r].height, runs[r].width, runs[r].threads,
                         precisions[i].tolerance);
        octet_engine_free(&engine);
    }
}

/* Slices that start between multiples of 4 channels. */
static void layers_of_pruned(void **state)
{
    (void)state;
    const struct run runs[3] = {{64, 96, 2}, {192, 208, 1}};
    check_precisions(TEST_DETECTOR_PRUNED, HALF_TOLERANCE, runs);
}

static void layers_of_pooled(void **state)
{
    (void)state;
    const struct run runs[3] = {{64, 96, 2}, {192, 208, 1}};
    check_precisions(TEST_DETECTOR_POOLED, HALF_TOLERANCE, runs);
}

/* Depthwise convolutions and all activations; rows that are wider than what is put side by side. */
static void layers_of_depthwise(void **state)
{
    (void)state;
    const struct run runs[3] = {{32, 40, 1}, {64, 520, 2}};
    check_precisions(TEST_DETECTOR_DEPTHWISE, DEEP_HALF_TOLERANCE, runs);
}

/* Heads and rows shared by threads; areas that do not end where rows do. BF16: 18 layers, most of
 * them without an activation that would flatten errors; 0.027 was measured, attention itself adds
 * none. */
static void layers_of_attention(void **state)
{
    (void)state;
    const struct run runs[3] = {{32, 32, 1}, {72, 112, 2}, {88, 80, 5}};
    check_precisions(TEST_DETECTOR_ATTENTION, 2 * HALF_TOLERANCE, runs);
}

/* An odd number of pixels has no halves. */
static void attention_of_odd_sizes(void **state)
{
    (void)state;
    octet_session *session;
    octet_engine *engine =
        test_engine(&test.context, TEST_DETECTOR_ATTENTION, OCTET_PRECISION_INT8);
    const octet_session_settings settings = {.height = 24, .width = 40, .batch = 1, .threads = 1};
    assert_int_equal(octet_session_open(&test.context, engine, &settings, &session),
                     OCTET_BAD_SHAPE);
    assert_non_null(
        strstr(test.context.message, "its 3x5 pixels cannot be cut into 2 areas at 24x40"));
    octet_engine_free(&engine);
}

/* Within what rounding a code up or down may do to boxes and scores of these random weights. */
static void check_output(const octet_engine *engine, int height, int width, double tolerance)
{
    uint8_t *pixels = test_picture_pixels(&test.context, height, width, 5);
    struct test_run expected;
    int anchors;
    test_run_create(&expected, &engine->network, height, width, pixels);
    double *wanted = test_run_output(&expected, &anchors);
    unsigned done = 0;
    for (const char *set; (set = next_set(&done));) {
        const octet_session_settings settings = {
            .height = height, .width = width, .batch = 1, .threads = 2, .cpu = set};
        octet_session *session =
            test_session_open(&test.context, &oct_cpu_backend, engine, &settings);
        size_t count;
        octet_session_set_pixels(session, 0, pixels);
        test_session_run(session);
        float *output = test_session_output(session, engine, 0, &count);
        for (size_t i = 0; i < count; i++)
            if (!(fabs((double)output[i] - wanted[i]) <= tolerance))
                fail_msg("%s: element %zu: %g, not %g", set, i, (double)output[i], wanted[i]);
        free(output);
        octet_session_close(&session);
    }
    free(wanted);
    test_run_free(&expected);
    free(pixels);
}

static void check_mixed(enum test_detector kind, const char *const float_layers[4])
{
    octet_model *model = test_model(&test.context, kind, 7);
    octet_statistics *statistics = test_statistics(&test.context, model, 100, 3);
    for (int i = 0; i < 8; i++) {
        octet_build_settings settings;
        octet_engine *engine;
        octet_build_defaults(&settings);
        settings.float_layers = float_layers[i / 2];
        settings.float_precision = i % 2 ? OCTET_PRECISION_BF16 : OCTET_PRECISION_FP32;
        if (octet_build(&test.context, model, statistics, &settings, &engine) != OCTET_OK)
            fail_msg("%s: %s", settings.float_layers, test.context.message);
        check_output(engine, 64, 96, MIXED_TOLERANCE);
        octet_engine_free(&engine);
    }
    octet_statistics_free(&statistics);
    octet_model_free(&model);
}

/* Some layers float, some INT8: such slices are converted. */
static void layers_of_pruned_mixed(void **state)
{
    (void)state;
    check_mixed(TEST_DETECTOR_PRUNED, (const char *const[4]){"1", "3-5", "9", "10-11"});
}

/* Convolutions before and behind windows, and depth to space. */
static void layers_of_pooled_mixed(void **state)
{
    (void)state;
    check_mixed(TEST_DETECTOR_POOLED, (const char *const[4]){"0", "2,4", "6", "10-11"});
}

enum { PICTURES = 4 };

/* The same bits for each picture, whatever the batch, the slot, the threads and (where asked) the
 * kernels. */
static void check_identity(const octet_engine *engine, int size, bool across_sets)
{
    const int height = sizes[size].height, width = sizes[size].width;
    float *expected[PICTURES] = {NULL};
    uint8_t *pixels[PICTURES];
    size_t count;
    for (int i = 0; i < PICTURES; i++)
        pixels[i] = test_picture_pixels(&test.context, height, width, (uint64_t)(100 + i));
    unsigned done = 0;
    for (const char *set; (set = next_set(&done));) {
        for (int i = 0; i < PICTURES && !across_sets; i++) {
            free(expected[i]);
            expected[i] = NULL;
        }
        for (int threads = 1; threads <= 3; threads++) {
            for (int batch = 1; batch <= PICTURES; batch += PICTURES - 1) {
                if (threads == 3 && (size > 0 || batch > 1)) /* slow where cores are fewer */
                    continue;
                const octet_session_settings settings = {.height = height,
                                                         .width = width,
                                                         .batch = batch,
                                                         .threads = threads,
                                                         .cpu = set};
                octet_session *session =
                    test_session_open(&test.context, &oct_cpu_backend, engine, &settings);
                for (int i = 0; i < PICTURES; i++) { /* the last slot takes the first picture */
                    const int slot = batch - 1 - i % batch;
                    octet_session_set_pixels(session, slot, pixels[i]);
                    if (batch == 1 || i == PICTURES - 1)
                        test_session_run(session);
                    for (int p = batch == 1 ? i : 0; p <= i && slot == 0; p++) {
                        float *output =
                            test_session_output(session, engine, batch - 1 - p % batch, &count);
                        if (!expected[p]) {
                            expected[p] = output;
                            continue;
                        }
                        if (memcmp(expected[p], output, count * sizeof *output) != 0)
                            fail_msg("picture %d, %s, %d threads, batch %d differs", p, set,
                                     threads, batch);
                        free(output);
                    }
                }
                octet_session_close(&session);
            }
        }
    }
    for (int i = 0; i < PICTURES; i++) {
        free(pixels[i]);
        free(expected[i]);
    }
}

static void identity(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    for (int size = 0; size < 3; size++)
        check_identity(engine, size, true);
    octet_engine_free(&engine);
    engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_FP32);
    check_identity(engine, 1, true);
    octet_engine_free(&engine);
    engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_BF16);
    check_identity(engine, 1, false); /* of a kernel set alone */
    octet_engine_free(&engine);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(layers_of_int8),         TEST(layers_of_float),        TEST(layers_transformed),
        TEST(layers_of_large_sums),   TEST(layers_of_half),         TEST(layers_of_large_halves),
        TEST(layers_of_tiny),         TEST(layers_of_depthwise),    TEST(layers_of_pruned),
        TEST(layers_of_pooled),       TEST(layers_of_attention),    TEST(attention_of_odd_sizes),
        TEST(layers_of_pruned_mixed), TEST(layers_of_pooled_mixed), TEST(identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
