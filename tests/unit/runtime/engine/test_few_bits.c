/* SPDX-License-Identifier: Apache-2.0 */
/* Engines with weights of 4 bits: which layers have them, how files hold them, what is refused, and
 * that they run as all others do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "random.h"
#include "run_session.h"
#include "runtime/engine/nibbles.h"
#include "small_detector.h"

static struct test_context test;

static octet_status load(const unsigned char *bytes, size_t size, octet_engine **engine)
{
    test.context.message[0] = '\0';
    return octet_engine_load_memory(&test.context, bytes, size, "file.octet", engine);
}

/* ---- two in a byte ---- */

static void by_hand(void **state)
{
    (void)state;
    const int8_t codes[5] = {-7, 7, 0, -1, 3};
    const uint8_t expected[3] = {0x79, 0xf0, 0x03};
    uint8_t bytes[3];
    int8_t again[5];
    assert_int_equal(oct_nibble_bytes(5), sizeof bytes);
    assert_int_equal(oct_nibble_bytes(0), 0);
    oct_pack_nibbles(codes, 5, bytes);
    assert_memory_equal(bytes, expected, sizeof bytes);
    assert_true(oct_unpack_nibbles(bytes, 5, again));
    assert_memory_equal(again, codes, sizeof codes);
}

static void all_counts(void **state)
{
    enum { MOST = 67 };
    struct test_random random = test_random_of(1);
    (void)state;
    for (int count = 0; count <= MOST; count++) {
        int8_t codes[MOST], again[MOST + 1];
        uint8_t bytes[MOST / 2 + 2];
        for (int i = 0; i < count; i++)
            codes[i] = (int8_t)test_int(&random, -7, 7);
        const size_t size = oct_nibble_bytes((size_t)count);
        bytes[size] = 0x5a;
        again[count] = 0x5a;
        oct_pack_nibbles(codes, (size_t)count, bytes);
        assert_true(oct_unpack_nibbles(bytes, (size_t)count, again));
        assert_memory_equal(codes, again, (size_t)count);
        assert_true(bytes[size] == 0x5a && again[count] == 0x5a);
    }
}

static void bad_nibbles(void **state)
{
    (void)state;
    const uint8_t low = 0x18, high = 0x81, padded = 0x13, fine = 0x03;
    int8_t codes[2];
    assert_false(oct_unpack_nibbles(&low, 2, codes));
    assert_false(oct_unpack_nibbles(&low, 1, codes));
    assert_false(oct_unpack_nibbles(&high, 2, codes));
    assert_false(oct_unpack_nibbles(&padded, 1, codes));
    assert_true(oct_unpack_nibbles(&padded, 2, codes));
    assert_true(oct_unpack_nibbles(&fine, 1, codes));
}

/* ---- engines ---- */

static bool writes_output(const struct oct_network *network, const struct oct_layer *layer)
{
    for (int i = 0; i < network->head.output_count; i++)
        if (network->head.outputs[i].tensor == layer->output)
            return true;
    return false;
}

/* How many of the engine's convolutions have 4 bits: of those that are to, all. */
static int few_bits_of(const struct oct_network *network)
{
    int count = 0;
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        if (layer->operation != OCT_CONVOLUTION)
            continue;
        const bool keeps =
            layer->input == 0 || oct_is_depthwise(layer) || writes_output(network, layer);
        assert_int_equal(layer->code_bits == 4, !keeps);
        int most = 0;
        for (int64_t w = 0; w < oct_layer_weights(network, layer); w++)
            most = abs(layer->codes[w]) > most ? abs(layer->codes[w]) : most;
        assert_true(keeps ? most > 7 : most <= 7 && most >= 4);
        count += !keeps;
    }
    return count;
}

static void expect_round_trip(enum test_detector kind)
{
    octet_engine *whole = test_engine(&test.context, kind, OCTET_PRECISION_INT8), *loaded;
    octet_engine *engine = test_engine_few_bits(&test.context, kind);
    size_t size;
    octet_info info[2];
    assert_true(few_bits_of(&engine->network) > 2);
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    assert_non_null(memmem(bytes, size, "octet.version\":\"4\"", 18));
    assert_int_equal(load(bytes, size, &loaded), OCTET_OK);
    assert_int_equal(few_bits_of(&loaded->network), few_bits_of(&engine->network));
    int64_t saved = 0;
    for (int i = 0; i < engine->network.layer_count; i++) {
        const struct oct_layer *from = &engine->network.layers[i], *to = &loaded->network.layers[i];
        const int64_t weights = oct_layer_weights(&engine->network, from);
        if (from->codes)
            assert_memory_equal(from->codes, to->codes, (size_t)weights);
        saved += from->code_bits == 4 ? weights / 2 : 0;
    }
    octet_engine_info(whole, &info[0]);
    octet_engine_info(loaded, &info[1]);
    assert_int_equal(info[0].weight_bits, 8);
    assert_int_equal(info[1].weight_bits, 4);
    assert_int_equal(info[0].weight_bytes - info[1].weight_bytes, saved);
    assert_string_equal(oct_engine_provenance(loaded, "weight_bits"), "4");
    assert_null(oct_engine_provenance(whole, "weight_bits"));
    test_expect_engine(&test.context, loaded, bytes, size);
    free(bytes);
    octet_engine_free(&whole);
    octet_engine_free(&loaded);
    octet_engine_free(&engine);
}

