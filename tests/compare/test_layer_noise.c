/* SPDX-License-Identifier: Apache-2.0 */
/* Signal and noise of layers, beside the plain evaluation of reference.h: through the network, and
 * of each layer alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "insight/layer_noise.h"
#include "network/requantize.h"
#include "reference.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "small_detector.h"

#define LAYERS_MAX 128
#define SIDE 64 /* the small detector's own size */
#define PICTURES 2

static struct test_context test;

/* A's values, of one picture. */
struct recorded {
    float *values[LAYERS_MAX];
    int channels[LAYERS_MAX];
};

static int record(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct recorded *recorded = user;
    const size_t channels = (size_t)view->channels, width = (size_t)view->width;
    const size_t count = (size_t)view->height * width * channels;
    (void)index;
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] =
            ((const float *)view->data)[i / channels / width * view->row_elements +
                                        i / channels % width * view->pixel_elements + i % channels];
    recorded->values[layer] = values;
    recorded->channels[layer] = view->channels;
    return 0;
}

static const char *layer_name(const octet_engine *engine, int layer)
{
    return engine->network.tensors[engine->network.layers[layer].output].name;
}

static int layer_named(const octet_engine *engine, const char *name)
{
    for (int i = 0; i < engine->network.layer_count; i++)
        if (strcmp(layer_name(engine, i), name) == 0)
            return i;
    return -1;
}

/* Sums up what a tensor of the plain evaluation differs from values by; then, if asked for, has it
 * be these values. */
static void compare_tensor(const struct test_tensor *tensor, const float *values, int channels,
                           struct noise_sums *sums, bool overwrite)
{
    const size_t pixels = (size_t)tensor->height * (size_t)tensor->width;
    for (size_t at = 0; at < pixels; at++)
        for (int c = 0; c < channels; c++) {
            const struct test_plane *plane = &tensor->planes[c];
            const float value = values[at * (size_t)channels + (size_t)c];
            const float found =
                plane->codes ? oct_dequantize(plane->codes[at], plane->scale, plane->zero_point)
                             : plane->values[at];
            sums->signal += (double)value * (double)value;
            sums->noise += ((double)found - (double)value) * ((double)found - (double)value);
            if (overwrite && plane->codes)
                *(uint8_t *)(uintptr_t)&plane->codes[at] =
                    oct_requantize(value, 1.0f / plane->scale, plane->zero_point);
            else if (overwrite)
                *(float *)(uintptr_t)&plane->values[at] = value;
        }
}

static void evaluate(const octet_engine *a, const octet_engine *b, const uint8_t *rgb,
                     const struct recorded *recorded, struct noise_sums *sums, bool alone)
{
    struct test_run run;
    test_run_open(&run, &b->network, SIDE, SIDE);
    test_run_set_pixels(&run, rgb);
    for (int i = 0; i < b->network.layer_count; i++) {
        const int of_a = layer_named(a, layer_name(b, i));
        test_run_layer(&run, i);
        if (of_a < 0)
            continue;
        compare_tensor(test_run_tensor(&run, b->network.layers[i].output), recorded->values[of_a],
                       recorded->channels[of_a], &sums[i], alone);
    }
    test_run_free(&run);
}

/* The boxes are taken of a run as it is, between the two others. */
struct taken {
    octet_session *session;
    const octet_engine *engine;
    float *wanted;
    int times;
};

static octet_status take(void *user)
{
    struct taken *taken = user;
    size_t count;
    float *output = test_session_output(taken->session, taken->engine, 0, &count);
    assert_memory_equal(output, taken->wanted, count * sizeof *output);
    free(output);
    taken->times++;
    return OCTET_OK;
}

static void assert_near(const char *name, double is, double wanted)
{
    if (!(fabs(is - wanted) <= 1e-9 * fabs(wanted)))
        fail_msg("%s: %.12g, not %.12g", name, is, wanted);
}

static void add_picture(struct layer_noise *noise, octet_session *a, octet_session *b,
                        const octet_engine *engine, const uint8_t *rgb)
{
    struct taken taken = {.session = b, .engine = engine};
    octet_session *failed;
    size_t count;
    assert_int_equal(octet_session_set_pixels(a, 0, rgb), OCTET_OK);
    assert_int_equal(octet_session_set_pixels(b, 0, rgb), OCTET_OK);
    test_session_run(b);
    taken.wanted = test_session_output(b, engine, 0, &count);
    assert_int_equal(layer_noise_add(noise, a, b, take, &taken, &failed), OCTET_OK);
    assert_int_equal(taken.times, 1);
    free(taken.wanted);
}

