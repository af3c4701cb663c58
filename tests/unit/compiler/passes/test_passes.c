/* SPDX-License-Identifier: Apache-2.0 */
/* From the small detector in all its variants to the network; what is refused, and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/passes/passes.h"
#include "import_case.h"
#include "network_run.h"
#include "random.h"

enum { CLASSES = 3, ANCHORS = 84, LAYERS = 22, SIZE = 64 };

/* ---- what is read ---- */

static int find_layer(const struct oct_imported *imported, const char *output)
{
    for (int l = 0; l < imported->network.layer_count; l++)
        if (strcmp(imported->network.tensors[imported->network.layers[l].output].name, output) == 0)
            return l;
    fail_msg("no layer writes '%s'", output);
    return -1;
}

static void check_structure(struct test_import *f)
{
    const struct oct_imported *imported = f->imported;
    assert_int_equal(imported->network.layer_count, LAYERS);
    assert_int_equal(imported->network.head.output_count, 6);
    assert_int_equal(imported->network.head.class_count, CLASSES);
    assert_int_equal(imported->network.head.of.yolov8.reg_max, 4);
    for (int l = 0; l < 3; l++)
        assert_int_equal(imported->network.head.outputs[2 * l].stride, 8 << l);
    const struct oct_layer *sum = &imported->network.layers[find_layer(imported, "sum")];
    assert_true(sum->activation == OCT_ACTIVATION_SILU && sum->residual >= 0);
    const struct oct_tensor *half = &imported->network.tensors[sum->residual];
    assert_int_equal(half->kind, OCT_TENSOR_SLICE);
    assert_int_equal(half->offset, 8);
    assert_int_equal(half->channels, 8);
    assert_string_equal(imported->network.tensors[half->parent].name, "c2f1");
    /* half0 and half1 together are their parent. */
    const struct oct_layer *p3 = &imported->network.layers[find_layer(imported, "p3")];
    const struct oct_tensor *all = &imported->network.tensors[p3->input];
    assert_int_equal(all->kind, OCT_TENSOR_CONCAT);
    assert_int_equal(all->member_count, 2);
    assert_int_equal(all->members[0], half->parent);
    assert_int_equal(all->members[1], sum->output);
    assert_int_equal(imported->network.layers[find_layer(imported, "box3")].activation, 0);
    assert_int_equal(imported->network.layers[find_layer(imported, "up")].operation, OCT_UPSAMPLE);
    const struct oct_layer *pool = &imported->network.layers[find_layer(imported, "pool2")];
    assert_int_equal(pool->operation, OCT_MAX_POOL);
    assert_int_equal(pool->kernel, 5);
    assert_int_equal(imported->network.tensors[0].kind, OCT_TENSOR_INPUT);
    struct oct_network_size sizes[OCT_TENSORS_MAX];
    assert_int_equal(oct_network_sizes(&f->test.context, &imported->network, SIZE, SIZE, sizes),
                     OCTET_OK);
    for (int t = 0; t < imported->network.tensor_count; t++)
        assert_true(imported->network.tensors[t].channels > 0 && sizes[t].height > 0);
}

/* The network gives what the file's graph gives before any pass. */
static void check_numbers(struct test_import *f, int transposed)
{
    size_t size, count;
    int anchors;
    unsigned char *bytes = test_onnx_pack(&f->onnx, &size);
    float *planes = test_planes(SIZE, SIZE, 5);
    float *wanted = test_graph_run(&f->test.context, bytes, size, planes, SIZE, SIZE, &count);
    float *is = test_network_run(&f->imported->network, planes, SIZE, SIZE, &anchors);
    assert_int_equal(anchors, ANCHORS);
    assert_int_equal(count, (4 + CLASSES) * ANCHORS);
    for (size_t i = 0; transposed && i < count; i++) /* compared in the network's order */
        planes[i] = wanted[i % ANCHORS * (4 + CLASSES) + i / ANCHORS];
    test_compare_predictions(is, transposed ? planes : wanted, CLASSES, ANCHORS, 1e-3, 1e-5);
    free(bytes);
    free(planes);
    free(wanted);
    free(is);
}

