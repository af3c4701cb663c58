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

/* Reads all label files once, into nothing, so that a bad line shows before the long run. Takes
 * pictures with bad ones out of the list. */
static int check_labels(struct app *app, struct eval_set *set, octet_context *context,
                        octet_truth *truth, const char *yaml)
{
    size_t kept = 0, bad = 0, without = 0;
    bool short_of_memory = false;
    for (size_t i = 0; i < set->pictures.count; i++) {
        char *path = set->pictures.path[i], *labels = label_path(path);
        octet_truth_image image = {(int64_t)i + 1, "", 1, 1};
        octet_status status = OCTET_OK;
        if (is_absent(labels)) {
            without++;
            free(labels);
            labels = NULL;
        } else {
            status = octet_truth_add_image(truth, &image);
            if (status == OCTET_OK)
                status = octet_truth_add_labels(truth, image.id, labels);
        }
        if (status != OCTET_OK) {
            short_of_memory = short_of_memory || status == OCTET_OUT_OF_MEMORY;
            if (bad++ < REPORTED_MAX)
                app_fail_library(app, status, octet_context_message(context));
            free(labels);
            free(path);
            continue;
        }
        set->entries[kept] = (struct eval_picture){image.id, 0, 0, labels};
        set->pictures.path[kept++] = path;
    }
    set->pictures.count = kept;
    if (short_of_memory) /* that says nothing of the labels */
        return STATUS_FAILED;
    if (bad > REPORTED_MAX)
        app_fail(app, "%s: %zu more pictures have bad labels", yaml, bad - REPORTED_MAX);
    if (without == set->total) {
        char *labels = label_path(set->pictures.path[0]);
        app_fail(app, "%s: no picture has labels (looked for instance for %s)", yaml, labels);
        free(labels);
        return STATUS_FAILED;
    }
    if (without)
        app_say(app, "%zu of %zu pictures have no label file: nothing is on them", without,
                set->total);
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
    int result = status == OCTET_OK ? check_labels(app, set, context, checked, path)
                                    : app_fail_library(app, status, "");
    octet_truth_free(&checked);
    octet_context_free(&context);
    return result == STATUS_DONE ? refuse_shared_labels(app, path, set) : result;
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
        set->total = set->pictures.count;
        set->entries = app_alloc(set->total, sizeof *set->entries);
        status = open_labels(app, path, names, count, set);
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return status;
}
