/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation by hand: figures that can be worked out on paper, what is left out, failures. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <octet/evaluate.h>

#include "counting_context.h"

static struct test_context test;
static char logged[TEST_LOG_BYTES];

static int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    test_context_keep_log(&test, logged);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return test.live;
}

static void must(octet_status status)
{
    if (status != OCTET_OK)
        fail_msg("%s", test.context.message);
}

struct set {
    octet_truth *truth;
    octet_detections *found;
};

/* Classes 1 and 2, pictures 10 and 20. */
static void open_set(struct set *set)
{
    must(octet_truth_create(&test.context, &set->truth));
    must(octet_detections_create(&test.context, &set->found));
    must(octet_truth_add_class(set->truth, 2, "two"));
    must(octet_truth_add_class(set->truth, 1, "one"));
    must(octet_truth_add_image(set->truth, &(octet_truth_image){20, "b.png", 640, 480}));
    must(octet_truth_add_image(set->truth, &(octet_truth_image){10, NULL, 0, 0}));
}

static void close_set(struct set *set)
{
    octet_truth_free(&set->truth);
    octet_detections_free(&set->found);
    assert_null(set->truth);
    assert_null(set->found);
}

/* A box of 50 x 50 pixels: medium. */
static octet_truth_box box_at(int64_t id, int64_t image, int64_t class_id, double x)
{
    return (octet_truth_box){id, image, class_id, x, 0.0, 50.0, 50.0, -1.0, 0};
}

static void add_box(struct set *set, octet_truth_box box)
{
    must(octet_truth_add_box(set->truth, &box));
}

static void add_found(struct set *set, int64_t image, int64_t class_id, float x, float score)
{
    const octet_detection found = {x, 0.0f, x + 50.0f, 50.0f, score, 99};
    must(octet_detections_add(set->found, image, class_id, &found));
}

static void near(double is, double wanted)
{
    if (!(fabs(is - wanted) <= 1e-12))
        fail_msg("%.17g, wanted %.17g", is, wanted);
}

/* Two boxes, one found: recall 0.5, precision 1 up to there, which is 51 of 101 points. */
static void test_half(void **state)
{
    (void)state;
    struct set set;
    octet_evaluation all;
    octet_class_evaluation classes[2];
    open_set(&set);
    add_box(&set, box_at(1, 10, 1, 0.0));
    add_box(&set, box_at(2, 20, 1, 0.0));
    add_found(&set, 10, 1, 0.0f, 0.9f);
    must(octet_evaluate(set.truth, set.found, NULL, &all, classes));
    near(all.ap, 51.0 / 101.0);
    near(all.ap50, 51.0 / 101.0);
    near(all.ap_medium, 51.0 / 101.0);
    near(all.ap_small, -1.0);
    near(all.ar_large, -1.0);
    near(all.ar_1, 0.5);
    near(classes[0].ap, -1.0);
    near(classes[1].ap, 51.0 / 101.0);
    near(classes[1].ar_100, 0.5);
    assert_int_equal(classes[0].boxes, 0);
    assert_int_equal(classes[1].boxes, 2);
    assert_int_equal(all.images, 2);
    assert_int_equal(all.boxes, 2);
    assert_int_equal(all.detections, 1);
    close_set(&set);
}

static void test_nothing(void **state)
{
    (void)state;
    struct set set;
    octet_evaluation all;
    open_set(&set);
    must(octet_evaluate(set.truth, set.found, NULL, &all, NULL));
    near(all.ap, -1.0);
    near(all.ar_100, -1.0);
    add_box(&set, box_at(1, 10, 1, 0.0));
    must(octet_evaluate(set.truth, set.found, NULL, &all, NULL));
    near(all.ap, 0.0);
    near(all.ar_100, 0.0);
    close_set(&set);
    must(octet_truth_create(&test.context, &set.truth));
    must(octet_detections_create(&test.context, &set.found));
    must(octet_evaluate(set.truth, set.found, NULL, &all, NULL));
    near(all.ap, -1.0);
    assert_int_equal(all.images, 0);
    close_set(&set);
}