static void test_variants(void **state)
{
    static const struct test_onnx_variant variants[] = {
        {.opset = 0},
        {.old_head = 1},
        {.dynamic = 1},
        {.batchnorm = 1},
        {.identities = 1},
        {.slices = 1},
        {.swapped = 1},
        {.reversed = 1},
        {.opset = 11, .split_in_attribute = 1, .old_head = 1},
        {.transposed = 1},
        {.no_names = 1, .slices = 1, .old_head = 1, .reversed = 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        struct test_import f;
        test_import_begin(&f, &variants[i]);
        test_import_expect(&f);
        check_structure(&f);
        assert_int_equal(f.imported->network.size_is_fixed, !variants[i].dynamic);
        assert_true(f.imported->probe_box_difference_px < 1e-3);
        assert_true(f.imported->probe_score_difference < 1e-5);
        check_numbers(&f, variants[i].transposed);
        test_import_end(&f);
    }
}

static void test_description(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){.dynamic = 1});
    test_import_expect(&f);
    assert_string_equal(f.imported->network.class_names[0], "ant");
    assert_string_equal(f.imported->network.class_names[1], "bee's");
    assert_string_equal(f.imported->network.class_names[2], "c\xc3\xa4t");
    assert_string_equal(f.imported->network.description, "small detector");
    assert_int_equal(f.imported->metadata_count, 4);
    assert_string_equal(f.imported->metadata_keys[1], "task");
    assert_string_equal(f.imported->metadata_values[1], "detect");
    assert_int_equal(f.imported->network.input_height, 64);
    assert_string_equal(f.imported->inputs[0].name, "images");
    assert_string_equal(f.imported->inputs[0].type, "float32");
    assert_string_equal(f.imported->inputs[0].shape, "openx3xopenxopen");
    assert_string_equal(f.imported->outputs[0].name, "output0");
    assert_string_equal(f.imported->outputs[0].shape, "");
    assert_int_equal(f.imported->opset, 17);
    assert_string_equal(f.log, "");
    test_import_end(&f);
}

static void test_names_mismatch(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.metadata_props[2]->value = "{0: 'only'}";
    test_import_expect(&f);
    assert_string_equal(f.imported->network.class_names[0], "class0");
    assert_non_null(strstr(f.log, "names 1 classes, its head has 3"));
    test_import_end(&f);
}

/* Selection of boxes after the prediction is cut off, also where the boxes are corners. */
static void test_embedded_selection(void **state)
{
    (void)state;
    for (int corners = 0; corners < 2; corners++) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){0});
        test_onnx_find(&f.onnx, "output0/Concat")->output[0] = "prediction";
        if (corners) {
            test_onnx_int(&f.onnx, test_onnx_node(&f.onnx, "Concat", "", "corner1,corner2", "xyxy"),
                          "axis", 1);
            test_onnx_find(&f.onnx, "pixels/Mul")->input[0] = "xyxy";
        }
        test_onnx_node(&f.onnx, "TopK", "select", "prediction,k", "output0,indices");
        test_onnx_list(&f.onnx, "k", 1, 10);
        test_import_expect(&f);
        check_structure(&f);
        assert_true(f.imported->network.head.selection.is_own);
        assert_true(f.imported->network.head.selection.iou == 1.0);
        assert_int_equal(f.imported->network.head.selection.max_detections, 10);
        assert_non_null(strstr(f.log, "TopK"));
        test_import_end(&f);
    }
}

/* ---- what is refused ---- */

static void test_refused_operators(void **state)
{
    static const struct {
        const char *old, *op, *part;
    } cases[] = {
        {"m1/Mul", "Elu", "activations that are read are SiLU, ReLU"},
        {"m1/Mul", "Mish", "activations that are read are SiLU, ReLU"},
        {"pool2/MaxPool", "AveragePool", "its padding does not count"},
        {"sum/Add", "Max", "do not have it there"},
        {"sum/Add", "Mul", "not part of a SiLU"},
        {"m1_gate/Sigmoid", "Exp", "do not have it there"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_import f;
        char operator_text[64];
        test_import_begin(&f, &(struct test_onnx_variant){0});
        OctOnnx__NodeProto *node = test_onnx_find(&f.onnx, cases[i].old);
        node->op_type = (char *)(uintptr_t)cases[i].op;
        if (strcmp(cases[i].op, "Elu") == 0 || strcmp(cases[i].op, "Mish") == 0)
            node->n_input = 1;
        snprintf(operator_text, sizeof operator_text, "operator %s at node", cases[i].op);
        test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, operator_text, cases[i].part);
    }
}

static void set_ints(struct test_import *f, const char *node_name, const char *attribute, int a,
                     int b, int c, int d)
{
    OctOnnx__NodeProto *node = test_onnx_find(&f->onnx, node_name);
    for (size_t i = 0; i < node->n_attribute; i++)
        if (strcmp(node->attribute[i]->name, attribute) == 0)
            node->attribute[i]->name = "unused";
    if (c < 0)
        test_onnx_int_list(&f->onnx, node, attribute, 2, a, b);
    else
        test_onnx_int_list(&f->onnx, node, attribute, 4, a, b, c, d);
}

