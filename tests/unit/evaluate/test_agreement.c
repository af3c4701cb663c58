/* SPDX-License-Identifier: Apache-2.0 */
/* Agreement of two detectors, by hand and beside octet_evaluate(), and the choice of an engine. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <octet/evaluate.h>

#include "counting_context.h"
#include "random.h"

static struct test_context test;

static void must(octet_status status)
{
    if (status != OCTET_OK)
        fail_msg("%s", test.context.message);
}

struct sides {
    octet_detections *reference, *found;
};

static void open_sides(struct sides *sides)
{
    must(octet_detections_create(&test.context, &sides->reference));
    must(octet_detections_create(&test.context, &sides->found));
}

static void close_sides(struct sides *sides)
{
    octet_detections_free(&sides->reference);
    octet_detections_free(&sides->found);
}

/* A box of 100 x 100 pixels, `x` from the left. */
static void add(octet_detections *to, int64_t image, int64_t class_id, float x, float score)
{
    const octet_detection box = {x, 0.0f, x + 100.0f, 100.0f, score, 0};
    must(octet_detections_add(to, image, class_id, &box));
}

static octet_agreement agreement_of(const struct sides *sides)
{
    octet_agreement agreement;
    must(octet_evaluate_agreement(sides->reference, sides->found, 0.25, &agreement));
    return agreement;
}

static void assert_near(double value, double expected)
{
    if (fabs(value - expected) > 1e-12)
        fail_msg("%.17g, not %.17g", value, expected);
}

/* Boxes that the reference is not sure of are no labels; the other's of that kind are wrong, but
 * come behind all that are right. */
static void same_boxes(void **state)
{
    (void)state;
    struct sides sides;
    open_sides(&sides);
    for (int side = 0; side < 2; side++) {
        octet_detections *to = side ? sides.found : sides.reference;
        add(to, 7, 3, 0.0f, 0.9f);
        add(to, 7, 3, 300.0f, 0.25f);
        add(to, 8, 3, 300.0f, 0.2f);
        add(to, 9, 5, 0.0f, 0.5f);
    }
    const octet_agreement agreement = agreement_of(&sides);
    assert_near(agreement.ap, 1.0);
    assert_near(agreement.ap50, 1.0);
    assert_near(agreement.ap75, 1.0);
    assert_int_equal(agreement.images, 3);
    assert_int_equal(agreement.labels, 3);
    assert_int_equal(agreement.detections, 4);
    close_sides(&sides);
}

/* Moved by a fifth, a box overlaps by 2/3: right at 4 of 10 overlaps. */
static void moved_box(void **state)
{
    (void)state;
    struct sides sides;
    open_sides(&sides);
    add(sides.reference, 1, 0, 0.0f, 0.9f);
    add(sides.found, 1, 0, 20.0f, 0.9f);
    const octet_agreement agreement = agreement_of(&sides);
    assert_near(agreement.ap, 0.4);
    assert_near(agreement.ap50, 1.0);
    assert_near(agreement.ap75, 0.0);
    close_sides(&sides);
}

/* A box that the reference lacks, before the right one in score: half of what is found is right.
 * One of a class that has no label changes nothing. One missed of two: recalls to 0.50 are reached,
 * 51 of 101. */
static void invented_and_missed_boxes(void **state)
{
    (void)state;
    struct sides sides;
    open_sides(&sides);
    add(sides.reference, 1, 0, 0.0f, 0.9f);
    add(sides.found, 1, 0, 0.0f, 0.6f);
    add(sides.found, 2, 0, 0.0f, 0.7f);
    assert_near(agreement_of(&sides).ap, 0.5);
    add(sides.found, 1, 1, 0.0f, 0.9f);
    const octet_agreement agreement = agreement_of(&sides);
    assert_near(agreement.ap, 0.5);
    assert_int_equal(agreement.images, 2);
    assert_int_equal(agreement.detections, 3);
    close_sides(&sides);
    open_sides(&sides);
    add(sides.reference, 1, 0, 0.0f, 0.9f);
    add(sides.reference, 1, 0, 500.0f, 0.9f);
    add(sides.found, 1, 0, 500.0f, 0.5f);
    assert_near(agreement_of(&sides).ap, 51.0 / 101.0);
    close_sides(&sides);
}

