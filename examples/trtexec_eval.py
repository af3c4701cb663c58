#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Average precision of an engine that octet does not run, such as one of TensorRT's on a Jetson: writes the pictures as
octet letterboxes them, and makes a COCO results file, for `octet eval --detections`, of what the engine gave for them.

    trtexec_eval.py truth IMAGES LABELS [--names a,b,...] -o val.json   only where there are label files and no COCO JSON
    trtexec_eval.py inputs val.json IMAGES [--imgsz 640] [--npy] -o INPUTS
    trtexec_eval.py boxes val.json INPUTS OUTPUTS -o found.json

INPUTS gets a file ID.bin for each picture: float32, 1 x 3 x height x width, as trtexec --loadInputs reads it; with --npy
it is ID.npy, as octet run reads it. OUTPUTS holds what came out: ID.json as trtexec --exportOutput writes it, or ID.npy.
Needs NumPy; `inputs` and `truth` need OpenCV. docs/jetson.md shows the whole way.
"""

import argparse
import glob
import json
import os
import sys

import numpy as np

CONFIDENCE, IOU, BOXES_MAX = 0.001, 0.7, 300  # those of octet eval
COCO_IDS = [i for i in range(1, 91) if i not in (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)]
PLACEMENT = "placement.json"


def letterbox(path, height, width):
    """Float32 [1, 3, height, width] in [0, 1], and where the picture lies: scale, left, top, its width and height."""
    import cv2
    picture = cv2.imread(path) if os.path.exists(path) else None
    if picture is None:
        sys.exit(f"{path}: cannot be read as a picture")
    own_height, own_width = picture.shape[:2]
    scale = min(height / own_height, width / own_width)
    inner = round(own_width * scale), round(own_height * scale)
    if inner != (own_width, own_height):
        picture = cv2.resize(picture, inner, interpolation=cv2.INTER_LINEAR)
    out = np.full((height, width, 3), 114, np.uint8)
    top, left = round((height - inner[1]) / 2 - 0.1), round((width - inner[0]) / 2 - 0.1)
    out[top:top + inner[1], left:left + inner[0]] = picture
    planes = np.ascontiguousarray(out[:, :, ::-1].transpose(2, 0, 1)[None]).astype(np.float32) / 255
    return planes, (scale, left, top, own_width, own_height)


def select(boxes, scores, classes):
    """Greedy suppression within each class, the best boxes first."""
    order = np.argsort(-scores, kind="stable")[:30000]
    boxes, scores, classes = boxes[order], scores[order], classes[order]
    apart = boxes + (classes * 7680)[:, None]
    area = (apart[:, 2] - apart[:, 0]) * (apart[:, 3] - apart[:, 1])
    gone, kept = np.zeros(len(scores), bool), []
    for i in range(len(scores)):
        if gone[i]:
            continue
        kept.append(i)
        if len(kept) == BOXES_MAX:
            break
        rest = np.arange(i + 1, len(scores))[~gone[i + 1:]]
        w = np.minimum(apart[i, 2], apart[rest, 2]) - np.maximum(apart[i, 0], apart[rest, 0])
        h = np.minimum(apart[i, 3], apart[rest, 3]) - np.maximum(apart[i, 1], apart[rest, 1])
        both = np.clip(w, 0, None) * np.clip(h, 0, None)
        gone[rest[both / (area[i] + area[rest] - both + 1e-7) > IOU]] = True
    return boxes[kept], scores[kept], classes[kept]


def results(output, placement, image, known):
    """COCO results of output0 [4 + classes, anchors]: centre x, centre y, width, height, then a score for each class.
    `known`: the category ids of the ground truth in ascending order, which are the model's classes in their order."""
    scale, left, top, width, height = placement
    centre, score = output[:4].T, output[4:].T
    ids = COCO_IDS if score.shape[1] == len(COCO_IDS) and set(known) <= set(COCO_IDS) else known
    if score.shape[1] > len(ids):
        sys.exit(f"the model has {score.shape[1]} classes, the ground truth {len(ids)}")
    anchor, kind = np.nonzero(score > CONFIDENCE)
    half = centre[anchor, 2:] / 2
    corners = np.concatenate([centre[anchor, :2] - half, centre[anchor, :2] + half], 1)
    corners, scores, kinds = select(corners, score[anchor, kind], kind)
    corners[:, 0::2] = np.clip((corners[:, 0::2] - left) / scale, 0, width)
    corners[:, 1::2] = np.clip((corners[:, 1::2] - top) / scale, 0, height)
    return [{"image_id": image, "category_id": int(ids[k]), "score": float(s),
             "bbox": [float(v) for v in (b[0], b[1], b[2] - b[0], b[3] - b[1])]}
            for b, s, k in zip(corners, scores, kinds) if ids[k] in known]


