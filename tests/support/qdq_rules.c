/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of placement of docs/export.md, held against what was exported. */
#include "qdq_rules.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef OctOnnx__NodeProto node;
typedef OctOnnx__TensorProto tensor;
typedef OctOnnx__GraphProto graph;

/* ---- looking things up ---- */

static const node *producer(const graph *g, const char *name)
{
    for (size_t n = 0; n < g->n_node; n++)
        for (size_t i = 0; i < g->node[n]->n_output; i++)
            if (strcmp(g->node[n]->output[i], name) == 0)
                return g->node[n];
    return NULL;
}

static const tensor *initializer(const graph *g, const char *name)
{
    for (size_t i = 0; i < g->n_initializer; i++)
        if (strcmp(g->initializer[i]->name, name) == 0)
            return g->initializer[i];
    return NULL;
}

static int is(const node *n, const char *op)
{
    return n && strcmp(n->op_type, op) == 0;
}

static int decoded(const graph *g, const char *name)
{
    return is(producer(g, name), "DequantizeLinear");
}

static int reads(const node *n, const char *name)
{
    int count = 0;
    for (size_t i = 0; i < n->n_input; i++)
        count += strcmp(n->input[i], name) == 0;
    return count;
}

static const OctOnnx__AttributeProto *attribute(const node *n, const char *name)
{
    for (size_t i = 0; i < n->n_attribute; i++)
        if (strcmp(n->attribute[i]->name, name) == 0)
            return n->attribute[i];
    return NULL;
}

static const float *floats(const tensor *t)
{
    assert_non_null(t);
    assert_int_equal(t->data_type, 1);
    return t->raw_data.len ? (const float *)(const void *)t->raw_data.data : t->float_data;
}

static size_t count_of(const tensor *t)
{
    size_t count = 1;
    for (size_t i = 0; i < t->n_dims; i++)
        count *= (size_t)t->dims[i];
    return count;
}

/* ---- pairs ---- */

static void check_codes(const graph *g, const node *n, int unsigned_codes)
{
    if (n->n_input != 3)
        fail_msg("%s has %zu inputs", n->name, n->n_input);
    const tensor *scales = initializer(g, n->input[1]), *zeros = initializer(g, n->input[2]);
    assert_non_null(zeros);
    const int offset = unsigned_codes && scales->n_dims == 0; /* weights are signed in any case */
    assert_int_equal(zeros->data_type, offset ? 2 : 3);
    assert_int_equal(zeros->raw_data.len, count_of(scales));
    for (size_t i = 0; i < count_of(scales); i++)
        if (!(floats(scales)[i] > 0) || !isfinite(floats(scales)[i]) ||
            zeros->raw_data.data[i] != (offset ? 128 : 0))
            fail_msg("%s: scale %g, zero point %d", n->name, (double)floats(scales)[i],
                     zeros->raw_data.data[i]);
}

static void check_pair(const graph *g, const node *quantize)
{
    int readers = 0;
    for (size_t n = 0; n < g->n_node; n++) {
        if (!reads(g->node[n], quantize->output[0]))
            continue;
        readers++;
        if (!is(g->node[n], "DequantizeLinear") ||
            strcmp(g->node[n]->input[1], quantize->input[1]) != 0 ||
            strcmp(g->node[n]->input[2], quantize->input[2]) != 0)
            fail_msg("%s is read by %s", quantize->name, g->node[n]->name);
    }
    if (readers != 1)
        fail_msg("%s has %d readers", quantize->name, readers);
}

/* What stands behind a convolution is not quantised before its activation. */
static void check_source(const graph *g, const node *quantize)
{
    const node *from = producer(g, quantize->input[0]);
    if (is(from, "Conv") || is(from, "Sigmoid") || is(from, "BatchNormalization"))
        fail_msg("%s quantises the result of %s", quantize->name, from->name);
}

static void check_readers(const graph *g, const node *dequantize)
{
    for (size_t n = 0; n < g->n_node; n++)
        if (reads(g->node[n], dequantize->output[0]) && !is(g->node[n], "Conv") &&
            !is(g->node[n], "Add") && !is(g->node[n], "AveragePool"))
            fail_msg("%s is read by %s", dequantize->name, g->node[n]->name);
}

/* ---- convolutions and sums ---- */

