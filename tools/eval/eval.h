/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `octet eval`: what is true, how classes correspond, the run, the report. */
#ifndef TOOLS_EVAL_H
#define TOOLS_EVAL_H

#include "app/options.h"
#include "pictures/sources.h"

/* The field's settings, which published figures are worked out with. */
#define EVAL_CONFIDENCE 0.001
#define EVAL_IOU 0.7
#define EVAL_DETECTIONS_MAX 300

struct eval_arguments {
    const char *annotations, *images, *data, *split, *detections, *classes, *save;
    double min_ap, max_bad; /* min_ap below 0: not given */
    struct input_size size;
};

/* A picture of the set, beside its path in `pictures`. */
struct eval_picture {
    int64_t id;
    int width, height; /* that the annotations say; 0: unknown */
    char *labels;      /* its label file, or NULL */
};

/* eval_set.c: ground truth, and where its pictures are. */
struct eval_set {
    octet_truth *truth;
    struct sources pictures;
    struct eval_picture *entries; /* [pictures.count] */
    size_t total, bad;            /* pictures asked for, and those that cannot take part */
    double max_bad;
    bool labelled; /* of a data.yaml: the truth learns pictures and boxes as pictures are read */
};

/* COCO annotations; the pictures are looked for in `folder`, unless that is NULL. */
int eval_set_open_coco(struct app *app, const char *annotations, const char *folder,
                       struct eval_set *set);
/* A data.yaml. Label files are checked here; their boxes are added by eval_set_add_labels(). */
int eval_set_open_yaml(struct app *app, const char *path, const char *split, struct eval_set *set);
/* Counts a bad picture, which was reported; more than set->max_bad of them fail. */
int eval_set_count_bad(struct app *app, struct eval_set *set, size_t count);
/* Of a data.yaml: tells the ground truth the picture's size and boxes. */
int eval_set_add_picture(struct app *app, struct eval_set *set, size_t index,
                         const octet_image *image);
void eval_set_free(struct eval_set *set);

bool eval_is_file(const char *path);
/* Where Ultralytics has a picture's labels, or beside it where no folder is named "images"; the
 * current folder may lie in one. The caller frees it. */
char *eval_labels_path(const char *picture);
/* The path from the root on, its folders' links followed (the file's own not), for the caller to
 * free; a copy of the path where that fails. */
char *eval_whole_path(const char *path);

/* eval_pictures.c: finds the pictures of set->truth in `folder`, reports those that are not there
 * and counts them as bad. Two that would be one file fail. */
int eval_find_pictures(struct app *app, const char *annotations, const char *folder,
                       struct eval_set *set);

/* A text and what it belongs to; sorted, equal texts stand side by side in the order of `index`. */
struct keyed {
    char *key;
    size_t index;
};
void keyed_sort(struct keyed *list, size_t count);
/* Frees keys and list. */
void keyed_free(struct keyed *list, size_t count);

/* eval_classes.c: which class of the ground truth a class of the model is. */
struct eval_classes {
    int64_t *ids; /* by the model's class; meaningful where `known` */
    bool *known;
    int count;
    const char *how;   /* "name", "coco" or "index" */
    bool *truth_known; /* by the ground truth's class: the model has it */
    int64_t *chosen;   /* --classes, as ids of the ground truth, or NULL */
    size_t chosen_count;
};

int eval_classes_choose(struct app *app, const octet_truth *truth, const char *list,
                        struct eval_classes *classes);
void eval_classes_match(struct app *app, const octet_engine *engine, const octet_truth *truth,
                        struct eval_classes *classes);
bool eval_classes_is_chosen(const struct eval_classes *classes, int64_t id);
void eval_classes_free(struct eval_classes *classes);

/* eval_run.c: the model over the pictures. */
struct eval_run {
    struct app *app;
    const struct eval_arguments *arguments;
    const char *model; /* NULL: none was run */
    octet_engine *engine;
    octet_session *session;
    struct eval_set set;
    struct eval_classes classes;
    octet_detections *detections;
    int64_t *done; /* ids of the pictures that took part */
    size_t done_count;
    size_t other_size; /* pictures of another size than the annotations say */
    double seconds;
};

/* Runs all pictures; fills detections, done and seconds. */
int eval_run_pictures(struct eval_run *run);

/* eval_report.c */
struct eval_result {
    octet_evaluation all;
    octet_class_evaluation *classes; /* [classes of the ground truth] */
};

int eval_report(struct eval_run *run, const struct eval_result *result);

#endif
