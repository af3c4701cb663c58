/* SPDX-License-Identifier: Apache-2.0 */
/* The models of a server: MODEL, and those that clients sent. */
#ifndef TOOLS_SERVED_MODELS_H
#define TOOLS_SERVED_MODELS_H

#include "serve/served_model.h"

#define SERVED_SENT_MAX 4

struct served_models {
    struct app *app;
    const struct serve_settings *settings;
    bool fixed;                                 /* MODEL has every name, others are refused */
    struct served_model *model;                 /* MODEL */
    struct served_model *sent[SERVED_SENT_MAX]; /* NULL: a free place */
};

/* The number of the model of this name, 0: MODEL, which is called as its file is, whatever the
 * ending; -1: there is none. */
int served_models_find(const struct served_models *models, const char *name);

/* Model `number`; MODEL where that is gone. */
struct served_model *served_models_get(const struct served_models *models, int number);

/* Holds a model that a client sent, in place of one of the same name that was sent before. Returns
 * NULL and its number, or what is wrong, which the caller frees. */
char *served_models_add(struct served_models *models, const char *name, const void *bytes,
                        size_t size, int *number);

void served_models_free(struct served_models *models);

#endif
