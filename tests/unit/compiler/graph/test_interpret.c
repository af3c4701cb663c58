/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's operators against results worked out by hand, and its limits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/graph/interpret.h"
#include "compiler/onnx/onnx_model.h"
#include "counting_context.h"
#include "onnx_builder.h"

/* One node of inputs a, b, c ... that are initializers, and output y. */
struct trial {
    struct test_context test;
    struct test_onnx onnx;
    OctOnnx__NodeProto *node;
    struct oct_array result;
};

static void begin(struct trial *t, const char *op, const char *inputs, int opset)
{
    *t = (struct trial){0};
    test_context_init(&t->test);
    test_onnx_init(&t->onnx, opset);
    test_onnx_input(&t->onnx, "x", 1, 1, (int64_t[]){1});
    test_onnx_output(&t->onnx, "y");
    t->node = test_onnx_node(&t->onnx, op, "trial", inputs, "y");
}

#define DIMS(...)                                                                                  \
    (int64_t[]){__VA_ARGS__}, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void give(struct trial *t, const char *name, const int64_t *dims, int rank,
                 const float *values)
{
    test_onnx_floats(&t->onnx, name, rank, dims, values, 0);
}

static void give_ints(struct trial *t, const char *name, const int64_t *dims, int rank,
                      const int64_t *values)
{
    test_onnx_ints(&t->onnx, name, rank, dims, values);
}

static octet_status run(struct trial *t)
{
    struct oct_onnx_model model;
    size_t size;
    unsigned char *bytes = test_onnx_pack(&t->onnx, &size);
    octet_status status = oct_onnx_open(&t->test.context, bytes, size, "trial", &model);
    free(bytes);
    assert_int_equal(status, OCTET_OK);
    struct oct_interpretation job = {NULL, 0, model.graph.outputs, 1, {1 << 20, 1 << 20}};
    status = oct_interpret(&model.graph, &job, &t->result);
    oct_onnx_close(&model);
    return status;
}

static void end(struct trial *t)
{
    oct_free(&t->test.context, t->result.data);
    assert_int_equal(t->test.live, 0);
    test_onnx_free(&t->onnx);
}

static void check_shape(const struct trial *t, enum oct_data_type type, const int64_t *dims,
                        int rank)
{
    assert_int_equal(t->result.type, type);
    assert_int_equal(t->result.rank, rank);
    for (int i = 0; i < rank; i++)
        assert_int_equal(t->result.dims[i], dims[i]);
}

static void expect(struct trial *t, const int64_t *dims, int rank, const float *values)
{
    if (run(t) != OCTET_OK)
        fail_msg("%s", t->test.context.message);
    check_shape(t, OCT_DATA_FLOAT, dims, rank);
    for (size_t i = 0; i < t->result.count; i++)
        if (!(fabsf(oct_floats(&t->result)[i] - values[i]) <= 1e-5f * (1 + fabsf(values[i]))))
            fail_msg("%s: element %zu is %g, not %g", t->node->op_type, i,
                     (double)oct_floats(&t->result)[i], (double)values[i]);
    end(t);
}

static void expect_ints(struct trial *t, const int64_t *dims, int rank, const int64_t *values)
{
    if (run(t) != OCTET_OK)
        fail_msg("%s", t->test.context.message);
    check_shape(t, OCT_DATA_INT, dims, rank);
    for (size_t i = 0; i < t->result.count; i++)
        assert_int_equal(oct_ints(&t->result)[i], values[i]);
    end(t);
}

static void expect_failure(struct trial *t, octet_status status, const char *part)
{
    assert_int_equal(run(t), status);
    if (!strstr(t->test.context.message, part))
        fail_msg("'%s' lacks '%s'", t->test.context.message, part);
    end(t);
}

/* ---- element by element ---- */

