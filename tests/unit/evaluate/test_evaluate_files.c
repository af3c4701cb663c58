/* SPDX-License-Identifier: Apache-2.0 */
/* COCO's files and label files, right, odd and hostile. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "evaluate/coco_json.h"
#include "evaluate/labels.h"
#include "folder.h"

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

static octet_status read_truth(const char *text, size_t size, octet_truth **truth)
{
    *truth = NULL;
    return oct_coco_read_truth(&test.context, text, size, "a.json", truth);
}

/* Members in another order than usual, outlines with quotes and brackets in their texts, and
 * members that nobody asks for. */
static const char good[] =
    "{\"info\": {\"annotations\": [1, \"}]\\\"\"]},\n"
    " \"annotations\": [{\"segmentation\": [[1.5, 2, 3e2]], \"area\": 12.5, \"iscrowd\": 0,\n"
    "   \"bbox\": [1, 2, 3.5, 4], \"category_id\": 7, \"id\": 5, \"image_id\": 3},\n"
    "  {\"id\": 6.0, \"image_id\": 3, \"category_id\": 7, \"bbox\": [0, 0, 2, 3], \"iscrowd\": 1,\n"
    "   \"segmentation\": {\"counts\": \"a]}\\\"\", \"size\": [1, 2]}}],\n"
    " \"images\": [{\"id\": 3, \"file_name\": \"val/a.jpg\", \"width\": 640, \"height\": 480}],\n"
    " \"categories\": [{\"id\": 7, \"name\": \"h\\u00e4\"}], \"licenses\": [], \"n\": null}\n";

static void test_good(void **state)
{
    (void)state;
    octet_truth *truth;
    if (read_truth(good, strlen(good), &truth) != OCTET_OK)
        fail_msg("%s", test.context.message);
    assert_int_equal(truth->box_count, 2);
    assert_int_equal(truth->boxes[0].id, 5);
    assert_true(truth->boxes[0].area == 12.5 && truth->boxes[0].width == 3.5);
    assert_int_equal(truth->boxes[0].is_crowd, 0);
    assert_int_equal(truth->boxes[1].id, 6);
    assert_true(truth->boxes[1].area == 6.0);
    assert_int_equal(truth->boxes[1].is_crowd, 1);
    assert_string_equal(truth->images[0].file_name, "val/a.jpg");
    assert_string_equal(truth->classes[0].name, "h\xc3\xa4");
    octet_truth_free(&truth);
}

/* What other writers put there: a byte order mark, null for what is unknown, numbers as text or
 * with a fraction of zero. */
static void test_other_writers(void **state)
{
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf{\"images\": [{\"id\": \"3\", \"file_name\": null, \"width\": null,\n"
        "   \"height\": 480.0}],\n"
        " \"categories\": [{\"id\": 7.0, \"name\": null}],\n"
        " \"annotations\": [{\"id\": \"-5\", \"image_id\": 3, \"category_id\": \"7\",\n"
        "   \"bbox\": [1, 2, 3, 4], \"area\": null, \"iscrowd\": null},\n"
        "  {\"id\": 6, \"image_id\": 3.0, \"category_id\": 7, \"bbox\": [1, 2, 3, 4],\n"
        "   \"iscrowd\": true}]}";
    octet_truth *truth;
    if (read_truth(text, strlen(text), &truth) != OCTET_OK)
        fail_msg("%s", test.context.message);
    assert_int_equal(truth->images[0].id, 3);
    assert_string_equal(truth->images[0].file_name, "");
    assert_int_equal(truth->images[0].width, 0);
    assert_int_equal(truth->images[0].height, 480);
    assert_string_equal(truth->classes[0].name, "");
    assert_int_equal(truth->boxes[0].id, -5);
    assert_true(truth->boxes[0].area == 12.0);
    assert_int_equal(truth->boxes[0].is_crowd, 0);
    assert_int_equal(truth->boxes[1].is_crowd, 1);
    octet_truth_free(&truth);
}

/* Every way of ending too early. */
static void test_truncated(void **state)
{
    (void)state;
    octet_truth *truth;
    for (size_t size = 0; size + 2 < sizeof good; size++) {
        char *copy = malloc(size ? size : 1); /* so that a sanitizer sees reads past the end */
        assert_non_null(copy);
        memcpy(copy, good, size);
        assert_int_equal(read_truth(copy, size, &truth), OCTET_BAD_FORMAT);
        assert_null(truth);
        assert_int_equal(strncmp(test.context.message, "a.json: ", 8), 0);
        free(copy);
    }
}

/* One byte that is another: an error or another truth, but never a crash. */
static void test_damaged(void **state)
{
    (void)state;
    static const char others[] = "\"{}[],:\\0-e\xff";
    octet_truth *truth;
    char copy[sizeof good];
    for (size_t i = 0; i < sizeof good - 1; i++)
        for (size_t k = 0; k < sizeof others; k++) {
            memcpy(copy, good, sizeof good);
            copy[i] = others[k];
            read_truth(copy, sizeof good - 1, &truth);
            octet_truth_free(&truth);
        }
}

struct refusal {
    const char *text, *message; /* the message contains it */
};

static void expect_refusals(const struct refusal *refusals, size_t count,
                            octet_status (*read)(const char *text))
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(read(refusals[i].text), OCTET_BAD_FORMAT);
        if (!strstr(test.context.message, refusals[i].message))
            fail_msg("'%s' has no '%s'", test.context.message, refusals[i].message);
    }
}

