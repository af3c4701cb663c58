/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_DRIFT_H
#define OCTET_DRIFT_H

#include <octet/calibrate.h>

OCTET_BEGIN_DECLARATIONS

/** How one tensor's codes fit what pictures make of it. Noise is that of coding, in dB against the
 * values' variance: the lower the better; not a number where it is not known. */
typedef struct octet_range_fit {
    const char *name;
    double clipped;     /**< share of the values that lie beyond the codes, 0 to 1 */
    int unused;         /**< of the 256 codes */
    double noise;       /**< on these pictures */
    double best;        /**< on these pictures, with codes chosen from them in the same way; not
                           known for entropy, nor for minmax by far fewer pictures */
    double calibration; /**< on the pictures that the codes were chosen for */
    size_t reserved[3];
} octet_range_fit;

/** The verdict. Where its limits come from, and how often it is right: docs/accuracy.md. */
#define OCTET_FIT_LOSS 1.2 /**< dB; more asks for a calibration */
#define OCTET_FIT_RISE 2.0 /**< dB; the same where the loss is not known */
typedef struct octet_fit {
    int tensors;  /**< that were compared */
    int worse;    /**< of them, those with 3 dB and more (of loss, else of rise) */
    int clipping; /**< of those, tensors that clip more than 1 value of 10,000 */
    double rise;  /**< mean of noise - calibration, or not a number */
    double loss;  /**< mean of noise - best where that is more than 0, or not a number */
    int fits;     /**< 0: recalibrate */
    size_t reserved[4];
} octet_fit;

/** Compares ranges with other pictures of the same model (else OCTET_MISMATCH): those that
 * `calibrator` (as octet_build_settings has it) makes of `statistics`, or with `statistics` NULL
 * an INT8 engine's own (OCTET_INVALID_ARGUMENT where it has none). `ranges`: NULL, or room for the
 * tensors of `others`, of which those compared come, the most harmed first. */
OCTET_API octet_status octet_ranges_fit(octet_context *context, const octet_statistics *statistics,
                                        const char *calibrator, const octet_engine *engine,
                                        const octet_statistics *others, octet_range_fit *ranges,
                                        octet_fit *fit);

/** What one tensor's range costs a part of statistics, which would choose another one alone. */
typedef struct octet_shared_range {
    const char *name;
    int part;                       /**< as in octet_statistics_part() */
    double low, high;               /**< that codes span, if chosen for this part alone */
    double shared_low, shared_high; /**< chosen for all parts, weighed */
    double noise, shared_noise;     /**< of coding, as in octet_range_fit, on this part */
    double regret;                  /**< shared_noise - noise, dB */
    size_t reserved[2];
} octet_shared_range;

/** All tensors and parts, the largest regret first, into `ranges`, which has room for the number of
 * tensors times that of parts. `calibrator` as octet_build_settings has it. */
OCTET_API octet_status octet_ranges_shared(octet_context *context,
                                           const octet_statistics *statistics,
                                           const char *calibrator, octet_shared_range *ranges);

/** A watch over the codes of an INT8 engine, which must outlive it: are they still what they were
 * on the pictures of its calibration? It needs no float model, but sees only what codes show. */
typedef struct octet_drift octet_drift;

typedef struct octet_drift_state {
    int64_t pictures; /**< that were looked at */
    double last;      /**< dB of noise more than on the calibration's pictures: of the last one */
    double median;    /**< of the last nine (or fewer): no single picture moves it far */
    int changed;      /**< -1: fewer than eight were seen; 1: above OCTET_DRIFT_CHANGED, and until
                         below OCTET_DRIFT_AGAIN */
    size_t reserved[4];
} octet_drift_state;
/* Of a median of pictures, which is lower than the rise of all together. */
#define OCTET_DRIFT_CHANGED 0.8
#define OCTET_DRIFT_AGAIN 0.6

/** OCTET_MISMATCH, with the message, for an engine that does not know its calibration's codes:
 * one without INT8 layers, built without statistics, or by an older octet. */
OCTET_API octet_status octet_drift_create(octet_context *context, const octet_engine *engine,
                                          octet_drift **drift);
/** Says what input size pictures have from now on (at first the engine's own): an engine with
 * scales for sizes has other codes at others. */
OCTET_API void octet_drift_at(octet_drift *drift, int height, int width);
/** For an observer (octet_session_observe()): counts a share of a layer's codes, where the
 * picture came to lie (NULL: all). */
OCTET_API void octet_drift_look(octet_drift *drift, int layer, const octet_tensor_view *view,
                                const octet_letterbox *where);
/** Ends a picture, all layers of which were looked at. */
OCTET_API void octet_drift_next(octet_drift *drift, octet_drift_state *state);
/** All pictures together: as octet_ranges_fit(), without `best` and `loss`. `ranges` has room for
 * as many as the engine has layers. Of an engine with scales for sizes: of those that most pictures
 * had. */
OCTET_API void octet_drift_fit(const octet_drift *drift, octet_range_fit *ranges, octet_fit *fit);
OCTET_API void octet_drift_free(octet_drift **drift);

OCTET_END_DECLARATIONS
#endif