static void test_binary(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "Add", "a,b", 17);
    give(&t, "a", DIMS(2, 1, 2), (float[]){1, 2, 3, 4});
    give(&t, "b", DIMS(3, 1), (float[]){10, 20, 30});
    expect(&t, DIMS(2, 3, 2), (float[]){11, 12, 21, 22, 31, 32, 13, 14, 23, 24, 33, 34});
    begin(&t, "Sub", "a,b", 17);
    give(&t, "a", NULL, 0, (float[]){1});
    give(&t, "b", DIMS(2), (float[]){10, -20});
    expect(&t, DIMS(2), (float[]){-9, 21});
    begin(&t, "Div", "a,b", 17);
    give_ints(&t, "a", DIMS(4), (int64_t[]){7, -7, INT64_MIN, 9});
    give_ints(&t, "b", DIMS(4), (int64_t[]){2, 2, -1, 3});
    expect_ints(&t, DIMS(4), (int64_t[]){3, -3, INT64_MIN, 3});
    begin(&t, "Mod", "a,b", 17);
    give_ints(&t, "a", DIMS(4), (int64_t[]){7, -7, INT64_MIN, -9});
    give_ints(&t, "b", DIMS(4), (int64_t[]){3, 3, -1, -4});
    expect_ints(&t, DIMS(4), (int64_t[]){1, 2, 0, -1});
    begin(&t, "Div", "a,b", 17);
    give_ints(&t, "a", DIMS(1), (int64_t[]){7});
    give_ints(&t, "b", DIMS(1), (int64_t[]){0});
    expect_failure(&t, OCTET_BAD_SHAPE, "division by zero");
    begin(&t, "GreaterOrEqual", "a,b", 17);
    give(&t, "a", DIMS(3), (float[]){1, 2, 3});
    give(&t, "b", DIMS(1), (float[]){2});
    expect_ints(&t, DIMS(3), (int64_t[]){0, 1, 1});
    begin(&t, "And", "a,b", 17);
    give_ints(&t, "a", DIMS(4), (int64_t[]){0, 0, 1, 1});
    give_ints(&t, "b", DIMS(4), (int64_t[]){0, 1, 0, 1});
    expect_ints(&t, DIMS(4), (int64_t[]){0, 0, 0, 1});
    begin(&t, "Pow", "a,b", 17);
    give(&t, "a", DIMS(2), (float[]){2, 3});
    give(&t, "b", DIMS(1), (float[]){2});
    expect(&t, DIMS(2), (float[]){4, 9});
    begin(&t, "Min", "a,b,c", 17);
    give(&t, "a", DIMS(2, 1), (float[]){5, 1});
    give(&t, "b", DIMS(2), (float[]){3, 4});
    give(&t, "c", DIMS(1), (float[]){3.5f});
    expect(&t, DIMS(2, 2), (float[]){3, 3.5f, 1, 1});
    begin(&t, "Add", "a,b", 17);
    give(&t, "a", DIMS(2), (float[]){1, 2});
    give(&t, "b", DIMS(3), (float[]){1, 2, 3});
    expect_failure(&t, OCTET_BAD_SHAPE, "shapes do not fit");
    begin(&t, "Add", "a,b", 17);
    give(&t, "a", DIMS(2), (float[]){1, 2});
    give_ints(&t, "b", DIMS(2), (int64_t[]){1, 2});
    expect_failure(&t, OCTET_BAD_SHAPE, "types do not fit");
    begin(&t, "Add", "a", 17);
    give(&t, "a", DIMS(2), (float[]){1, 2});
    expect_failure(&t, OCTET_BAD_FORMAT, "too few inputs");
}

/* Of equal ones the first comes first; numbers of elements are of the axis. */
static void test_top(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "TopK", "a,k", 17);
    give(&t, "a", DIMS(2, 5), (float[]){1, 4, 2, 4, 3, -1, -2, -1, -3, -1});
    give_ints(&t, "k", DIMS(1), (int64_t[]){3});
    expect(&t, DIMS(2, 3), (float[]){4, 4, 3, -1, -1, -1});
    for (int smallest = 0; smallest < 2; smallest++) {
        begin(&t, "TopK", "a,k", 17);
        t.node->output[0] = "values";
        test_onnx_node(&t.onnx, "Identity", "", "at", "y");
        t.node->n_output = 2;
        t.node->output = test_onnx_memory(&t.onnx, 2 * sizeof *t.node->output);
        t.node->output[0] = "values";
        t.node->output[1] = "at";
        give(&t, "a", DIMS(2, 5), (float[]){1, 4, 2, 4, 3, -1, -2, -1, -3, -1});
        give_ints(&t, "k", DIMS(1), (int64_t[]){3});
        test_onnx_int(&t.onnx, t.node, "largest", !smallest);
        expect_ints(&t, DIMS(2, 3),
                    smallest ? (int64_t[]){0, 2, 4, 3, 1, 0} : (int64_t[]){1, 3, 4, 0, 2, 4});
    }
    begin(&t, "TopK", "a,k", 17); /* down the columns */
    give_ints(&t, "a", DIMS(3, 2), (int64_t[]){1, 9, 5, 2, INT64_MAX, 3});
    give_ints(&t, "k", DIMS(1), (int64_t[]){2});
    test_onnx_int(&t.onnx, t.node, "axis", 0);
    expect_ints(&t, DIMS(2, 2), (int64_t[]){INT64_MAX, 9, 5, 3});
    begin(&t, "TopK", "a,k", 17); /* all, and none */
    give(&t, "a", DIMS(3), (float[]){1, 3, 2});
    give_ints(&t, "k", DIMS(1), (int64_t[]){3});
    expect(&t, DIMS(3), (float[]){3, 2, 1});
    begin(&t, "TopK", "a,k", 17);
    give(&t, "a", DIMS(3), (float[]){1, NAN, 2});
    give_ints(&t, "k", DIMS(1), (int64_t[]){0});
    expect(&t, DIMS(0), NULL);
    begin(&t, "TopK", "a,k", 17);
    give(&t, "a", DIMS(3), (float[]){1, 3, 2});
    give_ints(&t, "k", DIMS(1), (int64_t[]){4});
    expect_failure(&t, OCTET_BAD_SHAPE, "more elements than there are");
}

