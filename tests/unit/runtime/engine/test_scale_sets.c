/* SPDX-License-Identifier: Apache-2.0 */
/* Engines with scales for sizes of input: their files, which set a size takes, and sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "same_bits.h"
#include "small_detector.h"

static struct test_context test;

static octet_status load(const unsigned char *bytes, size_t size, octet_engine **engine)
{
    test.context.message[0] = '\0';
    return octet_engine_load_memory(&test.context, bytes, size, "file.octet", engine);
}

/* ---- files ---- */

static void same_set(const struct oct_network *a, const struct oct_network *b)
{
    for (int i = 0; i < a->tensor_count; i++)
        if (a->tensors[i].kind == OCT_TENSOR_LAYER && a->tensors[i].type == OCT_TYPE_U8)
            assert_true(
                oct_same_quantization(a->tensors[i].quantization, b->tensors[i].quantization));
    for (int i = 0; i < a->layer_count; i++) {
        const size_t outputs = (size_t)a->tensors[a->layers[i].output].channels;
        if (a->layers[i].operation != OCT_CONVOLUTION)
            continue;
        assert_memory_equal(a->layers[i].bias, b->layers[i].bias, outputs * sizeof(float));
        if (a->layers[i].codes)
            assert_memory_equal(a->layers[i].scale, b->layers[i].scale, outputs * sizeof(float));
    }
}

static void round_trip(void **state)
{
    (void)state;
    static const enum test_detector kinds[] = {TEST_DETECTOR_SMALL, TEST_DETECTOR_FAMILY};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        octet_engine *engine = test_engine_of_sizes(&test.context, kinds[i], "per-size"), *loaded;
        size_t size;
        unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
        assert_non_null(memmem(bytes, size, "octet.version\":\"5\"", 18));
        assert_int_equal(load(bytes, size, &loaded), OCTET_OK);
        assert_int_equal(loaded->set_count, 2);
        assert_int_equal(loaded->size_count, 2);
        assert_memory_equal(loaded->sizes, engine->sizes, 2 * sizeof *engine->sizes);
        for (int set = 0; set < 2; set++)
            same_set(oct_engine_network(engine, set), oct_engine_network(loaded, set));
        /* codes are there once */
        for (int layer = 0; layer < loaded->network.layer_count; layer++)
            assert_ptr_equal(loaded->sets[0].layers[layer].codes,
                             loaded->network.layers[layer].codes);
        test_expect_engine(&test.context, loaded, bytes, size);
        free(bytes);
        octet_engine_free(&loaded);
        octet_engine_free(&engine);
    }
}

/* One set for all sizes is a file as it always was. */
static void merged_is_older(void **state)
{
    (void)state;
    static const char *const how[] = {NULL, "merged", "auto:100"};
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        octet_engine *engine = test_engine_of_sizes(&test.context, TEST_DETECTOR_SMALL, how[i]);
        size_t size;
        unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
        int height, width, set;
        octet_info info;
        octet_engine_info(engine, &info);
        assert_int_equal(info.scale_sets, 1);
        assert_int_equal(octet_engine_size(engine, 0, &height, &width, &set), 0);
        assert_non_null(memmem(bytes, size, "octet.version\":\"1\"", 18));
        free(bytes);
        octet_engine_free(&engine);
    }
}

/* Damages that leave the file's length, each with what is said of it. */
static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *message;
    } cases[] = {
        {"octet.version\":\"5\"", "octet.version\":\"4\"", "\"sets\""},
        {"\\\"sets\\\"", "\\\"sexs\\\"", "\"sets\" is missing"},
        {"\\\"sizes\\\"", "\\\"sixes\\\"", "\"sizes\" is missing"},
        {"\\\"set\\\":1", "\\\"set\\\":2", "\"set\""},
        {"\\\"set\\\":1", "\\\"set\\\":0", "no size takes set 1"},
        {"\\\"width\\\":64,\\\"set\\\":1", "\\\"width\\\":16,\\\"set\\\":1", "out of order"},
        {"\\\"zero_points\\\":[", "\\\"zerO_points\\\":[", "\"zero_points\" is missing"},
        {"set.01.layer.000.bias", "set.02.layer.000.bias", "set.01.layer.000.bias"},
        {"set.01.layer.000.scale", "set.01.layer.099.scale", "set.01.layer.000.scale"},
    };
    octet_engine *engine = test_engine_of_sizes(&test.context, TEST_DETECTOR_TINY, "per-size");
    size_t size;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    octet_engine_free(&engine);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char *at = memmem(bytes, size, cases[i].from, strlen(cases[i].from));
        assert_non_null(at);
        memcpy(at, cases[i].to, strlen(cases[i].to));
        assert_int_equal(load(bytes, size, &engine), OCTET_BAD_FORMAT);
        if (!strstr(test.context.message, cases[i].message))
            fail_msg("%s: %s", cases[i].to, test.context.message);
        memcpy(at, cases[i].from, strlen(cases[i].from));
    }
    assert_int_equal(load(bytes, size, &engine), OCTET_OK);
    octet_engine_free(&engine);
    free(bytes);
}

