/* SPDX-License-Identifier: Apache-2.0 */
/* What `octet detect` prints: a table, JSON, JSON Lines or CSV, picture by picture. */
#ifndef TOOLS_DETECT_REPORT_H
#define TOOLS_DETECT_REPORT_H

#include "app/table.h"
#include "pictures/sources.h"

enum detect_format { DETECT_TABLE, DETECT_JSON, DETECT_JSON_LINES, DETECT_CSV };

struct detect_times {
    double decode, preprocess, inference, postprocess; /* ms */
};

struct detect_result {
    const char *path; /* of a film "film.mp4:12" */
    const char *film; /* its name, of which this is frame number `frame`, from 0 on, or NULL */
    size_t frame;
    double time_s; /* of the film's clock */
    bool is_live;
    uint64_t dropped;             /* of a camera: frames that came too fast, up to here */
    int width, height;            /* of the picture, pixels */
    const octet_letterbox *where; /* in an input of a size of its own, or NULL */
    const octet_detection *detections;
    int count;
    const octet_drift_state *drift; /* of the watch, or NULL */
    struct detect_times times;
};

struct detect_report {
    struct app *app;
    const octet_engine *engine;
    enum detect_format format;
    struct table table;
    bool has_films; /* CSV says frame and time */
    size_t entries; /* of the JSON text */
    size_t pictures, detections;
    const char *camera;               /* the last one, or NULL */
    uint64_t dropped, dropped_before; /* of all cameras; of those before it */
    struct detect_times sums;
};

/* Prints what stands before the first picture. */
void detect_report_begin(struct detect_report *report, struct app *app, enum detect_format format,
                         const octet_engine *engine, const struct sources *sources);

/* Prints one picture's results; fails when standard output does. */
int detect_report_add(struct detect_report *report, const struct detect_result *result);

/* A picture that could not be read, and why: an entry of its own in JSON and JSON Lines. */
int detect_report_add_bad(struct detect_report *report, const char *path, const char *message);

/* Prints what stands after the last picture. */
void detect_report_end(struct detect_report *report);

#endif
