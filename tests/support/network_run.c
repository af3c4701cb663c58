/* SPDX-License-Identifier: Apache-2.0 */
#include "network_run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/graph/interpret.h"
#include "compiler/onnx/model.h"
#include "random.h"
#include "runtime/head/decode.h"

/* ---- the network ---- */

struct plane_tensor {
    float *data; /* [channels][height][width] */
    int height, width;
    bool owned;
};

struct running {
    const struct oct_imported *imported;
    struct plane_tensor *tensors;
};

static float *allocate(size_t count)
{
    float *memory = calloc(count ? count : 1, sizeof *memory);
    if (!memory)
        fail_msg("out of memory");
    return memory;
}

static const struct plane_tensor *get(struct running *run, int index);

static void gather_concat(struct running *run, const struct oct_imported_tensor *concat,
                          struct plane_tensor *target)
{
    const struct plane_tensor *first = get(run, concat->members[0]);
    size_t plane = (size_t)first->height * (size_t)first->width, at = 0;
    *target = (struct plane_tensor){allocate(plane * (size_t)concat->channels), first->height,
                                    first->width, true};
    for (int m = 0; m < concat->member_count; m++) {
        const struct plane_tensor *member = get(run, concat->members[m]);
        size_t count = plane * (size_t)run->imported->tensors[concat->members[m]].channels;
        assert_int_equal(member->height, first->height);
        assert_int_equal(member->width, first->width);
        memcpy(target->data + at, member->data, count * sizeof(float));
        at += count;
    }
    assert_int_equal(at, plane * (size_t)concat->channels);
}

/* The tensor's data; views are made when they are first asked for. */
static const struct plane_tensor *get(struct running *run, int index)
{
    const struct oct_imported_tensor *tensor = &run->imported->tensors[index];
    struct plane_tensor *target = &run->tensors[index];
    if (target->data)
        return target;
    if (tensor->kind == OCT_TENSOR_SLICE) {
        const struct plane_tensor *parent = get(run, tensor->parent);
        assert_int_not_equal(run->imported->tensors[tensor->parent].kind, OCT_TENSOR_SLICE);
        assert_true(tensor->offset + tensor->channels <=
                    run->imported->tensors[tensor->parent].channels);
        *target = *parent;
        target->owned = false;
        target->data += (size_t)tensor->offset * (size_t)(parent->height * parent->width);
    } else if (tensor->kind == OCT_TENSOR_CONCAT) {
        gather_concat(run, tensor, target);
    } else {
        fail_msg("tensor '%s' is read before it is written", tensor->name);
    }
    return target;
}

static void run_convolution(struct running *run, const struct oct_imported_layer *layer,
                            const struct plane_tensor *in, struct plane_tensor *out)
{
    int inputs = run->imported->tensors[layer->input].channels;
    int outputs = run->imported->tensors[layer->output].channels, k = layer->kernel;
    for (int o = 0; o < outputs; o++)
        for (int y = 0; y < out->height; y++)
            for (int x = 0; x < out->width; x++) {
                double sum = layer->bias[o];
                for (int c = 0; c < inputs; c++)
                    for (int ky = 0; ky < k; ky++)
                        for (int kx = 0; kx < k; kx++) {
                            int iy = y * layer->stride + ky - layer->padding;
                            int ix = x * layer->stride + kx - layer->padding;
                            if (iy >= 0 && iy < in->height && ix >= 0 && ix < in->width)
                                sum += (double)in->data[(c * in->height + iy) * in->width + ix] *
                                       layer->weights[((o * inputs + c) * k + ky) * k + kx];
                        }
                if (layer->silu)
                    sum /= 1.0 + exp(-sum);
                int at = (o * out->height + y) * out->width + x;
                if (layer->residual >= 0)
                    sum += get(run, layer->residual)->data[at];
                out->data[at] = (float)sum;
            }
}

static void run_pool(const struct oct_imported_layer *layer, const struct plane_tensor *in,
                     struct plane_tensor *out, int channels)
{
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < out->height; y++)
            for (int x = 0; x < out->width; x++) {
                float most = -INFINITY;
                for (int dy = -layer->padding; dy <= layer->padding; dy++)
                    for (int dx = -layer->padding; dx <= layer->padding; dx++)
                        if (y + dy >= 0 && y + dy < in->height && x + dx >= 0 && x + dx < in->width)
                            most = fmaxf(most,
                                         in->data[(c * in->height + y + dy) * in->width + x + dx]);
                out->data[(c * out->height + y) * out->width + x] = most;
            }
}

static void run_upsample(const struct plane_tensor *in, struct plane_tensor *out, int channels)
{
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < out->height; y++)
            for (int x = 0; x < out->width; x++)
                out->data[(c * out->height + y) * out->width + x] =
                    in->data[(c * in->height + y / 2) * in->width + x / 2];
}

static void run_layer(struct running *run, const struct oct_imported_layer *layer)
{
    const struct plane_tensor *in = get(run, layer->input);
    struct plane_tensor *out = &run->tensors[layer->output];
    int channels = run->imported->tensors[layer->output].channels;
    assert_null(out->data);
    out->height = layer->operation == OCT_UPSAMPLE
                      ? 2 * in->height
                      : (in->height + 2 * layer->padding - layer->kernel) / layer->stride + 1;
    out->width = layer->operation == OCT_UPSAMPLE
                     ? 2 * in->width
                     : (in->width + 2 * layer->padding - layer->kernel) / layer->stride + 1;
    out->owned = true;
    out->data = allocate((size_t)channels * (size_t)out->height * (size_t)out->width);
    if (layer->operation == OCT_CONVOLUTION)
        run_convolution(run, layer, in, out);
    else if (layer->operation == OCT_MAX_POOL)
        run_pool(layer, in, out, channels);
    else
        run_upsample(in, out, channels);
}

