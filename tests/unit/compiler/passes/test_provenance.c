/* SPDX-License-Identifier: Apache-2.0 */
/* What the passes write down of the small detector's file: every layer's nodes by role, and which
 * values share a scale, in all its variants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/graph/groups.h"
#include "compiler/imported_model.h"
#include "import_case.h"
#include "onnx_quantize.h"

enum { LAYERS = 22 };

/* The model of a variant, with its file kept. */
struct kept {
    struct test_import f;
    octet_model *model;
};

static void load(struct kept *k)
{
    size_t size;
    unsigned char *bytes = test_onnx_pack(&k->f.onnx, &size);
    if (oct_model_from_bytes(&k->f.test.context, bytes, size, "small.onnx", &k->model))
        fail_msg("%s", k->f.test.context.message);
    free(bytes);
}

static void end(struct kept *k)
{
    oct_model_free(k->model);
    test_import_end(&k->f);
}

/* ---- layers ---- */

static const char *const roles[] = {
    [OCT_ROLE_OPERATOR] = ": ",      [OCT_ROLE_NORM] = ", norm ",
    [OCT_ROLE_AFFINE] = ", affine ", [OCT_ROLE_ROUNDING] = ", rounding ",
    [OCT_ROLE_GATE] = ", gate ",     [OCT_ROLE_ACTIVATION] = ", activation ",
    [OCT_ROLE_SUM] = ", sum ",
};

/* "INPUT: Conv NAME, gate Sigmoid NAME, sum Add NAME of OTHER": from the record and the message. */
static void tell(const struct kept *k, const struct oct_layer_notes *notes, char *text, size_t room)
{
    const struct oct_graph *graph = &k->model->imported->source->graph;
    size_t length = 0;
    for (int i = 0; i < notes->part_count; i++) {
        const struct oct_part *part = &notes->parts[i];
        const OctOnnx__NodeProto *node =
            k->model->imported->source->message->graph->node[part->node];
        assert_string_equal(node->output[0], graph->values[part->value].name);
        assert_non_null(strstr(graph->file.nodes[part->node].op_name, node->op_type));
        assert_int_equal(part->other >= 0, part->role == OCT_ROLE_SUM);
        length +=
            (size_t)snprintf(text + length, room - length, "%s%s%s %s", i ? "" : node->input[0],
                             roles[part->role], node->op_type, node->output[0]);
        if (part->other >= 0)
            length += (size_t)snprintf(text + length, room - length, " of %s",
                                       graph->values[part->other].name);
    }
}

static const struct oct_layer_notes *notes_of(const struct kept *k, const char *output)
{
    const struct oct_network *network = &k->model->imported->network;
    for (int l = 0; l < network->layer_count; l++)
        if (strcmp(network->tensors[network->layers[l].output].name, output) == 0)
            return &k->model->imported->notes[l];
    fail_msg("no layer writes '%s'", output);
    return NULL;
}

static void expect(const struct kept *k, const char *output, const char *wanted)
{
    char text[512];
    tell(k, notes_of(k, output), text, sizeof text);
    assert_string_equal(text, wanted);
}

static void expect_convolutions(const struct kept *k, const struct test_onnx_variant *variant)
{
    const bool same = variant->identities;
    const struct {
        const char *input, *name;
    } silus[] = {{same ? "images_cast" : "images", "stem0"},
                 {same ? "stem1_same" : "stem1", "stem2"},
                 {"stem2", "c2f1"},
                 {"half1", "m1"},
                 {"c2f_all", "p3"},
                 {"p3", "down4"},
                 {"down4", "down5"},
                 {"down5", "sppf1"},
                 {"sppf_all", "p5"},
                 {"neck_all", "p4"}};
    char wanted[512];
    for (size_t i = 0; i < sizeof silus / sizeof *silus; i++) {
        const char *name = silus[i].name;
        snprintf(wanted, sizeof wanted, "%s: Conv %s_conv, gate Sigmoid %s_gate, activation Mul %s",
                 silus[i].input, name, name, name);
        expect(k, name, wanted);
    }
    for (int level = 3; level <= 5; level++)
        for (int i = 0; i < 2; i++) {
            const char *name =
                test_onnx_text((struct test_onnx *)&k->f.onnx, "%s%d", i ? "class" : "box", level);
            snprintf(wanted, sizeof wanted, "p%d: Conv %s", level, name);
            expect(k, name, wanted);
        }
}

