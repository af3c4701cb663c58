/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of an imported network one by one, each value worked out from its definition. */
#include "network_run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/graph/interpret.h"
#include "compiler/onnx/onnx_model.h"
#include "network/operations.h"
#include "random.h"

/* ---- the network ---- */

struct plane_tensor {
    float *data; /* [channels][height][width] */
    int height, width;
    bool owned;
};

struct running {
    const struct oct_network *network;
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

static void gather_concat(struct running *run, const struct oct_tensor *concat,
                          struct plane_tensor *target)
{
    const struct plane_tensor *first = get(run, concat->members[0]);
    size_t plane = (size_t)first->height * (size_t)first->width, at = 0;
    *target = (struct plane_tensor){allocate(plane * (size_t)concat->channels), first->height,
                                    first->width, true};
    for (int m = 0; m < concat->member_count; m++) {
        const struct plane_tensor *member = get(run, concat->members[m]);
        size_t count = plane * (size_t)run->network->tensors[concat->members[m]].channels;
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
    const struct oct_tensor *tensor = &run->network->tensors[index];
    struct plane_tensor *target = &run->tensors[index];
    if (target->data)
        return target;
    if (tensor->kind == OCT_TENSOR_SLICE) {
        const struct plane_tensor *parent = get(run, tensor->parent);
        assert_int_not_equal(run->network->tensors[tensor->parent].kind, OCT_TENSOR_SLICE);
        assert_true(tensor->offset + tensor->channels <=
                    run->network->tensors[tensor->parent].channels);
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

static void run_convolution(struct running *run, const struct oct_layer *layer,
                            const struct plane_tensor *in, struct plane_tensor *out)
{
    int inputs = oct_layer_depth(run->network, layer), alone = oct_is_depthwise(layer);
    int outputs = run->network->tensors[layer->output].channels, k = layer->kernel;
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
                                sum +=
                                    (double)
                                        in->data[(((alone ? o : c) * in->height) + iy) * in->width +
                                                 ix] *
                                    layer->values[((o * inputs + c) * k + ky) * k + kx];
                        }
                sum = oct_activation_exact(layer->activation, (double)layer->slope, sum);
                int at = (o * out->height + y) * out->width + x;
                if (layer->residual >= 0)
                    sum += get(run, layer->residual)->data[at];
                out->data[at] = (float)sum;
            }
}

static void run_pool(const struct oct_layer *layer, const struct plane_tensor *in,
                     struct plane_tensor *out, int channels)
{
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < out->height; y++)
            for (int x = 0; x < out->width; x++) {
                float most = -INFINITY;
                for (int dy = -(layer->kernel / 2); dy <= layer->kernel / 2; dy++)
                    for (int dx = -(layer->kernel / 2); dx <= layer->kernel / 2; dx++)
                        if (y + dy >= 0 && y + dy < in->height && x + dx >= 0 && x + dx < in->width)
                            most = fmaxf(most,
                                         in->data[(c * in->height + y + dy) * in->width + x + dx]);
                out->data[(c * out->height + y) * out->width + x] = most;
            }
}

/* A window's pixel; `zero` outside of the picture. */
static float in_window(const struct plane_tensor *in, int c, int y, int x, float zero)
{
    const bool inside = y >= 0 && y < in->height && x >= 0 && x < in->width;
    return inside ? in->data[(c * in->height + y) * in->width + x] : zero;
}

/* The largest, or the mean, of each window. */
static void run_windows(const struct oct_layer *layer, const struct plane_tensor *in,
                        struct plane_tensor *out, int channels)
{
    const int k = layer->kernel;
    const bool means = layer->operation == OCT_WINDOW_MEAN;
    for (int c = 0; c < channels; c++)
        for (int at = 0; at < out->height * out->width; at++) {
            const int y = at / out->width * layer->stride - layer->padding;
            const int x = at % out->width * layer->stride - layer->padding;
            float sum = 0.0f, most = -INFINITY;
            for (int t = 0; t < k * k; t++) {
                const float value = in_window(in, c, y + t / k, x + t % k,
                                              means || layer->zeros ? 0.0f : -INFINITY);
                sum += value;
                most = fmaxf(most, value);
            }
            out->data[c * out->height * out->width + at] = means ? sum / (float)(k * k) : most;
        }
}

static void run_depth(const struct plane_tensor *in, struct plane_tensor *out, int channels)
{
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < out->height; y++)
            for (int x = 0; x < out->width; x++)
                out->data[(c * out->height + y) * out->width + x] =
                    in->data[(((y % 2 * 2 + x % 2) * channels + c) * in->height + y / 2) *
                                 in->width +
                             x / 2];
}

