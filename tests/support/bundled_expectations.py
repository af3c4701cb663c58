#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What other programs make of the bundled model and pictures (demo/), for tests/golden/test_bundled_*.c.

usage: bundled_expectations.py OCTET [FOLDER]      run in the project's root; needs numpy, opencv, onnxruntime and
                                                   pycocotools; writes bundled.json and bundled.cache (default: to
                                                   tests/golden)

OpenCV decodes and resizes, ONNX Runtime runs the model, boxes are selected here, pycocotools evaluates. The one part
that is octet's own: the hashes of INT8 outputs, which have to be the same everywhere, and the scales that these are
made with (bundled.cache), which are written once and kept where the file is there.
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

MODEL, TARGETS = "demo/parts.onnx", [(320, 320), (416, 224)]  # width, height
PICTURES = [*sorted(pathlib.Path("demo/images/test").glob("*.jpg")),
            *sorted(pathlib.Path("demo/images/shifted").glob("*.jpg"))]
IOU, BOXES_MAX = 0.7, 300


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


def select(output, place, shape, confidence, multi_label):
    """Rows x1, y1, x2, y2, score, class in pixels of the picture, best first."""
    scale, left, top, _ = place
    rows = output.T.astype(np.float64)
    corners = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], axis=1)
    corners = (corners - [left, top, left, top]) / scale
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
    kept = np.array(kept).reshape(-1, 6)
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


def int8_hashes(octet, cache, inputs):
    """Of the raw output for each letterboxed picture, by an engine made from the cache."""
    with tempfile.TemporaryDirectory() as folder:
        engine, npy = f"{folder}/int8.octet", f"{folder}/input.npy"
        subprocess.run([octet, "build", MODEL, "--trt-cache", cache, "-o", engine, "-q"], check=True)
        hashes = []
        for pixels in inputs:
            np.save(npy, pixels)
            subprocess.run([octet, "run", engine, "-i", npy, "-o", folder, "-q"], check=True)
            hashes.append(digest(np.load(f"{folder}/output0.npy")))
        return hashes


def make_cache(octet, cache):
    with tempfile.TemporaryDirectory() as folder:
        statistics = f"{folder}/parts.stats"
        subprocess.run([octet, "calibrate", MODEL, "--images", "demo/images/calibration", "-o", statistics, "-q"],
                       check=True)
        subprocess.run([octet, "export", MODEL, "-f", "trt-cache", "--stats", statistics, "-o", str(cache), "-q"],
                       check=True)


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    octet, folder = sys.argv[1], pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "tests/golden")
    session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    ids = {i["file_name"]: i["id"] for i in json.load(open("demo/annotations/test.json"))["images"]}
    pictures, boxes, results, inputs = [], [], [], []
    for path in PICTURES:
        picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        entry = {"image": str(path), "width": picture.shape[1], "height": picture.shape[0], "pixels": digest(picture),
                 "letterboxes": []}
        for width, height in TARGETS:
            pixels, (_, left, top, size) = letterbox(picture, width, height)
            entry["letterboxes"].append({"width": width, "height": height, "left": left, "top": top,
                                         "resized": list(size), "pixels": digest(pixels)})
        pixels, place = letterbox(picture, *TARGETS[0])
        inputs.append(pixels)
        planes = pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
        output = session.run(None, {session.get_inputs()[0].name: planes})[0][0]
        found = select(output, place, picture.shape, 0.25, False)
        boxes.append({"image": str(path), "detections": [
            {"xyxy": [round(float(v), 3) for v in row[:4]], "score": round(float(row[4]), 5), "class_id": int(row[5])}
            for row in found]})
        if path.name in ids:
            results += [{"image_id": ids[path.name], "category_id": int(row[5]), "score": float(row[4]),
                         "bbox": [row[0], row[1], row[2] - row[0], row[3] - row[1]]}
                        for row in select(output, place, picture.shape, 0.001, True).tolist()]
        pictures.append(entry)
    cache = folder / "bundled.cache"
    if not cache.exists():
        make_cache(octet, cache)
    for entry, value in zip(pictures, int8_hashes(octet, cache, inputs)):
        entry["int8_output"] = value
    text = json.dumps({"pictures": pictures, "evaluation": evaluate(results), "images": boxes}, indent=1)
    (folder / "bundled.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
