/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a folder and of a pattern. */
#include "pictures/source_folder.h"

#include <errno.h>
#include <fts.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/paths.h"
#include "pictures/left_out.h"

#define PICTURES "jpg, jpeg, jpe, jfif, mpo, png, webp, bmp, dib, tif, tiff, ppm, pgm, pnm"

static const char *const pictures[] = {"jpg", "jpeg", "jpe",  "jfif", "mpo", "png", "webp", "bmp",
                                       "dib", "tif",  "tiff", "ppm",  "pgm", "pnm", NULL};

bool path_is_picture(const char *path)
{
    return path_has_extension(path, pictures);
}

/* An entry below the folder: a picture by its name is taken, also when it cannot be read; what is
 * left out is counted. */
static void take_entry(struct sources *sources, struct left_out *left, const FTSENT *entry)
{
    const bool hidden = entry->fts_name[0] == '.';
    const bool picture = path_is_picture(entry->fts_name);
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
    sources_sort_from(sources, first);
    return STATUS_DONE;
}

int sources_add_pattern(struct app *app, struct sources *sources, const char *pattern)
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
            if (!path_is_picture(path))
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
    sources_sort_from(sources, first);
    return STATUS_DONE;
}