static void check_weights(const graph *g, const node *conv, int int8)
{
    const node *dequantize = producer(g, conv->input[1]);
    const node *quantize = producer(g, dequantize->input[0]);
    const OctOnnx__AttributeProto *axis = attribute(dequantize, "axis");
    const tensor *scales = initializer(g, dequantize->input[1]);
    const tensor *weights = initializer(g, quantize ? quantize->input[0] : dequantize->input[0]);
    if (!axis || axis->i != 0 || !weights || weights->n_dims != 4 || scales->n_dims != 1 ||
        scales->dims[0] != weights->dims[0] || !quantize != !!int8 ||
        (conv->n_input > 2 && decoded(g, conv->input[2])))
        fail_msg("%s: its weights or bias are not quantised as they should be", conv->name);
    const size_t each = count_of(weights) / (size_t)weights->dims[0];
    for (size_t i = 0; i < count_of(weights); i++) {
        const double code = int8 ? (double)(int8_t)weights->raw_data.data[i]
                                 : (double)floats(weights)[i] / (double)floats(scales)[i / each];
        if (!(fabs(code) <= 127.001 && fabs(code - rint(code)) <= 1e-3))
            fail_msg("%s: weight %zu is %g codes", conv->name, i, code);
    }
}

static int check_convolution(const graph *g, const node *conv, int int8)
{
    const int input = decoded(g, conv->input[0]), weights = decoded(g, conv->input[1]);
    if (input != weights)
        fail_msg("%s is quantised by half", conv->name);
    if (weights)
        check_weights(g, conv, int8);
    return weights;
}

/* What a quantised convolution reads is averaged from codes, too. */
static void check_mean(const graph *g, const node *mean)
{
    int coded = 0;
    for (size_t n = 0; n < g->n_node; n++)
        coded = coded || (is(g->node[n], "QuantizeLinear") && reads(g->node[n], mean->output[0]));
    if (coded && !decoded(g, mean->input[0]))
        fail_msg("%s gives codes of what is none", mean->name);
}

static int check_sum(const graph *g, const node *add)
{
    const int which = decoded(g, add->input[0]) ? 0 : 1;
    if (!decoded(g, add->input[which]))
        return 0;
    const node *other = producer(g, add->input[1 - which]);
    if (!is(other, "Mul") && !is(other, "Conv") && !is(other, "Swish"))
        fail_msg("%s adds what is quantised to what no convolution makes", add->name);
    return 1;
}

/* ---- groups ---- */

static size_t place_of(const graph *g, const node *n)
{
    size_t at = 0;
    while (at < g->n_node && g->node[at] != n)
        at++;
    return at;
}

/* The node that stands for the group of a value: values of groups are joined by way of the nodes
 * that make them. Graph inputs have none. */
static size_t root_of(const size_t *group, size_t at)
{
    while (group[at] != at)
        at = group[at];
    return at;
}

static void join_inputs(const graph *g, size_t *group, size_t n)
{
    static const char *const ops[] = {"Concat", "MaxPool",  "Resize",  "Upsample", "Split",
                                      "Slice",  "Identity", "Dropout", "Pad"};
    int passes = 0;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        passes = passes || is(g->node[n], ops[i]);
    const size_t inputs = is(g->node[n], "Concat") ? g->node[n]->n_input : 1;
    for (size_t i = 0; passes && i < inputs; i++) {
        const node *from = producer(g, g->node[n]->input[i]);
        if (from)
            group[root_of(group, place_of(g, from))] = root_of(group, n);
    }
}

static void check_groups(const graph *g)
{
    size_t *group = calloc(g->n_node + 1, sizeof *group);
    const node **first = calloc(g->n_node + 1, sizeof(*first));
    assert_non_null(group);
    assert_non_null(first);
    for (size_t n = 0; n <= g->n_node; n++)
        group[n] = n;
    for (size_t n = 0; n < g->n_node; n++)
        join_inputs(g, group, n);
    for (size_t n = 0; n < g->n_node; n++) {
        const node *quantize = g->node[n];
        if (!is(quantize, "QuantizeLinear") || initializer(g, quantize->input[0]))
            continue;
        const node *from = producer(g, quantize->input[0]);
        const size_t root = from ? root_of(group, place_of(g, from)) : g->n_node;
        const float scale = *floats(initializer(g, quantize->input[1]));
        if (!from && scale != 1.0f / 127.0f)
            fail_msg("the picture's scale is %g", (double)scale);
        if (first[root] && *floats(initializer(g, first[root]->input[1])) != scale)
            fail_msg("%s and %s have two scales", first[root]->name, quantize->name);
        first[root] = quantize;
    }
    free(group);
    free(first);
}

/* ---- the head ---- */

/* From an output back to the first convolutions with weights for several channels. */
static void check_tail(const graph *g, const char *name, unsigned char *seen)
{
    const node *n = producer(g, name);
    if (!n || is(n, "Shape") || seen[place_of(g, n)]) /* sizes may be taken from anywhere */
        return;
    seen[place_of(g, n)] = 1;
    if (is(n, "QuantizeLinear") || is(n, "DequantizeLinear"))
        fail_msg("%s lies behind the head's last convolutions", n->name);
    const tensor *weights = is(n, "Conv") ? initializer(g, n->input[1]) : NULL;
    if (is(n, "Conv") && !weights)
        fail_msg("%s is one of the head's last and is quantised", n->name);
    if (weights && weights->dims[0] > 1)
        return;
    for (size_t i = 0; i < n->n_input; i++)
        check_tail(g, n->input[i], seen);
}

