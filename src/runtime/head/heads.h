/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of heads that octet decodes. A new kind is a file here, one in compiler/heads/, and its
 * line in each table. */
#ifndef OCTET_RUNTIME_HEAD_HEADS_H
#define OCTET_RUNTIME_HEAD_HEADS_H

#include "network/head.h"

/* Distributions of distances to four sides, and class scores, at several strides. */
extern const struct oct_head_kind oct_head_yolov8;

#endif
