/* SPDX-License-Identifier: Apache-2.0 */
/* A text file of paths and addresses: where each line leads. */
#include "pictures/source_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/address.h"
#include "app/paths.h"
#include "pictures/source_folder.h"

#define LIST_BYTES_MAX (64 * 1024 * 1024)

/* A line of a list: "./x" is beside the list; others are tried from the current folder, then beside
 * the list. Tells whether there is such a file. The caller frees the path. */
static char *resolve_line(const char *list, const char *line, bool *found)
{
    const char *slash = strrchr(list, '/');
    int folder = slash ? (int)(slash - list) + 1 : 0;
    bool beside = strncmp(line, "./", 2) == 0;
    *found = true;
    if (line[0] == '/' || (!beside && path_exists(line))) {
        *found = path_exists(line);
        return app_strdup(line);
    }
    char *path = app_printf("%.*s%s", folder, list, beside ? line + 2 : line);
    if (path_exists(path))
        return path;
    *found = beside && path_exists(line);
    if (!*found)
        return path;
    free(path);
    return app_strdup(line);
}

/* As resolve_line(); a line with backslashes also as the path with slashes. */
static char *resolve_any_line(const char *list, const char *line, bool *found)
{
    char *path = resolve_line(list, line, found);
    if (*found || !strchr(line, '\\'))
        return path;
    char *slashed = app_strdup(line);
    for (char *c = slashed; *c; c++)
        *c = *c == '\\' ? '/' : *c;
    char *other = resolve_line(list, slashed, found);
    free(slashed);
    free(*found ? path : other);
    return *found ? other : path;
}

static void strip_line(char *line, ssize_t length)
{
    while (length > 0 && strchr(" \t\r\n", line[length - 1]))
        line[--length] = '\0';
}

/* A picture, a film, a camera or a pipeline. */
static int add_line(struct app *app, struct sources *sources, const char *list, const char *line,
                    bool *found)
{
    *found = true;
    if (!path_exists(line) && (is_pipeline(line) || is_address(line)))
        return sources_add_film(app, sources, is_pipeline(line) ? VIDEO_PIPELINE : VIDEO_ADDRESS,
                                line);
    struct stat entry;
    char *path = resolve_any_line(list, line, found);
    const bool camera = *found && stat(path, &entry) == 0 && is_camera(&entry);
    int status = STATUS_DONE;
    if (camera || (*found && path_is_film(path)))
        status = sources_add_film(app, sources, camera ? VIDEO_DEVICE : VIDEO_FILE, path);
    else
        sources_take(sources, path, *found);
    free(path);
    return status;
}

/* Lines of files that are not there are taken, too: reading them will fail. A list of nothing else
 * is of another place. */
static int add_lines(struct app *app, struct sources *sources, const char *list, FILE *file)
{
    char *line = NULL;
    int status = STATUS_DONE;
    size_t capacity = 0, number = 0, first_line = 0, first = sources->count, there = 0;
    ssize_t length;
    while (status == STATUS_DONE && (length = getline(&line, &capacity, file)) >= 0) {
        number++;
        strip_line(line, length);
        char *start = line;
        if (number == 1 && strncmp(start, "\xef\xbb\xbf", 3) == 0)
            start += 3;
        start += strspn(start, " \t");
        if (!*start)
            continue;
        bool found;
        status = add_line(app, sources, list, start, &found);
        there += found;
        first_line = first_line ? first_line : number;
    }
    free(line);
    if (status != STATUS_DONE)
        return status;
    if (sources->count == first)
        return app_fail(app, "%s: no path in this list", list);
    if (there == 0)
        return app_fail(app,
                        "%s: line %zu: no such file: %s; nor is any other file of this list there",
                        list, first_line, sources->path[first]);
    return STATUS_DONE;
}

int sources_add_list(struct app *app, struct sources *sources, const char *path)
{
    struct stat entry;
    FILE *file = fopen(path, "re");
    if (!file)
        return app_fail(app, "%s: cannot be opened: %s", path, strerror(errno));
    sources_note_read(sources, path);
    int status;
    if (fstat(fileno(file), &entry) != 0 || !S_ISREG(entry.st_mode) ||
        entry.st_size > LIST_BYTES_MAX)
        status = app_fail(app, "%s: not a list of paths (a text file of at most 64 MiB)", path);
    else
        status = add_lines(app, sources, path, file);
    fclose(file);
    return status;
}