static void round_trips(void **state)
{
    (void)state;
    expect_round_trip(TEST_DETECTOR_SMALL);
    expect_round_trip(TEST_DETECTOR_POOLED);
    expect_round_trip(TEST_DETECTOR_DEPTHWISE);
    expect_round_trip(TEST_DETECTOR_FAMILY);
}

/* The engine as it is by the reference, and as it is read by the fastest kernels. */
static void same_bits(void **state)
{
    (void)state;
    octet_engine *engine = test_engine_few_bits(&test.context, TEST_DETECTOR_SMALL), *loaded;
    size_t size, count[2];
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    assert_int_equal(load(bytes, size, &loaded), OCTET_OK);
    free(bytes);
    uint8_t *pixels = test_picture_pixels(&test.context, 64, 64, 9);
    float *output[2];
    for (int i = 0; i < 2; i++) {
        const octet_engine *of = i ? loaded : engine;
        const octet_session_settings settings = {
            .height = 64, .width = 64, .batch = 1, .threads = 1, .cpu = i ? "max" : "ref"};
        octet_session *session;
        assert_int_equal(octet_session_open(&test.context, of, &settings, &session), OCTET_OK);
        assert_int_equal(octet_session_set_pixels(session, 0, pixels), OCTET_OK);
        assert_int_equal(octet_session_run(session), OCTET_OK);
        output[i] = test_session_output(session, of, 0, &count[i]);
        octet_session_close(&session);
    }
    assert_int_equal(count[0], count[1]);
    assert_memory_equal(output[0], output[1], count[0] * sizeof(float));
    free(output[0]);
    free(output[1]);
    free(pixels);
    octet_engine_free(&engine);
    octet_engine_free(&loaded);
}

/* ---- what is refused ---- */

/* The first with codes of 4 bits. */
static struct oct_layer *few_bits_layer(const octet_engine *engine)
{
    for (int i = 0; i < engine->network.layer_count; i++)
        if (engine->network.layers[i].code_bits == 4)
            return &engine->network.layers[i];
    fail_msg("there is none");
    return NULL;
}

static void expect_refused(const unsigned char *bytes, size_t size, const char *message)
{
    octet_engine *engine;
    assert_int_equal(load(bytes, size, &engine), OCTET_BAD_FORMAT);
    if (!strstr(test.context.message, message))
        fail_msg("%s, not %s", test.context.message, message);
}

static void replace(unsigned char *bytes, size_t size, const char *from, const char *to)
{
    unsigned char *at = memmem(bytes, size, from, strlen(from));
    assert_int_equal(strlen(from), strlen(to));
    assert_non_null(at);
    memcpy(at, to, strlen(to));
}

static void refusals(void **state)
{
    (void)state;
    octet_engine *engine = test_engine_few_bits(&test.context, TEST_DETECTOR_TINY);
    struct oct_layer *layer = few_bits_layer(engine);
    const size_t count = (size_t)oct_layer_weights(&engine->network, layer);
    uint8_t *packed = malloc(oct_nibble_bytes(count));
    size_t size;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    assert_non_null(packed);
    oct_pack_nibbles(layer->codes, count, packed);
    unsigned char *at = memmem(bytes, size, packed, oct_nibble_bytes(count));
    assert_non_null(at);
    const unsigned char kept = *at;
    *at = (unsigned char)((kept & 0xf0) | 8);
    expect_refused(bytes, size, "weight of -8");
    *at = (unsigned char)((kept & 0x0f) | 0x80);
    expect_refused(bytes, size, "weight of -8");
    *at = kept;
    static const char *const changes[][3] = {
        {"\\\"bits\\\":4", "\\\"bits\\\":8", "\"bits\""},
        {"\\\"bits\\\":4", "\\\"bitz\\\":4", "\"bitz\""},
        {"octet.version\":\"4\"", "octet.version\":\"3\"", "\"bits\""},
        {"\"dtype\":\"U8\"", "\"dtype\":\"I8\"", "not as planned"}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        replace(bytes, size, changes[i][0], changes[i][1]);
        expect_refused(bytes, size, changes[i][2]);
        replace(bytes, size, changes[i][1], changes[i][0]);
    }
    free(packed);
    free(bytes);
    int8_t *codes = (int8_t *)(uintptr_t)layer->codes;
    codes[0] = 8;
    assert_int_equal(oct_network_verify(&test.context, &engine->network, "x"), OCTET_BAD_FORMAT);
    assert_non_null(strstr(test.context.message, "4 bits"));
    codes[0] = -7;
    assert_int_equal(oct_network_verify(&test.context, &engine->network, "x"), OCTET_OK);
    octet_engine_free(&engine);
}

