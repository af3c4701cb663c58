/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of a plan evaluated pixel by pixel, as docs/numerics.md defines them. */
#include "reference.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bfloat16.h"
#include "network/requantize.h"
#include "network/softmax.h"
#include "runtime/head/heads.h"

static void *zeros(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    assert_non_null(memory);
    return memory;
}

/* Makes a tensor's planes known; views are put together from their parts'. */
static const struct test_tensor *look(struct test_run *run, int index)
{
    const struct oct_tensor *t = &run->network->tensors[index];
    struct test_tensor *to = &run->tensors[index];
    if (to->planes)
        return to;
    to->planes = zeros((size_t)t->channels, sizeof *to->planes);
    if (t->kind == OCT_TENSOR_SLICE) {
        const struct test_tensor *parent = look(run, t->parent);
        to->height = parent->height;
        to->width = parent->width;
        memcpy(to->planes, parent->planes + t->offset, (size_t)t->channels * sizeof *to->planes);
        return to;
    }
    assert_int_equal(t->kind, OCT_TENSOR_CONCAT);
    int channel = 0;
    for (int i = 0; i < t->member_count; i++) {
        const struct test_tensor *member = look(run, t->members[i]);
        const int channels = run->network->tensors[t->members[i]].channels;
        to->height = member->height;
        to->width = member->width;
        memcpy(to->planes + channel, member->planes, (size_t)channels * sizeof *to->planes);
        channel += channels;
    }
    return to;
}

/* Room for a tensor that a layer (or the picture) fills, made once. */
static struct test_tensor *create(struct test_run *run, int index, int height, int width)
{
    const struct oct_tensor *t = &run->network->tensors[index];
    struct test_tensor *to = &run->tensors[index];
    const size_t plane = (size_t)height * (size_t)width;
    if (to->planes)
        return to;
    to->height = height;
    to->width = width;
    to->planes = zeros((size_t)t->channels, sizeof *to->planes);
    to->own = zeros(plane * (size_t)t->channels, t->type == OCT_TYPE_U8 ? 1 : sizeof(float));
    for (size_t c = 0; c < (size_t)t->channels; c++) {
        struct test_plane *p = &to->planes[c];
        p->scale = t->quantization.scale;
        p->zero_point = t->quantization.zero_point;
        if (t->type == OCT_TYPE_U8)
            p->codes = (uint8_t *)to->own + c * plane;
        else
            p->values = (float *)to->own + c * plane;
    }
    return to;
}

static void store(const struct test_tensor *to, int channel, int at, float value)
{
    const struct test_plane *p = &to->planes[channel];
    if (p->codes)
        ((uint8_t *)(uintptr_t)p->codes)[at] =
            oct_requantize(value, 1.0f / p->scale, p->zero_point);
    else
        ((float *)(uintptr_t)p->values)[at] = value;
}

struct window {
    const struct oct_layer *layer;
    const struct test_tensor *in;
    int inputs, y, x, n; /* output pixel and channel */
};

static double weight_of(const struct oct_layer *layer, int index)
{
    return (double)(layer->bf16 ? oct_bf16_value(layer->bf16[index]) : layer->values[index]);
}

/* Calls for each product of the sum: acc += weight * input; pixels outside are 0. */
static double convolve(const struct window *w)
{
    const struct oct_layer *layer = w->layer;
    const int k = layer->kernel;
    int64_t codes = 0;
    double values = 0.0;
    for (int c = 0; c < w->inputs; c++) {
        const struct test_plane *p = &w->in->planes[oct_is_depthwise(layer) ? w->n : c];
        for (int ky = 0; ky < k; ky++) {
            for (int kx = 0; kx < k; kx++) {
                const int y = w->y * layer->stride + ky - layer->padding;
                const int x = w->x * layer->stride + kx - layer->padding;
                const int at = y * w->in->width + x;
                const int weight = ((w->n * w->inputs + c) * k + ky) * k + kx;
                if (y < 0 || x < 0 || y >= w->in->height || x >= w->in->width)
                    continue;
                if (p->codes)
                    codes += (int64_t)layer->codes[weight] * (p->codes[at] - p->zero_point);
                else
                    values += weight_of(layer, weight) * (double)p->values[at];
            }
        }
    }
    assert_in_range(codes + INT32_MAX, 0, 2 * (int64_t)INT32_MAX);
    return w->in->planes[0].codes ? (double)codes : values;
}

