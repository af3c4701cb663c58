/* SPDX-License-Identifier: Apache-2.0 */
/* Lists what of a model can be left float by itself: each layer that computes, each block of the
 * file's names, each part that the topology tells. */
#include "build/mixed_layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const parts[] = {"stem", "backbone", "neck", "head.box", "head.cls", "head"};
enum { PART_COUNT = sizeof parts / sizeof parts[0] };

static int count_set(const struct mixed_layers *layers, const unsigned char *set)
{
    int count = 0;
    for (int i = 0; i < layers->count; i++)
        count += set[i];
    return count;
}

/* Takes over label and set; what has no layer, or is there already, is left out. */
static void add_item(struct mixed_layers *layers, char *label, unsigned char *set)
{
    const int count = count_set(layers, set);
    bool is_new = count > 0;
    for (int i = 0; i < layers->item_count && is_new; i++)
        is_new = memcmp(layers->items[i].layers, set, (size_t)layers->count) != 0;
    if (is_new) {
        layers->items =
            app_resize(layers->items, (size_t)layers->item_count + 1, sizeof *layers->items);
        layers->items[layers->item_count++] = (struct mixed_item){
            .label = label, .layers = set, .count = count, .alone = NAN, .left = NAN, .ms = NAN};
        return;
    }
    free(label);
    free(set);
}

static void add_singles(struct mixed_layers *layers)
{
    for (int i = 0; i < layers->count; i++) {
        if (!layers->all[i])
            continue;
        unsigned char *set = app_alloc((size_t)layers->count, 1);
        set[i] = 1;
        add_item(layers, app_printf("%d", i), set);
    }
    layers->single_count = layers->item_count;
}

/* The length of "/model.2" in "/model.2/cv1/conv/Conv"; 0: the name has no folders. */
static size_t block_length(const char *name)
{
    const char *end = strchr(name + (name[0] == '/'), '/');
    return end ? (size_t)(end - name) : 0;
}

static void add_blocks(struct mixed_layers *layers)
{
    for (int i = 0; i < layers->count; i++) {
        const char *name = layers->info[i].name;
        const size_t length = block_length(name);
        if (!length || !layers->all[i])
            continue;
        unsigned char *set = app_alloc((size_t)layers->count, 1);
        for (int k = 0; k < layers->count; k++)
            set[k] = layers->all[k] && block_length(layers->info[k].name) == length &&
                     strncmp(layers->info[k].name, name, length) == 0;
        add_item(layers, app_printf("block %.*s", (int)length, name), set);
    }
}

static void add_parts(struct app *app, struct mixed_layers *layers)
{
    for (int p = 0; p < PART_COUNT; p++) {
        unsigned char *set = app_alloc((size_t)layers->count, 1);
        if (octet_build_select_layers(app->context, layers->model, parts[p], set) != OCTET_OK)
            memset(set, 0, (size_t)layers->count); /* the model has no such part */
        for (int i = 0; i < layers->count; i++)
            if (set[i] && !layers->part[i][0])
                layers->part[i] = parts[p];
        add_item(layers, app_printf("part %s", parts[p]), set);
    }
}

int mixed_layers_open(struct app *app, const octet_model *model, struct mixed_layers *layers)
{
    octet_info info;
    octet_model_info(model, &info);
    const size_t count = (size_t)info.layer_count;
    *layers = (struct mixed_layers){.model = model,
                                    .count = info.layer_count,
                                    .info = app_alloc(count, sizeof *layers->info),
                                    .part = app_alloc(count, sizeof *layers->part),
                                    .all = app_alloc(count, 1)};
    octet_status status = octet_build_select_layers(app->context, model, "*", layers->all);
    for (int i = 0; i < layers->count && status == OCTET_OK; i++) {
        layers->part[i] = "";
        status = octet_model_layer(model, i, &layers->info[i]);
    }
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    add_singles(layers);
    add_blocks(layers);
    add_parts(app, layers);
    return STATUS_DONE;
}

char *mixed_layers_text(const struct mixed_layers *layers, const unsigned char *set)
{
    char *text = app_strdup("");
    for (int i = 0; i < layers->count; i++) {
        int last = i;
        if (!set[i])
            continue;
        while (last + 1 < layers->count && set[last + 1])
            last++;
        char *longer = last > i ? app_printf("%s%s%d-%d", text, text[0] ? "," : "", i, last)
                                : app_printf("%s%s%d", text, text[0] ? "," : "", i);
        free(text);
        text = longer;
        i = last;
    }
    if (text[0])
        return text;
    free(text);
    return app_strdup("none");
}

void mixed_layers_free(struct mixed_layers *layers)
{
    for (int i = 0; i < layers->item_count; i++) {
        free(layers->items[i].label);
        free(layers->items[i].layers);
    }
    free(layers->items);
    free(layers->info);
    free(layers->part);
    free(layers->all);
    *layers = (struct mixed_layers){0};
}
