/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/head/decode.h"

#include <math.h>

#include "base/exponential.h"

int oct_head_anchor_count(const struct oct_head_view *head)
{
    int anchors = 0;
    for (int i = 0; i < head->level_count; i++)
        anchors += head->levels[i].height * head->levels[i].width;
    return anchors;
}

/* The code less its zero point, as what is rounded has it. */
static double steps_of(double value, const struct oct_quantization *rounding)
{
    const double steps = rint((double)((float)value / rounding->scale));
    const double low = -rounding->zero_point, high = 255 - rounding->zero_point;
    return steps < low ? low : steps > high ? high : steps;
}

static double rounded(double value, const struct oct_quantization *rounding)
{
    return rounding->scale > 0.0f ? steps_of(value, rounding) * (double)rounding->scale : value;
}

/* As expected_distance(), with the rounding of a quantised head. */
static float rounded_distance(const float *logits, int count, const struct oct_dfl_rounding *dfl)
{
    float highest = logits[0];
    for (int i = 1; i < count; i++)
        highest = logits[i] > highest ? logits[i] : highest;
    double sum = 0.0, weighted = 0.0;
    for (int i = 0; i < count; i++)
        sum += oct_exp((double)logits[i] - (double)highest);
    const double step = (double)dfl->weight_scale;
    for (int i = 0; i < count; i++) {
        const double p = oct_exp((double)logits[i] - (double)highest) / sum;
        weighted += rounded(p, &dfl->probability) * (step > 0.0 ? rint(i / step) * step : i);
    }
    return (float)rounded(weighted, &dfl->distance);
}

/* Expectation of softmax(logits) over 0 .. count - 1. */
static float expected_distance(const float *logits, int count, const struct oct_dfl_rounding *dfl)
{
    if (dfl)
        return rounded_distance(logits, count, dfl);
    float highest = logits[0];
    for (int i = 1; i < count; i++)
        highest = logits[i] > highest ? logits[i] : highest;
    double sum = 0.0, weighted = 0.0;
    for (int i = 0; i < count; i++) {
        const double e = oct_exp((double)logits[i] - (double)highest);
        sum += e;
        weighted += e * i;
    }
    return (float)(weighted / sum);
}

void oct_decode_box(const struct oct_head_level *level, int reg_max, int y, int x, float corners[4])
{
    const float *logits = level->box + (size_t)y * level->box_row + (size_t)x * level->box_pixel;
    const float centre[2] = {(float)x + 0.5f, (float)y + 0.5f};
    const float stride = (float)level->stride;
    for (int side = 0; side < 4; side++) {
        const float distance = expected_distance(logits + side * reg_max, reg_max, level->dfl);
        const float at = side < 2 ? centre[side] - distance : centre[side - 2] + distance;
        corners[side] = at * stride;
    }
}

void oct_decode_all(const struct oct_head_view *head, float *output)
{
    const size_t anchors = (size_t)oct_head_anchor_count(head);
    size_t anchor = 0;
    for (int l = 0; l < head->level_count; l++) {
        const struct oct_head_level *level = &head->levels[l];
        for (int y = 0; y < level->height; y++) {
            for (int x = 0; x < level->width; x++, anchor++) {
                float box[4];
                oct_decode_box(level, head->reg_max, y, x, box);
                output[anchor] = (box[0] + box[2]) * 0.5f;
                output[anchors + anchor] = (box[1] + box[3]) * 0.5f;
                output[2 * anchors + anchor] = box[2] - box[0];
                output[3 * anchors + anchor] = box[3] - box[1];
                const float *logits =
                    level->classes + (size_t)y * level->class_row + (size_t)x * level->class_pixel;
                for (int c = 0; c < head->class_count; c++)
                    output[((size_t)c + 4) * anchors + anchor] = oct_sigmoid(logits[c]);
            }
        }
    }
}