static float add_residual(float value, const struct test_plane *p, int at)
{
    if (p->codes)
        return fmaf((float)(p->codes[at] - p->zero_point), p->scale, value);
    return value + p->values[at];
}

static void run_convolution(struct test_run *run, const struct oct_layer *layer)
{
    const struct oct_tensor *out = &run->network->tensors[layer->output];
    const struct test_tensor *in = look(run, layer->input);
    const struct test_tensor *residual = layer->residual >= 0 ? look(run, layer->residual) : NULL;
    const int padding = 2 * layer->padding + layer->uneven;
    const int height = (in->height + padding - layer->kernel) / layer->stride + 1;
    const int width = (in->width + padding - layer->kernel) / layer->stride + 1;
    const struct test_tensor *to = create(run, layer->output, height, width);
    struct window w = {layer, in, oct_layer_depth(run->network, layer), 0, 0, 0};
    for (w.n = 0; w.n < out->channels; w.n++) {
        for (w.y = 0; w.y < height; w.y++) {
            for (w.x = 0; w.x < width; w.x++) {
                const double sum = convolve(&w);
                float value;
                if (in->planes[0].codes) {
                    value = fmaf((float)(int32_t)sum, layer->scale[w.n], layer->bias[w.n]);
                    value = oct_activate(layer->activation, layer->slope, value);
                } else {
                    const double y = sum + (double)layer->bias[w.n];
                    value = (float)oct_activation_exact(layer->activation, (double)layer->slope, y);
                }
                const int at = w.y * width + w.x;
                if (residual)
                    value = add_residual(value, &residual->planes[w.n], at);
                store(to, w.n, at, value);
            }
        }
    }
}

/* Of one pixel as a query: its head, and the pixels of its area. */
struct query {
    const struct test_plane *parts[3]; /* q, k and v from the head's first channel on */
    struct oct_head_channels each;
    int at, begin, count;
    float factor;
};

/* A query's weights of all pixels of its area; returns their sum. */
static double weigh_codes(const struct query *q, double *weights)
{
    const struct test_plane *query = q->parts[0], *key = q->parts[1];
    const float unit = oct_softmax_unit(query->scale, key->scale, q->factor);
    int32_t *scores = zeros((size_t)q->count, sizeof *scores), highest = INT32_MIN;
    double sum = 0.0;
    for (int j = 0; j < q->count; j++) {
        for (int t = 0; t < q->each.key; t++)
            scores[j] += (query[t].codes[q->at] - query[t].zero_point) *
                         (key[t].codes[q->begin + j] - key[t].zero_point);
        highest = scores[j] > highest ? scores[j] : highest;
    }
    for (int j = 0; j < q->count; j++)
        sum += weights[j] = oct_softmax_weight(scores[j] - highest, unit);
    free(scores);
    return sum;
}

static double weigh_values(const struct query *q, double *weights)
{
    double sum = 0.0, highest = -INFINITY;
    for (int j = 0; j < q->count; j++) {
        double score = 0.0;
        for (int t = 0; t < q->each.key; t++)
            score +=
                (double)q->parts[0][t].values[q->at] * (double)q->parts[1][t].values[q->begin + j];
        weights[j] = score * (double)q->factor;
        highest = weights[j] > highest ? weights[j] : highest;
    }
    for (int j = 0; j < q->count; j++)
        sum += weights[j] = exp(weights[j] - highest);
    return sum;
}

/* What the weights come to of one channel of v. Of codes, sums of whole blocks are exact, and their
 * sum a float's. */
