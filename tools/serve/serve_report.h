/* SPDX-License-Identifier: Apache-2.0 */
/* What a server did: a line for each request with -v, one at its end, JSON. */
#ifndef TOOLS_SERVE_REPORT_H
#define TOOLS_SERVE_REPORT_H

#include "serve/frigate_header.h"
#include "serve/served_model.h"

#define SERVE_LATENCIES_MAX 4096 /* of the last frames, of which medians are taken */

struct serve_report {
    struct app *app;
    const char *address, *model;
    double start_ms;
    uint64_t requests, frames, objects, model_requests, models_received, mistakes, undelivered;
    double latency[SERVE_LATENCIES_MAX]; /* milliseconds */
    double sum, least, most;             /* of all frames, milliseconds */
};

void serve_report_begin(struct serve_report *report, struct app *app, const char *address,
                        const char *model);

/* A frame that was answered; from its arrival to its reply it took `latency_ms`. */
void serve_report_frame(struct serve_report *report, uint64_t client,
                        const struct frigate_header *header, const struct served_boxes *boxes,
                        double latency_ms);

/* A request that was answered with what is wrong with it. After many, lines come with -v only. */
void serve_report_mistake(struct serve_report *report, uint64_t client, const char *problem);

/* The line at the end, and with --json an object. Returns a status. */
int serve_report_end(struct serve_report *report, uint64_t clients);

#endif
