/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to a camera's frames so far. */
#ifndef TOOLS_CAMERA_COUNTS_H
#define TOOLS_CAMERA_COUNTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <octet/octet.h>

#include "watch/outputs/latency_histogram.h"

#define AGES_KEPT 4096 /* of the last results, for exact shares */

enum camera_state {
    CAMERA_STARTING, /* nothing has come yet */
    CAMERA_UP,
    CAMERA_LOST,     /* it went away, and is asked again and again */
    CAMERA_FINISHED, /* a film that came to its end */
    CAMERA_FAILED,   /* a film that cannot be read (further) */
};

/* Times of a result in milliseconds: from when the frame was seen to when the result was made, and
 * what letterbox, network and selection of boxes took of that. */
struct result_times {
    double age, work;
};

struct camera_numbers {
    enum camera_state state;
    uint64_t received;    /* frames that came */
    uint64_t dropped;     /* of these, that a newer one took the place of */
    uint64_t passed_over; /* that its `fps` did not ask for */
    uint64_t failed;      /* that could not be looked at */
    uint64_t results, detections;
    uint64_t reconnects; /* times that it came back, or a film began anew */
    uint64_t overdue;    /* results that came when the one before was older than the limit */
    double last_seen_ms; /* when the frame of the last result was seen; 0: none yet */
    double up_ms;        /* since when it is up */
    double age_most_ms, sum_age_ms;
    int width, height; /* of the last frame */
    octet_drift_state drift;
};

struct camera_counts {
    pthread_mutex_t mutex; /* guards all below */
    struct camera_numbers numbers;
    struct latency_histogram age, work; /* their own guards */
    float ages_ms[AGES_KEPT];           /* result i at i mod AGES_KEPT */
};

void camera_counts_open(struct camera_counts *counts);
void camera_counts_close(struct camera_counts *counts);

void camera_counts_received(struct camera_counts *counts, const int size[2], double now_ms);
/* Frames that came and were dropped before anybody had them. */
void camera_counts_missed(struct camera_counts *counts, uint64_t frames);
void camera_counts_dropped(struct camera_counts *counts);
void camera_counts_passed_over(struct camera_counts *counts);
void camera_counts_failed(struct camera_counts *counts);
void camera_counts_reconnected(struct camera_counts *counts);
/* Returns the state before. */
enum camera_state camera_counts_state(struct camera_counts *counts, enum camera_state state);

/* A result of a frame that was seen at `seen_ms`, with `limit_ms` for its age (0: none). */
void camera_counts_result(struct camera_counts *counts, const struct result_times *times,
                          double seen_ms, int detections, double limit_ms);

void camera_counts_drift(struct camera_counts *counts, const octet_drift_state *state);

/* A copy. */
struct camera_numbers camera_counts_get(struct camera_counts *counts);

/* The ages that each of `shares` (0 to 1) of the last AGES_KEPT results do not pass; 0 without
 * any. */
void camera_counts_ages(struct camera_counts *counts, const double *shares, size_t count,
                        double *ages_ms);

const char *camera_state_word(enum camera_state state);

#endif
