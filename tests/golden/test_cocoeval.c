/* SPDX-License-Identifier: Apache-2.0 */
/* Average precision against pycocotools': the same to the bit. cocoeval_cases.json is made by
 * tests/support/synthetic_cocoeval.py; $OCTET_COCOEVAL_CASES names another such file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include <octet/evaluate.h>

#include "counting_context.h"
#include "data.h"
#include "folder.h"

#define CLASSES_MAX 100

static struct test_context test;
static char folder[TEST_FOLDER_BYTES];

struct case_files {
    char truth[TEST_PATH_BYTES], found[TEST_PATH_BYTES];
};

struct outcome {
    octet_evaluation all;
    octet_class_evaluation classes[CLASSES_MAX];
    int64_t ids[CLASSES_MAX];
    size_t count;
};

static int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    test_folder_create(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return test.live;
}

static void must(octet_status status)
{
    if (status != OCTET_OK)
        fail_msg("%s", test.context.message);
}

static void evaluate(const struct case_files *files, const octet_evaluate_settings *settings,
                     struct outcome *outcome)
{
    octet_truth *truth;
    octet_detections *found;
    must(octet_truth_load(&test.context, files->truth, &truth));
    must(octet_detections_load(&test.context, files->found, &found));
    outcome->count = octet_truth_class_count(truth);
    assert_in_range(outcome->count, 1, CLASSES_MAX);
    must(octet_evaluate(truth, found, settings, &outcome->all, outcome->classes));
    for (size_t i = 0; i < outcome->count; i++)
        assert_non_null(octet_truth_class_get(truth, i, &outcome->ids[i]));
    octet_detections_free(&found);
    octet_truth_free(&truth);
}

static void expect(const char *what, int64_t number, double is, double wanted)
{
    if (is != wanted)
        fail_msg("%s of %lld: %.17g, pycocotools has %.17g", what, (long long)number, is, wanted);
}

static const char *const names[] = {"AP",  "AP50", "AP75",  "APs", "APm", "APl",
                                    "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"};

static void figures_of(const octet_evaluation *e, double figures[12])
{
    const double all[] = {e->ap,   e->ap50,  e->ap75,   e->ap_small, e->ap_medium, e->ap_large,
                          e->ar_1, e->ar_10, e->ar_100, e->ar_small, e->ar_medium, e->ar_large};
    memcpy(figures, all, sizeof all);
}

/* The place of a class id, which must be known. */
static const octet_class_evaluation *class_of(const struct outcome *outcome, const char *id)
{
    for (size_t i = 0; i < outcome->count; i++)
        if (outcome->ids[i] == strtoll(id, NULL, 10))
            return &outcome->classes[i];
    fail_msg("class %s is unknown", id);
    return NULL;
}

static void write_json(const char *path, const json_t *value)
{
    assert_int_equal(json_dump_file(value, path, JSON_COMPACT), 0);
}

static void check_case(const json_t *entry)
{
    struct case_files files;
    struct outcome outcome;
    int64_t wanted[CLASSES_MAX];
    double figures[12];
    octet_evaluate_settings settings = {0};
    const int64_t seed = json_integer_value(json_object_get(entry, "seed"));
    const json_t *chosen = json_object_get(entry, "classes"),
                 *expected = json_object_get(entry, "expected"), *value;
    const char *id;
    snprintf(files.truth, sizeof files.truth, "%s/truth.json", folder);
    snprintf(files.found, sizeof files.found, "%s/found.json", folder);
    write_json(files.truth, json_object_get(entry, "truth"));
    write_json(files.found, json_object_get(entry, "detections"));
    for (size_t i = 0; i < json_array_size(chosen); i++)
        wanted[settings.class_count++] = json_integer_value(json_array_get(chosen, i));
    settings.class_ids = json_is_array(chosen) ? wanted : NULL;
    evaluate(&files, &settings, &outcome);
    figures_of(&outcome.all, figures);
    for (size_t i = 0; i < 12; i++)
        expect(names[i], seed, figures[i],
               json_number_value(json_array_get(json_object_get(expected, "figures"), i)));
    json_object_foreach((json_t *)(uintptr_t)json_object_get(expected, "classes"), id, value)
    {
        const octet_class_evaluation *class = class_of(&outcome, id);
        const double is[] = {class->ap, class->ap50, class->ar_100};
        for (size_t i = 0; i < 3; i++)
            expect("a class", seed, is[i], json_number_value(json_array_get(value, i)));
    }
}

