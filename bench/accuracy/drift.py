# SPDX-License-Identifier: Apache-2.0
"""How far a detector's scores lie from the float model's. Its noise is a fraction of that of an AP difference."""

import json

import numpy as np

from average_precision import overlaps

SCORE = 0.1  # boxes of the float model that are looked at
SAME = 0.5  # IoU from which a box is the same one


def by_class_and_picture(path):
    with open(path, encoding="utf-8") as file:
        boxes = json.load(file)
    groups = {}
    for box in boxes:
        groups.setdefault((box["image_id"], box["category_id"]), []).append([*box["bbox"], box["score"]])
    return {key: np.array(group) for key, group in groups.items()}


def score_error(float_path, path):
    """Root mean square of the score differences between each of the float model's boxes and the box of the same class
    that overlaps it most; a box that is missing counts with its whole score."""
    errors, others = [], by_class_and_picture(path)
    for key, boxes in by_class_and_picture(float_path).items():
        boxes = boxes[boxes[:, 4] >= SCORE]
        if not len(boxes):
            continue
        found = others.get(key)
        if found is None:
            errors.extend(boxes[:, 4])
            continue
        iou = overlaps(boxes[:, :4], found[:, :4], np.zeros(len(found), bool))
        errors.extend(np.where(iou.max(1) >= SAME, boxes[:, 4] - found[iou.argmax(1), 4], boxes[:, 4]))
    return float(np.sqrt(np.mean(np.square(errors))))
