/* SPDX-License-Identifier: Apache-2.0 */
/* Detectors as people have them, beside Ultralytics' plain export: pictures prepared in the graph,
 * boxes and scores apart, outputs besides, data in other files, large batches; and by which name
 * those are refused that are not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/model.h>

#include "data.h"
#include "folder.h"
#include "import_case.h"
#include "network_run.h"

enum { CLASSES = 3, ANCHORS = 84, SIZE = 64, ROWS = 4 + CLASSES };

/* TensorProto.DataType */
enum { FLOAT = 1, UINT8 = 2, STRING = 8, FLOAT8E4M3FN = 17, INT4 = 22 };

static void expect_log(const struct test_import *f, const char *part)
{
    if (!strstr(f->log, part))
        fail_msg("log without '%s': %s", part, f->log);
}

/* What the network makes of random planes. */
static float *run(struct test_import *f)
{
    int anchors;
    float *planes = test_planes(SIZE, SIZE, 5);
    float *output = test_network_run(&f->imported->network, planes, SIZE, SIZE, &anchors);
    assert_int_equal(anchors, ANCHORS);
    free(planes);
    return output;
}

/* The network gives what the file's graph, before any pass, gives as its first output. */
static void expect_same_numbers(struct test_import *f)
{
    size_t size, count;
    unsigned char *bytes = test_onnx_pack(&f->onnx, &size);
    float *planes = test_planes(SIZE, SIZE, 5);
    float *wanted = test_graph_run(&f->test.context, bytes, size, planes, SIZE, SIZE, &count);
    float *is = run(f);
    assert_int_equal(count, ROWS * ANCHORS);
    test_compare_predictions(is, wanted, CLASSES, ANCHORS, 1e-3, 1e-5);
    free(bytes);
    free(planes);
    free(wanted);
    free(is);
}

/* The network is that of the plain file. */
static void expect_plain_numbers(struct test_import *f)
{
    struct test_import plain;
    test_import_begin(&plain, &(struct test_onnx_variant){0});
    test_import_expect(&plain);
    float *wanted = run(&plain), *is = run(f);
    assert_memory_equal(is, wanted, ROWS * ANCHORS * sizeof *is);
    free(wanted);
    free(is);
    test_import_end(&plain);
}

/* ---- edits ---- */

/* The stem reads `name` instead of the picture. */
static void read_instead(struct test_import *f, const char *name)
{
    test_onnx_find(&f->onnx, "stem0_conv/Conv")->input[0] = (char *)name;
}

static void set_input(struct test_import *f, int type, const int64_t dims[4])
{
    f->onnx.model.graph->n_input = 0;
    test_onnx_input(&f->onnx, "images", type, 4, dims);
}

static void set_outputs(struct test_import *f, const char *first, const char *second)
{
    f->onnx.model.graph->n_output = 0;
    test_onnx_output(&f->onnx, first);
    test_onnx_output(&f->onnx, second);
}

static OctOnnx__TensorProto *find_tensor(struct test_import *f, const char *name)
{
    OctOnnx__GraphProto *graph = f->onnx.model.graph;
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0)
            return graph->initializer[i];
    fail_msg("no tensor '%s'", name);
    return NULL;
}

/* ---- the picture ---- */

static void exchanged_by_gather(struct test_onnx *onnx)
{
    test_onnx_list(onnx, "order", 3, 2, 1, 0);
    test_onnx_int(onnx, test_onnx_node(onnx, "Gather", "flip", "images,order", "picture"), "axis",
                  1);
}

static void exchanged_by_split(struct test_onnx *onnx)
{
    test_onnx_list(onnx, "ones", 3, 1, 1, 1);
    test_onnx_int(onnx, test_onnx_node(onnx, "Split", "cut", "images,ones", "r,g,b"), "axis", 1);
    test_onnx_int(onnx, test_onnx_node(onnx, "Concat", "flip", "b,g,r", "picture"), "axis", 1);
}