static void test_synthetic(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    const char *other = getenv("OCTET_COCOEVAL_CASES");
    test_project_path(path, "tests/golden/cocoeval_cases.json");
    json_error_t error;
    json_t *cases = json_load_file(other ? other : path, 0, &error);
    if (!cases)
        fail_msg("%s: %s", path, error.text);
    const size_t count = json_array_size(cases);
    assert_in_range(count, 30, 100000);
    for (size_t i = 0; i < count; i++)
        check_case(json_array_get(cases, i));
    printf("%zu cases equal pycocotools\n", count);
    json_decref(cases);
}

static void check_real(const json_t *entry)
{
    struct case_files files;
    struct outcome outcome;
    char relative[TEST_PATH_BYTES];
    double figures[12];
    const char *id;
    const json_t *value;
    snprintf(relative, sizeof relative, "cocoeval/%s",
             json_string_value(json_object_get(entry, "gt")));
    test_data_path(files.truth, relative);
    snprintf(relative, sizeof relative, "cocoeval/%s",
             json_string_value(json_object_get(entry, "dt")));
    test_data_path(files.found, relative);
    evaluate(&files, NULL, &outcome);
    figures_of(&outcome.all, figures);
    for (size_t i = 0; i < 12; i++)
        expect(names[i], (int64_t)outcome.all.images, figures[i],
               json_number_value(json_object_get(entry, names[i])));
    size_t compared = 0;
    json_object_foreach((json_t *)(uintptr_t)json_object_get(entry, "AP_per_category"), id, value)
    {
        expect("class", strtoll(id, NULL, 10), class_of(&outcome, id)->ap,
               json_number_value(value));
        compared++;
    }
    assert_int_equal(compared, outcome.count);
    assert_int_equal(outcome.all.images, json_integer_value(json_object_get(entry, "images")));
    assert_int_equal(outcome.all.boxes, json_integer_value(json_object_get(entry, "gt_anns")));
    assert_int_equal(outcome.all.detections,
                     json_integer_value(json_object_get(entry, "detections")));
}

static void test_real(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    if (!test_data_present())
        skip();
    json_error_t error;
    json_t *index =
        json_load_file(test_data_path(path, "cocoeval/expected_pycocotools.json"), 0, &error);
    if (!index)
        fail_msg("%s: %s", path, error.text);
    assert_int_equal(json_array_size(index), 2);
    for (size_t i = 0; i < json_array_size(index); i++)
        check_real(json_array_get(index, i));
    json_decref(index);
}

/* A saved results file evaluates to the same figures. */
static void test_saved(void **state)
{
    (void)state;
    struct case_files files, again;
    struct outcome before, after;
    octet_detections *found;
    if (!test_data_present())
        skip();
    test_data_path(files.truth, "cocoeval/official_val2014_100/instances_val2014_100.json");
    test_data_path(files.found,
                   "cocoeval/official_val2014_100/instances_val2014_fakebbox100_results.json");
    again = files;
    snprintf(again.found, sizeof again.found, "%s/again.json", folder);
    must(octet_detections_load(&test.context, files.found, &found));
    must(octet_detections_save(found, again.found));
    octet_detections_free(&found);
    evaluate(&files, NULL, &before);
    evaluate(&again, NULL, &after);
    assert_memory_equal(&before.all, &after.all, sizeof before.all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_synthetic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_real, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_saved, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
