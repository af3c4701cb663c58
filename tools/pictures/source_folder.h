/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of a folder and of a pattern. */
#ifndef TOOLS_SOURCE_FOLDER_H
#define TOOLS_SOURCE_FOLDER_H

#include "pictures/source_paths.h"

/* By its name, a picture of a type that is read. */
bool path_is_picture(const char *path);

/* Adds the pictures in `folder`, with those below it if `recursive`; none is an error. What it has
 * besides pictures is told in one line. Returns a status. */
int sources_add_folder(struct app *app, struct sources *sources, const char *folder,
                       bool recursive);

/* The same for a glob pattern; folders that match are passed over. */
int sources_add_pattern(struct app *app, struct sources *sources, const char *pattern);

#endif