/* A detection on a crowd counts neither as right nor as wrong, and any number may lie there. */
static void test_crowd(void **state)
{
    (void)state;
    struct set set;
    octet_evaluation all;
    octet_class_evaluation classes[2];
    open_set(&set);
    octet_truth_box crowd = {5, 10, 1, 100.0, 0.0, 200.0, 200.0, 40000.0, 1};
    add_box(&set, crowd);
    add_box(&set, box_at(6, 10, 1, 0.0));
    add_found(&set, 10, 1, 110.0f, 0.9f);
    add_found(&set, 10, 1, 120.0f, 0.8f);
    add_found(&set, 10, 1, 0.0f, 0.1f);
    must(octet_evaluate(set.truth, set.found, NULL, &all, classes));
    near(all.ap, 1.0);
    assert_int_equal(classes[1].boxes, 1);
    assert_int_equal(all.boxes, 2);
    close_set(&set);
}

/* What is asked for takes part, nothing else. */
static void test_chosen(void **state)
{
    (void)state;
    struct set set;
    octet_evaluation all;
    octet_class_evaluation classes[2];
    const int64_t class_ids[] = {2}, image_ids[] = {20}, unknown[] = {7};
    open_set(&set);
    add_box(&set, box_at(1, 10, 1, 0.0));
    add_box(&set, box_at(2, 10, 2, 0.0));
    add_box(&set, box_at(3, 20, 2, 0.0));
    add_found(&set, 20, 2, 0.0f, 0.9f);
    octet_evaluate_settings settings = {.class_ids = class_ids, .class_count = 1};
    must(octet_evaluate(set.truth, set.found, &settings, &all, classes));
    near(all.ap, 51.0 / 101.0);
    near(classes[1].ap, -1.0);
    assert_int_equal(classes[1].boxes, 0);
    settings.image_ids = image_ids;
    settings.image_count = 1;
    must(octet_evaluate(set.truth, set.found, &settings, &all, classes));
    near(all.ap, 1.0);
    assert_int_equal(all.images, 1);
    settings.image_ids = unknown;
    assert_int_equal(octet_evaluate(set.truth, set.found, &settings, &all, NULL),
                     OCTET_INVALID_ARGUMENT);
    settings = (octet_evaluate_settings){.class_ids = unknown, .class_count = 1};
    assert_int_equal(octet_evaluate(set.truth, set.found, &settings, &all, NULL),
                     OCTET_INVALID_ARGUMENT);
    assert_non_null(strstr(test.context.message, "no class of id 7"));
    close_set(&set);
}

/* pycocotools' pitfall is kept, and said. */
static void test_id_zero(void **state)
{
    (void)state;
    struct set set;
    octet_evaluation all;
    open_set(&set);
    add_box(&set, box_at(0, 10, 1, 0.0));
    add_found(&set, 10, 1, 0.0f, 0.9f);
    must(octet_evaluate(set.truth, set.found, NULL, &all, NULL));
    near(all.ap, 0.0);
    assert_non_null(strstr(logged, "id 0"));
    close_set(&set);
}

static void test_unknown(void **state)
{
    (void)state;
    struct set set;
    octet_evaluation all;
    open_set(&set);
    add_box(&set, box_at(1, 10, 1, 0.0));
    add_found(&set, 10, 1, 0.0f, 0.9f);
    add_found(&set, 10, 33, 0.0f, 0.9f);
    must(octet_evaluate(set.truth, set.found, NULL, &all, NULL));
    near(all.ap, 1.0);
    assert_non_null(strstr(logged, "1 of 2 detections left out"));
    add_found(&set, 77, 1, 0.0f, 0.9f);
    assert_int_equal(octet_evaluate(set.truth, set.found, NULL, &all, NULL), OCTET_MISMATCH);
    assert_non_null(strstr(test.context.message, "detection 3: picture 77"));
    close_set(&set);
}

