/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention forth and back, one query of one head at a time. With weights w = softmax(factor q k')
 * and output o = w v: dv += w' do, dw = do v', ds = w (dw - sum of w dw), dq = factor ds k, dk +=
 * factor ds' q.
 */
#include <math.h>
#include <string.h>

#include "base/exponential.h"
#include "train/plain_layers.h"

/* A query: the pixels of its area, and where its head's channels begin. */
struct query {
    const struct oct_plain_job *job;
    const float *input;
    size_t begin, count, pixel;
    size_t q, k, v; /* of the input's channels */
    size_t output;  /* of the output's */
};

static size_t channels_in(const struct query *at)
{
    return (size_t)at->job->input_channels;
}

static float dot(const float *a, const float *b, int count)
{
    float sum = 0.0f;
    for (int i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

static void find_weights(const struct query *at, float *weights)
{
    const int keys = at->job->head.key;
    const size_t channels = channels_in(at);
    const float *q = at->input + at->pixel * channels + at->q;
    float highest = -INFINITY, sum = 0.0f;
    for (size_t j = 0; j < at->count; j++) {
        weights[j] = dot(q, at->input + (at->begin + j) * channels + at->k, keys);
        highest = weights[j] > highest ? weights[j] : highest;
    }
    const double factor = (double)at->job->layer->factor;
    for (size_t j = 0; j < at->count; j++)
        sum += weights[j] = (float)oct_exp(factor * (double)(weights[j] - highest));
    for (size_t j = 0; j < at->count; j++)
        weights[j] /= sum;
}

static void forward_one(const struct query *at, float *output)
{
    float *weights = at->job->scratch;
    const int values = at->job->head.value;
    find_weights(at, weights);
    memset(output, 0, (size_t)values * sizeof *output);
    for (size_t j = 0; j < at->count; j++) {
        const float *v = at->input + (at->begin + j) * channels_in(at) + at->v;
        for (int c = 0; c < values; c++)
            output[c] += weights[j] * v[c];
    }
}

static void backward_one(const struct query *at, const float *gradient, float *back)
{
    float *weights = at->job->scratch, *slopes = weights + at->count;
    const int keys = at->job->head.key, values = at->job->head.value;
    const size_t channels = channels_in(at);
    float mean = 0.0f;
    find_weights(at, weights);
    for (size_t j = 0; j < at->count; j++) {
        const size_t other = (at->begin + j) * channels;
        float *dv = back + other + at->v;
        slopes[j] = dot(gradient, at->input + other + at->v, values);
        mean += weights[j] * slopes[j];
        for (int c = 0; c < values; c++)
            dv[c] += weights[j] * gradient[c];
    }
    const float *q = at->input + at->pixel * channels + at->q;
    float *dq = back + at->pixel * channels + at->q;
    for (size_t j = 0; j < at->count; j++) {
        const size_t other = (at->begin + j) * channels;
        const float *k = at->input + other + at->k;
        float *dk = back + other + at->k;
        const float slope = at->job->layer->factor * weights[j] * (slopes[j] - mean);
        for (int c = 0; c < keys; c++) {
            dq[c] += slope * k[c];
            dk[c] += slope * q[c];
        }
    }
}

static struct query query_of(const struct oct_plain_job *job, const float *input, size_t pixel,
                             int head)
{
    const size_t pixels = (size_t)job->input.height * (size_t)job->input.width;
    const size_t heads = (size_t)job->layer->heads, area = pixels / (size_t)job->layer->areas;
    const size_t keys = (size_t)job->head.key, values = (size_t)job->head.value;
    return (struct query){.job = job,
                          .input = input,
                          .begin = pixel / area * area,
                          .count = area,
                          .pixel = pixel,
                          .q = (size_t)head * keys,
                          .k = (heads + (size_t)head) * keys,
                          .v = 2 * heads * keys + (size_t)head * values,
                          .output = pixel * (size_t)job->output_channels + (size_t)head * values};
}

void oct_attention_forward(const struct oct_plain_job *job, const float *input, float *output)
{
    const size_t pixels = (size_t)job->input.height * (size_t)job->input.width;
    for (int head = 0; head < job->layer->heads; head++)
        for (size_t pixel = 0; pixel < pixels; pixel++) {
            const struct query at = query_of(job, input, pixel, head);
            forward_one(&at, output + at.output);
        }
}

void oct_attention_backward(const struct oct_plain_job *job, const float *input,
                            const float *output_gradient, float *input_gradient)
{
    const size_t pixels = (size_t)job->input.height * (size_t)job->input.width;
    memset(input_gradient, 0, pixels * (size_t)job->input_channels * sizeof *input_gradient);
    for (int head = 0; head < job->layer->heads; head++)
        for (size_t pixel = 0; pixel < pixels; pixel++) {
            const struct query at = query_of(job, input, pixel, head);
            backward_one(&at, output_gradient + at.output, input_gradient);
        }
}