static octet_status read_text(const char *text)
{
    octet_truth *truth;
    octet_status status = read_truth(text, strlen(text), &truth);
    assert_true(status != OCTET_OK || truth);
    octet_truth_free(&truth);
    return status;
}

#define IMAGES                                                                                     \
    "{\"images\":[{\"id\":1}],\"categories\":[{\"id\":1,\"name\":\"a\"}],\"annotations\":["
#define BOX "{\"id\":1,\"image_id\":1,\"category_id\":1,"

static void test_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"[]", "not a COCO annotation file"},
        {"{}", "it has no \"images\""},
        {"{} x", "more follows"},
        {"{\"images\":[],\"categories\":[]}", "it has no \"annotations\""},
        {"{\"images\":{}}", "'[' is missing"},
        {"{\"images\":[],\"images\":[]}", "there before"},
        {"{\"images\":[5]}", "an object was expected"},
        {"{\"images\":[{}]}", "images[0]: \"id\" is missing"},
        {"{\"images\":[{\"id\":\"a\"}]}", "images[0]: \"id\" is not a whole number"},
        {"{\"images\":[{\"id\":\"\"}]}", "images[0]: \"id\" is not a whole number"},
        {"{\"images\":[{\"id\":\"-\"}]}", "images[0]: \"id\" is not a whole number"},
        {"{\"images\":[{\"id\":\"1 \"}]}", "images[0]: \"id\" is not a whole number"},
        {"{\"images\":[{\"id\":\"1234567890123456789\"}]}", "is not a whole number"},
        {"{\"images\":[{\"id\":null}]}", "images[0]: \"id\" is missing"},
        {"{\n \"images\":[\n  {\"id\":1},\n ]}", "line 4, column 2: a comma before the closing"},
        {"{\"images\":[],\n}", "line 2, column 1: a comma before the closing"},
        {"{\n\"images\":[\n {\"id\":1,}]}", "line 3, column 2: not valid JSON in what begins"},
        {"{'images':[]}", "line 1, column 2: a member's name is missing"},
        {"\xff\xfe{", "UTF-16"},
        {"{\"images\":[{\"id\":1.5}]}", "images[0]: \"id\" is not a whole number"},
        {"{\"images\":[{\"id\":99999999999999999999}]}", "not valid JSON"},
        {"{\"images\":[{\"id\":1,\"width\":-5}]}", "no size in pixels"},
        {"{\"images\":[{\"id\":1,\"file_name\":5}]}", "is no text"},
        {"{\"images\":[{\"id\":1}]}", "it has no \"categories\""},
        {IMAGES BOX "\"bbox\":[0,0,1,NaN]}]}", "not valid JSON"},
        {IMAGES BOX "\"bbox\":[0,0,1,1e999]}]}", "not valid JSON"},
        {IMAGES BOX "\"bbox\":[0,0,1]}]}", "four numbers"},
        {IMAGES BOX "\"bbox\":null}]}", "annotations[0]: \"bbox\" is missing"},
        {IMAGES BOX "\"bbox\":[0,0,1,\"1\"]}]}", "four numbers"},
        {IMAGES BOX "\"bbox\":[0,0,-1,1]}]}", "annotations[0]: \"bbox\" has a negative"},
        {IMAGES BOX "\"bbox\":[0,0,1,1],\"area\":-2}]}", "\"area\" is negative"},
        {IMAGES BOX "\"bbox\":[0,0,1,1],\"iscrowd\":\"no\"}]}", "\"iscrowd\""},
        {IMAGES BOX "\"bbox\":[0,0,1,1]}," BOX "\"bbox\":[0,0,1,1]}]}", "box id 1 is there twice"},
        {IMAGES "{\"id\":1,\"image_id\":2,\"category_id\":1,\"bbox\":[0,0,1,1]}]}",
         "box 1: there is no picture of id 2"},
        {IMAGES "{\"id\":1,\"image_id\":1,\"category_id\":2,\"bbox\":[0,0,1,1]}]}",
         "box 1: there is no class of id 2"},
        {IMAGES BOX "\"bbox\":[0,0,1,1],\"segmentation\":}]}", "a value is missing"},
        {"{\"images\":[{\"id\":1},{\"id\":1}],\"categories\":[],\"annotations\":[]}",
         "picture id 1 is there twice"},
    };
    expect_refusals(refusals, sizeof refusals / sizeof *refusals, read_text);
}

