/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_EVALUATE_H
#define OCTET_EVALUATE_H

#include <octet/session.h>

OCTET_BEGIN_DECLARATIONS

/** Ground truth in COCO's terms: classes (categories), pictures and boxes, each with an id. Use it,
 * and detections, on the thread of the context that they were made from: their message is its. */
typedef struct octet_truth octet_truth;
/** Boxes that a detector found in the pictures. Their order decides between equal scores. */
typedef struct octet_detections octet_detections;

/** A labelled box. A match of a box of id 0 counts as none, as in pycocotools: number from 1. */
typedef struct octet_truth_box {
    int64_t id, image_id, class_id;
    double x, y, width, height; /**< pixels; x and y of the left upper corner */
    double area;                /**< square pixels; below 0: width * height */
    int is_crowd; /**< 1: many objects; boxes on it count neither as right nor wrong */
} octet_truth_box;

typedef struct octet_truth_image {
    int64_t id;
    const char *file_name; /**< the handle's text; may be "" */
    int width, height;     /**< pixels; 0: unknown */
} octet_truth_image;

OCTET_API octet_status octet_truth_create(octet_context *context, octet_truth **truth);
/** Reads a COCO annotation file, in which null stands for what is missing. OCTET_BAD_FORMAT with
 * the entry in the message: what is no such file, ids that are there twice, boxes of unknown
 * pictures or classes. */
OCTET_API octet_status octet_truth_load(octet_context *context, const char *path,
                                        octet_truth **truth);
/* Adding copies. Ids that are there twice are found by octet_evaluate(). */
OCTET_API octet_status octet_truth_add_class(octet_truth *truth, int64_t id, const char *name);
OCTET_API octet_status octet_truth_add_image(octet_truth *truth, const octet_truth_image *image);
OCTET_API octet_status octet_truth_add_box(octet_truth *truth, const octet_truth_box *box);
/** Adds an Ultralytics label file: lines of class id, centre x, y, width, height, or class id and
 * three or more points; shares of the picture, which was added with its size before. Equal lines
 * count once. A bad line is OCTET_BAD_FORMAT with file and line, and nothing is added. */
OCTET_API octet_status octet_truth_add_labels(octet_truth *truth, int64_t image_id,
                                              const char *path);
OCTET_API size_t octet_truth_class_count(const octet_truth *truth);
OCTET_API size_t octet_truth_image_count(const octet_truth *truth);
OCTET_API size_t octet_truth_box_count(const octet_truth *truth);
/** Box `index` in the order of adding; OCTET_INVALID_ARGUMENT when out of range. */
OCTET_API octet_status octet_truth_box_get(const octet_truth *truth, size_t index,
                                           octet_truth_box *box);
/** Name (the handle's text) and id of class `index` in the order of adding; NULL past the end. */
OCTET_API const char *octet_truth_class_get(const octet_truth *truth, size_t index, int64_t *id);
/** Picture `index`; OCTET_INVALID_ARGUMENT past the end. */
OCTET_API octet_status octet_truth_image_get(const octet_truth *truth, size_t index,
                                             octet_truth_image *image);
OCTET_API const char *octet_truth_message(const octet_truth *truth);
OCTET_API void octet_truth_free(octet_truth **truth);

OCTET_API octet_status octet_detections_create(octet_context *context, octet_detections **made);
/** Reads a COCO results file: [{"image_id":, "category_id":, "bbox": [x,y,w,h], "score":}, ...]. */
OCTET_API octet_status octet_detections_load(octet_context *context, const char *path,
                                             octet_detections **detections);
/** Adds a box; `class_id` is the ground truth's id, that in `box` is not looked at. */
OCTET_API octet_status octet_detections_add(octet_detections *detections, int64_t image_id,
                                            int64_t class_id, const octet_detection *box);
/** Writes a COCO results file that evaluates to the same figures: beside it, fsync, rename. */
OCTET_API octet_status octet_detections_save(const octet_detections *detections, const char *path);
OCTET_API size_t octet_detections_count(const octet_detections *detections);
OCTET_API const char *octet_detections_message(const octet_detections *detections);
OCTET_API void octet_detections_free(octet_detections **detections);

/** What to evaluate; zeros and NULL stand for everything. */
typedef struct octet_evaluate_settings {
    const int64_t *class_ids, *image_ids; /**< only these, as params.catIds and imgIds */
    size_t class_count, image_count;
    size_t reserved[8];
} octet_evaluate_settings;

/** COCO's twelve figures, 0 to 1; -1 where there is no box of the kind. */
typedef struct octet_evaluation {
    double ap, ap50, ap75, ap_small, ap_medium, ap_large;
    double ar_1, ar_10, ar_100, ar_small, ar_medium, ar_large;
    size_t images, boxes, detections; /**< that took part */
} octet_evaluation;

/** One class; -1 where it has no box, or was not asked for. */
typedef struct octet_class_evaluation {
    double ap, ap50, ar_100;
    size_t boxes; /**< without crowds */
} octet_class_evaluation;

/** Average precision as pycocotools' COCOeval works it out for "bbox", to the bit. `settings` may
 * be NULL; `classes` is NULL or has room for all classes of the ground truth, in their order.
 * Detections of unknown pictures are OCTET_MISMATCH, those of unknown classes are left out, with a
 * warning. */
OCTET_API octet_status octet_evaluate(const octet_truth *truth, const octet_detections *detections,
                                      const octet_evaluate_settings *settings,
                                      octet_evaluation *evaluation,
                                      octet_class_evaluation *classes);

/** How well two detectors agree, see octet_evaluate_agreement(). */
typedef struct octet_agreement {
    double ap;         /**< 0 to 1, over the overlaps 0.50 to 0.95; -1 without a label */
    double ap50, ap75; /**< at these overlaps alone */
    size_t images;     /**< in which either found a box */
    size_t labels;     /**< boxes of the reference that it is sure of */
    size_t detections; /**< the other's boxes */
    size_t reserved[4];
} octet_agreement;

/** Scores `found` as if `reference`, of the same pictures and classes, had labelled them: the
 * average precision of octet_evaluate(), where the reference's boxes of score `confidence` (0 to 1;
 * usually 0.25) and more are the labels. So it needs no labelled pictures. It counts labels that
 * are missed or lie elsewhere, and boxes without a label, the more the higher their score; classes
 * without a label do not count. Give all boxes of `found` from a low score on (0.001); 100 of a
 * class and picture are looked at. An INT8 engine and the FP32 engine of its model agree to
 * 0.96 to 0.99. The message of a failure is the reference's. */
OCTET_API octet_status octet_evaluate_agreement(const octet_detections *reference,
                                                const octet_detections *found, double confidence,
                                                octet_agreement *agreement);

/** An engine of a model that could be used, and what was measured of it. */
typedef struct octet_candidate {
    octet_precision precision; /**< as octet_info has it */
    double time;               /**< of a run; in any unit, the same for all candidates */
    double agreement;          /**< with the FP32 engine; below 0 or not a number: not known */
    int agrees;                /**< set: 1 for FP32, and where `agreement` is enough or not known */
} octet_candidate;

/** Chooses as `octet build --precision auto` does: the fastest that agrees; but BF16 rather than
 * FP32 where it is less than 2 % slower, since it is half as large. `min_agreement` is in the unit
 * of `agreement`, 0 to 1 or percent. Of equals the last is taken. Returns the index, -1 when none
 * agrees. */
OCTET_API int octet_choose_candidate(octet_candidate *candidates, int count, double min_agreement);

OCTET_END_DECLARATIONS
#endif
