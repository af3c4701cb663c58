# SPDX-License-Identifier: Apache-2.0
"""COCO average precision that can be resampled over pictures, for the paired bootstrap.

Every box is matched once, picture by picture, at the ten IoU thresholds. A resample of the pictures is then a weight
for each picture: precision and recall are cumulative sums of weights over the boxes in the order of their scores. A
picture drawn w times puts w equal boxes beside each other, so this is exactly COCO's AP of the duplicated list.
"""

import json

import numpy as np

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
BOXES_MAX = 100  # a picture and class


def overlaps(boxes, truth, crowd):
    """IoU [boxes][truth] of x, y, width, height; with a crowd, the share of the box that lies on it."""
    a, b = boxes[:, None, :], truth[None, :, :]
    w = np.minimum(a[..., 0] + a[..., 2], b[..., 0] + b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    h = np.minimum(a[..., 1] + a[..., 3], b[..., 1] + b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    both = np.where((w > 0) & (h > 0), w * h, 0.0)
    area = a[..., 2] * a[..., 3]
    return both / np.maximum(np.where(crowd[None, :], area, area + b[..., 2] * b[..., 3] - both), 1e-300)


def match(boxes, truth, crowd):
    """Which boxes (in the order of their scores) are right, and which do not count: two arrays [10][boxes]."""
    right = np.zeros((len(THRESHOLDS), len(boxes)), bool)
    beside = np.zeros_like(right)
    if not len(truth):
        return right, beside
    order = np.argsort(crowd, kind="stable")
    truth, crowd = truth[order], crowd[order]
    iou = overlaps(boxes, truth, crowd)
    for t, threshold in enumerate(THRESHOLDS):
        taken = np.zeros(len(truth), bool)
        for d in np.nonzero(iou.max(1) >= min(threshold, 1 - 1e-10))[0]:
            best, at = min(threshold, 1 - 1e-10), -1
            for g in range(len(truth)):
                if taken[g] and not crowd[g]:
                    continue
                if at >= 0 and not crowd[at] and crowd[g]:
                    break
                if iou[d, g] >= best:
                    best, at = iou[d, g], g
            if at >= 0:
                taken[at] = True
                beside[t, d] = crowd[at]
                right[t, d] = not crowd[at]
    return right, beside


class Matches:
    """All boxes of one detector on one set, matched. `classes`: only these category ids (None: all)."""

    def __init__(self, truth_path, detections_path, classes=None):
        with open(truth_path, encoding="utf-8") as file:
            truth = json.load(file)
        with open(detections_path, encoding="utf-8") as file:
            found = json.load(file)
        images = sorted(image["id"] for image in truth["images"])
        place = {image: i for i, image in enumerate(images)}
        self.images = len(images)
        self.classes = []
        boxes, objects = {}, {}
        for box in found:
            boxes.setdefault((box["category_id"], box["image_id"]), []).append(box)
        for box in truth["annotations"]:
            objects.setdefault((box["category_id"], box["image_id"]), []).append(box)
        for category in sorted(c["id"] for c in truth["categories"]):
            if classes and category not in classes:
                continue
            entry = self._match_class(category, images, place, boxes, objects)
            if entry is not None:
                self.classes.append(entry)

    def _match_class(self, category, images, place, boxes, objects):
        counts = np.zeros(self.images)
        scores, places, rights, besides = [], [], [], []
        for image in images:
            here = objects.get((category, image), [])
            crowd = np.array([bool(o.get("iscrowd", 0)) for o in here], bool)
            counts[place[image]] = len(here) - crowd.sum()
            found = boxes.get((category, image), [])
            if not found:
                continue
            score = np.array([b["score"] for b in found])
            order = np.argsort(-score, kind="stable")[:BOXES_MAX]
            right, beside = match(np.array([b["bbox"] for b in found], float)[order],
                                  np.array([o["bbox"] for o in here], float).reshape(-1, 4), crowd)
            scores.append(score[order])
            places.append(np.full(len(order), place[image]))
            rights.append(right)
            besides.append(beside)
        if not counts.any():
            return None
        if not scores:
            none = np.zeros((len(THRESHOLDS), 0), bool)
            return counts, np.zeros(0, int), none, none
        order = np.argsort(-np.concatenate(scores), kind="stable")
        return (counts, np.concatenate(places)[order], np.concatenate(rights, 1)[:, order],
                np.concatenate(besides, 1)[:, order])

    def ap(self, weights=None):
        """AP, with each picture counted `weights` times."""
        weights = np.ones(self.images) if weights is None else weights
        every = []
        for counts, places, right, beside in self.classes:
            objects = counts @ weights
            if objects == 0:
                continue
            weight = weights[places]
            good = np.cumsum(right * weight, 1)
            bad = np.cumsum(~(right | beside) * weight, 1)
            precision = good / np.maximum(good + bad, np.spacing(1))
            precision = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
            for t in range(len(THRESHOLDS)):
                at = np.searchsorted(good[t] / objects, RECALLS, side="left")
                every.append(np.append(precision[t], 0.0)[at].mean())
        return float(np.mean(every))


def resampled(matches, weights):
    """AP of each resample: weights [resamples][pictures]."""
    return np.array([matches.ap(w) for w in weights])


def resamples(images, count, seed=0):
    """Weights [count][images] of pictures drawn with replacement."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(images, np.full(images, 1.0 / images), size=count).astype(float)