static void exchanged_by_slice(struct test_onnx *onnx)
{
    test_onnx_list(onnx, "from", 1, -1);
    test_onnx_list(onnx, "to", 1, -100);
    test_onnx_list(onnx, "back", 1, -1);
    test_onnx_node(onnx, "Slice", "flip", "images,from,to,one,back", "picture");
}

static void turned_by_slices(struct test_onnx *onnx)
{
    test_onnx_list(onnx, "0", 1, 0);
    test_onnx_list(onnx, "3", 1, 3);
    test_onnx_node(onnx, "Slice", "a", "images,one,3,one", "gb");
    test_onnx_node(onnx, "Slice", "b", "images,0,one,one", "r");
    test_onnx_int(onnx, test_onnx_node(onnx, "Concat", "turn", "gb,r", "picture"), "axis", 1);
}

static void one_channel_thrice(struct test_onnx *onnx)
{
    test_onnx_list(onnx, "order", 3, 1, 1, 1);
    test_onnx_int(onnx, test_onnx_node(onnx, "Gather", "grey", "images,order", "picture"), "axis",
                  1);
}

static void channels_in_another_order(void **state)
{
    (void)state;
    static void (*const edits[])(struct test_onnx *) = {exchanged_by_gather, exchanged_by_split,
                                                        exchanged_by_slice, turned_by_slices,
                                                        one_channel_thrice};
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){0});
        edits[i](&f.onnx);
        read_instead(&f, "picture");
        test_import_expect(&f);
        expect_log(&f, i == 3   ? "in the order 1, 2, 0"
                       : i == 4 ? "in the order 1, 1, 1"
                                : "in the order 2, 1, 0");
        assert_int_equal(f.imported->network.tensors[f.imported->network.layers[0].input].kind,
                         OCT_TENSOR_INPUT);
        expect_same_numbers(&f);
        test_import_end(&f);
    }
}

static void channels_last_of_bytes(void **state)
{
    (void)state;
    for (int bytes = 0; bytes < 2; bytes++) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){0});
        set_input(&f, bytes ? UINT8 : FLOAT, (int64_t[]){1, SIZE, SIZE, 3});
        if (bytes) {
            test_onnx_int(&f.onnx, test_onnx_node(&f.onnx, "Cast", "cast", "images", "floats"),
                          "to", FLOAT);
            test_onnx_floats(&f.onnx, "255", 0, NULL, (float[]){255}, 0);
            test_onnx_node(&f.onnx, "Div", "scale", "floats,255", "unit");
        }
        test_onnx_int_list(
            &f.onnx,
            test_onnx_node(&f.onnx, "Transpose", "turn", bytes ? "unit" : "images", "picture"),
            "perm", 4, 0, 3, 1, 2);
        read_instead(&f, "picture");
        test_import_expect(&f);
        expect_log(&f, "has the channels last");
        expect_plain_numbers(&f);
        test_import_end(&f);
    }
}

static void pictures_that_are_refused(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    set_input(&f, UINT8, (int64_t[]){1, 3, SIZE, SIZE});
    test_onnx_int(&f.onnx, test_onnx_node(&f.onnx, "Cast", "cast", "images", "floats"), "to",
                  FLOAT);
    read_instead(&f, "floats");
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "uint8 and no division by 255 follows", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    set_input(&f, 7, (int64_t[]){1, 3, SIZE, SIZE});
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL,
                        "of type int64: octet reads float32, float16 and", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    set_input(&f, FLOAT, (int64_t[]){1, 4, SIZE, SIZE});
    test_import_refused(&f, OCTET_BAD_SHAPE, "4 channels", NULL);
}

static void size_that_nothing_says(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    set_input(&f, FLOAT, (int64_t[]){1, 3, -1, SIZE});
    assert_int_not_equal(test_import_run(&f), OCTET_OK); /* its anchors are of 64 x 64 */
    expect_log(&f, "neither its input nor its metadata says a size: 640x64 is taken");
    test_import_end(&f);
}

/* ---- batches ---- */

