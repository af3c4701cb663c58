/* SPDX-License-Identifier: Apache-2.0 */
/* Where the picture with boxes of each source goes. */
#ifndef TOOLS_OUTPUT_NAMES_H
#define TOOLS_OUTPUT_NAMES_H

#include "sources.h"

/* One path in `folder` for each source, none twice: "street.png", "street.jpg" for other types than
 * PNG and JPEG, and "street-2.jpg" where the name was taken. Letters that differ in case only count
 * as the same. The caller frees the paths and the array (output_names_free). */
char **output_names_make(const char *folder, const struct sources *sources);

/* "drawn/stdin-3.jpg" of "drawn/stdin.jpg" and 3: for the pictures of a stream. The caller frees
 * it.
 */
char *output_name_numbered(const char *path, size_t number);
void output_names_free(char **names, size_t count);

#endif
