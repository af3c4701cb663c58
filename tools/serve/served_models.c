/* SPDX-License-Identifier: Apache-2.0 */
/* Holds MODEL and what clients sent, by name. */
#include "serve/served_models.h"

#include <string.h>

/* A file's name up to its last dot. */
static size_t stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? (size_t)(dot - name) : strlen(name);
}

static bool is_model(const struct served_models *models, const char *name)
{
    const char *own = models->model->name;
    return models->fixed ||
           (stem_length(own) == stem_length(name) && memcmp(own, name, stem_length(name)) == 0);
}

int served_models_find(const struct served_models *models, const char *name)
{
    if (is_model(models, name))
        return 0;
    for (int i = 0; i < SERVED_SENT_MAX; i++)
        if (models->sent[i] && strcmp(models->sent[i]->name, name) == 0)
            return i + 1;
    return -1;
}

struct served_model *served_models_get(const struct served_models *models, int number)
{
    struct served_model *sent = number > 0 ? models->sent[number - 1] : NULL;
    return sent ? sent : models->model;
}

static int free_place(const struct served_models *models)
{
    for (int i = 0; i < SERVED_SENT_MAX; i++)
        if (!models->sent[i])
            return i + 1;
    return -1;
}

char *served_models_add(struct served_models *models, const char *name, const void *bytes,
                        size_t size, int *number)
{
    struct served_model *model;
    *number = served_models_find(models, name);
    if (*number == 0)
        return app_printf("%s is served already, and no other model takes its place", name);
    if (*number < 0)
        *number = free_place(models);
    if (*number < 0)
        return app_printf("%d models were sent already, and no more are held", SERVED_SENT_MAX);
    if (size == 0)
        return app_strdup("the message has no model");
    char *problem = served_model_take(models->app, models->settings, name, bytes, size, &model);
    if (problem)
        return problem;
    served_model_free(&models->sent[*number - 1]);
    models->sent[*number - 1] = model;
    return NULL;
}

void served_models_free(struct served_models *models)
{
    for (int i = 0; i < SERVED_SENT_MAX; i++)
        served_model_free(&models->sent[i]);
    served_model_free(&models->model);
}
