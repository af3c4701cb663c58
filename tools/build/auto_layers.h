/* SPDX-License-Identifier: Apache-2.0 */
/* `build --float-layers auto[:LOSS]`: what each layer costs and gains is measured, and the cheapest
 * set of float layers that loses at most LOSS is chosen. */
#ifndef TOOLS_AUTO_LAYERS_H
#define TOOLS_AUTO_LAYERS_H

#include "app/json_print.h"
#include "build/mixed_search.h"

#define LOSS_DEFAULT 0.3 /* points of AP */
#define LOSS_MAX 100.0

struct layers_request {
    const octet_model *model;
    const octet_statistics *statistics;
    octet_build_settings settings;            /* float_layers is not looked at */
    const struct calibration_request *judges; /* its pictures measure and judge */
    bool judges_known; /* a calibration looked at them, and told of what it left out */
    const char *annotations, *costs; /* files, or NULL */
    double allowed;
};

/* Whether the words are "auto" or "auto:LOSS"; sets `*allowed`, to a negative number where LOSS is
 * none. */
bool auto_layers_asked(const char *words, double *allowed);

/* Measures and chooses; makes the engine, and the list of its float layers, which the caller frees.
 * mixed_search_free() is the caller's, whatever the status. */
int auto_layers(struct app *app, const struct layers_request *request, struct mixed_search *search,
                octet_engine **engine, char **list);

/* What was measured and chosen, on standard output, and as JSON. */
void auto_layers_print(const struct mixed_search *search, const char *list);
void auto_layers_json(const struct mixed_search *search, json_t *root);

#endif