/* A set whose codings a layer cannot have, as one that passes its input's on, is refused. */
static void codings_are_verified(void **state)
{
    (void)state;
    octet_engine *engine = test_engine_of_sizes(&test.context, TEST_DETECTOR_SMALL, "per-size");
    struct oct_network set = engine->sets[0];
    int pool = 0;
    while (set.layers[pool].operation != OCT_MAX_POOL)
        pool++;
    struct oct_quantization *coding = &set.tensors[set.layers[pool].output].quantization;
    const struct oct_quantization before = *coding;
    assert_int_equal(oct_engine_add_set(&test.context, engine, &set, "x"), OCTET_OK);
    coding->scale *= 2.0f;
    assert_int_equal(oct_engine_add_set(&test.context, engine, &set, "x"), OCTET_BAD_FORMAT);
    *coding = before;
    octet_engine_free(&engine);
}

/* ---- sizes ---- */

static void nearest_size(void **state)
{
    (void)state;
    static const int cases[][3] = {
        {320, 320, 1}, {384, 640, 2}, {640, 384, 2},   {640, 640, 0}, {32, 32, 1},   {416, 640, 2},
        {640, 320, 2}, {512, 512, 2}, {8192, 8192, 3}, {960, 960, 3}, {800, 768, 3},
    }; /* 800x768 is as far from 640x640 as from 960x960: the larger one */
    octet_engine engine = {.set_count = 4};
    assert_int_equal(oct_engine_set_of(&engine, 640, 640), 0);
    static const struct oct_scaled_size sizes[] = {
        {320, 320, 1}, {384, 640, 2}, {640, 640, 0}, {960, 960, 3}};
    oct_engine_set_sizes(&engine, sizes, 4);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int set = oct_engine_set_of(&engine, cases[i][0], cases[i][1]);
        if (set != cases[i][2])
            fail_msg("%dx%d takes set %d", cases[i][0], cases[i][1], set);
    }
    static const struct oct_scaled_size turned[] = {{384, 640, 1}, {640, 384, 0}};
    oct_engine_set_sizes(&engine, turned, 2); /* its own before others of as many pixels */
    assert_int_equal(oct_engine_set_of(&engine, 384, 640), 1);
    assert_int_equal(oct_engine_set_of(&engine, 640, 384), 0);
}

/* ---- sessions ---- */

/* What the engine's set computes when it is all of an engine. */
static octet_engine *alone(const octet_engine *engine, int set)
{
    octet_engine *one;
    assert_int_equal(oct_engine_create(&test.context, &one), OCTET_OK);
    assert_int_equal(
        oct_engine_set_network(&test.context, one, oct_engine_network(engine, set), "x"), OCTET_OK);
    return one;
}

/* At each size the bits are those of its set alone, whatever the kernels and threads, and with the
 * other size's session open, too. */
