/* SPDX-License-Identifier: Apache-2.0 */
/* What a session makes of pictures, to compare one backend with another. */
#ifndef OCTET_TESTS_GPU_SUPPORT_SESSION_RECORD_H
#define OCTET_TESTS_GPU_SUPPORT_SESSION_RECORD_H

#include "runtime/session/open_session.h"

enum { RECORD_LAYERS = 96, RECORD_SLOTS = 8, RECORD_BOXES = 300 };

/* A layer's output as numbers: codes, or values. */
struct layer_record {
    octet_element_type type;
    size_t count;
    float *numbers;
};

struct session_record {
    int slots, layers;
    struct layer_record records[RECORD_SLOTS][RECORD_LAYERS];
    size_t floats;
    float *outputs[RECORD_SLOTS];
    int box_counts[RECORD_SLOTS];
    octet_detection boxes[RECORD_SLOTS][RECORD_BOXES];
};

/* Fills all slots with what the seed makes: pictures of many sizes, frames of YUV, pixels and
 * planes in turn. */
void session_fill(octet_context *ctx, octet_session *session, int slots, uint64_t seed);

/* Runs a session whose slots are filled twice, with an observer and without, and records all. */
void session_record_take(struct session_record *record, octet_session *session,
                         const octet_engine *engine, int slots);
void session_record_free(struct session_record *record);

/* Fails where a layer, an output or a box differs: codes and boxes at all, values by more than
 * `tolerance` of 1 + themselves; 0: by a bit. With a tolerance, boxes are not compared. */
void session_record_compare(const struct session_record *is, const struct session_record *wanted,
                            double tolerance);

/* Outputs alone, by an absolute difference of boxes in pixels and of scores: where sums in other
 * orders turn a code, all behind it may differ. */
void session_record_compare_outputs(const struct session_record *is,
                                    const struct session_record *wanted, double tolerance);

/* Runs the session without an observer and fails unless outputs are the record's to the bit. */
void session_record_expect(const struct session_record *record, octet_session *session,
                           const octet_engine *engine);

#endif
