/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head: how the network's last tensors become boxes. The same struct stands in a network, in
 * an engine file and in a session. What a head of its kind computes is known to the functions of
 * its kind alone (runtime/head/), which come with it as a table; to all else it is tensors with
 * strides.
 */
#ifndef OCTET_NETWORK_HEAD_H
#define OCTET_NETWORK_HEAD_H

#include <octet/session.h>

#include <stdbool.h>
#include <stddef.h>

#include "network/quantization.h"

#define OCT_HEAD_OUTPUTS_MAX 16
/* Best candidates that suppression looks at, as Ultralytics' max_nms. */
#define OCT_CANDIDATES_MAX 30000

/* What an output is for; which of them a head has is its kind's matter. */
enum oct_head_role { OCT_HEAD_BOX, OCT_HEAD_CLASS };

struct oct_head_output {
    int tensor; /* F32 */
    enum oct_head_role role;
    int stride; /* input pixels a cell, a power of two */
};

/* How a YOLOv8 head that was quantised itself rounds on the way to a distance: the softmax, the
 * numbers 0 .. reg_max - 1 that it is weighted with (each to a multiple of weight_scale, which is 0
 * where they are exact), and their sum. All 0: not at all. */
struct oct_dfl_rounding {
    struct oct_quantization probability, distance;
    float weight_scale;
};

/* How a model selects boxes where nobody says otherwise; the fields are those of
 * octet_detect_settings. */
struct oct_selection {
    bool is_own; /* false: as octet does, and the rest means nothing */
    double confidence, iou;
    int max_detections, max_per_class, multi_label, class_agnostic;
};

/* What a head of a kind has beside outputs and classes. */
union oct_head_parameters {
    struct {
        int reg_max; /* bins of a distribution */
        struct oct_dfl_rounding rounding;
    } yolov8;
};

struct oct_head_kind;

struct oct_head {
    const struct oct_head_kind *kind;
    int output_count, class_count;
    struct oct_head_output outputs[OCT_HEAD_OUTPUTS_MAX];
    union oct_head_parameters of; /* its kind */
    struct oct_selection selection;
};

/* An output of a picture, channels-last: channel c of cell (y, x) stands at data[y * row + x *
 * pixel + c]; strides in floats. */
struct oct_head_map {
    const float *data;
    size_t row, pixel;
    int height, width; /* cells */
};

struct oct_head_view {
    const struct oct_head *head;
    struct oct_head_map maps[OCT_HEAD_OUTPUTS_MAX]; /* in the order of the head's outputs */
};

struct oct_field;
struct oct_json_value;
struct oct_network;
struct oct_select_scratch;
struct oct_sha256;
struct oct_text;

/* Values of a head's fields while a file is read; a kind uses what it needs. */
struct oct_head_fields {
    int numbers[4];
    const struct oct_json_value *values[4]; /* NULL: not there */
};
#define OCT_HEAD_FIELDS_MAX 8

/*
 * A kind of head. Beside these, the compiler has a table of how it is found in a model file
 * (compiler/heads/). Views, settings and memory are valid; nothing of a kind allocates but `read`.
 */
struct oct_head_kind {
    const char *name;   /* "YOLOv8": in messages */
    const char *word;   /* "dfl": in engine files, and told of engines and models */
    int engine_version; /* of the file format: the first that has it */

    /* Outputs, channels, parameters. Tensors and layers of the network were verified. `name` is the
     * file's. Fails with OCTET_BAD_FORMAT. */
    octet_status (*verify)(octet_context *ctx, const struct oct_network *network, const char *name);
    /* Adds what two heads of the kind can differ in, but for tensors and layers. */
    void (*hash)(const struct oct_head *head, struct oct_sha256 *sha);

    /* In the JSON of an engine file, docs/formats.md: parameters are written before the tensors,
     * outputs behind the layers; each begins with a comma. `fields` has room for
     * OCT_HEAD_FIELDS_MAX and gets those of the kind, with targets in `values`; their number is
     * returned. `read` then sets all of network->head but kind, class_count and selection. `what`
     * begins messages. */
    void (*add_parameters)(const struct oct_head *head, struct oct_text *out);
    void (*add_outputs)(const struct oct_head *head, struct oct_text *out);
    size_t (*fields)(struct oct_head_fields *values, struct oct_field *fields);
    octet_status (*read)(octet_context *ctx, const char *what, const struct oct_head_fields *values,
                         struct oct_network *network);

    /* Boxes that the head predicts for a picture, before any are selected. */
    int (*anchor_count)(const struct oct_head_view *view);
    /* Of heads of levels (runtime/head/levels.h), else NULL: the corners (x1, y1, x2, y2) of one
     * cell's box, in input pixels. */
    void (*cell_box)(const struct oct_head_view *view, int level, int y, int x, float corners[4]);
    /* The corners of an anchor's box. */
    void (*box)(const struct oct_head_view *view, int anchor, float corners[4]);
    /* Writes [4 + class_count][anchors]: centre x, centre y, width, height in input pixels, then
     * scores after the sigmoid. */
    void (*decode)(const struct oct_head_view *view, float *output);
    /* Writes at most `most` detections, best first, in input pixels (unclipped); returns their
     * number. Scratch has room for oct_select_capacity() candidates. */
    int (*select)(const struct oct_head_view *view, const octet_detect_settings *settings,
                  struct oct_select_scratch *scratch, octet_detection *detections, int most);
};

/* What octet does. */
struct oct_selection oct_selection_default(void);
bool oct_selection_valid(const struct oct_selection *selection);
void oct_selection_settings(const struct oct_selection *selection, octet_detect_settings *settings);

#endif
