/* SPDX-License-Identifier: Apache-2.0 */
/* The ids that pictures have in a COCO results file. */
#ifndef TOOLS_IMAGE_IDS_H
#define TOOLS_IMAGE_IDS_H

#include "detect/output_names.h"

struct image_id {
    int64_t number;
    const char *text; /* NULL: the number; the names' own text */
};

/* By name, as Ultralytics: 139 for "000000000139.jpg", "street" for "street.jpg". Two pictures of
 * one id are an error. `ids` has room for all sources. Returns a status. */
int image_ids_by_name(struct app *app, const struct sources *sources,
                      const struct output_names *names, struct image_id *ids);

/* By the file_name of the pictures of an annotation file `path`: the last part of both names must
 * be the same; where several are, the whole file_name must end the source's path. A source without
 * such a picture, and two sources of one, are errors. */
int image_ids_by_annotations(struct app *app, const struct sources *sources,
                             const octet_truth *truth, const char *path, struct image_id *ids);

#endif
