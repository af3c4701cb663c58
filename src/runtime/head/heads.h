/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of heads that octet decodes. A new kind is a file here, one in compiler/heads/, and its
 * line in each table (docs/heads.md). */
#ifndef OCTET_RUNTIME_HEAD_HEADS_H
#define OCTET_RUNTIME_HEAD_HEADS_H

#include "network/head.h"

/* Distributions of distances to four sides, and class scores, at several strides: YOLOv8 and the
 * families after it up to YOLO12; YOLOv5u and v3u. */
extern const struct oct_head_kind oct_head_yolov8;
/* The distances themselves: YOLO26. */
extern const struct oct_head_kind oct_head_yolo26;

/* The kind of that word in engine files, or NULL. */
const struct oct_head_kind *oct_head_kind_find(const char *word);

#endif
