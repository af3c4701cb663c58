/* SPDX-License-Identifier: Apache-2.0 */
/* Which layers stay float: sets in the order of what they gain for their time, and the cheapest of
 * those that lose little enough. */
#ifndef TOOLS_MIXED_SEARCH_H
#define TOOLS_MIXED_SEARCH_H

#include "build/layer_costs.h"
#include "build/mixed_judge.h"
#include "build/output_error.h"

/* A set that was built and judged. */
struct mixed_set {
    unsigned char *layers; /* [layers of the model] */
    int count;             /* of them */
    double ms;             /* that the engine takes */
    double percent, loss;  /* agreement or AP; points of AP */
    bool meets;
};

struct mixed_search {
    struct app *app;
    const octet_model *model;
    const octet_statistics *statistics;
    octet_build_settings settings;
    double allowed; /* points of AP */
    struct mixed_layers layers;
    struct layer_costs costs;
    struct output_error noise;
    struct mixed_judge judge;
    octet_engine *fp32, *int8;
    double int8_noise, int8_ms;
    int *order; /* items, the best for its time first */
    int order_count;
    struct mixed_set *sets; /* that were judged */
    int set_count, chosen;
    int (*keep)(void *keeper, bool now); /* after each measurement; returns a status */
    void *keeper;
};

/* Builds the engine whose layers of `set` are float: NULL for none. Returns a status. */
int mixed_search_build(struct mixed_search *search, const unsigned char *set,
                       octet_precision float_precision, octet_engine **engine);

/* Measures each item alone and left float, but for those whose errors are known. */
int mixed_search_measure(struct mixed_search *search);

/* Puts items in order. */
void mixed_search_order(struct mixed_search *search);

/* Takes over the layers of a set that is not there yet; its place. */
int mixed_search_add(struct mixed_search *search, unsigned char *layers);

/* Judges sets until the cheapest that meets the allowance is known, and sets `chosen`. */
int mixed_search_choose(struct mixed_search *search);

/* Accepts a zeroed struct. */
void mixed_search_free(struct mixed_search *search);

#endif