static void large_batches(void **state)
{
    (void)state;
    static const char *const shapes[] = {"box_shape", "class_shape", "dfl_shape", "side_shape"};
    static const int64_t batches[] = {2, 128, 1000};
    for (size_t b = 0; b < sizeof batches / sizeof batches[0]; b++) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){0});
        set_input(&f, FLOAT, (int64_t[]){batches[b], 3, SIZE, SIZE});
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
            find_tensor(&f, shapes[i])->int64_data[0] = batches[b];
        test_import_expect(&f);
        expect_plain_numbers(&f);
        test_import_end(&f);
    }
}

/* ---- outputs ---- */

static void boxes_and_scores_apart(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    set_outputs(&f, "scores", "pixels");
    test_import_expect(&f);
    expect_log(&f, "its boxes and scores stand apart");
    assert_false(f.imported->network.head.selection.is_own);
    expect_plain_numbers(&f);
    test_import_end(&f);

    test_import_begin(&f,
                      &(struct test_onnx_variant){
                          0}); /* corners, of the shape batch x anchors x 1 x 4, into a plug-in */
    test_onnx_int(&f.onnx, test_onnx_node(&f.onnx, "Concat", "c", "corner1,corner2", "corners4"),
                  "axis", 1);
    test_onnx_node(&f.onnx, "Mul", "m", "corners4,strides", "corners_px");
    test_onnx_int_list(&f.onnx, test_onnx_node(&f.onnx, "Transpose", "t", "corners_px", "by_cell"),
                       "perm", 3, 0, 2, 1);
    test_onnx_list(&f.onnx, "cell_shape", 4, 1, ANCHORS, 1, 4);
    test_onnx_node(&f.onnx, "Reshape", "r", "by_cell,cell_shape", "nms_boxes");
    test_onnx_int_list(&f.onnx, test_onnx_node(&f.onnx, "Transpose", "t2", "scores", "nms_scores"),
                       "perm", 3, 0, 2, 1);
    test_onnx_node(&f.onnx, "BatchedNMS_TRT", "nms", "nms_boxes,nms_scores", "num,box")->domain =
        (char *)"TRT";
    set_outputs(&f, "num", "box");
    test_import_expect(&f);
    assert_true(f.imported->network.head.selection.is_own);
    expect_plain_numbers(&f);
    test_import_end(&f);

    test_import_begin(&f, &(struct test_onnx_variant){0});
    set_outputs(&f, "pixels", "sides");
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "no Sigmoid of class scores", NULL);
}

static void outputs_besides(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_output(&f.onnx, "p5");
    test_onnx_output(&f.onnx, "box3");
    test_onnx_output(&f.onnx, "scores");
    test_import_expect(&f);
    expect_log(&f, "output 'p5' is left out");
    assert_null(strstr(f.log, "'box3'"));
    expect_same_numbers(&f);
    test_import_end(&f);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.graph->n_output = 0;
    test_onnx_output(&f.onnx, "p5");
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "its activation or sum feeds the outputs",
                        NULL);
}

static void expectation_by_vector(void **state)
{
    (void)state;
    for (int column = 0; column < 2; column++) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){0});
        const float ramp[] = {0, 1, 2, 3};
        test_onnx_floats(&f.onnx, "vector", column ? 2 : 1, (int64_t[]){4, 1}, ramp, 0);
        test_onnx_int_list(&f.onnx,
                           test_onnx_node(&f.onnx, "Transpose", "t", "dfl_soft", "by_side"), "perm",
                           4, 0, 2, 1, 3);
        test_onnx_node(&f.onnx, "MatMul", "dot", "by_side,vector", "distances");
        test_onnx_find(&f.onnx, "sides/Reshape")->input[0] = (char *)"distances";
        test_import_expect(&f);
        expect_same_numbers(&f);
        test_import_end(&f);
    }
}

/* ---- refused by name ---- */

static void families(void **state)
{
    (void)state;
    static const struct {
        const char *node, *op, *family; /* a node's operator becomes another */
    } cases[] = {
        {"sum/Add", "MatMul", "operator MatMul at node 'sum/Add': it is no part of an attention"},
        {"up/Resize", "GridSample", "this is RT-DETR"},
        {"sum/Add", "Einsum", "this is YOLO-World or YOLOE"},
        {"stem1_gate/Sigmoid", "Cos", "oriented boxes"},
        {"pool1/MaxPool", "GlobalAveragePool",
         "do not have it there"}, /* with DFL: no classifier */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){0});
        test_onnx_find(&f.onnx, cases[i].node)->op_type = (char *)cases[i].op;
        test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, cases[i].family, NULL);
    }
}