static void expect_layers(const struct kept *k, const struct test_onnx_variant *variant)
{
    assert_int_equal(k->model->imported->network.layer_count, LAYERS);
    expect_convolutions(k, variant);
    expect(k, "stem1",
           variant->batchnorm ? "stem0: Conv stem1_conv, norm BatchNormalization stem1_norm, gate "
                                "Sigmoid stem1_gate, activation Mul stem1"
                              : "stem0: Conv stem1_conv, gate Sigmoid stem1_gate, activation Mul "
                                "stem1");
    expect(k, "sum",
           "m1: Conv m2_conv, gate Sigmoid m2_gate, activation Mul m2, sum Add sum of half1");
    expect(k, "pool1", "sppf1: MaxPool pool1");
    expect(k, "pool3", "pool2: MaxPool pool3");
    expect(k, "up", "p5: Resize up");
}

/* ---- values ---- */

/* Lists of names with commas between: those of each list share a scale, all others have none
 * beside them. */
static void expect_groups(const struct kept *k, const char *const *lists, size_t count)
{
    const struct oct_graph *graph = &k->model->imported->source->graph;
    for (int v = 0; v < graph->file.value_count; v++) {
        char name[128];
        const char *list = NULL;
        snprintf(name, sizeof name, ",%s,", graph->values[v].name);
        for (size_t i = 0; i < count; i++)
            list = strstr(lists[i], name) ? lists[i] : list;
        for (int w = 0; w < v; w++) {
            const bool shared =
                oct_group_root(graph->file.group, v) == oct_group_root(graph->file.group, w);
            snprintf(name, sizeof name, ",%s,", graph->values[w].name);
            if (shared != (list && strstr(list, name)))
                fail_msg("'%s' and '%s' %s", graph->values[v].name, graph->values[w].name,
                         shared ? "share a scale" : "share none");
        }
    }
}

static void expect_body_groups(const struct kept *k, const struct test_onnx_variant *variant)
{
    static const char *const plain[] = {",c2f1,half0,half1,sum,c2f_all,",
                                        ",sppf1,pool1,pool2,pool3,sppf_all,",
                                        ",p5,up,down4,neck_all,"};
    static const char *const same[] = {
        ",c2f1,half0,half1,sum,c2f_all,", ",sppf1,pool1,pool2,pool3,sppf_all,",
        ",p5,up,down4,down4_same,neck_all,", ",stem1,stem1_same,", ",images,images_cast,"};
    if (variant->identities)
        expect_groups(k, same, sizeof same / sizeof *same);
    else
        expect_groups(k, plain, sizeof plain / sizeof *plain);
}

/* ---- the cases ---- */

static void test_variants(void **state)
{
    (void)state;
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
        {.opset = 12, .split_in_attribute = 1, .batchnorm = 1, .identities = 1},
        {.opset = 20},
        {.transposed = 1},
        {.no_names = 1, .slices = 1, .old_head = 1, .reversed = 1},
        {.batchnorm = 1, .identities = 1, .swapped = 1, .reversed = 1, .dynamic = 1},
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        struct kept k;
        test_import_begin(&k.f, &variants[i]);
        load(&k);
        expect_layers(&k, &variants[i]);
        expect_body_groups(&k, &variants[i]);
        end(&k);
    }
}

/* Operators that change nothing between the parts: the record is of what computes, and an addition
 * is told by the value that it reads. */
