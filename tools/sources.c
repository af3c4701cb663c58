/* SPDX-License-Identifier: Apache-2.0 */
#include "sources.h"

#include <errno.h>
#include <fts.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define LIST_BYTES_MAX (64 * 1024 * 1024)
#define PICTURES "jpg, jpeg, png, webp, ppm, pgm, pnm"

static const char *const pictures[] = {"jpg", "jpeg", "png", "webp", "ppm", "pgm", "pnm", NULL};
static const char *const videos[] = {"mp4",  "avi", "mov", "mkv", "webm", "m4v",
                                     "mpeg", "mpg", "wmv", "ts",  "gif",  NULL};
static const char *const lists[] = {"txt", NULL};
static const char *const yamls[] = {"yaml", "yml", NULL};

bool path_has_extension(const char *path, const char *const *extensions)
{
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/'))
        return false;
    for (; *extensions; extensions++)
        if (strcasecmp(dot + 1, *extensions) == 0)
            return true;
    return false;
}

void sources_append(struct sources *sources, const char *path)
{
    if (sources->count == sources->capacity) {
        sources->capacity = sources->capacity ? sources->capacity * 2 : 64;
        sources->path = app_resize(sources->path, sources->capacity, sizeof *sources->path);
    }
    sources->path[sources->count++] = app_strdup(path);
}

void sources_note_read(struct sources *sources, const char *path)
{
    sources->read = app_resize(sources->read, sources->read_count + 1, sizeof *sources->read);
    sources->read[sources->read_count++] = app_strdup(path);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_from(struct sources *sources, size_t first)
{
    if (sources->count - first > 1)
        qsort(sources->path + first, sources->count - first, sizeof *sources->path, compare_paths);
}

int sources_add_folder(struct app *app, struct sources *sources, const char *folder, bool recursive)
{
    char *copy = app_strdup(folder);
    char *const roots[] = {copy, NULL};
    size_t first = sources->count;
    int error = 0;
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry;
    while (walk && !error && (errno = 0, entry = fts_read(walk))) {
        bool hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';
        if (entry->fts_info == FTS_D && entry->fts_level > 0 && (hidden || !recursive))
            fts_set(walk, entry, FTS_SKIP);
        else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)
            error = entry->fts_errno;
        else if (entry->fts_info == FTS_F && !hidden &&
                 path_has_extension(entry->fts_name, pictures))
            sources_append(sources, entry->fts_path);
    }
    if (!error)
        error = errno; /* 0 at the walk's end */
    if (walk)
        fts_close(walk);
    free(copy);
    if (error)
        return app_fail(app, "%s: the folder cannot be read: %s", folder, strerror(error));
    if (sources->count == first)
        return app_fail(app, "%s: no picture in this folder%s (looked for " PICTURES ")", folder,
                        recursive ? " or below it" : "");
    sort_from(sources, first);
    return STATUS_DONE;
}

static int add_glob(struct app *app, struct sources *sources, const char *pattern)
{
    glob_t found;
    struct stat entry;
    size_t first = sources->count, matches = 0;
    int result = glob(pattern, GLOB_BRACE | GLOB_TILDE, NULL, &found);
    if (result == 0) {
        matches = found.gl_pathc;
        for (size_t i = 0; i < matches; i++)
            if (path_has_extension(found.gl_pathv[i], pictures) &&
                stat(found.gl_pathv[i], &entry) == 0 && !S_ISDIR(entry.st_mode))
                sources_append(sources, found.gl_pathv[i]);
        globfree(&found);
    }
    if (result == GLOB_NOSPACE || result == GLOB_ABORTED)
        return app_fail(app, "%s: the pattern could not be expanded", pattern);
    if (matches == 0)
        return app_fail(app, "%s: no file matches", pattern);
    if (sources->count == first)
        return app_fail(app, "%s: %zu matches, but no picture among them (looked for " PICTURES ")",
                        pattern, matches);
    sort_from(sources, first);
    return STATUS_DONE;
}

static bool exists(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0;
}

/* A line of a list: "./x" is beside the list; others are tried from the current folder, then beside
 * the list. The caller frees the path; NULL when there is no such file. */
static char *resolve_line(const char *list, const char *line)
{
    const char *slash = strrchr(list, '/');
    int folder = slash ? (int)(slash - list) + 1 : 0;
    bool beside = strncmp(line, "./", 2) == 0;
    if (line[0] == '/' || (!beside && exists(line)))
        return exists(line) ? app_strdup(line) : NULL;
    char *path = app_printf("%.*s%s", folder, list, beside ? line + 2 : line);
    if (exists(path))
        return path;
    free(path);
    return beside && exists(line) ? app_strdup(line) : NULL;
}