static void test_refused_windows(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    set_ints(&f, "m1_conv/Conv", "dilations", 2, 2, -1, -1);
    set_ints(&f, "m1_conv/Conv", "pads", 2, 2, 2, 2);
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "node 'm1_conv/Conv'", "dilation 1");
    test_import_begin(&f, &(struct test_onnx_variant){0});
    set_ints(&f, "m1_conv/Conv", "pads", 2, 1, 0, 1);
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "node 'm1_conv/Conv'", "padding differs");
    test_import_begin(&f, &(struct test_onnx_variant){0});
    set_ints(&f, "pool1/MaxPool", "pads", 1, 2, 3, 2);
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "node 'pool1/MaxPool'", "padding differs");
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_find(&f.onnx, "up/Resize")->attribute[1]->s =
        (ProtobufCBinaryData){4, (uint8_t *)"ceil"};
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "node 'up/Resize'", "position / 2");
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_find(&f.onnx, "up/Resize")->attribute[0]->s.data = (uint8_t *)"linear ";
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "node 'up/Resize'", "only nearest");
}

static void test_refused_heads(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_find(&f.onnx, "dfl_soft/Softmax")->op_type = "Sigmoid";
    test_onnx_find(&f.onnx, "dfl_soft/Softmax")->n_attribute = 0;
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "no YOLO detection head", "no Softmax");
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_find(&f.onnx, "scores/Sigmoid")->op_type = "Exp";
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "no YOLO detection head", "no Sigmoid");
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_find(&f.onnx, "corner1/Sub")->op_type = "Add";
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "the head decodes differently: boxes by",
                        NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_output(&f.onnx, "m1_conv"); /* a convolution more */
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "not a plain detection head", "m1_conv");
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_find(&f.onnx, "pixels/Mul")->input[0] = "images";
    test_import_refused(&f, OCTET_BAD_SHAPE, "operator Mul at node 'pixels/Mul'", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_find(&f.onnx, "output0/Concat")->n_input = 1;
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "no YOLO detection head", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_find(&f.onnx, "output0/Concat")->input[0] = "scores";
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "no YOLO detection head", NULL);
}