static void test_picking(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "GatherElements", "a,b", 17);
    give(&t, "a", DIMS(2, 3), (float[]){1, 2, 3, 4, 5, 6});
    give_ints(&t, "b", DIMS(2, 2), (int64_t[]){2, 0, -1, 1});
    test_onnx_int(&t.onnx, t.node, "axis", 1);
    expect(&t, DIMS(2, 2), (float[]){3, 1, 6, 5});
    begin(&t, "GatherElements", "a,b", 17);
    give(&t, "a", DIMS(3, 2), (float[]){1, 2, 3, 4, 5, 6});
    give_ints(&t, "b", DIMS(1, 2), (int64_t[]){2, 1});
    expect(&t, DIMS(1, 2), (float[]){5, 4});
    begin(&t, "GatherElements", "a,b", 17);
    give(&t, "a", DIMS(2, 2), (float[]){1, 2, 3, 4});
    give_ints(&t, "b", DIMS(1, 2), (int64_t[]){2, 1});
    expect_failure(&t, OCTET_BAD_SHAPE, "out of range");
    begin(&t, "GatherElements", "a,b", 17);
    give(&t, "a", DIMS(2, 2), (float[]){1, 2, 3, 4});
    give_ints(&t, "b", DIMS(1, 3), (int64_t[]){1, 1, 1});
    expect_failure(&t, OCTET_BAD_SHAPE, "do not fit");
    begin(&t, "GatherND", "a,b", 17);
    give(&t, "a", DIMS(2, 3, 2), (float[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    give_ints(&t, "b", DIMS(1, 2, 2), (int64_t[]){1, -1, 0, 1});
    expect(&t, DIMS(1, 2, 2), (float[]){10, 11, 2, 3});
    begin(&t, "GatherND", "a,b", 17);
    give(&t, "a", DIMS(2, 2), (float[]){0, 1, 2, 3});
    give_ints(&t, "b", DIMS(2), (int64_t[]){1, 2});
    expect_failure(&t, OCTET_BAD_SHAPE, "out of range");
    begin(&t, "GatherND", "a,b", 17);
    give(&t, "a", DIMS(2, 2), (float[]){0, 1, 2, 3});
    give_ints(&t, "b", DIMS(1, 3), (int64_t[]){1, 1, 1});
    expect_failure(&t, OCTET_BAD_SHAPE, "do not fit");
}

static void test_unary(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "Sigmoid", "a", 17);
    give(&t, "a", DIMS(3), (float[]){0, 1000, -1000});
    expect(&t, DIMS(3), (float[]){0.5f, 1, 0});
    begin(&t, "Floor", "a", 17);
    give(&t, "a", DIMS(2), (float[]){1.5f, -1.5f});
    expect(&t, DIMS(2), (float[]){1, -2});
    begin(&t, "Clip", "a,b,c", 17);
    give(&t, "a", DIMS(3), (float[]){-1, 0.5f, 9});
    give(&t, "b", NULL, 0, (float[]){0});
    give(&t, "c", NULL, 0, (float[]){6});
    expect(&t, DIMS(3), (float[]){0, 0.5f, 6});
    begin(&t, "Cast", "a", 17);
    give(&t, "a", DIMS(4), (float[]){1.9f, -1.9f, NAN, 1e30f});
    test_onnx_int(&t.onnx, t.node, "to", OCT_ONNX_INT64);
    expect_ints(&t, DIMS(4), (int64_t[]){1, -1, 0, INT64_MAX});
    begin(&t, "Cast", "a", 17);
    give(&t, "a", DIMS(2), (float[]){0.25f, 0});
    test_onnx_int(&t.onnx, t.node, "to", OCT_ONNX_BOOL);
    expect_ints(&t, DIMS(2), (int64_t[]){1, 0});
    begin(&t, "Where", "a,b,c", 17);
    give_ints(&t, "a", DIMS(2, 1), (int64_t[]){1, 0});
    give(&t, "b", DIMS(2), (float[]){1, 2});
    give(&t, "c", DIMS(1), (float[]){-1});
    expect(&t, DIMS(2, 2), (float[]){1, 2, -1, -1});
    begin(&t, "BatchNormalization", "a,b,c,d,e", 17);
    give(&t, "a", DIMS(1, 2, 2), (float[]){1, 2, 3, 4});
    give(&t, "b", DIMS(2), (float[]){2, 1});
    give(&t, "c", DIMS(2), (float[]){0, 1});
    give(&t, "d", DIMS(2), (float[]){1, 3});
    give(&t, "e", DIMS(2), (float[]){4, 1});
    test_onnx_float(&t.onnx, t.node, "epsilon", 0);
    expect(&t, DIMS(1, 2, 2), (float[]){0, 1, 1, 2});
}

/* ---- movement and shapes ---- */

static const float counting[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};

static void test_movement(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "Transpose", "a", 17);
    give(&t, "a", DIMS(2, 3), counting);
    expect(&t, DIMS(3, 2), (float[]){0, 3, 1, 4, 2, 5});
    begin(&t, "Transpose", "a", 17);
    give(&t, "a", DIMS(2, 2, 2), counting);
    test_onnx_int_list(&t.onnx, t.node, "perm", 3, 1, 0, 2);
    expect(&t, DIMS(2, 2, 2), (float[]){0, 1, 4, 5, 2, 3, 6, 7});
    begin(&t, "Slice", "a,b,c,d,e", 17);
    give(&t, "a", DIMS(2, 5), counting);
    test_onnx_list(&t.onnx, "b", 2, -1, 1);
    test_onnx_list(&t.onnx, "c", 2, -100, 100);
    test_onnx_list(&t.onnx, "d", 2, 1, 0);
    test_onnx_list(&t.onnx, "e", 2, -2, 1);
    expect(&t, DIMS(1, 3), (float[]){9, 7, 5});
    begin(&t, "Slice", "a,b,c", 17);
    give(&t, "a", DIMS(4), counting);
    test_onnx_list(&t.onnx, "b", 1, 3);
    test_onnx_list(&t.onnx, "c", 1, 2);
    expect(&t, DIMS(0), NULL);
    begin(&t, "Concat", "a,b", 17);
    give(&t, "a", DIMS(2, 1), (float[]){1, 2});
    give(&t, "b", DIMS(2, 2), (float[]){3, 4, 5, 6});
    test_onnx_int(&t.onnx, t.node, "axis", -1);
    expect(&t, DIMS(2, 3), (float[]){1, 3, 4, 2, 5, 6});
    begin(&t, "Gather", "a,b", 17);
    give(&t, "a", DIMS(2, 3), counting);
    test_onnx_list(&t.onnx, "b", 2, -1, 0);
    test_onnx_int(&t.onnx, t.node, "axis", 1);
    expect(&t, DIMS(2, 2), (float[]){2, 0, 5, 3});
    begin(&t, "Gather", "a,b", 17);
    give(&t, "a", DIMS(2, 3), counting);
    test_onnx_list(&t.onnx, "b", 1, 2);
    expect_failure(&t, OCTET_BAD_SHAPE, "out of range");
    begin(&t, "Expand", "a,b", 17);
    give(&t, "a", DIMS(2, 1), (float[]){1, 2});
    test_onnx_list(&t.onnx, "b", 3, 2, 1, 2);
    expect(&t, DIMS(2, 2, 2), (float[]){1, 1, 2, 2, 1, 1, 2, 2});
    begin(&t, "Tile", "a,b", 17);
    give(&t, "a", DIMS(2, 2), counting);
    test_onnx_list(&t.onnx, "b", 2, 2, 2);
    expect(&t, DIMS(4, 4), (float[]){0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3});
}

