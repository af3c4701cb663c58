/* SPDX-License-Identifier: Apache-2.0 */
/* The seam below a session: two backends that agree to the bit, what a session asks of one, and
 * what is left after one fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "reference_backend.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "small_detector.h"

static struct test_context test;

/* ---- agreement ---- */

/* Codes of all layers of all slots, one after another. */
struct record {
    const struct record *wanted; /* NULL: these are the first */
    uint8_t *codes;
    size_t count, room;
    int layers;
};

static int record_layer(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct record *r = user;
    r->layers++;
    if (view->type != OCTET_ELEMENT_U8)
        return 0;
    const size_t channels = (size_t)view->channels;
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++, r->count += channels) {
            if (r->count + channels > r->room) {
                r->room = 2 * (r->room + channels);
                r->codes = realloc(r->codes, r->room);
                assert_non_null(r->codes);
            }
            uint8_t *codes = r->codes + r->count;
            memcpy(codes,
                   (const uint8_t *)view->data + (size_t)y * view->row_elements +
                       (size_t)x * view->pixel_elements,
                   channels);
            if (r->wanted && memcmp(codes, r->wanted->codes + r->count, channels) != 0)
                fail_msg("slot %d, layer %d (%s) differs at (%d, %d)", index, layer, view->name, y,
                         x);
        }
    }
    return 0;
}

enum { SLOTS = 3, BOXES = 300 };

/* What came out of a session of three pictures: two letterboxed, one as pixels. */
struct outcome {
    struct record record;
    float *outputs[SLOTS];
    size_t floats;
    octet_detection boxes[SLOTS][BOXES];
    int counts[SLOTS];
};

static void run_pictures(const struct oct_backend *backend, const octet_engine *engine,
                         struct outcome *o)
{
    const octet_session_settings settings = {
        .height = 64, .width = 96, .batch = SLOTS, .threads = 2};
    octet_session *session = test_session_open(&test.context, backend, engine, &settings);
    octet_image *large = test_picture(&test.context, 200, 100, 1);
    octet_image *small = test_picture(&test.context, 30, 50, 2);
    uint8_t *pixels = test_picture_pixels(&test.context, 64, 96, 3);
    octet_detect_settings detect;
    octet_detect_defaults(&detect);
    detect.confidence = 0.05;
    assert_int_equal(octet_session_set_image(session, 0, large), OCTET_OK);
    assert_int_equal(octet_session_set_image(session, 1, small), OCTET_OK);
    assert_int_equal(octet_session_set_pixels(session, 2, pixels), OCTET_OK);
    octet_session_observe(session, record_layer, &o->record);
    test_session_run(session);
    assert_int_equal(o->record.layers, SLOTS * engine->network.layer_count);
    octet_session_observe(session, NULL, NULL);
    test_session_run(session); /* once more, all at once */
    for (int i = 0; i < SLOTS; i++) {
        o->outputs[i] = test_session_output(session, engine, i, &o->floats);
        assert_int_equal(
            octet_session_detect(session, i, &detect, o->boxes[i], BOXES, &o->counts[i]), OCTET_OK);
        assert_true(o->counts[i] > 0);
    }
    octet_image_free(&large);
    octet_image_free(&small);
    free(pixels);
    octet_session_close(&session);
}

static void outcome_free(struct outcome *o)
{
    for (int i = 0; i < SLOTS; i++)
        free(o->outputs[i]);
    free(o->record.codes);
}