/* Boxes that cannot be, ids that are there twice, boxes of nothing. */
static void test_refused(void **state)
{
    (void)state;
    struct set set;
    octet_evaluation all;
    open_set(&set);
    octet_truth_box box = box_at(1, 10, 1, 0.0);
    box.width = -1.0;
    assert_int_equal(octet_truth_add_box(set.truth, &box), OCTET_BAD_FORMAT);
    box.width = NAN;
    assert_int_equal(octet_truth_add_box(set.truth, &box), OCTET_BAD_FORMAT);
    const octet_detection none = {0.0f, 0.0f, 1.0f, 1.0f, NAN, 0},
                          inside_out = {5.0f, 0.0f, 1.0f, 1.0f, 0.5f, 0};
    assert_int_equal(octet_detections_add(set.found, 10, 1, &none), OCTET_BAD_FORMAT);
    assert_int_equal(octet_detections_add(set.found, 10, 1, &inside_out), OCTET_BAD_FORMAT);
    assert_int_equal(octet_detections_count(set.found), 0);
    add_box(&set, box_at(1, 10, 1, 0.0));
    add_box(&set, box_at(1, 20, 1, 0.0));
    assert_int_equal(octet_evaluate(set.truth, set.found, NULL, &all, NULL), OCTET_BAD_FORMAT);
    assert_string_equal(test.context.message, "ground truth: box id 1 is there twice");
    close_set(&set);
    open_set(&set);
    add_box(&set, box_at(4, 11, 1, 0.0));
    assert_int_equal(octet_evaluate(set.truth, set.found, NULL, &all, NULL), OCTET_BAD_FORMAT);
    assert_string_equal(test.context.message, "ground truth: box 4: there is no picture of id 11");
    close_set(&set);
    open_set(&set);
    add_box(&set, box_at(4, 10, 3, 0.0));
    assert_int_equal(octet_evaluate(set.truth, set.found, NULL, &all, NULL), OCTET_BAD_FORMAT);
    must(octet_truth_add_class(set.truth, 1, "again"));
    assert_int_equal(octet_evaluate(set.truth, set.found, NULL, &all, NULL), OCTET_BAD_FORMAT);
    assert_string_equal(test.context.message, "ground truth: class id 1 is there twice");
    close_set(&set);
}

static void test_accessors(void **state)
{
    (void)state;
    struct set set;
    int64_t id;
    octet_truth_image image;
    open_set(&set);
    add_box(&set, box_at(9, 10, 1, 0.0));
    assert_int_equal(octet_truth_class_count(set.truth), 2);
    assert_int_equal(octet_truth_image_count(set.truth), 2);
    assert_string_equal(octet_truth_class_get(set.truth, 0, &id), "two");
    assert_int_equal(id, 2);
    assert_null(octet_truth_class_get(set.truth, 2, &id));
    must(octet_truth_image_get(set.truth, 0, &image));
    assert_string_equal(image.file_name, "b.png");
    assert_int_equal(image.width, 640);
    must(octet_truth_image_get(set.truth, 1, &image));
    assert_string_equal(image.file_name, "");
    assert_int_equal(octet_truth_image_get(set.truth, 2, &image), OCTET_INVALID_ARGUMENT);
    close_set(&set);
}

static void test_null(void **state)
{
    (void)state;
    struct set set;
    octet_evaluation all;
    octet_truth *no_truth = NULL;
    octet_detections *no_detections = NULL;
    open_set(&set);
    assert_int_equal(octet_evaluate(NULL, set.found, NULL, &all, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_evaluate(set.truth, NULL, NULL, &all, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_evaluate(set.truth, set.found, NULL, NULL, NULL),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_truth_create(NULL, &no_truth), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_truth_load(&test.context, NULL, &no_truth), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_detections_load(NULL, "x", &no_detections), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_truth_add_box(set.truth, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_truth_class_count(NULL), 0);
    octet_truth_free(&no_truth);
    octet_truth_free(NULL);
    octet_detections_free(&no_detections);
    octet_detections_free(NULL);
    close_set(&set);
}

/* Adds until something fails; everything can be freed then. */
static octet_status try_all(void)
{
    octet_truth *truth = NULL;
    octet_detections *found = NULL;
    octet_evaluation all;
    octet_class_evaluation classes[2];
    const octet_truth_box box = box_at(1, 10, 1, 0.0);
    const octet_detection detection = {0.0f, 0.0f, 50.0f, 50.0f, 0.5f, 0};
    octet_status status = octet_truth_create(&test.context, &truth);
    if (!status)
        status = octet_detections_create(&test.context, &found);
    if (!status)
        status = octet_truth_add_class(truth, 1, "one");
    if (!status)
        status = octet_truth_add_image(truth, &(octet_truth_image){10, "a", 0, 0});
    if (!status)
        status = octet_truth_add_box(truth, &box);
    if (!status)
        status = octet_detections_add(found, 10, 1, &detection);
    if (!status)
        status = octet_evaluate(truth, found, NULL, &all, classes);
    octet_truth_free(&truth);
    octet_detections_free(&found);
    return status;
}

static void test_no_memory(void **state)
{
    (void)state;
    must(try_all());
    const int calls = test.calls;
    assert_in_range(calls, 20, 100);
    for (int i = 0; i < calls; i++) {
        test.calls = 0;
        test.fail_at = i;
        assert_int_equal(try_all(), OCTET_OUT_OF_MEMORY);
        assert_int_equal(test.live, 0);
        assert_non_null(strstr(test.context.message, "out of memory"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_half, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_crowd, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chosen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_id_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_accessors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
