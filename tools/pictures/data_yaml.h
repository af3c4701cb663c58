/* SPDX-License-Identifier: Apache-2.0 */
/* A data.yaml, as Ultralytics describes a dataset: its pictures and its classes. */
#ifndef TOOLS_DATA_YAML_H
#define TOOLS_DATA_YAML_H

#include "pictures/source_paths.h"

/* Adds the pictures of `split` ("train", "val" or "test"), as Ultralytics finds them:
 * `path:` is the root (relative to the file's folder, else to the current one); a split is a folder
 * (searched with its subfolders), a text file, a picture, or a list of these; a "../" too many is
 * dropped. */
int data_yaml_add(struct app *app, struct sources *sources, const char *path, const char *split);

/* The classes' names under `names:` (a list, or a mapping from 0 on), or as many
 * numbers as `nc:` says. The caller frees each and the array. */
int data_yaml_names(struct app *app, const char *path, char ***names, size_t *count);

#endif
