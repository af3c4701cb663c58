/* SPDX-License-Identifier: Apache-2.0 */
/* Files that select boxes themselves: how is read, kept in engines, and what sessions do by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/build.h>

#include "counting_context.h"
#include "onnx_builder.h"
#include "runtime/engine/engine_contents.h"
#include "small_detector.h"

enum { CLASSES = 3, ANCHORS = 84 };

static struct test_context test;

/* The detector, with its prediction called that and boxes as corners, batch x anchors x 7. */
static void begin(struct test_onnx *onnx)
{
    test_onnx_detector(onnx, &(struct test_onnx_variant){0});
    test_onnx_find(onnx, "output0/Concat")->output[0] = "whole";
    test_onnx_int(onnx, test_onnx_node(onnx, "Concat", "", "corner1,corner2", "xyxy"), "axis", 1);
    test_onnx_find(onnx, "pixels/Mul")->input[0] = "xyxy";
    test_onnx_int_list(onnx, test_onnx_node(onnx, "Transpose", "", "whole", "prediction"), "perm",
                       3, 0, 2, 1);
    test_onnx_list(onnx, "parts", 2, 4, CLASSES);
    test_onnx_int(onnx, test_onnx_node(onnx, "Split", "", "prediction,parts", "rows,row_scores"),
                  "axis", 2);
}

static void number(struct test_onnx *onnx, const char *name, float value)
{
    test_onnx_floats(onnx, name, 0, NULL, &value, 0);
}

/* output0 is declared as 1 x count x 6. */
static void declare(struct test_onnx *onnx, int64_t count)
{
    const int64_t dims[] = {1, count, 6};
    OctOnnx__ValueInfoProto *info = onnx->model.graph->output[0];
    info->type = test_onnx_memory(onnx, sizeof *info->type);
    oct_onnx__type_proto__init(info->type);
    info->type->tensor_type = test_onnx_memory(onnx, sizeof *info->type->tensor_type);
    oct_onnx__type_proto__tensor__init(info->type->tensor_type);
    OctOnnx__TensorShapeProto *shape = test_onnx_memory(onnx, sizeof *shape);
    oct_onnx__tensor_shape_proto__init(shape);
    info->type->tensor_type->shape = shape;
    shape->n_dim = 3;
    shape->dim = test_onnx_memory(onnx, 3 * sizeof *shape->dim);
    for (int i = 0; i < 3; i++) {
        shape->dim[i] = test_onnx_memory(onnx, sizeof **shape->dim);
        oct_onnx__tensor_shape_proto__dimension__init(shape->dim[i]);
        shape->dim[i]->has_dim_value = 1;
        shape->dim[i]->dim_value = dims[i];
    }
}

/* Every allocation that fails while loading ends in an error. */
static void starve(const struct test_onnx *onnx)
{
    octet_model *model;
    size_t size;
    unsigned char *bytes = test_onnx_pack(onnx, &size);
    octet_status status = OCTET_OUT_OF_MEMORY;
    for (int at = 0; status != OCTET_OK; at += 1 + at / 40) {
        test.calls = 0;
        test.fail_at = at;
        status = octet_model_load_memory(&test.context, bytes, size, "s.onnx", &model);
        assert_true(status == OCTET_OK || !model);
    }
    test.fail_at = -1;
    octet_model_free(&model);
    free(bytes);
}

static octet_model *load(const struct test_onnx *onnx)
{
    octet_model *model;
    size_t size;
    unsigned char *bytes = test_onnx_pack(onnx, &size);
    if (octet_model_load_memory(&test.context, bytes, size, "s.onnx", &model) != OCTET_OK)
        fail_msg("%s", test.context.message);
    free(bytes);
    return model;
}

static void expect_settings(const octet_detect_settings *is, const octet_detect_settings *wanted)
{
    assert_true(is->confidence == wanted->confidence);
    assert_true(is->iou == wanted->iou);
    assert_int_equal(is->max_detections, wanted->max_detections);
    assert_int_equal(is->max_per_class, wanted->max_per_class);
    assert_int_equal(is->multi_label, wanted->multi_label);
    assert_int_equal(is->class_agnostic, wanted->class_agnostic);
    assert_null(is->classes);
}

