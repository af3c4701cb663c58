/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of pictures as files. */
#ifndef TOOLS_CROP_H
#define TOOLS_CROP_H

#include "app/app.h"

/* Writes the part of the picture around a box as a JPEG of quality 92. As Ultralytics cuts it: the
 * box 2 % and ten pixels larger, where the picture has them. */
int crop_to_file(struct app *app, const octet_image *image, const octet_detection *found,
                 const char *path);

#endif
