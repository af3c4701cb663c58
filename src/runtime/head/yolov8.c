/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YOLOv8's head in numbers: per level and cell, 4 distributions of reg_max logits (left, top,
 * right, bottom, in cells) and one logit a class. Distance = expectation of the softmax over 0 ..
 * reg_max - 1; the anchor point of cell (x, y) is (x + 0.5, y + 0.5) * stride. Source: "Generalized
 * Focal Loss" (Li et al., 2020), and the ONNX graphs that Ultralytics exports.
 */
#include "runtime/head/yolov8.h"

#include <math.h>

#include "base/exponential.h"
#include "runtime/head/heads.h"
#include "runtime/head/levels.h"

static double rounded(double value, struct oct_quantization rounding)
{
    return oct_is_quantized(rounding)
               ? oct_quantization_steps((float)value, rounding) * (double)rounding.scale
               : value;
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
        weighted += rounded(p, dfl->probability) * (step > 0.0 ? rint(i / step) * step : i);
    }
    return (float)rounded(weighted, dfl->distance);
}

/* Expectation of softmax(logits) over 0 .. count - 1. */
static float expected_distance(const float *logits, int count, const struct oct_dfl_rounding *dfl)
{
    if (oct_yolov8_rounds(dfl))
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

static void cell_box(const struct oct_head_view *view, int level, int y, int x, float corners[4])
{
    const int reg_max = view->head->of.yolov8.reg_max;
    const float *logits = oct_cell_of(&view->maps[2 * level], y, x);
    float distances[4];
    for (int side = 0; side < 4; side++)
        distances[side] =
            expected_distance(logits + side * reg_max, reg_max, &view->head->of.yolov8.rounding);
    oct_cell_corners(distances, y, x, view->head->outputs[2 * level].stride, corners);
}

const struct oct_head_kind oct_head_yolov8 = {
    .name = "YOLOv8",
    .word = "dfl",
    .engine_version = 1,
    .verify = oct_yolov8_verify,
    .hash = oct_yolov8_hash,
    .add_parameters = oct_yolov8_add_parameters,
    .add_outputs = oct_yolov8_add_outputs,
    .fields = oct_yolov8_fields,
    .read = oct_yolov8_read,
    .anchor_count = oct_levels_anchors,
    .cell_box = cell_box,
    .box = oct_levels_box,
    .decode = oct_levels_decode,
    .select = oct_levels_select,
};
