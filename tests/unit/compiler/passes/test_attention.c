/* SPDX-License-Identifier: Apache-2.0 */
/* Attention as exporters write it becomes one layer behind three convolutions; what is not quite
 * that is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import_case.h"
#include "network_run.h"

enum { CLASSES = 3, ANCHORS = 84, SIZE = 64 };

static const struct oct_layer *attention_in(const struct oct_network *network)
{
    const struct oct_layer *found = NULL;
    for (int i = 0; i < network->layer_count; i++)
        if (network->layers[i].operation == OCT_ATTENTION) {
            assert_null(found);
            found = &network->layers[i];
        }
    assert_non_null(found);
    return found;
}

static void kinds(void **state)
{
    (void)state;
    for (int kind = TEST_ATTENTION_SPLIT; kind <= TEST_ATTENTION_ODD; kind++) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){.attention = kind});
        test_import_expect(&f);
        const struct oct_network *network = &f.imported->network;
        const struct oct_layer *layer = attention_in(network);
        assert_int_equal(layer->heads, 2);
        assert_int_equal(layer->areas, kind == TEST_ATTENTION_AREAS ? 4 : 1);
        assert_true(fabsf(layer->factor - 0.5f) < 1e-7f);
        assert_string_equal(network->tensors[layer->output].name, "p3.weighed");
        const struct oct_tensor *input = &network->tensors[layer->input];
        const int keys = kind == TEST_ATTENTION_ODD ? 16 : 8; /* 6 of a head are filled up to 8 */
        const int channels[] = {keys, keys, 16};
        assert_int_equal(input->member_count, 3);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(network->tensors[input->members[i]].kind, OCT_TENSOR_LAYER);
            assert_int_equal(network->tensors[input->members[i]].channels, channels[i]);
        }
        /* what reads v reads a convolution's output */
        for (int i = 0; i < network->layer_count; i++)
            if (strcmp(network->tensors[network->layers[i].output].name, "p3.sum") == 0) {
                assert_int_equal(network->layers[i].input, input->members[2]);
                assert_int_equal(network->layers[i].residual, layer->output);
            }
        test_import_numbers(&f, 1e-4);
        test_import_end(&f);
    }
}

/* One number or name that is another. */
struct change {
    enum test_attention kind;
    const char *node;
    const char *input; /* by name, exchanged for `with` */
    const char *with;
    const char *op; /* or an operator for another */
};

static void change_node(struct test_import *f, const struct change *c)
{
    OctOnnx__NodeProto *node = test_onnx_find(&f->onnx, c->node);
    if (c->op)
        node->op_type = (char *)(uintptr_t)c->op;
    for (size_t i = 0; c->input && i < node->n_input; i++)
        if (strcmp(node->input[i], c->input) == 0)
            node->input[i] = (char *)(uintptr_t)c->with;
}

/* Shapes fit, elements are others. */
static void refused(void **state)
{
    (void)state;
    static const struct change changes[] = {
        /* k of one head with q of another */
        {TEST_ATTENTION_SPLIT, "p3.scores", "p3.k", "p3.q_scaled", NULL},
        /* weights that are summed over queries */
        {TEST_ATTENTION_SPLIT, "p3.result", "p3.columns", "p3.softmax", NULL},
        /* v is no part of what q and k are of */
        {TEST_ATTENTION_SHUFFLED, "p3.v_heads", "p3.v", "p3_base", NULL},
        /* a sigmoid in a softmax' place */
        {TEST_ATTENTION_SPLIT, "p3.softmax", NULL, NULL, "Sigmoid"},
        /* scores that are multiplied with a tensor */
        {TEST_ATTENTION_SCORES, "p3.scaled", "p3.scaled.factor", "p3.scores", "Mul"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){.attention = (int)changes[i].kind});
        change_node(&f, &changes[i]);
        test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "small.onnx: operator ", "at node '");
    }
}

/* An exchange of axes that are of one size, a range of other channels, another axis. */
static void refused_numbers(void **state)
{
    (void)state;
    for (int turn = 0; turn < 5; turn++) {
        struct test_import f;
        test_import_begin(
            &f, &(struct test_onnx_variant){.attention = turn == 4   ? TEST_ATTENTION_AREAS
                                                         : turn == 3 ? TEST_ATTENTION_SCORES
                                                                     : TEST_ATTENTION_SPLIT});
        if (turn == 0) /* columns and rows of all pixels */
            test_onnx_find(&f.onnx, "p3.columns")->attribute[0]->ints[2] = 2,
                                    test_onnx_find(&f.onnx, "p3.columns")->attribute[0]->ints[3] =
                                        3;
        else if (turn == 1) /* over queries, not over keys */
            test_onnx_find(&f.onnx, "p3.softmax")->attribute[0]->i = 2;
        else if (turn == 2) /* heads are one, batches are two */
            test_onnx_find(&f.onnx, "p3.q_rows")->attribute[0]->ints[0] = 0,
                                    test_onnx_find(&f.onnx, "p3.softmax")->attribute[0]->i = 1;
        else if (turn == 3) /* pixels of the weighed sum lie elsewhere */
            test_onnx_find(&f.onnx, "p3.weighed")->input[0] = (char *)(uintptr_t) "p3.result";
        else /* height and width are exchanged */
            test_onnx_find(&f.onnx, "p3.weighed")->attribute[0]->ints[2] = 2,
                                    test_onnx_find(&f.onnx, "p3.weighed")->attribute[0]->ints[3] =
                                        1;
        test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "small.onnx: operator ", "at node '");
    }
}

