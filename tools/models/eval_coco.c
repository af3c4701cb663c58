/* SPDX-License-Identifier: Apache-2.0 */
/* Which file of a folder a picture of COCO annotations is: the one whose path agrees with its
 * file_name for longest, read from the end. */
#include "models/eval_coco.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/paths.h"
#include "models/keyed.h"

#define REPORTED_MAX 10 /* pictures that get a line of their own */
#define ALL SIZE_MAX

/* A picture of the annotations. */
struct wanted {
    octet_truth_image image;
    char *name;                   /* file_name with single slashes, or NULL when there is none */
    char *path;                   /* of the file, or NULL */
    size_t alike;                 /* parts at the ends of name and path that are equal */
    const struct wanted *instead; /* the picture that the file is, when it is not this one */
};

/* The name without "./" and "//" and, if `windows`, with slashes for backslashes. */
static char *tidy_name(const char *name, bool windows)
{
    char *tidy = app_strdup(name);
    size_t length = 0;
    bool at_start = true; /* of a part */
    for (const char *c = name; *c; c++) {
        const bool slash = *c == '/' || (windows && *c == '\\');
        if (slash ? at_start && c != name : at_start && c[0] == '.' && c[1] == '/')
            continue;
        tidy[length++] = slash ? '/' : *c;
        at_start = slash;
    }
    tidy[length] = '\0';
    return tidy;
}

/* How many parts between slashes are equal, from the end on; ALL where the path ends with the whole
 * name. */
static size_t count_alike(const char *name, const char *path)
{
    const char *end = name + strlen(name), *path_end = path + strlen(path);
    size_t parts = 0;
    while (end > name && path_end > path && end[-1] == path_end[-1]) {
        end--;
        path_end--;
        parts += *end == '/';
    }
    const bool whole = end == name && (path_end == path || path_end[-1] == '/');
    return whole ? ALL : parts;
}

/* FOLDER/NAME, else FOLDER and NAME without its first folder,
 * and so on; NULL when there is none. */
static char *find_file(const char *folder, const char *name)
{
    const char *between = folder[strlen(folder) - 1] == '/' ? "" : "/";
    for (const char *rest = name; rest; rest = strchr(rest, '/')) {
        rest += *rest == '/';
        char *path = app_printf("%s%s%s", folder, between, rest);
        if (*rest && path_is_file(path))
            return path;
        free(path);
    }
    return NULL;
}

static void look_for(const char *folder, const char *whole_folder, struct wanted *wanted)
{
    for (int windows = 0; windows < 2 && wanted->image.file_name[0] && !wanted->path; windows++) {
        if (windows && !strchr(wanted->image.file_name, '\\'))
            break;
        free(wanted->name);
        wanted->name = tidy_name(wanted->image.file_name, windows);
        wanted->path = find_file(folder, wanted->name);
    }
    if (!wanted->path)
        return;
    char *whole = app_printf("%s%s", whole_folder, wanted->path + strlen(folder));
    wanted->alike = count_alike(wanted->name, whole);
    free(whole);
}

/* Of the pictures that would all be one file: the file is that whose name agrees for longest. False
 * when two names do. */
static bool settle(struct wanted *all, const struct keyed *same, size_t count)
{
    const struct wanted *best = &all[same[0].index];
    bool clear = true;
    for (size_t i = 1; i < count; i++) {
        const struct wanted *other = &all[same[i].index];
        if (other->alike == best->alike)
            clear = false;
        if (other->alike > best->alike) {
            best = other;
            clear = true;
        }
    }
    for (size_t i = 0; clear && i < count; i++)
        if (&all[same[i].index] != best)
            all[same[i].index].instead = best;
    return clear;
}

static void report_same(struct app *app, const char *annotations, const struct wanted *a,
                        const struct wanted *b)
{
    app_fail(app, "%s: pictures %lld (%s) and %lld (%s) would both be %s", annotations,
             (long long)a->image.id, a->image.file_name, (long long)b->image.id, b->image.file_name,
             a->path);
}

