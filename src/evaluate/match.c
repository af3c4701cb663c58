/* SPDX-License-Identifier: Apache-2.0 */
/* Which detection is of which box, at each overlap and in each range of areas. */
#include "evaluate/evaluation.h"

#include <math.h>
#include <string.h>

static const double area_low[OCT_AREAS] = {0.0, 0.0, 32.0 * 32.0, 96.0 * 96.0};
static const double area_high[OCT_AREAS] = {1e5 * 1e5, 32.0 * 32.0, 96.0 * 96.0, 1e5 * 1e5};

#define NONE SIZE_MAX

double oct_iou_threshold(int index)
{
    return index == OCT_THRESHOLDS - 1 ? 0.95 : index * ((0.95 - 0.5) / 9.0) + 0.5;
}

/* On a crowd the union is the detection alone: how much of it lies there. */
static double overlap(const struct oct_found_box *found, const octet_truth_box *truth)
{
    const double truth_area = truth->width * truth->height,
                 found_area = found->width * found->height;
    const double width =
        fmin(found->width + found->x, truth->width + truth->x) - fmax(found->x, truth->x);
    if (width <= 0.0)
        return 0.0;
    const double height =
        fmin(found->height + found->y, truth->height + truth->y) - fmax(found->y, truth->y);
    if (height <= 0.0)
        return 0.0;
    const double both = width * height;
    return both / (truth->is_crowd ? found_area : found_area + truth_area - both);
}

static bool outside(double area, int range)
{
    return area < area_low[range] || area > area_high[range];
}

/* Sets `ignore`, and `order` with the ignored boxes last. Returns how many are not ignored. */
static size_t arrange(const struct oct_match *match, int range)
{
    size_t counted = 0, placed = 0;
    for (size_t g = 0; g < match->truth_count; g++) {
        match->ignore[g] = match->truth[g]->is_crowd || outside(match->truth[g]->area, range);
        if (!match->ignore[g])
            match->order[placed++] = g;
    }
    counted = placed;
    for (size_t g = 0; g < match->truth_count; g++)
        if (match->ignore[g])
            match->order[placed++] = g;
    return counted;
}

/* The box that detection `d` takes: the best free one that counts, else the best that does not. */
static size_t choose(const struct oct_match *match, size_t d, double threshold)
{
    const double *overlaps = match->overlap + d * match->truth_count;
    size_t chosen = NONE;
    double best = threshold;
    for (size_t i = 0; i < match->truth_count; i++) {
        const size_t g = match->order[i];
        if (match->taken[g] && !match->truth[g]->is_crowd)
            continue;
        if (chosen != NONE && !match->ignore[chosen] && match->ignore[g])
            break;
        if (overlaps[g] < best)
            continue;
        best = overlaps[g];
        chosen = g;
    }
    return chosen;
}

static void match_range(const struct oct_match *match, int range, struct oct_matched *matched)
{
    for (int t = 0; t < OCT_THRESHOLDS; t++) {
        const uint16_t bit = (uint16_t)(1u << t);
        const double threshold = oct_iou_threshold(t);
        memset(match->taken, 0, match->truth_count * sizeof *match->taken);
        for (size_t d = 0; d < match->found_count; d++) {
            const struct oct_found_box *found = match->found[d];
            const size_t g = choose(match, d, threshold);
            /* pycocotools notes the matched box' id, and 0 reads as "none" afterwards */
            const bool right = g != NONE && match->truth[g]->id != 0;
            if (g != NONE)
                match->taken[g] = true;
            if (right)
                matched[d].right[range] |= bit;
            if ((g != NONE && match->ignore[g]) ||
                (!right && outside(found->width * found->height, range)))
                matched[d].ignored[range] |= bit;
        }
    }
}

void oct_match(const struct oct_match *match, struct oct_matched *matched,
               size_t positives[OCT_AREAS])
{
    for (size_t d = 0; d < match->found_count; d++) {
        matched[d] = (struct oct_matched){.score = match->found[d]->score, .rank = (int)d};
        for (size_t g = 0; g < match->truth_count; g++)
            match->overlap[d * match->truth_count + g] = overlap(match->found[d], match->truth[g]);
    }
    for (int range = 0; range < OCT_AREAS; range++) {
        positives[range] += arrange(match, range);
        match_range(match, range, matched);
    }
}
