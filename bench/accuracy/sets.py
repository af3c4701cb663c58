# SPDX-License-Identifier: Apache-2.0
"""The sets of pictures that the study measures on, and COCO annotation files for those that only have label files."""

import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DATA = os.environ.get("OCTET_TEST_DATA") or os.path.join(ROOT, "..", "shared", "data")

# Folders of pictures to calibrate with or to evaluate on. "parts" are drawn by demo/train/draw.py.
PICTURES = {
    "coco-train": "coco/images/train2017",
    "coco-val": "coco/images/val2017",
    "cctv-train": "cctv/images/train",
    "cctv-val": "cctv/images/val",
    "neudet-train": "neudet/images/train",
    "neudet-val": "neudet/images/val",
    "potholes-train": "family/sets/potholes-calib/images",
    "potholes-val": "family/sets/potholes-val/images",
}
DRAWN = {"parts-train": (200, 9001, "usual"), "parts-shifted": (200, 9002, "shifted"),
         "parts-test": (300, 9003, "usual")}
MODELS = {"n": "models/yolov8n.onnx", "s": "models/yolov8s.onnx", "neudet": "models/neudet-yolov8n-224.onnx",
          "11n": "family/models/yolo11n-coco.onnx", "26n": "family/models/yolo26n-coco-dq-e2e.onnx",
          "26n-raw": "family/models/yolo26n-coco-dq-raw.onnx", "road": "family/models/yolo26n-road-e2e.onnx",
          "road-raw": "family/models/yolo26n-road-raw.onnx"}
CAR = 3  # the one class of the street pictures whose labels are complete
POTHOLE = 4  # the one class of the road pictures that is labelled

# set: model, pictures, annotations (None: made from the label files), only these category ids (None: all), pictures of
# the same kind to calibrate with, pictures of another kind (None: not measured).
SETS = {
    "COCO n": ("n", "coco-val", "coco/annotations/instances_val2017_dev155_boxarea.json", None, "coco-train",
               "cctv-train"),
    "COCO s": ("s", "coco-val", "coco/annotations/instances_val2017_dev155_boxarea.json", None, "coco-train",
               "cctv-train"),
    "CCTV n": ("n", "cctv-val", "cctv/annotations/instances_dev80.json", [CAR], "cctv-train", "coco-train"),
    "CCTV s": ("s", "cctv-val", "cctv/annotations/instances_dev80.json", [CAR], "cctv-train", "coco-train"),
    "NEU-DET n": ("neudet", "neudet-val", "neudet/annotations/instances_dev180.json", None, "neudet-train",
                  "coco-train"),
    "parts": ("parts", "parts-test", None, None, "parts-train", "parts-shifted"),
    "COCO 11n": ("11n", "coco-val", "coco/annotations/instances_val2017_dev155_boxarea.json", None, "coco-train",
                 "cctv-train"),
    "CCTV 11n": ("11n", "cctv-val", "cctv/annotations/instances_dev80.json", [CAR], "cctv-train", "coco-train"),
    "COCO 26n": ("26n", "coco-val", "coco/annotations/instances_val2017_dev155_boxarea.json", None, "coco-train",
                 "cctv-train"),
    "COCO 26n raw": ("26n-raw", "coco-val", "coco/annotations/instances_val2017_dev155_boxarea.json", None,
                      "coco-train", "cctv-train"),
    "CCTV 26n": ("26n", "cctv-val", "cctv/annotations/instances_dev80.json", [CAR], "cctv-train", "coco-train"),
    "road 26n": ("road", "potholes-val", "family/sets/potholes-val/annotations.json", [POTHOLE], "potholes-train",
                 "coco-train"),
    "road 26n raw": ("road-raw", "potholes-val", "family/sets/potholes-val/annotations.json", [POTHOLE],
                              "potholes-train", "coco-train"),
    "COCO n, other half": ("n", "coco-train", None, None, "coco-val", None),
    "CCTV n, other half": ("n", "cctv-train", None, [CAR], "cctv-val", None),
    "NEU-DET n, other half": ("neudet", "neudet-train", None, None, "neudet-val", None),
}


def model_path(name):
    if name == "parts":
        return os.path.join(ROOT, "demo", "parts.onnx")
    return os.path.join(DATA, MODELS[name])


def folder(source, work):
    """The folder of a source's pictures; drawn ones are drawn on first use."""
    if source in PICTURES:
        return os.path.join(DATA, PICTURES[source])
    count, seed, domain = DRAWN[source]
    out = os.path.join(work, source)
    if not os.path.exists(os.path.join(out, "coco.json")):
        subprocess.run([sys.executable, os.path.join(ROOT, "demo", "train", "draw.py"), "--count", str(count),
                        "--seed", str(seed), "--domain", domain, "--out", out], check=True)
    return os.path.join(out, "images")


def pictures(source, work):
    at = folder(source, work)
    return sorted(p for p in glob.glob(os.path.join(at, "*")) if p.lower().endswith((".jpg", ".jpeg", ".png")))


def jpeg_size(path):
    """Width and height from a JPEG file's frame header."""
    with open(path, "rb") as file:
        data = file.read()
    at = 2
    while at + 9 <= len(data):
        marker, length = data[at + 1], int.from_bytes(data[at + 2:at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7:at + 9], "big"), int.from_bytes(data[at + 5:at + 7], "big")
        at += 2 + length
    raise ValueError(f"{path}: no JPEG frame header")


def from_labels(source, names, work):
    """A COCO annotation file from YOLO label files; `names` is [(category id, name)] in the order of class numbers."""
    images, boxes = [], []
    for number, path in enumerate(pictures(source, work), 1):
        width, height = jpeg_size(path)
        images.append({"id": number, "file_name": os.path.basename(path), "width": width, "height": height})
        label = os.path.splitext(path.replace(os.sep + "images" + os.sep, os.sep + "labels" + os.sep))[0] + ".txt"
        lines = open(label, encoding="utf-8").read().splitlines() if os.path.exists(label) else []
        for line in lines:
            kind, x, y, w, h = (float(v) for v in line.split()[:5])
            box = [(x - w / 2) * width, (y - h / 2) * height, w * width, h * height]
            boxes.append({"id": len(boxes) + 1, "image_id": number, "category_id": names[int(kind)][0], "iscrowd": 0,
                          "bbox": box, "area": box[2] * box[3]})
    return {"images": images, "annotations": boxes, "categories": [{"id": i, "name": n} for i, n in names]}


def truth_path(name, work):
    """The annotation file of a set."""
    model, source, annotations = SETS[name][:3]
    if annotations:
        return os.path.join(DATA, annotations)
    if source in DRAWN:
        folder(source, work)
        return os.path.join(work, source, "coco.json")
    path = os.path.join(work, f"{source}.truth.json")
    if not os.path.exists(path):
        alike = next(s for s in SETS.values() if s[0] == model and s[2])  # for the categories' ids
        with open(os.path.join(DATA, alike[2]), encoding="utf-8") as file:
            names = [(c["id"], c["name"]) for c in json.load(file)["categories"]]
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(from_labels(source, sorted(names), work), file)
        os.replace(path + ".part", path)
    return path
