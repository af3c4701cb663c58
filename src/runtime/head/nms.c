/* SPDX-License-Identifier: Apache-2.0 */
/* The best of many candidates, and of these the boxes that no better one covers. */
#include "runtime/head/nms.h"

int oct_select_capacity(int anchors, int class_count)
{
    const long long all = (long long)anchors * class_count;
    return all < OCT_CANDIDATES_MAX ? (int)all : OCT_CANDIDATES_MAX;
}

/* The order of results: score falling, then the anchor's best score falling, then anchor and class
 * rising. Total, so that nothing depends on the machine; and that in which one-to-one heads have
 * equal ones in their files, where the best anchors are taken before the best classes of these. */
static int compare(const struct oct_candidate *a, const struct oct_candidate *b)
{
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (a->best != b->best)
        return a->best > b->best ? -1 : 1;
    if (a->anchor != b->anchor)
        return a->anchor < b->anchor ? -1 : 1;
    return (a->class_id > b->class_id) - (a->class_id < b->class_id);
}

static void sift_down(struct oct_candidates *heap, int at)
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

void oct_candidates_add(struct oct_candidates *heap, struct oct_candidate candidate)
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
static void sort_candidates(struct oct_candidates *heap)
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

int oct_nms(struct oct_candidates *candidates, const struct oct_boxes *boxes,
            const octet_detect_settings *settings, octet_detection *detections, int most)
{
    sort_candidates(candidates);
    int kept = 0;
    for (int i = 0; i < candidates->count && kept < most; i++) {
        const struct oct_candidate *candidate = &candidates->entries[i];
        float corners[4];
        boxes->corners(boxes->user, candidate->anchor, corners);
        const octet_detection box = {corners[0], corners[1],       corners[2],
                                     corners[3], candidate->score, candidate->class_id};
        if (!class_is_full(&box, detections, kept, settings->max_per_class) &&
            !suppressed(&box, detections, kept, settings))
            detections[kept++] = box;
    }
    return kept;
}