/* INT8: every code of every layer, every float of the output and every box, to the bit. */
static void int8_agrees(void **state)
{
    (void)state;
    static const enum test_detector kinds[] = {TEST_DETECTOR_SMALL,     TEST_DETECTOR_TINY,
                                               TEST_DETECTOR_PRUNED,    TEST_DETECTOR_POOLED,
                                               TEST_DETECTOR_DISTANCES, TEST_DETECTOR_ATTENTION};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        static struct outcome wanted, is;
        octet_engine *engine = test_engine(&test.context, kinds[k], OCTET_PRECISION_INT8);
        memset(&wanted, 0, sizeof wanted);
        memset(&is, 0, sizeof is);
        is.record.wanted = &wanted.record;
        run_pictures(&test_reference_backend, engine, &wanted);
        run_pictures(&oct_cpu_backend, engine, &is);
        assert_int_equal(is.record.count, wanted.record.count);
        assert_true(is.record.count > 0);
        assert_int_equal(is.floats, wanted.floats);
        for (int i = 0; i < SLOTS; i++) {
            assert_memory_equal(is.outputs[i], wanted.outputs[i], is.floats * sizeof(float));
            assert_int_equal(is.counts[i], wanted.counts[i]);
            assert_memory_equal(is.boxes[i], wanted.boxes[i],
                                (size_t)is.counts[i] * sizeof(octet_detection));
        }
        outcome_free(&wanted);
        outcome_free(&is);
        octet_engine_free(&engine);
    }
}

/* ---- what a session asks, and what it does with a failure ---- */

/* The reference backend, watched, and failing where a test says so. */
static struct {
    octet_context *ctx;
    char calls[64];    /* "first+count " of each run */
    bool fails_open;   /* after it was opened */
    int failing_input; /* slot, or -1 */
    int failing_run;   /* slot whose run fails, or -1 */
    int failing_tensor;
} faults;

static octet_status open_faulty(octet_context *ctx, const struct oct_backend_request *request,
                                void **state)
{
    faults.ctx = ctx;
    if (faults.fails_open) {
        *state = NULL;
        return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE, "no such device");
    }
    return test_reference_backend.open(ctx, request, state);
}

static octet_status input_faulty(void *state, int slot, const struct oct_backend_input *input)
{
    if (slot == faults.failing_input)
        return oct_fail(faults.ctx, OCTET_OUT_OF_MEMORY, "input lost");
    return test_reference_backend.set_input(state, slot, input);
}

static octet_status run_faulty(void *state, int first, int count,
                               const struct oct_backend_watch *watch)
{
    snprintf(faults.calls + strlen(faults.calls), sizeof faults.calls - strlen(faults.calls),
             "%d+%d ", first, count);
    if (first <= faults.failing_run && faults.failing_run < first + count)
        return oct_fail(faults.ctx, OCTET_OUT_OF_MEMORY, "run lost");
    return test_reference_backend.run(state, first, count, watch);
}

static octet_status tensor_faulty(void *state, int slot, int tensor, octet_tensor_view *view)
{
    if (slot == faults.failing_tensor)
        return oct_fail(faults.ctx, OCTET_OUT_OF_MEMORY, "tensor lost");
    return test_reference_backend.tensor(state, slot, tensor, view);
}

static struct oct_backend faulty(void)
{
    struct oct_backend backend = test_reference_backend;
    memset(&faults, 0, sizeof faults);
    faults.failing_input = faults.failing_run = faults.failing_tensor = -1;
    backend.open = open_faulty;
    backend.set_input = input_faulty;
    backend.run = run_faulty;
    backend.tensor = tensor_faulty;
    return backend;
}

struct case_of_four { /* a session of four slots on the faulty backend */
    struct oct_backend backend;
    octet_engine *engine;
    octet_session *session;
    octet_image *image;
};

static void begin(struct case_of_four *c)
{
    const octet_session_settings settings = {.batch = 4};
    c->backend = faulty();
    c->engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    c->session = test_session_open(&test.context, &c->backend, c->engine, &settings);
    c->image = test_picture(&test.context, 40, 30, 1);
}

static void end(struct case_of_four *c)
{
    octet_image_free(&c->image);
    octet_session_close(&c->session);
    octet_engine_free(&c->engine);
}

