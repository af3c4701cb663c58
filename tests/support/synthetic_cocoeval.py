#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random evaluation cases with pycocotools' figures, for tests/golden/test_cocoeval.c (needs numpy and pycocotools).

usage: synthetic_cocoeval.py FIRST_SEED COUNT FILE [large]

Cases have crowds, ties in scores and overlaps, empty classes and pictures, boxes of all sizes, more than a hundred
detections of a class in a picture, and sets of classes that are asked for. `large` makes some of them much larger.
tests/golden/cocoeval_cases.json holds seeds 1 to 30.
"""
import contextlib
import io
import json
import random
import sys

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def random_box(rng, grid):
    size = rng.choice([6, 20, 60, 150, 320])
    step = grid if size > grid else 1
    box = [rng.uniform(0, 500), rng.uniform(0, 400), rng.uniform(1, size), rng.uniform(1, size)]
    if rng.random() < 0.5:
        return [max(1 if i > 1 else 0, step * round(v / step)) for i, v in enumerate(box)]
    return [round(v, 1) for v in box]


def moved(rng, box):
    """A box near `box`: often exactly it, often of an IoU that is a threshold."""
    kind = rng.random()
    if kind < 0.25:
        return list(box)
    if kind < 0.45:
        return [box[0], box[1], box[2] * rng.choice([0.5, 0.55, 0.75, 0.9, 0.95]), box[3]]
    spread = rng.choice([0.02, 0.1, 0.3])
    return [round(box[i] + rng.gauss(0, spread) * box[2 + i % 2], 2) if i < 2
            else round(max(0.5, box[i] * (1 + rng.gauss(0, spread))), 2) for i in range(4)]


def random_truth(rng, large):
    classes = rng.sample(range(1, 91), rng.randint(1, 30 if large else 5))
    images = rng.sample(range(0, 99999), rng.randint(1, 40 if large else 6))
    boxes, used = [], rng.sample(classes, max(1, len(classes) - rng.randint(0, 2)))
    crowded = rng.choice([0, 0.1, 0.4])
    ids = rng.sample(range(1, 9999), 4000)
    most = rng.choice([0, 3, 8, 40]) if large else rng.choice([1, 4, 8])
    for image in images:
        for _ in range(rng.randint(0, most)):
            box = random_box(rng, rng.choice([4, 16]))
            area = box[2] * box[3] * rng.choice([1, 1, 0.7])
            boxes.append({"id": ids.pop(), "image_id": image, "category_id": rng.choice(used), "bbox": box,
                          "area": rng.choice([round(area, 2), 1024, 9216]) if rng.random() < 0.2 else round(area, 2),
                          "iscrowd": int(rng.random() < crowded)})
    rng.shuffle(boxes)
    return {"images": [{"id": i} for i in images], "categories": [{"id": c, "name": f"c{c}"} for c in classes],
            "annotations": boxes}


def random_detections(rng, truth, large):
    scores = rng.choice([[0.5], [0.1, 0.5, 0.9], [i / 100 for i in range(1, 100)]])
    found = []

    def add(image, category, box):
        found.append({"image_id": image, "category_id": category, "bbox": box, "score": rng.choice(scores)})

    for box in truth["annotations"]:
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            add(box["image_id"], box["category_id"], moved(rng, box["bbox"]))
    images, classes = ([e["id"] for e in truth[k]] for k in ("images", "categories"))
    for _ in range(rng.randint(0, 500 if large else 12)):
        add(rng.choice(images), rng.choice(classes), random_box(rng, 8))
    if rng.random() < 0.1:
        image, category = rng.choice(images), rng.choice(classes)
        for _ in range(rng.randint(95, 130)):
            add(image, category, random_box(rng, 16))
    rng.shuffle(found)
    return found


def mean(values):
    values = values[values > -1]
    return float(np.mean(values)) if len(values) else -1.0


def expected(truth, found, classes):
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = json.loads(json.dumps(truth))
        gt.createIndex()
        evaluation = COCOeval(gt, gt.loadRes(json.loads(json.dumps(found))), "bbox")
        if classes:
            evaluation.params.catIds = classes
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision, recall = evaluation.eval["precision"], evaluation.eval["recall"]
    return {"figures": [float(v) for v in evaluation.stats],
            "classes": {str(c): [mean(precision[:, :, k, 0, 2]), mean(precision[0, :, k, 0, 2]),
                                 mean(recall[:, k, 0, 2])]
                        for k, c in enumerate(evaluation.params.catIds)}}


def make_case(seed, large):
    rng = random.Random(seed)
    while True:
        truth = random_truth(rng, large and rng.random() < 0.3)
        found = random_detections(rng, truth, large)
        if found:
            break
    ids = [c["id"] for c in truth["categories"]]
    classes = sorted(rng.sample(ids, rng.randint(1, len(ids)))) if rng.random() < 0.2 else None
    return {"seed": seed, "truth": truth, "detections": found, "classes": classes,
            "expected": expected(truth, found, classes)}


def main():
    first, count, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    cases = [make_case(seed, "large" in sys.argv[4:]) for seed in range(first, first + count)]
    with open(path, "w", encoding="ascii") as file:
        file.write("[" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]\n")


if __name__ == "__main__":
    main()
