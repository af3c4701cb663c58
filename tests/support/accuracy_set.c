/* SPDX-License-Identifier: Apache-2.0 */
/* A float and an INT8 engine run over labelled pictures, and both evaluated. */
#include "accuracy_set.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "data.h"
#include "models.h"

enum { BOXES_MAX = 300, CLASSES_MAX = 80 };

struct truth {
    octet_truth *handle;
    int64_t ids[CLASSES_MAX]; /* of the model's classes; -1: the ground truth has none */
    const int64_t *only;      /* NULL: all */
};

static void load_truth(octet_context *ctx, const struct test_accuracy_set *set,
                       const octet_engine *engine, struct truth *truth)
{
    char path[TEST_PATH_BYTES];
    int64_t id;
    if (octet_truth_load(ctx, test_data_path(path, set->annotations), &truth->handle) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    octet_info info;
    octet_engine_info(engine, &info);
    assert_in_range(info.class_count, 1, CLASSES_MAX);
    for (int c = 0; c < info.class_count; c++) {
        const char *name, *wanted = octet_engine_class_name(engine, c);
        truth->ids[c] = -1;
        for (size_t i = 0; (name = octet_truth_class_get(truth->handle, i, &id)); i++)
            if (strcmp(name, wanted) == 0)
                truth->ids[c] = id;
        if (set->only && strcmp(wanted, set->only) == 0)
            truth->only = &truth->ids[c];
    }
}

/* A sure box of the float model becomes ground truth. */
static void add_sure_box(octet_truth *sure, int64_t image_id, int64_t class_id, int64_t id,
                         const octet_detection *at)
{
    const octet_truth_box box = {.id = id,
                                 .image_id = image_id,
                                 .class_id = class_id,
                                 .x = (double)at->x1,
                                 .y = (double)at->y1,
                                 .width = (double)at->x2 - (double)at->x1,
                                 .height = (double)at->y2 - (double)at->y1,
                                 .area = -1.0};
    assert_int_equal(octet_truth_add_box(sure, &box), OCTET_OK);
}

static int detect(octet_context *ctx, octet_session *session, const octet_engine *engine,
                  const char *path, octet_detection found[BOXES_MAX])
{
    octet_detect_settings settings;
    octet_engine_detect_settings(engine, &settings);
    settings.confidence = 0.001;
    settings.multi_label = 1;
    octet_image *image = test_data_image(ctx, path);
    int count = 0;
    assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
    octet_image_free(&image);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_detect(session, 0, &settings, found, BOXES_MAX, &count),
                     OCTET_OK);
    return count;
}

/* All boxes of an engine on a set's pictures; those of score 0.25 and more go to `sure` as well,
 * unless that is NULL. */
static octet_detections *run(octet_context *ctx, const struct test_accuracy_set *set,
                             const octet_engine *engine, const struct truth *truth,
                             octet_truth *sure)
{
    octet_session *session;
    octet_detections *detections;
    octet_truth_image entry;
    int64_t boxes = 0;
    assert_int_equal(octet_session_open(ctx, engine, NULL, &session), OCTET_OK);
    assert_int_equal(octet_detections_create(ctx, &detections), OCTET_OK);
    for (size_t i = 0; octet_truth_image_get(truth->handle, i, &entry) == OCTET_OK; i++) {
        char path[TEST_PATH_BYTES];
        octet_detection found[BOXES_MAX];
        snprintf(path, sizeof path, "%s/%s", set->val, entry.file_name);
        const int count = detect(ctx, session, engine, path, found);
        if (sure)
            assert_int_equal(octet_truth_add_image(sure, &entry), OCTET_OK);
        for (int b = 0; b < count; b++) {
            const int64_t class_id = truth->ids[found[b].class_id];
            if (class_id < 0)
                continue;
            assert_int_equal(octet_detections_add(detections, entry.id, class_id, &found[b]),
                             OCTET_OK);
            if (sure && found[b].score >= 0.25f)
                add_sure_box(sure, entry.id, class_id, ++boxes, &found[b]);
        }
    }
    octet_session_close(&session);
    return detections;
}

static double ap_of(const octet_truth *truth, const octet_detections *detections,
                    const int64_t *only)
{
    const octet_evaluate_settings settings = {.class_ids = only, .class_count = only ? 1 : 0};
    octet_evaluation evaluation;
    assert_int_equal(octet_evaluate(truth, detections, &settings, &evaluation, NULL), OCTET_OK);
    return evaluation.ap;
}

static octet_truth *empty_like(octet_context *ctx, const octet_truth *of)
{
    octet_truth *truth;
    const char *name;
    int64_t id;
    assert_int_equal(octet_truth_create(ctx, &truth), OCTET_OK);
    for (size_t i = 0; (name = octet_truth_class_get(of, i, &id)); i++)
        assert_int_equal(octet_truth_add_class(truth, id, name), OCTET_OK);
    return truth;
}

void test_accuracy(const struct test_accuracy_set *set)
{
    struct test_context test;
    struct truth truth = {0};
    test_context_init(&test);
    octet_context *ctx = &test.context;
    octet_engine *fp32 = test_data_engine(ctx, set->model);
    load_truth(ctx, set, fp32, &truth);
    octet_truth *sure = empty_like(ctx, truth.handle);
    octet_detections *exact = run(ctx, set, fp32, &truth, sure);
    octet_engine_free(&fp32);

    struct test_data_list train = test_data_list(set->train, 100);
    octet_engine *int8 = test_data_int8(ctx, set->model, &train, set->size);
    octet_detections *fast = run(ctx, set, int8, &truth, NULL);
    const double float_ap = ap_of(truth.handle, exact, truth.only);
    const double loss = float_ap - ap_of(truth.handle, fast, truth.only);
    const double agreement = ap_of(sure, fast, truth.only);
    print_message("    %s: float AP %.4f, INT8 %+.2f points, agreement %.1f\n", set->val, float_ap,
                  -100.0 * loss, 100.0 * agreement);
    assert_true(fabs(float_ap - set->float_ap) < 0.001);
    assert_true(loss < set->loss_most);
    assert_true(agreement > set->agreement_least);

    octet_detections_free(&exact);
    octet_detections_free(&fast);
    octet_truth_free(&sure);
    octet_truth_free(&truth.handle);
    octet_engine_free(&int8);
    test_data_list_free(&train);
    assert_int_equal(test.live, 0);
}
