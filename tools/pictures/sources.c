/* SPDX-License-Identifier: Apache-2.0 */
#include "pictures/sources.h"

#include <errno.h>
#include <fts.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "pictures/left_out.h"

#define NAMED_MAX 10 /* pictures that get a line of their own before the run */
#define PICTURES "jpg, jpeg, jpe, jfif, mpo, png, webp, bmp, dib, tif, tiff, ppm, pgm, pnm"

static const char *const pictures[] = {"jpg", "jpeg", "jpe",  "jfif", "mpo", "png", "webp", "bmp",
                                       "dib", "tif",  "tiff", "ppm",  "pgm", "pnm", NULL};
static const char *const videos[] = {"mp4",  "avi", "mov", "mkv", "webm", "m4v",
                                     "mpeg", "mpg", "wmv", "ts",  NULL};
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

void sources_take(struct sources *sources, const char *path, bool there)
{
    sources->unreachable += !there;
    sources_append(sources, path);
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

/* An entry below the folder: a picture by its name is taken, also when it cannot be read; what is
 * left out is counted. */
static void take_entry(struct sources *sources, struct left_out *left, const FTSENT *entry)
{
    const bool hidden = entry->fts_name[0] == '.';
    const bool picture = path_has_extension(entry->fts_name, pictures);
    const bool file = entry->fts_info == FTS_F;
    const bool unreadable = entry->fts_info == FTS_NS || entry->fts_info == FTS_SLNONE;
    if (hidden)
        return;
    if (picture && (file || unreadable))
        sources_take(sources, entry->fts_path, file);
    else if (file || unreadable)
        left_out_add(left, entry->fts_name);
    else if (picture && entry->fts_info == FTS_DEFAULT)
        left_out_add_special(left);
}

int sources_add_folder(struct app *app, struct sources *sources, const char *folder, bool recursive)
{
    char *copy = app_strdup(folder);
    char *const roots[] = {copy, NULL};
    struct left_out left = {0};
    char text[LEFT_OUT_BYTES];
    size_t first = sources->count;
    int error = 0;
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry;
    while (walk && !error && (errno = 0, entry = fts_read(walk))) {
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)
            error = entry->fts_errno;
        else if (entry->fts_level == 0 || entry->fts_info == FTS_DP)
            continue;
        else if (entry->fts_info == FTS_D && (entry->fts_name[0] == '.' || !recursive))
            fts_set(walk, entry, FTS_SKIP);
        else if (entry->fts_info != FTS_D)
            take_entry(sources, &left, entry);
    }
    if (!error)
        error = errno; /* 0 at the walk's end */
    if (walk)
        fts_close(walk);
    free(copy);
    left_out_text(&left, text);
    if (error)
        return app_fail(app, "%s: the folder cannot be read: %s", folder, strerror(error));
    if (sources->count == first)
        return app_fail(app, "%s: no picture in this folder%s (looked for " PICTURES ")%s%s",
                        folder, recursive ? " or below it" : "", text[0] ? ": only " : "", text);
    left_out_say(app, &left, folder);
    sort_from(sources, first);
    return STATUS_DONE;
}

static bool is_link(const char *path)
{
    struct stat entry;
    return lstat(path, &entry) == 0 && S_ISLNK(entry.st_mode);
}

static int add_glob(struct app *app, struct sources *sources, const char *pattern)
{
    glob_t found;
    struct stat entry;
    struct left_out left = {0};
    char text[LEFT_OUT_BYTES];
    size_t first = sources->count, matches = 0;
    int result = glob(pattern, GLOB_BRACE | GLOB_TILDE, NULL, &found);
    if (result == 0) {
        matches = found.gl_pathc;
        for (size_t i = 0; i < matches; i++) {
            const char *path = found.gl_pathv[i];
            const bool there = stat(path, &entry) == 0;
            if (there && S_ISDIR(entry.st_mode))
                continue;
            if (!path_has_extension(path, pictures))
                left_out_add(&left, path);
            else if (there && !S_ISREG(entry.st_mode))
                left_out_add_special(&left);
            else
                sources_take(sources, path, there);
        }
        globfree(&found);
    }
    if (result == GLOB_NOSPACE || result == GLOB_ABORTED)
        return app_fail(app, "%s: the pattern could not be expanded", pattern);
    if (matches == 0)
        return app_fail(app, "%s: no file matches", pattern);
    if (sources->count == first)
        return app_fail(app,
                        "%s: %zu matches, but no picture among them (looked for " PICTURES ")%s%s",
                        pattern, matches, left_out_text(&left, text)[0] ? ": only " : "", text);
    left_out_say(app, &left, pattern);
    sort_from(sources, first);
    return STATUS_DONE;
}

