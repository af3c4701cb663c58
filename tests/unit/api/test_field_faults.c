/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong in the field, on the bundled detector: models that normalise their input, weights
 * that are no numbers, dead channels, a model that finds nothing. docs/troubleshooting.md tells
 * people about it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/octet.h>

#include "compiler/imported_model.h"
#include "counting_context.h"
#include "data.h"
#include "models.h"
#include "onnx.pb-c.h"

static struct test_context test;

static OctOnnx__ModelProto *open_parts(void)
{
    char path[TEST_PATH_BYTES];
    size_t size;
    unsigned char *bytes = test_read_file(test_project_path(path, "demo/parts.onnx"), &size);
    OctOnnx__ModelProto *proto = oct_onnx__model_proto__unpack(NULL, size, bytes);
    assert_non_null(proto);
    free(bytes);
    return proto;
}

static octet_status load(OctOnnx__ModelProto *proto, octet_model **model)
{
    const size_t size = oct_onnx__model_proto__get_packed_size(proto);
    unsigned char *bytes = malloc(size);
    assert_non_null(bytes);
    oct_onnx__model_proto__pack(proto, bytes);
    const octet_status status =
        octet_model_load_memory(&test.context, bytes, size, "parts.onnx", model);
    free(bytes);
    oct_onnx__model_proto__free_unpacked(proto, NULL);
    return status;
}

static octet_model *load_good(OctOnnx__ModelProto *proto)
{
    octet_model *model;
    if (load(proto, &model) != OCTET_OK)
        fail_msg("%s", test.context.message);
    return model;
}

/* ---- edits; what the message takes over is freed with it ---- */

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    return copy;
}

/* The list with one place more at its end. */
static void *longer(void *list, size_t count, size_t size)
{
    void *grown = realloc(list, (count + 1) * size);
    assert_non_null(grown);
    return grown;
}

static void add_constant(OctOnnx__GraphProto *graph, const char *name, const float *values,
                         size_t count)
{
    OctOnnx__TensorProto *tensor = malloc(sizeof *tensor);
    assert_non_null(tensor);
    oct_onnx__tensor_proto__init(tensor);
    tensor->name = copy_text(name);
    tensor->has_data_type = 1;
    tensor->data_type = 1;
    tensor->n_dims = count == 1 ? 0 : 4;
    tensor->dims = calloc(4, sizeof *tensor->dims);
    assert_non_null(tensor->dims);
    for (int i = 0; i < 4; i++)
        tensor->dims[i] = i == 1 ? 3 : 1;
    tensor->n_float_data = count;
    tensor->float_data = malloc(count * sizeof *values);
    assert_non_null(tensor->float_data);
    memcpy(tensor->float_data, values, count * sizeof *values);
    graph->initializer =
        longer(graph->initializer, graph->n_initializer, sizeof *graph->initializer);
    graph->initializer[graph->n_initializer++] = tensor;
}

static void add_node(OctOnnx__GraphProto *graph, const char *op, const char *a, const char *b,
                     const char *output)
{
    OctOnnx__NodeProto *node = malloc(sizeof *node);
    assert_non_null(node);
    oct_onnx__node_proto__init(node);
    node->op_type = copy_text(op);
    node->name = copy_text(output);
    node->n_input = 2;
    node->n_output = 1;
    node->input = malloc(2 * sizeof *node->input);
    node->output = malloc(sizeof *node->output);
    assert_non_null(node->input);
    assert_non_null(node->output);
    node->input[0] = copy_text(a);
    node->input[1] = copy_text(b);
    node->output[0] = copy_text(output);
    graph->node = longer(graph->node, graph->n_node, sizeof *graph->node);
    graph->node[graph->n_node++] = node;
}

/* Everything that read one value reads the other. */
static void redirect(OctOnnx__GraphProto *graph, const char *from, const char *to)
{
    for (size_t n = 0; n < graph->n_node; n++) {
        OctOnnx__NodeProto *node = graph->node[n];
        for (size_t i = 0; i < node->n_input; i++) {
            if (strcmp(node->input[i], from) != 0)
                continue;
            free(node->input[i]);
            node->input[i] = copy_text(to);
        }
    }
}

