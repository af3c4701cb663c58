/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ONNX: tensors of all types, the graph's order, damaged files. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/graph/operators.h"
#include "compiler/onnx/onnx_model.h"
#include "counting_context.h"
#include "onnx_builder.h"
#include "random.h"

struct fixture {
    struct test_context test;
    struct oct_arena arena;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    test_context_init(&f->test);
    oct_arena_init(&f->arena, &f->test.context);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    oct_arena_clear(&f->arena);
    int live = f->test.live;
    free(f);
    return live != 0;
}

/* ---- tensors ---- */

static octet_status convert(struct fixture *f, int type, size_t count, struct oct_array *array,
                            OctOnnx__TensorProto *tensor)
{
    int64_t dims[] = {(int64_t)count};
    tensor->data_type = type;
    tensor->has_data_type = 1;
    tensor->n_dims = 1;
    tensor->dims = dims;
    tensor->name = "t";
    octet_status status = oct_onnx_tensor(&f->test.context, "file.onnx", tensor, &f->arena, array);
    tensor->dims = NULL;
    return status;
}

static octet_status convert_raw(struct fixture *f, int type, size_t count, const void *bytes,
                                size_t size, struct oct_array *array)
{
    OctOnnx__TensorProto tensor;
    oct_onnx__tensor_proto__init(&tensor);
    tensor.has_raw_data = 1;
    tensor.raw_data = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)bytes};
    return convert(f, type, count, array, &tensor);
}

static void test_raw_floats(void **state)
{
    static const struct {
        uint16_t bits;
        float value;
    } halves[] = {{0x3c00, 1.0f},     {0xc000, -2.0f},         {0x7bff, 65504.0f},
                  {0x0001, 0x1p-24f}, {0x83ff, -0x1.ff8p-15f}, {0x0400, 0x1p-14f},
                  {0x7c00, INFINITY}, {0xfc00, -INFINITY},     {0x0000, 0.0f}};
    struct fixture *f = *state;
    struct oct_array array;
    for (size_t i = 0; i < sizeof halves / sizeof halves[0]; i++) {
        const uint8_t bytes[] = {halves[i].bits & 255, (uint8_t)(halves[i].bits >> 8)};
        assert_int_equal(convert_raw(f, OCT_ONNX_FLOAT16, 1, bytes, 2, &array), OCTET_OK);
        assert_true(oct_floats(&array)[0] == halves[i].value);
    }
    assert_int_equal(convert_raw(f, OCT_ONNX_FLOAT16, 1, "\x01\x7e", 2, &array), OCTET_OK);
    assert_true(isnan(oct_floats(&array)[0]));
    assert_int_equal(convert_raw(f, OCT_ONNX_BFLOAT16, 2, "\x80\x3f\x40\xc0", 4, &array), OCTET_OK);
    assert_true(oct_floats(&array)[0] == 1.0f && oct_floats(&array)[1] == -3.0f);
    const double wide[] = {0.5, -7.25};
    assert_int_equal(convert_raw(f, OCT_ONNX_DOUBLE, 2, wide, sizeof wide, &array), OCTET_OK);
    assert_true(oct_floats(&array)[0] == 0.5f && oct_floats(&array)[1] == -7.25f);
    /* At an odd address the elements cannot stay where they are. */
    unsigned char shifted[9] = {0};
    memcpy(shifted + 1, (float[]){3.5f, -1.0f}, 8);
    assert_int_equal(convert_raw(f, OCT_ONNX_FLOAT, 2, shifted + 1, 8, &array), OCTET_OK);
    assert_true(oct_floats(&array)[0] == 3.5f && oct_floats(&array)[1] == -1.0f);
}