/* Brackets without end must not use up the stack. */
static void test_deep(void **state)
{
    (void)state;
    const size_t depth = 1000000;
    for (int kind = 0; kind < 3; kind++) {
        static const char *const starts[] = {
            "{\"info\":", "{\"images\":[{\"id\":", IMAGES "{\"segmentation\":"};
        const size_t length = strlen(starts[kind]);
        char *deep = malloc(length + depth + 1);
        assert_non_null(deep);
        memcpy(deep, starts[kind], length);
        memset(deep + length, '[', depth);
        deep[length + depth] = '\0';
        assert_int_equal(read_text(deep), OCTET_BAD_FORMAT);
        free(deep);
    }
}

static octet_status read_results(const char *text)
{
    octet_detections *found = NULL;
    octet_status status =
        oct_coco_read_detections(&test.context, text, strlen(text), "d.json", &found);
    octet_detections_free(&found);
    return status;
}

#define FOUND "[{\"image_id\":1,\"category_id\":1,"

static void test_results(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"", "the file ends too early"},
        {"{}", "not a COCO results file"},
        {"[", "the file ends too early"},
        {"[5]", "an object was expected"},
        {"[{}]", "results[0]: \"image_id\" is missing"},
        {FOUND "\"bbox\":[0,0,1,1]}]", "results[0]: \"score\" is missing"},
        {FOUND "\"bbox\":[0,0,1,1],\"score\":NaN}]", "not valid JSON"},
        {FOUND "\"bbox\":[0,0,1,1],\"score\":\"1\"}]", "\"score\" is no number"},
        {FOUND "\"bbox\":[0,0,1,-1],\"score\":1}]", "negative"},
        {FOUND "\"bbox\":[0,0,1,1],\"score\":1} {}]", "']' is missing"},
        {FOUND "\"bbox\":[0,0,1,1],\"score\":null}]", "results[0]: \"score\" is missing"},
        {FOUND "\"bbox\":[0,0,1,1],\"score\":1},\n]", "line 2, column 1: a comma before"},
        {FOUND "\"bbox\":[0,0,1,1],\"score\":1},\n\n {\"image_id\":1,}]", "line 3, column 2: not"},
        {"\xfe\xff[]", "UTF-16"},
        {FOUND "\"bbox\":[0,0,1,1],\"score\":1}],", "more follows"},
    };
    expect_refusals(refusals, sizeof refusals / sizeof *refusals, read_results);
    assert_int_equal(read_results("[]"), OCTET_OK);
    assert_int_equal(read_results(" [ ] \n"), OCTET_OK);
    assert_int_equal(read_results(FOUND "\"bbox\":[0,0,1,1],\"score\":1}]"), OCTET_OK);
}