bool path_exists(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0;
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

static void add_stream(struct sources *sources, const char *path, bool standard_input)
{
    sources->streams =
        app_resize(sources->streams, sources->stream_count + 1, sizeof *sources->streams);
    sources->streams[sources->stream_count++] =
        (struct source_stream){sources->count, standard_input};
    sources_append(sources, path);
}

/* A source that is there. */
static int add_existing(struct app *app, struct sources *sources, const char *source,
                        const struct stat *entry)
{
    if (S_ISDIR(entry->st_mode))
        return sources_add_folder(app, sources, source, false);
    if (path_has_extension(source, lists))
        return sources_add_list(app, sources, source);
    if (path_has_extension(source, yamls))
        return data_yaml_add(app, sources, source, "train");
    if (path_has_extension(source, videos))
        return app_fail(app,
                        "%s: octet reads no videos: let ffmpeg take the frames out (ffmpeg -i "
                        "VIDEO -f image2pipe -c:v ppm - | octet detect MODEL -)",
                        source);
    if (S_ISREG(entry->st_mode))
        sources_append(sources, source);
    else
        add_stream(sources, source, false);
    return STATUS_DONE;
}

int sources_add(struct app *app, struct sources *sources, const char *source)
{
    struct stat entry;
    const char *split;
    if (strcmp(source, "-") == 0 || strcmp(source, "/dev/stdin") == 0) {
        add_stream(sources, "stdin", true);
        return STATUS_DONE;
    }
    if (stat(source, &entry) == 0)
        return add_existing(app, sources, source, &entry);
    int error = errno;
    if (is_link(source) && path_has_extension(source, pictures)) { /* as in a folder */
        sources_take(sources, source, false);
        return STATUS_DONE;
    }
    char *yaml = split_yaml(source, &split);
    if (yaml) {
        int status = data_yaml_add(app, sources, yaml, split);
        free(yaml);
        return status;
    }
    if (strpbrk(source, "*?[{"))
        return add_glob(app, sources, source);
    if (strstr(source, "://"))
        return app_fail(app,
                        "%s: octet reads files, not addresses (of a camera: ffmpeg -i ADDRESS -f "
                        "image2pipe -c:v ppm - | octet detect MODEL -)",
                        source);
    return app_fail(app, "%s: %s", source,
                    error == ENOENT ? "no such file or folder" : strerror(error));
}

bool sources_is_stream(const struct sources *sources, size_t source)
{
    for (size_t i = 0; i < sources->stream_count; i++)
        if (sources->streams[i].source == source)
            return true;
    return false;
}

int sources_refuse_streams(struct app *app, const struct sources *sources, const char *what)
{
    if (!sources->stream_count)
        return STATUS_DONE;
    return app_fail(app,
                    "%s: pictures out of a pipe come once and in their order: %s does not go "
                    "with it",
                    sources->path[sources->streams[0].source], what);
}

int sources_check_reachable(struct app *app, const struct sources *sources, double max_bad)
{
    size_t missing = 0;
    for (size_t i = 0; i < sources->count && sources->unreachable; i++)
        missing += !sources_is_stream(sources, i) && !path_exists(sources->path[i]);
    if ((double)missing <= max_bad * (double)sources->count + 1e-9)
        return STATUS_DONE;
    size_t named = 0;
    for (size_t i = 0; i < sources->count && named < NAMED_MAX; i++) {
        errno = 0;
        if (!sources_is_stream(sources, i) && !path_exists(sources->path[i]) && ++named)
            app_fail(app, "%s: %s", sources->path[i],
                     is_link(sources->path[i]) ? "a link to what is not there" : strerror(errno));
    }
    return app_fail(app, "%zu of %zu pictures are not there, more than --max-bad %g allows",
                    missing, sources->count, max_bad);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

int sources_sample(struct app *app, struct sources *sources, size_t count, uint64_t seed)
{
    size_t n = sources->count;
    if (sources_refuse_streams(app, sources, "a random sample (--count)") != STATUS_DONE)
        return STATUS_FAILED;
    if (count >= n) {
        if (count > n)
            app_say(app, "%zu pictures asked for, %zu there: all are used", count, n);
        return STATUS_DONE;
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
    return STATUS_DONE;
}

void sources_free(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        free(sources->path[i]);
    for (size_t i = 0; i < sources->read_count; i++)
        free(sources->read[i]);
    free(sources->path);
    free(sources->read);
    free(sources->streams);
    *sources = (struct sources){0};
}
