/* SPDX-License-Identifier: Apache-2.0 */
/* Attention in the orders of operators that exporters write it in. */
#include "onnx_builder.h"

enum { HEADS = 2, VALUE = 8, AREAS = 4, INPUT = 16 };

struct writing {
    struct test_onnx *onnx;
    const char *name;
    int side, key, each; /* channels of a head: of its keys, of all */
};

#define text(w, ...) test_onnx_text((w)->onnx, __VA_ARGS__)

/* NAME.PART, which becomes the node's name too. */
static const char *named(const struct writing *w, const char *part)
{
    return text(w, "%s.%s", w->name, part);
}

static OctOnnx__NodeProto *node(const struct writing *w, const char *op, const char *inputs,
                                const char *output)
{
    return test_onnx_node(w->onnx, op, output, inputs, output);
}

static void conv(const struct writing *w, const char *output, const char *input, int inputs,
                 int outputs, int kernel)
{
    const char *weight = text(w, "%s.weight", output), *bias = text(w, "%s.bias", output);
    test_onnx_floats(w->onnx, weight, 4, (int64_t[]){outputs, inputs, kernel, kernel}, NULL,
                     0.7f / (float)kernel);
    test_onnx_floats(w->onnx, bias, 1, (int64_t[]){outputs}, NULL, 0.5f);
    OctOnnx__NodeProto *made = node(w, "Conv", text(w, "%s,%s,%s", input, weight, bias), output);
    const int pad = kernel / 2;
    test_onnx_int_list(w->onnx, made, "kernel_shape", 2, kernel, kernel);
    test_onnx_int_list(w->onnx, made, "pads", 4, pad, pad, pad, pad);
}

static const char *reshape(const struct writing *w, const char *input, const char *part, int rank,
                           const int64_t *dims)
{
    const char *output = named(w, part), *shape = text(w, "%s.shape", output);
    test_onnx_ints(w->onnx, shape, 1, (int64_t[]){rank}, dims);
    node(w, "Reshape", text(w, "%s,%s", input, shape), output);
    return output;
}

#define RESHAPE(w, input, part, ...)                                                               \
    reshape(w, input, part, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),             \
            (const int64_t[]){__VA_ARGS__})

static const char *transpose(const struct writing *w, const char *input, const char *part, int a,
                             int b, int c, int d)
{
    const char *output = named(w, part);
    test_onnx_int_list(w->onnx, node(w, "Transpose", input, output), "perm", 4, a, b, c, d);
    return output;
}

static const char *scale(const struct writing *w, const char *op, const char *input,
                         const char *part, float factor)
{
    const char *output = named(w, part), *constant = text(w, "%s.factor", output);
    test_onnx_floats(w->onnx, constant, 0, NULL, &factor, 0);
    node(w, op, text(w, "%s,%s", input, constant), output);
    return output;
}

static const char *product(const struct writing *w, const char *a, const char *b, const char *part)
{
    const char *output = named(w, part);
    node(w, "MatMul", text(w, "%s,%s", a, b), output);
    return output;
}

/* Channels [begin, end) of an axis. */
static const char *range(const struct writing *w, const char *input, const char *part, int axis,
                         int begin, int end)
{
    const char *output = named(w, part);
    test_onnx_list(w->onnx, text(w, "%s.begin", output), 1, begin);
    test_onnx_list(w->onnx, text(w, "%s.end", output), 1, end);
    test_onnx_list(w->onnx, text(w, "%s.axis", output), 1, axis);
    node(w, "Slice", text(w, "%s,%s.begin,%s.end,%s.axis", input, output, output, output), output);
    return output;
}

static const char *softmax(const struct writing *w, const char *input)
{
    test_onnx_int(w->onnx, node(w, "Softmax", input, named(w, "softmax")), "axis", -1);
    return named(w, "softmax");
}

/* NAME.weighed and NAME.v of NAME.qkv: batch x channels x height x width. */
static void write_split(const struct writing *w)
{
    const int side = w->side, pixels = side * side;
    const char *all = RESHAPE(w, named(w, "qkv"), "all", 1, HEADS, w->each, pixels);
    test_onnx_list(w->onnx, named(w, "sizes"), 3, w->key, w->key, VALUE);
    OctOnnx__NodeProto *split = test_onnx_node(
        w->onnx, "Split", named(w, "split"), text(w, "%s,%s", all, named(w, "sizes")),
        text(w, "%s.q,%s.k,%s.v_heads", w->name, w->name, w->name));
    test_onnx_int(w->onnx, split, "axis", 2);
    const char *q =
        transpose(w, scale(w, "Mul", named(w, "q"), "q_scaled", 0.5f), "q_rows", 0, 1, 3, 2);
    const char *weights = softmax(w, product(w, q, named(w, "k"), "scores"));
    const char *result =
        product(w, named(w, "v_heads"), transpose(w, weights, "columns", 0, 1, 3, 2), "result");
    RESHAPE(w, result, "weighed", 1, HEADS * VALUE, side, side);
    RESHAPE(w, named(w, "v_heads"), "v", 1, HEADS * VALUE, side, side);
}

