/* SPDX-License-Identifier: Apache-2.0 */
/* Files are written beside their place, synced and renamed (octet/file.h): nothing half-written is
 * ever at `path`. */
#ifndef TOOLS_OUTPUT_FILE_H
#define TOOLS_OUTPUT_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "app/app.h"

struct output_file {
    struct app *app;
    octet_file *file; /* NULL: not open */
};

/* Opens a temporary file beside `path`; a program that ends without committing it removes it. On
 * failure (reported) nothing is left and abandoning is harmless. */
int output_open(struct output_file *file, struct app *app, const char *path);

/* Writes; a failure shows when committing. */
void output_write(struct output_file *file, const void *bytes, size_t size);

/* Puts the file in its place, or reports the failure and removes it. Frees `file`'s memory either
 * way. */
int output_commit(struct output_file *file);

/* Removes the file unless it was committed. Accepts a zeroed struct. */
void output_abandon(struct output_file *file);

/* A whole file at once. */
int output_write_file(struct app *app, const char *path, const void *bytes, size_t size);

/* Finds out before long work whether `path` could be written: its folder is there and open to us,
 * and it is no folder, device or pipe itself. Returns a status; the problem is reported. */
int output_check(struct app *app, const char *path);

/* Folders that were made, in their order. */
struct output_folders {
    char **path;
    size_t count;
};

/* Makes the folder and those above it that are missing, which `made`, unless NULL, takes down. */
int output_make_folder(struct app *app, const char *path, struct output_folders *made);

/* Frees the list; with `remove` also removes those of them that are empty, the last one first. */
void output_folders_free(struct output_folders *made, bool remove);

#endif