static float mean_of(const struct query *q, const double *weights, double sum, int channel)
{
    const struct test_plane *v = q->parts[2] + channel;
    double total = 0.0;
    float blocks = 0.0f;
    for (int j = 0; j < q->count; j++) {
        const int at = q->begin + j;
        total += weights[j] *
                 (v->codes ? (double)(v->codes[at] - v->zero_point) : (double)v->values[at]);
        if (v->codes && (j % OCT_SOFTMAX_BLOCK == OCT_SOFTMAX_BLOCK - 1 || j + 1 == q->count)) {
            blocks += (float)total;
            total = 0.0;
        }
    }
    return v->codes ? blocks * (v->scale / (float)sum) : (float)(total / sum);
}

static void run_attention(struct test_run *run, const struct oct_layer *layer)
{
    const struct test_tensor *in = look(run, layer->input);
    const struct test_tensor *to = create(run, layer->output, in->height, in->width);
    const struct oct_head_channels each = oct_attention_channels(run->network, layer);
    const int keys = layer->heads * each.key, pixels = in->height * in->width;
    double *weights = zeros((size_t)pixels, sizeof *weights);
    for (int head = 0; head < layer->heads; head++) {
        const struct test_plane *q = in->planes + head * each.key;
        for (int at = 0; at < pixels; at++) {
            const int count = pixels / layer->areas;
            const struct query query = {{q, q + keys, in->planes + 2 * keys + head * each.value},
                                        each,
                                        at,
                                        at / count * count,
                                        count,
                                        layer->factor};
            const double sum =
                q->codes ? weigh_codes(&query, weights) : weigh_values(&query, weights);
            for (int c = 0; c < each.value; c++)
                store(to, head * each.value + c, at, mean_of(&query, weights, sum, c));
        }
    }
    free(weights);
}

/* The value (as a code where it has one) at (y, x); the least there is outside. */
static float plain(const struct test_tensor *in, int channel, int y, int x)
{
    const struct test_plane *p = &in->planes[channel];
    if (y < 0 || x < 0 || y >= in->height || x >= in->width)
        return -INFINITY;
    return p->codes ? (float)p->codes[y * in->width + x] : p->values[y * in->width + x];
}

static float moved(const struct oct_layer *layer, const struct test_tensor *in, int channel, int y,
                   int x)
{
    if (layer->operation == OCT_UPSAMPLE)
        return plain(in, channel, y / 2, x / 2);
    const int reach = layer->operation == OCT_MAX_POOL ? layer->kernel / 2 : 0;
    float largest = -INFINITY;
    for (int dy = -reach; dy <= reach; dy++)
        for (int dx = -reach; dx <= reach; dx++)
            largest = fmaxf(largest, plain(in, channel, y + dy, x + dx));
    return largest;
}

/* A copy to the other type. */
static void run_conversion(struct test_run *run, const struct oct_layer *layer)
{
    const struct test_tensor *in = look(run, layer->input);
    const struct test_tensor *to = create(run, layer->output, in->height, in->width);
    for (int c = 0; c < run->network->tensors[layer->output].channels; c++) {
        const struct test_plane *p = &in->planes[c];
        for (int at = 0; at < to->height * to->width; at++)
            store(to, c, at,
                  p->codes ? (float)(p->codes[at] - p->zero_point) * p->scale : p->values[at]);
    }
}

/* What a pixel of a window has; `zero` outside of the picture. */
static float in_window(const struct test_tensor *in, int channel, int y, int x, float zero)
{
    return y < 0 || x < 0 || y >= in->height || x >= in->width ? zero : plain(in, channel, y, x);
}