/* The values of every initializer whose name ends like this; `count` takes how many there are. */
static void fill(OctOnnx__ModelProto *proto, const char *ending, size_t first, size_t share,
                 float value)
{
    OctOnnx__GraphProto *graph = proto->graph;
    int found = 0;
    for (size_t t = 0; t < graph->n_initializer; t++) {
        OctOnnx__TensorProto *tensor = graph->initializer[t];
        const size_t length = strlen(tensor->name), end = strlen(ending);
        if (length < end || strcmp(tensor->name + length - end, ending) != 0)
            continue;
        found++;
        size_t count = tensor->raw_data.len / sizeof(float);
        count = count / share;
        for (size_t i = first; i < first + count; i++)
            memcpy(tensor->raw_data.data + i * sizeof value, &value, sizeof value);
    }
    if (!found)
        fail_msg("no initializer ends in %s", ending);
}

/* ---- normalisation inside the graph ---- */

struct step {
    const char *op;
    int count; /* 1 or 3 */
    float values[3];
    bool reversed; /* the constant is the first operand */
};

static const struct normalisation {
    const char *name, *message; /* NULL: the model is taken, and is what it was without */
    struct step steps[3];
} normalisations[] = {
    {"/ 255", NULL, {{"Div", 1, {255.0f}, false}}},
    {"* 1/255", NULL, {{"Mul", 1, {1.0f / 255.0f}, false}}},
    {"1/255 *", NULL, {{"Mul", 1, {1.0f / 255.0f}, true}}},
    {"* 1/255 of half precision", NULL, {{"Mul", 1, {0.003921509f}, false}}},
    {"/ 255 for each channel", NULL, {{"Div", 3, {255.0f, 255.0f, 255.0f}, false}}},
    {"* 1", NULL, {{"Mul", 1, {1.0f}, false}}},
    {"/ 255, then * 2 and / 2",
     NULL,
     {{"Div", 1, {255.0f}, false}, {"Mul", 1, {2.0f}, false}, {"Div", 1, {2.0f}, false}}},
    {"ImageNet",
     "subtracts a mean",
     {{"Sub", 3, {0.485f, 0.456f, 0.406f}, false}, {"Div", 3, {0.229f, 0.224f, 0.225f}, false}}},
    {"ImageNet of bytes",
     "subtracts a mean",
     {{"Div", 1, {255.0f}, false},
      {"Sub", 3, {0.485f, 0.456f, 0.406f}, false},
      {"Div", 3, {0.229f, 0.224f, 0.225f}, false}}},
    {"-1 to 1", "subtracts a mean", {{"Mul", 1, {2.0f}, false}, {"Add", 1, {-1.0f}, false}}},
    {"deviation alone", "scales its input", {{"Div", 3, {0.229f, 0.224f, 0.225f}, false}}},
    {"/ 256", "scales its input by 0.00390625", {{"Div", 1, {256.0f}, false}}},
    {"/ 255 of one channel", "channels", {{"Div", 3, {1.0f, 1.0f, 255.0f}, false}}},
    {"/ 0", "operator Div", {{"Div", 1, {0.0f}, false}}},
    {"* NaN", "operator Mul", {{"Mul", 1, {NAN}, false}}},
    {"1 - x", "operator Sub", {{"Sub", 1, {1.0f}, true}}},
};

static OctOnnx__ModelProto *normalised(const struct normalisation *n)
{
    OctOnnx__ModelProto *proto = open_parts();
    char value[24] = "images", constant[24], output[24];
    redirect(proto->graph, "images", "normalised");
    for (int i = 0; i < 3 && n->steps[i].op; i++) {
        const struct step *step = &n->steps[i];
        const bool last = i == 2 || !n->steps[i + 1].op;
        snprintf(constant, sizeof constant, "constant%d", i);
        snprintf(output, sizeof output, last ? "normalised" : "step%d", i);
        add_constant(proto->graph, constant, step->values, (size_t)step->count);
        add_node(proto->graph, step->op, step->reversed ? constant : value,
                 step->reversed ? value : constant, output);
        memcpy(value, output, sizeof value);
    }
    return proto;
}

