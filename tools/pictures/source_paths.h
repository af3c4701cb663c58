/* SPDX-License-Identifier: Apache-2.0 */
/* The list of pictures that sources stand for. */
#ifndef TOOLS_SOURCE_PATHS_H
#define TOOLS_SOURCE_PATHS_H

#include <stdint.h>
#include <sys/stat.h>

#include "app/app.h"
#include "pictures/film_frames.h"
#include "pictures/picture_frame.h"

/* A source that gives as many frames as come out of it. */
struct source_stream {
    size_t source; /* its place in the list */
    const struct frame_kind *kind;
    struct film_request *film; /* owned; NULL: a pipe */
};

struct sources {
    char **path; /* also of files that cannot be read: reading them says why */
    size_t count, capacity;
    size_t unreachable;            /* of all that were added: those that were not there */
    struct source_stream *streams; /* those that are no files, in the list's order */
    size_t stream_count;
    char **read; /* lists and data.yamls that named pictures */
    size_t read_count;
};

/* Adds a file as it is, also when it is not there: reading it says why. */
void sources_append(struct sources *sources, const char *path);

/* The same, and counts it as unreachable unless it is there. */
void sources_take(struct sources *sources, const char *path, bool there);

/* A device of Video4Linux. */
bool is_camera(const struct stat *entry);

/* Adds a source of many frames. */
void sources_add_stream(struct sources *sources, const char *path, const struct frame_kind *kind);

/* Adds a film, a camera or a pipeline, under its name without passwords; fails where nothing reads
 * such things. Returns a status. */
int sources_add_film(struct app *app, struct sources *sources, enum video_kind kind,
                     const char *source);

/* Notes a file that names pictures. */
void sources_note_read(struct sources *sources, const char *path);

/* Whether the list tells how many pictures there are. Else, `count` is the least. */
bool sources_are_counted(const struct sources *sources);

bool sources_is_stream(const struct sources *sources, size_t source);

/* NULL: the source is a picture or a pipe. */
const struct film_request *sources_film(const struct sources *sources, size_t source);

/* Fails, saying that `what` cannot be done with it, when there is a pipe or a film; the second one
 * lets films pass that can be read twice. Return a status. */
int sources_refuse_streams(struct app *app, const struct sources *sources, const char *what);
int sources_refuse_passing(struct app *app, const struct sources *sources, const char *what);

/* Of films and cameras every so many frames the first; fails where there are none. Returns a
 * status. */
int sources_take_every(struct app *app, struct sources *sources, size_t every);

/* Before long work: fails, naming some, when more than the share `max_bad` is not there. Returns a
 * status. */
int sources_check_reachable(struct app *app, const struct sources *sources, double max_bad);

/* Keeps `count` pictures, chosen at random without repetition, in the order they have. The choice
 * depends on the number of pictures, on `count` and on `seed` alone: SplitMix64 seeded with `seed`
 * draws 64 bits r for each i of 0 .. count - 1 and swaps entries i and i + floor(r * (n - i) /
 * 2^64) of the list 0 .. n - 1, whose first `count` entries are taken. Films get a
 * share of `count` by their frames, taken in even steps over the film; those whose share is none
 * are left out. A camera gives its first frames, as many as each source has on average. A pipe's
 * pictures cannot be sampled. Returns a status. */
int sources_sample(struct app *app, struct sources *sources, size_t count, uint64_t seed);

/* Keeps every `count`-th picture from the `index`-th (from 1) on. Films and pipes, whose frames
 * nobody can count, are refused, and more shards than pictures. Returns a status. */
int sources_keep_shard(struct app *app, struct sources *sources, size_t index, size_t count);

/* The `count` of n things that sources_sample() takes with this seed, in the order of its drawing:
 * those of a smaller count come first in it. The caller frees it. */
size_t *sources_draw(size_t n, size_t count, uint64_t seed);

/* Whether these are so many pictures, films' frames among them as far as they can be counted. */
bool sources_have_at_most(const struct sources *sources, size_t most);

void sources_free(struct sources *sources);

#endif
