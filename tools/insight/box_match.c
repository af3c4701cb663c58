/* SPDX-License-Identifier: Apache-2.0 */
/* Matches the boxes of two detectors, and sums up how they differ. */
#include "insight/box_match.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "app/allocate.h"

static double area(const octet_detection *box)
{
    return ((double)box->x2 - (double)box->x1) * ((double)box->y2 - (double)box->y1);
}

static double iou(const octet_detection *a, const octet_detection *b)
{
    const double width = (double)fminf(a->x2, b->x2) - (double)fmaxf(a->x1, b->x1);
    const double height = (double)fminf(a->y2, b->y2) - (double)fmaxf(a->y1, b->y1);
    const double both = width > 0 && height > 0 ? width * height : 0;
    return both > 0 ? both / (area(a) + area(b) - both) : 0;
}

static float edge_distance(const octet_detection *a, const octet_detection *b)
{
    return fmaxf(fmaxf(fabsf(a->x1 - b->x1), fabsf(a->y1 - b->y1)),
                 fmaxf(fabsf(a->x2 - b->x2), fabsf(a->y2 - b->y2)));
}

/* The free box of the same class that overlaps most; -1 when none does enough. */
static int find_match(const octet_detection *box, const struct found_boxes *others,
                      const bool *taken, double least_score)
{
    double best = MATCH_IOU;
    int found = -1;
    for (int i = 0; i < others->count && (double)others->boxes[i].score >= least_score; i++) {
        if (taken[i] || others->boxes[i].class_id != box->class_id)
            continue;
        const double overlap = iou(box, &others->boxes[i]);
        if (overlap >= best && (found < 0 || overlap > best)) {
            best = overlap;
            found = i;
        }
    }
    return found;
}

static double add_match(struct box_totals *totals, const octet_detection *a,
                        const octet_detection *b)
{
    const double difference = (double)b->score - (double)a->score;
    if (totals->all.matched == totals->capacity) {
        totals->capacity = totals->capacity ? totals->capacity * 2 : 256;
        totals->box_errors =
            app_resize(totals->box_errors, totals->capacity, sizeof *totals->box_errors);
        totals->score_errors =
            app_resize(totals->score_errors, totals->capacity, sizeof *totals->score_errors);
    }
    totals->score_errors[totals->all.matched] = (float)difference;
    totals->box_errors[totals->all.matched++] = edge_distance(a, b);
    totals->classes[a->class_id].matched++;
    totals->score_sum += difference;
    totals->score_square_sum += difference * difference;
    return fabs(difference) + 1 - iou(a, b);
}

/* A's sure boxes; takes those of both that match. */
static double match_sure(struct box_totals *totals, const struct found_boxes *a,
                         const struct found_boxes *b, bool *taken_a, bool *taken_b)
{
    const double least = totals->sure_score * MATCH_SCORE_SHARE;
    double difference = 0;
    for (int i = 0; i < a->count && (double)a->boxes[i].score >= totals->sure_score; i++) {
        const octet_detection *box = &a->boxes[i];
        const int match = find_match(box, b, taken_b, least);
        totals->all.sure++;
        totals->classes[box->class_id].sure++;
        if (match < 0) {
            difference += (double)box->score;
            continue;
        }
        taken_a[i] = taken_b[match] = true;
        difference += add_match(totals, box, &b->boxes[match]);
    }
    return difference;
}

/* B's sure boxes that are left; A's less sure boxes answer for them. */
static double count_more(struct box_totals *totals, const struct found_boxes *a,
                         const struct found_boxes *b, bool *taken_a, const bool *taken_b)
{
    const double least = totals->sure_score * MATCH_SCORE_SHARE;
    double difference = 0;
    for (int i = 0; i < b->count && (double)b->boxes[i].score >= totals->sure_score; i++) {
        const octet_detection *box = &b->boxes[i];
        if (taken_b[i])
            continue;
        const int match = find_match(box, a, taken_a, least);
        if (match >= 0) {
            taken_a[match] = true;
            difference += fabs((double)box->score - (double)a->boxes[match].score) + 1 -
                          iou(box, &a->boxes[match]);
            continue;
        }
        totals->all.more++;
        totals->classes[box->class_id].more++;
        difference += (double)box->score;
    }
    return difference;
}

void box_totals_open(struct box_totals *totals, double sure_score, int class_count)
{
    *totals = (struct box_totals){.sure_score = sure_score};
    totals->classes = app_alloc((size_t)class_count, sizeof *totals->classes);
}

double box_totals_add(struct box_totals *totals, const struct found_boxes *a,
                      const struct found_boxes *b)
{
    bool *taken = app_alloc((size_t)a->count + (size_t)b->count + 1, sizeof *taken);
    bool *taken_b = taken + a->count;
    double difference = match_sure(totals, a, b, taken, taken_b);
    difference += count_more(totals, a, b, taken, taken_b);
    free(taken);
    return difference;
}

static int compare_floats(const void *a, const void *b)
{
    const float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

struct box_errors box_totals_errors(struct box_totals *totals)
{
    const size_t count = totals->all.matched;
    struct box_errors errors = {0};
    if (count == 0)
        return errors;
    qsort(totals->box_errors, count, sizeof *totals->box_errors, compare_floats);
    for (size_t i = 0; i < count; i++)
        errors.mean += (double)totals->box_errors[i] / (double)count;
    /* the smallest that 95 % of the boxes do not exceed */
    errors.share_95 = (double)totals->box_errors[(count * 95 + 99) / 100 - 1];
    errors.most = (double)totals->box_errors[count - 1];
    return errors;
}

void box_totals_close(struct box_totals *totals)
{
    free(totals->classes);
    free(totals->box_errors);
    free(totals->score_errors);
    *totals = (struct box_totals){0};
}
