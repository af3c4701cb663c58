/* SPDX-License-Identifier: Apache-2.0 */
/* All that a report shows: it is measured first, and written then. Text belongs to whoever measured
 * it and stays until the page is written. */
#ifndef TOOLS_REPORT_DATA_H
#define TOOLS_REPORT_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include <octet/octet.h>

enum report_mood { REPORT_GOOD, REPORT_WARN, REPORT_BAD };

/* A line of "what it is": "calibrator", "mse". */
struct report_fact {
    char *key, *text;
};

/* A precision that was run on this machine. */
struct report_speed {
    const char *name; /* "INT8" */
    double median_ms, p90_ms;
    int64_t weight_bytes;
    bool is_engine; /* the one that the report is about */
};

struct report_class {
    const char *name;
    size_t sure, matched, more; /* boxes of the float model, of these found, found besides */
    double ap, ap50;            /* 0 to 1; NAN without a box */
};

struct report_layer {
    octet_layer_info info;
    double through_db, alone_db; /* signal to noise; NAN where it could not be had */
    double share;                /* of the network's time, 0 to 1; NAN: not known */
};

/* What a tensor's values are, and where they are clipped. */
struct report_histogram {
    char *name;
    char *svg;
    double low, high, minimum, maximum; /* real values: what codes reach, what was seen */
};

/* A picture with the boxes of both side by side. */
struct report_picture {
    char *label;
    unsigned char *jpeg;
    size_t size;
    int width, height;
    int counts[2]; /* boxes of the float model, of the engine */
    double difference;
    bool is_best;
};

struct report_data {
    const char *title; /* the engine's name */
    enum report_mood mood;
    char *verdict, *reasons;
    octet_info info;
    const struct report_fact *facts; /* what made it, and with what it was measured */
    size_t fact_count;
    const struct report_speed *speeds;
    size_t speed_count;
    char *speed_svg, *size_svg;
    octet_agreement agreement;
    size_t pictures;
    double score_rms, box_mean_px, box_95_px; /* of matched boxes */
    size_t sure, matched;
    double ap_float, ap_engine; /* against labels, 0 to 1; NAN without */
    const struct report_class *classes;
    size_t class_count;
    const struct report_layer *layers;
    size_t layer_count;
    char *layers_svg;
    const struct report_histogram *histograms;
    size_t histogram_count;
    const struct report_picture *shown;
    size_t shown_count;
    char *drift, *drift_svg; /* NULL: not looked at */
    char *study_svg;         /* NULL: not run */
    const char *command;     /* that made the report */
};

#endif
