/* SPDX-License-Identifier: Apache-2.0 */
/* Pools of all kinds, Pads and transposed convolutions on their way to layers, and what of them is
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/passes/passes.h"
#include "import_case.h"
#include "network_run.h"

enum { CLASSES = 3, ANCHORS = 84, SIZE = 64 };

static const struct test_onnx_variant pooled = {.pooled = 1};

static void expect_layer(struct test_import *f, const char *output, struct oct_layer wanted)
{
    const struct oct_layer *is = test_import_layer(f, output);
    if (is->operation != wanted.operation || is->kernel != wanted.kernel ||
        is->stride != wanted.stride || is->padding != wanted.padding ||
        is->uneven != wanted.uneven || is->zeros != wanted.zeros)
        fail_msg("%s: operation %d, kernel %d, stride %d, padding %d and %d, zeros %d", output,
                 (int)is->operation, is->kernel, is->stride, is->padding, is->uneven, is->zeros);
}

static void check(struct test_import *f)
{
    test_import_expect(f);
    test_import_numbers(f, 1e-5);
    test_import_end(f);
}

static void all_kinds(void **state)
{
    (void)state;
    static const struct test_onnx_variant variants[] = {
        {.pooled = 1},
        {.pooled = 1, .dynamic = 1},
        {.pooled = 1, .reversed = 1, .no_names = 0},
        {.pooled = 1, .identities = 1, .batchnorm = 1, .swapped = 1},
        {.pooled = 1, .opset = 11, .split_in_attribute = 1, .old_head = 1},
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        struct test_import f;
        test_import_begin(&f, &variants[i]);
        test_import_expect(&f);
        assert_int_equal(f.imported->network.layer_count, 25);
        expect_layer(&f, "smooth",
                     (struct oct_layer){.operation = OCT_WINDOW_MEAN, .kernel = 2, .stride = 1});
        expect_layer(&f, "down4",
                     (struct oct_layer){
                         .operation = OCT_WINDOW_MAX, .kernel = 3, .stride = 2, .padding = 1});
        expect_layer(&f, "down5", (struct oct_layer){.kernel = 3, .stride = 2, .uneven = 1});
        expect_layer(
            &f, "pool1",
            (struct oct_layer){
                .operation = OCT_WINDOW_MAX, .kernel = 2, .stride = 1, .uneven = 1, .zeros = 1});
        expect_layer(&f, "pool2",
                     (struct oct_layer){
                         .operation = OCT_WINDOW_MEAN, .kernel = 3, .stride = 1, .padding = 1});
        expect_layer(&f, "pool3",
                     (struct oct_layer){.operation = OCT_MAX_POOL, .kernel = 5, .stride = 1});
        expect_layer(&f, "up.depth", (struct oct_layer){.kernel = 1, .stride = 1});
        expect_layer(&f, "up",
                     (struct oct_layer){.operation = OCT_DEPTH_TO_SPACE, .kernel = 1, .stride = 1});
        assert_string_equal(f.log, "");
        test_import_numbers(&f, 1e-5);
        test_import_end(&f);
    }
}

static OctOnnx__NodeProto *clear(struct test_import *f, const char *name)
{
    OctOnnx__NodeProto *node = test_onnx_find(&f->onnx, name);
    node->n_attribute = 0;
    return node;
}

static void set_pool(struct test_import *f, OctOnnx__NodeProto *node, int kernel, int stride,
                     int begin, int end)
{
    node->n_attribute = 0;
    test_onnx_int_list(&f->onnx, node, "kernel_shape", 2, kernel, kernel);
    test_onnx_int_list(&f->onnx, node, "strides", 2, stride, stride);
    test_onnx_int_list(&f->onnx, node, "pads", 4, begin, begin, end, end);
}

/* down5, a convolution of stride 2 behind a Pad, in other ways. */
static void convolutions(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &pooled); /* padding of its own that differs between sides */
    OctOnnx__NodeProto *conv = clear(&f, "down5_conv/Conv");
    conv->input[0] = (char *)"down4";
    test_onnx_int_list(&f.onnx, conv, "strides", 2, 2, 2);
    test_onnx_int_list(&f.onnx, conv, "pads", 4, 0, 0, 1, 1);
    test_import_expect(&f);
    expect_layer(&f, "down5", (struct oct_layer){.kernel = 3, .stride = 2, .uneven = 1});
    test_import_numbers(&f, 1e-5);
    test_import_end(&f);
    test_import_begin(&f, &pooled); /* more above than below */
    conv = clear(&f, "down5_conv/Conv");
    conv->input[0] = (char *)"down4";
    test_onnx_int_list(&f.onnx, conv, "strides", 2, 2, 2);
    test_onnx_int_list(&f.onnx, conv, "pads", 4, 1, 1, 0, 0);
    test_import_expect(&f);
    expect_layer(&f, "down5",
                 (struct oct_layer){.kernel = 3, .stride = 2, .padding = 1, .uneven = -1});
    test_import_numbers(&f, 1e-5);
    test_import_end(&f);
    test_import_begin(&f, &pooled); /* by its name */
    conv = clear(&f, "down5_conv/Conv");
    conv->input[0] = (char *)"down4";
    test_onnx_int_list(&f.onnx, conv, "strides", 2, 2, 2);
    test_onnx_string(&f.onnx, conv, "auto_pad", "SAME_UPPER");
    test_import_expect(&f);
    expect_layer(&f, "down5", (struct oct_layer){.kernel = 3, .stride = 2, .uneven = 1});
    test_import_numbers(&f, 1e-5);
    test_import_end(&f);
    test_import_begin(&f, &pooled); /* a Pad's and its own */
    conv = clear(&f, "down5_conv/Conv");
    test_onnx_int_list(&f.onnx, conv, "strides", 2, 2, 2);
    test_onnx_int_list(&f.onnx, conv, "pads", 4, 1, 1, 0, 0);
    test_import_expect(&f);
    expect_layer(&f, "down5", (struct oct_layer){.kernel = 3, .stride = 2, .padding = 1});
    test_import_numbers(&f, 1e-5);
    test_import_end(&f);
}

