/* SPDX-License-Identifier: Apache-2.0 */
/* The small detector: a stem, a C2f with a residual, SPPF, one upsampling, three levels, the
 * decode. */
#include <stdbool.h>
#include <string.h>

#include "onnx_builder.h"

enum { CLASSES = 3, REG_MAX = 4, SIZE = 64, ANCHORS = 8 * 8 + 4 * 4 + 2 * 2 };

struct making {
    struct test_onnx *onnx;
    const struct test_onnx_variant *variant;
};

/* Of a level's boxes. */
static int box_channels(const struct making *m)
{
    return m->variant->distances ? 4 : 4 * REG_MAX;
}

static int first_level(const struct making *m)
{
    return m->variant->two_levels ? 4 : 3;
}

static int anchors_of(const struct making *m)
{
    return m->variant->two_levels ? ANCHORS - 8 * 8 : ANCHORS;
}

#define text(m, ...) test_onnx_text((m)->onnx, __VA_ARGS__)

static OctOnnx__NodeProto *add(struct making *m, const char *op, const char *inputs,
                               const char *output)
{
    const char *name = text(m, "%s/%s", output, op);
    return test_onnx_node(m->onnx, op, m->variant->no_names ? "" : name, inputs, output);
}

/* Binary operator, operands the other way round in that variant. */
static void add_swappable(struct making *m, const char *op, const char *a, const char *b,
                          const char *output)
{
    const char *inputs = text(m, "%s,%s", m->variant->swapped ? b : a, m->variant->swapped ? a : b);
    add(m, op, inputs, output);
}

struct convolution {
    int inputs, outputs, kernel, stride, batchnorm;
    int bare; /* without padding */
};

static void add_batchnorm(struct making *m, const char *input, const char *output, int64_t channels)
{
    static const char *const parameters[] = {"scale", "shift", "mean", "variance"};
    const char *names = input;
    for (int i = 0; i < 4; i++) {
        float values[16];
        for (int c = 0; c < 16; c++)
            values[c] = (i == 0 || i == 3 ? 0.75f : -0.25f) + 0.0625f * (float)((c * 7 + i) % 8);
        const char *name = text(m, "%s.%s", output, parameters[i]);
        names = text(m, "%s,%s", names, name);
        test_onnx_floats(m->onnx, name, 1, &channels, values, 0);
    }
    test_onnx_float(m->onnx, add(m, "BatchNormalization", names, output), "epsilon", 0.001f);
}

/* NAME_conv from `input`, and with `silu` NAME = x * sigmoid(x). */
static void add_conv(struct making *m, const char *name, const char *input, struct convolution c,
                     int silu)
{
    const char *weights = text(m, "%s.weight", name);
    const char *bias = text(m, "%s.bias", name);
    const char *inputs = text(m, "%s,%s,%s", input, weights, bias);
    const char *raw = text(m, "%s_conv", name);
    const char *normal = text(m, c.batchnorm ? "%s_norm" : "%s_conv", name);
    const char *gate = text(m, "%s_gate", name);
    const int64_t dims[] = {c.outputs, c.inputs, c.kernel, c.kernel};
    test_onnx_floats(m->onnx, weights, 4, dims, NULL, 1.0f / (float)c.kernel);
    test_onnx_floats(m->onnx, bias, 1, dims, NULL, 0.5f);
    int pad = c.bare ? 0 : c.kernel / 2;
    OctOnnx__NodeProto *conv = add(m, "Conv", inputs, silu ? raw : name);
    test_onnx_int_list(m->onnx, conv, "kernel_shape", 2, c.kernel, c.kernel);
    test_onnx_int_list(m->onnx, conv, "strides", 2, c.stride, c.stride);
    test_onnx_int_list(m->onnx, conv, "pads", 4, pad, pad, pad, pad);
    if (c.batchnorm)
        add_batchnorm(m, raw, normal, c.outputs);
    if (silu) {
        add(m, "Sigmoid", normal, gate);
        add_swappable(m, "Mul", normal, gate, name);
    }
}

