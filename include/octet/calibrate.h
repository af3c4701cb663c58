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

/** Pixels, multiples of 32. */
typedef struct octet_input_size {
    int height, width;
} octet_input_size;

/** Settings of a calibration. Fill with octet_calibration_defaults(). */
typedef struct octet_calibration_settings {
    int height, width; /**< pixels, multiples of 32; 0: the model's default size */
    int threads;       /**< as in octet_session_settings */
    const char *cpu;   /**< as in octet_session_settings */
    /** 1: the letterbox' grey is counted as well; default 0: tensors' pixels over it left out */
    int include_padding;
    /** what was gathered before, to go on from, as if in one go;
     * of this model, sizes, source, shard and padding (else OCTET_MISMATCH); or NULL */
    const octet_statistics *from;
    const char *device; /**< as in octet_session_settings: where the float model runs */
    /** in place of height and width: each picture is run at all of these, none of them twice */
    const octet_input_size *sizes;
    int size_count;
    /** the pictures are shard `shard` (from 1) of `shards` of a run; 0 of 0: all of it */
    int shard, shards;
    /** letters, digits, dots, dashes, underscores, at most 64: the same for all shards of a run */
    const char *run;
    const char *source; /**< a name for where the pictures come from, or NULL: a part of its own */
    size_t reserved[1];
} octet_calibration_settings;

OCTET_API void octet_calibration_defaults(octet_calibration_settings *settings);

/** Starts a calibration of `model`, of which it keeps a copy. `settings` may be NULL. */
OCTET_API octet_status octet_calibration_create(octet_context *context, const octet_model *model,
                                                const octet_calibration_settings *settings,
                                                octet_calibration **calibration);

/** Adds one picture's statistics. The order of pictures does not change the result. With several
 * sizes some pictures are run together, so that a failure may be of one that was added before;
 * after any but of the picture itself nothing can be added or taken out until a restart. */
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
    int64_t image_count; /**< of all parts: a picture that was run at two sizes counts twice */
    int tensor_count;
    int input_height, input_width; /**< pixels, of the largest size */
    const char *model_hash; /**< SHA-256 of the model's weights and plan, 64 hexadecimal digits */
    const char *images_fingerprint; /**< of the set of pictures, independent of their order */
    const char *note;               /**< see octet_statistics_set_note(), or "" */
    int part_count;
    const char *weights; /**< see octet_statistics_weigh() */
    /** "1/3 2/3": of runs that are not whole, what is here and what is not; else "" */
    const char *shards, *shards_missing;
    size_t reserved[3];
} octet_statistics_info;

/** What pictures of one source showed at one size. */
typedef struct octet_part_statistics {
    int height, width;  /**< pixels */
    const char *source; /**< or "" */
    int64_t image_count;
    const char *images_fingerprint;
} octet_part_statistics;

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
 * them, however they were parted and in whatever order they are merged. Each size and source stays
 * a part of its own. A picture that is in both counts twice, but a shard that is in both is
 * refused. Both are of one model and padding, else OCTET_MISMATCH with the reason and nothing is
 * changed. The note stays, `other` too; weights are those of the default again. */
OCTET_API octet_status octet_statistics_merge(octet_statistics *statistics,
                                              const octet_statistics *other);
/** How much each part weighs when ranges are chosen (build, export, tune). "images" (or NULL, the
 * default): every picture the same, at whatever size; "equal": every part the same; "3,1,0.5": the
 * parts in their order by such weights. OCTET_INVALID_ARGUMENT for anything else. */
OCTET_API octet_status octet_statistics_weigh(octet_statistics *statistics, const char *weights);
/** The line about the last failed call that took no context. */
OCTET_API const char *octet_statistics_message(const octet_statistics *statistics);
OCTET_API void octet_statistics_info_get(const octet_statistics *statistics,
                                         octet_statistics_info *info);
/** Part `index`, by rising size, then source; OCTET_INVALID_ARGUMENT when out of range. */
OCTET_API octet_status octet_statistics_part(const octet_statistics *statistics, int index,
                                             octet_part_statistics *part);
/** Tensor `index`, of all parts weighed; OCTET_INVALID_ARGUMENT when out of range. */
OCTET_API octet_status octet_statistics_tensor(const octet_statistics *statistics, int index,
                                               octet_tensor_statistics *tensor);
OCTET_API void octet_statistics_free(octet_statistics **statistics);

OCTET_END_DECLARATIONS
#endif
