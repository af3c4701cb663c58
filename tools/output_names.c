/* SPDX-License-Identifier: Apache-2.0 */
#include "output_names.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A hash table of names, open addressing; its size is a power of two above twice the number of
 * names. */
struct names {
    const char **entries;
    size_t mask;
};

/* Adds the name unless it is there already. */
static bool claim(struct names *names, const char *name)
{
    uint32_t hash = 2166136261u;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (uint32_t)tolower((unsigned char)*c)) * 16777619u;
    for (size_t at = hash & names->mask;; at = (at + 1) & names->mask) {
        if (!names->entries[at]) {
            names->entries[at] = name;
            return true;
        }
        if (strcasecmp(names->entries[at], name) == 0)
            return false;
    }
}

/* Length of the name without the ending, and the ending that the output takes. */
static int split_name(const char *name, const char **ending)
{
    static const char *const kept[] = {"jpg", "jpeg", "png", NULL};
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name)
        dot = name + strlen(name);
    *ending = path_has_extension(name, kept) ? dot : ".jpg";
    return (int)(dot - name);
}

static char *make_name(struct names *names, const char *folder, const char *source)
{
    const char *slash = strrchr(source, '/'), *name = slash ? slash + 1 : source, *ending;
    const char *gap = folder[strlen(folder) - 1] == '/' ? "" : "/";
    int stem = split_name(name, &ending);
    char *path = app_printf("%s%s%.*s%s", folder, gap, stem, name, ending);
    for (size_t number = 2; !claim(names, path); number++) {
        free(path);
        path = app_printf("%s%s%.*s-%zu%s", folder, gap, stem, name, number, ending);
    }
    return path;
}

char **output_names_make(const char *folder, const struct sources *sources)
{
    size_t size = 16;
    while (size < 2 * sources->count)
        size *= 2;
    struct names names = {app_alloc(size, sizeof *names.entries), size - 1};
    char **paths = app_alloc(sources->count, sizeof *paths);
    for (size_t i = 0; i < sources->count; i++)
        paths[i] = make_name(&names, folder, sources->path[i]);
    free(names.entries);
    return paths;
}

char *output_name_numbered(const char *path, size_t number)
{
    const char *dot = strrchr(path, '.');
    return app_printf("%.*s-%zu%s", (int)(dot - path), path, number, dot);
}

void output_names_free(char **names, size_t count)
{
    for (size_t i = 0; names && i < count; i++)
        free(names[i]);
    free(names);
}