/* A layer with an odd number of weights, which get 4 bits whatever they had. */
static const struct oct_layer *odd_layer(octet_engine *engine)
{
    const struct oct_network *network = &engine->network;
    for (int i = 0; i < network->layer_count; i++) {
        struct oct_layer *layer = &network->layers[i];
        const int64_t count = layer->codes ? oct_layer_weights(network, layer) : 0;
        if (count % 2 == 0)
            continue;
        int8_t *codes = (int8_t *)(uintptr_t)layer->codes;
        for (int64_t w = 0; w < count; w++)
            codes[w] = (int8_t)(codes[w] > 7 ? 7 : codes[w] < -7 ? -7 : codes[w]);
        layer->code_bits = 4;
        return layer;
    }
    fail_msg("there is none");
    return NULL;
}

/* Behind the last of an odd number of weights nothing may lie. */
static void padding(void **state)
{
    (void)state;
    octet_engine *engine = test_engine_few_bits(&test.context, TEST_DETECTOR_DEPTHWISE), *loaded;
    const struct oct_network *network = &engine->network;
    const struct oct_layer *odd = odd_layer(engine);
    const size_t count = (size_t)oct_layer_weights(network, odd), last = count / 2;
    uint8_t *packed = malloc(oct_nibble_bytes(count));
    size_t size;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    assert_non_null(packed);
    oct_pack_nibbles(odd->codes, count, packed);
    unsigned char *at = memmem(bytes, size, packed, oct_nibble_bytes(count));
    assert_non_null(at);
    at[last] |= 0x10;
    expect_refused(bytes, size, "more weights than it should");
    at[last] &= 0x0f;
    assert_int_equal(load(bytes, size, &loaded), OCTET_OK);
    octet_engine_free(&loaded);
    free(packed);
    free(bytes);
    octet_engine_free(&engine);
}

/* Every allocation of reading and of writing fails in turn. */
static void short_of_memory(void **state)
{
    (void)state;
    octet_engine *engine = test_engine_few_bits(&test.context, TEST_DETECTOR_TINY), *loaded;
    size_t size, again_size;
    void *again;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    octet_status read = OCTET_OUT_OF_MEMORY, written = OCTET_OUT_OF_MEMORY;
    for (int n = 0; read; n++) {
        test.fail_at = test.calls + n;
        read = load(bytes, size, &loaded);
        assert_true(read == OCTET_OK || read == OCTET_OUT_OF_MEMORY);
        assert_int_equal(read == OCTET_OK, loaded != NULL);
    }
    for (int n = 0; written; n++) {
        test.fail_at = test.calls + n;
        written = octet_engine_save_memory(&test.context, loaded, &again, &again_size);
        assert_true(written == OCTET_OK || written == OCTET_OUT_OF_MEMORY);
        assert_int_equal(written == OCTET_OK, again != NULL);
    }
    test.fail_at = -1;
    assert_int_equal(again_size, size);
    assert_memory_equal(again, bytes, size);
    octet_free(&test.context, again);
    free(bytes);
    octet_engine_free(&loaded);
    octet_engine_free(&engine);
}

static void settings(void **state)
{
    (void)state;
    octet_build_settings settings;
    octet_build_defaults(&settings);
    assert_int_equal(settings.weight_bits, 8);
    settings.weight_bits = 5;
    assert_int_equal(octet_build(&test.context, NULL, NULL, &settings, NULL),
                     OCTET_INVALID_ARGUMENT);
    settings.weight_bits = 4;
    assert_int_equal(octet_build(&test.context, NULL, NULL, &settings, NULL), OCTET_OK);
    settings.precision = OCTET_PRECISION_BF16;
    assert_int_equal(octet_build(&test.context, NULL, NULL, &settings, NULL),
                     OCTET_INVALID_ARGUMENT);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(by_hand),     TEST(all_counts),      TEST(bad_nibbles),
                                       TEST(round_trips), TEST(same_bits),       TEST(refusals),
                                       TEST(padding),     TEST(short_of_memory), TEST(settings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
