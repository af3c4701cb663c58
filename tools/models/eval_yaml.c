/* SPDX-License-Identifier: Apache-2.0 */
/* The ground truth of a data.yaml: its pictures, their label files, and what is wrong with them. */
#include "models/eval_yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/paths.h"
#include "models/keyed.h"
#include "pictures/data_yaml.h"
#include "pictures/label_path.h"

#define REPORTED_MAX 10 /* bad pictures that get a line of their own before the run */

/* A ground truth with the classes of `names` alone. */
static octet_status make_truth(octet_context *context, char *const *names, size_t count,
                               octet_truth **truth)
{
    octet_status status = octet_truth_create(context, truth);
    for (size_t i = 0; status == OCTET_OK && i < count; i++)
        status = octet_truth_add_class(*truth, (int64_t)i, names[i]);
    return status;
}

/* Nothing is there: not even a link to what is gone, or a folder that may not be entered. */
static bool is_absent(const char *path)
{
    struct stat entry;
    return lstat(path, &entry) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* Finds the pictures' label files; fails where not one is there. */
static int find_labels(struct app *app, struct eval_set *set, const char *yaml)
{
    size_t without = 0;
    for (size_t i = 0; i < set->pictures.count; i++) {
        char *labels = label_path(set->pictures.path[i]);
        set->entries[i] = (struct eval_picture){(int64_t)i + 1, i, 0, 0, labels};
        if (!is_absent(labels))
            continue;
        if (++without == set->total) {
            char *first = label_path(set->pictures.path[0]);
            app_fail(app, "%s: no picture has labels (looked for instance for %s)", yaml, first);
            free(first);
            return STATUS_FAILED;
        }
        free(labels);
        set->entries[i].labels = NULL;
    }
    if (without)
        app_say(app, "%zu of %zu pictures have no label file: nothing is on them", without,
                set->total);
    return STATUS_DONE;
}

/* Reads the label files once, into nothing, so that a bad line shows before the long run. Takes
 * pictures with bad ones out of the list. */
static int check_labels(struct app *app, struct eval_set *set, octet_context *context,
                        octet_truth *truth, const char *yaml)
{
    size_t kept = 0, bad = 0;
    bool short_of_memory = false;
    for (size_t i = 0; i < set->pictures.count; i++) {
        const struct eval_picture entry = set->entries[i];
        octet_truth_image image = {entry.id, "", 1, 1};
        octet_status status = OCTET_OK;
        if (entry.labels)
            status = octet_truth_add_image(truth, &image);
        if (entry.labels && status == OCTET_OK)
            status = octet_truth_add_labels(truth, image.id, entry.labels);
        if (status != OCTET_OK) {
            short_of_memory = short_of_memory || status == OCTET_OUT_OF_MEMORY;
            if (bad++ < REPORTED_MAX)
                app_fail_library(app, status, octet_context_message(context));
            free(entry.labels);
            free(set->pictures.path[i]);
            continue;
        }
        set->entries[kept] = entry;
        set->pictures.path[kept++] = set->pictures.path[i];
    }
    set->pictures.count = kept;
    if (short_of_memory) /* that says nothing of the labels */
        return STATUS_FAILED;
    if (bad > REPORTED_MAX)
        app_fail(app, "%s: %zu more pictures have bad labels", yaml, bad - REPORTED_MAX);
    return eval_set_count_bad(app, set, bad);
}

/* A picture that is listed twice takes part once. */
static void drop_repeated(struct app *app, const char *yaml, struct sources *pictures)
{
    const size_t count = pictures->count;
    struct keyed *list = app_alloc(count, sizeof *list);
    bool *again = app_alloc(count, sizeof *again);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        list[i] = (struct keyed){path_whole(pictures->path[i]), i};
    keyed_sort(list, count);
    for (size_t i = 1; i < count; i++)
        again[list[i].index] = strcmp(list[i - 1].key, list[i].key) == 0;
    for (size_t i = 0; i < count; i++) {
        if (again[i])
            free(pictures->path[i]);
        else
            pictures->path[kept++] = pictures->path[i];
    }
    pictures->count = kept;
    if (kept < count)
        app_say(app, "%s: %zu of %zu pictures are listed twice: they take part once", yaml,
                count - kept, count);
    keyed_free(list, count);
    free(again);
}

/* a.jpg and a.png would both have the labels a.txt. */
static int refuse_shared_labels(struct app *app, const char *yaml, const struct eval_set *set)
{
    struct keyed *list = app_alloc(set->pictures.count, sizeof *list);
    size_t count = 0, shared = 0;
    for (size_t i = 0; i < set->pictures.count; i++)
        if (set->entries[i].labels)
            list[count++] = (struct keyed){path_whole(set->entries[i].labels), i};
    keyed_sort(list, count);
    for (size_t i = 1; i < count; i++)
        if (strcmp(list[i - 1].key, list[i].key) == 0 && shared++ < REPORTED_MAX)
            app_fail(app, "%s: %s and %s have the same labels, %s: each picture needs its own",
                     yaml, set->pictures.path[list[i - 1].index], set->pictures.path[list[i].index],
                     set->entries[list[i].index].labels);
    keyed_free(list, count);
    if (shared > REPORTED_MAX)
        app_fail(app, "%s: %zu more pictures share their labels", yaml, shared - REPORTED_MAX);
    return shared ? STATUS_FAILED : STATUS_DONE;
}

static int open_labels(struct app *app, const char *path, char *const *names, size_t count,
                       struct eval_set *set)
{
    octet_context *context = NULL; /* without messages: the second reading will give them */
    octet_truth *checked = NULL;
    octet_status status = make_truth(app->context, names, count, &set->truth);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    status = octet_context_create(NULL, &context);
    if (status == OCTET_OK)
        status = make_truth(context, names, count, &checked);
    int result =
        status == OCTET_OK ? find_labels(app, set, path) : app_fail_library(app, status, "");
    /* of a shard: the files of all shards, while they are at hand */
    if (result == STATUS_DONE && set->shard.count)
        result = refuse_shared_labels(app, path, set);
    if (result == STATUS_DONE && set->shard.count)
        eval_set_take_shard(set);
    if (result == STATUS_DONE)
        result = check_labels(app, set, context, checked, path);
    if (result == STATUS_DONE && !set->shard.count)
        result = refuse_shared_labels(app, path, set);
    octet_truth_free(&checked);
    octet_context_free(&context);
    return result;
}

int eval_set_open_yaml(struct app *app, const char *path, const char *split, struct eval_set *set)
{
    char **names = NULL;
    size_t count = 0;
    int status = data_yaml_names(app, path, &names, &count);
    if (status == STATUS_DONE)
        status = data_yaml_add(app, &set->pictures, path, split);
    if (status == STATUS_DONE)
        status = sources_check_reachable(app, &set->pictures, set->max_bad);
    if (status == STATUS_DONE) {
        drop_repeated(app, path, &set->pictures);
        set->labelled = true;
        set->total = set->listed = set->pictures.count;
        set->entries = app_alloc(set->total, sizeof *set->entries);
        status = open_labels(app, path, names, count, set);
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return status;
}
