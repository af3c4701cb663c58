/* SPDX-License-Identifier: Apache-2.0 */
/* What heads share that predict a box and a logit a class at every cell of several levels. A level
 * is two outputs of one stride, boxes before classes (class_count channels); levels have ascending
 * strides. Anchors are numbered level by level, row by row. What a cell's box is of its numbers is
 * the kind's matter: its row's cell_box says. */
#ifndef OCTET_RUNTIME_HEAD_LEVELS_H
#define OCTET_RUNTIME_HEAD_LEVELS_H

#include "network/head.h"

#define OCT_LEVELS_MAX (OCT_HEAD_OUTPUTS_MAX / 2)

/* The numbers of one cell. */
static inline const float *oct_cell_of(const struct oct_head_map *map, int y, int x)
{
    return map->data + (size_t)y * map->row + (size_t)x * map->pixel;
}

/*
 * The corners of a box that lies `distances` (left, top, right, bottom, in cells) around the middle
 * of cell (x, y). The order of these operations is that of the ONNX graphs that Ultralytics
 * exports, each rounded to float.
 */
static inline void oct_cell_corners(const float distances[4], int y, int x, int stride,
                                    float corners[4])
{
    const float centre[2] = {(float)x + 0.5f, (float)y + 0.5f};
    for (int side = 0; side < 4; side++) {
        const float at =
            side < 2 ? centre[side] - distances[side] : centre[side - 2] + distances[side];
        corners[side] = at * (float)stride;
    }
}

/* levels.c: see struct oct_head_kind. */
int oct_levels_anchors(const struct oct_head_view *view);
void oct_levels_box(const struct oct_head_view *view, int anchor, float corners[4]);
void oct_levels_decode(const struct oct_head_view *view, float *output);
int oct_levels_select(const struct oct_head_view *view, const octet_detect_settings *settings,
                      struct oct_select_scratch *scratch, octet_detection *detections, int most);

/* A logit that is not above this cannot reach the confidence; those above are decided by their
 * exact score. */
float oct_levels_logit_threshold(double confidence);

/* Appends a level to a head, by its tensors. */
void oct_levels_add(struct oct_head *head, int box_tensor, int class_tensor, int stride);

/* levels_file.c: see struct oct_head_kind; a level's boxes have `box_channels` channels. */
octet_status oct_levels_verify(octet_context *ctx, const struct oct_network *network,
                               int box_channels, const char *name);
void oct_levels_hash(const struct oct_head *head, struct oct_sha256 *sha);
void oct_levels_add_outputs(const struct oct_head *head, struct oct_text *out);
/* The field "levels". */
struct oct_field oct_levels_field(const struct oct_json_value **levels);
octet_status oct_levels_read(octet_context *ctx, const char *what,
                             const struct oct_json_value *levels, struct oct_network *network);

#endif
