#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What other programs make of the bundled models and pictures (demo/), for tests/golden/test_bundled_*.c.

usage: bundled_expectations.py OCTET [FOLDER]      run in the project's root; needs numpy, opencv, onnxruntime and
                                                   pycocotools; writes a .json and a .cache for each model, bundled*
                                                   (default: to tests/golden)

OpenCV decodes and resizes, ONNX Runtime runs the models, boxes are selected here unless the model does, pycocotools
evaluates. The one part that is octet's own: the hashes of INT8 outputs, which have to be the same everywhere, and the
scales that these are made with (.cache), which are written once and kept where the file is there.
"""
import contextlib
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np
import onnxruntime
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

MODELS = {"bundled": "demo/parts.onnx", "bundled-yolo11": "demo/parts-yolo11.onnx",
          "bundled-yolo26": "demo/parts-yolo26.onnx"}
TARGETS = [(320, 320), (416, 224)]  # width, height
PICTURES = [*sorted(pathlib.Path("demo/images/test").glob("*.jpg")),
            *sorted(pathlib.Path("demo/images/shifted").glob("*.jpg"))]
IOU, BOXES_MAX = 0.7, 300
OUTPUTS, SEEN = 4, 0.05  # of how many pictures predictions are recorded, and of which best score on


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def letterbox(picture, width, height):
    """Ultralytics': centred, grey 114, scaled up as well. The picture, and where it lies."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    left, top = round((width - size[0]) / 2 - 0.1), round((height - size[1]) / 2 - 0.1)
    out = np.full((height, width, 3), 114, np.uint8)
    out[top:top + size[1], left:left + size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return out, (scale, left, top, size)


def overlap(box, others):
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:4], others[:, 2:4])
    both = np.prod(np.clip(high - low, 0, None), axis=1)
    return both / (np.prod(box[2:4] - box[:2]) + np.prod(others[:, 2:4] - others[:, :2], axis=1) - both)


def suppressed(output, confidence, multi_label):
    """Rows x1, y1, x2, y2, score, class of a prediction, in the network's pixels, best first."""
    rows = output.T.astype(np.float64)
    corners = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], axis=1)
    scores = rows[:, 4:]
    if multi_label:
        anchors, classes = np.nonzero(scores > confidence)
    else:
        anchors = np.nonzero(scores.max(axis=1) > confidence)[0]
        classes = scores[anchors].argmax(axis=1)
    found = np.column_stack([corners[anchors], scores[anchors, classes], classes])
    kept = []
    for row in found[np.argsort(-found[:, 4], kind="stable")]:
        same = np.array([k for k in kept if k[5] == row[5]]).reshape(-1, 6)
        if len(kept) < BOXES_MAX and not np.any(overlap(row, same) > IOU):
            kept.append(row)
    return np.array(kept).reshape(-1, 6)


def selects(output):
    """Whether a model's output is boxes that it has selected: 300 x 6."""
    return output.shape[1] == 6


def select(output, place, shape, confidence, multi_label):
    """Rows x1, y1, x2, y2, score, class in pixels of the picture, best first."""
    scale, left, top, _ = place
    if selects(output):
        kept = output[output[:, 4] > confidence].astype(np.float64)
    else:
        kept = suppressed(output, confidence, multi_label)
    kept[:, :4] = (kept[:, :4] - [left, top, left, top]) / scale
    kept[:, 0:4:2] = np.clip(kept[:, 0:4:2], 0, shape[1])
    kept[:, 1:4:2] = np.clip(kept[:, 1:4:2], 0, shape[0])
    return kept


