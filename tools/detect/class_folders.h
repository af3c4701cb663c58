/* SPDX-License-Identifier: Apache-2.0 */
/* Folders called as classes are. */
#ifndef TOOLS_CLASS_FOLDERS_H
#define TOOLS_CLASS_FOLDERS_H

#include "app/app.h"

/* A name for each class, none twice, that is a folder's on any file system: '_' stands for what
 * would not do there, the class' number for an empty name, and long names are cut. Names that would
 * be the same get "-NUMBER". The caller frees each and the array. */
char **class_folders_make(const octet_engine *engine, int class_count);

#endif
