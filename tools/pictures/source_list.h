/* SPDX-License-Identifier: Apache-2.0 */
/* A text file of paths. */
#ifndef TOOLS_SOURCE_LIST_H
#define TOOLS_SOURCE_LIST_H

#include "pictures/source_paths.h"

/* Adds what the lines of the file at `path` name, there or not; nothing that is there is an error.
 * Returns a status. */
int sources_add_list(struct app *app, struct sources *sources, const char *path);

#endif