static void no_label(void **state)
{
    (void)state;
    struct sides sides;
    open_sides(&sides);
    assert_near(agreement_of(&sides).ap, -1.0);
    add(sides.reference, 1, 0, 0.0f, 0.2f);
    add(sides.found, 1, 0, 0.0f, 0.9f);
    const octet_agreement agreement = agreement_of(&sides);
    assert_near(agreement.ap, -1.0);
    assert_int_equal(agreement.images, 1);
    assert_int_equal(agreement.labels, 0);
    close_sides(&sides);
}

/* The same as labels written down as a ground truth, of all pictures and classes. */
static void beside_evaluation(void **state)
{
    (void)state;
    enum { IMAGES = 12, CLASSES = 4, BOXES = 150 };
    struct test_random random = test_random_of(5);
    for (int round = 0; round < 10; round++) {
        struct sides sides;
        octet_truth *truth;
        octet_evaluation evaluation;
        int64_t labels = 0;
        open_sides(&sides);
        must(octet_truth_create(&test.context, &truth));
        for (int i = 0; i < IMAGES; i++)
            must(octet_truth_add_image(truth, &(octet_truth_image){.id = i + 1}));
        for (int i = 0; i < CLASSES; i++)
            must(octet_truth_add_class(truth, i, "a class"));
        for (int i = 0; i < BOXES; i++) {
            const int64_t image = test_int(&random, 1, IMAGES);
            const int64_t class_id = test_int(&random, 0, CLASSES - 2); /* the last has none */
            const float x = (float)test_int(&random, 0, 400), y = (float)test_int(&random, 0, 400);
            const float width = (float)test_int(&random, 10, 300);
            const float score = test_float(&random, 0.001f, 1.0f);
            const float shift = (float)test_int(&random, 0, 40) / 4.0f;
            const octet_detection a = {x, y, x + width, y + 60.0f, score, 0};
            const octet_detection b = {x + shift,    y + shift,    a.x2 + shift,
                                       a.y2 + shift, score * 0.9f, 0};
            must(octet_detections_add(sides.reference, image, class_id, &a));
            if (i % 9)
                must(octet_detections_add(sides.found, image, class_id, &b));
            if (score < 0.25f)
                continue;
            must(octet_truth_add_box(truth, &(octet_truth_box){.id = ++labels,
                                                               .image_id = image,
                                                               .class_id = class_id,
                                                               .x = (double)x,
                                                               .y = (double)y,
                                                               .width = (double)width,
                                                               .height = 60.0,
                                                               .area = -1.0}));
        }
        must(octet_evaluate(truth, sides.found, NULL, &evaluation, NULL));
        const octet_agreement agreement = agreement_of(&sides);
        assert_true(agreement.ap == evaluation.ap && agreement.ap > 0.2 && agreement.ap < 0.98);
        assert_true(agreement.ap50 == evaluation.ap50 && agreement.ap75 == evaluation.ap75);
        assert_int_equal(agreement.labels, labels);
        octet_truth_free(&truth);
        close_sides(&sides);
    }
}