/* The model selects like that, and so does an engine of it after its file. */
static void expect(struct test_onnx *onnx, const octet_detect_settings *wanted, int own)
{
    octet_build_settings build;
    octet_detect_settings settings;
    octet_engine *engine, *loaded;
    size_t size;
    octet_model *model = load(onnx);
    assert_int_equal(octet_model_detect_settings(model, &settings), own);
    expect_settings(&settings, wanted);
    octet_build_defaults(&build);
    build.precision = OCTET_PRECISION_FP32;
    assert_int_equal(octet_build(&test.context, model, NULL, &build, &engine), OCTET_OK);
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    assert_int_equal(memmem(bytes, size, "\\\"selection\\\"", 13) != NULL, own);
    assert_int_equal(octet_engine_load_memory(&test.context, bytes, size, "s.octet", &loaded),
                     OCTET_OK);
    assert_int_equal(octet_engine_detect_settings(loaded, &settings), own);
    expect_settings(&settings, wanted);
    free(bytes);
    octet_engine_free(&loaded);
    octet_engine_free(&engine);
    octet_model_free(&model);
    test_onnx_free(onnx);
}

/* ---- what files say ---- */

static void add_nms(struct test_onnx *onnx, const char *inputs)
{
    number(onnx, "iou", 0.3f);
    number(onnx, "score", 0.6f);
    test_onnx_list(onnx, "most", 1, 2);
    test_onnx_int_list(onnx, test_onnx_node(onnx, "Transpose", "", "row_scores", "class_rows"),
                       "perm", 3, 0, 2, 1);
    test_onnx_node(onnx, "NonMaxSuppression", "nms", inputs, "output0");
}

static void nms_by_class(void **state)
{
    (void)state;
    struct test_onnx onnx;
    begin(&onnx);
    add_nms(&onnx, "rows,class_rows,most,iou,score");
    expect(&onnx,
           &(octet_detect_settings){.confidence = 0.6,
                                    .iou = 0.3,
                                    .max_detections = 300,
                                    .max_per_class = 2,
                                    .multi_label = 1},
           1);
    begin(&onnx); /* no limit but the overlap */
    add_nms(&onnx, "rows,class_rows,,iou");
    expect(&onnx,
           &(octet_detect_settings){
               .confidence = 0.25, .iou = 0.3, .max_detections = 300, .multi_label = 1},
           1);
    begin(&onnx); /* numbers that limit nothing: none below 0, more than octet can give */
    add_nms(&onnx, "rows,class_rows,all,iou,nothing");
    number(&onnx, "nothing", -1.0f);
    test_onnx_ints(&onnx, "all", 0, NULL, (int64_t[]){INT64_MAX});
    expect(&onnx,
           &(octet_detect_settings){
               .confidence = 0.25, .iou = 0.3, .max_detections = 300, .multi_label = 1},
           1);
}

/* As Ultralytics writes it with nms=True: best classes, a mask, boxes moved apart by class. */
static void nms_of_best(void **state)
{
    (void)state;
    for (int agnostic = 0; agnostic < 2; agnostic++) {
        struct test_onnx onnx;
        begin(&onnx);
        number(&onnx, "least", 0.35f);
        number(&onnx, "apart", 0.25f);
        test_onnx_list(&onnx, "first", 1, 1);
        test_onnx_int_list(&onnx, test_onnx_node(&onnx, "ReduceMax", "", "row_scores", "best"),
                           "axes", 1, 2);
        test_onnx_int(&onnx, test_onnx_node(&onnx, "ArgMax", "", "row_scores", "label"), "axis", 2);
        test_onnx_node(&onnx, "Greater", "", "best,least", "mask");
        test_onnx_node(&onnx, "NonZero", "", "mask", "where");
        test_onnx_node(&onnx, "GatherND", "", "rows,where", "some_rows");
        test_onnx_node(&onnx, "GatherND", "", "label,where", "some_labels");
        test_onnx_node(&onnx, "GatherND", "", "best,where", "some_scores");
        test_onnx_int(&onnx, test_onnx_node(&onnx, "Cast", "", "some_labels", "offset"), "to", 1);
        test_onnx_node(&onnx, "Mul", "", "offset,apart", "moved");
        test_onnx_node(&onnx, "Add", "", "some_rows,moved", "apart_rows");
        add_nms(&onnx,
                agnostic ? "some_rows,some_scores,all,iou" : "apart_rows,some_scores,all,iou");
        test_onnx_ints(&onnx, "all", 0, NULL, (int64_t[]){INT64_MAX});
        declare(&onnx, 100);
        starve(&onnx);
        expect(
            &onnx,
            &(octet_detect_settings){
                .confidence = 0.35, .iou = 0.3, .max_detections = 100, .class_agnostic = agnostic},
            1);
    }
}

