/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of the public calls where it is not kept: what is asked of a session out of turn,
 * NULL where none is allowed, sizes beyond memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <octet/octet.h>

#include "counting_context.h"
#include "small_detector.h"

_Static_assert(OCTET_PRECISION_HALF == OCTET_PRECISION_BF16, "the old name means the same");

static struct test_context test;

/* ---- The states of a slot ---- */

static octet_session *open_session(const octet_engine *engine, int batch)
{
    octet_session_settings settings;
    octet_session *session;
    octet_session_defaults(&settings);
    settings.batch = batch;
    assert_int_equal(octet_session_open(&test.context, engine, &settings, &session), OCTET_OK);
    return session;
}

/* What slot `index` answers to whoever takes results from it. */
static octet_status results(octet_session *session, int index)
{
    static float output[1024];
    octet_detection boxes[4];
    int count = 7;
    assert_true((2 + 4) * octet_session_anchor_count(session) <= 1024);
    const octet_status status = octet_session_detect(session, index, NULL, boxes, 4, &count);
    assert_int_equal(octet_session_output(session, index, output), status);
    if (status)
        assert_int_equal(count, 0);
    return status;
}

static void results_before_a_run(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_session *session = open_session(engine, 1);
    octet_image *image = test_picture(&test.context, 40, 30, 1);
    assert_int_equal(results(session, 0), OCTET_INVALID_STATE);
    assert_string_equal(octet_session_message(session), "slot 0: no picture was set");
    assert_int_equal(octet_session_run(session), OCTET_INVALID_STATE);
    assert_string_equal(octet_session_message(session), "no slot has a picture to run");
    assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
    assert_int_equal(results(session, 0), OCTET_INVALID_STATE);
    assert_non_null(strstr(octet_session_message(session), "octet_session_run()"));
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(results(session, 0), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK); /* the same picture again */
    assert_int_equal(results(session, 0), OCTET_OK);
    octet_image_free(&image);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

/* Setting the next picture ends the last one's results, in its slot alone, whatever sets it. */
static void results_after_the_next_picture(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_session *session = open_session(engine, 2);
    octet_image *image = test_picture(&test.context, 32, 32, 1);
    static float planes[3 * 32 * 32];
    for (int setter = 0; setter < 3; setter++) {
        assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
        assert_int_equal(octet_session_set_image(session, 1, image), OCTET_OK);
        assert_int_equal(octet_session_run(session), OCTET_OK);
        assert_int_equal(results(session, 0), OCTET_OK);
        if (setter == 0)
            assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
        else if (setter == 1)
            assert_int_equal(octet_session_set_pixels(session, 0, octet_image_pixels(image)),
                             OCTET_OK);
        else
            assert_int_equal(octet_session_set_tensor(session, 0, planes), OCTET_OK);
        assert_int_equal(results(session, 0), OCTET_INVALID_STATE);
        assert_int_equal(results(session, 1), OCTET_OK);
    }
    octet_image_free(&image);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

/* Slots without a picture are left out of a run. */
static void part_of_a_batch(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_session *session = open_session(engine, 3);
    octet_image *image = test_picture(&test.context, 32, 32, 1);
    assert_int_equal(octet_session_set_image(session, 1, image), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(results(session, 0), OCTET_INVALID_STATE);
    assert_int_equal(results(session, 1), OCTET_OK);
    assert_int_equal(results(session, 2), OCTET_INVALID_STATE);
    octet_image_free(&image);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

struct meddler {
    octet_session *session;
    const octet_image *image;
    int slot; /* at which the run is stopped */
    int refused;
};

static int meddle(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct meddler *meddler = user;
    (void)view;
    if (layer == 0) {
        meddler->refused += results(meddler->session, 0) == OCTET_INVALID_STATE;
        meddler->refused += octet_session_run(meddler->session) == OCTET_INVALID_STATE;
        meddler->refused +=
            octet_session_set_image(meddler->session, 0, meddler->image) == OCTET_INVALID_STATE;
        assert_non_null(strstr(octet_session_message(meddler->session), "observer"));
    }
    return index == meddler->slot;
}

/* An observer may look, not touch; the slots that a stopped run did not finish have no results. */
static void calls_of_an_observer(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_session *session = open_session(engine, 2);
    octet_image *image = test_picture(&test.context, 32, 32, 1);
    struct meddler meddler = {session, image, 1, 0};
    for (int i = 0; i < 2; i++)
        assert_int_equal(octet_session_set_image(session, i, image), OCTET_OK);
    octet_session_observe(session, meddle, &meddler);
    assert_int_equal(octet_session_run(session), OCTET_CANCELLED);
    assert_int_equal(meddler.refused, 3 * 2);
    assert_int_equal(results(session, 0), OCTET_OK);
    assert_int_equal(results(session, 1), OCTET_INVALID_STATE);
    octet_session_observe(session, NULL, NULL);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(results(session, 1), OCTET_OK);
    octet_image_free(&image);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

static void class_lists(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_session *session = open_session(engine, 1);
    octet_image *image = test_picture(&test.context, 32, 32, 1);
    const int classes[1] = {1};
    octet_detect_settings settings;
    octet_detection boxes[4];
    int count;
    assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    octet_detect_defaults(&settings);
    settings.class_count = 1; /* and no list */
    assert_int_equal(octet_session_detect(session, 0, &settings, boxes, 4, &count),
                     OCTET_INVALID_ARGUMENT);
    settings.classes = classes;
    settings.class_count = -1;
    assert_int_equal(octet_session_detect(session, 0, &settings, boxes, 4, &count),
                     OCTET_INVALID_ARGUMENT);
    settings.class_count = 1;
    assert_int_equal(octet_session_detect(session, 0, &settings, boxes, 4, &count), OCTET_OK);
    octet_image_free(&image);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

/* ---- NULL ---- */

/* Where a handle goes, before a call that fails: it must be NULL afterwards. */
#define GARBAGE ((void *)(uintptr_t)1)

/* The call must name itself and `argument`, whatever the context's last message was, and must have
 * put NULL into `handle` unless that is NULL itself. */
static void check_null(octet_status status, const char *call, const char *argument, void **handle)
{
    char expected[96];
    assert_int_equal(status, OCTET_INVALID_ARGUMENT);
    snprintf(expected, sizeof expected, "%s: ", call);
    if (strncmp(test.context.message, expected, strlen(expected)) != 0 ||
        !strstr(test.context.message, argument))
        fail_msg("%s(%s NULL): \"%s\"", call, argument, test.context.message);
    if (handle)
        assert_null(*handle);
    strcpy(test.context.message, "the last failure");
}

#define REFUSES(call, argument, handle, ...)                                                       \
    do {                                                                                           \
        handle = GARBAGE;                                                                          \
        const octet_status refused = call(__VA_ARGS__);                                            \
        void *left = handle;                                                                       \
        check_null(refused, #call, argument, &left);                                               \
        handle = NULL;                                                                             \
    } while (0)

static void null_makers(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    octet_engine *engine = NULL;
    octet_model *model = NULL;
    octet_session *session = NULL;
    octet_calibration *calibration = NULL;
    octet_statistics *statistics = NULL;
    octet_image *image = NULL;
    octet_truth *truth = NULL;
    octet_detections *detections = NULL;
    octet_cache *cache = NULL;
    strcpy(test.context.message, "the last failure");
    REFUSES(octet_engine_load, "path", engine, ctx, NULL, &engine);
    REFUSES(octet_engine_load_memory, "bytes", engine, ctx, NULL, 1, "x", &engine);
    REFUSES(octet_engine_load_memory, "name", engine, ctx, "", 1, NULL, &engine);
    REFUSES(octet_model_load, "path", model, ctx, NULL, &model);
    REFUSES(octet_model_load_memory, "bytes", model, ctx, NULL, 1, "x", &model);
    REFUSES(octet_session_open, "engine", session, ctx, NULL, NULL, &session);
    REFUSES(octet_calibration_create, "model", calibration, ctx, NULL, NULL, &calibration);
    REFUSES(octet_statistics_load, "path", statistics, ctx, NULL, &statistics);
    REFUSES(octet_image_load, "path", image, ctx, NULL, &image);
    REFUSES(octet_image_decode, "bytes", image, ctx, NULL, 1, "x", &image);
    REFUSES(octet_image_copy_rgb, "pixels", image, ctx, NULL, 1, 1, 3, &image);
    REFUSES(octet_truth_load, "path", truth, ctx, NULL, &truth);
    REFUSES(octet_detections_load, "path", detections, ctx, NULL, &detections);
    REFUSES(octet_cache_load, "path", cache, ctx, NULL, &cache);
    REFUSES(octet_build, "model", engine, ctx, NULL, NULL, NULL, &engine);
}

/* Without a context nobody can be told, but the handle's place is cleared all the same. */
static void null_context(void **state)
{
    (void)state;
    octet_engine *engine = GARBAGE;
    octet_image *image = GARBAGE;
    octet_truth *truth = GARBAGE;
    assert_int_equal(octet_engine_load(NULL, "x", &engine), OCTET_INVALID_ARGUMENT);
    assert_null(engine);
    assert_int_equal(octet_image_load(NULL, "x", &image), OCTET_INVALID_ARGUMENT);
    assert_null(image);
    assert_int_equal(octet_truth_create(NULL, &truth), OCTET_INVALID_ARGUMENT);
    assert_null(truth);
    octet_gpu gpu;
    assert_int_equal(octet_machine_gpu(NULL, 0, &gpu), OCTET_INVALID_ARGUMENT);
    assert_string_equal(gpu.name, "");
}

static void null_arguments(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    octet_engine *engine = test_engine(ctx, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_image *image = test_picture(ctx, 8, 8, 1);
    octet_truth *truth;
    octet_detections *detections;
    double gmacs;
    uint8_t pixel[3];
    assert_int_equal(octet_truth_create(ctx, &truth), OCTET_OK);
    assert_int_equal(octet_detections_create(ctx, &detections), OCTET_OK);
    check_null(octet_engine_load(ctx, "x", NULL), "octet_engine_load", "engine", NULL);
    check_null(octet_engine_save(ctx, NULL, "x"), "octet_engine_save", "engine", NULL);
    check_null(octet_engine_save(ctx, engine, NULL), "octet_engine_save", "path", NULL);
    check_null(octet_statistics_save(ctx, NULL, "x"), "octet_statistics_save", "statistics", NULL);
    check_null(octet_letterbox_image(ctx, image, 1, 1, NULL, NULL), "octet_letterbox_image",
               "pixels", NULL);
    check_null(octet_letterbox_image(ctx, NULL, 1, 1, pixel, NULL), "octet_letterbox_image",
               "image", NULL);
    check_null(octet_export(ctx, NULL, NULL, NULL, "x", NULL), "octet_export", "model", NULL);
    check_null(octet_machine_peak(ctx, NULL, NULL, &gmacs, &gmacs), "octet_machine_peak",
               "int8_gmacs", NULL);
    check_null(octet_machine_gpu(ctx, 0, NULL), "octet_machine_gpu", "gpu", NULL);
    check_null(octet_machine_gpu_peak(ctx, 0, NULL), "octet_machine_gpu_peak", "peak", NULL);
    check_null(octet_machine_gpu_state(ctx, 0, NULL), "octet_machine_gpu_state", "state", NULL);
    assert_int_equal(octet_machine_device("cuda", NULL), OCTET_INVALID_ARGUMENT);
    check_null(octet_truth_add_class(truth, 1, NULL), "octet_truth_add_class", "name", NULL);
    check_null(octet_truth_add_image(truth, NULL), "octet_truth_add_image", "image", NULL);
    check_null(octet_truth_add_box(truth, NULL), "octet_truth_add_box", "box", NULL);
    check_null(octet_truth_add_labels(truth, 1, NULL), "octet_truth_add_labels", "path", NULL);
    check_null(octet_truth_image_get(truth, 0, NULL), "octet_truth_image_get", "image", NULL);
    check_null(octet_detections_add(detections, 1, 1, NULL), "octet_detections_add", "box", NULL);
    check_null(octet_detections_save(detections, NULL), "octet_detections_save", "path", NULL);
    check_null(octet_evaluate(truth, NULL, NULL, NULL, NULL), "octet_evaluate", "detections", NULL);
    octet_detections_free(&detections);
    octet_truth_free(&truth);
    octet_image_free(&image);
    octet_engine_free(&engine);
}

/* Calls that return nothing have nothing to say either. */
static void null_defaults(void **state)
{
    (void)state;
    octet_context_defaults(NULL);
    octet_session_defaults(NULL);
    octet_detect_defaults(NULL);
    octet_calibration_defaults(NULL);
    octet_build_defaults(NULL);
    octet_export_defaults(NULL);
    octet_machine_get(NULL);
    octet_engine_info(NULL, NULL);
    octet_model_info(NULL, NULL);
    octet_statistics_info_get(NULL, NULL);
}

/* ---- Sizes ---- */

static void strides(void **state)
{
    (void)state;
    static const uint8_t pixels[3 * 4];
    static const size_t bad[] = {
        0, 5, SIZE_MAX, SIZE_MAX - 6, SIZE_MAX / 2 + 1, PTRDIFF_MAX, PTRDIFF_MAX / 2 + 1};
    octet_image *image;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        image = GARBAGE;
        assert_int_equal(octet_image_copy_rgb(&test.context, pixels, 2, 2, bad[i], &image),
                         OCTET_INVALID_ARGUMENT);
        assert_null(image);
    }
    assert_int_equal(octet_image_copy_rgb(&test.context, pixels, 2, 2, 6, &image), OCTET_OK);
    octet_image_free(&image);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(results_before_a_run), TEST(results_after_the_next_picture),
        TEST(part_of_a_batch),      TEST(calls_of_an_observer),
        TEST(class_lists),          TEST(null_makers),
        TEST(null_context),         TEST(null_arguments),
        TEST(null_defaults),        TEST(strides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