/* What taking a slot's results says; output and detections agree in it. */
static octet_status results(const struct case_of_four *c, int slot)
{
    static float output[6 * 16];
    octet_detection box;
    int count = 7;
    const octet_status status = octet_session_detect(c->session, slot, NULL, &box, 1, &count);
    assert_int_equal(octet_session_anchor_count(c->session), 16);
    assert_int_equal(octet_session_output(c->session, slot, output), status);
    if (status)
        assert_int_equal(count, 0);
    return status;
}

static void expect_results(const struct case_of_four *c, const octet_status wanted[4])
{
    for (int i = 0; i < 4; i++)
        if (results(c, i) != wanted[i])
            fail_msg("slot %d: %s", i, octet_status_name(results(c, i)));
}

static void set(const struct case_of_four *c, int slot)
{
    assert_int_equal(octet_session_set_image(c->session, slot, c->image), OCTET_OK);
}

static int look(void *user, int index, int layer, const octet_tensor_view *view)
{
    (void)view;
    *(int *)user += layer == 0;
    return index == 3 && layer == 1;
}

/* Slots beside each other are run at once, unless somebody watches. */
static void ranges(void **state)
{
    (void)state;
    struct case_of_four c;
    int seen = 0;
    begin(&c);
    set(&c, 0);
    set(&c, 1);
    set(&c, 3);
    test_session_run(c.session);
    assert_string_equal(faults.calls, "0+2 3+1 ");
    faults.calls[0] = '\0';
    set(&c, 2);
    test_session_run(c.session);
    assert_string_equal(faults.calls, "0+4 ");
    faults.calls[0] = '\0';
    octet_session_observe(c.session, look, &seen);
    assert_int_equal(octet_session_run(c.session), OCTET_CANCELLED);
    assert_string_equal(octet_session_message(c.session), "stopped by the observer");
    assert_string_equal(faults.calls, "0+1 1+1 2+1 3+1 ");
    assert_int_equal(seen, 4);
    expect_results(&c, (octet_status[]){0, 0, 0, OCTET_INVALID_STATE});
    end(&c);
}

static void failed_open(void **state)
{
    (void)state;
    const struct oct_backend backend = faulty();
    octet_session_settings settings;
    octet_session *session = (octet_session *)&test;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_session_defaults(&settings);
    faults.fails_open = true;
    assert_int_equal(oct_session_open(&test.context, &backend, 0, engine, &settings, &session),
                     OCTET_UNSUPPORTED_DEVICE);
    assert_null(session);
    assert_string_equal(test.context.message, "no such device");
    octet_engine_free(&engine);
}

static void failed_input(void **state)
{
    (void)state;
    struct case_of_four c;
    begin(&c);
    for (int i = 0; i < 4; i++)
        set(&c, i);
    test_session_run(c.session);
    faults.failing_input = 2;
    assert_int_equal(octet_session_set_image(c.session, 2, c.image), OCTET_OUT_OF_MEMORY);
    assert_string_equal(octet_session_message(c.session), "input lost");
    expect_results(&c, (octet_status[]){0, 0, OCTET_INVALID_STATE, 0});
    faults.calls[0] = '\0';
    test_session_run(c.session); /* without the slot */
    assert_string_equal(faults.calls, "0+2 3+1 ");
    end(&c);
}

/* Of the range that failed no slot has results; those before and behind keep theirs. */
static void failed_run(void **state)
{
    (void)state;
    struct case_of_four c;
    begin(&c);
    set(&c, 0);
    set(&c, 2);
    set(&c, 3);
    test_session_run(c.session);
    faults.failing_run = 0;
    assert_int_equal(octet_session_run(c.session), OCTET_OUT_OF_MEMORY);
    assert_string_equal(octet_session_message(c.session), "run lost");
    expect_results(&c, (octet_status[]){OCTET_INVALID_STATE, OCTET_INVALID_STATE, 0, 0});
    faults.failing_run = 3;
    assert_int_equal(octet_session_run(c.session), OCTET_OUT_OF_MEMORY);
    expect_results(
        &c, (octet_status[]){0, OCTET_INVALID_STATE, OCTET_INVALID_STATE, OCTET_INVALID_STATE});
    faults.failing_run = -1;
    test_session_run(c.session);
    expect_results(&c, (octet_status[]){0, OCTET_INVALID_STATE, 0, 0});
    end(&c);
}