/* Families that are told by attributes, shapes, or by what is missing. */
static void families_by_form(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){
                              0}); /* attention, and a depthwise convolution that halves */
    test_onnx_find(&f.onnx, "sum/Add")->op_type = (char *)"MatMul";
    OctOnnx__NodeProto *conv = test_onnx_find(&f.onnx, "down4_conv/Conv");
    test_onnx_int(&f.onnx, conv, "group", 16);
    find_tensor(&f, "down4.weight")->dims[1] = 1;
    find_tensor(&f, "down4.weight")->n_float_data /= 16;
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "it is no part of an attention", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0}); /* three anchors of 5 + classes */
    test_onnx_list(&f.onnx, "anchor_shape", 5, 1, 3, 8, 1, -1);
    test_onnx_node(&f.onnx, "Reshape", "anchors", "images,anchor_shape", "anchored");
    f.onnx.model.graph->n_output = 0;
    test_onnx_output(&f.onnx, "anchored");
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "YOLOv5 (or v3) with anchor boxes", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){.pooled = 1}); /* a prototype of masks */
    test_onnx_output(&f.onnx, "up");
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "a segmentation model", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0}); /* nothing but what the exporter says */
    f.onnx.model.n_metadata_props = 0;
    test_onnx_metadata(&f.onnx, "description", "Ultralytics YOLO99n model");
    test_onnx_find(&f.onnx, "stem1_gate/Sigmoid")->op_type = (char *)"Tanh";
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "its metadata says 'YOLO99n model'", NULL);
}

static void types(void **state)
{
    (void)state;
    static const struct {
        int type;
        const char *name;
    } cases[] = {{FLOAT8E4M3FN, "of type FLOAT8E4M3FN, which octet does not read"},
                 {INT4, "of type INT4, which"},
                 {STRING, "of type STRING, which"},
                 {99, "of type unknown, which"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){0});
        find_tensor(&f, "stem1.weight")->data_type = cases[i].type;
        test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, cases[i].name, NULL);
    }
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    OctOnnx__GraphProto *graph = f.onnx.model.graph;
    OctOnnx__SparseTensorProto sparse = OCT_ONNX__SPARSE_TENSOR_PROTO__INIT, *list[] = {&sparse};
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, "stem1.weight") == 0) {
            sparse.values = graph->initializer[i];
            graph->initializer[i] = graph->initializer[--graph->n_initializer];
        }
    graph->n_sparse_initializer = 1;
    graph->sparse_initializer = list;
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "'stem1.weight' is of type sparse tensor",
                        NULL);
    test_import_begin(&f,
                      &(struct test_onnx_variant){0}); /* what nothing reads may be of any type */
    test_onnx_list(&f.onnx, "unused", 1, 1);
    find_tensor(&f, "unused")->data_type = STRING;
    test_import_expect(&f);
    test_import_end(&f);
}

static void domains(void **state)
{
    (void)state;
    static const char *const optimised[][2] = {{"com.microsoft.nchwc", "Conv"},
                                               {"com.microsoft", "FusedConv"},
                                               {"com.ms.internal.nhwc", "Conv"}};
    struct test_import f;
    for (size_t i = 0; i < sizeof optimised / sizeof optimised[0]; i++) {
        test_import_begin(&f, &(struct test_onnx_variant){0});
        OctOnnx__NodeProto *conv = test_onnx_find(&f.onnx, "p5_conv/Conv");
        conv->domain = (char *)optimised[i][0];
        conv->op_type = (char *)optimised[i][1];
        test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "saved by ONNX Runtime's optimiser",
                            NULL);
    }
    test_import_begin(&f, &(struct test_onnx_variant){0});
    OctOnnx__FunctionProto function = OCT_ONNX__FUNCTION_PROTO__INIT, *list[] = {&function};
    OctOnnx__NodeProto *node = test_onnx_find(&f.onnx, "p5_gate/Sigmoid");
    function.domain = node->domain = (char *)"own";
    function.name = node->op_type = (char *)"Gate";
    f.onnx.model.n_functions = 1;
    f.onnx.model.functions = list;
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "a function of the file's own", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.opset_import[0]->version = 10;
    test_import_refused(&f, OCTET_UNSUPPORTED_VERSION, "export with opset 11 or newer", NULL);
}

