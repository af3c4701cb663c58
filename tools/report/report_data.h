/* SPDX-License-Identifier: Apache-2.0 */
/* All that a report shows: it is measured first, and written then. Text belongs to whoever measured
 * it and stays until the page is written. */
#ifndef TOOLS_REPORT_DATA_H
#define TOOLS_REPORT_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include <octet/octet.h>

enum report_mood { REPORT_GOOD, REPORT_WARN, REPORT_BAD };

/* A line of "how it was made": "calibrator", "mse". */
struct report_fact {
    char *key, *text;
};

/* A precision that was run on this machine. */
struct report_speed {
    const char *name;         /* "float" */
    double median_ms, p90_ms; /* 90 of 100 runs took no longer */
    int64_t weight_bytes;
    bool is_engine; /* the one that the report is about */
};

/* A class, by the float model's boxes. */
struct report_class {
    const char *name;
    size_t sure, matched, more; /* boxes of the float model, of these found, found besides */
    double ap, ap50;            /* 0 to 1; below 0 without a box */
};

/* A class, by labels. */
struct report_label_class {
    const char *name;
    size_t boxes;
    double ap_float, ap_engine, ap50_float, ap50_engine; /* 0 to 1 */
};

/* What was measured against labels. */
struct report_labels {
    const char *source;      /* the file that they are from; NULL: there were none */
    const char *match;       /* how classes were matched: "name", "coco" or "index" */
    octet_evaluation all[2]; /* of the float model, of the engine */
    const struct report_label_class *classes;
    size_t class_count;
};

struct report_layer {
    octet_layer_info info;
    char *label;                 /* its name in short */
    double through_db, alone_db; /* signal to noise; NAN where it could not be had */
    double effect; /* error at the outputs when it alone is quantised, 0 to 1 of the scores; NAN */
    double share;  /* of the network's time, 0 to 1; NAN: not known */
};

/* Layers of one part of the model that have one stride. */
struct report_block {
    char name[48];
    int stride; /* pixels of the picture to one of the output */
    size_t layers, float_layers, bf16_layers;
    double share, worst_db, effect; /* of its layers: sum, least, greatest; NAN: none is known */
};

/* A range of values, and what codes reach of it. */
struct report_histogram {
    const char *name; /* the layer's */
    char *label, *svg;
    double low, high, minimum, maximum; /* real values: what codes reach, what was seen */
    double clipped;                     /* share of the values beyond, 0 to 1 */
};

struct report_side {
    unsigned char *jpeg;
    size_t size;
    int width, height, count; /* of the picture; boxes */
};

/* A picture with the boxes of both. */
struct report_picture {
    char *label;
    struct report_side sides[2]; /* of the float model, of the engine */
    double difference;
    bool is_best;
};

/* How the ranges fit the pictures. */
struct report_drift {
    char *verdict;           /* the line that `octet calibrate --check` says; NULL: not known */
    char *missing, *watched; /* why it is not known; what a watch on codes says; either or NULL */
    octet_fit fit;
    octet_range_fit *ranges; /* [fit.tensors], the most harmed first; names are the engine's */
    char *svg;
};

struct report_study_row {
    char *calibrator;
    int count;
    double ap, agreement, deviation, least, most, seconds; /* points; NAN: not known */
};

struct report_study {
    bool is_there, labelled;
    double float_ap;
    int64_t pictures;
    struct report_study_row *rows;
    size_t row_count;
    char **verdicts; /* a line for each calibrator */
    size_t verdict_count;
    char *svg;
};

struct report_data {
    const char *title, *subtitle; /* the engine's file; what it is */
    enum report_mood mood;
    char *verdict, *reasons;
    char *advice; /* what to do; NULL: nothing */
    octet_info info;
    const struct report_fact *facts; /* what the engine is and what made it */
    size_t fact_count;
    const struct report_fact *conditions; /* with what it was measured */
    size_t condition_count;
    const struct report_speed *speeds;
    size_t speed_count;
    char *speed_svg, *size_svg;
    octet_agreement agreement;
    size_t pictures;
    double confidence;
    double score_rms, box_mean_px, box_95_px; /* of matched boxes */
    size_t sure, matched, more;
    const struct report_class *classes;
    size_t class_count;
    struct report_labels labels;
    const struct report_layer *layers;
    size_t layer_count, effect_pictures, effect_layers;
    char *noise_svg, *effect_svg;
    const struct report_block *blocks;
    size_t block_count;
    char *blocks_svg;
    const struct report_histogram *histograms;
    size_t histogram_count;
    const struct report_picture *shown;
    size_t shown_count;
    struct report_drift drift;
    struct report_study study;
    const char *command; /* that made the report */
};

#endif
