/* SPDX-License-Identifier: Apache-2.0 */
/* Engine files of version 3: what windows, means and depth to space bring, and what older versions
 * must not have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "small_detector.h"

static struct test_context test;

static octet_status load(const unsigned char *bytes, size_t size, octet_engine **engine)
{
    test.context.message[0] = '\0';
    return octet_engine_load_memory(&test.context, bytes, size, "file.octet", engine);
}

/* The file of the detector with windows, and what `from` in it becomes. */
static octet_status load_replaced(const char *from, const char *to)
{
    octet_engine *engine;
    size_t size;
    unsigned char *bytes =
        test_engine_replaced(&test.context, TEST_DETECTOR_POOLED, from, to, &size);
    const octet_status status = load(bytes, size, &engine);
    octet_engine_free(&engine);
    free(bytes);
    return status;
}

static void round_trip(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_POOLED, OCTET_PRECISION_INT8);
    octet_engine *again;
    size_t size;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    assert_non_null(memmem(bytes, size, "octet.version\":\"3\"", 18));
    assert_int_equal(load(bytes, size, &again), OCTET_OK);
    int uneven = 0, zeros = 0;
    for (int i = 0; i < engine->network.layer_count; i++) {
        const struct oct_layer *from = &engine->network.layers[i], *to = &again->network.layers[i];
        assert_int_equal(from->operation, to->operation);
        assert_int_equal(from->kernel, to->kernel);
        assert_int_equal(from->stride, to->stride);
        assert_int_equal(from->padding, to->padding);
        assert_int_equal(from->uneven, to->uneven);
        assert_int_equal(from->zeros, to->zeros);
        uneven += to->uneven != 0;
        zeros += to->zeros;
    }
    assert_true(uneven == 2 && zeros == 2);
    octet_engine_free(&engine);
    octet_engine_free(&again);
    free(bytes);
}

/* A convolution of even padding is what it always was. */
static void old_files(void **state)
{
    (void)state;
    static const struct {
        enum test_detector kind;
        octet_precision precision;
        const char *version;
    } rows[] = {{TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8, "octet.version\":\"1\""},
                {TEST_DETECTOR_SMALL, OCTET_PRECISION_FP32, "octet.version\":\"1\""},
                {TEST_DETECTOR_SMALL, OCTET_PRECISION_BF16, "octet.version\":\"2\""},
                {TEST_DETECTOR_POOLED, OCTET_PRECISION_BF16, "octet.version\":\"3\""}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        octet_engine *engine = test_engine(&test.context, rows[i].kind, rows[i].precision);
        size_t size;
        unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
        assert_non_null(memmem(bytes, size, rows[i].version, strlen(rows[i].version)));
        if (rows[i].kind == TEST_DETECTOR_SMALL)
            assert_null(memmem(bytes, size, "uneven", 6));
        octet_engine_free(&engine);
        free(bytes);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *message;
    } cases[] = {
        {"\\\"uneven\\\":1", "\\\"unevem\\\":1", "\"unevem\""},
        {"\\\"uneven\\\":1", "\\\"uneven\\\":9", "padding"},
        {"\\\"zeros\\\":true", "\\\"zeros\\\":1234", "\"zeros\""},
        {"\\\"zeros\\\":true", "\\\"zeroz\\\":true", "\"zero"},
        {"window_mean", "windom_mean", "windom_mean"},
        {"window_mean", "window_max\\", "damaged"},
        {"depth_to_space", "depth_to_spice", "depth_to_spice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const octet_status status = load_replaced(cases[i].from, cases[i].to);
        if (status != OCTET_BAD_FORMAT || !strstr(test.context.message, cases[i].message))
            fail_msg("%s: %s: %s", cases[i].to, octet_status_name(status), test.context.message);
    }
}

/* Puts `silu` in the place of groups and activation, as version 2 has it, and that version. */
static void make_older(unsigned char *bytes, size_t size)
{
    static const char *const fields[][2] = {
        {"\\\"groups\\\":1,\\\"activation\\\":\\\"silu\\\"", "\\\"silu\\\":true"},
        {"\\\"groups\\\":1,\\\"activation\\\":\\\"none\\\"", "\\\"silu\\\":false"}};
    for (int i = 0; i < 2; i++) {
        const size_t length = strlen(fields[i][0]), shorter = strlen(fields[i][1]);
        unsigned char *at;
        while ((at = memmem(bytes, size, fields[i][0], length))) {
            memset(at, ' ', length);
            memcpy(at, fields[i][1], shorter);
        }
    }
    char *version = memmem(bytes, size, "octet.version\":\"3\"", 18);
    assert_non_null(version);
    version[16] = '2';
}

/* Files of version 2 have neither padding that differs between sides nor the newer operations. */
static void of_older_versions(void **state)
{
    (void)state;
    static const char *const messages[] = {"\"uneven\"", "no operation: \"window_max\""};
    for (int i = 0; i < 2; i++) {
        octet_engine *engine =
            test_engine(&test.context, TEST_DETECTOR_POOLED, OCTET_PRECISION_INT8);
        size_t size;
        if (i == 1) { /* its operations are the only thing that is new */
            engine->network.layers[0].padding = 1;
            engine->network.layers[0].uneven = 0;
        }
        unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
        octet_engine_free(&engine);
        assert_int_equal(load(bytes, size, &engine), OCTET_OK);
        octet_engine_free(&engine);
        make_older(bytes, size);
        assert_int_equal(load(bytes, size, &engine), OCTET_BAD_FORMAT);
        if (!strstr(test.context.message, messages[i]))
            fail_msg("%s", test.context.message);
        free(bytes);
    }
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(round_trip), TEST(old_files), TEST(refusals),
                                       TEST(of_older_versions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