static void nms_of_tensorrt(void **state)
{
    (void)state;
    struct test_onnx onnx;
    begin(&onnx);
    OctOnnx__NodeProto *node =
        test_onnx_node(&onnx, "EfficientNMS_TRT", "nms", "rows,row_scores", "output0");
    node->domain = (char *)(uintptr_t)test_onnx_text(&onnx, "TRT");
    test_onnx_float(&onnx, node, "score_threshold", 0.4f);
    test_onnx_float(&onnx, node, "iou_threshold", 0.65f);
    test_onnx_int(&onnx, node, "max_output_boxes", 50);
    test_onnx_int(&onnx, node, "class_agnostic", 1);
    expect(&onnx,
           &(octet_detect_settings){.confidence = 0.4,
                                    .iou = 0.65,
                                    .max_detections = 50,
                                    .multi_label = 1,
                                    .class_agnostic = 1},
           1);
    begin(&onnx);
    node = test_onnx_node(&onnx, "BatchedNMS_TRT", "nms", "rows,row_scores", "output0");
    test_onnx_float(&onnx, node, "scoreThreshold", 0.1f);
    test_onnx_float(&onnx, node, "iouThreshold", 0.5f);
    test_onnx_int(&onnx, node, "keepTopK", 20);
    expect(&onnx,
           &(octet_detect_settings){
               .confidence = 0.1, .iou = 0.5, .max_detections = 20, .multi_label = 1},
           1);
}

/* One-to-one heads: nothing is suppressed. */
static void best_alone(void **state)
{
    (void)state;
    struct test_onnx onnx;
    begin(&onnx);
    OctOnnx__NodeProto *most = test_onnx_node(&onnx, "ReduceMax", "", "row_scores", "best");
    test_onnx_int_list(&onnx, most, "axes", 1, 2);
    test_onnx_int(&onnx, most, "keepdims", 0);
    test_onnx_list(&onnx, "k", 1, 30);
    test_onnx_node(&onnx, "TopK", "top", "best,k", "output0,at");
    expect(&onnx, &(octet_detect_settings){.confidence = 0.25, .iou = 1.0, .max_detections = 30},
           1);
    begin(&onnx); /* pairs of cell and class */
    test_onnx_list(&onnx, "flat", 2, 1, -1);
    test_onnx_list(&onnx, "classes", 1, CLASSES);
    test_onnx_list(&onnx, "k", 1, 30);
    test_onnx_node(&onnx, "Reshape", "", "row_scores,flat", "pairs");
    test_onnx_node(&onnx, "TopK", "top", "pairs,k", "values,at");
    test_onnx_node(&onnx, "Mod", "", "at,classes", "output0");
    expect(&onnx,
           &(octet_detect_settings){
               .confidence = 0.25, .iou = 1.0, .max_detections = 30, .multi_label = 1},
           1);
}

