/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures and films of a folder and of a pattern. */
#ifndef TOOLS_SOURCE_FOLDER_H
#define TOOLS_SOURCE_FOLDER_H

#include "pictures/source_paths.h"

/* By its name, a picture of a type that is read. */
bool path_is_picture(const char *path);

/* By its name, a film. */
bool path_is_film(const char *path);

/* Adds the pictures and films in `folder` by their names; if `recursive`, pictures alone, and those
 * below it. None is an error. What else it has is told in one line. Returns a status. */
int sources_add_folder(struct app *app, struct sources *sources, const char *folder,
                       bool recursive);

/* The same for a glob pattern; folders that match are passed over. */
int sources_add_pattern(struct app *app, struct sources *sources, const char *pattern);

#endif
