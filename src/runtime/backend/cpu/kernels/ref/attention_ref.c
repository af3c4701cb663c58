/* SPDX-License-Identifier: Apache-2.0 */
/* Attention in plain C: the definition. One query of one head at a time, pixels of its area in
 * order, channels in order; weights of floats add up to 16 sums first (float_functions.h). */
#include "base/fused.h"
#include "network/float_functions.h"
#include "network/softmax.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"

/* A query's scores, or their weights, over the pixels of its area. */
static size_t scratch_bytes(const struct oct_attention_job *job)
{
    return (size_t)job->height * (size_t)job->width / (size_t)job->areas * sizeof(float);
}

/* The element of channel 0 of pixel `pixel` of the picture. */
static ptrdiff_t element_of(const struct oct_attention_job *job, const struct oct_view *view,
                            int pixel)
{
    return (ptrdiff_t)((size_t)(pixel / job->width) * view->row +
                       (size_t)(pixel % job->width) * view->pixel);
}

static int code_of(const struct oct_view *view, ptrdiff_t at)
{
    return ((const uint8_t *)view->data)[at] - view->quantization.zero_point;
}

/* One query: its head, its pixel, and the pixels of its area. */
struct query {
    const struct oct_attention_job *job;
    int head, pixel, begin, count;
};

static int32_t score_of_codes(const struct query *q, int key)
{
    const struct oct_attention_job *job = q->job;
    const ptrdiff_t first = (ptrdiff_t)q->head * job->key_channels;
    const ptrdiff_t query = element_of(job, &job->queries, q->pixel) + first;
    const ptrdiff_t other = element_of(job, &job->keys, key) + first;
    int32_t score = 0;
    for (int t = 0; t < job->key_channels; t++)
        score += code_of(&job->queries, query + t) * code_of(&job->keys, other + t);
    return score;
}

static void run_codes(const struct query *q, int32_t *weights)
{
    const struct oct_attention_job *job = q->job;
    const float unit = oct_softmax_unit(job->queries.quantization.scale,
                                        job->keys.quantization.scale, job->factor);
    int32_t highest = INT32_MIN, sum = 0;
    for (int j = 0; j < q->count; j++) {
        weights[j] = score_of_codes(q, q->begin + j);
        highest = weights[j] > highest ? weights[j] : highest;
    }
    for (int j = 0; j < q->count; j++)
        sum += weights[j] = oct_softmax_weight(weights[j] - highest, unit);
    const float each = job->values.quantization.scale / (float)sum;
    const ptrdiff_t first = (ptrdiff_t)q->head * job->value_channels;
    for (ptrdiff_t c = first; c < first + job->value_channels; c++) {
        float total = 0.0f;
        for (int j = 0; j < q->count;) {
            const int left = q->count - j,
                      end = j + (left < OCT_SOFTMAX_BLOCK ? left : OCT_SOFTMAX_BLOCK);
            int32_t block = 0;
            for (; j < end; j++)
                block += weights[j] *
                         code_of(&job->values, element_of(job, &job->values, q->begin + j) + c);
            total += (float)block;
        }
        oct_store_at(&job->output, element_of(job, &job->output, q->pixel) + c, total * each);
    }
}

static float score_of_values(const struct query *q, int key)
{
    const struct oct_attention_job *job = q->job;
    const ptrdiff_t first = (ptrdiff_t)q->head * job->key_channels;
    const ptrdiff_t query = element_of(job, &job->queries, q->pixel) + first;
    const ptrdiff_t other = element_of(job, &job->keys, key) + first;
    float score = 0.0f;
    for (int t = 0; t < job->key_channels; t++)
        score = oct_fused(oct_value_at(&job->queries, query + t),
                          oct_value_at(&job->keys, other + t), score);
    return score;
}

/* What the weights come to of channel `c` of values: over blocks of pixels, as codes are. */
static float total_of_values(const struct query *q, const float *weights, ptrdiff_t c)
{
    const struct oct_view *values = &q->job->values;
    float total = 0.0f;
    for (int j = 0; j < q->count;) {
        const int left = q->count - j,
                  end = j + (left < OCT_SOFTMAX_BLOCK ? left : OCT_SOFTMAX_BLOCK);
        const bool first = j == 0;
        float block = 0.0f;
        for (; j < end; j++)
            block = oct_fused(weights[j],
                              oct_value_at(values, element_of(q->job, values, q->begin + j) + c),
                              block);
        total = first ? block : total + block;
    }
    return total;
}

static void run_values(const struct query *q, float *weights)
{
    const struct oct_attention_job *job = q->job;
    const float unit = job->factor * OCT_LOG2_E;
    float highest = -INFINITY, sum = 0.0f, sums[OCT_WEIGHT_SUMS] = {0.0f};
    for (int j = 0; j < q->count; j++) {
        weights[j] = score_of_values(q, q->begin + j);
        highest = weights[j] > highest ? weights[j] : highest;
    }
    for (int j = 0; j < q->count; j++)
        sums[j % OCT_WEIGHT_SUMS] += weights[j] = oct_softmax_value(weights[j] - highest, unit);
    for (int i = 0; i < OCT_WEIGHT_SUMS; i++)
        sum += sums[i];
    const float each = 1.0f / sum;
    const ptrdiff_t first = (ptrdiff_t)q->head * job->value_channels;
    for (ptrdiff_t c = first; c < first + job->value_channels; c++)
        oct_store_at(&job->output, element_of(job, &job->output, q->pixel) + c,
                     total_of_values(q, weights, c) * each);
}

static void run(const struct oct_attention_job *job, const struct oct_attention_range *range,
                void *scratch)
{
    const int count = job->height * job->width / job->areas;
    for (int head = range->head_begin; head < range->head_end; head++) {
        for (int i = range->row_begin * job->width; i < range->row_end * job->width; i++) {
            const struct query q = {job, head, i, i / count * count, count};
            if (job->queries.type == OCT_TYPE_U8)
                run_codes(&q, scratch);
            else
                run_values(&q, scratch);
        }
    }
}

const struct oct_attention_kernel oct_attention_u8_ref = {"attention_u8_ref", scratch_bytes, run};
const struct oct_attention_kernel oct_attention_float_ref = {"attention_float_ref", scratch_bytes,
                                                             run};
