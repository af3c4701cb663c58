/* SPDX-License-Identifier: Apache-2.0 */
/* Labelled pictures and what a detector found in them, as plain lists in the order of adding. */
#ifndef OCTET_EVALUATE_TRUTH_H
#define OCTET_EVALUATE_TRUTH_H

#include <octet/evaluate.h>

#include "base/arena.h"

struct oct_truth_class {
    int64_t id;
    const char *name;
};

struct octet_truth {
    octet_context *ctx;
    struct oct_arena text; /* names */
    const char *name;      /* for messages: the file, or "ground truth" */
    struct oct_truth_class *classes;
    octet_truth_image *images;
    octet_truth_box *boxes;
    size_t class_count, image_count, box_count;
    size_t class_capacity, image_capacity, box_capacity;
    int64_t next_id; /* above those of all boxes, and above 0 */
};

/* A detection: pixels of the picture. */
struct oct_found_box {
    int64_t image_id, class_id;
    double x, y, width, height, score;
};

struct octet_detections {
    octet_context *ctx;
    char *name; /* for messages: the file, or "detections" */
    struct oct_found_box *boxes;
    size_t count, capacity;
};

/* Ids in rising order; an entry's place in it is its rank. */
struct oct_id_index {
    octet_context *ctx;
    struct oct_id_entry {
        int64_t id;
        size_t position; /* in the list of adding */
    } * entries;
    size_t count;
};

#define OCT_NO_RANK SIZE_MAX

/* The ids that `count` elements of `stride` bytes begin with. Building fails with OCTET_BAD_FORMAT
 * when one is there twice; `name` and `what` are for that message. */
struct oct_id_list {
    const void *first;
    size_t count, stride;
    const char *name, *what;
};
octet_status oct_id_index_build(octet_context *ctx, const struct oct_id_list *list,
                                struct oct_id_index *index);
/* The id's rank, or OCT_NO_RANK. */
size_t oct_id_index_find(const struct oct_id_index *index, int64_t id);
void oct_id_index_free(struct oct_id_index *index);

/* Both indices of a ground truth, with everything checked: no id twice, no box without its picture
 * and class. On failure both are empty. */
octet_status oct_truth_index(const octet_truth *truth, struct oct_id_index *images,
                             struct oct_id_index *classes);

octet_status oct_truth_create(octet_context *ctx, const char *name, octet_truth **truth);
octet_status oct_truth_add_class(octet_truth *truth, int64_t id, const char *name);
octet_status oct_truth_add_image(octet_truth *truth, const octet_truth_image *image);
/* Refuses numbers that are not finite and negative widths and heights. */
octet_status oct_truth_add_box(octet_truth *truth, const octet_truth_box *box);
void oct_truth_free(octet_truth *truth);

octet_status oct_detections_create(octet_context *ctx, const char *name,
                                   octet_detections **detections);
octet_status oct_detections_add(octet_detections *detections, const struct oct_found_box *box);
void oct_detections_free(octet_detections *detections);

#endif
