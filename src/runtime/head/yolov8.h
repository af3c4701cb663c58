/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of YOLOv8's head share. Of a level's boxes there are 4 * reg_max channels. */
#ifndef OCTET_RUNTIME_HEAD_YOLOV8_H
#define OCTET_RUNTIME_HEAD_YOLOV8_H

#include "network/head.h"

#define OCT_REG_MAX_MAX 64

bool oct_yolov8_rounds(const struct oct_dfl_rounding *rounding);

/* yolov8_file.c: see struct oct_head_kind. */
octet_status oct_yolov8_verify(octet_context *ctx, const struct oct_network *network,
                               const char *name);
void oct_yolov8_hash(const struct oct_head *head, struct oct_sha256 *sha);
void oct_yolov8_add_parameters(const struct oct_head *head, struct oct_text *out);
void oct_yolov8_add_outputs(const struct oct_head *head, struct oct_text *out);
size_t oct_yolov8_fields(struct oct_head_fields *values, struct oct_field *fields);
octet_status oct_yolov8_read(octet_context *ctx, const char *what,
                             const struct oct_head_fields *values, struct oct_network *network);

#endif