static void run_upsample(const struct plane_tensor *in, struct plane_tensor *out, int channels)
{
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < out->height; y++)
            for (int x = 0; x < out->width; x++)
                out->data[(c * out->height + y) * out->width + x] =
                    in->data[(c * in->height + y / 2) * in->width + x / 2];
}

static void run_attention(const struct oct_network *network, const struct oct_layer *layer,
                          const struct plane_tensor *in, struct plane_tensor *out)
{
    const struct oct_head_channels each = oct_attention_channels(network, layer);
    const int plane = in->height * in->width, count = plane / layer->areas;
    for (int h = 0; h < layer->heads; h++) {
        const float *q = in->data + h * each.key * plane;
        const float *k = q + layer->heads * each.key * plane;
        const float *v = in->data + (2 * layer->heads * each.key + h * each.value) * plane;
        for (int at = 0; at < plane; at++) {
            double sum = 0, totals[64] = {0};
            for (int j = at / count * count; j < at / count * count + count; j++) {
                double score = 0;
                for (int t = 0; t < each.key; t++)
                    score += (double)q[t * plane + at] * (double)k[t * plane + j];
                score = exp(score * (double)layer->factor); /* of small scores */
                sum += score;
                for (int c = 0; c < each.value; c++)
                    totals[c] += score * (double)v[c * plane + j];
            }
            for (int c = 0; c < each.value; c++)
                out->data[(h * each.value + c) * plane + at] = (float)(totals[c] / sum);
        }
    }
}

static void run_layer(struct running *run, const struct oct_layer *layer)
{
    const struct plane_tensor *in = get(run, layer->input);
    struct plane_tensor *out = &run->tensors[layer->output];
    int channels = run->network->tensors[layer->output].channels;
    assert_null(out->data);
    const struct oct_network_size size =
        oct_operation_row(layer->operation)
            ->size(layer, (struct oct_network_size){in->height, in->width});
    out->height = size.height;
    out->width = size.width;
    out->owned = true;
    out->data = allocate((size_t)channels * (size_t)out->height * (size_t)out->width);
    if (layer->operation == OCT_CONVOLUTION)
        run_convolution(run, layer, in, out);
    else if (layer->operation == OCT_ATTENTION)
        run_attention(run->network, layer, in, out);
    else if (layer->operation == OCT_MAX_POOL)
        run_pool(layer, in, out, channels);
    else if (layer->operation == OCT_WINDOW_MAX || layer->operation == OCT_WINDOW_MEAN)
        run_windows(layer, in, out, channels);
    else if (layer->operation == OCT_DEPTH_TO_SPACE)
        run_depth(in, out, channels);
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
    const struct oct_head *head = &run->network->head;
    struct oct_head_view view = {.head = head};
    float *logits[OCT_HEAD_OUTPUTS_MAX];
    for (int i = 0; i < head->output_count; i++) {
        const int tensor = head->outputs[i].tensor;
        const size_t channels = (size_t)run->network->tensors[tensor].channels;
        const struct plane_tensor *planes = get(run, tensor);
        logits[i] = channels_last(planes, (int)channels);
        view.maps[i] = (struct oct_head_map){logits[i], (size_t)planes->width * channels, channels,
                                             planes->height, planes->width};
    }
    *anchors = head->kind->anchor_count(&view);
    float *output = allocate((4 + (size_t)head->class_count) * (size_t)*anchors);
    head->kind->decode(&view, output);
    for (int i = 0; i < head->output_count; i++)
        free(logits[i]);
    return output;
}

float *test_network_run(const struct oct_network *network, const float *planes, int height,
                        int width, int *anchors)
{
    struct running run = {network, calloc((size_t)network->tensor_count, sizeof *run.tensors)};
    if (!run.tensors)
        fail_msg("out of memory");
    size_t count = 3 * (size_t)height * (size_t)width;
    run.tensors[0] = (struct plane_tensor){allocate(count), height, width, true};
    memcpy(run.tensors[0].data, planes, count * sizeof(float));
    for (int l = 0; l < network->layer_count; l++)
        run_layer(&run, &network->layers[l]);
    float *output = run_decode(&run, anchors);
    for (int t = 0; t < network->tensor_count; t++)
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
            if (off > most[row >= 4] || isnan(off))
                most[row >= 4] = off;
        }
    if (!(most[0] <= pixels) || !(most[1] <= score))
        fail_msg("boxes differ by %g px, scores by %g", most[0], most[1]);
}