static void sessions_take_their_set(void **state)
{
    (void)state;
    static const enum test_detector kinds[] = {TEST_DETECTOR_SMALL, TEST_DETECTOR_DEPTHWISE,
                                               TEST_DETECTOR_FAMILY};
    static const char *const cpus[] = {"ref", "max"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        octet_engine *engine = test_engine_of_sizes(&test.context, kinds[k], "per-size");
        octet_image *image = test_picture(&test.context, 90, 70, 5);
        octet_session *other;
        for (int i = 0; i < 2; i++) {
            const struct oct_scaled_size *size = &engine->sizes[i], *beside = &engine->sizes[!i];
            octet_engine *one = alone(engine, size->set);
            octet_session_settings settings;
            octet_session_defaults(&settings);
            settings.height = beside->height;
            settings.width = beside->width;
            assert_int_equal(octet_session_open(&test.context, engine, &settings, &other),
                             OCTET_OK);
            settings.height = size->height;
            settings.width = size->width;
            settings.batch = 2;
            for (int n = 0; n < 4; n++) {
                settings.threads = 1 + n % 2;
                settings.cpu = cpus[n / 2];
                struct test_bits expected = test_bits_of(&test.context, one, &settings, image);
                test_expect_bits(&test.context, engine, settings, image, &expected);
                free(expected.output);
            }
            octet_session_close(&other);
            octet_engine_free(&one);
        }
        octet_image_free(&image);
        octet_engine_free(&engine);
    }
}

/* The sets differ in what they compute: else the tests above would show nothing. */
static void sets_differ(void **state)
{
    (void)state;
    octet_engine *engine = test_engine_of_sizes(&test.context, TEST_DETECTOR_SMALL, "per-size");
    octet_image *image = test_picture(&test.context, 90, 70, 5);
    octet_session_settings settings;
    octet_session_defaults(&settings);
    struct test_bits bits[2];
    for (int set = 0; set < 2; set++) {
        octet_engine *one = alone(engine, set);
        bits[set] = test_bits_of(&test.context, one, &settings, image);
        octet_engine_free(&one);
    }
    assert_int_equal(bits[0].count, bits[1].count);
    assert_memory_not_equal(bits[0].output, bits[1].output, bits[0].count * sizeof(float));
    free(bits[0].output);
    free(bits[1].output);
    octet_image_free(&image);
    octet_engine_free(&engine);
}

/* Packed weights are there once: the second size's session takes constants and no weights. */
static void weights_are_shared(void **state)
{
    (void)state;
    octet_engine *engine = test_engine_of_sizes(&test.context, TEST_DETECTOR_WIDE, "per-size");
    octet_session *first, *second;
    octet_session_settings settings;
    octet_session_defaults(&settings);
    settings.cpu = "ref";
    settings.threads = 1;
    assert_int_equal(octet_session_open(&test.context, engine, &settings, &first), OCTET_OK);
    settings.width = 2 * octet_session_width(first);
    settings.height = octet_session_height(first);
    test.largest = 0;
    assert_int_equal(octet_session_open(&test.context, engine, &settings, &second), OCTET_OK);
    octet_info info;
    octet_engine_info(engine, &info);
    const size_t activations = octet_session_memory_bytes(second) - (size_t)info.weight_bytes / 2;
    assert_true(test.largest < activations);
    octet_session_close(&first);
    octet_session_close(&second);
    octet_engine_free(&engine);
}

/* Every allocation of opening a second size fails once; nothing is lost, and the first goes on. */
static void short_memory(void **state)
{
    (void)state;
    octet_engine *engine = test_engine_of_sizes(&test.context, TEST_DETECTOR_TINY, "per-size");
    octet_session *first, *second = NULL;
    octet_session_settings settings;
    octet_session_defaults(&settings);
    settings.threads = 1;
    assert_int_equal(octet_session_open(&test.context, engine, &settings, &first), OCTET_OK);
    settings.height = octet_session_height(first);
    settings.width = 2 * octet_session_width(first);
    octet_status status = OCTET_OUT_OF_MEMORY;
    for (int fail = 0; status == OCTET_OUT_OF_MEMORY; fail++) {
        const int live = test.live;
        test.calls = 0;
        test.fail_at = fail;
        status = octet_session_open(&test.context, engine, &settings, &second);
        test.fail_at = -1;
        if (status)
            assert_null(second);
        /* constants that were made stay with the engine, once */
        assert_true(status == OCTET_OK || test.live >= live);
    }
    assert_int_equal(status, OCTET_OK);
    octet_session_close(&second);
    octet_session_close(&first);
    octet_engine_free(&engine);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(round_trip),           TEST(merged_is_older),    TEST(refusals),
        TEST(codings_are_verified), TEST(nearest_size),       TEST(sessions_take_their_set),
        TEST(sets_differ),          TEST(weights_are_shared), TEST(short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