static int add_lines(struct app *app, struct sources *sources, const char *list, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0, number = 0, first = sources->count;
    ssize_t length;
    int status = STATUS_DONE;
    while (status == STATUS_DONE && (length = getline(&line, &capacity, file)) >= 0) {
        number++;
        while (length > 0 && strchr(" \t\r\n", line[length - 1]))
            line[--length] = '\0';
        char *start = line;
        if (number == 1 && strncmp(start, "\xef\xbb\xbf", 3) == 0)
            start += 3;
        start += strspn(start, " \t");
        if (!*start)
            continue;
        char *path = resolve_line(list, start);
        if (path)
            sources_append(sources, path);
        else
            status = app_fail(app, "%s: line %zu: no such file: %s", list, number, start);
        free(path);
    }
    free(line);
    if (status == STATUS_DONE && sources->count == first)
        status = app_fail(app, "%s: no path in this list", list);
    return status;
}

int sources_add_list(struct app *app, struct sources *sources, const char *path)
{
    struct stat entry;
    FILE *file = fopen(path, "re");
    if (!file)
        return app_fail(app, "%s: cannot be opened: %s", path, strerror(errno));
    int status;
    sources_note_read(sources, path);
    if (fstat(fileno(file), &entry) != 0 || !S_ISREG(entry.st_mode) ||
        entry.st_size > LIST_BYTES_MAX)
        status = app_fail(app, "%s: not a list of paths (a text file of at most 64 MiB)", path);
    else
        status = add_lines(app, sources, path, file);
    fclose(file);
    return status;
}

/* Splits "data.yaml:val"; NULL when `source` is no such thing. The caller frees the file part. */
static char *split_yaml(const char *source, const char **split)
{
    const char *colon = strrchr(source, ':');
    if (!colon)
        return NULL;
    char *path = app_printf("%.*s", (int)(colon - source), source);
    if (path_has_extension(path, yamls)) {
        *split = colon + 1;
        return path;
    }
    free(path);
    return NULL;
}

int sources_add(struct app *app, struct sources *sources, const char *source)
{
    struct stat entry;
    const char *split = "train";
    if (stat(source, &entry) == 0) {
        if (S_ISDIR(entry.st_mode))
            return sources_add_folder(app, sources, source, false);
        if (path_has_extension(source, lists))
            return sources_add_list(app, sources, source);
        if (path_has_extension(source, yamls))
            return data_yaml_add(app, sources, source, split);
        if (path_has_extension(source, videos))
            return app_fail(
                app, "%s: this octet was built without video; take its frames out as pictures",
                source);
        sources_append(sources, source);
        return STATUS_DONE;
    }
    int error = errno;
    char *yaml = split_yaml(source, &split);
    if (yaml) {
        int status = data_yaml_add(app, sources, yaml, split);
        free(yaml);
        return status;
    }
    if (strpbrk(source, "*?[{"))
        return add_glob(app, sources, source);
    if (strstr(source, "://"))
        return app_fail(app, "%s: octet reads files, not addresses", source);
    return app_fail(app, "%s: %s", source,
                    error == ENOENT ? "no such file or folder" : strerror(error));
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void sources_sample(struct app *app, struct sources *sources, size_t count, uint64_t seed)
{
    size_t n = sources->count;
    if (count >= n) {
        if (count > n)
            app_say(app, "%zu pictures asked for, %zu there: all are used", count, n);
        return;
    }
    size_t *order = app_alloc(n, sizeof *order);
    bool *taken = app_alloc(n, sizeof *taken);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = 0; i < count; i++) {
        size_t j = i + (size_t)((unsigned __int128)next_random(&seed) * (n - i) >> 64);
        size_t chosen = order[j];
        order[j] = order[i];
        order[i] = chosen;
        taken[chosen] = true;
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (taken[i])
            sources->path[kept++] = sources->path[i];
        else
            free(sources->path[i]);
    }
    sources->count = kept;
    free(order);
    free(taken);
}

void sources_free(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        free(sources->path[i]);
    for (size_t i = 0; i < sources->read_count; i++)
        free(sources->read[i]);
    free(sources->path);
    free(sources->read);
    *sources = (struct sources){0};
}