static void refused(void **state)
{
    (void)state;
    struct sides sides;
    octet_agreement agreement;
    open_sides(&sides);
    add(sides.reference, 1, 0, 0.0f, 0.9f);
    add(sides.found, 1, 0, 0.0f, 0.9f);
    assert_int_equal(octet_evaluate_agreement(NULL, sides.found, 0.25, &agreement),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_evaluate_agreement(sides.reference, NULL, 0.25, &agreement),
                     OCTET_INVALID_ARGUMENT);
    assert_string_equal(octet_detections_message(sides.reference),
                        "octet_evaluate_agreement: found and agreement must not be NULL");
    assert_int_equal(octet_evaluate_agreement(sides.reference, sides.found, 0.25, NULL),
                     OCTET_INVALID_ARGUMENT);
    const double wrong[] = {-0.1, 1.1, (double)NAN};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            octet_evaluate_agreement(sides.reference, sides.found, wrong[i], &agreement),
            OCTET_INVALID_ARGUMENT);
    const int live = test.live;
    for (int i = 0;; i++) {
        test.calls = 0;
        test.fail_at = i;
        const octet_status status =
            octet_evaluate_agreement(sides.reference, sides.found, 0.25, &agreement);
        assert_int_equal(test.live, live);
        if (status == OCTET_OK && test.calls <= i)
            break;
        assert_int_equal(status, OCTET_OUT_OF_MEMORY);
    }
    test.fail_at = -1;
    close_sides(&sides);
}

/* ---- the choice ---- */

static void choices(void **state)
{
    (void)state;
    const octet_precision int8 = OCTET_PRECISION_INT8, bf16 = OCTET_PRECISION_BF16,
                          fp32 = OCTET_PRECISION_FP32;
    static const struct {
        double time[3], agreement[3]; /* of INT8, BF16, FP32 */
        int chosen, agrees[3];
    } cases[] = {
        {{0.3, 0.6, 1.0}, {97.0, 99.9, 100.0}, 0, {1, 1, 1}},
        {{0.3, 0.6, 1.0}, {94.9, 99.9, 100.0}, 1, {0, 1, 1}},
        {{0.3, 0.6, 1.0}, {95.0, 99.9, 100.0}, 0, {1, 1, 1}},
        {{0.3, 0.6, 1.0}, {10.0, 20.0, 30.0}, 2, {0, 0, 1}}, /* FP32 is what it is measured by */
        {{0.9, 1.01, 1.0}, {10.0, 99.9, 100.0}, 1, {0, 1, 1}},
        {{1.0, 1.03, 1.0}, {99.0, 99.9, 100.0}, 2, {1, 1, 1}}, /* INT8 must be faster */
        {{1.005, 1.01, 1.0}, {99.0, 99.9, 100.0}, 0, {1, 1, 1}},
        {{0.3, 0.6, 1.0}, {(double)NAN, -1.0, 100.0}, 0, {1, 1, 1}},
        {{(double)NAN, 0.6, 1.0}, {99.0, 99.0, 100.0}, 1, {1, 1, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_candidate candidates[3] = {{int8, cases[i].time[0], cases[i].agreement[0], 7},
                                         {bf16, cases[i].time[1], cases[i].agreement[1], 7},
                                         {fp32, cases[i].time[2], cases[i].agreement[2], 7}};
        const int chosen = octet_choose_candidate(candidates, 3, 95.0);
        if (chosen != cases[i].chosen)
            fail_msg("case %zu: %d", i, chosen);
        for (int c = 0; c < 3; c++)
            assert_int_equal(candidates[c].agrees, cases[i].agrees[c]);
    }
    octet_candidate one = {int8, 1.0, 0.5, 7};
    assert_int_equal(octet_choose_candidate(&one, 1, 0.95), -1);
    assert_int_equal(one.agrees, 0);
    assert_int_equal(octet_choose_candidate(&one, 0, 0.95), -1);
    assert_int_equal(octet_choose_candidate(NULL, 3, 0.95), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITHIN(same_boxes, test),
        TEST_WITHIN(moved_box, test),
        TEST_WITHIN(invented_and_missed_boxes, test),
        TEST_WITHIN(no_label, test),
        TEST_WITHIN(beside_evaluation, test),
        TEST_WITHIN(refused, test),
        TEST_WITHIN(choices, test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