/* The value under another name, by operators that change nothing, in that variant. */
static const char *add_identity(struct making *m, const char *op, const char *input,
                                const char *output)
{
    if (!m->variant->identities)
        return input;
    OctOnnx__NodeProto *node = add(m, op, input, output);
    if (strcmp(op, "Cast") == 0)
        test_onnx_int(m->onnx, node, "to", 10);
    return output;
}

static void add_concat(struct making *m, const char *inputs, const char *output, int axis)
{
    test_onnx_int(m->onnx, add(m, "Concat", inputs, output), "axis", axis);
}

static void add_halves(struct making *m, const char *input, int channels, const char *first,
                       const char *second)
{
    const char *inputs, *name;
    if (m->variant->slices) {
        for (int i = 0; i < 2; i++) {
            name = text(m, "%s.start%d", input, i);
            test_onnx_list(m->onnx, name, 1, i * channels);
            name = text(m, "%s.end%d", input, i);
            test_onnx_list(m->onnx, name, 1, (i + 1) * channels);
            inputs = text(m, "%s,%s.start%d,%s.end%d,one", input, input, i, input, i);
            add(m, "Slice", inputs, i ? second : first);
        }
        return;
    }
    name = text(m, "%s.parts", input);
    inputs = text(m, m->variant->split_in_attribute ? "%s" : "%s,%s", input, name);
    const char *outputs = text(m, "%s,%s", first, second);
    name = text(m, "%s/Split", input);
    OctOnnx__NodeProto *split = test_onnx_node(m->onnx, "Split", name, inputs, outputs);
    test_onnx_int(m->onnx, split, "axis", 1);
    name = text(m, "%s.parts", input);
    if (m->variant->split_in_attribute)
        test_onnx_int_list(m->onnx, split, "split", 2, channels, channels);
    else
        test_onnx_list(m->onnx, name, 2, channels, channels);
}

static void add_pool(struct making *m, const char *op, const char *input, const char *output,
                     int kernel, int stride, int pad)
{
    OctOnnx__NodeProto *pool = add(m, op, input, output);
    test_onnx_int_list(m->onnx, pool, "kernel_shape", 2, kernel, kernel);
    test_onnx_int_list(m->onnx, pool, "strides", 2, stride, stride);
    test_onnx_int_list(m->onnx, pool, "pads", 4, pad, pad, pad, pad);
}

/* A row of zeros below, a column of them to the right. */
static void add_padding(struct making *m, const char *input, const char *output)
{
    const char *inputs = text(m, "%s,%s.pads,nothing", input, output);
    const char *pads = text(m, "%s.pads", output);
    test_onnx_list(m->onnx, pads, 8, 0, 0, 0, 0, 0, 0, 1, 1);
    add(m, "Pad", inputs, output);
}

/* From stem1 to stem2, of half its size. */
static void add_stem2(struct making *m, const char *stem)
{
    if (m->variant->pooled)
        add_pool(m, "AveragePool", stem, "smooth", 2, 1, 0);
    add_conv(m, "stem2", m->variant->pooled ? "smooth" : stem,
             (struct convolution){8, 16, 3, 2, 0, 0}, 1);
}

/* From p3 to down5, of a quarter of its size. */
static void add_downs(struct making *m)
{
    if (!m->variant->pooled) {
        add_conv(m, "down4", "p3", (struct convolution){16, 16, 3, 2, 0, 0}, 1);
        add_conv(m, "down5", "down4", (struct convolution){16, 16, 3, 2, 0, 0}, 1);
        return;
    }
    test_onnx_floats(m->onnx, "nothing", 0, NULL, (float[]){0}, 0);
    add_conv(m, "whole4", "p3", (struct convolution){16, 16, 3, 1, 0, 0}, 1);
    add_pool(m, "MaxPool", "whole4", "down4", 3, 2, 1);
    add_padding(m, "down4", "padded4");
    add_conv(m, "down5", "padded4", (struct convolution){16, 16, 3, 2, 0, 1}, 1);
}

