/* SPDX-License-Identifier: Apache-2.0 */
/* What `build --float-layers auto` may leave float: layers, blocks and parts of a model. */
#ifndef TOOLS_MIXED_LAYERS_H
#define TOOLS_MIXED_LAYERS_H

#include "app/app.h"

/* A layer, block or part of which at least one layer computes. */
struct mixed_item {
    char *label;           /* "12", "block /model.2", "part neck" */
    unsigned char *layers; /* [layers of the model]: 1 for those of it that compute */
    int count;             /* of these */
    /* Energy of the error at the outputs, as a share of theirs; NAN: not measured yet. */
    double alone; /* it alone is quantised */
    double left;  /* it alone is float */
    double ms;    /* that it takes longer in float, conversions included */
};

struct mixed_layers {
    const octet_model *model;
    int count; /* of the model */
    octet_layer_info *info;
    const char **part;        /* of each layer: "stem" .. "head.cls", or "" */
    unsigned char *all;       /* those that compute */
    struct mixed_item *items; /* the layers that compute in their order, then blocks, then parts */
    int item_count, single_count;
};

/* Finds them all. Frees with mixed_layers_free(), whatever the status, which it returns. */
int mixed_layers_open(struct app *app, const octet_model *model, struct mixed_layers *layers);

/* The set as words of --float-layers: "none" or "0,3-5". The caller frees it. */
char *mixed_layers_text(const struct mixed_layers *layers, const unsigned char *set);

/* Accepts a zeroed struct. */
void mixed_layers_free(struct mixed_layers *layers);

#endif
