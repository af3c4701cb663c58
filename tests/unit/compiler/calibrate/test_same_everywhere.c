/* SPDX-License-Identifier: Apache-2.0 */
/* FP32 is one function: outputs, statistics and engines are the same bytes with every kernel set
 * and number of threads, and recorded ones, so that other processors and compilers give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundled.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "models.h"
#include "same_bits.h"
#include "small_detector.h"

/* Small, because emulated processors are slow; 8x8 pixels are transformed at stride 16. */
enum { HEIGHT = 128, WIDTH = 160, PICTURES = 2 };

#define PICTURE "demo/images/test/test-00.jpg"

struct bytes {
    unsigned char *data;
    size_t size;
};

/* `expected` takes the first bytes; all others must be the same. */
static void expect_bytes(struct bytes *expected, struct bytes bytes, const char *what,
                         const char *set)
{
    if (!expected->data) {
        *expected = bytes;
        return;
    }
    if (bytes.size != expected->size || memcmp(bytes.data, expected->data, bytes.size) != 0)
        fail_msg("%s: another %s", set, what);
    free(bytes.data);
}

static octet_statistics *gathered(octet_context *ctx, const octet_model *model, const char *set,
                                  int threads)
{
    octet_calibration_settings settings;
    octet_calibration *calibration;
    octet_statistics *statistics;
    octet_calibration_defaults(&settings);
    settings.height = HEIGHT;
    settings.width = WIDTH;
    settings.threads = threads;
    settings.cpu = set;
    assert_int_equal(octet_calibration_create(ctx, model, &settings, &calibration), OCTET_OK);
    for (int i = 0; i < PICTURES; i++) {
        char path[64];
        snprintf(path, sizeof path, "demo/images/calibration/calibration-%02d.jpg", i);
        octet_image *image = test_data_image(ctx, path);
        assert_int_equal(octet_calibration_add(calibration, image), OCTET_OK);
        octet_image_free(&image);
    }
    assert_int_equal(octet_calibration_finish(calibration, &statistics), OCTET_OK);
    octet_calibration_free(&calibration);
    return statistics;
}

static struct bytes statistics_bytes(octet_context *ctx, const octet_statistics *statistics)
{
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
    struct bytes bytes;
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/statistics", folder);
    assert_int_equal(octet_statistics_save(ctx, statistics, path), OCTET_OK);
    bytes.data = test_read_file(path, &bytes.size);
    test_folder_remove(folder);
    return bytes;
}

/* The raw output of a picture. */
static struct bytes output_bytes(octet_context *ctx, const octet_engine *engine, const char *set,
                                 int threads)
{
    const octet_session_settings settings = {
        .height = HEIGHT, .width = WIDTH, .batch = 1, .threads = threads, .cpu = set};
    octet_image *image = test_data_image(ctx, PICTURE);
    const struct test_bits bits = test_bits_of(ctx, engine, &settings, image);
    octet_image_free(&image);
    return (struct bytes){(unsigned char *)bits.output, bits.count * sizeof *bits.output};
}

static octet_engine *built(octet_context *ctx, const octet_model *model,
                           const octet_statistics *statistics, octet_precision precision)
{
    octet_build_settings settings;
    octet_engine *engine;
    octet_build_defaults(&settings);
    settings.precision = precision;
    if (octet_build(ctx, model, statistics, &settings, &engine) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    return engine;
}

struct expected {
    struct bytes output, statistics, engine, coded;
};

/* All that one kernel set makes of a model. */
static void check_set(struct test_context *test, const octet_model *model, const char *set,
                      int threads, struct expected *expected)
{
    octet_context *ctx = &test->context;
    octet_engine *engine = built(ctx, model, NULL, OCTET_PRECISION_FP32);
    expect_bytes(&expected->output, output_bytes(ctx, engine, set, threads), "output", set);
    octet_engine_free(&engine);
    octet_statistics *statistics = gathered(ctx, model, set, threads);
    expect_bytes(&expected->statistics, statistics_bytes(ctx, statistics), "statistics file", set);
    engine = built(ctx, model, statistics, OCTET_PRECISION_INT8);
    struct bytes bytes;
    bytes.data = test_engine_bytes(ctx, engine, &bytes.size);
    expect_bytes(&expected->engine, bytes, "engine", set);
    if (!expected->coded.data)
        expected->coded = output_bytes(ctx, engine, set, threads);
    octet_engine_free(&engine);
    octet_statistics_free(&statistics);
}

/* On each kernel set, in turn with one thread and two; against what was recorded. */
static void check_model(const char *path, const char *output, const char *coded)
{
    struct test_context test;
    struct expected expected = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    octet_machine machine;
    test_context_init(&test);
    octet_machine_get(&machine);
    octet_model *model = test_data_model(&test.context, path);
    int sets = 0;
    for (char *rest, *set = strtok_r(machine.kernel_sets, " ", &rest); set;
         set = strtok_r(NULL, " ", &rest), sets++)
        check_set(&test, model, set, 1 + sets % 2, &expected);
    assert_true(sets >= 1);
    print_message("    %s: the same on %d kernel sets\n", path, sets);
    test_expect_digest(expected.output.data, expected.output.size, output, "FP32's output");
    test_expect_digest(expected.coded.data, expected.coded.size, coded,
                       "the output of INT8 by these statistics");
    octet_model_free(&model);
    free(expected.output.data);
    free(expected.statistics.data);
    free(expected.engine.data);
    free(expected.coded.data);
    assert_int_equal(test.live, 0);
}

static void convolutions(void **state)
{
    (void)state;
    check_model(BUNDLED_MODEL, "eddbca92ae98407926e6b14edb811955c091611b7606fe8e491f8e72cc8edd75",
                "bf4d4ff40bd56bca2013521b90cd43547f7429a79f508a9b7f8e2d5e91d98b58");
}

/* And depthwise convolutions. */
static void attention(void **state)
{
    (void)state;
    check_model("demo/parts-yolo11.onnx",
                "1af272b1817233eab83fcebbe4191d331ecb26ff1b0baa8ab7b1118eb7224c41",
                "9c031716e6f06bbd421394dac4c5c7abd1605b82409a290a6399099f14a2b7c4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions),
        cmocka_unit_test(attention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