/* No file may stand for two pictures. */
static int settle_all(struct app *app, const char *annotations, struct wanted *all, size_t count)
{
    struct keyed *list = app_alloc(count, sizeof *list);
    size_t found = 0, unclear = 0;
    for (size_t i = 0; i < count; i++)
        if (all[i].path)
            list[found++] = (struct keyed){path_whole(all[i].path), i};
    keyed_sort(list, found);
    for (size_t i = 0, next; i < found; i = next) {
        for (next = i + 1; next < found && strcmp(list[i].key, list[next].key) == 0;)
            next++;
        if (next - i > 1 && !settle(all, list + i, next - i) && unclear++ < REPORTED_MAX)
            report_same(app, annotations, &all[list[i].index], &all[list[i + 1].index]);
    }
    keyed_free(list, found);
    if (!unclear)
        return STATUS_DONE;
    return app_fail(app, "%s: %zu file%s stand%s for more than one picture: each needs its own",
                    annotations, unclear, unclear == 1 ? "" : "s", unclear == 1 ? "s" : "");
}

static void report_missing(struct app *app, const char *annotations, const char *folder,
                           const struct wanted *wanted)
{
    const long long id = wanted->image.id;
    const char *name = wanted->image.file_name;
    if (!name[0])
        app_fail(app, "%s: picture %lld: no file_name", annotations, id);
    else if (wanted->instead)
        app_fail(app, "%s: picture %lld: %s is not in %s (%s is picture %lld, %s)", annotations, id,
                 name, folder, wanted->path, (long long)wanted->instead->image.id,
                 wanted->instead->image.file_name);
    else
        app_fail(app, "%s: picture %lld: %s is not in %s", annotations, id, name, folder);
}

/* Takes the pictures that were found into the set. */
static int take_found(struct app *app, const char *annotations, const char *folder,
                      const struct wanted *all, struct eval_set *set)
{
    const struct wanted *moved = NULL; /* one that lies in a folder of another name */
    size_t missing = 0, moved_count = 0;
    for (size_t i = 0; i < set->total; i++) {
        const struct wanted *w = &all[i];
        if (!w->path || w->instead) {
            if (missing++ < REPORTED_MAX)
                report_missing(app, annotations, folder, w);
            continue;
        }
        if (w->alike == 1 && strchr(w->name, '/') && moved_count++ == 0)
            moved = w;
        set->entries[set->pictures.count] = (struct eval_picture){
            w->image.id, set->pictures.count, w->image.width, w->image.height, NULL};
        sources_append(&set->pictures, w->path);
    }
    if (moved)
        app_say(app, "%s: %zu picture%s found by the last part of the name alone: %s as %s",
                annotations, moved_count, moved_count == 1 ? "" : "s", moved->image.file_name,
                moved->path);
    if (missing > REPORTED_MAX)
        app_fail(app, "%s: %zu more pictures are missing", annotations, missing - REPORTED_MAX);
    set->listed = set->pictures.count;
    set->missing = missing;
    return eval_set_count_bad(app, set, missing);
}

static int find_pictures(struct app *app, const char *annotations, const char *folder,
                         struct eval_set *set)
{
    struct stat entry;
    if (stat(folder, &entry) != 0)
        return app_fail(app, "%s: %s", folder, strerror(errno));
    if (!S_ISDIR(entry.st_mode))
        return app_fail(app, "%s: not a folder", folder);
    char *whole = realpath(folder, NULL);
    struct wanted *all = app_alloc(set->total, sizeof *all);
    set->entries = app_alloc(set->total, sizeof *set->entries);
    for (size_t i = 0; i < set->total; i++)
        if (octet_truth_image_get(set->truth, i, &all[i].image) == OCTET_OK)
            look_for(folder, whole ? whole : folder, &all[i]);
    int status = settle_all(app, annotations, all, set->total);
    if (status == STATUS_DONE)
        status = take_found(app, annotations, folder, all, set);
    for (size_t i = 0; i < set->total; i++) {
        free(all[i].name);
        free(all[i].path);
    }
    free(all);
    free(whole);
    return status;
}

int eval_set_open_coco(struct app *app, const char *annotations, const char *folder,
                       struct eval_set *set)
{
    octet_status status = octet_truth_load(app->context, annotations, &set->truth);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    set->total = octet_truth_image_count(set->truth);
    if (set->total == 0)
        return app_fail(app, "%s: no pictures in it", annotations);
    if (octet_truth_class_count(set->truth) == 0)
        return app_fail(app, "%s: no classes in it", annotations);
    const int found = folder ? find_pictures(app, annotations, folder, set) : STATUS_DONE;
    if (found == STATUS_DONE && set->shard.count)
        eval_set_take_shard(set);
    return found;
}