static void failed_tensor(void **state)
{
    (void)state;
    struct case_of_four c;
    int seen = 0;
    begin(&c);
    set(&c, 0);
    set(&c, 1);
    test_session_run(c.session);
    faults.failing_tensor = 1;
    assert_int_equal(results(&c, 0), OCTET_OK);
    assert_int_equal(results(&c, 1), OCTET_OUT_OF_MEMORY);
    assert_string_equal(octet_session_message(c.session), "tensor lost");
    octet_session_observe(c.session, look, &seen);
    assert_int_equal(octet_session_run(c.session), OCTET_OUT_OF_MEMORY);
    assert_string_equal(octet_session_message(c.session), "tensor lost");
    assert_int_equal(seen, 1); /* the observer was not called for what is not there */
    faults.failing_tensor = -1;
    expect_results(
        &c, (octet_status[]){0, OCTET_INVALID_STATE, OCTET_INVALID_STATE, OCTET_INVALID_STATE});
    end(&c);
}

static octet_status select_two(void *state, int slot, const octet_detect_settings *settings,
                               octet_detection *detections, int most, int *count)
{
    (void)state;
    static const octet_detection boxes[] = {{4, 4, 28, 28, 0.9f, 1}, {-8, 12, 16, 40, 0.8f, 0}};
    *count = most < 2 ? most : 2;
    memcpy(detections, boxes, (size_t)*count * sizeof *boxes);
    assert_true(settings->max_detections == 1 || settings->max_detections == 300);
    return slot == 3 ? oct_fail(faults.ctx, OCTET_OUT_OF_MEMORY, "boxes lost") : OCTET_OK;
}

/* A backend that selects boxes itself is asked for no tensor; the session maps its boxes. */
static void own_selection(void **state)
{
    (void)state;
    struct case_of_four c;
    octet_detection boxes[4];
    octet_detect_settings settings;
    int count;
    begin(&c);
    c.backend.select = select_two;
    octet_image *wide = test_picture(&test.context, 64, 32, 1); /* 32x16 pixels from (0, 8) on */
    assert_int_equal(octet_session_set_image(c.session, 0, wide), OCTET_OK);
    assert_int_equal(octet_session_set_pixels(c.session, 1, octet_image_pixels(wide)), OCTET_OK);
    set(&c, 3);
    test_session_run(c.session);
    faults.failing_tensor = 0;
    assert_int_equal(octet_session_detect(c.session, 0, NULL, boxes, 4, &count), OCTET_OK);
    assert_int_equal(count, 2);
    const octet_detection mapped[] = {{8, 0, 56, 32, 0.9f, 1}, {0, 8, 32, 32, 0.8f, 0}};
    assert_memory_equal(boxes, mapped, sizeof mapped);
    assert_int_equal(octet_session_detect(c.session, 1, NULL, boxes, 4, &count), OCTET_OK);
    const octet_detection clipped[] = {{4, 4, 28, 28, 0.9f, 1}, {0, 12, 16, 32, 0.8f, 0}};
    assert_memory_equal(boxes, clipped, sizeof clipped);
    octet_detect_defaults(&settings);
    settings.max_detections = 1;
    assert_int_equal(octet_session_detect(c.session, 0, &settings, boxes, 4, &count), OCTET_OK);
    assert_int_equal(count, 1);
    assert_int_equal(octet_session_detect(c.session, 3, NULL, boxes, 4, &count),
                     OCTET_OUT_OF_MEMORY);
    assert_int_equal(count, 0);
    octet_image_free(&wide);
    end(&c);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(int8_agrees), TEST(ranges),        TEST(failed_open),   TEST(failed_input),
        TEST(failed_run),  TEST(failed_tensor), TEST(own_selection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
