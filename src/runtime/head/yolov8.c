/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YOLOv8's head in numbers: per level and cell, 4 distributions of reg_max logits (left, top,
 * right, bottom, in cells) and one logit a class. Distance = expectation of the softmax over 0 ..
 * reg_max - 1; the anchor point of cell (x, y) is (x + 0.5, y + 0.5) * stride. Anchors are numbered
 * level by level, row by row. Source: "Generalized Focal Loss" (Li et al., 2020), and the ONNX
 * graphs that Ultralytics exports.
 */
#include "runtime/head/yolov8.h"

#include <math.h>
#include <stdint.h>

#include "base/exponential.h"
#include "runtime/head/heads.h"
#include "runtime/head/nms.h"

/* What a threshold on logits is lowered by: far more than the C library's log differs by from one
 * processor to another (one unit in the last place of a double), so that it only skips work; a few
 * cells more are looked at. */
#define LOGIT_MARGIN 1e-3

/* How far ahead memory is asked for, 10 KiB: logits of this size lie in no cache. Found by trial,
 * with the vectors below: 0.38 to 0.17 ms together (docs/performance.md). */
#define PREFETCH_FLOATS 2560

static int level_count(const struct oct_head *head)
{
    return head->output_count / 2;
}

static int anchor_count(const struct oct_head_view *view)
{
    int anchors = 0;
    for (int l = 0; l < level_count(view->head); l++)
        anchors += view->maps[2 * l].height * view->maps[2 * l].width;
    return anchors;
}

/* The logits of one cell. */
static const float *logits_of(const struct oct_head_map *map, int y, int x)
{
    return map->data + (size_t)y * map->row + (size_t)x * map->pixel;
}

/* ---- boxes ---- */

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

/* The corners (x1, y1, x2, y2) of one cell's box in input pixels. */
static void cell_box(const struct oct_head_view *view, int level, int y, int x, float corners[4])
{
    const int reg_max = view->head->of.yolov8.reg_max;
    const struct oct_dfl_rounding *rounding = &view->head->of.yolov8.rounding;
    const float *logits = logits_of(&view->maps[2 * level], y, x);
    const float centre[2] = {(float)x + 0.5f, (float)y + 0.5f};
    const float stride = (float)view->head->outputs[2 * level].stride;
    for (int side = 0; side < 4; side++) {
        const float distance = expected_distance(logits + side * reg_max, reg_max, rounding);
        const float at = side < 2 ? centre[side] - distance : centre[side - 2] + distance;
        corners[side] = at * stride;
    }
}

static void decode(const struct oct_head_view *view, float *output)
{
    const size_t anchors = (size_t)anchor_count(view);
    size_t anchor = 0;
    for (int l = 0; l < level_count(view->head); l++) {
        const struct oct_head_map *classes = &view->maps[2 * l + 1];
        for (int y = 0; y < classes->height; y++) {
            for (int x = 0; x < classes->width; x++, anchor++) {
                float box[4];
                cell_box(view, l, y, x, box);
                output[anchor] = (box[0] + box[2]) * 0.5f;
                output[anchors + anchor] = (box[1] + box[3]) * 0.5f;
                output[2 * anchors + anchor] = box[2] - box[0];
                output[3 * anchors + anchor] = box[3] - box[1];
                const float *logits = logits_of(classes, y, x);
                for (int c = 0; c < view->head->class_count; c++)
                    output[((size_t)c + 4) * anchors + anchor] = oct_sigmoid(logits[c]);
            }
        }
    }
}

/* ---- candidates ---- */

static bool wanted(const octet_detect_settings *settings, int class_id)
{
    if (!settings->classes)
        return true;
    for (int i = 0; i < settings->class_count; i++)
        if (settings->classes[i] == class_id)
            return true;
    return false;
}

float oct_yolov8_logit_threshold(double confidence)
{
    if (confidence <= 0.0)
        return -INFINITY;
    if (confidence >= 1.0)
        return INFINITY;
    /* log(c / (1 - c)), less a margin for rounding;
     * log is only used to skip work, never to decide */
    return (float)(log(confidence / (1.0 - confidence)) - LOGIT_MARGIN);
}

