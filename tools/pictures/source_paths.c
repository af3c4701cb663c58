/* SPDX-License-Identifier: Apache-2.0 */
/* The list of pictures that sources stand for: how it grows, and how it is checked. */
#include "pictures/source_paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "app/address.h"
#include "app/paths.h"
#include "video/video_library.h"

#define VIDEO4LINUX 81 /* the major number of cameras' devices */
#define NAMED_MAX 10   /* pictures that get a line of their own before the run */

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

bool is_camera(const struct stat *entry)
{
    return S_ISCHR(entry->st_mode) && major(entry->st_rdev) == VIDEO4LINUX;
}

void sources_add_stream(struct sources *sources, const char *path, const struct frame_kind *kind)
{
    sources->streams =
        app_resize(sources->streams, sources->stream_count + 1, sizeof *sources->streams);
    sources->streams[sources->stream_count++] = (struct source_stream){sources->count, kind, NULL};
    sources_append(sources, path);
}

int sources_add_film(struct app *app, struct sources *sources, enum video_kind kind,
                     const char *source)
{
    char message[VIDEO_MESSAGE_BYTES];
    const bool is_path = kind == VIDEO_FILE || kind == VIDEO_DEVICE;
    char *name = is_path ? app_strdup(source) : without_passwords(source);
    const struct video_library *library = video_library_open(message);
    int status = STATUS_DONE;
    if (library) {
        struct film_request *film = app_alloc(1, sizeof *film);
        char *opened = kind == VIDEO_ADDRESS ? address_escaped(source) : app_strdup(source);
        *film = (struct film_request){library, kind, opened, 1, 0};
        sources_add_stream(sources, name, &film_frames);
        sources->streams[sources->stream_count - 1].film = film;
    } else {
        status = app_fail(app, "%s: %s", name, message);
    }
    free(name);
    return status;
}

bool sources_are_counted(const struct sources *sources)
{
    return sources->stream_count == 0;
}

static const struct source_stream *find_stream(const struct sources *sources, size_t source)
{
    for (size_t i = 0; i < sources->stream_count; i++)
        if (sources->streams[i].source == source)
            return &sources->streams[i];
    return NULL;
}

bool sources_is_stream(const struct sources *sources, size_t source)
{
    return find_stream(sources, source) != NULL;
}

const struct film_request *sources_film(const struct sources *sources, size_t source)
{
    const struct source_stream *stream = find_stream(sources, source);
    return stream ? stream->film : NULL;
}

int sources_refuse_streams(struct app *app, const struct sources *sources, const char *what)
{
    if (sources_are_counted(sources))
        return STATUS_DONE;
    const struct source_stream *stream = &sources->streams[0];
    return app_fail(app, "%s: %s come once and in their order: %s does not go with it",
                    sources->path[stream->source],
                    stream->film ? "a film's frames" : "pictures out of a pipe", what);
}

int sources_refuse_passing(struct app *app, const struct sources *sources, const char *what)
{
    for (size_t i = 0; i < sources->stream_count; i++) {
        const struct source_stream *stream = &sources->streams[i];
        if (!stream->film || film_is_live(stream->film))
            return app_fail(app, "%s: %s come once and in their order: %s does not go with it",
                            sources->path[stream->source],
                            stream->film ? "a camera's frames" : "pictures out of a pipe", what);
    }
    return STATUS_DONE;
}

int sources_take_every(struct app *app, struct sources *sources, size_t every)
{
    size_t films = 0;
    for (size_t i = 0; i < sources->stream_count; i++)
        if (sources->streams[i].film) {
            sources->streams[i].film->every = every;
            films++;
        }
    return films ? STATUS_DONE : app_fail(app, "--every goes with films and cameras: none is here");
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

void sources_free(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        free(sources->path[i]);
    for (size_t i = 0; i < sources->read_count; i++)
        free(sources->read[i]);
    free(sources->path);
    free(sources->read);
    for (size_t i = 0; i < sources->stream_count; i++)
        film_request_free(sources->streams[i].film);
    free(sources->streams);
    *sources = (struct sources){0};
}