/* From p5 to up, of twice its size. */
static void add_up(struct making *m)
{
    if (m->variant->pooled) {
        test_onnx_floats(m->onnx, "up.weight", 4, (int64_t[]){16, 16, 2, 2}, NULL, 0.5f);
        test_onnx_floats(m->onnx, "up.bias", 1, (int64_t[]){16}, NULL, 0.5f);
        OctOnnx__NodeProto *up = add(m, "ConvTranspose", "p5,up.weight,up.bias", "up");
        test_onnx_int_list(m->onnx, up, "kernel_shape", 2, 2, 2);
        test_onnx_int_list(m->onnx, up, "strides", 2, 2, 2);
        return;
    }
    OctOnnx__NodeProto *up = add(m, "Resize", "p5,,up_scales", "up");
    test_onnx_string(m->onnx, up, "mode", "nearest");
    test_onnx_string(m->onnx, up, "nearest_mode", "floor");
    test_onnx_string(m->onnx, up, "coordinate_transformation_mode", "asymmetric");
    test_onnx_floats(m->onnx, "up_scales", 1, (int64_t[]){4}, (float[]){1, 1, 2, 2}, 0);
}

static void add_body(struct making *m)
{
    const char *image = add_identity(m, "Cast", "images", "images_cast");
    add_conv(m, "stem0", image, (struct convolution){3, 8, 3, 2, 0, 0}, 1);
    add_conv(m, "stem1", "stem0", (struct convolution){8, 8, 3, 2, m->variant->batchnorm, 0}, 1);
    const char *stem = add_identity(m, "Identity", "stem1", "stem1_same");
    add_stem2(m, stem);
    add_conv(m, "c2f1", "stem2", (struct convolution){16, 16, 1, 1, 0, 0}, 1);
    add_halves(m, "c2f1", 8, "half0", "half1");
    add_conv(m, "m1", "half1", (struct convolution){8, 8, 3, 1, 0, 0}, 1);
    add_conv(m, "m2", "m1", (struct convolution){8, 8, 3, 1, 0, 0}, 1);
    add_swappable(m, "Add", "half1", "m2", "sum");
    add_concat(m, "half0,half1,sum", "c2f_all", 1);
    add_conv(m, m->variant->attention ? "p3_base" : "p3", "c2f_all",
             (struct convolution){24, 16, 1, 1, 0, 0}, 1);
    if (m->variant->attention)
        test_onnx_attention(m->onnx, "p3", "p3_base", SIZE / 8,
                            (enum test_attention)m->variant->attention);
    add_downs(m);
    add_conv(m, "sppf1", "down5", (struct convolution){16, 8, 1, 1, 0, 0}, 1);
    if (m->variant->pooled) {
        add_padding(m, "sppf1", "padded5");
        add_pool(m, "MaxPool", "padded5", "pool1", 2, 1, 0);
        add_pool(m, "AveragePool", "pool1", "pool2", 3, 1, 1);
        test_onnx_int(m->onnx, test_onnx_find(m->onnx, text(m, "pool2/AveragePool")),
                      "count_include_pad", 1);
        add_pool(m, "MaxPool", "pool2", "pool3", 5, 1, 2);
    }
    static const char *const pools[] = {"sppf1", "pool1", "pool2", "pool3"};
    for (int i = 0; i < 3 && !m->variant->pooled; i++)
        add_pool(m, "MaxPool", pools[i], pools[i + 1], 5, 1, 2);
    add_concat(m, "sppf1,pool1,pool2,pool3", "sppf_all", 1);
    add_conv(m, "p5", "sppf_all", (struct convolution){32, 16, 1, 1, 0, 0}, 1);
    add_up(m);
    const char *kept = add_identity(m, "Dropout", "down4", "down4_same");
    const char *inputs = text(m, "up,%s", kept);
    add_concat(m, inputs, "neck_all", 1);
    add_conv(m, "p4", "neck_all", (struct convolution){32, 16, 1, 1, 0, 0}, 1);
}

