/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs of layers that an observer replaces: what follows runs on them, to the bit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "network/requantize.h"
#include "reference_backend.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "small_detector.h"

#define LAYERS_MAX 128

static struct test_context test;

/* What an observer works with. */
struct observed {
    octet_session *session;
    float *values[LAYERS_MAX]; /* [height][width][channels] of each layer */
    int replaced;              /* layers so far */
    octet_status status;       /* of the last replacement */
};

static size_t element_of(const octet_tensor_view *view, size_t i)
{
    const size_t channels = (size_t)view->channels, width = (size_t)view->width;
    return i / channels / width * view->row_elements + i / channels % width * view->pixel_elements +
           i % channels;
}

static float *values_of(const octet_tensor_view *view, size_t *count)
{
    *count = (size_t)view->height * (size_t)view->width * (size_t)view->channels;
    float *values = malloc(*count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < *count; i++)
        values[i] = test_view_value(view, element_of(view, i));
    return values;
}

static int record(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct observed *observed = user;
    size_t count;
    assert_int_equal(index, 0);
    assert_true(layer < LAYERS_MAX);
    observed->values[layer] = values_of(view, &count);
    return 0;
}

/* Puts the recorded values in; what the view then shows are they. */
static int replace(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct observed *observed = user;
    size_t count;
    (void)index;
    observed->status = octet_session_replace(observed->session, observed->values[layer]);
    if (observed->status)
        return 1;
    observed->replaced++;
    float *shown = values_of(view, &count);
    assert_memory_equal(shown, observed->values[layer], count * sizeof *shown);
    free(shown);
    return 0;
}

static int replace_first(void *user, int index, int layer, const octet_tensor_view *view)
{
    return layer ? 0 : replace(user, index, layer, view);
}

static void set_picture(octet_session *session, uint64_t seed)
{
    octet_image *image = test_picture(&test.context, 60, 50, seed);
    assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
    octet_image_free(&image);
}

/* With every layer's output of one picture in the place of another's, or with the first one's, on
 * which all others depend, the network says what it says of the one. */
static void carries_on(const octet_engine *engine, octet_observer *observer, int replaced)
{
    octet_session *session = test_session_open(&test.context, &oct_cpu_backend, engine, NULL);
    struct observed observed = {.session = session};
    size_t count;
    set_picture(session, 1);
    octet_session_observe(session, record, &observed);
    test_session_run(session);
    float *wanted = test_session_output(session, engine, 0, &count);
    set_picture(session, 2);
    octet_session_observe(session, NULL, NULL);
    test_session_run(session);
    float *other = test_session_output(session, engine, 0, &count);
    assert_memory_not_equal(other, wanted, count * sizeof *wanted);
    octet_session_observe(session, observer, &observed);
    test_session_run(session);
    float *found = test_session_output(session, engine, 0, &count);
    assert_memory_equal(found, wanted, count * sizeof *wanted);
    assert_int_equal(observed.replaced, replaced);
    octet_session_observe(session, NULL, NULL);
    test_session_run(session); /* and nothing of it stays */
    free(found);
    found = test_session_output(session, engine, 0, &count);
    assert_memory_equal(found, other, count * sizeof *other);
    free(found);
    free(other);
    free(wanted);
    for (int i = 0; i < LAYERS_MAX; i++)
        free(observed.values[i]);
    octet_session_close(&session);
}

static void every_layer(void **state)
{
    (void)state;
    static const enum test_detector kinds[] = {TEST_DETECTOR_SMALL, TEST_DETECTOR_POOLED,
                                               TEST_DETECTOR_DEPTHWISE, TEST_DETECTOR_FAMILY};
    static const octet_precision precisions[] = {OCTET_PRECISION_FP32, OCTET_PRECISION_INT8,
                                                 OCTET_PRECISION_BF16};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t p = 0; p < sizeof precisions / sizeof precisions[0]; p++) {
            octet_engine *engine = test_engine(&test.context, kinds[k], precisions[p]);
            carries_on(engine, replace, engine->network.layer_count);
            octet_engine_free(&engine);
        }
}

static void first_layer(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    carries_on(engine, replace_first, 1);
    octet_engine_free(&engine);
}

static const float wild[] = {NAN, -INFINITY, INFINITY, -1e30f, 1e30f, 0.0f, -0.0f, 1e-40f, 0.3f};
#define WILD_COUNT (sizeof wild / sizeof wild[0])

/* Values that no layer makes are rounded as layers round. */
static int put_wild(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct observed *observed = user;
    size_t count;
    (void)index;
    (void)layer;
    float *values = values_of(view, &count);
    for (size_t i = 0; i < count; i++)
        values[i] = wild[i % WILD_COUNT] * (i % 3 ? view->scale : 1.0f) * (float)(i % 40);
    assert_int_equal(octet_session_replace(observed->session, values), OCTET_OK);
    observed->replaced++;
    for (size_t i = 0; i < count && view->type == OCTET_ELEMENT_U8; i++)
        assert_int_equal(((const uint8_t *)view->data)[element_of(view, i)],
                         oct_requantize(values[i], 1.0f / view->scale, view->zero_point));
    free(values);
    return 0;
}

static void wild_values(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    octet_session *session = test_session_open(&test.context, &oct_cpu_backend, engine, NULL);
    struct observed observed = {.session = session};
    set_picture(session, 1);
    octet_session_observe(session, put_wild, &observed);
    test_session_run(session);
    assert_int_equal(observed.replaced, engine->network.layer_count);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

static void refused(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_session *session =
        test_session_open(&test.context, &test_reference_backend, engine, NULL);
    struct observed observed = {.session = session};
    float value = 0.0f;
    assert_int_equal(octet_session_replace(NULL, &value), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_session_replace(session, NULL), OCTET_INVALID_ARGUMENT);
    assert_string_equal(octet_session_message(session),
                        "octet_session_replace: values must not be NULL");
    assert_int_equal(octet_session_replace(session, &value), OCTET_INVALID_STATE);
    assert_string_equal(octet_session_message(session),
                        "octet_session_replace: only an observer may call it");
    observed.values[0] = &value;
    set_picture(session, 1);
    octet_session_observe(session, replace, &observed);
    assert_int_equal(octet_session_run(session), OCTET_CANCELLED);
    assert_int_equal(observed.status, OCTET_UNSUPPORTED_DEVICE);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_layer),
        TEST(first_layer),
        TEST(wild_values),
        TEST(refused),
    };
    return cmocka_run_group_tests_name("replace", tests, NULL, NULL);
}