static void normalisation_in_the_graph(void **state)
{
    (void)state;
    octet_model *plain = load_good(open_parts()), *model;
    for (size_t i = 0; i < sizeof normalisations / sizeof normalisations[0]; i++) {
        const struct normalisation *n = &normalisations[i];
        const octet_status status = load(normalised(n), &model);
        if ((status == OCTET_OK) != (n->message == NULL))
            fail_msg("%s: %s: %s", n->name, octet_status_name(status), test.context.message);
        if (n->message && !strstr(test.context.message, n->message))
            fail_msg("%s: %s", n->name, test.context.message);
        if (!n->message)
            assert_string_equal(model->hash, plain->hash);
        octet_model_free(&model);
    }
    octet_model_free(&plain);
}

/* ---- weights ---- */

static void no_numbers(void **state)
{
    (void)state;
    static const float values[] = {NAN, INFINITY, -INFINITY};
    static const char *const places[] = {"model.0.conv.weight", "model.4.cv1.conv.bias",
                                         "model.22.cv3.1.2.weight"};
    for (int v = 0; v < 3; v++) {
        octet_model *model;
        OctOnnx__ModelProto *proto = open_parts();
        fill(proto, places[v], 1, 8, values[v]);
        assert_int_equal(load(proto, &model), OCTET_UNSUPPORTED_MODEL);
        if (!strstr(test.context.message, "not finite"))
            fail_msg("%s", test.context.message);
    }
}

enum { PICTURES = 3 };

static octet_image *picture_of(const char *set, int index)
{
    char path[TEST_PATH_BYTES], name[80];
    octet_image *image;
    snprintf(name, sizeof name, "demo/images/%s/%s-%02d.jpg", set, set, index);
    if (octet_image_load(&test.context, test_project_path(path, name), &image) != OCTET_OK)
        fail_msg("%s", test.context.message);
    return image;
}

static octet_image *picture(int index)
{
    return picture_of("test", index);
}

static octet_statistics *calibrate(const octet_model *model)
{
    octet_calibration *calibration;
    octet_statistics *statistics;
    octet_calibration_settings settings;
    octet_calibration_defaults(&settings);
    settings.height = settings.width = 160;
    assert_int_equal(octet_calibration_create(&test.context, model, &settings, &calibration),
                     OCTET_OK);
    for (int i = 0; i < PICTURES; i++) {
        octet_image *image = picture(i);
        if (octet_calibration_add(calibration, image) != OCTET_OK)
            fail_msg("%s", octet_calibration_message(calibration));
        octet_image_free(&image);
    }
    assert_int_equal(octet_calibration_finish(calibration, &statistics), OCTET_OK);
    octet_calibration_free(&calibration);
    return statistics;
}

/* Boxes of the first picture; all of them have to be numbers. */
static int detect(const octet_engine *engine, octet_detection boxes[300])
{
    octet_session *session;
    assert_int_equal(octet_session_open(&test.context, engine, NULL, &session), OCTET_OK);
    octet_image *image = picture(0);
    const int count = test_detect(session, image, 0.25, boxes);
    for (int i = 0; i < count; i++)
        assert_true(isfinite(boxes[i].x1) && isfinite(boxes[i].y1) && isfinite(boxes[i].x2) &&
                    isfinite(boxes[i].y2) && isfinite(boxes[i].score));
    octet_image_free(&image);
    octet_session_close(&session);
    return count;
}

/* Calibrates and builds with each calibrator; all engines must run, and find about as many boxes as
 * the float one. Returns that one's number. */
