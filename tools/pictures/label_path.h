/* SPDX-License-Identifier: Apache-2.0 */
/* Where a picture's labels are. */
#ifndef TOOLS_LABEL_PATH_H
#define TOOLS_LABEL_PATH_H

/* Where Ultralytics has a picture's labels, or beside it where no folder is named "images"; the
 * current folder may lie in one. The caller frees it. */
char *label_path(const char *picture);

#endif
