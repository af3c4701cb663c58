/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration statistics: one record for each tensor that a layer writes, and the file they are
 * kept in. */
#ifndef OCTET_COMPILER_CALIBRATE_STATISTICS_H
#define OCTET_COMPILER_CALIBRATE_STATISTICS_H

#include <octet/calibrate.h>

#include "base/arena.h"
#include "base/lock.h"
#include "compiler/calibrate/histogram.h"
#include "network/network.h"

#define OCT_STATISTICS_VERSION 1 /* of the file format; docs/formats.md */

/* Sums are kept in fixed point, so that adding pictures in another order gives the same bits. */
#define OCT_SUM_UNIT 1024.0 /* one is 1/1024 */

struct oct_tensor_record {
    const char *name;
    int channels;
    struct oct_histogram histogram;
    float *channel_minimum, *channel_maximum; /* [channels] */
    int64_t *channel_sum, *channel_square;    /* [channels], in OCT_SUM_UNIT; saturate */
};

/* What the last calibrator made of the records, so that builds by the same one need not search
 * again. Several threads may build by the same statistics. */
struct oct_found_codings {
    struct oct_lock lock;
    bool found;
    int calibrator; /* enum oct_calibrator_kind */
    double percentile;
    struct oct_quantization *codings; /* [tensors] */
};

struct octet_statistics {
    struct octet_context own;
    struct oct_arena arena;
    char model_hash[65];
    int64_t image_count;
    /* sum modulo 2^256 of the pictures' SHA-256: independent of their order */
    uint8_t fingerprint[32];
    char fingerprint_text[65];
    int input_height, input_width; /* pixels */
    int include_padding;
    const char *note; /* the caller's, or NULL */
    int tensor_count;
    struct oct_tensor_record *tensors;
    struct oct_found_codings *last;
};

/* Empty statistics of `tensor_count` records; names and channels are set by the caller, then
 * oct_statistics_room() makes each record's arrays. */
octet_status oct_statistics_create(octet_context *ctx, int tensor_count,
                                   octet_statistics **statistics);
octet_status oct_statistics_room(octet_context *ctx, octet_statistics *statistics, int tensor,
                                 const char *name, int channels);
void oct_statistics_free(octet_statistics *statistics);

/* Whether statistics were gathered on a model:
 * of its float network and hash (oct_network_hash()). */
enum oct_statistics_fit {
    OCT_FIT_SAME,
    OCT_FIT_OTHER_MODEL,  /* another hash */
    OCT_FIT_OTHER_TENSORS /* not a record, of as many channels, for what each layer writes */
};
enum oct_statistics_fit oct_statistics_fit(const octet_statistics *statistics,
                                           const struct oct_network *network, const char *hash);

/* Fills in what tensor `index`, which there is, looks like as a whole. */
void oct_statistics_summary(const octet_statistics *statistics, int index,
                            octet_tensor_statistics *tensor);

/* A picture as the network saw it, without padding: rows of `width` pixels, RGB. */
struct oct_seen {
    const uint8_t *pixels;
    size_t row_bytes;
    int width, height;
};

/* Adds one to the number of pictures and the picture's pixels to the fingerprint. */
void oct_statistics_count_image(octet_statistics *statistics, const struct oct_seen *seen);

octet_status oct_statistics_read(octet_context *ctx, const void *bytes, size_t size,
                                 const char *name, octet_statistics **statistics);
octet_status oct_statistics_write(octet_context *ctx, const octet_statistics *statistics,
                                  const char *path);

/* Keeps a copy of a note; OCTET_INVALID_ARGUMENT when it is not UTF-8. */
octet_status oct_statistics_set_note(octet_statistics *statistics, const char *note);

/* As if nothing had been seen, with the same records; the note stays. */
void oct_statistics_empty(octet_statistics *statistics);

/* Adds other statistics, as octet_statistics_merge(). `other` may be the same ones. */
octet_status oct_statistics_merge(octet_statistics *statistics, const octet_statistics *other);

/* A deep copy, but for the note. */
octet_status oct_statistics_copy(octet_context *ctx, const octet_statistics *from,
                                 octet_statistics **copy);

#endif