static void test_split(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "Split", "a,b", 17);
    t.node->output = (char *[]){"z", "y"};
    t.node->n_output = 2;
    give(&t, "a", DIMS(2, 3), counting);
    test_onnx_list(&t.onnx, "b", 2, 1, 2);
    test_onnx_int(&t.onnx, t.node, "axis", 1);
    expect(&t, DIMS(2, 2), (float[]){1, 2, 4, 5});
    begin(&t, "Split", "a", 18);
    t.node->output = (char *[]){"z", "y"};
    t.node->n_output = 2;
    give(&t, "a", DIMS(5), counting);
    test_onnx_int(&t.onnx, t.node, "num_outputs", 2);
    expect(&t, DIMS(2), (float[]){3, 4});
    begin(&t, "Split", "a", 11);
    t.node->output = (char *[]){"y", "z"};
    t.node->n_output = 2;
    give(&t, "a", DIMS(5), counting);
    test_onnx_int_list(&t.onnx, t.node, "split", 2, 1, 5);
    expect_failure(&t, OCTET_BAD_SHAPE, "do not add up");
}

static void test_shapes(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "Reshape", "a,b", 17);
    give(&t, "a", DIMS(2, 3, 2), counting);
    test_onnx_list(&t.onnx, "b", 2, 0, -1);
    expect(&t, DIMS(2, 6), counting);
    begin(&t, "Reshape", "a,b", 17);
    give(&t, "a", DIMS(2, 3), counting);
    test_onnx_list(&t.onnx, "b", 2, 4, -1);
    expect_failure(&t, OCTET_BAD_SHAPE, "as many elements");
    begin(&t, "Squeeze", "a", 11);
    give(&t, "a", DIMS(1, 3, 1), counting);
    test_onnx_int_list(&t.onnx, t.node, "axes", 1, -1);
    expect(&t, DIMS(1, 3), counting);
    begin(&t, "Squeeze", "a,b", 17);
    give(&t, "a", DIMS(2, 1), counting);
    test_onnx_list(&t.onnx, "b", 1, 0);
    expect_failure(&t, OCTET_BAD_SHAPE, "not of size 1");
    begin(&t, "Unsqueeze", "a,b", 17);
    give(&t, "a", DIMS(3), counting);
    test_onnx_list(&t.onnx, "b", 2, 0, -1);
    expect(&t, DIMS(1, 3, 1), counting);
    begin(&t, "Flatten", "a", 17);
    give(&t, "a", DIMS(2, 3, 2), counting);
    test_onnx_int(&t.onnx, t.node, "axis", -1);
    expect(&t, DIMS(6, 2), counting);
    begin(&t, "Shape", "a", 17);
    give(&t, "a", DIMS(2, 3, 4), counting);
    test_onnx_int(&t.onnx, t.node, "start", 1);
    test_onnx_int(&t.onnx, t.node, "end", -1);
    expect_ints(&t, DIMS(1), (int64_t[]){3});
    begin(&t, "Range", "a,b,c", 17);
    give_ints(&t, "a", NULL, 0, (int64_t[]){5});
    give_ints(&t, "b", NULL, 0, (int64_t[]){0});
    give_ints(&t, "c", NULL, 0, (int64_t[]){-2});
    expect_ints(&t, DIMS(3), (int64_t[]){5, 3, 1});
    begin(&t, "Range", "a,b,c", 17);
    give(&t, "a", NULL, 0, (float[]){0});
    give(&t, "b", NULL, 0, (float[]){1});
    give(&t, "c", NULL, 0, (float[]){0});
    expect_failure(&t, OCTET_BAD_SHAPE, "no step");
    begin(&t, "ConstantOfShape", "a", 17);
    test_onnx_list(&t.onnx, "a", 2, 2, 1);
    expect(&t, DIMS(2, 1), (float[]){0, 0});
}

