/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of real detectors by their topology: stem, backbone, neck, and the head's two branches are
 * all there, share no layer, and together are all layers that compute; where the file's names tell
 * (model.N and the head's cv2 and cv3), they agree. Other files can be named as arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/octet.h>

#include "counting_context.h"
#include "data.h"

static const char *const roles[] = {"stem", "backbone", "neck", "head.box", "head.cls"};
enum { ROLES = sizeof roles / sizeof roles[0], HEAD_BOX = 3, HEAD_CLASS = 4 };

static const char *const bundled[] = {"demo/parts.onnx", "demo/parts-yolo11.onnx",
                                      "demo/parts-yolo26.onnx"};
static const char *const data[] = {
    "models/yolov8n.onnx",
    "models/yolov8n-op11.onnx",
    "models/yolov8n-dynamic.onnx",
    "models/yolov8s.onnx",
    "models/neudet-yolov8n-224.onnx",
    "family/models/yolo11n-coco.onnx",
    "family/models/yolo11n-coco-plain.onnx",
    "family/models/yolo26n-coco-dq-raw.onnx",
    "family/models/yolo26n-coco-dq-e2e.onnx",
    "family/models/yolo26n-road-raw.onnx",
    "family/models/yolo26n-road-e2e.onnx",
};

/* The layers of one word. */
static unsigned char *select_layers(struct test_context *test, const octet_model *model,
                                    const char *word, int layers)
{
    unsigned char *set = calloc((size_t)layers, 1);
    assert_non_null(set);
    if (octet_build_select_layers(&test->context, model, word, set) != OCTET_OK)
        fail_msg("%s: %s", word, test->context.message);
    return set;
}

static int count(const unsigned char *set, int layers)
{
    int sum = 0;
    for (int i = 0; i < layers; i++)
        sum += set[i];
    return sum;
}

/* A branch of Ultralytics' head by its name, as far as the name tells: HEAD_BOX, HEAD_CLASS or -1.
 * A head that gives one box an object has its branches again as one2one_cv2 and one2one_cv3. */
static int branch_of(const char *name)
{
    const char *cv2 = strstr(name, "cv2."), *cv3 = strstr(name, "cv3.");
    if (strncmp(name, "/model.", 7) != 0)
        return -1;
    const char *block = strchr(name + 7, '/');
    if (cv2 && block && (cv2 == block + 1 || strncmp(block + 1, "one2one_", 8) == 0))
        return HEAD_BOX;
    if (cv3 && block && (cv3 == block + 1 || strncmp(block + 1, "one2one_", 8) == 0))
        return HEAD_CLASS;
    return -1;
}

/* Where names tell the head's branches, each layer of theirs has that role. Returns how many. */
static int check_names(const octet_model *model, const char *path, unsigned char *const *sets,
                       int layers)
{
    octet_layer_info info;
    int told = 0;
    for (int i = 0; i < layers; i++) {
        assert_int_equal(octet_model_layer(model, i, &info), OCTET_OK);
        const int branch = branch_of(info.name);
        if (branch < 0 || !(sets[HEAD_BOX][i] || sets[HEAD_CLASS][i]))
            continue;
        if (!sets[branch][i])
            fail_msg("%s: layer %d (%s) is not of %s", path, i, info.name, roles[branch]);
        told++;
    }
    return told;
}

static void check_model(const char *path, bool verbose)
{
    struct test_context test;
    octet_model *model;
    octet_info info;
    unsigned char *sets[ROLES];
    test_context_init(&test);
    if (octet_model_load(&test.context, path, &model) != OCTET_OK)
        fail_msg("%s", test.context.message);
    octet_model_info(model, &info);
    const int layers = info.layer_count;
    unsigned char *all = select_layers(&test, model, "*", layers);
    unsigned char *head = select_layers(&test, model, "head", layers);
    for (int r = 0; r < ROLES; r++) {
        sets[r] = select_layers(&test, model, roles[r], layers);
        if (verbose)
            printf("%s %s: %d layers\n", path, roles[r], count(sets[r], layers));
        if (!count(sets[r], layers))
            fail_msg("%s: %s has no layer", path, roles[r]);
    }
    for (int i = 0; i < layers; i++) {
        int its = 0;
        for (int r = 0; r < ROLES; r++)
            its += sets[r][i];
        if (its != all[i])
            fail_msg("%s: layer %d is in %d parts", path, i, its);
        assert_int_equal(head[i], sets[HEAD_BOX][i] || sets[HEAD_CLASS][i]);
    }
    const int told = check_names(model, path, sets, layers);
    if (verbose)
        printf("%s: names tell of %d layers of the head's %d\n", path, told, count(head, layers));
    assert_int_equal(told, count(head, layers));
    for (int r = 0; r < ROLES; r++)
        free(sets[r]);
    free(all);
    free(head);
    octet_model_free(&model);
    assert_int_equal(test.live, 0);
}

static void bundled_models(void **state)
{
    char path[TEST_PATH_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof bundled / sizeof bundled[0]; i++)
        check_model(test_data_path(path, bundled[i]), false);
}

static void data_models(void **state)
{
    char path[TEST_PATH_BYTES];
    (void)state;
    if (!test_data_present() || !test_family_present())
        skip();
    for (size_t i = 0; i < sizeof data / sizeof data[0]; i++)
        check_model(test_data_path(path, data[i]), false);
}

static char **named;

static void named_models(void **state)
{
    (void)state;
    for (char **path = named; *path; path++)
        check_model(*path, true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bundled_models),
                                       cmocka_unit_test(data_models)};
    const struct CMUnitTest of_arguments[] = {cmocka_unit_test(named_models)};
    named = argv + 1;
    return argc > 1 ? cmocka_run_group_tests(of_arguments, NULL, NULL)
                    : cmocka_run_group_tests(tests, NULL, NULL);
}