struct gathering {
    const octet_detect_settings *settings;
    float logit, confidence;
    int class_count;
};

/* Vectors of 16 bytes, which every processor has; their memory may lie anywhere. */
typedef float four_floats __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t four_flags __attribute__((vector_size(16)));

/* Nearly all cells hold nothing, and are done with here. */
static bool any_above(const float *logits, int count, float threshold)
{
    const four_floats limit = {threshold, threshold, threshold, threshold};
    four_flags above[4] = {{0}};
    int c = 0;
    for (; c + 16 <= count; c += 16) {
        const four_floats *at = (const four_floats *)(logits + c);
        __builtin_prefetch(logits + c + PREFETCH_FLOATS); /* tensors of this size are in no cache */
        above[0] |= at[0] > limit;
        above[1] |= at[1] > limit;
        above[2] |= at[2] > limit;
        above[3] |= at[3] > limit;
    }
    const four_flags all = (above[0] | above[1]) | (above[2] | above[3]);
    bool any = (all[0] | all[1] | all[2] | all[3]) != 0;
    for (; c < count; c++)
        any |= logits[c] > threshold;
    return any;
}

static void gather_cell(const struct gathering *g, const float *logits, int anchor,
                        struct oct_candidates *heap)
{
    if (!any_above(logits, g->class_count, g->logit))
        return;
    if (g->settings->multi_label) {
        for (int c = 0; c < g->class_count; c++) {
            if (!(logits[c] > g->logit) || !wanted(g->settings, c))
                continue;
            const float score = oct_sigmoid(logits[c]);
            if (score > g->confidence)
                oct_candidates_add(heap, (struct oct_candidate){score, anchor, c});
        }
        return;
    }
    int best = 0;
    for (int c = 1; c < g->class_count; c++)
        if (logits[c] > logits[best])
            best = c;
    if (!(logits[best] > g->logit) || !wanted(g->settings, best))
        return;
    const float score = oct_sigmoid(logits[best]);
    if (score > g->confidence)
        oct_candidates_add(heap, (struct oct_candidate){score, anchor, best});
}

static void gather(const struct oct_head_view *view, const octet_detect_settings *settings,
                   struct oct_candidates *heap)
{
    const struct gathering g = {settings, oct_yolov8_logit_threshold(settings->confidence),
                                (float)settings->confidence, view->head->class_count};
    int anchor = 0;
    for (int l = 0; l < level_count(view->head); l++) {
        const struct oct_head_map *classes = &view->maps[2 * l + 1];
        for (int y = 0; y < classes->height; y++)
            for (int x = 0; x < classes->width; x++, anchor++)
                gather_cell(&g, logits_of(classes, y, x), anchor, heap);
    }
}

static void anchor_box(const struct oct_head_view *view, int anchor, float corners[4])
{
    for (int l = 0; l < level_count(view->head); l++) {
        const struct oct_head_map *map = &view->maps[2 * l];
        const int cells = map->height * map->width;
        if (anchor < cells) {
            cell_box(view, l, anchor / map->width, anchor % map->width, corners);
            return;
        }
        anchor -= cells;
    }
}

static void corners_of(const void *view, int anchor, float corners[4])
{
    anchor_box(view, anchor, corners);
}

static int select_boxes(const struct oct_head_view *view, const octet_detect_settings *settings,
                        struct oct_select_scratch *scratch, octet_detection *detections, int most)
{
    struct oct_candidates heap = {scratch->candidates, 0, scratch->capacity};
    gather(view, settings, &heap);
    return oct_nms(&heap, &(struct oct_boxes){corners_of, view}, settings, detections, most);
}

const struct oct_head_kind oct_head_yolov8 = {
    .name = "YOLOv8",
    .verify = oct_yolov8_verify,
    .hash = oct_yolov8_hash,
    .add_parameters = oct_yolov8_add_parameters,
    .add_outputs = oct_yolov8_add_outputs,
    .fields = oct_yolov8_fields,
    .read = oct_yolov8_read,
    .anchor_count = anchor_count,
    .box = anchor_box,
    .decode = decode,
    .select = select_boxes,
};