/* ---- reductions ---- */

static void test_reductions(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "ReduceMax", "a", 17);
    give(&t, "a", DIMS(2, 3), (float[]){1, 5, 2, -1, -5, -2});
    test_onnx_int_list(&t.onnx, t.node, "axes", 1, 1);
    test_onnx_int(&t.onnx, t.node, "keepdims", 0);
    expect(&t, DIMS(2), (float[]){5, -1});
    begin(&t, "ReduceSum", "a,b", 17);
    give(&t, "a", DIMS(2, 3, 2), counting);
    test_onnx_list(&t.onnx, "b", 2, 0, -1);
    expect(&t, DIMS(1, 3, 1), (float[]){14, 22, 30});
    begin(&t, "ReduceMean", "a", 17);
    give(&t, "a", DIMS(4), counting);
    expect(&t, DIMS(1), (float[]){1.5f});
    begin(&t, "ReduceProd", "a", 17);
    give_ints(&t, "a", DIMS(3), (int64_t[]){3, 640, 640});
    test_onnx_int(&t.onnx, t.node, "keepdims", 0);
    expect_ints(&t, NULL, 0, (int64_t[]){1228800});
    begin(&t, "ArgMax", "a", 17);
    give(&t, "a", DIMS(3, 2), (float[]){1, 9, 5, 9, 5, 0});
    expect_ints(&t, DIMS(1, 2), (int64_t[]){1, 0});
    /* Before opset 13 all axes from `axis` on are one. */
    const float e1 = 0.26894142f, e2 = 0.73105858f;
    begin(&t, "Softmax", "a", 13);
    give(&t, "a", DIMS(2, 2), (float[]){0, 1, 1001, 1000});
    expect(&t, DIMS(2, 2), (float[]){e1, e2, e2, e1});
    begin(&t, "Softmax", "a", 13);
    give(&t, "a", DIMS(2, 2), (float[]){0, 1, 1, 0});
    test_onnx_int(&t.onnx, t.node, "axis", 0);
    expect(&t, DIMS(2, 2), (float[]){e1, e2, e2, e1});
    begin(&t, "Softmax", "a", 11);
    give(&t, "a", DIMS(1, 2, 2), (float[]){3, 3, 3, 3});
    expect(&t, DIMS(1, 2, 2), (float[]){0.25f, 0.25f, 0.25f, 0.25f});
    begin(&t, "MatMul", "a,b", 17);
    give(&t, "a", DIMS(2, 1, 2), (float[]){1, 2, 3, 4});
    give(&t, "b", DIMS(2, 2), (float[]){1, 10, 100, 1000});
    expect(&t, DIMS(2, 1, 2), (float[]){201, 2010, 403, 4030});
}