static void test_identities_between(void **state)
{
    (void)state;
    static const char *const same[][2] = {{"m2_conv", "m2_conv_same"},
                                          {"m2_gate", "m2_gate_same"},
                                          {"m2", "m2_same"},
                                          {"half1", "half1_same"}};
    struct kept k;
    test_import_begin(&k.f, &(struct test_onnx_variant){0});
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        test_onnx_node(&k.f.onnx, "Identity", same[i][1], same[i][0], same[i][1]);
    test_onnx_find(&k.f.onnx, "m2/Mul")->input[0] = (char *)"m2_conv_same";
    test_onnx_find(&k.f.onnx, "m2/Mul")->input[1] = (char *)"m2_gate_same";
    test_onnx_find(&k.f.onnx, "sum/Add")->input[0] = (char *)"half1_same";
    test_onnx_find(&k.f.onnx, "sum/Add")->input[1] = (char *)"m2_same";
    load(&k);
    expect(&k, "sum",
           "m1: Conv m2_conv, gate Sigmoid m2_gate, activation Mul m2, sum Add sum of half1_same");
    end(&k);
}

/* Of two convolutions that an addition could be fused into it is the later one; one that others
 * read as well is not. Readers that nothing needs do not count. */
static void test_sums(void **state)
{
    (void)state;
    struct kept k;
    test_import_begin(&k.f, &(struct test_onnx_variant){0});
    test_onnx_find(&k.f.onnx, "sum/Add")->input[0] = (char *)"m1";
    test_onnx_node(&k.f.onnx, "Relu", "unread", "m2", "unread");
    load(&k);
    expect(&k, "sum",
           "m1: Conv m2_conv, gate Sigmoid m2_gate, activation Mul m2, sum Add sum of m1");
    end(&k);
    test_import_begin(&k.f, &(struct test_onnx_variant){.swapped = 1});
    test_onnx_find(&k.f.onnx, "m2_conv/Conv")->input[0] = (char *)"half1";
    test_onnx_find(&k.f.onnx, "sum/Add")->input[1] = (char *)"m1";
    load(&k);
    expect(&k, "sum",
           "half1: Conv m2_conv, gate Sigmoid m2_gate, activation Mul m2, sum Add sum of m1");
    expect(&k, "m1", "half1: Conv m1_conv, gate Sigmoid m1_gate, activation Mul m1");
    end(&k);
}

static void test_swish(void **state)
{
    (void)state;
    struct kept k;
    test_import_begin(&k.f, &(struct test_onnx_variant){.opset = 24});
    OctOnnx__NodeProto *swish = test_onnx_find(&k.f.onnx, "m1/Mul");
    swish->op_type = (char *)"Swish";
    swish->n_input = 1;
    load(&k);
    expect(&k, "m1", "half1: Conv m1_conv, activation Swish m1");
    const struct oct_layer_notes *notes = notes_of(&k, "m1");
    assert_null(oct_part_find(notes->parts, notes->part_count, OCT_ROLE_GATE));
    end(&k);
}

/* The picture's channels in another order, divided by 255: nodes that drop out. What exchanges
 * channels shares a scale, what divides has another one before it. */
static void test_picture(void **state)
{
    (void)state;
    static const char *const groups[] = {",images,bb,gg,rr,rgb,", ",c2f1,half0,half1,sum,c2f_all,",
                                         ",sppf1,pool1,pool2,pool3,sppf_all,",
                                         ",p5,up,down4,neck_all,"};
    struct kept k;
    test_import_begin(&k.f, &(struct test_onnx_variant){0});
    test_onnx_floats(&k.f.onnx, "most", 0, NULL, (float[]){255}, 0);
    test_onnx_int(&k.f.onnx, test_onnx_node(&k.f.onnx, "Split", "parts", "images", "bb,gg,rr"),
                  "axis", 1);
    test_onnx_int(&k.f.onnx, test_onnx_node(&k.f.onnx, "Concat", "turned", "rr,gg,bb", "rgb"),
                  "axis", 1);
    test_onnx_node(&k.f.onnx, "Div", "scaled", "rgb,most", "unit");
    test_onnx_find(&k.f.onnx, "stem0_conv/Conv")->input[0] = (char *)"unit";
    load(&k);
    expect(&k, "stem0", "unit: Conv stem0_conv, gate Sigmoid stem0_gate, activation Mul stem0");
    expect_groups(&k, groups, sizeof groups / sizeof *groups);
    end(&k);
}

