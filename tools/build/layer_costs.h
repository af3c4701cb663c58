/* SPDX-License-Identifier: Apache-2.0 */
/* What each layer of a model takes in INT8 and in float, and what a change of type costs. */
#ifndef TOOLS_LAYER_COSTS_H
#define TOOLS_LAYER_COSTS_H

#include "app/json_print.h"
#include "app/options.h"
#include "build/mixed_layers.h"

struct layer_costs {
    const struct mixed_layers *layers;
    double *int8_ms, *float_ms; /* [layers] */
    double conversion_ns;       /* an element */
    char *kernels, *model;      /* the kernel set; the model's fingerprint */
    int threads, height, width;
    bool bf16; /* float layers are BF16 */
    bool read; /* from a file */
};

/* The engines that are timed. */
struct timed_engines {
    const octet_engine *int8, *all_float, *alternating;
    struct input_size size;
    bool bf16;
};

/* Of the engine's model, "" where it is not known. The caller frees it. */
char *layer_costs_fingerprint(const octet_engine *engine);

/* No times yet: what they belong to. */
void layer_costs_begin(struct layer_costs *costs, const struct mixed_layers *layers,
                       const struct timed_engines *engines);

/* Times all layers here, after layer_costs_begin(). Returns a status: a failure without a
 * message when a signal came. Free with layer_costs_free(). */
int layer_costs_measure(struct app *app, const struct timed_engines *engines,
                        struct layer_costs *costs);

/* The same from a file of layer_costs_write(), after layer_costs_begin(). What is no such file, or
 * belongs to another model, size or precision, fails. */
int layer_costs_read(struct app *app, const char *path, struct layer_costs *costs);
int layer_costs_write(struct app *app, const char *path, const struct layer_costs *costs);

/* The file's object, and the times of such an object of `path` for what layer_costs_begin() was
 * called with. */
json_t *layer_costs_json(const struct layer_costs *costs);
int layer_costs_take(struct app *app, const char *path, const json_t *root,
                     struct layer_costs *costs);

/* What an engine of the model takes, in ms. */
double layer_costs_of(const struct layer_costs *costs, const octet_engine *engine);

/* Accepts a zeroed struct. */
void layer_costs_free(struct layer_costs *costs);

#endif