/* ---- pictures ---- */

static void test_convolution(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "Conv", "a,b,c", 17);
    give(&t, "a", DIMS(1, 1, 3, 3), (float[]){1, 2, 3, 4, 5, 6, 7, 8, 9});
    give(&t, "b", DIMS(1, 1, 3, 3), (float[]){0, 1, 0, 1, 1, 1, 0, 1, 0});
    give(&t, "c", DIMS(1), (float[]){100});
    test_onnx_int_list(&t.onnx, t.node, "pads", 4, 1, 1, 1, 1);
    test_onnx_int_list(&t.onnx, t.node, "strides", 2, 2, 2);
    expect(&t, DIMS(1, 1, 2, 2), (float[]){107, 111, 119, 123});
    begin(&t, "Conv", "a,b", 17); /* two groups, even kernel */
    give(&t, "a", DIMS(1, 2, 2, 2), (float[]){1, 2, 3, 4, 5, 6, 7, 8});
    give(&t, "b", DIMS(2, 1, 2, 2), (float[]){1, 1, 1, 1, 1, 0, 0, -1});
    test_onnx_int(&t.onnx, t.node, "group", 2);
    expect(&t, DIMS(1, 2, 1, 1), (float[]){10, -3});
    begin(&t, "Conv", "a,b", 17); /* dilation, padding on one side only */
    give(&t, "a", DIMS(1, 1, 1, 5), (float[]){1, 2, 3, 4, 5});
    give(&t, "b", DIMS(1, 1, 1, 2), (float[]){1, 10});
    test_onnx_int_list(&t.onnx, t.node, "dilations", 2, 1, 3);
    test_onnx_int_list(&t.onnx, t.node, "pads", 4, 0, 2, 0, 0);
    expect(&t, DIMS(1, 1, 1, 4), (float[]){20, 30, 41, 52});
    begin(&t, "Conv", "a,b", 17);
    give(&t, "a", DIMS(1, 1, 1, 4), (float[]){1, 2, 3, 4});
    give(&t, "b", DIMS(1, 1, 1, 3), (float[]){1, 10, 100});
    test_onnx_int_list(&t.onnx, t.node, "strides", 2, 1, 2);
    test_onnx_string(&t.onnx, t.node, "auto_pad", "SAME_UPPER");
    expect(&t, DIMS(1, 1, 1, 2), (float[]){321, 43});
    begin(&t, "Conv", "a,b", 17);
    give(&t, "a", DIMS(1, 2, 1, 1), (float[]){1, 2});
    give(&t, "b", DIMS(1, 3, 1, 1), (float[]){1, 1, 1});
    expect_failure(&t, OCTET_BAD_SHAPE, "do not fit its input");
    begin(&t, "Conv", "a,b", 17);
    give(&t, "a", DIMS(1, 1, 2, 2), (float[]){1, 2, 3, 4});
    give(&t, "b", DIMS(1, 1, 3, 3), counting);
    expect_failure(&t, OCTET_BAD_SHAPE, "smaller than its kernel");
}

static void test_pool_and_resize(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "MaxPool", "a", 17);
    give(&t, "a", DIMS(1, 1, 2, 3), (float[]){-1, -2, -3, -4, -5, -6});
    test_onnx_int_list(&t.onnx, t.node, "kernel_shape", 2, 3, 3);
    test_onnx_int_list(&t.onnx, t.node, "pads", 4, 1, 1, 1, 1);
    expect(&t, DIMS(1, 1, 2, 3), (float[]){-1, -1, -2, -1, -1, -2});
    begin(&t, "MaxPool", "a", 17);
    give(&t, "a", DIMS(1, 1, 1, 4), counting);
    test_onnx_int_list(&t.onnx, t.node, "kernel_shape", 2, 1, 2);
    test_onnx_int_list(&t.onnx, t.node, "strides", 2, 1, 3);
    test_onnx_int(&t.onnx, t.node, "ceil_mode", 1);
    expect(&t, DIMS(1, 1, 1, 2), (float[]){1, 3});
    begin(&t, "Resize", "a,,b", 17);
    give(&t, "a", DIMS(1, 1, 1, 3), counting);
    give(&t, "b", DIMS(4), (float[]){1, 1, 2, 2});
    expect(&t, DIMS(1, 1, 2, 6), (float[]){0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2});
    begin(&t, "Resize", "a,,,b", 17);
    give(&t, "a", DIMS(1, 1, 1, 3), counting);
    test_onnx_list(&t.onnx, "b", 4, 1, 1, 1, 6);
    test_onnx_string(&t.onnx, t.node, "coordinate_transformation_mode", "asymmetric");
    test_onnx_string(&t.onnx, t.node, "nearest_mode", "ceil");
    expect(&t, DIMS(1, 1, 1, 6), (float[]){0, 1, 1, 2, 2, 2});
    begin(&t, "Resize", "a,,b", 17);
    give(&t, "a", DIMS(1, 1, 1, 3), counting);
    give(&t, "b", DIMS(4), (float[]){1, 1, 1, 2});
    test_onnx_string(&t.onnx, t.node, "mode", "linear");
    expect_failure(&t, OCTET_UNSUPPORTED_OPERATOR, "only nearest");
}

