/* SPDX-License-Identifier: Apache-2.0 */
/* Records sessions and compares them. */
#include "session_record.h"
#include "random_frame.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bfloat16.h"
#include "base/float16.h"
#include "random.h"
#include "random_frame.h"
#include "run_session.h"
#include "small_detector.h"

static void set_planes(octet_session *session, int slot, struct test_random *random)
{
    const struct oct_session_facts *facts = oct_session_facts(session);
    const size_t count = 3 * (size_t)facts->height * (size_t)facts->width;
    float *planes = malloc(count * sizeof *planes);
    assert_non_null(planes);
    for (size_t i = 0; i < count; i++)
        planes[i] = test_float(random, 0.0f, 1.0f);
    assert_int_equal(octet_session_set_tensor(session, slot, planes), OCTET_OK);
    free(planes);
}

static void set_frame(octet_session *session, int slot, struct test_random *random)
{
    const octet_pixel_format format =
        (octet_pixel_format)test_int(random, OCTET_PIXEL_NV12, OCTET_PIXEL_YUY2);
    const int width = test_int(random, 1, 200), height = test_int(random, 1, 200);
    struct test_frame frame = test_frame_make(
        format, width, height, (enum test_frame_layout)test_int(random, 0, TEST_FRAME_LAYOUTS - 1),
        test_bits(random));
    frame.frame.matrix = (octet_yuv_matrix)test_int(random, 0, 1);
    frame.frame.range = (octet_yuv_range)test_int(random, 0, 1);
    assert_int_equal(octet_session_set_frame(session, slot, &frame.frame), OCTET_OK);
    test_frame_free(&frame);
}

void session_fill(octet_context *ctx, octet_session *session, int slots, uint64_t seed)
{
    const struct oct_session_facts *facts = oct_session_facts(session);
    struct test_random random = test_random_of(seed);
    for (int slot = 0; slot < slots; slot++) {
        if (slot % 4 == 1) {
            set_frame(session, slot, &random);
        } else if (slot % 4 == 2) {
            set_planes(session, slot, &random);
        } else if (slot % 4 == 3) {
            uint8_t *pixels = test_picture_pixels(ctx, facts->height, facts->width, seed + 1);
            assert_int_equal(octet_session_set_pixels(session, slot, pixels), OCTET_OK);
            free(pixels);
        } else {
            octet_image *image = test_picture(ctx, test_int(&random, 1, 200),
                                              test_int(&random, 1, 200), seed + (uint64_t)slot);
            assert_int_equal(octet_session_set_image(session, slot, image), OCTET_OK);
            octet_image_free(&image);
        }
    }
}

static float number_of(const octet_tensor_view *view, size_t at)
{
    if (view->type == OCTET_ELEMENT_U8)
        return ((const uint8_t *)view->data)[at];
    if (view->type == OCTET_ELEMENT_BF16)
        return oct_bf16_value(((const uint16_t *)view->data)[at]);
    if (view->type == OCTET_ELEMENT_F16)
        return oct_f16_value(((const uint16_t *)view->data)[at]);
    return ((const float *)view->data)[at];
}

static int record_layer(void *user, int slot, int layer, const octet_tensor_view *view)
{
    struct session_record *record = user;
    assert_true(slot < RECORD_SLOTS && layer < RECORD_LAYERS);
    struct layer_record *to = &record->records[slot][layer];
    record->layers = layer + 1 > record->layers ? layer + 1 : record->layers;
    const size_t height = (size_t)view->height, width = (size_t)view->width;
    to->type = view->type;
    to->count = height * width * (size_t)view->channels;
    to->numbers = malloc(to->count * sizeof *to->numbers);
    assert_non_null(to->numbers);
    float *number = to->numbers;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            for (size_t c = 0; c < (size_t)view->channels; c++)
                *number++ = number_of(view, y * view->row_elements + x * view->pixel_elements + c);
    return 0;
}