static void beside_reference(void **state)
{
    (void)state;
    octet_engine *a = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_FP32);
    octet_engine *b = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    octet_session *first = test_session_open(&test.context, &oct_cpu_backend, a, NULL);
    octet_session *second = test_session_open(&test.context, &oct_cpu_backend, b, NULL);
    struct noise_sums through[LAYERS_MAX] = {{0}}, alone[LAYERS_MAX] = {{0}};
    struct layer_noise noise;
    layer_noise_open(&noise, a, b);
    assert_true(noise.count >= a->network.layer_count * 9 / 10);
    for (uint64_t i = 0; i < PICTURES; i++) {
        struct recorded recorded = {.channels = {0}};
        uint8_t *rgb = test_picture_pixels(&test.context, SIDE, SIDE, 5 + i);
        octet_session_set_pixels(first, 0, rgb);
        octet_session_observe(first, record, &recorded);
        test_session_run(first);
        octet_session_observe(first, NULL, NULL);
        evaluate(a, b, rgb, &recorded, through, false);
        evaluate(a, b, rgb, &recorded, alone, true);
        add_picture(&noise, first, second, b, rgb);
        for (int k = 0; k < LAYERS_MAX; k++)
            free(recorded.values[k]);
        free(rgb);
    }
    assert_true(noise.alone);
    for (int i = 0; i < noise.count; i++) {
        const struct layer_pair *pair = &noise.pairs[i];
        assert_string_equal(pair->a.name, pair->b.name);
        assert_near(pair->b.name, pair->through.signal, through[pair->b_layer].signal);
        assert_near(pair->b.name, pair->through.noise, through[pair->b_layer].noise);
        assert_near(pair->b.name, pair->alone.signal, alone[pair->b_layer].signal);
        assert_near(pair->b.name, pair->alone.noise, alone[pair->b_layer].noise);
    }
    layer_noise_close(&noise);
    octet_session_close(&first);
    octet_session_close(&second);
    octet_engine_free(&a);
    octet_engine_free(&b);
}

/* What layer_noise_effects() shows of A's outputs. */
struct looked {
    octet_session *session;
    const octet_engine *engine;
    const float *plain;
    int calls, other, last;
};

static bool look(void *user, int pair)
{
    struct looked *looked = user;
    size_t count;
    float *output = test_session_output(looked->session, looked->engine, 0, &count);
    const bool is_plain = memcmp(output, looked->plain, count * sizeof *output) == 0;
    free(output);
    if (looked->calls++ == 0)
        assert_true(pair == -1 && is_plain);
    else
        assert_true(pair > looked->last);
    looked->other += !is_plain;
    looked->last = pair;
    return true;
}

/* The float network with one layer's output from the other: no pair without effect, none beside
 * itself, and afterwards all is as it was. */
static void effects(void **state)
{
    static const octet_precision precisions[] = {OCTET_PRECISION_INT8, OCTET_PRECISION_FP32};
    (void)state;
    for (int k = 0; k < 2; k++) {
        octet_engine *a = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_FP32);
        octet_engine *b = test_engine(&test.context, TEST_DETECTOR_SMALL, precisions[k]);
        octet_session *first = test_session_open(&test.context, &oct_cpu_backend, a, NULL);
        octet_session *second = test_session_open(&test.context, &oct_cpu_backend, b, NULL);
        octet_session *failed;
        struct layer_noise noise;
        size_t count;
        uint8_t *rgb = test_picture_pixels(&test.context, SIDE, SIDE, 5);
        assert_int_equal(octet_session_set_pixels(first, 0, rgb), OCTET_OK);
        assert_int_equal(octet_session_set_pixels(second, 0, rgb), OCTET_OK);
        test_session_run(first);
        float *plain = test_session_output(first, a, 0, &count);
        struct looked looked = {.session = first, .engine = a, .plain = plain, .last = -1};
        layer_noise_open(&noise, a, b);
        assert_int_equal(layer_noise_effects(&noise, first, second, look, &looked, &failed),
                         OCTET_OK);
        assert_int_equal(looked.calls > noise.count / 2, k == 0);
        assert_int_equal(looked.other, looked.calls - 1);
        bool *left_out = malloc((size_t)noise.count);
        assert_non_null(left_out);
        memset(left_out, true, (size_t)noise.count);
        left_out[1] = false;
        noise.left_out = left_out;
        looked = (struct looked){.session = first, .engine = a, .plain = plain, .last = -1};
        assert_int_equal(layer_noise_effects(&noise, first, second, look, &looked, &failed),
                         OCTET_OK);
        assert_int_equal(looked.calls, k == 0 ? 2 : 1);
        assert_int_equal(looked.last, k == 0 ? 1 : -1);
        free(left_out);
        test_session_run(first);
        float *again = test_session_output(first, a, 0, &count);
        assert_memory_equal(again, plain, count * sizeof *again);
        free(again);
        free(plain);
        free(rgb);
        layer_noise_close(&noise);
        octet_session_close(&first);
        octet_session_close(&second);
        octet_engine_free(&a);
        octet_engine_free(&b);
    }
}

static void decibels(void **state)
{
    (void)state;
    assert_near("a tenth", noise_decibels(&(struct noise_sums){100.0, 1.0}), 20.0);
    assert_true(isinf(noise_decibels(&(struct noise_sums){1.0, 0.0})));
    assert_true(isnan(noise_decibels(&(struct noise_sums){0.0, 0.0})));
    assert_true(isnan(noise_decibels(&(struct noise_sums){1.0, NAN})));
}

/* Layers of other names or channels are no pairs. */
static void other_networks(void **state)
{
    (void)state;
    octet_engine *a = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_FP32);
    octet_engine *b = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    struct layer_noise noise;
    layer_noise_open(&noise, a, b);
    for (int i = 0; i < noise.count; i++) {
        assert_string_equal(noise.pairs[i].a.name, noise.pairs[i].b.name);
        assert_int_equal(noise.pairs[i].a.output_channels, noise.pairs[i].b.output_channels);
    }
    assert_true(noise.count < b->network.layer_count);
    layer_noise_close(&noise);
    octet_engine_free(&a);
    octet_engine_free(&b);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(beside_reference),
        TEST(effects),
        TEST(decibels),
        TEST(other_networks),
    };
    return cmocka_run_group_tests_name("layer_noise", tests, NULL, NULL);
}