static int check_model(OctOnnx__ModelProto *proto)
{
    static const char *const calibrators[] = {"mse", "minmax", "percentile", "minmax-trt",
                                              "entropy"};
    octet_detection boxes[300];
    octet_model *model = load_good(proto);
    octet_statistics *statistics = calibrate(model);
    octet_build_settings settings;
    octet_engine *engine;
    octet_build_defaults(&settings);
    settings.precision = OCTET_PRECISION_FP32;
    assert_int_equal(octet_build(&test.context, model, NULL, &settings, &engine), OCTET_OK);
    const int wanted = detect(engine, boxes);
    octet_engine_free(&engine);
    settings.precision = OCTET_PRECISION_INT8;
    for (int i = 0; i < 5; i++) {
        settings.calibrator = calibrators[i];
        if (octet_build(&test.context, model, statistics, &settings, &engine) != OCTET_OK)
            fail_msg("%s: %s", calibrators[i], test.context.message);
        const int count = detect(engine, boxes);
        octet_engine_free(&engine);
        if (i < 2 && abs(count - wanted) > 2) /* the others are there to be compared with */
            fail_msg("%s: %d boxes, not %d", calibrators[i], count, wanted);
    }
    octet_statistics_free(&statistics);
    octet_model_free(&model);
    return wanted;
}

static void dead_channels(void **state)
{
    (void)state;
    assert_true(check_model(open_parts()) > 0);
    OctOnnx__ModelProto *proto = open_parts();
    fill(proto, "model.2.cv1.conv.weight", 0, 4, 0.0f); /* a quarter of the channels: bias alone */
    check_model(proto);
    proto = open_parts();
    fill(proto, "model.4.cv2.conv.weight", 0, 1, 0.0f); /* constant, and not 0 */
    check_model(proto);
    proto = open_parts();
    fill(proto, "model.6.cv2.conv.weight", 0, 1, 0.0f); /* nothing but zeros */
    fill(proto, "model.6.cv2.conv.bias", 0, 1, 0.0f);
    check_model(proto);
    proto = open_parts();
    fill(proto, "model.0.conv.weight", 0, 1, 0.0f); /* the picture is not seen at all */
    fill(proto, "model.0.conv.bias", 0, 1, 0.0f);
    check_model(proto);
}

/* A model that never is sure of anything. */
static void silent_model(void **state)
{
    (void)state;
    OctOnnx__ModelProto *proto = open_parts();
    fill(proto, "model.22.cv3.0.2.bias", 0, 1, -100.0f);
    fill(proto, "model.22.cv3.1.2.bias", 0, 1, -100.0f);
    fill(proto, "model.22.cv3.2.2.bias", 0, 1, -100.0f);
    assert_int_equal(check_model(proto), 0);
}

/* Weights so small that products underflow, and so large that a tensor overflows: the first is
 * quantised, the second told when the picture comes by. */
static void extreme_weights(void **state)
{
    (void)state;
    OctOnnx__ModelProto *proto = open_parts();
    fill(proto, "model.3.conv.weight", 0, 1, 1e-38f);
    check_model(proto);
    proto = open_parts();
    fill(proto, "model.3.conv.weight", 0, 1, 3e38f);
    octet_model *model = load_good(proto);
    octet_calibration *calibration;
    assert_int_equal(octet_calibration_create(&test.context, model, NULL, &calibration), OCTET_OK);
    octet_image *image = picture(0);
    assert_int_equal(octet_calibration_add(calibration, image), OCTET_UNSUPPORTED_MODEL);
    assert_non_null(strstr(octet_calibration_message(calibration), "is not finite"));
    octet_image_free(&image);
    octet_calibration_free(&calibration);
    octet_model_free(&model);
}

/* ---- pictures unlike those that the camera sees ---- */

enum wrong { RIGHT, SWAPPED, GREY, STRETCHED, SINGLE, SHIFTED, WRONGS };
static const char *const wrong_names[WRONGS] = {"right",     "BGR",    "grey",
                                                "stretched", "single", "of another domain"};