/* Boxes to `boxes` [1, channels, anchors] and class logits to `logits` [1, CLASSES, anchors]. */
static void add_last_convolutions(struct making *m)
{
    const char *box, *classes, *from, *inputs, *flat;
    test_onnx_list(m->onnx, "box_shape", 3, 1, box_channels(m), -1);
    test_onnx_list(m->onnx, "class_shape", 3, 1, CLASSES, -1);
    test_onnx_list(m->onnx, "both_shape", 3, 1, box_channels(m) + CLASSES, -1);
    for (int l = first_level(m); l <= 5; l++) {
        from = text(m, "p%d", l);
        box = text(m, "box%d", l);
        classes = text(m, "class%d", l);
        add_conv(m, box, from, (struct convolution){16, box_channels(m), 1, 1, 0, 0}, 0);
        add_conv(m, classes, from, (struct convolution){16, CLASSES, 1, 1, 0, 0}, 0);
        if (m->variant->old_head) {
            inputs = text(m, "%s,%s", box, classes);
            const char *both = text(m, "both%d", l);
            add_concat(m, inputs, both, 1);
            inputs = text(m, "%s,both_shape", both);
            flat = text(m, "flat%d", l);
            add(m, "Reshape", inputs, flat);
            continue;
        }
        inputs = text(m, "%s,box_shape", box);
        flat = text(m, "box_flat%d", l);
        add(m, "Reshape", inputs, flat);
        inputs = text(m, "%s,class_shape", classes);
        flat = text(m, "class_flat%d", l);
        add(m, "Reshape", inputs, flat);
    }
    if (!m->variant->old_head) {
        const bool two = m->variant->two_levels;
        add_concat(m, two ? "box_flat4,box_flat5" : "box_flat3,box_flat4,box_flat5", "boxes", 2);
        add_concat(m, two ? "class_flat4,class_flat5" : "class_flat3,class_flat4,class_flat5",
                   "logits", 2);
        return;
    }
    add_concat(m, m->variant->two_levels ? "flat4,flat5" : "flat3,flat4,flat5", "flat", 2);
    test_onnx_list(m->onnx, "both_parts", 2, box_channels(m), CLASSES);
    OctOnnx__NodeProto *split =
        test_onnx_node(m->onnx, "Split", "split_head",
                       m->variant->split_in_attribute ? "flat" : "flat,both_parts", "boxes,logits");
    test_onnx_int(m->onnx, split, "axis", 1);
    if (m->variant->split_in_attribute)
        test_onnx_int_list(m->onnx, split, "split", 2, box_channels(m), CLASSES);
}

static void add_anchors(struct making *m)
{
    float centres[2 * ANCHORS], strides[ANCHORS];
    int a = 0;
    const int anchors = anchors_of(m);
    for (int stride = 1 << first_level(m); stride <= 32; stride *= 2)
        for (int i = 0; i < (SIZE / stride) * (SIZE / stride); i++, a++) {
            centres[a] = (float)(i % (SIZE / stride)) + 0.5f;
            centres[anchors + a] = (float)(i / (SIZE / stride)) + 0.5f;
            strides[a] = (float)stride;
        }
    test_onnx_floats(m->onnx, "centres", 3, (int64_t[]){1, 2, anchors}, centres, 0);
    test_onnx_floats(m->onnx, "strides", 2, (int64_t[]){1, anchors}, strides, 0);
    test_onnx_floats(m->onnx, "two", 0, NULL, (float[]){2}, 0);
}

