/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCE: a picture, a folder, a glob, a text file of paths, a data.yaml, a film, a camera or a
 * pipeline of GStreamer's, turned into a list of pictures and of what gives frames. */
#ifndef TOOLS_SOURCES_H
#define TOOLS_SOURCES_H

#include "pictures/source_paths.h"

/* Adds what `source` stands for; a source without any picture is an error. What a folder or a
 * pattern has besides pictures that are read is told in one line. Returns a status. */
int sources_add(struct app *app, struct sources *sources, const char *source);

#endif