static float *channels_last(const struct plane_tensor *tensor, int channels)
{
    size_t cells = (size_t)tensor->height * (size_t)tensor->width;
    float *pixels = allocate(cells * (size_t)channels);
    for (size_t c = 0; c < (size_t)channels; c++)
        for (size_t i = 0; i < cells; i++)
            pixels[i * (size_t)channels + c] = tensor->data[c * cells + i];
    return pixels;
}

static float *run_decode(struct running *run, int *anchors)
{
    const struct oct_imported *imported = run->imported;
    struct oct_head_view view = {
        imported->level_count, imported->class_count, imported->reg_max, {{0}}};
    float *logits[2 * OCT_HEAD_LEVELS_MAX];
    size_t box_channels = 4 * (size_t)imported->reg_max;
    size_t class_channels = (size_t)imported->class_count;
    for (int l = 0; l < imported->level_count; l++) {
        const struct plane_tensor *box = get(run, imported->levels[l].box_tensor);
        logits[2 * l] = channels_last(box, (int)box_channels);
        logits[2 * l + 1] =
            channels_last(get(run, imported->levels[l].class_tensor), imported->class_count);
        view.levels[l] = (struct oct_head_level){.box = logits[2 * l],
                                                 .classes = logits[2 * l + 1],
                                                 .box_row = (size_t)box->width * box_channels,
                                                 .box_pixel = box_channels,
                                                 .class_row = (size_t)box->width * class_channels,
                                                 .class_pixel = class_channels,
                                                 .height = box->height,
                                                 .width = box->width,
                                                 .stride = imported->levels[l].stride};
    }
    *anchors = oct_head_anchor_count(&view);
    float *output = allocate((4 + class_channels) * (size_t)*anchors);
    oct_decode_all(&view, output);
    for (int l = 0; l < 2 * imported->level_count; l++)
        free(logits[l]);
    return output;
}

float *test_network_run(const struct oct_imported *imported, const float *planes, int height,
                        int width, int *anchors)
{
    struct running run = {imported, calloc((size_t)imported->tensor_count, sizeof *run.tensors)};
    if (!run.tensors)
        fail_msg("out of memory");
    size_t count = 3 * (size_t)height * (size_t)width;
    run.tensors[imported->input_tensor] =
        (struct plane_tensor){allocate(count), height, width, true};
    memcpy(run.tensors[imported->input_tensor].data, planes, count * sizeof(float));
    for (int l = 0; l < imported->layer_count; l++)
        run_layer(&run, &imported->layers[l]);
    float *output = run_decode(&run, anchors);
    for (int t = 0; t < imported->tensor_count; t++)
        if (run.tensors[t].owned)
            free(run.tensors[t].data);
    free(run.tensors);
    return output;
}

/* ---- the graph ---- */

float *test_graph_run(octet_context *ctx, const void *bytes, size_t size, const float *planes,
                      int height, int width, size_t *count)
{
    struct oct_onnx_model onnx;
    struct oct_array result;
    struct oct_feed feed;
    if (oct_onnx_open(ctx, bytes, size, "graph", &onnx) != OCTET_OK)
        fail_msg("%s", ctx->message);
    feed.value = onnx.graph.inputs[0];
    int64_t dims[] = {1, 3, height, width};
    assert_true(oct_array_shape(&feed.array, OCT_DATA_FLOAT, 4, dims));
    float *copy = allocate(feed.array.count);
    memcpy(copy, planes, feed.array.count * sizeof(float));
    feed.array.data = copy;
    struct oct_interpretation job = {
        &feed, 1, &onnx.graph.outputs[0], 1, {(size_t)4 << 30, (uint64_t)1 << 40}};
    if (oct_interpret(&onnx.graph, &job, &result) != OCTET_OK)
        fail_msg("%s", ctx->message);
    assert_int_equal(result.type, OCT_DATA_FLOAT);
    float *output = allocate(result.count);
    memcpy(output, result.data, result.count * sizeof(float));
    *count = result.count;
    oct_free(ctx, result.data);
    oct_onnx_close(&onnx);
    free(copy);
    return output;
}

/* ---- both ---- */

float *test_planes(int height, int width, unsigned seed)
{
    size_t count = 3 * (size_t)height * (size_t)width;
    struct test_random random = test_random_of(seed);
    float *planes = allocate(count);
    for (size_t i = 0; i < count; i++)
        planes[i] = test_float(&random, 0, 1);
    return planes;
}

void test_compare_predictions(const float *is, const float *wanted, int classes, int anchors,
                              double pixels, double score)
{
    double most[2] = {0, 0};
    for (int row = 0; row < 4 + classes; row++)
        for (int a = 0; a < anchors; a++) {
            double off = fabs((double)is[row * anchors + a] - (double)wanted[row * anchors + a]);
            if (!(off <= most[row >= 4]))
                most[row >= 4] = off;
        }
    if (!(most[0] <= pixels) || !(most[1] <= score))
        fail_msg("boxes differ by %g px, scores by %g", most[0], most[1]);
}