/* What is saved is read again without a digit lost; a failed save leaves nothing. */
static void test_save(void **state)
{
    (void)state;
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
    octet_detections *found, *again;
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/d.json", folder);
    assert_int_equal(octet_detections_create(&test.context, &found), OCTET_OK);
    for (int i = 0; i < 50; i++) {
        const float x = 100.0f / (float)(i + 3);
        const octet_detection box = {x, x * 1.1f, x * 3.7f, x * 5.3f, x / 101.0f, 0};
        assert_int_equal(octet_detections_add(found, i, -i, &box), OCTET_OK);
    }
    assert_int_equal(octet_detections_save(found, path), OCTET_OK);
    assert_int_equal(octet_detections_load(&test.context, path, &again), OCTET_OK);
    assert_int_equal(again->count, 50);
    assert_memory_equal(again->boxes, found->boxes, 50 * sizeof *found->boxes);
    octet_detections_free(&again);
    assert_int_equal(octet_detections_save(found, folder), OCTET_FILE_WRITE);
    assert_int_equal(test_folder_count(folder), 1);
    octet_detections_free(&found);
    test_folder_remove(folder);
}

static octet_truth *labelled;

static octet_status add_labels(const char *text)
{
    return oct_labels_add(labelled, 1, text, strlen(text), "a.txt");
}

