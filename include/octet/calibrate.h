/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_CALIBRATE_H
#define OCTET_CALIBRATE_H

#include <octet/image.h>
#include <octet/model.h>

OCTET_BEGIN_DECLARATIONS

/** Statistics of every tensor that a quantised layer reads, gathered on the float engine.
 * Read-only. */
typedef struct octet_statistics octet_statistics;

/** A calibration in progress. Memory does not grow with the number of pictures. */
typedef struct octet_calibration octet_calibration;

/** Settings of a calibration. Fill with octet_calibration_defaults(). */
typedef struct octet_calibration_settings {
    int height, width; /**< pixels, multiples of 32; 0: the model's default size */
    int threads;       /**< as in octet_session_settings */
    const char *cpu;   /**< as in octet_session_settings */
    /** 1: the letterbox' grey is counted as well; default 0: tensors' pixels over it left out */
    int include_padding;
    /** what was gathered before, to go on from, as if in one go;
     * of this model, size and padding (else OCTET_MISMATCH); or NULL */
    const octet_statistics *from;
    const char *device; /**< as in octet_session_settings: where the float model runs */
    size_t reserved[6];
} octet_calibration_settings;

OCTET_API void octet_calibration_defaults(octet_calibration_settings *settings);

/** Starts a calibration of `model`, which must outlive it. `settings` may be NULL. */
OCTET_API octet_status octet_calibration_create(octet_context *context, const octet_model *model,
                                                const octet_calibration_settings *settings,
                                                octet_calibration **calibration);

/** Runs one picture and adds its statistics. The order of pictures does not change the result. */
OCTET_API octet_status octet_calibration_add(octet_calibration *calibration,
                                             const octet_image *image);

/** The line about the calibration's last failed call. */
OCTET_API const char *octet_calibration_message(const octet_calibration *calibration);

/** Takes the statistics out; at least one picture must have been added (OCTET_INVALID_STATE). The
 * caller owns both handles. */
OCTET_API octet_status octet_calibration_finish(octet_calibration *calibration,
                                                octet_statistics **statistics);

/** Forgets all pictures, those of `from` too: many sets can be gathered by one calibration. */
OCTET_API octet_status octet_calibration_restart(octet_calibration *calibration);

OCTET_API void octet_calibration_free(octet_calibration **calibration);

/** What a statistics file holds. Text belongs to the handle. */
typedef struct octet_statistics_info {
    int64_t image_count;
    int tensor_count;
    int input_height, input_width; /**< pixels, of the (first) calibrated size */
    const char *model_hash; /**< SHA-256 of the model's weights and plan, 64 hexadecimal digits */
    const char *images_fingerprint; /**< of the set of pictures, independent of their order */
    const char *note;               /**< see octet_statistics_set_note(), or "" */
    size_t reserved[7];
} octet_statistics_info;

/** One tensor's record. */
typedef struct octet_tensor_statistics {
    const char *name;
    int channels;
    int64_t count; /**< elements seen */
    double minimum, maximum, mean, standard_deviation;
} octet_tensor_statistics;

OCTET_API octet_status octet_statistics_load(octet_context *context, const char *path,
                                             octet_statistics **statistics);
OCTET_API octet_status octet_statistics_save(octet_context *context,
                                             const octet_statistics *statistics, const char *path);
/** Keeps a copy of a text (UTF-8) of the caller's with the statistics, in the file as well; "" is
 * none. */
OCTET_API octet_status octet_statistics_set_note(octet_statistics *statistics, const char *note);
/** Adds what was gathered on other pictures: then these are, bit for bit, the statistics of all of
 * them, however they were parted and in whatever order they are merged. A picture that is in both
 * counts twice. Both are of one model, size and padding, else OCTET_MISMATCH with the reason and
 * nothing is changed. The note stays, `other` too. */
OCTET_API octet_status octet_statistics_merge(octet_statistics *statistics,
                                              const octet_statistics *other);
/** The line about the last failed call that took no context. */
OCTET_API const char *octet_statistics_message(const octet_statistics *statistics);
OCTET_API void octet_statistics_info_get(const octet_statistics *statistics,
                                         octet_statistics_info *info);
/** Tensor `index`; OCTET_INVALID_ARGUMENT when out of range. */
OCTET_API octet_status octet_statistics_tensor(const octet_statistics *statistics, int index,
                                               octet_tensor_statistics *tensor);
OCTET_API void octet_statistics_free(octet_statistics **statistics);

OCTET_END_DECLARATIONS
#endif