static void test_means(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "AveragePool", "a", 17);
    give(&t, "a", DIMS(1, 1, 2, 3), (float[]){0, 1, 2, 3, 4, 5});
    test_onnx_int_list(&t.onnx, t.node, "kernel_shape", 2, 2, 2);
    expect(&t, DIMS(1, 1, 1, 2), (float[]){2, 3});
    begin(&t, "AveragePool", "a", 17); /* padding that does not count */
    give(&t, "a", DIMS(1, 1, 1, 3), (float[]){3, 6, 9});
    test_onnx_int_list(&t.onnx, t.node, "kernel_shape", 2, 1, 3);
    test_onnx_int_list(&t.onnx, t.node, "pads", 4, 0, 1, 0, 1);
    expect(&t, DIMS(1, 1, 1, 3), (float[]){4.5f, 6, 7.5f});
    begin(&t, "AveragePool", "a", 17); /* and that does */
    give(&t, "a", DIMS(1, 1, 1, 3), (float[]){3, 6, 9});
    test_onnx_int_list(&t.onnx, t.node, "kernel_shape", 2, 1, 3);
    test_onnx_int_list(&t.onnx, t.node, "pads", 4, 0, 1, 0, 1);
    test_onnx_int(&t.onnx, t.node, "count_include_pad", 1);
    expect(&t, DIMS(1, 1, 1, 3), (float[]){3, 6, 5});
    begin(&t, "AveragePool", "a", 17); /* what reaches beyond never counts */
    give(&t, "a", DIMS(1, 1, 1, 3), (float[]){3, 6, 9});
    test_onnx_int_list(&t.onnx, t.node, "kernel_shape", 2, 1, 2);
    test_onnx_int_list(&t.onnx, t.node, "strides", 2, 1, 2);
    test_onnx_int(&t.onnx, t.node, "ceil_mode", 1);
    test_onnx_int(&t.onnx, t.node, "count_include_pad", 1);
    expect(&t, DIMS(1, 1, 1, 2), (float[]){4.5f, 9});
}

static void test_pad(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "Pad", "a,b", 17);
    give(&t, "a", DIMS(1, 2), (float[]){1, 2});
    test_onnx_list(&t.onnx, "b", 4, 1, 0, 0, 2);
    expect(&t, DIMS(2, 4), (float[]){0, 0, 0, 0, 1, 2, 0, 0});
    begin(&t, "Pad", "a,b,c,d", 18);
    give(&t, "a", DIMS(1, 2), (float[]){1, 2});
    test_onnx_list(&t.onnx, "b", 2, 1, 2);
    test_onnx_floats(&t.onnx, "c", 0, NULL, (float[]){7}, 0);
    test_onnx_list(&t.onnx, "d", 1, -1);
    expect(&t, DIMS(1, 5), (float[]){7, 1, 2, 7, 7});
    begin(&t, "Pad", "a,b", 17);
    give(&t, "a", DIMS(2), (float[]){1, 2});
    test_onnx_list(&t.onnx, "b", 2, 1, 1);
    test_onnx_string(&t.onnx, t.node, "mode", "reflect");
    expect_failure(&t, OCTET_BAD_SHAPE, "only constants");
    begin(&t, "Pad", "a,b", 17);
    give(&t, "a", DIMS(2), (float[]){1, 2});
    test_onnx_list(&t.onnx, "b", 2, 1 << 24, 1 << 24);
    expect_failure(&t, OCTET_UNSUPPORTED_MODEL, "too much to compute");
}

