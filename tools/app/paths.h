/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about paths, and paths made of others. */
#ifndef TOOLS_PATHS_H
#define TOOLS_PATHS_H

#include <stdbool.h>

/* Something is there, a folder too; where links lead to nothing, nothing is. */
bool path_exists(const char *path);

/* Something that is no folder. */
bool path_is_file(const char *path);

bool path_is_folder(const char *path);

/* The path itself is a link, wherever that leads. */
bool path_is_link(const char *path);

/* Ends in one of the extensions (without dots; the last is NULL), in small letters or large. */
bool path_has_extension(const char *path, const char *const *extensions);

/* What is behind the last slash, in the path itself. */
const char *path_name(const char *path);

/* FOLDER/NAME: one slash between. The caller frees it. */
char *path_join(const char *folder, const char *name);

/* The path from the root on, its folders' links followed (the file's own not), for the caller to
 * free; a copy of the path where that fails. */
char *path_whole(const char *path);

#endif
