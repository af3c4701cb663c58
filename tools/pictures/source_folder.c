/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures and films of a folder and of a pattern. */
#include "pictures/source_folder.h"

#include <errno.h>
#include <fts.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/paths.h"
#include "pictures/left_out.h"
#include "video/video_library.h"

#define PICTURES "jpg, jpeg, jpe, jfif, mpo, png, webp, bmp, dib, tif, tiff, ppm, pgm, pnm"

static const char *const pictures[] = {"jpg", "jpeg", "jpe",  "jfif", "mpo", "png", "webp", "bmp",
                                       "dib", "tif",  "tiff", "ppm",  "pgm", "pnm", NULL};

static const char *const films[] = {"mp4", "avi", "mov",  "mkv", "webm", "m4v",  "mpeg",
                                    "mpg", "wmv", "ts",   "mts", "m2ts", "flv",  "3gp",
                                    "ogv", "asf", "mjpg", "vob", "h264", "h265", NULL};

bool path_is_picture(const char *path)
{
    return path_has_extension(path, pictures);
}

bool path_is_film(const char *path)
{
    return path_has_extension(path, films);
}

/* What a folder or a pattern holds, before it is in order. */
struct findings {
    struct found {
        char *path;
        bool there;
    } * items;
    size_t count, capacity, films;
    struct left_out left;
    bool takes_films;
};

static void note(struct findings *findings, const char *path, bool there)
{
    if (findings->count == findings->capacity) {
        findings->capacity = findings->capacity ? findings->capacity * 2 : 64;
        findings->items = app_resize(findings->items, findings->capacity, sizeof *findings->items);
    }
    findings->items[findings->count++] = (struct found){app_strdup(path), there};
}

static int compare_found(const void *a, const void *b)
{
    return strcmp(((const struct found *)a)->path, ((const struct found *)b)->path);
}

/* Adds what was found, by name, and frees it. Films are left out where nothing reads them:
 * `message` says why. Returns a status. */
static int add_findings(struct app *app, struct sources *sources, struct findings *findings,
                        char *message)
{
    const bool has_reader = findings->films && video_library_open(message);
    int status = STATUS_DONE;
    if (findings->count)
        qsort(findings->items, findings->count, sizeof *findings->items, compare_found);
    for (size_t i = 0; i < findings->count; i++) {
        const struct found *found = &findings->items[i];
        if (path_is_picture(found->path))
            sources_take(sources, found->path, found->there);
        else if (!has_reader)
            left_out_add(&findings->left, found->path);
        else if (status == STATUS_DONE)
            status = sources_add_film(app, sources, VIDEO_FILE, found->path);
        free(found->path);
    }
    free(findings->items);
    findings->items = NULL;
    return status;
}

/* A file by its name: pictures and films are taken, also when they cannot be read; what is left
 * out is counted. */
static void take_file(struct findings *findings, const char *path, bool there)
{
    const bool is_film = findings->takes_films && path_is_film(path);
    findings->films += is_film;
    if (is_film || path_is_picture(path))
        note(findings, path, there);
    else
        left_out_add(&findings->left, path);
}

static void take_entry(struct findings *findings, const FTSENT *entry)
{
    const bool file = entry->fts_info == FTS_F;
    const bool unreadable = entry->fts_info == FTS_NS || entry->fts_info == FTS_SLNONE;
    if (entry->fts_name[0] == '.')
        return;
    if (file || unreadable)
        take_file(findings, entry->fts_path, file);
    else if (path_is_picture(entry->fts_name) && entry->fts_info == FTS_DEFAULT)
        left_out_add_special(&findings->left);
}

/* Returns an error of the system's, or 0. */
static int walk(struct findings *findings, const char *folder, bool recursive)
{
    char *copy = app_strdup(folder);
    char *const roots[] = {copy, NULL};
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
            take_entry(findings, entry);
    }
    if (!error)
        error = errno; /* 0 at the walk's end */
    if (walk)
        fts_close(walk);
    free(copy);
    return error;
}

int sources_add_folder(struct app *app, struct sources *sources, const char *folder, bool recursive)
{
    struct findings findings = {.takes_films = !recursive};
    char text[LEFT_OUT_BYTES], message[VIDEO_MESSAGE_BYTES] = "";
    const size_t first = sources->count;
    const int error = walk(&findings, folder, recursive);
    const int status = add_findings(app, sources, &findings, message);
    if (status != STATUS_DONE)
        return status;
    if (error)
        return app_fail(app, "%s: the folder cannot be read: %s", folder, strerror(error));
    left_out_text(&findings.left, text);
    if (sources->count == first && message[0])
        return app_fail(app, "%s: no picture in this folder, only films: %s", folder, message);
    if (sources->count == first)
        return app_fail(app, "%s: no picture in this folder%s (looked for " PICTURES ")%s%s",
                        folder, recursive ? " or below it" : "", text[0] ? ": only " : "", text);
    left_out_say(app, &findings.left, folder);
    return STATUS_DONE;
}

/* Returns what glob() does. */
static int expand(struct findings *findings, const char *pattern, size_t *matches)
{
    glob_t found;
    struct stat entry;
    const int result = glob(pattern, GLOB_BRACE | GLOB_TILDE, NULL, &found);
    if (result != 0)
        return result;
    *matches = found.gl_pathc;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        const bool there = stat(path, &entry) == 0;
        if (there && S_ISDIR(entry.st_mode))
            continue;
        if (there && !S_ISREG(entry.st_mode) && path_is_picture(path))
            left_out_add_special(&findings->left);
        else
            take_file(findings, path, there);
    }
    globfree(&found);
    return 0;
}

int sources_add_pattern(struct app *app, struct sources *sources, const char *pattern)
{
    struct findings findings = {.takes_films = true};
    char text[LEFT_OUT_BYTES], message[VIDEO_MESSAGE_BYTES] = "";
    size_t first = sources->count, matches = 0;
    const int result = expand(&findings, pattern, &matches);
    const int status = add_findings(app, sources, &findings, message);
    if (status != STATUS_DONE)
        return status;
    if (result == GLOB_NOSPACE || result == GLOB_ABORTED)
        return app_fail(app, "%s: the pattern could not be expanded", pattern);
    if (matches == 0)
        return app_fail(app, "%s: no file matches", pattern);
    if (sources->count == first && message[0])
        return app_fail(app, "%s: no picture matches, only films: %s", pattern, message);
    if (sources->count == first)
        return app_fail(
            app, "%s: %zu matches, but no picture among them (looked for " PICTURES ")%s%s",
            pattern, matches, left_out_text(&findings.left, text)[0] ? ": only " : "", text);
    left_out_say(app, &findings.left, pattern);
    return STATUS_DONE;
}