/* ---- data beside the model ---- */

static void add_external(struct test_import *f, const char *tensor, const char *location,
                         const char *offset, const char *length)
{
    OctOnnx__TensorProto *t = find_tensor(f, tensor);
    const char *const pairs[][2] = {{"location", location}, {"offset", offset}, {"length", length}};
    t->external_data = test_onnx_memory(&f->onnx, 3 * sizeof *t->external_data);
    t->n_float_data = t->n_external_data = 0;
    for (int i = 0; i < 3; i++) {
        OctOnnx__StringStringEntryProto *entry = test_onnx_memory(&f->onnx, sizeof *entry);
        oct_onnx__string_string_entry_proto__init(entry);
        entry->key = (char *)pairs[i][0];
        entry->value = (char *)pairs[i][1];
        if (pairs[i][1])
            t->external_data[t->n_external_data++] = entry;
    }
    t->has_data_location = 1;
    t->data_location = 1;
}

static octet_status load(struct test_import *f, const char *path, octet_model **model)
{
    size_t size;
    unsigned char *bytes = test_onnx_pack(&f->onnx, &size);
    test_write_file(path, bytes, size);
    free(bytes);
    return octet_model_load(&f->test.context, path, model);
}

static void data_beside_the_model(void **state)
{
    (void)state;
    static const struct {
        const char *location, *offset, *length, *message;
    } cases[] = {
        {"weights.bin", "64", "2304", NULL},
        {"./weights.bin", "64", NULL, NULL},
        {"gone.bin", "64", "2304", "'gone.bin', which cannot be read: put it beside the model"},
        {"weights.bin", "65", "2304", "cut short"},
        {"weights.bin", "4000", "0", "begins beyond"},
        {"weights.bin", "-1", "2304", "begins beyond"},
        {"weights.bin", "0", "2304", "NULL"}, /* other numbers, but in bounds */
        {"weights.bin", "64", "2300", "elements"},
        {"../weights.bin", "0", "2304", "not below the model's folder"},
        {"a/../../weights.bin", "0", "2304", "not below the model's folder"},
        {"/etc/passwd", "0", "2304", "not below the model's folder"},
        {"", "0", "2304", "not below the model's folder"},
        {NULL, "0", "2304", "save the model as one file"},
    };
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16], data[TEST_FOLDER_BYTES + 16];
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    snprintf(data, sizeof data, "%s/weights.bin", folder);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_import f;
        octet_model *model;
        float bytes[16 + 576] = {0}; /* 8 x 8 x 3 x 3, 64 bytes into the file */
        test_import_begin(&f, &(struct test_onnx_variant){0});
        memcpy(bytes + 16, find_tensor(&f, "stem1.weight")->float_data, 576 * sizeof(float));
        test_write_file(data, bytes, sizeof bytes);
        add_external(&f, "stem1.weight", cases[i].location, cases[i].offset, cases[i].length);
        const octet_status status = load(&f, path, &model);
        if ((status == OCTET_OK) != (!cases[i].message || strcmp(cases[i].message, "NULL") == 0))
            fail_msg("case %zu: %s: %s", i, octet_status_name(status), f.test.context.message);
        if (status != OCTET_OK && !strstr(f.test.context.message, cases[i].message))
            fail_msg("case %zu: %s", i, f.test.context.message);
        const char *file;
        assert_int_equal(octet_model_data_file(model, 0, &file), status == OCTET_OK);
        if (status == OCTET_OK)
            assert_string_equal(strrchr(file, '/'), "/weights.bin");
        assert_int_equal(octet_model_data_file(model, 1, &file), 0);
        octet_model_free(&model);
        if (!cases[i].message) { /* from memory there is no folder */
            test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "save the model as one file", NULL);
            continue;
        }
        test_import_end(&f);
    }
    test_folder_remove(folder);
}

