/* SPDX-License-Identifier: Apache-2.0 */
/* The list of pictures that sources stand for: how it grows, and how it is sampled and checked. */
#include "pictures/source_paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/paths.h"

#define NAMED_MAX 10 /* pictures that get a line of their own before the run */

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

void sources_add_stream(struct sources *sources, const char *path, const struct frame_kind *kind)
{
    sources->streams =
        app_resize(sources->streams, sources->stream_count + 1, sizeof *sources->streams);
    sources->streams[sources->stream_count++] = (struct source_stream){sources->count, kind};
    sources_append(sources, path);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void sources_sort_from(struct sources *sources, size_t first)
{
    if (sources->count - first > 1)
        qsort(sources->path + first, sources->count - first, sizeof *sources->path, compare_paths);
}

bool sources_are_counted(const struct sources *sources)
{
    return sources->stream_count == 0;
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
    if (sources_are_counted(sources))
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
                     path_is_link(sources->path[i]) ? "a link to what is not there"
                                                    : strerror(errno));
    }
    return app_fail(app, "%zu of %zu pictures are not there, more than --max-bad %g allows",
                    missing, sources->count, max_bad);
}

/* SplitMix64, by Steele, Lea and Flood. */
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
