/* SPDX-License-Identifier: Apache-2.0 */
/* Gives each picture its id in COCO results, by its name or by annotations. */
#include "detect/image_ids.h"

#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "app/paths.h"

/* An id and the source that has it. */
struct use {
    int64_t id;
    size_t source;
};

static int compare_uses(const void *a, const void *b)
{
    const struct use *left = a, *right = b;
    if (left->id != right->id)
        return left->id < right->id ? -1 : 1;
    return (left->source > right->source) - (left->source < right->source);
}

/* Results of two pictures under one id could not be told apart. */
static int check_unique(struct app *app, const struct sources *sources, const struct image_id *ids)
{
    size_t count = 0;
    int status = STATUS_DONE;
    struct use *uses = app_alloc(sources->count, sizeof *uses);
    for (size_t i = 0; i < sources->count; i++)
        if (!ids[i].text)
            uses[count++] = (struct use){ids[i].number, i};
    qsort(uses, count, sizeof *uses, compare_uses);
    for (size_t i = 1; i < count && status == STATUS_DONE; i++)
        if (uses[i].id == uses[i - 1].id)
            status = app_fail(app,
                              "%s: it would have the same image id as %s (%lld): run them apart, "
                              "into folders of their own",
                              sources->path[uses[i].source], sources->path[uses[i - 1].source],
                              (long long)uses[i].id);
    free(uses);
    return status;
}

int image_ids_by_name(struct app *app, const struct sources *sources,
                      const struct output_names *names, struct image_id *ids)
{
    for (size_t i = 0; i < sources->count; i++) {
        const char *stem = names->name[i].stem;
        bool digits = stem[strspn(stem, "0123456789")] == '\0';
        ids[i] = (struct image_id){.text = stem};
        if (digits && parse_integer(stem, &ids[i].number))
            ids[i].text = NULL;
    }
    return check_unique(app, sources, ids);
}

/* A picture of the annotations, found by the last part of its file_name. */
struct entry {
    const char *file_name, *last;
    int64_t id;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    return strcmp(left->last, right->last);
}

static bool ends_path(const char *path, const char *file_name)
{
    size_t whole = strlen(path), part = strlen(file_name);
    return part <= whole && strcmp(path + whole - part, file_name) == 0 &&
           (part == whole || path[whole - part - 1] == '/');
}

/* NULL: there is none, or `*several` that cannot be told apart. */
static const struct entry *find_entry(const struct entry *entries, size_t count, const char *path,
                                      bool *several)
{
    const struct entry key = {.last = path_name(path)};
    const struct entry *any = bsearch(&key, entries, count, sizeof *entries, compare_entries);
    const struct entry *first = any, *end = any, *found = NULL;
    *several = false;
    if (!any)
        return NULL;
    while (first > entries && compare_entries(first - 1, &key) == 0)
        first--;
    while (end < entries + count && compare_entries(end, &key) == 0)
        end++;
    if (end - first == 1)
        return first;
    for (const struct entry *entry = first; entry < end; entry++)
        if (ends_path(path, entry->file_name)) {
            *several = found != NULL;
            if (*several)
                return NULL;
            found = entry;
        }
    *several = !found;
    return found;
}

int image_ids_by_annotations(struct app *app, const struct sources *sources,
                             const octet_truth *truth, const char *path, struct image_id *ids)
{
    size_t count = octet_truth_image_count(truth), missing = 0;
    const char *example = NULL;
    bool several = false, ambiguous = false;
    struct entry *entries = app_alloc(count, sizeof *entries);
    octet_truth_image image;
    for (size_t i = 0; octet_truth_image_get(truth, i, &image) == OCTET_OK; i++)
        entries[i] = (struct entry){image.file_name, path_name(image.file_name), image.id};
    qsort(entries, count, sizeof *entries, compare_entries);
    for (size_t i = 0; i < sources->count; i++) {
        const struct entry *entry = find_entry(entries, count, sources->path[i], &several);
        if (entry) {
            ids[i] = (struct image_id){.number = entry->id};
        } else if (missing++ == 0) {
            example = sources->path[i];
            ambiguous = several;
        }
    }
    free(entries);
    if (!missing)
        return check_unique(app, sources, ids);
    if (ambiguous)
        return app_fail(app, "%s: several pictures could be %s, by their file_name", path, example);
    return app_fail(app, "%s: it has no picture %s (%zu of %zu sources are not in it)", path,
                    example, missing, sources->count);
}
