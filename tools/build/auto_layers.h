/* SPDX-License-Identifier: Apache-2.0 */
/* `build --float-layers auto[:LOSS]`: what each layer costs and gains is measured, and the cheapest
 * set of float layers that loses at most LOSS is chosen. */
#ifndef TOOLS_AUTO_LAYERS_H
#define TOOLS_AUTO_LAYERS_H

#include "build/layers_request.h"
#include "build/mixed_search.h"

#define LOSS_DEFAULT 0.3 /* points of AP */
#define LOSS_MAX 100.0

/* Whether the words are "auto" or "auto:LOSS"; sets `*allowed`, to a negative number where LOSS is
 * none. */
bool auto_layers_asked(const char *words, double *allowed);

/* Measures and chooses; makes the engine, and the list of its float layers, which the caller frees.
 * Interrupted, it leaves OUT.partial and says so. mixed_search_free() is the caller's, whatever the
 * status. */
int auto_layers(struct app *app, const struct layers_request *request, struct mixed_search *search,
                octet_engine **engine, char **list);

/* What was measured and chosen, on standard output, and as JSON. */
void auto_layers_print(const struct mixed_search *search, const char *list);
void auto_layers_json(const struct mixed_search *search, json_t *root);

#endif
