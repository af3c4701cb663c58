/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes of two detectors, matched by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "insight/box_match.h"

#define SURE 0.25

/* A box 100 pixels wide and high, `x` from the left. */
#define BOX(x, score, class_id)                                                                    \
    {                                                                                              \
        (x), 0.0f, (x) + 100.0f, 100.0f, (score), (class_id)                                       \
    }
#define FOUND(boxes)                                                                               \
    (struct found_boxes)                                                                           \
    {                                                                                              \
        boxes, sizeof boxes / sizeof boxes[0]                                                      \
    }

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) < 1e-6))
        fail_msg("%.9g, not %.9g", value, expected);
}

static void assert_totals(const struct class_totals *totals, size_t sure, size_t matched,
                          size_t more)
{
    assert_int_equal(totals->sure, sure);
    assert_int_equal(totals->matched, matched);
    assert_int_equal(totals->more, more);
}

/* IoU of boxes that are shifted by 10 of 100 pixels: 90 / 110. */
static const double shifted_iou = 90.0 / 110.0;

static void two_pictures(void **state)
{
    (void)state;
    static const octet_detection a1[] = {BOX(0, 0.9f, 0), BOX(500, 0.5f, 1), BOX(900, 0.2f, 0)};
    static const octet_detection b1[] = {BOX(10, 0.8f, 0), BOX(500, 0.5f, 2), BOX(900, 0.24f, 0)};
    static const octet_detection a2[] = {BOX(0, 0.75f, 0)};
    static const octet_detection b2[] = {BOX(2, 0.5f, 0)};
    struct box_totals totals;
    box_totals_open(&totals, SURE, 3);
    /* one matches; A's of class 1 and B's of class 2 have none; the third is nobody's sure box */
    assert_near(box_totals_add(&totals, &FOUND(a1), &FOUND(b1)),
                0.1 + (1 - shifted_iou) + 0.5 + 0.5);
    assert_totals(&totals.all, 2, 1, 1);
    assert_totals(&totals.classes[0], 1, 1, 0);
    assert_totals(&totals.classes[1], 1, 0, 0);
    assert_totals(&totals.classes[2], 0, 0, 1);
    assert_near(box_totals_add(&totals, &FOUND(a2), &FOUND(b2)), 0.25 + (1 - 98.0 / 102.0));
    assert_totals(&totals.all, 3, 2, 1);
    assert_near(totals.score_sum, -0.35);
    assert_near(totals.score_square_sum, 0.01 + 0.0625);
    const struct box_errors errors = box_totals_errors(&totals);
    assert_near(errors.mean, 6);
    assert_near(errors.share_95, 10);
    assert_near(errors.most, 10);
    box_totals_close(&totals);
}

/* Boxes just above the sure score in one and just below in the other are not missing. */
static void near_the_score(void **state)
{
    (void)state;
    static const octet_detection a[] = {BOX(0, 0.26f, 0), BOX(500, 0.24f, 0), BOX(900, 0.12f, 0)};
    static const octet_detection b[] = {BOX(500, 0.27f, 0), BOX(900, 0.26f, 0), BOX(0, 0.23f, 0)};
    struct box_totals totals;
    box_totals_open(&totals, SURE, 1);
    assert_near(box_totals_add(&totals, &FOUND(a), &FOUND(b)), 0.03 + 0.03 + 0.26);
    assert_totals(&totals.all, 1, 1, 1); /* half of the sure score is the least that answers */
    box_totals_close(&totals);
}

/* One box of B answers for one of A; the best of A chooses first, and takes what overlaps most. */
static void each_once(void **state)
{
    (void)state;
    static const octet_detection a[] = {BOX(10, 0.9f, 0), BOX(0, 0.8f, 0), BOX(40, 0.7f, 0)};
    static const octet_detection b[] = {BOX(0, 0.9f, 0), BOX(12, 0.6f, 0)};
    struct box_totals totals;
    box_totals_open(&totals, SURE, 1);
    const double difference = box_totals_add(&totals, &FOUND(a), &FOUND(b));
    assert_near(difference, (0.3 + 1 - 98.0 / 102.0) + 0.1 + 0.7);
    assert_totals(&totals.all, 3, 2, 0);
    const struct box_errors errors = box_totals_errors(&totals);
    assert_near(errors.mean, 1);
    assert_near(errors.most, 2);
    box_totals_close(&totals);
}

/* An overlap of half is enough, less is not; boxes without area match nothing. */
static void overlaps(void **state)
{
    (void)state;
    static const octet_detection whole[] = {{0, 0, 100, 100, 0.9f, 0}};
    static const octet_detection half[] = {{0, 0, 100, 50, 0.9f, 0}};
    static const octet_detection less[] = {{0, 0, 100, 49, 0.9f, 0}};
    static const octet_detection none[] = {{5, 5, 5, 5, 0.9f, 0}};
    struct box_totals totals;
    box_totals_open(&totals, SURE, 1);
    box_totals_add(&totals, &FOUND(whole), &FOUND(half));
    assert_totals(&totals.all, 1, 1, 0);
    box_totals_add(&totals, &FOUND(whole), &FOUND(less));
    assert_totals(&totals.all, 2, 1, 1);
    box_totals_add(&totals, &FOUND(none), &FOUND(none));
    assert_totals(&totals.all, 3, 1, 2);
    box_totals_close(&totals);
}

/* 95 % of 40 boxes are 38. */
static void shares(void **state)
{
    (void)state;
    struct box_totals totals;
    box_totals_open(&totals, SURE, 1);
    const struct box_errors before = box_totals_errors(&totals);
    assert_near(before.most, 0);
    for (int i = 40; i > 0; i--) {
        const octet_detection a[] = {BOX(0, 0.9f, 0)}, b[] = {BOX((float)i / 2, 0.9f, 0)};
        box_totals_add(&totals, &FOUND(a), &FOUND(b));
    }
    const struct box_errors errors = box_totals_errors(&totals);
    assert_near(errors.share_95, 19);
    assert_near(errors.most, 20);
    assert_near(errors.mean, 10.25);
    box_totals_close(&totals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_pictures), cmocka_unit_test(near_the_score),
        cmocka_unit_test(each_once),    cmocka_unit_test(overlaps),
        cmocka_unit_test(shares),
    };
    return cmocka_run_group_tests_name("box_match", tests, NULL, NULL);
}
