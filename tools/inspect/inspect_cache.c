/* SPDX-License-Identifier: Apache-2.0 */
/* Describes TensorRT calibration caches, beside statistics where there are some. */
#include <stdio.h>
#include <string.h>

#include "app/table.h"
#include "inspect/inspect.h"

/* As Ultralytics' exporter calls the picture. */
#define PICTURE "images"
#define CODE_MAX 127          /* of a symmetric INT8 */
#define PICTURE_CLIPPED 0.999 /* of full range: less is more than rounding */

static bool clips_picture(const octet_cache_entry *entry)
{
    return strcmp(entry->name, PICTURE) == 0 && !entry->problem &&
           CODE_MAX * entry->scale < PICTURE_CLIPPED;
}

static json_t *entry_json(const octet_cache_entry *entry)
{
    json_t *json = json_new_object();
    json_put(json, "name", json_text(entry->name));
    json_put(json, "scale", json_number(entry->scale));
    json_put(json, "amax", json_number(CODE_MAX * entry->scale));
    json_put(json, "problem", entry->problem ? json_text(entry->problem) : json_null());
    if (clips_picture(entry))
        json_put(json, "clips_picture", json_true());
    if (entry->maximum >= 0)
        json_put(json, "seen", json_number(entry->maximum));
    if (entry->clipped >= 0)
        json_put(json, "clipped", json_number(entry->clipped));
    return json;
}

/* How much, and which tensors: those that clip most are told apart from rounding. */
static void add_comparison(struct table *table, const octet_cache_entry *entry)
{
    if (entry->maximum < 0)
        table_add(table, "-");
    else
        table_add(table, "%.5g", entry->maximum);
    if (entry->clipped < 0)
        table_add(table, "-");
    else if (entry->clipped > 0)
        table_add(table, "%.4f %%", 100 * entry->clipped);
    else
        table_add(table, "0");
}

/* How many tensors clip, and which most. */
static void print_clipping(const octet_cache *cache, const octet_statistics *statistics)
{
    octet_cache_entry entry, most = {.clipped = 0};
    int compared = 0, clipping = 0;
    for (int i = 0; octet_cache_at(cache, statistics, i, &entry); i++) {
        compared += entry.clipped >= 0;
        clipping += entry.clipped > 0;
        if (entry.clipped > most.clipped)
            most = entry;
    }
    printf("  clipped         %d of %d tensors of the statistics", clipping, compared);
    if (clipping) {
        fputs(", most ", stdout);
        print_clean(most.name);
        printf(" (%.4f %%)", 100 * most.clipped);
    }
    putchar('\n');
}

static void print_text(const char *path, const octet_cache *cache,
                       const octet_statistics *statistics)
{
    static const char *const headers[] = {"tensor", ">scale", ">-amax", ">-seen", ">clipped"};
    struct table table;
    octet_cache_entry entry;
    int count = 0;
    while (octet_cache_at(cache, NULL, count, &entry))
        count++;
    print_clean(path);
    printf(": TensorRT calibration cache\n  header          ");
    print_clean(octet_cache_header(cache));
    printf("\n  tensors         %d\n", count);
    if (statistics)
        print_clipping(cache, statistics);
    putchar('\n');
    table_open(&table, headers, statistics ? 5 : 3);
    for (int i = 0; octet_cache_at(cache, statistics, i, &entry); i++) {
        table_add_name(&table, entry.name);
        table_add(&table, "%.6g", entry.scale);
        table_add(&table, "%.5g", CODE_MAX * entry.scale);
        if (statistics)
            add_comparison(&table, &entry);
    }
    table_print(&table);
}

/* Tensors of the statistics that the cache lacks, and what is wrong with those it has. */
static void say_problems(struct app *app, const char *path, const octet_cache *cache,
                         const octet_statistics *statistics)
{
    octet_cache_entry entry;
    octet_tensor_statistics tensor;
    for (int i = 0; octet_cache_at(cache, NULL, i, &entry); i++) {
        if (entry.problem)
            app_say(app, "warning: %s: the scale of '%s' %s", path, entry.name, entry.problem);
        if (clips_picture(&entry))
            app_say(app,
                    "warning: %s: it clips the picture '%s' at %.4f of full range, as KL "
                    "calibration of letterboxed pictures does",
                    path, entry.name, CODE_MAX * entry.scale);
    }
    for (int t = 0; statistics && octet_statistics_tensor(statistics, t, &tensor) == OCTET_OK;
         t++) {
        bool found = false;
        for (int i = 0; !found && octet_cache_at(cache, NULL, i, &entry); i++)
            found = strcmp(entry.name, tensor.name) == 0;
        if (!found)
            app_say(app, "warning: %s: it has no scale for '%s'", path, tensor.name);
    }
}

int describe_cache(struct app *app, const char *path, const octet_cache *cache,
                   const octet_statistics *statistics)
{
    octet_cache_entry entry;
    say_problems(app, path, cache, statistics);
    if (!app->json) {
        print_text(path, cache, statistics);
        return STATUS_DONE;
    }
    json_t *root = json_new_object(), *tensors = json_new_array();
    json_put(root, "file", json_text(path));
    json_put(root, "kind", json_text("trt-cache"));
    json_put(root, "header", json_text(octet_cache_header(cache)));
    for (int i = 0; octet_cache_at(cache, statistics, i, &entry); i++)
        json_push(tensors, entry_json(&entry));
    json_put(root, "tensors", tensors);
    return json_print(app, root);
}
