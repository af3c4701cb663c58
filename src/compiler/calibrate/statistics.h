/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibration statistics: for every size of input and every source of pictures a part of its own,
 * in which every tensor that a layer writes has a record; and the file they are kept in. Ranges are
 * chosen from records of all parts together, weighed.
 */
#ifndef OCTET_COMPILER_CALIBRATE_STATISTICS_H
#define OCTET_COMPILER_CALIBRATE_STATISTICS_H

#include <octet/calibrate.h>

#include "base/arena.h"
#include "base/lock.h"
#include "compiler/calibrate/exact_sums.h"
#include "compiler/calibrate/histogram.h"
#include "compiler/calibrate/shards.h"
#include "network/network.h"

#define OCT_STATISTICS_VERSION 2 /* of the file format; docs/formats.md */

#define OCT_PARTS_MAX 256
#define OCT_RECORDS_MAX 131072       /* of all parts together */
#define OCT_COUNT_MAX 0x1p52         /* values of a record: a double holds them exactly */
#define OCT_COUNT_PICTURE_MAX 0x1p44 /* more than any tensor of a picture has */
#define OCT_SOURCE_NAME_MAX 255      /* bytes */

struct oct_tensor_record {
    const char *name;
    int channels;
    struct oct_histogram histogram;
    float *channel_minimum, *channel_maximum; /* [channels] */
    oct_sum *channel_sum, *channel_square;    /* [channels], in OCT_SUM_UNIT */
};

/* What pictures of one source showed at one size. */
struct oct_statistics_part {
    int height, width;  /* of the input, pixels */
    const char *source; /* the caller's name for it, or "" */
    int64_t image_count;
    /* sum modulo 2^256 of the pictures' SHA-256: independent of their order */
    uint8_t fingerprint[32];
    char fingerprint_text[65];
    struct oct_tensor_record *tensors;
};

/* How parts are weighed when ranges are chosen. */
enum oct_weighing {
    OCT_WEIGH_IMAGES, /* every picture the same, whatever its size */
    OCT_WEIGH_EQUAL,  /* every part the same */
    OCT_WEIGH_GIVEN   /* each part by its weight */
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

/* What the records of a tensor have in common. */
struct oct_tensor_name {
    const char *name;
    int channels;
};

struct octet_statistics {
    struct octet_context own;
    struct oct_arena arena;
    char model_hash[65];
    int include_padding;
    const char *note; /* the caller's, or NULL */
    int tensor_count;
    struct oct_tensor_name *names; /* [tensor_count] */
    struct oct_shards shards;
    int part_count;
    struct oct_statistics_part *parts[OCT_PARTS_MAX]; /* by rising size, then source */
    enum oct_weighing weighing;
    double *weights; /* [part_count] where they are given */

    /* Of all parts together, made by oct_statistics_settle(): */
    int64_t image_count;
    char fingerprint_text[65];
    int input_height, input_width; /* of the largest part */
    /* [tensor_count]: what ranges are chosen from: the only part's own, or `merged` */
    struct oct_tensor_record *tensors, *merged;
    char weights_text[4200], shards_text[512], missing_text[512];
    struct oct_found_codings *last;
};

/* Statistics of `tensor_count` tensors, without parts; all tensors must be named before the first
 * part is made. */
octet_status oct_statistics_create(octet_context *ctx, int tensor_count,
                                   octet_statistics **statistics);
octet_status oct_statistics_name(octet_context *ctx, octet_statistics *statistics, int tensor,
                                 const char *name, int channels);
void oct_statistics_free(octet_statistics *statistics);

/* The part of a size and source, or NULL. */
struct oct_statistics_part *oct_statistics_part(const octet_statistics *statistics, int height,
                                                int width, const char *source);

/* An empty part that is not among the others yet, and its way among them; at most OCT_PARTS_MAX. */
octet_status oct_part_create(octet_context *ctx, octet_statistics *statistics, int height,
                             int width, const char *source, struct oct_statistics_part **part);
void oct_statistics_insert(octet_statistics *statistics, struct oct_statistics_part *part);

/* Of one size and source. */
bool oct_parts_are_alike(const struct oct_statistics_part *a, const struct oct_statistics_part *b);

/* Parts that statistics of so many tensors may have: OCT_PARTS_MAX, or as many as make
 * OCT_RECORDS_MAX records. */
int oct_parts_most(int tensor_count);

/* Both of these, where there is none. */
octet_status oct_statistics_need_part(octet_context *ctx, octet_statistics *statistics, int height,
                                      int width, const char *source,
                                      struct oct_statistics_part **part);

/* Whether `source` is text that can name one. */
bool oct_source_name_valid(const char *source);

/* Works out what is said of all parts together, and what ranges are chosen from. */
octet_status oct_statistics_settle(octet_context *ctx, octet_statistics *statistics);

/* Weighs the parts anew, as octet_statistics_weigh(). */
octet_status oct_statistics_weigh(octet_statistics *statistics, const char *weights);

/* Room for merged records, which oct_statistics_settle() needs from two parts on. */
octet_status oct_statistics_reserve(octet_context *ctx, octet_statistics *statistics);

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
void oct_part_count_image(struct oct_statistics_part *part, const struct oct_seen *seen);

/* Adds to a sum modulo 2^256, big-endian. */
void oct_fingerprint_add(uint8_t sum[32], const uint8_t other[32]);

/* Whether one picture more than so many more can be counted. */
bool oct_part_has_room(const struct oct_statistics_part *part, int tensor_count, int waiting);

octet_status oct_statistics_read(octet_context *ctx, const void *bytes, size_t size,
                                 const char *name, octet_statistics **statistics);
octet_status oct_statistics_write(octet_context *ctx, const octet_statistics *statistics,
                                  const char *path);

/* Keeps a copy of a note; OCTET_INVALID_ARGUMENT when it is not UTF-8. */
octet_status oct_statistics_set_note(octet_statistics *statistics, const char *note);

/* As if nothing had been seen, with the same parts and records; the note stays. */
void oct_statistics_empty(octet_statistics *statistics);

/* Adds other statistics, as octet_statistics_merge(). `other` may be the same ones. */
octet_status oct_statistics_merge(octet_statistics *statistics, const octet_statistics *other);

/* Adds a record to one of the same tensor, every value `times` times (1 and more). */
void oct_record_merge(struct oct_tensor_record *to, const struct oct_tensor_record *from,
                      uint64_t times);
void oct_record_empty(struct oct_tensor_record *record);

/* What pictures of one size showed, of all its sources, which are weighed as they are: a view,
 * which the statistics must outlive. */
octet_status oct_statistics_of_size(octet_context *ctx, const octet_statistics *from, int height,
                                    int width, octet_statistics **view);

/* A deep copy, but for the note; settled. */
octet_status oct_statistics_copy(octet_context *ctx, const octet_statistics *from,
                                 octet_statistics **copy);

#endif
