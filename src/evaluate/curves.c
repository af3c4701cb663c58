/* SPDX-License-Identifier: Apache-2.0 */
/* Precision at each recall, and the figures that are means of it. */
#include "evaluate/evaluation.h"

#include <float.h>
#include <stdlib.h>

static const int limits[OCT_LIMITS] = {1, 10, OCT_DETECTIONS_MAX};

static double *precision_at(const struct oct_curves *curves, int range, int threshold, int recall)
{
    return curves->precision +
           (((size_t)range * OCT_THRESHOLDS + (size_t)threshold) * OCT_RECALLS + (size_t)recall) *
               curves->class_count;
}

static double *recall_at(const struct oct_curves *curves, int range, int limit, int threshold)
{
    return curves->recall +
           (((size_t)range * OCT_LIMITS + (size_t)limit) * OCT_THRESHOLDS + (size_t)threshold) *
               curves->class_count;
}

octet_status oct_curves_create(octet_context *ctx, size_t class_count, struct oct_curves *curves)
{
    const size_t precisions = (size_t)OCT_THRESHOLDS * OCT_RECALLS;
    const size_t recalls = (size_t)OCT_AREAS * OCT_LIMITS * OCT_THRESHOLDS;
    *curves = (struct oct_curves){.ctx = ctx, .class_count = class_count};
    curves->precision = oct_malloc(ctx, class_count, OCT_AREAS * precisions * sizeof(double));
    curves->recall = oct_malloc(ctx, class_count, recalls * sizeof(double));
    curves->scratch = oct_malloc(ctx, class_count, precisions * sizeof(double));
    if (!curves->precision || !curves->recall || !curves->scratch) {
        oct_curves_free(curves);
        return oct_fail_memory(ctx, "the curves of all classes");
    }
    for (size_t i = 0; i < OCT_AREAS * precisions * class_count; i++)
        curves->precision[i] = -1.0;
    for (size_t i = 0; i < recalls * class_count; i++)
        curves->recall[i] = -1.0;
    return OCTET_OK;
}

void oct_curves_free(struct oct_curves *curves)
{
    oct_free(curves->ctx, curves->precision);
    oct_free(curves->ctx, curves->recall);
    oct_free(curves->ctx, curves->scratch);
    curves->precision = curves->recall = curves->scratch = NULL;
}

/* One curve: which class, which of its detections, what counts as right. */
struct curve {
    size_t class_index;
    int range, limit, threshold;
};

/* Recall and precision after each detection; returns how many there are. */
static size_t trace(const struct oct_class_matches *matches, const struct curve *curve,
                    double *recall, double *precision)
{
    const uint16_t bit = (uint16_t)(1u << curve->threshold);
    const double positives = (double)matches->positives[curve->range];
    double right = 0.0, wrong = 0.0;
    size_t count = 0;
    for (size_t i = 0; i < matches->count; i++) {
        const struct oct_matched *entry = &matches->entries[i];
        if (entry->rank >= limits[curve->limit])
            continue;
        if (!(entry->ignored[curve->range] & bit)) {
            if (entry->right[curve->range] & bit)
                right += 1.0;
            else
                wrong += 1.0;
        }
        recall[count] = right / positives;
        precision[count] = right / (wrong + right + DBL_EPSILON);
        count++;
    }
    return count;
}

static void add_curve(struct oct_curves *curves, const struct oct_class_matches *matches,
                      const struct curve *curve)
{
    double *recall = matches->points, *precision = matches->points + matches->count;
    const size_t count = trace(matches, curve, recall, precision);
    recall_at(curves, curve->range, curve->limit, curve->threshold)[curve->class_index] =
        count ? recall[count - 1] : 0.0;
    if (curve->limit != OCT_LIMITS - 1)
        return;
    for (size_t i = count; i-- > 1;)
        if (precision[i] > precision[i - 1])
            precision[i - 1] = precision[i];
    size_t at = 0;
    for (int r = 0; r < OCT_RECALLS; r++) {
        const double wanted = r == OCT_RECALLS - 1 ? 1.0 : r * 0.01;
        while (at < count && recall[at] < wanted)
            at++;
        precision_at(curves, curve->range, curve->threshold, r)[curve->class_index] =
            at < count ? precision[at] : 0.0;
    }
}

