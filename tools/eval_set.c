/* SPDX-License-Identifier: Apache-2.0 */
#include "eval.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPORTED_MAX 10 /* bad pictures that get a line of their own before the run */

static bool is_file(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 && !S_ISDIR(entry.st_mode);
}

static int fail_library(struct app *app, octet_status status)
{
    return app_fail_library(app, status, octet_context_message(app->context));
}

int eval_set_count_bad(struct app *app, struct eval_set *set, size_t count)
{
    set->bad += count;
    if ((double)set->bad <= set->max_bad * (double)set->total + 1e-9)
        return STATUS_DONE;
    return app_fail(app, "%zu of %zu pictures cannot take part, more than --max-bad %g allows",
                    set->bad, set->total, set->max_bad);
}

/* FOLDER/NAME, or FOLDER/ and NAME without its own folders; NULL when there is neither. */
static char *find_picture(const char *folder, const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *const names[] = {name, slash ? slash + 1 : name};
    const char *between = folder[strlen(folder) - 1] == '/' ? "" : "/";
    for (size_t i = name[0] == '/'; i < 2; i++) {
        char *path = app_printf("%s%s%s", folder, between, names[i]);
        if (is_file(path))
            return path;
        free(path);
    }
    return NULL;
}

static int find_pictures(struct app *app, const char *annotations, const char *folder,
                         struct eval_set *set)
{
    struct stat entry;
    size_t missing = 0;
    octet_truth_image image;
    if (stat(folder, &entry) != 0)
        return app_fail(app, "%s: %s", folder, strerror(errno));
    if (!S_ISDIR(entry.st_mode))
        return app_fail(app, "%s: not a folder", folder);
    set->entries = app_alloc(set->total, sizeof *set->entries);
    for (size_t i = 0; octet_truth_image_get(set->truth, i, &image) == OCTET_OK; i++) {
        char *path = image.file_name[0] ? find_picture(folder, image.file_name) : NULL;
        if (path) {
            set->entries[set->pictures.count] =
                (struct eval_picture){image.id, image.width, image.height, NULL};
            sources_append(&set->pictures, path);
            free(path);
        } else if (missing++ < REPORTED_MAX) {
            app_fail(app, "%s: picture %lld: %s%s%s", annotations, (long long)image.id,
                     image.file_name[0] ? image.file_name : "no file_name",
                     image.file_name[0] ? " is not in " : "", image.file_name[0] ? folder : "");
        }
    }
    if (missing > REPORTED_MAX)
        app_fail(app, "%s: %zu more pictures are missing", annotations, missing - REPORTED_MAX);
    return eval_set_count_bad(app, set, missing);
}

int eval_set_open_coco(struct app *app, const char *annotations, const char *folder,
                       struct eval_set *set)
{
    octet_status status = octet_truth_load(app->context, annotations, &set->truth);
    if (status != OCTET_OK)
        return fail_library(app, status);
    set->total = octet_truth_image_count(set->truth);
    if (set->total == 0)
        return app_fail(app, "%s: no pictures in it", annotations);
    if (octet_truth_class_count(set->truth) == 0)
        return app_fail(app, "%s: no classes in it", annotations);
    return folder ? find_pictures(app, annotations, folder, set) : STATUS_DONE;
}

/* Where Ultralytics has a picture's labels: ".txt" for its extension, and the last "/images/" of
 * its path as "/labels/". */
static char *labels_path(const char *picture)
{
    static const char images[] = "/images/";
    const char *last = NULL, *dot = strrchr(picture, '.'), *slash = strrchr(picture, '/');
    for (const char *at = picture; (at = strstr(at, images)); at++)
        last = at;
    size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - picture) : strlen(picture);
    if (!last && strncmp(picture, images + 1, sizeof images - 2) == 0)
        return app_printf("labels/%.*s.txt", (int)(stem - (sizeof images - 2)),
                          picture + sizeof images - 2);
    if (!last)
        return app_printf("%.*s.txt", (int)stem, picture);
    size_t head = (size_t)(last - picture), tail = head + sizeof images - 1;
    return app_printf("%.*s/labels/%.*s.txt", (int)head, picture, (int)(stem - tail),
                      picture + tail);
}

/* A ground truth with the classes of `names` alone. */
static octet_status make_truth(octet_context *context, char *const *names, size_t count,
                               octet_truth **truth)
{
    octet_status status = octet_truth_create(context, truth);
    for (size_t i = 0; status == OCTET_OK && i < count; i++)
        status = octet_truth_add_class(*truth, (int64_t)i, names[i]);
    return status;
}

/* Reads all label files once, into nothing, so that a bad line shows before the long run. Takes
 * pictures with bad ones out of the list. */
static int check_labels(struct app *app, struct eval_set *set, octet_context *context,
                        octet_truth *truth, const char *yaml)
{
    size_t kept = 0, bad = 0, without = 0;
    for (size_t i = 0; i < set->pictures.count; i++) {
        char *path = set->pictures.path[i], *labels = labels_path(path);
        octet_truth_image image = {(int64_t)i + 1, "", 1, 1};
        octet_status status = OCTET_OK;
        if (!is_file(labels)) {
            without++;
            free(labels);
            labels = NULL;
        } else {
            status = octet_truth_add_image(truth, &image);
            if (status == OCTET_OK)
                status = octet_truth_add_labels(truth, image.id, labels);
        }
        if (status != OCTET_OK) {
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
    if (bad > REPORTED_MAX)
        app_fail(app, "%s: %zu more pictures have bad labels", yaml, bad - REPORTED_MAX);
    if (without == set->total) {
        char *labels = labels_path(set->pictures.path[0]);
        app_fail(app, "%s: no picture has labels (looked for instance for %s)", yaml, labels);
        free(labels);
        return STATUS_FAILED;
    }
    if (without)
        app_say(app, "%zu of %zu pictures have no label file: nothing is on them", without,
                set->total);
    return eval_set_count_bad(app, set, bad);
}

static int open_labels(struct app *app, const char *path, char *const *names, size_t count,
                       struct eval_set *set)
{
    octet_context *context = NULL; /* without messages: the second reading will give them */
    octet_truth *checked = NULL;
    octet_status status = make_truth(app->context, names, count, &set->truth);
    if (status != OCTET_OK)
        return fail_library(app, status);
    status = octet_context_create(NULL, &context);
    if (status == OCTET_OK)
        status = make_truth(context, names, count, &checked);
    int result = status == OCTET_OK ? check_labels(app, set, context, checked, path)
                                    : app_fail_library(app, status, "");
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

int eval_set_add_picture(struct app *app, struct eval_set *set, size_t index,
                         const octet_image *image)
{
    struct eval_picture *entry = &set->entries[index];
    if (!set->labelled)
        return STATUS_DONE;
    entry->width = octet_image_width(image);
    entry->height = octet_image_height(image);
    const octet_truth_image added = {entry->id, set->pictures.path[index], entry->width,
                                     entry->height};
    octet_status status = octet_truth_add_image(set->truth, &added);
    if (status == OCTET_OK && entry->labels)
        status = octet_truth_add_labels(set->truth, entry->id, entry->labels);
    return status == OCTET_OK ? STATUS_DONE : fail_library(app, status);
}

void eval_set_free(struct eval_set *set)
{
    for (size_t i = 0; set->entries && i < set->pictures.count; i++)
        free(set->entries[i].labels);
    free(set->entries);
    sources_free(&set->pictures);
    octet_truth_free(&set->truth);
}