static void test_transposed(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "ConvTranspose", "a,b,c", 17);
    give(&t, "a", DIMS(1, 1, 1, 2), (float[]){1, 2});
    give(&t, "b", DIMS(1, 1, 2, 2), (float[]){1, 10, 100, 1000});
    give(&t, "c", DIMS(1), (float[]){0.5f});
    test_onnx_int_list(&t.onnx, t.node, "strides", 2, 2, 2);
    expect(&t, DIMS(1, 1, 2, 4),
           (float[]){1.5f, 10.5f, 2.5f, 20.5f, 100.5f, 1000.5f, 200.5f, 2000.5f});
    begin(&t, "ConvTranspose", "a,b", 17); /* windows that meet, padding, what is added */
    give(&t, "a", DIMS(1, 1, 1, 3), (float[]){1, 2, 3});
    give(&t, "b", DIMS(1, 1, 1, 3), (float[]){1, 10, 100});
    test_onnx_int_list(&t.onnx, t.node, "strides", 2, 1, 2);
    test_onnx_int_list(&t.onnx, t.node, "pads", 4, 0, 1, 0, 1);
    test_onnx_int_list(&t.onnx, t.node, "output_padding", 2, 0, 1);
    expect(&t, DIMS(1, 1, 1, 6), (float[]){10, 102, 20, 203, 30, 300});
    begin(&t, "ConvTranspose", "a,b", 17); /* two groups */
    give(&t, "a", DIMS(1, 2, 1, 1), (float[]){1, 2});
    give(&t, "b", DIMS(2, 1, 1, 1), (float[]){3, 5});
    test_onnx_int(&t.onnx, t.node, "group", 2);
    expect(&t, DIMS(1, 2, 1, 1), (float[]){3, 10});
    begin(&t, "ConvTranspose", "a,b", 17);
    give(&t, "a", DIMS(1, 2, 1, 1), (float[]){1, 2});
    give(&t, "b", DIMS(1, 1, 1, 1), (float[]){3});
    expect_failure(&t, OCTET_BAD_SHAPE, "do not fit its input");
    begin(&t, "ConvTranspose", "a,b", 17);
    give(&t, "a", DIMS(1, 1, 1, 1), (float[]){1});
    give(&t, "b", DIMS(1, 1, 1, 1), (float[]){3});
    test_onnx_int_list(&t.onnx, t.node, "strides", 2, 1 << 24, 1 << 25);
    expect_failure(&t, OCTET_BAD_SHAPE, "are not read");
    begin(&t, "DepthToSpace", "a", 17);
    give(&t, "a", DIMS(1, 8, 1, 1), (float[]){0, 1, 2, 3, 4, 5, 6, 7});
    test_onnx_int(&t.onnx, t.node, "blocksize", 2);
    expect(&t, DIMS(1, 2, 2, 2), (float[]){0, 2, 4, 6, 1, 3, 5, 7});
    begin(&t, "DepthToSpace", "a", 17);
    give(&t, "a", DIMS(1, 8, 1, 1), (float[]){0, 1, 2, 3, 4, 5, 6, 7});
    test_onnx_int(&t.onnx, t.node, "blocksize", 2);
    test_onnx_string(&t.onnx, t.node, "mode", "CRD");
    expect(&t, DIMS(1, 2, 2, 2), (float[]){0, 1, 2, 3, 4, 5, 6, 7});
    begin(&t, "DepthToSpace", "a", 17);
    give(&t, "a", DIMS(1, 8, 1, 1), (float[]){0, 1, 2, 3, 4, 5, 6, 7});
    test_onnx_int(&t.onnx, t.node, "blocksize", 3);
    expect_failure(&t, OCTET_BAD_SHAPE, "block does not fit");
}

/* ---- limits ---- */

static void test_limits(void **state)
{
    (void)state;
    struct trial t;
    begin(&t, "Expand", "a,b", 17);
    give(&t, "a", DIMS(1), (float[]){1});
    test_onnx_list(&t.onnx, "b", 2, 1000, 1000);
    expect_failure(&t, OCTET_UNSUPPORTED_MODEL, "memory");
    begin(&t, "Expand", "a,b", 17);
    give(&t, "a", DIMS(1), (float[]){1});
    test_onnx_list(&t.onnx, "b", 3, 1 << 20, 1 << 20, 1 << 20);
    expect_failure(&t, OCTET_BAD_SHAPE, "too large");
    begin(&t, "MatMul", "a,b", 17); /* 2^21 multiply-adds */
    test_onnx_floats(&t.onnx, "a", 2, (int64_t[]){128, 128}, NULL, 1);
    test_onnx_floats(&t.onnx, "b", 2, (int64_t[]){128, 128}, NULL, 1);
    expect_failure(&t, OCTET_UNSUPPORTED_MODEL, "time");
    begin(&t, "Mish", "a", 17);
    give(&t, "a", DIMS(1), (float[]){1});
    expect_failure(&t, OCTET_UNSUPPORTED_OPERATOR, "operator Mish at node 'trial'");
    begin(&t, "Neg", "x", 17);
    expect_failure(&t, OCTET_BAD_FORMAT, "not known");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binary),      cmocka_unit_test(test_top),
        cmocka_unit_test(test_picking),     cmocka_unit_test(test_unary),
        cmocka_unit_test(test_movement),    cmocka_unit_test(test_split),
        cmocka_unit_test(test_shapes),      cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_convolution), cmocka_unit_test(test_pool_and_resize),
        cmocka_unit_test(test_means),       cmocka_unit_test(test_pad),
        cmocka_unit_test(test_transposed),  cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