/* Pads in other forms, and of several readers. */
static void paddings(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &pooled); /* of named axes */
    OctOnnx__NodeProto *pad = test_onnx_find(&f.onnx, "padded5/Pad");
    test_onnx_list(&f.onnx, "margins", 4, 0, 0, 1, 1);
    test_onnx_list(&f.onnx, "axes", 2, -2, 3);
    static const char *inputs[] = {"sppf1", "margins", "", "axes"};
    pad->input = (char **)(uintptr_t)inputs;
    pad->n_input = 4;
    check(&f);
    test_import_begin(&f, &pooled); /* read by two pools */
    test_onnx_find(&f.onnx, "pool1/MaxPool")->input[0] = (char *)"padded5";
    OctOnnx__NodeProto *mean = test_onnx_find(&f.onnx, "pool2/AveragePool");
    mean->input[0] = (char *)"padded5";
    set_pool(&f, mean, 2, 1, 0, 0);
    test_import_expect(&f);
    expect_layer(
        &f, "pool2",
        (struct oct_layer){.operation = OCT_WINDOW_MEAN, .kernel = 2, .stride = 1, .uneven = 1});
    test_import_numbers(&f, 1e-5);
    test_import_end(&f);
    test_import_begin(&f, &pooled); /* one behind the other */
    test_onnx_list(&f.onnx, "more", 8, 0, 0, 1, 1, 0, 0, 0, 0);
    test_onnx_node(&f.onnx, "Pad", "again", "padded5,more,nothing", "padded6");
    OctOnnx__NodeProto *pool = test_onnx_find(&f.onnx, "pool1/MaxPool");
    pool->input[0] = (char *)"padded6";
    set_pool(&f, pool, 3, 1, 0, 0);
    test_import_expect(&f);
    expect_layer(
        &f, "pool1",
        (struct oct_layer){
            .operation = OCT_WINDOW_MAX, .kernel = 3, .stride = 1, .padding = 1, .zeros = 1});
    test_import_numbers(&f, 1e-5);
    test_import_end(&f);
}