void session_record_take(struct session_record *record, octet_session *session,
                         const octet_engine *engine, int slots)
{
    octet_detect_settings detect;
    octet_detect_defaults(&detect);
    detect.confidence = 0.05;
    memset(record, 0, sizeof *record);
    record->slots = slots;
    octet_session_observe(session, record_layer, record);
    test_session_run(session);
    octet_session_observe(session, NULL, NULL);
    assert_int_equal(record->layers, engine->network.layer_count);
    test_session_run(session);
    for (int i = 0; i < slots; i++) {
        record->outputs[i] = test_session_output(session, engine, i, &record->floats);
        assert_int_equal(octet_session_detect(session, i, &detect, record->boxes[i], RECORD_BOXES,
                                              &record->box_counts[i]),
                         OCTET_OK);
    }
}

void session_record_free(struct session_record *record)
{
    for (int i = 0; i < record->slots; i++) {
        free(record->outputs[i]);
        for (int layer = 0; layer < record->layers; layer++)
            free(record->records[i][layer].numbers);
    }
}

static void compare_numbers(const float *is, const float *wanted, size_t count, double tolerance,
                            const char *what, int slot, int layer)
{
    for (size_t i = 0; i < count; i++) {
        const double a = (double)is[i], b = (double)wanted[i];
        if (tolerance > 0.0 ? !(fabs(a - b) <= tolerance * (1.0 + fabs(b)))
                            : memcmp(&is[i], &wanted[i], sizeof *is) != 0)
            fail_msg("%s %d of slot %d, element %zu of %zu: %.9g, not %.9g", what, layer, slot, i,
                     count, a, b);
    }
}

void session_record_compare(const struct session_record *is, const struct session_record *wanted,
                            double tolerance)
{
    assert_int_equal(is->slots, wanted->slots);
    assert_int_equal(is->layers, wanted->layers);
    assert_int_equal(is->floats, wanted->floats);
    for (int slot = 0; slot < is->slots; slot++) {
        for (int layer = 0; layer < is->layers; layer++) {
            const struct layer_record *a = &is->records[slot][layer],
                                      *b = &wanted->records[slot][layer];
            assert_int_equal(a->count, b->count);
            assert_int_equal(a->type == OCTET_ELEMENT_U8, b->type == OCTET_ELEMENT_U8);
            compare_numbers(a->numbers, b->numbers, a->count,
                            a->type == OCTET_ELEMENT_U8 ? 0.0 : tolerance, "layer", slot, layer);
        }
        if (tolerance > 0.0)
            continue;
        compare_numbers(is->outputs[slot], wanted->outputs[slot], is->floats, 0.0, "output", slot,
                        0);
        assert_int_equal(is->box_counts[slot], wanted->box_counts[slot]);
        assert_memory_equal(is->boxes[slot], wanted->boxes[slot],
                            (size_t)is->box_counts[slot] * sizeof(octet_detection));
    }
}

void session_record_compare_outputs(const struct session_record *is,
                                    const struct session_record *wanted, double tolerance)
{
    assert_int_equal(is->slots, wanted->slots);
    assert_int_equal(is->floats, wanted->floats);
    for (int slot = 0; slot < is->slots; slot++)
        for (size_t i = 0; i < is->floats; i++) {
            const double a = (double)is->outputs[slot][i], b = (double)wanted->outputs[slot][i];
            if (!(fabs(a - b) <= tolerance))
                fail_msg("output of slot %d, element %zu: %.9g, not %.9g", slot, i, a, b);
        }
}

void session_record_expect(const struct session_record *record, octet_session *session,
                           const octet_engine *engine)
{
    test_session_run(session);
    for (int i = 0; i < record->slots; i++) {
        size_t count;
        float *output = test_session_output(session, engine, i, &count);
        assert_int_equal(count, record->floats);
        compare_numbers(output, record->outputs[i], count, 0.0, "output", i, 0);
        free(output);
    }
}