def evaluate(results):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO("demo/annotations/test.json")
        run = COCOeval(truth, truth.loadRes(results), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return {"ap": round(float(run.stats[0]), 6), "ap50": round(float(run.stats[1]), 6)}


def int8_hashes(octet, model, cache, inputs):
    """Of the raw output for each letterboxed picture, by an engine made from the cache."""
    with tempfile.TemporaryDirectory() as folder:
        engine, npy = f"{folder}/int8.octet", f"{folder}/input.npy"
        subprocess.run([octet, "build", model, "--trt-cache", cache, "-o", engine, "-q"], check=True)
        hashes = []
        for pixels in inputs:
            np.save(npy, pixels)
            subprocess.run([octet, "run", engine, "-i", npy, "-o", folder, "-q"], check=True)
            hashes.append(digest(np.load(f"{folder}/output0.npy")))
        return hashes


def make_cache(octet, model, cache):
    with tempfile.TemporaryDirectory() as folder:
        statistics = f"{folder}/parts.stats"
        subprocess.run([octet, "calibrate", model, "--images", "demo/images/calibration", "-o", statistics, "-q"],
                       check=True)
        subprocess.run([octet, "export", model, "-f", "trt-cache", "--stats", statistics, "-o", str(cache), "-q"],
                       check=True)


def boxes_of(rows, digits):
    """For the file; `digits` behind the point: of corners, of scores."""
    return [{"xyxy": [round(float(v), digits[0]) for v in row[:4]], "score": round(float(row[4]), digits[1]),
             "class_id": int(row[5])} for row in rows]


def prediction_of(output):
    """The cells with a score: their number, centre, size and all scores."""
    anchors = np.nonzero(output[4:].max(axis=0) > SEEN)[0]
    return [[int(a), *(round(float(v), 4) for v in output[:4, a]), *(round(float(v), 6) for v in output[4:, a])]
            for a in anchors]


def load_pictures():
    """Path, picture, the picture for the network, and where it lies in that."""
    found = []
    for path in PICTURES:
        picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        found.append((path, picture, *letterbox(picture, *TARGETS[0])))
    return found


def describe(path, picture):
    entry = {"image": str(path), "width": picture.shape[1], "height": picture.shape[0], "pixels": digest(picture),
             "letterboxes": []}
    for width, height in TARGETS:
        pixels, (_, left, top, size) = letterbox(picture, width, height)
        entry["letterboxes"].append({"width": width, "height": height, "left": left, "top": top,
                                     "resized": list(size), "pixels": digest(pixels)})
    return entry


def run(model, pictures):
    """The boxes of each picture, what is recorded of the outputs, and the evaluation."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    ids = {i["file_name"]: i["id"] for i in json.load(open("demo/annotations/test.json"))["images"]}
    boxes, recorded, results = [], [], []
    for path, picture, pixels, place in pictures:
        planes = pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
        output = session.run(None, {session.get_inputs()[0].name: planes})[0][0]
        found = select(output, place, picture.shape, 0.25, False)
        boxes.append({"image": str(path), "detections": boxes_of(found, (3, 5))})
        if selects(output):
            rows = select(output, place, picture.shape, SEEN, True)
            recorded.append({"image": str(path), "scale": place[0], "selected": boxes_of(rows, (4, 6))})
        elif len(recorded) < OUTPUTS:
            recorded.append({"image": str(path), "prediction": prediction_of(output)})
        if path.name in ids:
            results += [{"image_id": ids[path.name], "category_id": int(row[5]), "score": float(row[4]),
                         "bbox": [row[0], row[1], row[2] - row[0], row[3] - row[1]]}
                        for row in select(output, place, picture.shape, 0.001, True).tolist()]
    return boxes, recorded, evaluate(results)


def expectations(octet, model, cache, pictures, with_pictures):
    if not cache.exists():
        make_cache(octet, model, cache)
    boxes, recorded, evaluation = run(model, pictures)
    hashes = int8_hashes(octet, model, cache, [pixels for _, _, pixels, _ in pictures])
    entries = [describe(path, picture) if with_pictures else {"image": str(path)} for path, picture, _, _ in pictures]
    for entry, value in zip(entries, hashes):
        entry["int8_output"] = value
    all_of = {"pictures": entries, "evaluation": evaluation, "images": boxes}
    return all_of if with_pictures else {**all_of, "outputs": recorded}


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    octet, folder = sys.argv[1], pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "tests/golden")
    pictures = load_pictures()
    for name, model in MODELS.items():
        found = expectations(octet, model, folder / f"{name}.cache", pictures, name == "bundled")
        (folder / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