static void open_labelled(void)
{
    assert_int_equal(octet_truth_create(&test.context, &labelled), OCTET_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(octet_truth_add_class(labelled, i, "c"), OCTET_OK);
    const octet_truth_image image = {1, "a.jpg", 200, 100};
    assert_int_equal(octet_truth_add_image(labelled, &image), OCTET_OK);
}

static void expect_box(size_t index, double x, double y, double width, double height)
{
    const octet_truth_box *box = &labelled->boxes[index];
    const double is[] = {box->x, box->y, box->width, box->height, box->area},
                 wanted[] = {x, y, width, height, width * height};
    for (int i = 0; i < 5; i++)
        if (!(fabs(is[i] - wanted[i]) <= 1e-9))
            fail_msg("box %zu, number %d: %g, wanted %g", index, i, is[i], wanted[i]);
    assert_int_equal(box->is_crowd, 0);
}

static void test_labels(void **state)
{
    (void)state;
    open_labelled();
    assert_int_equal(add_labels("0 0.5 0.5 0.5 0.2\r\n\n  2.0\t.25 2.5e-1 0.1 0.1  \n"
                                "1 0.1 0.2 0.3 0.2 0.3 0.6 0.1 0.4\n"
                                "0 0.5 0.5 0.5 0.2"),
                     OCTET_OK);
    assert_int_equal(labelled->box_count, 3);
    expect_box(0, 50, 40, 100, 20);
    expect_box(1, 40, 20, 20, 10);
    expect_box(2, 20, 20, 40, 40);
    assert_int_equal(labelled->boxes[1].class_id, 2);
    for (int64_t i = 0; i < 3; i++)
        assert_int_equal(labelled->boxes[i].id, i + 1);
    assert_string_equal(logged, "a.txt: 1 line that is there twice left out");
    assert_int_equal(add_labels(""), OCTET_OK);
    assert_int_equal(add_labels(" \n\r\n"), OCTET_OK);
    assert_int_equal(labelled->box_count, 3);
    assert_int_equal(add_labels("\xef\xbb\xbf"
                                "0 1.005 -.005 0 0.1"),
                     OCTET_OK);
    expect_box(3, 201, -5.5, 0, 10);
    octet_truth_free(&labelled);
}

static void test_bad_labels(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"0 0.5 0.5 0.5", "a.txt: line 1: neither"},
        {"0 0.5 0.5 0.5 0.5\n0 0.5 0.5 0.5 0.5 0.5\n", "a.txt: line 2: six numbers"},
        {"0 0.5 0.5 0.5 0.5 0.5 0.5 0.5", "a.txt: line 1: neither"},
        {"\xff\xfe"
         "0",
         "a.txt: UTF-16"},
        {"0\xef\xbb\xbf 0.5 0.5 0.5 0.5", "not a number"},
        {"0 0.5 0.5 0.5 0.5\n\n1 2 3\n", "a.txt: line 3: neither"},
        {"3 0.5 0.5 0.5 0.5", "line 1: there is no class 3"},
        {"-1 0.5 0.5 0.5 0.5", "line 1: there is no class -1"},
        {"0.5 0.5 0.5 0.5 0.5", "not a whole number"},
        {"1e300 0.5 0.5 0.5 0.5", "not a whole number"},
        {"0 1.5 0.5 0.5 0.5", "outside of 0 to 1"},
        {"0 0.5 0.5 -0.5 0.5", "outside of 0 to 1"},
        {"0 0.5 0.5 -0.005 0.5", "negative width"},
        {"car 0.5 0.5 0.5 0.5", "not a number"},
        {"0 nan 0.5 0.5 0.5", "not a number"},
        {"0 inf 0.5 0.5 0.5", "not a number"},
        {"0 0x1 0.5 0.5 0.5", "not a number"},
        {"0 1e999 0.5 0.5 0.5", "not a number"},
        {"0 0,5 0.5 0.5 0.5", "not a number"},
        {"0 0.5 0.5 0.5 0.5.5", "not a number"},
        {"0 0.5 0.5 0.5 00000000000000000000000000000000000000000000000000000000000000000000.5",
         "not a number"},
    };
    open_labelled();
    expect_refusals(refusals, sizeof refusals / sizeof *refusals, add_labels);
    assert_int_equal(labelled->box_count, 0);
    assert_int_equal(labelled->next_id, 1);
    assert_int_equal(oct_labels_add(labelled, 5, "", 0, "b.txt"), OCTET_INVALID_ARGUMENT);
    octet_truth_free(&labelled);
}

/* A file of very many lines ends in an error soon. */
static void test_many_labels(void **state)
{
    (void)state;
    const size_t lines = 20000;
    char *text = malloc(lines * 32);
    assert_non_null(text);
    size_t size = 0;
    for (size_t i = 0; i < lines; i++)
        size += (size_t)sprintf(text + size, "0 0.%06zu 0.5 0.5 0.5\n", i);
    open_labelled();
    assert_int_equal(add_labels(text), OCTET_BAD_FORMAT);
    assert_non_null(strstr(test.context.message, "line 10001: more than 10000 boxes"));
    assert_int_equal(labelled->box_count, 0);
    octet_truth_free(&labelled);
    free(text);
}

/* Reading runs out of memory at each of its allocations in turn. */
static octet_status read_all(void)
{
    octet_truth *truth = NULL;
    octet_detections *found = NULL;
    static const char results[] = FOUND "\"bbox\":[0,0,1,1],\"score\":1}]";
    octet_status status = read_truth(good, strlen(good), &truth);
    if (!status)
        status = oct_labels_add(truth, 3, "7 .5 .5 .5 .5", 13, "a.txt");
    if (!status)
        status = oct_coco_read_detections(&test.context, results, strlen(results), "d", &found);
    octet_truth_free(&truth);
    octet_detections_free(&found);
    return status;
}

static void test_no_memory(void **state)
{
    (void)state;
    assert_int_equal(read_all(), OCTET_OK);
    const int calls = test.calls;
    for (int i = 0; i < calls; i++) {
        test.calls = 0;
        test.fail_at = i;
        assert_int_equal(read_all(), OCTET_OUT_OF_MEMORY);
        assert_int_equal(test.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_writers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deep, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_results, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_save, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_labels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_labels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_labels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
