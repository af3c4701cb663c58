/* SPDX-License-Identifier: Apache-2.0 */
/* Choices of float layers that go on where they were interrupted. OUT.partial beside the engine is
 * first a calibration's checkpoint; once that is through, it is its statistics, whose note holds
 * what was measured and judged. */
#ifndef TOOLS_AUTO_STATE_H
#define TOOLS_AUTO_STATE_H

#include "build/layers_request.h"
#include "build/mixed_search.h"

struct auto_state {
    struct app *app;
    char *path; /* OUT.partial; NULL: none is kept */
    const struct layers_request *request;
    const struct mixed_search *search;
    uint64_t measuring;  /* tells the lists of pictures apart */
    const json_t *found; /* what an interrupted run kept, or NULL */
    double written_ms;
};

/* Refuses a file at `path` that is neither a calibration's checkpoint nor of auto_state_save(): it
 * would be lost. Returns a status. */
int auto_state_check(struct app *app, const char *path);

/* Reads OUT.partial of `output`. On success `*found` is what was measured and `*statistics` those
 * of the calibration, both the caller's; both are NULL where the calibration was not through: it
 * goes on by itself. One that is not there or is none is refused. Returns a status. */
int auto_state_read(struct app *app, const char *output, json_t **found,
                    octet_statistics **statistics);

/* Takes over what was found, once all that tells one choice from another is in the search. What is
 * of another choice or damaged is refused. Returns a status. */
int auto_state_take(struct auto_state *state, struct mixed_search *search);

/* The same for the times of layers, after layer_costs_begin(); without any `*taken` is false. */
int auto_state_take_costs(struct auto_state *state, struct layer_costs *costs, bool *taken);

/* Writes OUT.partial, at once or when some time has gone by. Returns a status. */
int auto_state_save(struct auto_state *state, bool now);

#endif