def read_output(stem):
    """output0 of one picture, [4 + classes, anchors]."""
    if os.path.exists(stem + ".npy"):
        output = np.load(stem + ".npy")
    elif os.path.exists(stem + ".json"):
        tensor = read_json(stem + ".json")[0]
        output = np.array(tensor["values"], np.float32).reshape([int(n) for n in tensor["dimensions"].split("x")])
    else:
        sys.exit(f"{stem}.json: not there, nor {stem}.npy")
    return output.reshape(output.shape[-2:])


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)


def write_inputs(options):
    height, width = ([int(n) for n in options.imgsz.split("x")] * 2)[:2]
    os.makedirs(options.output, exist_ok=True)
    placements = {}
    for image in read_json(options.truth)["images"]:
        path = os.path.join(options.images, os.path.basename(image["file_name"]))
        planes, placements[str(image["id"])] = letterbox(path, height, width)
        stem = os.path.join(options.output, str(image["id"]))
        if options.npy:
            np.save(stem + ".npy", planes)
        else:
            planes.tofile(stem + ".bin")
    write_json(os.path.join(options.output, PLACEMENT), placements)


def write_boxes(options):
    truth, found = read_json(options.truth), []
    placements = read_json(os.path.join(options.inputs, PLACEMENT))
    known = sorted(category["id"] for category in truth["categories"])
    for image in truth["images"]:
        key = str(image["id"])
        found += results(read_output(os.path.join(options.outputs, key)), placements[key], image["id"], known)
    write_json(options.output, found)


def write_truth(options):
    """COCO annotations of label files: a line an object, its class and centre x, centre y, width, height as shares."""
    import cv2
    images, objects, classes = [], [], 0
    for path in sorted(glob.glob(os.path.join(options.images, "*"))):
        picture = cv2.imread(path)
        if picture is None:
            continue
        height, width = picture.shape[:2]
        images.append({"id": len(images) + 1, "file_name": os.path.basename(path), "width": width, "height": height})
        label = os.path.join(options.labels, os.path.splitext(os.path.basename(path))[0] + ".txt")
        lines = open(label, encoding="utf-8").read().splitlines() if os.path.exists(label) else []
        for line in dict.fromkeys(text for text in lines if text.strip()):
            kind, x, y, w, h = (float(v) for v in line.split())
            box = [(x - w / 2) * width, (y - h / 2) * height, w * width, h * height]
            objects.append({"id": len(objects) + 1, "image_id": len(images), "category_id": int(kind), "bbox": box,
                            "area": box[2] * box[3], "iscrowd": 0})
            classes = max(classes, int(kind) + 1)
    names = options.names.split(",") if options.names else [str(i) for i in range(classes)]
    write_json(options.output, {"images": images, "annotations": objects,
                                "categories": [{"id": i, "name": name} for i, name in enumerate(names)]})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    truth = verbs.add_parser("truth")
    truth.set_defaults(call=write_truth)
    truth.add_argument("images")
    truth.add_argument("labels")
    truth.add_argument("--names")
    inputs = verbs.add_parser("inputs")
    inputs.set_defaults(call=write_inputs)
    inputs.add_argument("truth")
    inputs.add_argument("images")
    inputs.add_argument("--imgsz", default="640", help="N or HEIGHTxWIDTH")
    inputs.add_argument("--npy", action="store_true")
    boxes = verbs.add_parser("boxes")
    boxes.set_defaults(call=write_boxes)
    boxes.add_argument("truth")
    boxes.add_argument("inputs")
    boxes.add_argument("outputs")
    for verb in (truth, inputs, boxes):
        verb.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    options.call(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
