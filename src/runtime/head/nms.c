/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/head/nms.h"

#include <math.h>

#include "base/exponential.h"

int oct_select_capacity(int anchors, int class_count)
{
    const long long all = (long long)anchors * class_count;
    return all < OCT_CANDIDATES_MAX ? (int)all : OCT_CANDIDATES_MAX;
}

/* The order of results: score falling, then anchor and class rising. Total, so that nothing depends
 * on the machine. */
static int compare(const struct oct_candidate *a, const struct oct_candidate *b)
{
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (a->anchor != b->anchor)
        return a->anchor < b->anchor ? -1 : 1;
    return (a->class_id > b->class_id) - (a->class_id < b->class_id);
}

/* A bounded heap with the worst candidate on top, so that the best `capacity` survive. */
struct heap {
    struct oct_candidate *entries;
    int count, capacity;
};

static void sift_down(struct heap *heap, int at)
{
    const struct oct_candidate moving = heap->entries[at];
    for (;;) {
        int child = 2 * at + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count &&
            compare(&heap->entries[child + 1], &heap->entries[child]) > 0)
            child++;
        if (compare(&heap->entries[child], &moving) <= 0)
            break;
        heap->entries[at] = heap->entries[child];
        at = child;
    }
    heap->entries[at] = moving;
}

static void add_candidate(struct heap *heap, struct oct_candidate candidate)
{
    if (heap->count < heap->capacity) {
        heap->entries[heap->count++] = candidate;
        if (heap->count == heap->capacity)
            for (int at = heap->count / 2 - 1; at >= 0; at--)
                sift_down(heap, at);
    } else if (heap->capacity > 0 && compare(&candidate, &heap->entries[0]) < 0) {
        heap->entries[0] = candidate;
        sift_down(heap, 0);
    }
}

/* In-place heap sort into result order; needs no memory, unlike qsort of some C libraries. */
static void sort_candidates(struct heap *heap)
{
    for (int at = heap->count / 2 - 1; at >= 0; at--)
        sift_down(heap, at);
    const int count = heap->count;
    while (heap->count > 1) {
        const struct oct_candidate worst = heap->entries[0];
        heap->entries[0] = heap->entries[--heap->count];
        sift_down(heap, 0);
        heap->entries[heap->count] = worst;
    }
    heap->count = count;
}

static bool wanted(const octet_detect_settings *settings, int class_id)
{
    if (!settings->classes)
        return true;
    for (int i = 0; i < settings->class_count; i++)
        if (settings->classes[i] == class_id)
            return true;
    return false;
}

/* A logit below this cannot reach the confidence; those above are decided by their exact score. */
static float logit_threshold(double confidence)
{
    if (confidence <= 0.0)
        return -INFINITY;
    if (confidence >= 1.0)
        return INFINITY;
    /* log(c / (1 - c)), less a margin for rounding;
     * log is only used to skip work, never to decide */
    return (float)(log(confidence / (1.0 - confidence)) - 1e-3);
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
        __builtin_prefetch(logits + c + 2560); /* tensors of this size are in no cache */
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
                        struct heap *heap)
{
    if (!any_above(logits, g->class_count, g->logit))
        return;
    if (g->settings->multi_label) {
        for (int c = 0; c < g->class_count; c++) {
            if (!(logits[c] > g->logit) || !wanted(g->settings, c))
                continue;
            const float score = oct_sigmoid(logits[c]);
            if (score > g->confidence)
                add_candidate(heap, (struct oct_candidate){score, anchor, c});
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
        add_candidate(heap, (struct oct_candidate){score, anchor, best});
}

static void gather(const struct oct_head_view *head, const octet_detect_settings *settings,
                   struct heap *heap)
{
    const struct gathering g = {settings, logit_threshold(settings->confidence),
                                (float)settings->confidence, head->class_count};
    int anchor = 0;
    for (int l = 0; l < head->level_count; l++) {
        const struct oct_head_level *level = &head->levels[l];
        for (int y = 0; y < level->height; y++)
            for (int x = 0; x < level->width; x++, anchor++)
                gather_cell(&g,
                            level->classes + (size_t)y * level->class_row +
                                (size_t)x * level->class_pixel,
                            anchor, heap);
    }
}

static void candidate_box(const struct oct_head_view *head, int anchor, float corners[4])
{
    for (int l = 0; l < head->level_count; l++) {
        const struct oct_head_level *level = &head->levels[l];
        const int cells = level->height * level->width;
        if (anchor < cells) {
            oct_decode_box(level, head->reg_max, anchor / level->width, anchor % level->width,
                           corners);
            return;
        }
        anchor -= cells;
    }
}

static float minimum(float a, float b)
{
    return a < b ? a : b;
}

static float maximum(float a, float b)
{
    return a > b ? a : b;
}

static float overlap(const octet_detection *a, const octet_detection *b)
{
    const float width = minimum(a->x2, b->x2) - maximum(a->x1, b->x1);
    const float height = minimum(a->y2, b->y2) - maximum(a->y1, b->y1);
    if (!(width > 0.0f && height > 0.0f))
        return 0.0f;
    const float inside = width * height;
    const float area_a = (a->x2 - a->x1) * (a->y2 - a->y1),
                area_b = (b->x2 - b->x1) * (b->y2 - b->y1);
    return inside / (area_a + area_b - inside);
}

static bool suppressed(const octet_detection *box, const octet_detection *kept, int count,
                       const octet_detect_settings *settings)
{
    const float limit = (float)settings->iou;
    for (int i = 0; i < count && limit < 1.0f; i++)
        if ((settings->class_agnostic || kept[i].class_id == box->class_id) &&
            overlap(box, &kept[i]) > limit)
            return true;
    return false;
}

/* True when no more of the box's class are wanted. */
static bool class_is_full(const octet_detection *box, const octet_detection *kept, int count,
                          int limit)
{
    int of_class = 0;
    for (int i = 0; i < count && limit > 0; i++)
        of_class += kept[i].class_id == box->class_id;
    return limit > 0 && of_class >= limit;
}

int oct_select(const struct oct_head_view *head, const octet_detect_settings *settings,
               struct oct_select_scratch *scratch, octet_detection *detections, int most)
{
    struct heap heap = {scratch->candidates, 0, scratch->capacity};
    gather(head, settings, &heap);
    sort_candidates(&heap);
    int kept = 0;
    for (int i = 0; i < heap.count && kept < most; i++) {
        const struct oct_candidate *candidate = &heap.entries[i];
        float corners[4];
        candidate_box(head, candidate->anchor, corners);
        const octet_detection box = {corners[0], corners[1],       corners[2],
                                     corners[3], candidate->score, candidate->class_id};
        if (!class_is_full(&box, detections, kept, settings->max_per_class) &&
            !suppressed(&box, detections, kept, settings))
            detections[kept++] = box;
    }
    return kept;
}