/* Windows of down4 and pool1, to the sizes that those have. */
static void windows(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &pooled);
    set_pool(&f, test_onnx_find(&f.onnx, "down4/MaxPool"), 2, 2, 0, 0);
    check(&f);
    test_import_begin(&f, &pooled); /* nothing to round up */
    set_pool(&f, test_onnx_find(&f.onnx, "down4/MaxPool"), 2, 2, 0, 0);
    test_onnx_int(&f.onnx, test_onnx_find(&f.onnx, "down4/MaxPool"), "ceil_mode", 1);
    test_import_expect(&f);
    expect_layer(
        &f, "down4",
        (struct oct_layer){.operation = OCT_WINDOW_MAX, .kernel = 2, .stride = 2, .uneven = 1});
    test_import_numbers(&f, 1e-5);
    test_import_end(&f);
    test_import_begin(&f, &pooled);
    set_pool(&f, test_onnx_find(&f.onnx, "down4/MaxPool"), 4, 2, 1, 1);
    check(&f);
    test_import_begin(&f, &pooled); /* what takes no part, on one side alone */
    OctOnnx__NodeProto *pool = test_onnx_find(&f.onnx, "pool1/MaxPool");
    pool->input[0] = (char *)"sppf1";
    set_pool(&f, pool, 2, 1, 1, 0);
    test_import_expect(&f);
    expect_layer(
        &f, "pool1",
        (struct oct_layer){
            .operation = OCT_WINDOW_MAX, .kernel = 2, .stride = 1, .padding = 1, .uneven = -1});
    test_import_numbers(&f, 1e-5);
    test_import_end(&f);
    test_import_begin(&f, &pooled); /* sizes rounded up: 15 to 8 */
    OctOnnx__NodeProto *conv = clear(&f, "stem2_conv/Conv");
    test_onnx_int_list(&f.onnx, conv, "pads", 4, 1, 1, 1, 1);
    conv->output[0] = (char *)"stem2_large";
    test_onnx_node(&f.onnx, "MaxPool", "rounded", "stem2_large", "stem2_conv");
    pool = test_onnx_find(&f.onnx, "rounded");
    set_pool(&f, pool, 2, 2, 0, 0);
    test_onnx_int(&f.onnx, pool, "ceil_mode", 1);
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "node 'stem2_gate/Sigmoid'",
                        "not part of a SiLU"); /* a pool stands before it */
    test_import_begin(&f, &pooled);
    conv = clear(&f, "stem2_conv/Conv");
    test_onnx_int_list(&f.onnx, conv, "pads", 4, 1, 1, 1, 1);
    test_onnx_find(&f.onnx, "stem2/Mul")->output[0] = (char *)"stem2_large";
    pool = test_onnx_node(&f.onnx, "MaxPool", "rounded", "stem2_large", "stem2");
    set_pool(&f, pool, 2, 2, 0, 0);
    test_onnx_int(&f.onnx, pool, "ceil_mode", 1);
    check(&f);
}

static void depth_to_space(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &pooled);
    OctOnnx__NodeProto *up = clear(&f, "up/ConvTranspose");
    up->op_type = (char *)"Conv";
    up->output[0] = (char *)"up_deep";
    up->n_input = 2;
    up->input[1] = (char *)"deep.weight";
    test_onnx_floats(&f.onnx, "deep.weight", 4, (int64_t[]){64, 16, 1, 1}, NULL, 0.4f);
    OctOnnx__NodeProto *move = test_onnx_node(&f.onnx, "DepthToSpace", "move", "up_deep", "up");
    test_onnx_int(&f.onnx, move, "blocksize", 2);
    check(&f);
    test_import_begin(&f, &pooled);
    clear(&f, "up/ConvTranspose")->n_input = 2; /* without bias */
    test_onnx_int_list(&f.onnx, test_onnx_find(&f.onnx, "up/ConvTranspose"), "strides", 2, 2, 2);
    check(&f);
}

