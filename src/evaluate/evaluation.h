/* SPDX-License-Identifier: Apache-2.0 */
/* Average precision as pycocotools' COCOeval (iouType "bbox") works it out, in the same order of
 * the same double operations. Source: cocoapi, PythonAPI/pycocotools/cocoeval.py and
 * common/maskApi.c (bbIou). */
#ifndef OCTET_EVALUATE_EVALUATION_H
#define OCTET_EVALUATE_EVALUATION_H

#include "evaluate/truth.h"

#define OCT_THRESHOLDS 10 /* IoU 0.50 to 0.95 */
#define OCT_RECALLS 101   /* 0.00 to 1.00 */
#define OCT_AREAS 4       /* all, small, medium, large */
#define OCT_LIMITS 3      /* detections of a class in a picture: at most 1, 10, 100 */
#define OCT_DETECTIONS_MAX 100

/* IoU threshold `index`, with numpy.linspace()'s rounding. */
double oct_iou_threshold(int index);

/* A detection after matching. Bit t of a mask stands for IoU threshold t. */
struct oct_matched {
    double score;
    size_t place; /* before sorting: decides between equal scores */
    int rank;     /* in its picture and class, the best is 0 */
    uint16_t right[OCT_AREAS], ignored[OCT_AREAS];
};

/* One picture's boxes of one class. */
struct oct_match {
    const octet_truth_box *const *truth;
    const struct oct_found_box *const *found; /* best first, at most OCT_DETECTIONS_MAX */
    size_t truth_count, found_count;
    double *overlap;      /* scratch, [found_count][truth_count] */
    size_t *order;        /* scratch, [truth_count] */
    bool *ignore, *taken; /* scratch, [truth_count] */
};

/* Matches, writes `found_count` results to `matched`, and adds to `positives` the boxes that count
 * in each area range. */
void oct_match(const struct oct_match *match, struct oct_matched *matched,
               size_t positives[OCT_AREAS]);

/* Precision at each recall, and the highest recall; -1 for classes without boxes. */
struct oct_curves {
    octet_context *ctx;
    size_t class_count;
    double *precision; /* [OCT_AREAS][OCT_THRESHOLDS][OCT_RECALLS][class_count], limit 100 */
    double *recall;    /* [OCT_AREAS][OCT_LIMITS][OCT_THRESHOLDS][class_count] */
    double *scratch;   /* as many as one area's precision */
};

octet_status oct_curves_create(octet_context *ctx, size_t class_count, struct oct_curves *curves);
void oct_curves_free(struct oct_curves *curves);

/* The detections of a class over all pictures, in the pictures' order. */
struct oct_class_matches {
    struct oct_matched *entries;
    size_t count;
    size_t positives[OCT_AREAS];
    double *points; /* scratch, [2 * count] */
};

/* Sorts the entries and fills in the curves of class `index`. */
void oct_curves_add(struct oct_curves *curves, size_t index, struct oct_class_matches *matches);

/* The twelve figures, and those of class `index`. */
void oct_curves_figures(const struct oct_curves *curves, octet_evaluation *evaluation);
void oct_curves_class(const struct oct_curves *curves, size_t index,
                      octet_class_evaluation *evaluation);

octet_status oct_evaluate(const octet_truth *truth, const octet_detections *detections,
                          const octet_evaluate_settings *settings, octet_evaluation *evaluation,
                          octet_class_evaluation *classes);

#endif
