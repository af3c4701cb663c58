/* SPDX-License-Identifier: Apache-2.0 */
/* Makes names of sources' names, none twice. */
#include "detect/output_names.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/paths.h"
#include "app/terminal_text.h"

/* FNV-1a of 32 bits */
#define FNV_OFFSET 2166136261u
#define FNV_PRIME 16777619u

/* A file's name has at most 255 bytes; this leaves room for a number, another and the ending. */
#define STEM_BYTES_MAX 220

/* The place of the stem in the table, or the empty one where it belongs: open addressing, a power
 * of two above twice the number of names. */
static size_t find(const struct output_names *names, const char *stem)
{
    uint32_t hash = FNV_OFFSET;
    for (const char *c = stem; *c; c++)
        hash = (hash ^ (uint32_t)tolower((unsigned char)*c)) * FNV_PRIME;
    size_t at = hash & names->mask;
    while (names->table[at] && strcasecmp(names->table[at], stem) != 0)
        at = (at + 1) & names->mask;
    return at;
}

bool output_names_has(const struct output_names *names, const char *stem)
{
    return names->table[find(names, stem)] != NULL;
}

/* What people would call the film, camera or pipeline. The caller frees it. */
static char *film_name(const struct film_request *film, const char *path)
{
    if (film->kind == VIDEO_PIPELINE)
        return app_strdup("pipeline");
    if (film->kind != VIDEO_ADDRESS)
        return app_strdup(path);
    char *name = app_printf("%.*s", (int)strcspn(path, "?#"), path);
    for (size_t length = strlen(name); length && name[length - 1] == '/';)
        name[--length] = '\0';
    char *slash = strrchr(name, '/');
    for (char *c = slash ? slash + 1 : name; *c; c++)
        *c = *c == ':' || *c == '@' || *c == '*' ? '_' : *c;
    return name;
}

static struct output_name make_name(struct output_names *names, const char *source, bool is_film)
{
    static const char *const kept[] = {"jpg", "jpeg", "png", NULL};
    static const char *const kept_films[] = {"mp4", "mov", "mkv", "webm", NULL};
    const char *name = path_name(source), *dot = strrchr(name, '.');
    if (!dot || dot == name)
        dot = name + strlen(name);
    char *whole = app_printf("%.*s", (int)(dot - name), name);
    whole[text_cut(whole, STEM_BYTES_MAX)] = '\0';
    char *stem = app_strdup(whole);
    for (size_t number = 2; output_names_has(names, stem); number++) {
        free(stem);
        stem = app_printf("%s-%zu", whole, number);
        names->numbered += number == 2;
    }
    free(whole);
    names->table[find(names, stem)] = stem;
    if (!path_has_extension(name, is_film ? kept_films : kept))
        dot = is_film ? ".mp4" : ".jpg";
    return (struct output_name){stem, app_strdup(dot)};
}

void output_names_make(struct output_names *names, const struct sources *sources)
{
    size_t size = 16;
    while (size < 2 * sources->count)
        size *= 2;
    *names = (struct output_names){.count = sources->count,
                                   .name = app_alloc(sources->count, sizeof *names->name),
                                   .table = app_alloc(size, sizeof *names->table),
                                   .mask = size - 1};
    for (size_t i = 0; i < sources->count; i++) {
        const struct film_request *film = sources_film(sources, i);
        char *name = film ? film_name(film, sources->path[i]) : app_strdup(sources->path[i]);
        names->name[i] = make_name(names, name, film);
        free(name);
    }
}

void output_names_free(struct output_names *names)
{
    for (size_t i = 0; names->name && i < names->count; i++) {
        free(names->name[i].stem);
        free(names->name[i].ending);
    }
    free(names->name);
    free(names->table);
    *names = (struct output_names){0};
}
