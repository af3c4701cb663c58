/* SPDX-License-Identifier: Apache-2.0 */
/* A training as a whole: what it begins with, its order of pictures, its steps, and what comes of
 * it. Private side of octet/tune.h. */
#ifndef OCTET_TRAIN_TUNING_H
#define OCTET_TRAIN_TUNING_H

#include <octet/tune.h>

#include "compiler/compile.h"
#include "compiler/export/recipe.h"
#include "compiler/imported_model.h"
#include "runtime/image/letterbox.h"
#include "train/train_step.h"

struct octet_tuning {
    struct octet_context own;
    const octet_model *model;
    const octet_statistics *statistics;
    octet_tune_settings settings;
    octet_build_settings build;
    struct oct_calibrator calibrator;
    struct oct_arena arena; /* of all but what has a call of its own to free it */
    /* the start, tuning_start.c */
    struct oct_scheme scheme;
    struct oct_placement placement;   /* TENSORRT */
    struct oct_recipe recipe;         /* TENSORRT */
    struct oct_network start;         /* lowered by the scheme */
    int *codings;                     /* [tensors], see struct oct_layer_plan */
    int *value_codings;               /* TENSORRT, [values of the file]: or -1 */
    struct oct_quantization *first;   /* [codings] */
    struct oct_student_start *layers; /* [layers] */
    int coding_count;
    bool *is_frozen; /* [layers]: floats that the file has no place for */
    /* what learns */
    struct oct_onednn *onednn;
    struct oct_train_plan *plan;
    struct oct_student *student;
    struct oct_threads *threads;
    struct oct_trainer *trainer;
    float *kept; /* the best values so far */
    /* pictures, tuning.c */
    uint8_t *rgb; /* of a batch */
    struct oct_lesson *lessons;
    struct oct_label *labels; /* of the pictures of a batch, one's after another's */
    size_t label_count, label_room;
    const octet_tune_box *boxes; /* of the next picture */
    size_t box_count;
    struct oct_resize_kernels resize;
    struct oct_letterbox_scratch letterbox;
    int filled;
    int *order; /* [pictures]: of an epoch */
    int64_t epoch, step, steps;
    double loss;
    bool is_over;
};

/* tuning_start.c: scheme, codings, and what convolutions begin with. */
octet_status oct_tuning_start(octet_tuning *tuning);

/* tuning.c */
octet_status oct_tuning_check(octet_context *ctx, const octet_tune_settings *settings);
/* Whether it can be trained, and here: oneDNN is tried. */
octet_status oct_tuning_check_model(octet_context *ctx, const octet_model *model,
                                    const octet_tune_settings *settings);
octet_status oct_tuning_create(octet_context *ctx, const octet_model *model,
                               const octet_statistics *statistics,
                               const octet_tune_settings *settings, octet_tuning **tuning);
void oct_tuning_free(octet_tuning *tuning);
int oct_tuning_next(const octet_tuning *tuning);
octet_status oct_tuning_set_boxes(octet_tuning *tuning, const octet_tune_box *boxes, int count);
octet_status oct_tuning_add(octet_tuning *tuning, const octet_image *image);
void oct_tuning_info(const octet_tuning *tuning, octet_tune_info *info);
void oct_tuning_keep(octet_tuning *tuning);
octet_status oct_tuning_return(octet_tuning *tuning);
/* The order of the pictures of the epoch that the step belongs to. */
void oct_tuning_order(octet_tuning *tuning);

/* tuning_results.c */
octet_status oct_tuning_engine(octet_tuning *tuning, octet_engine **engine);
octet_status oct_tuning_export(octet_tuning *tuning, const char *path, octet_export_info *info);

/* tuning_file.c */
octet_status oct_tuning_save(octet_tuning *tuning, const char *path, const char *note);
octet_status oct_tuning_load(octet_tuning *tuning, const char *path, const char **note);

#endif