/* The largest of a window as a code where it has one, or the mean as a value. */
static float window_value(const struct oct_layer *layer, const struct test_tensor *in, int channel,
                          int y, int x)
{
    const struct test_plane *p = &in->planes[channel];
    const bool means = layer->operation == OCT_WINDOW_MEAN;
    const float zero = p->codes ? (float)p->zero_point : 0.0f;
    const float outside = means || layer->zeros ? zero : -INFINITY;
    float most = -INFINITY, sum = 0.0f;
    for (int dy = 0; dy < layer->kernel; dy++)
        for (int dx = 0; dx < layer->kernel; dx++) {
            const float v = in_window(in, channel, y * layer->stride - layer->padding + dy,
                                      x * layer->stride - layer->padding + dx, outside);
            most = fmaxf(most, v);
            sum += v - zero;
        }
    const float taps = (float)(layer->kernel * layer->kernel);
    return means ? sum * ((p->codes ? p->scale : 1.0f) / taps) : most;
}

static void run_windows(struct test_run *run, const struct oct_layer *layer)
{
    const struct test_tensor *in = look(run, layer->input);
    const int room = 2 * layer->padding + layer->uneven - layer->kernel;
    const struct test_tensor *to =
        create(run, layer->output, (in->height + room) / layer->stride + 1,
               (in->width + room) / layer->stride + 1);
    for (int c = 0; c < run->network->tensors[layer->output].channels; c++)
        for (int at = 0; at < to->height * to->width; at++) {
            const float value = window_value(layer, in, c, at / to->width, at % to->width);
            if (to->planes[c].codes && layer->operation == OCT_WINDOW_MAX)
                ((uint8_t *)(uintptr_t)to->planes[c].codes)[at] = (uint8_t)value;
            else
                store(to, c, at, value);
        }
}

static void run_depth(struct test_run *run, const struct oct_layer *layer)
{
    const struct test_tensor *in = look(run, layer->input);
    const struct test_tensor *to = create(run, layer->output, 2 * in->height, 2 * in->width);
    const int channels = run->network->tensors[layer->output].channels;
    for (int c = 0; c < channels; c++)
        for (int at = 0; at < to->height * to->width; at++) {
            const int y = at / to->width, x = at % to->width;
            const float value = plain(in, (y % 2 * 2 + x % 2) * channels + c, y / 2, x / 2);
            if (to->planes[c].codes)
                ((uint8_t *)(uintptr_t)to->planes[c].codes)[at] = (uint8_t)value;
            else
                store(to, c, at, value);
        }
}

static void run_move(struct test_run *run, const struct oct_layer *layer)
{
    const struct test_tensor *in = look(run, layer->input);
    if (run->network->tensors[layer->input].type != run->network->tensors[layer->output].type) {
        run_conversion(run, layer);
        return;
    }
    const int factor = layer->operation == OCT_UPSAMPLE ? 2 : 1;
    const struct test_tensor *to =
        create(run, layer->output, in->height * factor, in->width * factor);
    for (int c = 0; c < run->network->tensors[layer->output].channels; c++) {
        const struct test_plane *p = &to->planes[c];
        for (int y = 0; y < to->height; y++) {
            for (int x = 0; x < to->width; x++) {
                const float value = moved(layer, in, c, y, x);
                const int at = y * to->width + x;
                if (p->codes)
                    ((uint8_t *)(uintptr_t)p->codes)[at] = (uint8_t)value;
                else
                    ((float *)(uintptr_t)p->values)[at] = value;
            }
        }
    }
}

void test_run_open(struct test_run *run, const struct oct_network *network, int height, int width)
{
    *run = (struct test_run){network, zeros((size_t)network->tensor_count, sizeof *run->tensors)};
    create(run, 0, height, width);
}

void test_run_set_pixels(struct test_run *run, const uint8_t *rgb)
{
    const struct test_tensor *input = &run->tensors[0];
    for (int at = 0; at < input->height * input->width; at++)
        for (int c = 0; c < 3; c++)
            store(input, c, at, (float)rgb[3 * at + c] * (1.0f / 255.0f));
}

static float byte_of(float value)
{
    const float code = rintf(value * 255.0f);
    return code >= 255.0f ? 255.0f : code > 0.0f ? code : 0.0f;
}