/* The picture as a user might have it on disk by mistake. */
static octet_image *spoil(octet_image *image, enum wrong wrong)
{
    const int width = octet_image_width(image), height = octet_image_height(image);
    const int wide = wrong == STRETCHED ? 320 : width, high = wrong == STRETCHED ? 320 : height;
    const uint8_t *from = octet_image_pixels(image);
    uint8_t *pixels = malloc((size_t)wide * (size_t)high * 3), *to = pixels;
    assert_non_null(pixels);
    for (int y = 0; y < high; y++) {
        for (int x = 0; x < wide; x++, to += 3) {
            const uint8_t *pixel = from + 3 * (y * height / high * width + x * width / wide);
            const int grey = (299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2]) / 1000;
            for (int c = 0; c < 3; c++)
                to[c] = wrong == GREY ? (uint8_t)grey : pixel[wrong == SWAPPED ? 2 - c : c];
        }
    }
    octet_image_free(&image);
    octet_image *spoilt;
    assert_int_equal(
        octet_image_copy_rgb(&test.context, pixels, wide, high, (size_t)wide * 3, &spoilt),
        OCTET_OK);
    free(pixels);
    return spoilt;
}

static octet_engine *build_on(const octet_model *model, enum wrong wrong)
{
    octet_calibration *calibration;
    octet_statistics *statistics;
    octet_engine *engine;
    const int count = wrong == SINGLE ? 1 : 6;
    assert_int_equal(octet_calibration_create(&test.context, model, NULL, &calibration), OCTET_OK);
    for (int i = 0; i < count; i++) {
        octet_image *image = picture_of(wrong == SHIFTED ? "shifted" : "calibration", i);
        image = spoil(image, wrong);
        assert_int_equal(octet_calibration_add(calibration, image), OCTET_OK);
        octet_image_free(&image);
    }
    assert_int_equal(octet_calibration_finish(calibration, &statistics), OCTET_OK);
    octet_calibration_free(&calibration);
    assert_int_equal(octet_build(&test.context, model, statistics, NULL, &engine), OCTET_OK);
    octet_statistics_free(&statistics);
    return engine;
}

/* Of the float engine's sure boxes on the test's pictures, the share that the other finds. */
static double agreement(const octet_engine *engine, const octet_engine *fp32)
{
    octet_session *session, *plain;
    octet_detection boxes[300], wanted[300];
    int sure = 0, found = 0;
    assert_int_equal(octet_session_open(&test.context, engine, NULL, &session), OCTET_OK);
    assert_int_equal(octet_session_open(&test.context, fp32, NULL, &plain), OCTET_OK);
    for (int p = 0; p < 6; p++) {
        octet_image *image = picture(p);
        const int wanted_count = test_detect(plain, image, 0.5, wanted);
        const int count = test_detect(session, image, 0.25, boxes);
        for (int i = 0; i < wanted_count; i++) {
            bool hit = false;
            for (int j = 0; j < count && !hit; j++)
                hit = boxes[j].class_id == wanted[i].class_id &&
                      test_iou(&boxes[j], &wanted[i]) >= 0.8;
            found += hit;
        }
        sure += wanted_count;
        octet_image_free(&image);
    }
    octet_session_close(&session);
    octet_session_close(&plain);
    assert_true(sure > 10);
    return (double)found / sure;
}

/* octet cannot know that pictures are the wrong ones. Ranges come out a little off; the default
 * calibrator keeps that from doing much harm to this model. */
static void wrong_pictures(void **state)
{
    (void)state;
    octet_model *model = load_good(open_parts());
    octet_build_settings settings;
    octet_engine *fp32;
    octet_build_defaults(&settings);
    settings.precision = OCTET_PRECISION_FP32;
    assert_int_equal(octet_build(&test.context, model, NULL, &settings, &fp32), OCTET_OK);
    for (int wrong = 0; wrong < WRONGS; wrong++) {
        octet_engine *engine = build_on(model, (enum wrong)wrong);
        const double share = agreement(engine, fp32);
        if (share < 0.95)
            fail_msg("calibrated on pictures that are %s: %.3f", wrong_names[wrong], share);
        octet_engine_free(&engine);
    }
    octet_engine_free(&fp32);
    octet_model_free(&model);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(normalisation_in_the_graph),
        TEST(no_numbers),
        TEST(dead_channels),
        TEST(silent_model),
        TEST(extreme_weights),
        TEST(wrong_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