static void write_scores(const struct writing *w)
{
    const int side = w->side, pixels = side * side;
    const char *all = RESHAPE(w, named(w, "qkv"), "all", 1, HEADS, w->each, pixels);
    const char *rows = transpose(w, all, "rows", 0, 1, 3, 2);
    const char *q = range(w, rows, "q", 3, 0, w->key),
               *v = range(w, rows, "v_rows", -1, 2 * w->key, 99);
    const char *k = transpose(w, range(w, rows, "k_rows", 3, w->key, 2 * w->key), "k", 0, 1, 3, 2);
    const char *scores = scale(w, "Div", product(w, q, k, "scores"), "scaled", 2.0f);
    const char *result = product(w, softmax(w, scores), v, "result");
    RESHAPE(w, transpose(w, result, "columns", 0, 1, 3, 2), "weighed", 1, HEADS * VALUE, side,
            side);
    RESHAPE(w, transpose(w, v, "v_columns", 0, 1, 3, 2), "v", 1, HEADS * VALUE, side, side);
}

static void write_areas(const struct writing *w)
{
    const int side = w->side, pixels = side * side, each = pixels / AREAS;
    const char *flat = RESHAPE(w, named(w, "qkv"), "flat", 1, HEADS * w->each, pixels, 1);
    const char *rows = transpose(w, flat, "rows", 0, 2, 1, 3);
    const char *heads = RESHAPE(w, rows, "heads", AREAS, each, HEADS, w->each);
    const char *all = transpose(w, heads, "all", 0, 2, 3, 1);
    const char *q = range(w, all, "q", 2, 0, w->key),
               *v = range(w, all, "v_heads", 2, 2 * w->key, w->each);
    const char *k = scale(w, "Mul", range(w, all, "k", 2, w->key, 2 * w->key), "k_scaled", 0.5f);
    const char *weights =
        softmax(w, product(w, transpose(w, q, "q_rows", 0, 1, 3, 2), k, "scores"));
    const char *result = product(w, v, transpose(w, weights, "columns", 0, 1, 3, 2), "result");
    const char *parts[] = {result, v};
    for (int i = 0; i < 2; i++) {
        const char *back = transpose(w, parts[i], i ? "v_back" : "back", 0, 3, 1, 2);
        const char *whole = RESHAPE(w, back, i ? "v_whole" : "whole", 1, side, side, HEADS * VALUE);
        transpose(w, whole, i ? "v" : "weighed", 0, 3, 1, 2);
    }
}

static void write_shuffled(const struct writing *w)
{
    const int side = w->side, pixels = side * side, keys = HEADS * w->key, values = HEADS * VALUE;
    const char *v = range(w, named(w, "qkv"), "v", 1, 0, values);
    const char *k = range(w, named(w, "qkv"), "k_flat", 1, values, values + keys);
    const char *q = range(w, named(w, "qkv"), "q_flat", 1, values + keys, values + 2 * keys);
    q = transpose(w, RESHAPE(w, q, "q", 1, HEADS, w->key, pixels), "q_rows", 0, 1, 3, 2);
    k = scale(w, "Mul", RESHAPE(w, k, "k", 1, HEADS, w->key, pixels), "k_scaled", 0.5f);
    const char *heads = RESHAPE(w, v, "v_heads", 1, HEADS, VALUE, pixels);
    const char *weights = softmax(w, product(w, q, k, "scores"));
    const char *result = product(w, heads, transpose(w, weights, "columns", 0, 1, 3, 2), "result");
    RESHAPE(w, result, "weighed", 1, values, side, side);
}

void test_onnx_attention(struct test_onnx *onnx, const char *name, const char *input, int side,
                         enum test_attention kind)
{
    static void (*const write[])(const struct writing *) = {[TEST_ATTENTION_SPLIT] = write_split,
                                                            [TEST_ATTENTION_SCORES] = write_scores,
                                                            [TEST_ATTENTION_AREAS] = write_areas,
                                                            [TEST_ATTENTION_SHUFFLED] =
                                                                write_shuffled,
                                                            [TEST_ATTENTION_ODD] = write_split};
    const int key = kind == TEST_ATTENTION_ODD ? 6 : 4;
    const struct writing w = {onnx, name, side, key, 2 * key + VALUE};
    conv(&w, named(&w, "qkv"), input, INPUT, HEADS * w.each, 1);
    write[kind](&w);
    conv(&w, named(&w, "place"), named(&w, "v"), HEADS * VALUE, HEADS * VALUE, 3);
    node(&w, "Add", text(&w, "%s,%s", named(&w, "weighed"), named(&w, "place")), named(&w, "sum"));
    conv(&w, named(&w, "projection"), named(&w, "sum"), HEADS * VALUE, INPUT, 1);
    node(&w, "Add", text(&w, "%s,%s", input, named(&w, "projection")), name);
}
