/* SPDX-License-Identifier: Apache-2.0 */
/* Writes tensors as they are observed, channels first, as values. */
#include "run/tensor_files.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/suggest.h"
#include "models/view_value.h"

#define NAME_MAX_BYTES 200

/* "/model.9/cv2/act/Mul_output_0" becomes "model.9.cv2.act.Mul_output_0". */
static char *safe_name(const char *tensor)
{
    while (*tensor == '/' || *tensor == '.')
        tensor++;
    char *name = app_printf("%.*s", NAME_MAX_BYTES, *tensor ? tensor : "tensor");
    for (char *c = name; *c; c++) {
        if (*c == '/')
            *c = '.';
        else if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
            *c = '_';
    }
    return name;
}

static char *layer_path(const struct tensor_files *files, const struct tensor_file *layer)
{
    return app_printf("%s/%s.npy", files->folder, layer->name);
}

static bool name_taken(const struct tensor_files *files, int before, const char *name)
{
    for (int i = 0; i < before; i++)
        if (strcasecmp(files->layers[i].name, name) == 0)
            return true;
    return strcasecmp(name, "output0") == 0;
}

static void name_layers(struct tensor_files *files, const octet_engine *engine)
{
    for (int i = 0; i < files->layer_count; i++) {
        octet_layer_info layer = {.name = ""};
        octet_engine_layer(engine, i, &layer);
        files->layers[i].tensor = layer.name;
        files->layers[i].name = safe_name(layer.name);
        if (name_taken(files, i, files->layers[i].name)) {
            char *longer = app_printf("%s-%d", files->layers[i].name, i);
            free(files->layers[i].name);
            files->layers[i].name = longer;
        }
    }
}

static int want(struct tensor_files *files, const char *word)
{
    char text[SUGGEST_BYTES];
    struct suggestion suggestion = suggest_for(word);
    for (int i = 0; i < files->layer_count; i++) {
        struct tensor_file *layer = &files->layers[i];
        if (strcmp(word, layer->name) == 0 || strcmp(word, layer->tensor) == 0) {
            layer->wanted = true;
            return STATUS_DONE;
        }
        suggest_offer(&suggestion, layer->tensor);
    }
    return app_usage(files->app, "--tensors: no layer puts out '%s'%s; octet inspect lists them",
                     word, suggest_text(&suggestion, "", text));
}

int tensor_files_open(struct tensor_files *files, struct app *app, const octet_engine *engine,
                      const char *list)
{
    octet_info info;
    octet_engine_info(engine, &info);
    files->app = app;
    files->layer_count = info.layer_count;
    files->layers = app_alloc((size_t)info.layer_count, sizeof *files->layers);
    name_layers(files, engine);
    if (strcmp(list, "all") == 0) {
        for (int i = 0; i < files->layer_count; i++)
            files->layers[i].wanted = true;
        return STATUS_DONE;
    }
    char *copy = app_strdup(list), *rest = copy, *word;
    int status = STATUS_DONE;
    while (status == STATUS_DONE && (word = strsep(&rest, ",")))
        status = want(files, word);
    free(copy);
    return status;
}

int tensor_files_protect(const struct tensor_files *files, struct inputs *inputs)
{
    int status = STATUS_DONE;
    for (int i = 0; i < files->layer_count && status == STATUS_DONE; i++) {
        char *path = layer_path(files, &files->layers[i]);
        if (files->layers[i].wanted)
            status = inputs_protect(files->app, inputs, NULL, path);
        free(path);
    }
    return status;
}

static int open_file(struct tensor_files *files, struct tensor_file *layer,
                     const octet_tensor_view *view)
{
    const size_t shape[4] = {files->pictures, (size_t)view->channels, (size_t)view->height,
                             (size_t)view->width};
    char *path = layer_path(files, layer);
    int status = npy_begin(&layer->file, files->app, path, shape, 4);
    layer->open = status == STATUS_DONE;
    free(path);
    return status;
}

static void gather_channel(const octet_tensor_view *view, size_t channel, float *row)
{
    for (int y = 0; y < view->height; y++) {
        size_t at = (size_t)y * view->row_elements + channel;
        for (int x = 0; x < view->width; x++, at += view->pixel_elements)
            *row++ = view_value(view, at);
    }
}

int tensor_files_observe(void *user, int index, int layer, const octet_tensor_view *view)
{
    (void)index;
    struct tensor_files *files = user;
    if (layer < 0 || layer >= files->layer_count || !files->layers[layer].wanted)
        return 0;
    struct tensor_file *target = &files->layers[layer];
    size_t pixels = (size_t)view->height * (size_t)view->width;
    if (!target->open && open_file(files, target, view) != STATUS_DONE) {
        files->failed = true;
        return 1;
    }
    if (pixels > files->row_capacity) {
        files->row = app_resize(files->row, pixels, sizeof *files->row);
        files->row_capacity = pixels;
    }
    for (int c = 0; c < view->channels; c++) {
        gather_channel(view, (size_t)c, files->row);
        output_write(&target->file, files->row, pixels * sizeof *files->row);
    }
    return 0;
}

int tensor_files_commit(struct tensor_files *files)
{
    int status = STATUS_DONE;
    for (int i = 0; i < files->layer_count && status == STATUS_DONE; i++) {
        if (!files->layers[i].open)
            continue;
        status = output_commit(&files->layers[i].file);
        files->layers[i].open = false;
    }
    return status;
}

void tensor_files_close(struct tensor_files *files)
{
    for (int i = 0; i < files->layer_count; i++) {
        if (files->layers[i].open)
            output_abandon(&files->layers[i].file);
        free(files->layers[i].name);
    }
    free(files->layers);
    free(files->row);
    *files = (struct tensor_files){0};
}
