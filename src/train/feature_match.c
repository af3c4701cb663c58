/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what the head reads, and compares it. */
#include "train/feature_match.h"

#define VARIANCE_LEAST 1e-12

/* The layer that wrote all that a tensor is made of, or -1: several did, or the picture is it. */
static int only_writer(const struct oct_train_plan *plan, int tensor)
{
    const struct oct_reading *reading = &plan->readings[tensor];
    return reading->run_count == 1 ? plan->writer[reading->runs[0].tensor] : -1;
}

static int before(const struct oct_train_plan *plan, int layer)
{
    return layer < 0 ? -1 : only_writer(plan, plan->network->layers[layer].input);
}

int oct_level_layer(const struct oct_train_plan *plan, int level)
{
    const struct oct_head *head = &plan->network->head;
    const int boxes = only_writer(plan, head->outputs[2 * level].tensor);
    const int classes = only_writer(plan, head->outputs[2 * level + 1].tensor);
    for (int a = before(plan, boxes); a >= 0; a = before(plan, a))
        for (int b = before(plan, classes); b >= 0; b = before(plan, b))
            if (a == b)
                return a;
    return -1;
}

static double variance_of(const float *values, size_t count)
{
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i];
    const double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += ((double)values[i] - mean) * ((double)values[i] - mean);
    return squares / (double)count;
}

double oct_match_feature(const float *teacher, const float *values, size_t count, double weight,
                         float *gradient)
{
    const double variance = variance_of(teacher, count);
    const double by =
        weight / ((variance > VARIANCE_LEAST ? variance : VARIANCE_LEAST) * (double)count);
    const float slope = (float)(2.0 * by);
    double squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        const float off = values[i] - teacher[i];
        squares += (double)off * (double)off;
        gradient[i] += slope * off;
    }
    return by * squares;
}
