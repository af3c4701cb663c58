/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of levels: how many anchors they have, their prediction as a whole, and the candidates that
 * boxes are selected from. */
#include "runtime/head/levels.h"

#include <math.h>
#include <stdint.h>

#include "base/exponential.h"
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

int oct_levels_anchors(const struct oct_head_view *view)
{
    int anchors = 0;
    for (int l = 0; l < level_count(view->head); l++)
        anchors += view->maps[2 * l].height * view->maps[2 * l].width;
    return anchors;
}

void oct_levels_add(struct oct_head *head, int box_tensor, int class_tensor, int stride)
{
    head->outputs[head->output_count++] =
        (struct oct_head_output){box_tensor, OCT_HEAD_BOX, stride};
    head->outputs[head->output_count++] =
        (struct oct_head_output){class_tensor, OCT_HEAD_CLASS, stride};
}

void oct_levels_decode(const struct oct_head_view *view, float *output)
{
    const size_t anchors = (size_t)oct_levels_anchors(view);
    size_t anchor = 0;
    for (int l = 0; l < level_count(view->head); l++) {
        const struct oct_head_map *classes = &view->maps[2 * l + 1];
        for (int y = 0; y < classes->height; y++) {
            for (int x = 0; x < classes->width; x++, anchor++) {
                float box[4];
                view->head->kind->cell_box(view, l, y, x, box);
                output[anchor] = (box[0] + box[2]) * 0.5f;
                output[anchors + anchor] = (box[1] + box[3]) * 0.5f;
                output[2 * anchors + anchor] = box[2] - box[0];
                output[3 * anchors + anchor] = box[3] - box[1];
                const float *logits = oct_cell_of(classes, y, x);
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

float oct_levels_logit_threshold(double confidence)
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

/* All classes of a cell that are wanted and above the confidence. */
static void gather_classes(const struct gathering *g, const float *logits, int anchor,
                           struct oct_candidates *heap)
{
    float highest = g->logit;
    for (int c = 0; c < g->class_count; c++)
        if (logits[c] > highest && wanted(g->settings, c))
            highest = logits[c];
    const float best = oct_sigmoid(highest); /* the sigmoid never falls */
    for (int c = 0; c < g->class_count; c++) {
        if (!(logits[c] > g->logit) || !wanted(g->settings, c))
            continue;
        const float score = oct_sigmoid(logits[c]);
        if (score > g->confidence)
            oct_candidates_add(heap, (struct oct_candidate){score, best, anchor, c});
    }
}

static void gather_cell(const struct gathering *g, const float *logits, int anchor,
                        struct oct_candidates *heap)
{
    if (!any_above(logits, g->class_count, g->logit))
        return;
    if (g->settings->multi_label) {
        gather_classes(g, logits, anchor, heap);
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
        oct_candidates_add(heap, (struct oct_candidate){score, score, anchor, best});
}

static void gather(const struct oct_head_view *view, const octet_detect_settings *settings,
                   struct oct_candidates *heap)
{
    const struct gathering g = {settings, oct_levels_logit_threshold(settings->confidence),
                                (float)settings->confidence, view->head->class_count};
    int anchor = 0;
    for (int l = 0; l < level_count(view->head); l++) {
        const struct oct_head_map *classes = &view->maps[2 * l + 1];
        for (int y = 0; y < classes->height; y++)
            for (int x = 0; x < classes->width; x++, anchor++)
                gather_cell(&g, oct_cell_of(classes, y, x), anchor, heap);
    }
}

void oct_levels_box(const struct oct_head_view *view, int anchor, float corners[4])
{
    for (int l = 0; l < level_count(view->head); l++) {
        const struct oct_head_map *map = &view->maps[2 * l];
        const int cells = map->height * map->width;
        if (anchor < cells) {
            view->head->kind->cell_box(view, l, anchor / map->width, anchor % map->width, corners);
            return;
        }
        anchor -= cells;
    }
}

static void corners_of(const void *user, int anchor, float corners[4])
{
    oct_levels_box(user, anchor, corners);
}

int oct_levels_select(const struct oct_head_view *view, const octet_detect_settings *settings,
                      struct oct_select_scratch *scratch, octet_detection *detections, int most)
{
    struct oct_candidates heap = {scratch->candidates, 0, scratch->capacity};
    gather(view, settings, &heap);
    return oct_nms(&heap, &(struct oct_boxes){corners_of, view}, settings, detections, most);
}