/* `boxes` to `sides` [1, 4, anchors]. */
static void add_expectation(struct making *m)
{
    float ramp[REG_MAX];
    for (int i = 0; i < REG_MAX; i++)
        ramp[i] = (float)i;
    test_onnx_list(m->onnx, "dfl_shape", 4, 1, 4, REG_MAX, anchors_of(m));
    test_onnx_list(m->onnx, "side_shape", 3, 1, 4, anchors_of(m));
    test_onnx_floats(m->onnx, "ramp", 4, (int64_t[]){1, REG_MAX, 1, 1}, ramp, 0);
    add(m, "Reshape", "boxes,dfl_shape", "dfl");
    test_onnx_int_list(m->onnx, add(m, "Transpose", "dfl", "dfl_turned"), "perm", 4, 0, 3, 1, 2);
    test_onnx_int(m->onnx, add(m, "Softmax", "dfl_turned", "dfl_soft"), "axis", 3);
    test_onnx_int_list(m->onnx, add(m, "Transpose", "dfl_soft", "dfl_back"), "perm", 4, 0, 3, 2, 1);
    add(m, "Conv", "dfl_back,ramp", "expected");
    add(m, "Reshape", "expected,side_shape", "sides");
}

static void add_gather(struct making *m, const char *data, const char *indices, const char *output)
{
    const char *inputs = text(m, "%s,%s", data, indices);
    test_onnx_int(m->onnx, add(m, "GatherElements", inputs, output), "axis", 1);
}

/* `anchor` [1, TEST_TAKEN], `top` and `label` (its class, or its number among the best cells'
 * scores) of the rows that are taken of `row_scores`. */
static void add_top(struct making *m)
{
    const bool agnostic = m->variant->taken == TEST_BEST_OF_CELL;
    OctOnnx__NodeProto *node = add(m, "ReduceMax", "row_scores", "best");
    test_onnx_int_list(m->onnx, node, "axes", 1, -1);
    test_onnx_int(m->onnx, node, "keepdims", 0);
    node = test_onnx_node(m->onnx, "TopK", "first_top", "best,k",
                          agnostic ? "top,anchor" : "best_top,best_at");
    test_onnx_int(m->onnx, node, "axis", 1);
    if (agnostic) {
        node = add(m, "ArgMax", "row_scores", "labels");
        test_onnx_int(m->onnx, node, "axis", 2);
        test_onnx_int(m->onnx, node, "keepdims", 0);
        add_gather(m, "labels", "anchor", "label");
        return;
    }
    add(m, "Unsqueeze", "best_at,two_rows", "best_column");
    add(m, "Expand", "best_column,class_row", "best_columns");
    add_gather(m, "row_scores", "best_columns", "best_scores");
    add(m, "Flatten", "best_scores", "pairs");
    node = test_onnx_node(m->onnx, "TopK", "second_top", "pairs,k", "top,top_at");
    add(m, "Mod", "top_at,class_count", "label");
    add(m, "Div", "top_at,class_count", "place");
    add_gather(m, "best_at", "place", "anchor");
}

/* What is taken of `whole` [1, 4 + CLASSES, anchors], whose boxes are corners: output0
 * [1, TEST_TAKEN, 6]. */
