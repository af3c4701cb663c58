/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what layers cost and gain, the sets that were judged, and the choice. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/table.h"
#include "build/auto_layers.h"

static bool is_chosen(const struct mixed_search *search, const struct mixed_item *item)
{
    for (int k = 0; k < search->layers.count; k++)
        if (item->layers[k] && !search->sets[search->chosen].layers[k])
            return false;
    return true;
}

static double gain_of(const struct mixed_search *search, const struct mixed_item *item)
{
    return search->int8_noise > 0 ? 100 * (1 - item->left / search->int8_noise) : 0;
}

static double time_of(const struct mixed_search *search, double ms)
{
    return 100 * ms / search->int8_ms;
}

/* The layer of an item that is one layer, or -1. */
static int single_of(const struct mixed_search *search, int index)
{
    return index < search->layers.single_count ? atoi(search->layers.items[index].label) : -1;
}

static void print_items(const struct mixed_search *search)
{
    static const char *const headers[] = {"  layer",          "part",       "-name", ">error alone",
                                          ">gained in float", ">more time", ""};
    struct table table;
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (int i = 0; i < search->layers.item_count; i++) {
        const struct mixed_item *item = &search->layers.items[i];
        const int layer = single_of(search, i);
        table_add(&table, "  %s", item->label);
        table_add(&table, "%s", layer < 0 ? "" : search->layers.part[layer]);
        table_add(&table, "%s", layer < 0 ? "" : search->layers.info[layer].name);
        table_add(&table, "%.2f %%", 100 * sqrt(item->alone));
        table_add(&table, "%.1f %%", gain_of(search, item));
        table_add(&table, "%.1f %%", time_of(search, item->ms));
        table_add(&table, "%s", is_chosen(search, item) ? "float" : "");
    }
    table_print(&table);
}

static void print_sets(const struct mixed_search *search)
{
    const bool labelled = search->judge.set.truth != NULL;
    const char *const headers[] = {"  float layers", labelled ? ">AP" : ">agreement", ">loss",
                                   ">more time", ""};
    struct table table;
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (int i = 0; i < search->set_count; i++) {
        const struct mixed_set *set = &search->sets[i];
        char *text = mixed_layers_text(&search->layers, set->layers);
        table_add(&table, "  %s", text);
        table_add(&table, "%.2f", set->percent);
        table_add(&table, "%.2f", set->loss);
        table_add(&table, "%.1f %%", time_of(search, set->ms - search->int8_ms));
        table_add(&table, "%s",
                  i == search->chosen ? "chosen"
                  : set->meets        ? ""
                                      : "loses too much");
        free(text);
    }
    table_print(&table);
}

void auto_layers_print(const struct mixed_search *search, const char *list)
{
    const struct layer_costs *costs = &search->costs;
    printf("  timed        kernels %s, %d thread%s, %dx%d%s\n", costs->kernels, costs->threads,
           costs->threads == 1 ? "" : "s", costs->height, costs->width,
           costs->read ? ", from a file" : "");
    printf("  error        of INT8 %.2f %%, in %d pictures\n", 100 * sqrt(search->int8_noise),
           search->noise.count);
    print_items(search);
    printf("  judged       by %zu %s in %zu pictures; at most %g points of AP may be lost\n",
           search->judge.boxes, search->judge.set.truth ? "labels" : "boxes of the float model",
           search->judge.pictures, search->allowed);
    print_sets(search);
    printf("  chosen       --float-layers %s\n", list);
}

static json_t *set_text(const struct mixed_search *search, const unsigned char *set)
{
    char *text = mixed_layers_text(&search->layers, set);
    json_t *json = json_text(text);
    free(text);
    return json;
}

static void items_json(const struct mixed_search *search, json_t *root)
{
    json_t *items = json_new_array();
    for (int i = 0; i < search->layers.item_count; i++) {
        const struct mixed_item *item = &search->layers.items[i];
        const int layer = single_of(search, i);
        json_t *object = json_new_object();
        json_put(object, "item", json_text(item->label));
        json_put(object, "part", layer < 0 ? json_null() : json_text(search->layers.part[layer]));
        json_put(object, "name",
                 layer < 0 ? json_null() : json_text(search->layers.info[layer].name));
        json_put(object, "layers", set_text(search, item->layers));
        json_put(object, "error_alone_percent", json_number(100 * sqrt(item->alone)));
        json_put(object, "gain_percent", json_number(gain_of(search, item)));
        json_put(object, "more_ms", json_number(item->ms));
        json_put(object, "float", json_boolean(is_chosen(search, item)));
        json_push(items, object);
    }
    json_put(root, "items", items);
}

static void sets_json(const struct mixed_search *search, json_t *root)
{
    json_t *sets = json_new_array();
    for (int i = 0; i < search->set_count; i++) {
        const struct mixed_set *set = &search->sets[i];
        json_t *object = json_new_object();
        json_put(object, "float_layers", set_text(search, set->layers));
        json_put(object, search->judge.set.truth ? "ap" : "agreement_ap",
                 json_number(set->percent / 100));
        json_put(object, "loss_points", json_number(set->loss));
        json_put(object, "ms", json_number(set->ms));
        json_put(object, "chosen", json_boolean(i == search->chosen));
        json_push(sets, object);
    }
    json_put(root, "sets", sets);
}

void auto_layers_json(const struct mixed_search *search, json_t *root)
{
    json_t *object = json_new_object();
    json_put(object, "allowed_loss_points", json_number(search->allowed));
    json_put(object, "kernels", json_text(search->costs.kernels));
    json_put(object, "threads", json_integer(search->costs.threads));
    json_put(object, "times_from_file", json_boolean(search->costs.read));
    json_put(object, "int8_ms", json_number(search->int8_ms));
    json_put(object, "int8_error_percent", json_number(100 * sqrt(search->int8_noise)));
    json_put(object, "measuring_images", json_integer(search->noise.count));
    json_put(object, "judging_images", json_integer((json_int_t)search->judge.pictures));
    json_put(object, "judging_boxes", json_integer((json_int_t)search->judge.boxes));
    items_json(search, object);
    sets_json(search, object);
    json_put(root, "automatic", object);
}