static void test_raw_integers(void **state)
{
    static const struct {
        int type;
        size_t size;
        const char *bytes;
        int64_t value;
    } cases[] = {{OCT_ONNX_INT8, 1, "\xff", -1},
                 {OCT_ONNX_UINT8, 1, "\xff", 255},
                 {OCT_ONNX_BOOL, 1, "\x05", 1},
                 {OCT_ONNX_INT16, 2, "\x00\x80", -32768},
                 {OCT_ONNX_UINT16, 2, "\x00\x80", 32768},
                 {OCT_ONNX_INT32, 4, "\xfe\xff\xff\xff", -2},
                 {OCT_ONNX_UINT32, 4, "\xfe\xff\xff\xff", 4294967294},
                 {OCT_ONNX_INT64, 8, "\xff\xff\xff\xff\xff\xff\xff\xff", -1}};
    struct fixture *f = *state;
    struct oct_array array;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(convert_raw(f, cases[i].type, 1, cases[i].bytes, cases[i].size, &array),
                         OCTET_OK);
        assert_int_equal(array.type, OCT_DATA_INT);
        assert_int_equal(oct_ints(&array)[0], cases[i].value);
    }
}

static void test_typed_fields(void **state)
{
    struct fixture *f = *state;
    struct oct_array array;
    OctOnnx__TensorProto tensor;
    oct_onnx__tensor_proto__init(&tensor);
    int32_t halves[] = {0x3c00, 0xc000};
    tensor.n_int32_data = 2;
    tensor.int32_data = halves;
    assert_int_equal(convert(f, OCT_ONNX_FLOAT16, 2, &array, &tensor), OCTET_OK);
    assert_true(oct_floats(&array)[0] == 1.0f && oct_floats(&array)[1] == -2.0f);
    assert_int_equal(convert(f, OCT_ONNX_INT32, 2, &array, &tensor), OCTET_OK);
    assert_int_equal(oct_ints(&array)[0], 0x3c00);
    assert_int_equal(convert(f, OCT_ONNX_BOOL, 2, &array, &tensor), OCTET_OK);
    assert_int_equal(oct_ints(&array)[1], 1);
    assert_int_equal(convert(f, OCT_ONNX_INT32, 3, &array, &tensor), OCTET_BAD_FORMAT);
    assert_string_equal(f->test.context.message,
                        "file.onnx: tensor 't' has 2 elements, its shape says 3");
    double doubles[] = {1.5};
    tensor.n_double_data = 1;
    tensor.double_data = doubles;
    assert_int_equal(convert(f, OCT_ONNX_DOUBLE, 1, &array, &tensor), OCTET_OK);
    assert_true(oct_floats(&array)[0] == 1.5f);
    uint64_t wide[] = {1u << 31};
    tensor.n_uint64_data = 1;
    tensor.uint64_data = wide;
    assert_int_equal(convert(f, OCT_ONNX_UINT32, 1, &array, &tensor), OCTET_OK);
    assert_int_equal(oct_ints(&array)[0], INT64_C(1) << 31);
}

static void test_bad_tensors(void **state)
{
    struct fixture *f = *state;
    struct oct_array array;
    OctOnnx__TensorProto tensor;
    oct_onnx__tensor_proto__init(&tensor);
    assert_int_equal(convert_raw(f, OCT_ONNX_FLOAT, 2, "1234567", 7, &array), OCTET_BAD_FORMAT);
    assert_int_equal(convert_raw(f, OCT_ONNX_FLOAT, 1, "12345678", 8, &array), OCTET_BAD_FORMAT);
    assert_int_equal(convert_raw(f, OCT_ONNX_FLOAT, (size_t)-5, "", 0, &array), OCTET_BAD_FORMAT);
    assert_int_equal(convert_raw(f, OCT_ONNX_FLOAT, (size_t)1 << 40, "", 0, &array),
                     OCTET_BAD_FORMAT);
    assert_int_equal(convert_raw(f, 8, 1, "s", 1, &array), OCTET_OK); /* strings: not known */
    assert_int_equal(array.type, OCT_DATA_UNKNOWN);
    assert_int_equal(convert_raw(f, OCT_ONNX_INT64, 0, "", 0, &array), OCTET_OK);
    assert_int_equal(array.count, 0);
    assert_non_null(array.data);
    tensor.data_location = 1;
    assert_int_equal(convert(f, OCT_ONNX_FLOAT, 1, &array, &tensor), OCTET_UNSUPPORTED_MODEL);
    assert_non_null(strstr(f->test.context.message, "in another file"));
}