/* ---- refusals ---- */

static void refuse(struct test_import *f, const char *node, const char *why)
{
    test_import_refused(f, OCTET_UNSUPPORTED_OPERATOR, node, why);
}

static void refused_paddings(void **state)
{
    (void)state;
    static const int64_t sides[][8] = {
        {0, 1, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 2000, 2000}, {0, 0, -1, 0, 0, 0, 2, 1}};
    struct test_import f;
    test_import_begin(&f, &pooled);
    test_onnx_string(&f.onnx, test_onnx_find(&f.onnx, "padded5/Pad"), "mode", "reflect");
    refuse(&f, "operator Pad at node 'padded5/Pad'", "not zeros around the height and width");
    test_import_begin(&f, &pooled);
    test_onnx_floats(&f.onnx, "something", 0, NULL, (float[]){1}, 0);
    test_onnx_find(&f.onnx, "padded5/Pad")->input[2] = (char *)"something";
    refuse(&f, "operator Pad at node 'padded5/Pad'", "not zeros around the height and width");
    for (size_t i = 0; i < 3; i++) {
        test_import_begin(&f, &pooled);
        test_onnx_ints(&f.onnx, "margins", 1, (int64_t[]){8}, sides[i]);
        test_onnx_find(&f.onnx, "padded5/Pad")->input[1] = (char *)"margins";
        const octet_status status = test_import_run(&f);
        assert_true(status == OCTET_UNSUPPORTED_OPERATOR || status == OCTET_BAD_SHAPE);
        test_import_end(&f);
    }
    test_import_begin(&f, &pooled); /* what else would have to be read */
    OctOnnx__NodeProto *pool = test_onnx_find(&f.onnx, "pool1/MaxPool");
    set_pool(&f, pool, 3, 1, 1, 0);
    refuse(&f, "operator Pad at node 'padded5/Pad'", "not zeros around the height and width");
    test_import_begin(&f, &pooled); /* wider than the kernel */
    test_onnx_list(&f.onnx, "margins", 8, 0, 0, 2, 2, 0, 0, 2, 2);
    test_onnx_find(&f.onnx, "padded5/Pad")->input[1] = (char *)"margins";
    set_pool(&f, test_onnx_find(&f.onnx, "pool1/MaxPool"), 2, 4, 0, 0);
    refuse(&f, "operator MaxPool at node 'pool1/MaxPool'", "as wide as its kernel");
}

static void refused_windows(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &pooled);
    OctOnnx__NodeProto *mean = test_onnx_find(&f.onnx, "pool2/AveragePool");
    set_pool(&f, mean, 3, 1, 1, 1);
    refuse(&f, "operator AveragePool at node 'pool2/AveragePool'", "its padding does not count");
    test_import_begin(&f, &pooled);
    OctOnnx__NodeProto *pool = test_onnx_find(&f.onnx, "down4/MaxPool");
    set_pool(&f, pool, 3, 3, 1, 1);
    test_onnx_int(&f.onnx, pool, "ceil_mode", 1);
    refuse(&f, "operator MaxPool at node 'down4/MaxPool'", "ceil_mode is not read");
    test_import_begin(&f, &pooled);
    pool = test_onnx_find(&f.onnx, "down4/MaxPool");
    pool->op_type = (char *)"AveragePool";
    set_pool(&f, pool, 2, 2, 0, 0);
    test_onnx_int(&f.onnx, pool, "ceil_mode", 1);
    refuse(&f, "operator AveragePool at node 'down4/MaxPool'", "ceil_mode");
    test_import_begin(&f, &pooled);
    pool = test_onnx_find(&f.onnx, "down4/MaxPool");
    pool->n_attribute = 0;
    test_onnx_int_list(&f.onnx, pool, "kernel_shape", 2, 2, 1);
    test_onnx_int_list(&f.onnx, pool, "strides", 2, 2, 2);
    refuse(&f, "operator MaxPool at node 'down4/MaxPool'", "2x1 is not square");
    test_import_begin(&f, &pooled);
    pool = test_onnx_find(&f.onnx, "pool3/MaxPool");
    set_pool(&f, pool, 17, 1, 8, 8);
    refuse(&f, "operator MaxPool at node 'pool3/MaxPool'", "17x17 is not square, up to 15");
    test_import_begin(&f, &pooled);
    pool = test_onnx_find(&f.onnx, "pool3/MaxPool");
    pool->n_attribute = 0;
    test_onnx_int_list(&f.onnx, pool, "kernel_shape", 2, 2, 2);
    test_onnx_int_list(&f.onnx, pool, "pads", 4, 0, 1, 1, 0);
    refuse(&f, "operator MaxPool at node 'pool3/MaxPool'", "padding differs");
}

