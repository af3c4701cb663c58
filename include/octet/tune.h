/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_TUNE_H
#define OCTET_TUNE_H

#include <octet/build.h>

OCTET_BEGIN_DECLARATIONS

/** A training in progress: weights and scales of codes learn from the float model, without labels.
 * Memory does not grow with the number of pictures. */
typedef struct octet_tuning octet_tuning;

/** octet's own engines; or TensorRT's rules: symmetric codes, one scale for each group of tensors
 * that share one, nothing float but the head's last convolutions. */
typedef enum octet_tune_target { OCTET_TUNE_OCTET, OCTET_TUNE_TENSORRT } octet_tune_target;

/** Settings of a training. Fill with octet_tune_defaults(). */
typedef struct octet_tune_settings {
    octet_tune_target target;
    int pictures;           /**< that there are to learn from, at least 1 */
    double epochs;          /**< times that each is looked at (10) */
    int batch;              /**< pictures of a step (8) */
    uint64_t seed;          /**< of order and flips */
    double weight_rate;     /**< steps, in units of a weight's code (-1: 2e-3; 3e-3 of 4 bits) */
    double scale_rate;      /**< of the logarithms of scales (1e-3) */
    double bias_rate;       /**< (1e-4) */
    int threads;            /**< as in octet_session_settings; results do not depend on it */
    const char *cpu;        /**< as in octet_session_settings */
    const char *calibrator; /**< as in octet_build_settings: what it begins with */
    int labels;      /**< 1: learns from labels, see octet_tune_set_boxes(); YOLOv8's heads */
    int weight_bits; /**< as in octet_build_settings; 4 goes with OCTET alone */
    /** 1: pictures are 0.6 to 1.5 times as large, and moved by up to a tenth of the input; 0: all
     * as the letterbox has them (-1: 1 of 4 bits, else 0) */
    int scale_jitter;
    size_t reserved[7];
} octet_tune_settings;

OCTET_API void octet_tune_defaults(octet_tune_settings *settings);

/** Begins at the engine (or, for TensorRT, at the export) that octet makes of `statistics`, whose
 * size is the training's. Model and statistics must outlive it. Fails with
 * OCTET_UNSUPPORTED_DEVICE where oneDNN is not installed, OCTET_UNSUPPORTED_MODEL for models that
 * are quantised already, OCTET_MISMATCH for statistics of another model. With `tuning` NULL only
 * the settings are checked, and, unless it is NULL, whether the model can be trained here. */
OCTET_API octet_status octet_tune_create(octet_context *context, const octet_model *model,
                                         const octet_statistics *statistics,
                                         const octet_tune_settings *settings,
                                         octet_tuning **tuning);

/** The picture to add next, 0 to `pictures` - 1; -1 when the training is over. */
OCTET_API int octet_tune_next(const octet_tuning *tuning);

/** A labelled object, in pixels of the picture. */
typedef struct octet_tune_box {
    int class_index;
    float x1, y1, x2, y2;
} octet_tune_box;

/** What is in the picture that is added next; without, nothing is. Copied by octet_tune_add(). */
OCTET_API octet_status octet_tune_set_boxes(octet_tuning *tuning, const octet_tune_box *boxes,
                                            int count);

/** Adds that picture. The last one of a batch makes a step, which takes a while. Fails with
 * OCTET_UNSUPPORTED_MODEL where the loss is not finite: then the training stays where it was. */
OCTET_API octet_status octet_tune_add(octet_tuning *tuning, const octet_image *image);

typedef struct octet_tune_info {
    int64_t step, steps;    /**< done, and in all */
    double loss;            /**< of the last step, by the float model's confidence */
    int64_t codes, changed; /**< of weights, and how many are others than at the start */
    size_t reserved[8];
} octet_tune_info;
OCTET_API void octet_tune_info_get(const octet_tuning *tuning, octet_tune_info *info);

/** The line about the training's last failed call. */
OCTET_API const char *octet_tune_message(const octet_tuning *tuning);

/** Keeps the state as the best so far, or goes back to it for octet_tune_engine() and
 * octet_tune_export(); the start is kept at first. Going back ends the training. */
OCTET_API void octet_tune_keep(octet_tuning *tuning);
OCTET_API octet_status octet_tune_return(octet_tuning *tuning);

/** The engine of the state as it is; for TensorRT one by its rules. The caller owns it. */
OCTET_API octet_status octet_tune_engine(octet_tuning *tuning, octet_engine **engine);

/** Writes the model's own ONNX file with trained weights, Q and DQ. TENSORRT alone, else
 * OCTET_INVALID_STATE. */
OCTET_API octet_status octet_tune_export(octet_tuning *tuning, const char *path,
                                         octet_export_info *info);

/** Between steps: all that it takes to go on, in a file, with a text of the caller's; and goes on
 * from one of a training of the same model, statistics and settings (else OCTET_MISMATCH), with the
 * same bits. The number of steps is the file's, whatever `epochs` says. The text then belongs to
 * the training. */
OCTET_API octet_status octet_tune_save(octet_tuning *tuning, const char *path, const char *note);
OCTET_API octet_status octet_tune_load(octet_tuning *tuning, const char *path, const char **note);

OCTET_API void octet_tune_free(octet_tuning **tuning);

OCTET_END_DECLARATIONS
#endif