static void add_taken(struct making *m)
{
    test_onnx_list(m->onnx, "k", 1, TEST_TAKEN);
    test_onnx_list(m->onnx, "row_parts", 2, 4, CLASSES);
    test_onnx_list(m->onnx, "class_row", 3, 1, 1, CLASSES);
    test_onnx_list(m->onnx, "box_row", 3, 1, 1, 4);
    test_onnx_ints(m->onnx, "class_count", 0, NULL, (int64_t[]){CLASSES});
    test_onnx_int_list(m->onnx, add(m, "Transpose", "whole", "rows"), "perm", 3, 0, 2, 1);
    test_onnx_int(
        m->onnx,
        test_onnx_node(m->onnx, "Split", "split_rows", "rows,row_parts", "row_boxes,row_scores"),
        "axis", 2);
    add_top(m);
    add(m, "Unsqueeze", "anchor,two_rows", "anchor_column");
    if (m->variant->taken == TEST_BEST_BY_ROWS) {
        test_onnx_ints(m->onnx, "pictures", 3, (int64_t[]){1, TEST_TAKEN, 1},
                       (int64_t[TEST_TAKEN]){0});
        add_concat(m, "pictures,anchor_column", "places", 2);
        add(m, "GatherND", "row_boxes,places", "top_boxes");
    } else {
        add(m, "Expand", "anchor_column,box_row", "anchor_columns");
        add_gather(m, "row_boxes", "anchor_columns", "top_boxes");
    }
    add(m, "Unsqueeze", "top,two_rows", "top_scores");
    add(m, "Unsqueeze", "label,two_rows", "top_labels");
    test_onnx_int(m->onnx, add(m, "Cast", "top_labels", "top_classes"), "to", 1);
    add_concat(m, "top_boxes,top_scores,top_classes", "output0", 2);
}

static void add_decode(struct making *m)
{
    const char *sides = m->variant->distances ? "boxes" : "sides";
    const char *prediction = m->variant->taken        ? "whole"
                             : m->variant->transposed ? "prediction"
                                                      : "output0";
    test_onnx_list(m->onnx, "zero", 1, 0);
    test_onnx_list(m->onnx, "two_rows", 1, 2);
    test_onnx_list(m->onnx, "four_rows", 1, 4);
    add_anchors(m);
    if (!m->variant->distances)
        add_expectation(m);
    add(m, "Slice", text(m, "%s,zero,two_rows,one", sides), "near");
    add(m, "Slice", text(m, "%s,two_rows,four_rows,one", sides), "far");
    add(m, "Sub", "centres,near", "corner1");
    add_swappable(m, "Add", "centres", "far", "corner2");
    if (m->variant->taken) {
        add_concat(m, "corner1,corner2", "cells", 1);
    } else {
        add_swappable(m, "Add", "corner1", "corner2", "corners");
        add(m, "Div", "corners,two", "middle");
        add(m, "Sub", "corner2,corner1", "extent");
        add_concat(m, "middle,extent", "cells", 1);
    }
    add(m, "Mul", "cells,strides", "pixels");
    add(m, "Sigmoid", "logits", "scores");
    add_concat(m, "pixels,scores", prediction, 1);
    if (m->variant->taken)
        add_taken(m);
    else if (m->variant->transposed)
        test_onnx_int_list(m->onnx, add(m, "Transpose", "prediction", "output0"), "perm", 3, 0, 2,
                           1);
}

void test_onnx_detector(struct test_onnx *onnx, const struct test_onnx_variant *variant)
{
    struct making m = {onnx, variant};
    int64_t side = variant->dynamic ? -1 : SIZE;
    test_onnx_init(onnx, variant->opset ? variant->opset : 17);
    test_onnx_input(onnx, "images", 1, 4, (int64_t[]){variant->dynamic ? -1 : 1, 3, side, side});
    test_onnx_output(onnx, "output0");
    test_onnx_metadata(onnx, "description", "small detector");
    test_onnx_metadata(onnx, "task", "detect");
    test_onnx_metadata(onnx, "names", "{0: 'ant', 1: \"bee's\", 2: 'c\\u00e4t'}");
    if (variant->dynamic)
        test_onnx_metadata(onnx, "imgsz", "[64, 64]");
    test_onnx_list(onnx, "one", 1, 1);
    add_body(&m);
    add_last_convolutions(&m);
    add_decode(&m);
    OctOnnx__GraphProto *graph = onnx->model.graph;
    for (size_t i = 0; variant->reversed && i < graph->n_node / 2; i++) {
        OctOnnx__NodeProto *node = graph->node[i];
        graph->node[i] = graph->node[graph->n_node - 1 - i];
        graph->node[graph->n_node - 1 - i] = node;
    }
}