void test_run_set_planes(struct test_run *run, const float *planes)
{
    const struct test_tensor *input = &run->tensors[0];
    const int plane = input->height * input->width;
    for (int c = 0; c < 3; c++) {
        const bool codes = input->planes[c].codes != NULL;
        for (int at = 0; at < plane; at++, planes++)
            store(input, c, at, codes ? byte_of(*planes) * (1.0f / 255.0f) : *planes);
    }
}

void test_run_layer(struct test_run *run, int layer)
{
    static void (*const runs[])(struct test_run *,
                                const struct oct_layer *) = {[OCT_CONVOLUTION] = run_convolution,
                                                             [OCT_MAX_POOL] = run_move,
                                                             [OCT_UPSAMPLE] = run_move,
                                                             [OCT_COPY] = run_move,
                                                             [OCT_TABLE] = run_move,
                                                             [OCT_ATTENTION] = run_attention,
                                                             [OCT_WINDOW_MAX] = run_windows,
                                                             [OCT_WINDOW_MEAN] = run_windows,
                                                             [OCT_DEPTH_TO_SPACE] = run_depth};
    runs[run->network->layers[layer].operation](run, &run->network->layers[layer]);
}

const struct test_tensor *test_run_tensor(struct test_run *run, int tensor)
{
    return look(run, tensor);
}

void test_run_create(struct test_run *run, const struct oct_network *network, int height, int width,
                     const uint8_t *rgb)
{
    test_run_open(run, network, height, width);
    test_run_set_pixels(run, rgb);
    for (int i = 0; i < network->layer_count; i++)
        test_run_layer(run, i);
    for (int i = 0; i < network->head.output_count; i++)
        look(run, network->head.outputs[i].tensor);
}

void test_run_free(struct test_run *run)
{
    for (int i = 0; i < run->network->tensor_count; i++) {
        free(run->tensors[i].planes);
        free(run->tensors[i].own);
    }
    free(run->tensors);
}

static double expectation(const struct test_plane *planes, int count, int at)
{
    double sum = 0.0, weighted = 0.0, highest = -INFINITY;
    for (int i = 0; i < count; i++)
        highest = fmax(highest, (double)planes[i].values[at]);
    for (int i = 0; i < count; i++) {
        sum += exp((double)planes[i].values[at] - highest);
        weighted += i * exp((double)planes[i].values[at] - highest);
    }
    return weighted / sum;
}

double *test_run_output(const struct test_run *run, int *anchors)
{
    const struct oct_network *network = run->network;
    *anchors = 0;
    const struct oct_head *head = &network->head;
    const bool is_distance = head->kind == &oct_head_yolo26;
    const int reg_max = is_distance ? 1 : head->of.yolov8.reg_max;
    for (int i = 0; i < head->output_count; i += 2) {
        const struct test_tensor *box = &run->tensors[head->outputs[i].tensor];
        *anchors += box->height * box->width;
    }
    const size_t all = (size_t)*anchors;
    double *output = zeros(((size_t)head->class_count + 4) * all, sizeof *output), *to = output;
    for (int i = 0; i < head->output_count; i += 2) {
        const struct test_tensor *box = &run->tensors[head->outputs[i].tensor];
        const struct test_tensor *classes = &run->tensors[head->outputs[i + 1].tensor];
        const double stride = head->outputs[i].stride;
        for (int at = 0; at < box->height * box->width; at++, to++) {
            double side[4];
            for (int s = 0; s < 4; s++)
                side[s] = is_distance ? (double)box->planes[s].values[at]
                                      : expectation(box->planes + s * reg_max, reg_max, at);
            to[0] = (at % box->width + 0.5 + (side[2] - side[0]) / 2) * stride;
            to[all] = (at / box->width + 0.5 + (side[3] - side[1]) / 2) * stride;
            to[2 * all] = (side[0] + side[2]) * stride;
            to[3 * all] = (side[1] + side[3]) * stride;
            for (size_t c = 0; c < (size_t)head->class_count; c++)
                to[(4 + c) * all] = 1.0 / (1.0 + exp(-(double)classes->planes[c].values[at]));
        }
    }
    return output;
}