/* ---- graphs ---- */

/* Opens what the builder made; the model must be closed on success and on failure. */
static octet_status open_model(struct fixture *f, const struct test_onnx *onnx,
                               struct oct_onnx_model *model)
{
    size_t size;
    unsigned char *bytes = test_onnx_pack(onnx, &size);
    octet_status status = oct_onnx_open(&f->test.context, bytes, size, "file.onnx", model);
    free(bytes);
    return status;
}

static void expect_refusal(struct fixture *f, struct test_onnx *onnx, octet_status status,
                           const char *part)
{
    struct oct_onnx_model model;
    assert_int_equal(open_model(f, onnx, &model), status);
    if (!strstr(f->test.context.message, part))
        fail_msg("'%s' lacks '%s'", f->test.context.message, part);
    oct_onnx_close(&model);
    test_onnx_free(onnx);
}

static void make_chain(struct test_onnx *onnx)
{
    test_onnx_init(onnx, 17);
    test_onnx_input(onnx, "x", 1, 1, (int64_t[]){4});
    test_onnx_output(onnx, "d");
    test_onnx_node(onnx, "Neg", "third", "c", "d");
    test_onnx_node(onnx, "Add", "second", "b,a", "c");
    test_onnx_node(onnx, "Exp", "first", "x", "a");
    test_onnx_node(onnx, "Abs", "other", "x", "b");
}