/* A layer of the network that runs leads back to its own; copies, which lowering adds, to none. */
static void test_lowered(void **state)
{
    (void)state;
    struct kept k;
    test_import_begin(&k.f, &(struct test_onnx_variant){0});
    /* a part of c2f1 in a concat without the other one: it is copied */
    test_onnx_find(&k.f.onnx, "c2f_all/Concat")->input[0] = (char *)"m1";
    load(&k);
    const struct oct_network *network = &k.model->network, *from = &k.model->imported->network;
    int copies = 0, next = 0;
    for (int l = 0; l < network->layer_count; l++) {
        const int source = k.model->sources[l];
        copies += network->layers[l].operation == OCT_COPY;
        assert_int_equal(source, network->layers[l].operation == OCT_COPY ? -1 : next++);
        if (source >= 0)
            assert_string_equal(network->tensors[network->layers[l].output].name,
                                from->tensors[from->layers[source].output].name);
    }
    assert_int_equal(next, from->layer_count);
    assert_true(copies > 0);
    end(&k);
}

/* ---- quantised files ---- */

static void expect_quantised(const struct test_quantizing *how, const char *output,
                             const char *wanted)
{
    struct kept k;
    test_import_begin(&k.f, &(struct test_onnx_variant){0});
    test_onnx_quantize(&k.f.test.context, &k.f.onnx, how);
    load(&k);
    expect(&k, output, wanted);
    end(&k);
}

static void test_quantised(void **state)
{
    (void)state;
    expect_quantised(&(struct test_quantizing){.all = 0}, "sum",
                     "m1.dq: Conv m2_conv, gate Sigmoid m2_gate, activation Mul m2, sum Add sum of "
                     "half1");
    expect_quantised(&(struct test_quantizing){.all = 1}, "sum",
                     "m1.dq: Conv m2_conv, rounding QuantizeLinear m2_conv.q, gate Sigmoid "
                     "m2_gate, rounding QuantizeLinear m2_gate.q, activation Mul m2, rounding "
                     "QuantizeLinear m2.q, sum Add sum of half1.dq");
    expect_quantised(&(struct test_quantizing){.all = 1, .qlinear = 1}, "sum.q",
                     "m1.q: QLinearConv m2_conv.q, rounding QLinearConv m2_conv.q, gate "
                     "QLinearSigmoid m2_gate.q, rounding QLinearSigmoid m2_gate.q, activation "
                     "QLinearMul m2.q, rounding QLinearMul m2.q, sum QLinearAdd sum.q of half1.q");
}

/* ---- memory ---- */

static void test_out_of_memory(void **state)
{
    (void)state;
    struct kept k;
    size_t size;
    test_import_begin(&k.f, &(struct test_onnx_variant){.batchnorm = 1, .identities = 1});
    unsigned char *bytes = test_onnx_pack(&k.f.onnx, &size);
    octet_context *ctx = &k.f.test.context;
    octet_status status = OCTET_OUT_OF_MEMORY;
    for (int i = 0; status; i++) {
        k.f.test.calls = 0;
        k.f.test.fail_at = i;
        status = oct_model_from_bytes(ctx, bytes, size, "small.onnx", &k.model);
        assert_true(!status || status == OCTET_OUT_OF_MEMORY);
        if (status)
            assert_null(k.model);
    }
    k.f.test.fail_at = -1;
    free(bytes);
    end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants),  cmocka_unit_test(test_identities_between),
        cmocka_unit_test(test_sums),      cmocka_unit_test(test_swish),
        cmocka_unit_test(test_picture),   cmocka_unit_test(test_lowered),
        cmocka_unit_test(test_quantised), cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
