/* SPDX-License-Identifier: Apache-2.0 */
/* What `octet detect -o DIR|FILE` writes: pictures and films with boxes, label files, crops, COCO
 * results. */
#ifndef TOOLS_DETECT_FILES_H
#define TOOLS_DETECT_FILES_H

#include "app/output_file.h"
#include "detect/detect_film.h"
#include "detect/detect_report.h"
#include "detect/image_ids.h"
#include "draw/draw.h"
#include "models/class_match.h"
#include "pictures/inputs.h"

struct detect_files_settings {
    const char *folder;              /* NULL: nothing is written, or `film` */
    const char *film;                /* the one source's film with boxes, or NULL */
    bool no_draw, text, confidences; /* confidences: in the label files */
    bool crops, results;             /* COCO results */
    bool frames;                     /* pictures of a film's frames with objects */
    const char *annotations;         /* whose ids the results take, or NULL */
    struct draw_settings draw;
};

/* Zeroed parts are not there. */
struct detect_files {
    struct app *app;
    const struct detect_files_settings *settings;
    const struct sources *sources;
    const octet_engine *engine;
    struct inputs inputs; /* what no output may replace */
    struct output_names names;
    struct drawer *drawer;
    struct detect_film film;
    char *labels, *crops, *frames; /* folders, with text, crops and frames */
    struct output_folders made;
    bool is_begun;        /* what was made stays */
    char **class_folders; /* in `crops`; with crops */
    int class_count;
    struct image_id *ids; /* with results */
    octet_truth *truth;
    struct class_match classes;
    struct output_file results;
    char *results_path;
    size_t written; /* entries in the results */
};

/* Checks that nothing that is read would be overwritten, makes the folders, gives names; before any
 * thread was started. Returns a status. */
int detect_files_open(struct detect_files *files, struct app *app, const char *model,
                      const struct detect_files_settings *settings, const struct sources *sources);

/* Gives ids and opens fonts, so that what may fail fails before the work. Returns a status. */
int detect_files_begin(struct detect_files *files, const octet_engine *engine);

/* Whether pixels or planes are needed in detect_files_add(). */
bool detect_files_need_image(const struct detect_files *files);

/* Writes what belongs to a picture; that of a stream is NAME-NUMBER, a film's NAME_FRAME, counted
 * from 1 on as Ultralytics does. Makes frame->image where a film's is needed. Returns a status. */
int detect_files_add(struct detect_files *files, struct frame *frame,
                     const struct detect_result *result);

/* Puts the COCO results in their place, `done` pictures of all, and the last film. */
int detect_files_commit(struct detect_files *files, size_t done);

/* Folders that detect_files_open() made go again where detect_files_begin() did not succeed.
 * Accepts a zeroed struct. */
void detect_files_close(struct detect_files *files);

#endif