static void test_order(void **state)
{
    struct fixture *f = *state;
    struct test_onnx onnx;
    struct oct_onnx_model model;
    struct oct_text text;
    make_chain(&onnx);
    assert_int_equal(open_model(f, &onnx, &model), OCTET_OK);
    static const char *const names[] = {"other", "first", "second", "third"};
    assert_int_equal(model.graph.node_count, 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(model.graph.nodes[i].name, names[i]);
    assert_int_equal(model.graph.nodes[2].op, OCT_OP_ADD);
    oct_text_init(&text, &f->test.context);
    oct_graph_dump(&model.graph, &text);
    assert_false(text.failed);
    assert_string_equal(text.bytes, "input x<float ?>\n"
                                    "Abs 'other': x<float ?> -> b<float ?>\n"
                                    "Exp 'first': x<float ?> -> a<float ?>\n"
                                    "Add 'second': b<float ?> a<float ?> -> c<float ?>\n"
                                    "Neg 'third': c<float ?> -> d<float ?>\n"
                                    "output d<float ?>\n");
    oct_text_free(&text);
    oct_onnx_close(&model);
    test_onnx_free(&onnx);
}

static void test_bad_graphs(void **state)
{
    struct fixture *f = *state;
    struct test_onnx onnx;
    make_chain(&onnx);
    test_onnx_find(&onnx, "first")->input[0] = "d";
    expect_refusal(f, &onnx, OCTET_BAD_FORMAT, "depends on its own output");
    make_chain(&onnx);
    test_onnx_find(&onnx, "first")->input[0] = "a";
    expect_refusal(f, &onnx, OCTET_BAD_FORMAT, "operator Exp at node 'first'");
    make_chain(&onnx);
    test_onnx_find(&onnx, "first")->input[0] = "gone";
    expect_refusal(f, &onnx, OCTET_BAD_FORMAT, "its input 'gone' is produced by no node");
    make_chain(&onnx);
    test_onnx_find(&onnx, "first")->output[0] = "b";
    expect_refusal(f, &onnx, OCTET_BAD_FORMAT, "'b' is produced twice");
    make_chain(&onnx);
    test_onnx_find(&onnx, "first")->output[0] = "x";
    expect_refusal(f, &onnx, OCTET_BAD_FORMAT, "'x' is produced twice");
    make_chain(&onnx);
    onnx.model.graph->output[0]->name = "gone";
    expect_refusal(f, &onnx, OCTET_BAD_FORMAT, "output 'gone'");
    make_chain(&onnx);
    onnx.model.graph->n_output = 0;
    expect_refusal(f, &onnx, OCTET_UNSUPPORTED_MODEL, "no output");
    make_chain(&onnx);
    test_onnx_list(&onnx, "same", 1, 1);
    test_onnx_list(&onnx, "same", 1, 1);
    expect_refusal(f, &onnx, OCTET_BAD_FORMAT, "two initializers 'same'");
    make_chain(&onnx);
    onnx.model.opset_import[0]->version = 10;
    expect_refusal(f, &onnx, OCTET_UNSUPPORTED_VERSION, "opset 10");
    make_chain(&onnx);
    onnx.model.graph->n_node = 0;
    expect_refusal(f, &onnx, OCTET_BAD_FORMAT, "no graph");
}

static void test_attributes(void **state)
{
    struct fixture *f = *state;
    struct test_onnx onnx;
    struct oct_onnx_model model;
    make_chain(&onnx);
    OctOnnx__NodeProto *node = test_onnx_find(&onnx, "third");
    node->domain = "com.example";
    test_onnx_int(&onnx, node, "i", -3);
    test_onnx_float(&onnx, node, "f", 0.5f);
    test_onnx_string(&onnx, node, "s", "text");
    test_onnx_int_list(&onnx, node, "list", 2, 7, 8);
    test_onnx_string(&onnx, node, "empty", "");
    assert_int_equal(open_model(f, &onnx, &model), OCTET_OK);
    const struct oct_node *read = &model.graph.nodes[3];
    assert_int_equal(read->op, OCT_OP_OTHER);
    assert_string_equal(read->op_name, "com.example.Neg");
    assert_int_equal(oct_node_int(read, "i", 0), -3);
    assert_int_equal(oct_node_int(read, "f", 9), 9); /* another kind */
    assert_true(oct_node_float(read, "f", 0) == 0.5f);
    assert_string_equal(oct_node_string(read, "s", ""), "text");
    assert_string_equal(oct_node_string(read, "empty", "?"), "");
    const struct oct_attribute *list = oct_node_attribute(read, "list", OCT_ATTRIBUTE_INTS);
    assert_non_null(list);
    assert_int_equal(list->count, 2);
    assert_int_equal(list->integers[1], 8);
    oct_onnx_close(&model);
    test_onnx_free(&onnx);
}

static void test_constants(void **state)
{
    struct fixture *f = *state;
    struct test_onnx onnx;
    struct oct_onnx_model model;
    make_chain(&onnx);
    OctOnnx__NodeProto *list = test_onnx_node(&onnx, "Constant", "", "", "list");
    test_onnx_int_list(&onnx, list, "value_ints", 2, 5, 6);
    OctOnnx__NodeProto *number = test_onnx_node(&onnx, "Constant", "", "", "number");
    test_onnx_float(&onnx, number, "value_float", 2.5f);
    /* Listed among the inputs, as old exporters do, an initializer is no input. */
    test_onnx_input(&onnx, "weights", 1, 1, (int64_t[]){2});
    test_onnx_floats(&onnx, "weights", 1, (int64_t[]){2}, (float[]){1, 2}, 0);
    assert_int_equal(open_model(f, &onnx, &model), OCTET_OK);
    assert_int_equal(model.graph.node_count, 4);
    assert_int_equal(model.graph.input_count, 1);
    int found = 0;
    for (size_t v = 0; v < model.graph.value_count; v++) {
        const struct oct_value *value = &model.graph.values[v];
        if (strcmp(value->name, "list") == 0)
            found += value->array.rank == 1 && oct_ints(&value->array)[1] == 6;
        if (strcmp(value->name, "number") == 0)
            found += value->array.rank == 0 && oct_floats(&value->array)[0] == 2.5f;
    }
    assert_int_equal(found, 2);
    oct_onnx_close(&model);
    test_onnx_free(&onnx);
}

/* ---- damaged files ---- */

static void try_bytes(struct fixture *f, const unsigned char *bytes, size_t size)
{
    struct oct_onnx_model model;
    /* A copy of just that size, so that a read past it is seen by the sanitizers. */
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    f->test.context.message[0] = '\0';
    octet_status status = oct_onnx_open(&f->test.context, copy, size, "file.onnx", &model);
    if (status)
        assert_string_not_equal(f->test.context.message, "");
    oct_onnx_close(&model);
    free(copy);
}

static void test_damage(void **state)
{
    struct fixture *f = *state;
    struct test_onnx onnx;
    struct test_random random = test_random_of(7);
    size_t size;
    make_chain(&onnx);
    test_onnx_floats(&onnx, "w", 2, (int64_t[]){2, 3}, NULL, 1);
    test_onnx_metadata(&onnx, "key", "value");
    test_onnx_int_list(&onnx, test_onnx_find(&onnx, "first"), "list", 3, 1, 2, 3);
    unsigned char *bytes = test_onnx_pack(&onnx, &size);
    for (size_t length = 0; length < size; length++)
        try_bytes(f, bytes, length);
    for (int i = 0; i < 5000; i++) {
        size_t at = (size_t)test_int(&random, 0, (int)size - 1);
        unsigned char old = bytes[at];
        bytes[at] = (unsigned char)test_bits(&random);
        try_bytes(f, bytes, size);
        bytes[at] = old;
    }
    free(bytes);
    test_onnx_free(&onnx);
}

/* Entries of no bytes, two bytes each in the file, far more unpacked; and a graph that stands many
 * times, which merging would copy as many times. */
static void test_limits(void **state)
{
    static const unsigned char fields[] = {14 << 3 | 2, 7 << 3 | 2};
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        const size_t entries = (size_t)4 << 20, length = i ? 4 : 2;
        struct oct_onnx_model model;
        unsigned char *bytes = calloc(entries, length);
        assert_non_null(bytes);
        for (size_t at = 0; at < entries; at++) {
            bytes[length * at] = fields[i];
            if (i)
                memcpy(bytes + length * at + 1, (unsigned char[]){2, 1 << 3 | 2, 0}, 3);
        }
        assert_int_equal(
            oct_onnx_open(&f->test.context, bytes, entries * length, "file.onnx", &model),
            OCTET_BAD_FORMAT);
        assert_non_null(strstr(f->test.context.message, "unpacks to far more"));
        oct_onnx_close(&model);
        assert_int_equal(f->test.live, 0);
        free(bytes);
    }
}

static void test_allocation_failures(void **state)
{
    struct fixture *f = *state;
    struct test_onnx onnx;
    struct oct_onnx_model model;
    make_chain(&onnx);
    test_onnx_floats(&onnx, "w", 1, (int64_t[]){2}, NULL, 1);
    int succeeded = 0;
    for (int n = 0; !succeeded; n++) {
        f->test.calls = 0;
        f->test.fail_at = n;
        octet_status status = open_model(f, &onnx, &model);
        succeeded = status == OCTET_OK;
        if (!succeeded)
            assert_int_equal(status, OCTET_OUT_OF_MEMORY);
        oct_onnx_close(&model);
        assert_int_equal(f->test.live, 0);
        assert_true(n < 10000);
    }
    test_onnx_free(&onnx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_raw_floats, setup, teardown),
        cmocka_unit_test_setup_teardown(test_raw_integers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_typed_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_tensors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_graphs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_attributes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_constants, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_allocation_failures, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