/* Numbers of a list. */
static void set_list(struct test_import *f, const char *name, const int64_t *values)
{
    OctOnnx__GraphProto *graph = f->onnx.model.graph;
    for (size_t i = 0; i < graph->n_initializer; i++) {
        OctOnnx__TensorProto *list = graph->initializer[i];
        if (strcmp(list->name, name) != 0)
            continue;
        for (size_t n = 0; n < (size_t)list->dims[0]; n++)
            if (list->raw_data.len)
                memcpy(list->raw_data.data + n * sizeof *values, &values[n], sizeof *values);
            else
                list->int64_data[n] = values[n];
        return;
    }
    fail_msg("there is no '%s'", name);
}

/* The shapes of q's, k's or v's matrices are right; which pixels and channels stand where is
 * not. */
static void refused_elements(void **state)
{
    (void)state;
    static const struct {
        enum test_attention kind;
        const char *list, *transpose; /* a shape, and what its reader's is then to be */
        int64_t shape[4];
        int64_t order[4];
    } cases[] = {
        {TEST_ATTENTION_SHUFFLED, "p3.q.shape", "p3.q_rows", {1, 2, 64, 4}, {0, 1, 2, 3}},
        {TEST_ATTENTION_AREAS, "p3.heads.shape", "p3.all", {2, 16, 4, 16}, {2, 0, 3, 1}},
        {TEST_ATTENTION_AREAS, "p3.heads.shape", "p3.all", {16, 4, 2, 16}, {1, 2, 3, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_import f;
        test_import_begin(&f, &(struct test_onnx_variant){.attention = (int)cases[i].kind});
        set_list(&f, cases[i].list, cases[i].shape);
        OctOnnx__NodeProto *transpose = test_onnx_find(&f.onnx, cases[i].transpose);
        for (int d = 0; d < 4; d++)
            transpose->attribute[0]->ints[d] = cases[i].order[d];
        test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "small.onnx: operator ", "at node '");
    }
}

/* Rows and columns of k's pixels are exchanged: the first one stays, and all channels. */
static void refused_pixels(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){.attention = TEST_ATTENTION_SHUFFLED});
    test_onnx_int_list(&f.onnx,
                       test_onnx_node(&f.onnx, "Transpose", "turned", "p3.k_flat", "turned"),
                       "perm", 4, 0, 1, 3, 2);
    test_onnx_find(&f.onnx, "p3.k")->input[0] = (char *)(uintptr_t) "turned";
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "small.onnx: operator ", "at node '");
}

/* Channels of q that lie by turns in one head and the other are one attention as well. */
static void by_turns(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){.attention = TEST_ATTENTION_SHUFFLED});
    set_list(&f, "p3.q.shape", (const int64_t[]){1, 4, 2, 64});
    OctOnnx__NodeProto *transpose = test_onnx_find(&f.onnx, "p3.q_rows");
    for (int d = 0; d < 4; d++)
        transpose->attribute[0]->ints[d] = (const int64_t[]){0, 2, 3, 1}[d];
    test_import_expect(&f);
    attention_in(&f.imported->network);
    test_import_numbers(&f, 1e-4);
    test_import_end(&f);
}

/* An operator that is called what a pass calls its own. */
static void own_name(void **state)
{
    (void)state;
    struct test_import f;
    test_import_begin(&f, &(struct test_onnx_variant){.opset = 17});
    test_onnx_find(&f.onnx, "sum/Add")->op_type = (char *)(uintptr_t) "(attention)";
    test_import_refused(&f, OCTET_UNSUPPORTED_OPERATOR, "(attention)", NULL);
}

static void allocation_failures(void **state)
{
    (void)state;
    test_import_allocations(&(struct test_onnx_variant){.attention = TEST_ATTENTION_AREAS});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),           cmocka_unit_test(refused),
        cmocka_unit_test(refused_numbers), cmocka_unit_test(refused_elements),
        cmocka_unit_test(refused_pixels),  cmocka_unit_test(by_turns),
        cmocka_unit_test(own_name),        cmocka_unit_test(allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