/* ---- what was there before ---- */

/* The value that a name stood for before. */
static const char *original(const graph *g, const char *name)
{
    const node *dequantize = producer(g, name);
    if (!is(dequantize, "DequantizeLinear"))
        return name;
    const node *quantize = producer(g, dequantize->input[0]);
    return quantize ? quantize->input[0] : NULL; /* codes of weights: under another name */
}

static void check_kept(const graph *before, const graph *after, const node *was, int same_opset)
{
    const node *now = producer(after, was->output[0]);
    if (is(was, "BatchNormalization") || (now && is(now, "Conv") && !is(was, "Conv")))
        return;
    if (!now) {
        for (size_t n = 0; n < before->n_node; n++)
            if (is(before->node[n], "BatchNormalization") && reads(before->node[n], was->output[0]))
                return;
        fail_msg("%s is gone", was->name);
    }
    if (strcmp(now->op_type, was->op_type) != 0 || strcmp(now->name, was->name) != 0 ||
        now->n_output != was->n_output || now->n_input < was->n_input)
        fail_msg("%s has changed", was->name);
    if (same_opset && now->n_attribute != was->n_attribute)
        fail_msg("%s has %zu attributes", was->name, now->n_attribute);
    for (size_t i = 0; i < was->n_input; i++) {
        const char *name = original(after, now->input[i]);
        const int shared = is(was, "Conv") && i > 0; /* numbers that others read too were copied */
        if (name && strcmp(name, was->input[i]) != 0 && !shared)
            fail_msg("%s reads '%s' in place of '%s'", was->name, name, was->input[i]);
    }
}

static size_t unknown_bytes(const ProtobufCMessage *message)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < message->n_unknown_fields; i++)
        bytes += message->unknown_fields[i].len;
    return bytes;
}

static void check_model(const OctOnnx__ModelProto *before, const OctOnnx__ModelProto *after)
{
    assert_int_equal(unknown_bytes(&before->base), unknown_bytes(&after->base));
    assert_int_equal(unknown_bytes(&before->graph->base), unknown_bytes(&after->graph->base));
    assert_int_equal(before->graph->n_output, after->graph->n_output);
    for (size_t i = 0; i < before->graph->n_output; i++)
        assert_string_equal(before->graph->output[i]->name, after->graph->output[i]->name);
    assert_string_equal(before->graph->input[0]->name, after->graph->input[0]->name);
    assert_true(after->n_metadata_props >= before->n_metadata_props);
    for (size_t i = 0; i < before->n_metadata_props; i++) {
        assert_string_equal(before->metadata_props[i]->key, after->metadata_props[i]->key);
        assert_string_equal(before->metadata_props[i]->value, after->metadata_props[i]->value);
    }
    const int64_t was = before->opset_import[0]->version;
    assert_int_equal(after->opset_import[0]->version, was < 13 ? 13 : was);
}

static void check_order(const graph *g)
{
    for (size_t n = 0; n < g->n_node; n++)
        for (size_t i = 0; i < g->node[n]->n_input; i++) {
            const node *from = producer(g, g->node[n]->input[i]);
            if (from && place_of(g, from) >= n)
                fail_msg("%s stands before %s", g->node[n]->name, from->name);
        }
}

void test_qdq_rules(const OctOnnx__ModelProto *before, const OctOnnx__ModelProto *after,
                    const struct test_qdq_expected *expected)
{
    const graph *g = after->graph;
    int convolutions = 0, sums = 0;
    check_model(before, after);
    for (size_t n = 0; n < g->n_node; n++) {
        const node *one = g->node[n];
        if (is(one, "QuantizeLinear") || is(one, "DequantizeLinear"))
            check_codes(g, one, expected->unsigned_codes);
        if (is(one, "QuantizeLinear")) {
            check_pair(g, one);
            check_source(g, one);
        }
        if (is(one, "DequantizeLinear"))
            check_readers(g, one);
        if (is(one, "Conv"))
            convolutions += check_convolution(g, one, expected->int8_weights);
        if (is(one, "AveragePool"))
            check_mean(g, one);
        if (is(one, "Add"))
            sums += check_sum(g, one);
    }
    assert_int_equal(convolutions, expected->convolutions);
    assert_int_equal(sums, expected->sums);
    check_groups(g);
    unsigned char *seen = calloc(g->n_node, 1);
    assert_non_null(seen);
    for (size_t i = 0; i < g->n_output; i++)
        check_tail(g, g->output[i]->name, seen);
    free(seen);
    const int same = before->opset_import[0]->version == after->opset_import[0]->version;
    for (size_t n = 0; n < before->graph->n_node; n++)
        check_kept(before->graph, g, before->graph->node[n], same);
    if (expected->sorted)
        check_order(g);
}