static int compare_matched(const void *a, const void *b)
{
    const struct oct_matched *left = a, *right = b;
    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    return (left->place > right->place) - (left->place < right->place);
}

void oct_curves_add(struct oct_curves *curves, size_t index, struct oct_class_matches *matches)
{
    for (size_t i = 0; i < matches->count; i++)
        matches->entries[i].place = i;
    if (matches->count > 1)
        qsort(matches->entries, matches->count, sizeof *matches->entries, compare_matched);
    for (int range = 0; range < OCT_AREAS; range++)
        for (int limit = 0; matches->positives[range] && limit < OCT_LIMITS; limit++)
            for (int threshold = 0; threshold < OCT_THRESHOLDS; threshold++)
                add_curve(curves, matches, &(struct curve){index, range, limit, threshold});
}

/* numpy's sum of contiguous doubles: blocks of up to 128 in eight lanes, halves above. */
static double pairwise_sum(const double *values, size_t count)
{
    if (count < 8) {
        double sum = 0.0;
        for (size_t i = 0; i < count; i++)
            sum += values[i];
        return sum;
    }
    if (count <= 128) {
        double lanes[8];
        size_t i = 8;
        for (size_t l = 0; l < 8; l++)
            lanes[l] = values[l];
        for (; i < count - count % 8; i += 8)
            for (size_t l = 0; l < 8; l++)
                lanes[l] += values[i + l];
        double sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
                     ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
        for (; i < count; i++)
            sum += values[i];
        return sum;
    }
    size_t half = count / 2;
    half -= half % 8;
    return pairwise_sum(values, half) + pairwise_sum(values + half, count - half);
}

/* The mean of the values that are there: `step` apart, above -1; -1 when there is none. */
static double mean(const struct oct_curves *curves, const double *values, size_t count, size_t step)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (values[i * step] > -1.0)
            curves->scratch[kept++] = values[i * step];
    return kept ? pairwise_sum(curves->scratch, kept) / (double)kept : -1.0;
}

void oct_curves_figures(const struct oct_curves *curves, octet_evaluation *evaluation)
{
    const size_t one = OCT_RECALLS * curves->class_count, all = OCT_THRESHOLDS * one,
                 recalls = OCT_THRESHOLDS * curves->class_count;
    octet_evaluation *e = evaluation;
    double *const precisions[OCT_AREAS] = {&e->ap, &e->ap_small, &e->ap_medium, &e->ap_large};
    double *const ranges[OCT_AREAS] = {&e->ar_100, &e->ar_small, &e->ar_medium, &e->ar_large};
    for (int range = 0; range < OCT_AREAS; range++) {
        *precisions[range] = mean(curves, precision_at(curves, range, 0, 0), all, 1);
        *ranges[range] = mean(curves, recall_at(curves, range, OCT_LIMITS - 1, 0), recalls, 1);
    }
    e->ap50 = mean(curves, precision_at(curves, 0, 0, 0), one, 1);
    e->ap75 = mean(curves, precision_at(curves, 0, 5, 0), one, 1);
    e->ar_1 = mean(curves, recall_at(curves, 0, 0, 0), recalls, 1);
    e->ar_10 = mean(curves, recall_at(curves, 0, 1, 0), recalls, 1);
}

void oct_curves_class(const struct oct_curves *curves, size_t index,
                      octet_class_evaluation *evaluation)
{
    const size_t step = curves->class_count;
    const double *precision = precision_at(curves, 0, 0, 0) + index;
    evaluation->ap = mean(curves, precision, (size_t)OCT_THRESHOLDS * OCT_RECALLS, step);
    evaluation->ap50 = mean(curves, precision, OCT_RECALLS, step);
    evaluation->ar_100 =
        mean(curves, recall_at(curves, 0, OCT_LIMITS - 1, 0) + index, OCT_THRESHOLDS, step);
}
