/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCE: a picture, a folder, a glob, a text file of paths, or a data.yaml, turned into a list of
 * picture files. */
#ifndef TOOLS_SOURCES_H
#define TOOLS_SOURCES_H

#include <stdint.h>

#include "app/app.h"

/* A source that is a pipe or a device, given as such: as many pictures as come out of it. */
struct source_stream {
    size_t source; /* its place in the list */
    bool standard_input;
};

struct sources {
    char **path; /* also of files that cannot be read: reading them says why */
    size_t count, capacity;
    size_t unreachable;            /* of all that were added: those that were not there */
    struct source_stream *streams; /* in the list's order */
    size_t stream_count;
    char **read; /* lists and data.yamls that named pictures */
    size_t read_count;
};

/* Adds what `source` stands for; a source without any picture is an error. What a folder or a
 * pattern has besides pictures that are read is told in one line. Returns a status. */
int sources_add(struct app *app, struct sources *sources, const char *source);

bool sources_is_stream(const struct sources *sources, size_t source);

/* Fails, saying that `what` cannot be done with a pipe, when there is one. Returns a status. */
int sources_refuse_streams(struct app *app, const struct sources *sources, const char *what);

/* Before long work: fails, naming some, when more than the share `max_bad` is not there. Returns a
 * status. */
int sources_check_reachable(struct app *app, const struct sources *sources, double max_bad);

/* Keeps `count` pictures, chosen at random without repetition, in the order they have. The choice
 * depends on the number of pictures, on `count` and on `seed` alone: SplitMix64 seeded with `seed`
 * draws 64 bits r for each i of 0 .. count - 1 and swaps entries i and i + floor(r * (n - i) /
 * 2^64) of the list 0 .. n - 1, whose first `count` entries are taken. A pipe's pictures cannot be
 * sampled. Returns a status. */
int sources_sample(struct app *app, struct sources *sources, size_t count, uint64_t seed);

void sources_free(struct sources *sources);

/* For data_yaml.c: adds a file as it is; one that is there or not (reading it will say why); a
 * folder's pictures; what a text file lists (source_list.c). */
void sources_append(struct sources *sources, const char *path);
void sources_note_read(struct sources *sources, const char *path); /* a file that names pictures */
void sources_take(struct sources *sources, const char *path, bool there);
int sources_add_folder(struct app *app, struct sources *sources, const char *folder,
                       bool recursive);
int sources_add_list(struct app *app, struct sources *sources, const char *path);

/* data_yaml.c: adds the pictures of `split` ("train", "val" or "test"), as Ultralytics finds them:
 * `path:` is the root (relative to the file's folder, else to the current one); a split is a folder
 * (searched with its subfolders), a text file, a picture, or a list of these; a "../" too many is
 * dropped. */
int data_yaml_add(struct app *app, struct sources *sources, const char *path, const char *split);

/* data_yaml.c: the classes' names under `names:` (a list, or a mapping from 0 on), or as many
 * numbers as `nc:` says. The caller frees each and the array. */
int data_yaml_names(struct app *app, const char *path, char ***names, size_t *count);

bool path_exists(const char *path);
bool path_has_extension(const char *path, const char *const *extensions);

#endif