/* As YOLOv10 and YOLO26 are exported, with either head. */
static void one_to_one(void **state)
{
    (void)state;
    for (int distances = 0; distances < 2; distances++)
        for (int taken = TEST_BEST; taken <= TEST_BEST_OF_CELL; taken++) {
            const struct test_onnx_variant variant = {.distances = distances, .taken = taken};
            struct test_onnx onnx;
            test_onnx_detector(&onnx, &variant);
            expect(&onnx,
                   &(octet_detect_settings){.confidence = 0.25,
                                            .iou = 1.0,
                                            .max_detections = TEST_TAKEN,
                                            .multi_label = taken != TEST_BEST_OF_CELL},
                   1);
        }
}

static void nothing_said(void **state)
{
    (void)state;
    struct test_onnx onnx;
    octet_detect_settings defaults;
    octet_detect_defaults(&defaults);
    test_onnx_detector(&onnx, &(struct test_onnx_variant){0});
    expect(&onnx, &defaults, 0);
    assert_int_equal(octet_engine_detect_settings(NULL, NULL), 0);
    assert_int_equal(octet_model_detect_settings(NULL, &defaults), 0);
    assert_int_equal(defaults.max_detections, 300);
}

/* ---- engines and sessions ---- */

static octet_engine *engine_that_selects(struct oct_selection selection)
{
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_FP32);
    engine->network.head.selection = selection;
    return engine;
}

static const struct oct_selection own = {
    .is_own = true, .confidence = 0.0, .iou = 1.0, .max_detections = 7, .max_per_class = 2};

static void damaged(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"\\\"confidence\\\":0.5", "\\\"confidence\\\":1.5"},
        {"\\\"confidence\\\":0.5", "\\\"confidenze\\\":0.5"},
        {"\\\"iou\\\":1.0", "\\\"iou\\\":9.0"},
        {"\\\"max_detections\\\":7", "\\\"max_detections\\\":0"},
        {"\\\"max_per_class\\\":2", "\\\"max_per_klass\\\":2"},
    };
    struct oct_selection half = own;
    half.confidence = 0.5;
    octet_engine *engine = engine_that_selects(half), *loaded;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        size_t size;
        unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
        unsigned char *at = memmem(bytes, size, changes[i][0], strlen(changes[i][0]));
        assert_non_null(at);
        memcpy(at, changes[i][1], strlen(changes[i][1]));
        assert_int_equal(octet_engine_load_memory(&test.context, bytes, size, "s.octet", &loaded),
                         OCTET_BAD_FORMAT);
        assert_null(loaded);
        free(bytes);
    }
    octet_engine_free(&engine);
}

/* Without settings a session selects as the engine says. */
static void session(void **state)
{
    (void)state;
    octet_engine *engine = engine_that_selects(own);
    octet_session *session;
    octet_detection found[300], chosen[300];
    octet_detect_settings settings;
    int count, of_chosen, each[5] = {0};
    octet_image *image = test_picture(&test.context, 64, 64, 3);
    assert_int_equal(octet_session_open(&test.context, engine, NULL, &session), OCTET_OK);
    assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_detect(session, 0, NULL, found, 300, &count), OCTET_OK);
    assert_true(count > 0 && count <= 7);
    for (int i = 0; i < count; i++)
        assert_true(++each[found[i].class_id] <= 2);
    octet_engine_detect_settings(engine, &settings);
    assert_int_equal(octet_session_detect(session, 0, &settings, chosen, 300, &of_chosen),
                     OCTET_OK);
    assert_int_equal(of_chosen, count);
    assert_memory_equal(chosen, found, (size_t)count * sizeof *found);
    settings.max_per_class = 0;
    assert_int_equal(octet_session_detect(session, 0, &settings, chosen, 300, &of_chosen),
                     OCTET_OK);
    assert_int_equal(of_chosen, 7);
    settings.max_per_class = -1;
    assert_int_equal(octet_session_detect(session, 0, &settings, chosen, 300, &of_chosen),
                     OCTET_INVALID_ARGUMENT);
    octet_session_close(&session);
    octet_image_free(&image);
    octet_engine_free(&engine);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nms_by_class), TEST(nms_of_best),  TEST(nms_of_tensorrt), TEST(best_alone),
        TEST(one_to_one),   TEST(nothing_said), TEST(damaged),         TEST(session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
