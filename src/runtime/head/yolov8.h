/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of YOLOv8's head share. A level is two outputs of one stride, boxes (4 * reg_max
 * channels) before classes (class_count channels); levels have ascending strides. */
#ifndef OCTET_RUNTIME_HEAD_YOLOV8_H
#define OCTET_RUNTIME_HEAD_YOLOV8_H

#include "network/head.h"

#define OCT_YOLOV8_LEVELS_MAX (OCT_HEAD_OUTPUTS_MAX / 2)
#define OCT_REG_MAX_MAX 64

/* Appends a level to a head, by its tensors. */
void oct_yolov8_add_level(struct oct_head *head, int box_tensor, int class_tensor, int stride);

bool oct_yolov8_rounds(const struct oct_dfl_rounding *rounding);

/* A logit that is not above this cannot reach the confidence; those above are decided by their
 * exact score. */
float oct_yolov8_logit_threshold(double confidence);

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