static void test_refused_models(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.metadata_props[1]->value = "segment";
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "its task is 'segment'", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.graph->initializer[1]->data_location = 1;
    f.onnx.model.graph->initializer[1]->has_data_location = 1;
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "in another file", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.graph->initializer[1]->float_data[3] = 1e30f * 1e30f;
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "not finite", "stem0_conv/Conv");
    test_import_begin(&f, &(struct test_onnx_variant){0});
    test_onnx_input(&f.onnx, "more", 1, 1, (int64_t[]){1});
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "it has 2 inputs", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.graph->input[0]->type->tensor_type->elem_type = 2;
    test_import_refused(&f, OCTET_UNSUPPORTED_MODEL, "of type uint8", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.graph->input[0]->type->tensor_type->shape->dim[1]->dim_value = 1;
    test_import_refused(&f, OCTET_BAD_SHAPE, "batch x 3 x height x width", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.graph->input[0]->type->tensor_type->shape->dim[2]->dim_value = 1000000;
    test_import_refused(&f, OCTET_BAD_SHAPE, "1000000", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.graph->input[0]->type->tensor_type->shape->dim[3]->dim_value = 60;
    test_import_refused(&f, OCTET_BAD_SHAPE, "operator ", NULL);
    test_import_begin(&f, &(struct test_onnx_variant){0});
    f.onnx.model.graph->input[0]->type->tensor_type->shape->n_dim = 3;
    test_import_refused(&f, OCTET_BAD_SHAPE, "3 dimensions", NULL);
}

/* ---- metadata ---- */

static void test_names(void **state)
{
    static const struct {
        const char *text;
        int entries;
        const char *first;
    } cases[] = {
        {"{0: 'person', 1: 'car'}", 2, "person"},
        {"{0:'a',1:\"it's\",}", 2, "a"},
        {" { 1 : 'b' , 0 : 'a' } ", 2, "a"},
        {"['a', 'b']", 2, "a"},
        {"('a',)", 1, "a"},
        {"{\"0\": \"j\\u00e4\", \"1\": \"k\"}", 2, "j\xc3\xa4"},
        {"{0: 'a\\'b\\\\c\\n', 1: ''}", 2, "a'b\\c\n"},
        {"{0: '\\x41\\u4e2d\\U0001f600'}", 1, "A\xe4\xb8\xad\xf0\x9f\x98\x80"},
        {"{\"0\": \"\\ud83d\\ude00\"}", 1, "\xf0\x9f\x98\x80"},
        {"{0: '\xe4\xb8\xad'}", 1, "\xe4\xb8\xad"},
        {"{99: 'z'}", 1, NULL},
        {"{}", 0, NULL},
        {"", -1, NULL},
        {"person", -1, NULL},
        {"{0: 'a'", -1, NULL},
        {"{0: 'a'} x", -1, NULL},
        {"{0: 'a' 1: 'b'}", -1, NULL},
        {"{0: a}", -1, NULL},
        {"{0 'a'}", -1, NULL},
        {"{'x': 'a'}", -1, NULL},
        {"{0: 'a", -1, NULL},
        {"{0: 'a\\", -1, NULL},
        {"{0: '\\x4'}", -1, NULL},
        {"{0: '\\ud83d'}", -1, NULL},
        {"{0: '\\x00'}", -1, NULL},
        {"{0: '\\q'}", -1, NULL},
        {"{9999999999: 'a'}", -1, NULL},
        {"{-1: 'a'}", -1, NULL},
        {"[1, 2]", -1, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_context test;
        struct oct_arena arena;
        const char *names[4] = {NULL};
        test_context_init(&test);
        oct_arena_init(&arena, &test.context);
        int entries = oct_parse_names(&arena, cases[i].text, names, 4);
        if (entries != cases[i].entries)
            fail_msg("'%s': %d entries, wanted %d", cases[i].text, entries, cases[i].entries);
        if (cases[i].first)
            assert_string_equal(names[0], cases[i].first);
        oct_arena_clear(&arena);
        assert_int_equal(test.live, 0);
    }
}

static void test_sizes(void **state)
{
    static const struct {
        const char *text;
        int height, width; /* 0: not a size */
    } cases[] = {{"640", 640, 640},    {"[480, 640]", 480, 640},
                 {"(32,64)", 32, 64},  {" [ 320 ] ", 320, 320},
                 {"[320,]", 320, 320}, {"", 0, 0},
                 {"[", 0, 0},          {"[640, ", 0, 0},
                 {"640 x", 0, 0},      {"0", 0, 0},
                 {"-5", 0, 0},         {"12345678901", 0, 0},
                 {"[1, 2, 3]", 0, 0},  {"[640 640]", 0, 0},
                 {"640,", 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int height = 0, width = 0;
        bool ok = oct_parse_size(cases[i].text, &height, &width);
        if (ok != (cases[i].height > 0) || height != cases[i].height || width != cases[i].width)
            fail_msg("'%s': %d, %dx%d", cases[i].text, ok, height, width);
    }
}

/* ---- damage ---- */

/* `bytes` as a model, with a copy of just that size: nothing may be read past it. */
static void try_bytes(struct test_context *test, const unsigned char *bytes, size_t size)
{
    struct oct_imported *imported;
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    test->context.message[0] = '\0';
    octet_status status =
        oct_imported_from_bytes(&test->context, copy, size, "damaged.onnx", &imported);
    free(copy);
    if (status) {
        assert_null(imported);
        assert_string_not_equal(test->context.message, "");
    }
    oct_imported_free(&test->context, imported);
    assert_int_equal(test->live, 0);
}

static void test_damage(void **state)
{
    (void)state;
    struct test_import f;
    struct test_random random = test_random_of(11);
    size_t size;
    test_import_begin(&f, &(struct test_onnx_variant){.dynamic = 1});
    unsigned char *bytes = test_onnx_pack(&f.onnx, &size);
    for (size_t length = 0; length < size; length += 97)
        try_bytes(&f.test, bytes, length);
    for (int i = 0; i < 1500; i++) {
        size_t at = (size_t)test_int(&random, 0, (int)size - 1);
        unsigned char old = bytes[at];
        bytes[at] = (unsigned char)test_bits(&random);
        try_bytes(&f.test, bytes, size);
        bytes[at] = old;
    }
    free(bytes);
    test_import_end(&f);
}

static void test_allocation_failures(void **state)
{
    (void)state;
    test_import_allocations(&(struct test_onnx_variant){.batchnorm = 1, .identities = 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_description),
        cmocka_unit_test(test_names_mismatch),
        cmocka_unit_test(test_embedded_selection),
        cmocka_unit_test(test_refused_operators),
        cmocka_unit_test(test_refused_windows),
        cmocka_unit_test(test_refused_heads),
        cmocka_unit_test(test_refused_models),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