/* ---- memory ---- */

/* Whichever allocation fails, the import does, and leaves nothing. */
static void lack_of_memory(void **state)
{
    (void)state;
    octet_status status = OCTET_OUT_OF_MEMORY;
    for (int fail_at = 0; status != OCTET_OK; fail_at++) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){0});
        exchanged_by_split(&f.onnx);
        read_instead(&f, "picture");
        test_onnx_output(&f.onnx, "p5");
        f.test.fail_at = fail_at;
        status = test_import_run(&f);
        if (status != OCTET_OK && status != OCTET_OUT_OF_MEMORY)
            fail_msg("allocation %d: %s", fail_at, f.test.context.message);
        test_import_end(&f);
        assert_true(fail_at < 2000);
    }
}

/* ---- class names ---- */

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        octet_status status;
        const char *last; /* class 2, or part of the message */
    } cases[] = {
        {"a\nb\nc\n", OCTET_OK, "c"},
        {"\xef\xbb\xbf"
         "a\r\n b b \r\n\tc d\r\n\r\n\n",
         OCTET_OK, "c d"},
        {"a\nb\nc", OCTET_OK, "c"},
        {"{0: 'a', 1: \"b's\", 2: 'c'}", OCTET_OK, "c"},
        {" [\"a\", \"b\", \"\\u00e4\"]\n", OCTET_OK, "\xc3\xa4"},
        {"{\"2\": \"z\", \"0\": \"a\", \"1\": \"b\"}", OCTET_OK, "z"},
        {"a\nb\n", OCTET_MISMATCH, "2 class names, but model.onnx has 3 classes"},
        {"a\nb\nc\nd\n", OCTET_MISMATCH, "4 class names, but model.onnx has 3 classes"},
        {"", OCTET_MISMATCH, "0 class names"},
        {"a\n\nc\n", OCTET_BAD_FORMAT, "class 1 has no name"},
        {"{0: 'a', 2: 'b', 3: 'c'}", OCTET_BAD_FORMAT, "class 1 has no name"},
        {"{0: a, 1: b, 2: c}", OCTET_BAD_FORMAT, "neither one class name a line"},
        {"['a', 'b', 'c'", OCTET_BAD_FORMAT, "neither one class name a line"},
    };
    struct test_import f;
    octet_model *model;
    size_t size;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    unsigned char *bytes = test_onnx_pack(&f.onnx, &size);
    if (octet_model_load_memory(&f.test.context, bytes, size, "model.onnx", &model) != OCTET_OK)
        fail_msg("%s", f.test.context.message);
    free(bytes);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char before[64];
        snprintf(before, sizeof before, "%s", octet_model_class_name(model, 2));
        const octet_status status = octet_model_set_names(&f.test.context, model, cases[i].text);
        if (status != cases[i].status || (status && !strstr(f.test.context.message, cases[i].last)))
            fail_msg("case %zu: %s: %s", i, octet_status_name(status), f.test.context.message);
        assert_string_equal(octet_model_class_name(model, 2), status ? before : cases[i].last);
    }
    assert_int_equal(octet_model_set_names(&f.test.context, model, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_model_set_names(&f.test.context, NULL, "a"), OCTET_INVALID_ARGUMENT);
    octet_model_free(&model);
    test_import_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_in_another_order),
        cmocka_unit_test(channels_last_of_bytes),
        cmocka_unit_test(pictures_that_are_refused),
        cmocka_unit_test(size_that_nothing_says),
        cmocka_unit_test(large_batches),
        cmocka_unit_test(boxes_and_scores_apart),
        cmocka_unit_test(outputs_besides),
        cmocka_unit_test(expectation_by_vector),
        cmocka_unit_test(families),
        cmocka_unit_test(families_by_form),
        cmocka_unit_test(types),
        cmocka_unit_test(domains),
        cmocka_unit_test(data_beside_the_model),
        cmocka_unit_test(names),
        cmocka_unit_test(lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