static void refused_transposed(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int a, b;
    } attributes[] = {{"strides", 1, 1}, {"dilations", 2, 2}, {"output_padding", 1, 1}};
    struct test_import f;
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        test_import_begin(&f, &pooled);
        OctOnnx__NodeProto *up = clear(&f, "up/ConvTranspose");
        test_onnx_int_list(&f.onnx, up, "strides", 2, 2, 2);
        if (i == 0)
            up->n_attribute = 0;
        test_onnx_int_list(&f.onnx, up, attributes[i].name, 2, attributes[i].a, attributes[i].b);
        const octet_status status = test_import_run(&f);
        assert_true(status == OCTET_UNSUPPORTED_OPERATOR || status == OCTET_BAD_SHAPE);
        test_import_end(&f);
    }
    test_import_begin(&f, &pooled);
    test_onnx_int(&f.onnx, test_onnx_find(&f.onnx, "up/ConvTranspose"), "group", 2);
    assert_int_not_equal(test_import_run(&f), OCTET_OK);
    test_import_end(&f);
    test_import_begin(&f, &pooled); /* 4x4, to the same size */
    OctOnnx__NodeProto *up = clear(&f, "up/ConvTranspose");
    up->input[1] = (char *)"wide.weight";
    test_onnx_floats(&f.onnx, "wide.weight", 4, (int64_t[]){16, 16, 4, 4}, NULL, 0.4f);
    test_onnx_int_list(&f.onnx, up, "strides", 2, 2, 2);
    test_onnx_int_list(&f.onnx, up, "pads", 4, 1, 1, 1, 1);
    refuse(&f, "operator ConvTranspose at node 'up/ConvTranspose'", "2x2 with stride 2");
    test_import_begin(&f, &pooled); /* channels of pixels beside each other (PixelShuffle) */
    up = clear(&f, "up/ConvTranspose");
    up->op_type = (char *)"Conv";
    up->output[0] = (char *)"up_deep";
    up->n_input = 2;
    up->input[1] = (char *)"deep.weight";
    test_onnx_floats(&f.onnx, "deep.weight", 4, (int64_t[]){64, 16, 1, 1}, NULL, 0.4f);
    OctOnnx__NodeProto *move = test_onnx_node(&f.onnx, "DepthToSpace", "move", "up_deep", "up");
    test_onnx_int(&f.onnx, move, "blocksize", 2);
    test_onnx_string(&f.onnx, move, "mode", "CRD");
    refuse(&f, "operator DepthToSpace at node 'move'", "DCR");
}

/* Every allocation that fails ends in an error without a leak. */
static void memory(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &pooled);
    f.test.calls = 0;
    test_import_expect(&f);
    const int calls = f.test.calls;
    oct_imported_free(&f.test.context, f.imported);
    for (int at = 0; at < calls; at++) {
        f.test.calls = 0;
        f.test.fail_at = at;
        f.imported = NULL;
        assert_int_not_equal(test_import_run(&f), OCTET_OK);
    }
    f.test.fail_at = -1;
    test_import_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds),       cmocka_unit_test(convolutions),
        cmocka_unit_test(paddings),        cmocka_unit_test(windows),
        cmocka_unit_test(depth_to_space),  cmocka_unit_test(refused_paddings),
        cmocka_unit_test(refused_windows), cmocka_unit_test(refused_transposed),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
