/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YOLOv8's head in numbers: per level and cell, 4 distributions of reg_max logits (left, top,
 * right, bottom, in cells) and one logit a class. Distance = expectation of the softmax over 0 ..
 * reg_max - 1; the anchor point of cell (x, y) is (x + 0.5, y + 0.5) * stride. Anchors are numbered
 * level by level, row by row. Source: "Generalized Focal Loss" (Li et al., 2020), and the ONNX
 * graphs that Ultralytics exports.
 */
#ifndef OCTET_RUNTIME_HEAD_DECODE_H
#define OCTET_RUNTIME_HEAD_DECODE_H

#include <stddef.h>

#include "network/head.h"

/* Logits are channels-last: channel c of cell (y, x) stands at data[y * row + x * pixel + c];
 * strides in floats. */
struct oct_head_level {
    const float *box;     /* 4 * reg_max channels */
    const float *classes; /* class_count channels */
    size_t box_row, box_pixel, class_row, class_pixel;
    int height, width;                  /* cells */
    int stride;                         /* input pixels a cell */
    const struct oct_dfl_rounding *dfl; /* NULL: none */
};

struct oct_head_view {
    int level_count, class_count, reg_max;
    struct oct_head_level levels[OCT_HEAD_LEVELS_MAX];
};

int oct_head_anchor_count(const struct oct_head_view *head);

/* Writes [4 + class_count][anchors]: centre x, centre y, width, height in input pixels, then scores
 * after the sigmoid. */
void oct_decode_all(const struct oct_head_view *head, float *output);

/* The corners (x1, y1, x2, y2) of one cell's box in input pixels. */
void oct_decode_box(const struct oct_head_level *level, int reg_max, int y, int x,
                    float corners[4]);

#endif
