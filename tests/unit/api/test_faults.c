/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation fails in turn: each call then says OCTET_OUT_OF_MEMORY and leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/session.h>
#include <octet/tune.h>

#include "base/read_file.h"
#include "compiler/calibrate/statistics.h"
#include "compiler/lower/lower.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "small_detector.h"

/* What the attempts work on, made with memory that does not fail. */
struct material {
    struct test_context test;
    octet_model *model;
    octet_statistics *statistics;
    octet_image *image;
    unsigned char *engine_bytes;
    size_t engine_size;
    char folder[TEST_FOLDER_BYTES];
};

static struct material material;

static int set_up(void **state)
{
    (void)state;
    test_context_init(&material.test);
    octet_context *ctx = &material.test.context;
    material.model = test_model(ctx, TEST_DETECTOR_SMALL, 7);
    material.statistics = test_statistics(ctx, material.model, 1, 2);
    material.image = test_picture(ctx, 100, 50, 1);
    octet_engine *engine = test_engine(ctx, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    material.engine_bytes = test_engine_bytes(ctx, engine, &material.engine_size);
    octet_engine_free(&engine);
    test_folder_create(material.folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(material.folder);
    free(material.engine_bytes);
    octet_image_free(&material.image);
    octet_statistics_free(&material.statistics);
    octet_model_free(&material.model);
    return material.test.live;
}

/* Runs the attempt with its first, second, ... allocation failing, until none is left to fail;
 * after 200 of them only each `step`th. */
static void sweep(octet_status (*attempt)(octet_context *ctx), int step)
{
    for (int n = 0;; n += n < 200 ? 1 : step) {
        struct test_context test;
        test_context_init(&test);
        test.fail_at = n;
        const octet_status status = attempt(&test.context);
        if (test.live != 0)
            fail_msg("allocation %d failed: %d blocks are left", n, test.live);
        if (test.calls <= n) {
            if (status)
                fail_msg("%s: %s", octet_status_name(status), test.context.message);
            assert_true(n > 0);
            print_message("    %d allocations\n", test.calls);
            return;
        }
        if (status != OCTET_OUT_OF_MEMORY)
            fail_msg("allocation %d failed: %s", n, octet_status_name(status));
        if (!test.context.message[0])
            fail_msg("allocation %d failed: no message", n);
    }
}

static octet_status load_and_run(octet_context *ctx)
{
    octet_engine *engine;
    octet_session *session = NULL;
    octet_status status = octet_engine_load_memory(ctx, material.engine_bytes, material.engine_size,
                                                   "engine", &engine);
    assert_int_equal(status == OCTET_OK, engine != NULL);
    const octet_session_settings settings = {.batch = 2, .threads = 1};
    if (!status) {
        status = octet_session_open(ctx, engine, &settings, &session);
        assert_int_equal(status == OCTET_OK, session != NULL);
    }
    if (!status) { /* from here on nothing allocates */
        octet_detection boxes[10];
        int count;
        assert_int_equal(octet_session_set_image(session, 1, material.image), OCTET_OK);
        assert_int_equal(octet_session_run(session), OCTET_OK);
        assert_int_equal(octet_session_detect(session, 1, NULL, boxes, 10, &count), OCTET_OK);
        assert_true(count > 0);
    }
    octet_session_close(&session);
    octet_engine_free(&engine);
    return status;
}

static octet_status open_float(octet_context *ctx)
{
    const octet_build_settings fp32 = {.precision = OCTET_PRECISION_FP32};
    octet_engine *engine;
    octet_session *session = NULL;
    octet_status status = octet_build(ctx, material.model, NULL, &fp32, &engine);
    assert_int_equal(status == OCTET_OK, engine != NULL);
    if (!status)
        status = octet_session_open(ctx, engine, NULL, &session);
    octet_session_close(&session);
    octet_engine_free(&engine);
    return status;
}

static octet_status open_half(octet_context *ctx)
{
    const octet_build_settings half = {.precision = OCTET_PRECISION_BF16};
    char path[TEST_FOLDER_BYTES + 16];
    snprintf(path, sizeof path, "%s/half", material.folder);
    octet_engine *engine, *loaded = NULL;
    octet_session *session = NULL;
    octet_status status = octet_build(ctx, material.model, NULL, &half, &engine);
    assert_int_equal(status == OCTET_OK, engine != NULL);
    if (!status)
        status = octet_engine_save(ctx, engine, path);
    if (!status)
        status = octet_engine_load(ctx, path, &loaded);
    if (!status)
        status = octet_session_open(ctx, loaded, NULL, &session);
    octet_session_close(&session);
    octet_engine_free(&engine);
    octet_engine_free(&loaded);
    return status;
}

static octet_status calibrate(octet_context *ctx)
{
    const octet_calibration_settings settings = {.threads = 1};
    octet_calibration *calibration;
    octet_statistics *statistics = NULL;
    octet_status status = octet_calibration_create(ctx, material.model, &settings, &calibration);
    assert_int_equal(status == OCTET_OK, calibration != NULL);
    if (!status) {
        assert_int_equal(octet_calibration_add(calibration, material.image), OCTET_OK);
        status = octet_calibration_finish(calibration, &statistics);
        assert_int_equal(status == OCTET_OK, statistics != NULL);
        if (status) /* the message is the calibration's */
            snprintf(ctx->message, sizeof ctx->message, "%s",
                     octet_calibration_message(calibration));
    }
    octet_statistics_free(&statistics);
    octet_calibration_free(&calibration);
    return status;
}

static octet_status build_and_save(octet_context *ctx)
{
    char path[TEST_FOLDER_BYTES + 16];
    snprintf(path, sizeof path, "%s/engine", material.folder);
    octet_engine *engine;
    octet_status status = octet_build(ctx, material.model, material.statistics, NULL, &engine);
    assert_int_equal(status == OCTET_OK, engine != NULL);
    if (!status)
        status = octet_engine_save(ctx, engine, path);
    octet_engine_free(&engine);
    return status;
}

static octet_status save_and_load_statistics(octet_context *ctx)
{
    char path[TEST_FOLDER_BYTES + 16];
    snprintf(path, sizeof path, "%s/statistics", material.folder);
    octet_statistics *statistics = NULL;
    octet_status status = octet_statistics_save(ctx, material.statistics, path);
    if (!status)
        status = octet_statistics_load(ctx, path, &statistics);
    octet_statistics_free(&statistics);
    return status;
}

static octet_status lower(octet_context *ctx)
{
    struct oct_arena arena;
    struct oct_network network, int8;
    oct_arena_init(&arena, ctx);
    octet_status status =
        oct_lower_float(ctx, &arena, &material.model->imported->network, &network, NULL);
    if (!status)
        status = oct_network_verify(ctx, &network, "plan");
    static struct oct_quantization codings[256];
    static bool is_float[256];
    for (int i = 0; i < 256; i++) {
        codings[i] = (struct oct_quantization){0.02f, 14};
        is_float[i] = i % 3 == 1;
    }
    for (int half = 0; half < 2; half++) {
        const struct oct_scheme quantization = {
            .codings = codings, .is_float = is_float, .bf16 = half};
        if (!status)
            status = oct_lower_int8(ctx, &arena, &network, &quantization, &int8);
        if (!status)
            status = oct_network_verify(ctx, &int8, "plan");
    }
    oct_arena_clear(&arena);
    return status;
}

/* The demonstration's model, which stands in the project. */
static octet_status load_model(octet_context *ctx)
{
    char path[TEST_PATH_BYTES];
    octet_model *model;
    const octet_status status =
        octet_model_load(ctx, test_project_path(path, "demo/parts.onnx"), &model);
    assert_int_equal(status == OCTET_OK, model != NULL);
    octet_model_free(&model);
    return status;
}

#ifdef OCTET_HAS_ONEDNN

enum { TUNE_BATCH = 2 };

/* All that a training does: what learns, labels where there are some, a state in a file and back,
 * and what is written. */
static octet_status train(octet_context *ctx, octet_tune_target target, int labels)
{
    char state[TEST_FOLDER_BYTES + 16];
    const octet_tune_box box = {0, 10.0f, 10.0f, 60.0f, 40.0f};
    octet_tune_settings settings;
    octet_tuning *tuning;
    octet_engine *engine = NULL;
    const char *note;
    snprintf(state, sizeof state, "%s/state", material.folder);
    octet_tune_defaults(&settings);
    settings.target = target;
    settings.labels = labels;
    settings.pictures = TUNE_BATCH;
    settings.batch = TUNE_BATCH;
    settings.threads = 1;
    octet_status status =
        octet_tune_create(ctx, material.model, material.statistics, &settings, &tuning);
    assert_int_equal(status == OCTET_OK, tuning != NULL);
    if (status)
        return status;
    for (int i = 0; i < TUNE_BATCH && !status; i++) {
        if (labels)
            status = octet_tune_set_boxes(tuning, &box, 1);
        if (!status)
            status = octet_tune_add(tuning, material.image);
    }
    octet_tune_keep(tuning);
    if (!status)
        status = octet_tune_save(tuning, state, "a note");
    if (!status)
        status = octet_tune_load(tuning, state, &note);
    if (!status)
        status = octet_tune_return(tuning);
    if (!status)
        status = octet_tune_engine(tuning, &engine);
    assert_int_equal(status == OCTET_OK, engine != NULL);
    if (status) /* the message is the training's */
        snprintf(ctx->message, sizeof ctx->message, "%s", octet_tune_message(tuning));
    octet_engine_free(&engine);
    octet_tune_free(&tuning);
    assert_null(tuning);
    return status;
}

static octet_status train_for_octet(octet_context *ctx)
{
    return train(ctx, OCTET_TUNE_OCTET, 0);
}

static octet_status train_by_labels(octet_context *ctx)
{
    return train(ctx, OCTET_TUNE_OCTET, 1);
}

/* The demonstration's model, since only a file's own can be exported. */
static struct {
    octet_model *model;
    octet_statistics *statistics;
} file;

static void open_file(octet_context *ctx)
{
    char path[TEST_PATH_BYTES];
    octet_calibration_settings settings;
    octet_calibration *calibration;
    octet_calibration_defaults(&settings);
    settings.height = settings.width = 64;
    assert_int_equal(octet_model_load(ctx, test_project_path(path, "demo/parts.onnx"), &file.model),
                     OCTET_OK);
    assert_int_equal(octet_calibration_create(ctx, file.model, &settings, &calibration), OCTET_OK);
    assert_int_equal(octet_calibration_add(calibration, material.image), OCTET_OK);
    assert_int_equal(octet_calibration_finish(calibration, &file.statistics), OCTET_OK);
    octet_calibration_free(&calibration);
}

static octet_status train_for_export(octet_context *ctx)
{
    char path[TEST_FOLDER_BYTES + 16];
    octet_tune_settings settings;
    octet_tuning *tuning;
    snprintf(path, sizeof path, "%s/x.onnx", material.folder);
    octet_tune_defaults(&settings);
    settings.target = OCTET_TUNE_TENSORRT;
    settings.pictures = 1;
    settings.batch = 1;
    settings.threads = 1;
    octet_status status = octet_tune_create(ctx, file.model, file.statistics, &settings, &tuning);
    if (!status)
        status = octet_tune_add(tuning, material.image);
    if (!status)
        status = octet_tune_export(tuning, path, NULL);
    if (status && tuning)
        snprintf(ctx->message, sizeof ctx->message, "%s", octet_tune_message(tuning));
    octet_tune_free(&tuning);
    return status;
}

#endif

static void sweep_load_and_run(void **state)
{
    (void)state;
    sweep(load_and_run, 1);
}

static void sweep_open_float(void **state)
{
    (void)state;
    sweep(open_float, 1);
}

static void sweep_open_half(void **state)
{
    (void)state;
    sweep(open_half, 1);
}

static void sweep_calibrate(void **state)
{
    (void)state;
    sweep(calibrate, 1);
}

static void sweep_build_and_save(void **state)
{
    (void)state;
    sweep(build_and_save, 1);
    assert_int_equal(test_folder_count(material.folder), 1); /* no .part is left */
}

static void sweep_statistics(void **state)
{
    (void)state;
    sweep(save_and_load_statistics, 1);
    assert_int_equal(test_folder_count(material.folder), 1);
}

static void sweep_lower(void **state)
{
    (void)state;
    sweep(lower, 1);
}

static void sweep_load_model(void **state)
{
    (void)state;
    sweep(load_model, getenv("OCTET_TEST_LONG") ? 1 : 7);
}

#ifdef OCTET_HAS_ONEDNN

static int tune_step(void)
{
    return getenv("OCTET_TEST_LONG") ? 1 : 7;
}

static void sweep_train(void **state)
{
    (void)state;
    sweep(train_for_octet, tune_step());
    sweep(train_by_labels, tune_step());
    assert_int_equal(test_folder_count(material.folder), 1);
}

static void sweep_train_for_export(void **state)
{
    (void)state;
    open_file(&material.test.context);
    sweep(train_for_export, 20 * tune_step());
    assert_int_equal(test_folder_count(material.folder), 1);
    octet_statistics_free(&file.statistics);
    octet_model_free(&file.model);
}

#endif

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sweep_load_and_run), TEST(sweep_open_float),       TEST(sweep_open_half),
        TEST(sweep_calibrate),    TEST(sweep_build_and_save),   TEST(sweep_statistics),
        TEST(sweep_lower),        TEST(sweep_load_model),
#ifdef OCTET_HAS_ONEDNN
        TEST(sweep_train),        TEST(sweep_train_for_export),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
