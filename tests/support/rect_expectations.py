#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What other programs make of the bundled model and pictures at the smallest input for each picture's shape, for
tests/golden/test_bundled_rect.c.

usage: rect_expectations.py [ULTRALYTICS.whl]      run in the project's root; needs numpy, opencv, onnx and
                                                   onnxruntime; writes tests/golden/bundled-rect.json

Shapes and pixels are those of LetterBox(auto=True), written out again here; with Ultralytics' package beside, that very
class is run on every shape and picture as well and must give the same. ONNX Runtime runs the model up to its head,
which numpy decodes: the file itself has one size only.
"""
import ast
import json
import pathlib
import sys
import zipfile

import cv2
import numpy as np
import onnx
import onnxruntime

import bundled_expectations as bundled

MODEL, BOUND, STRIDE, BINS = "demo/parts.onnx", (320, 320), 32, 16
# width and height of the picture, and of the bound; among them sides that round down to a multiple of the stride
SHAPES = [((w, h), (bound, bound))
          for bound in (320, 640)
          for w, h in [(640, 480), (480, 640), (640, 427), (427, 640), (1920, 1080), (1080, 1920), (1280, 720),
                       (810, 1080), (500, 375), (375, 500), (333, 500), (640, 640), (1, 1), (31, 33), (32767, 3000),
                       (1920, 1153), (1153, 1920), (1600, 1201), (4000, 2401), (1280, 769), (2000, 1001), (3, 2),
                       (1024, 768), (2592, 1944), (3840, 2160), (704, 576), (352, 288), (1000, 320), (400, 4000)]]
SHAPES += [((w, h), bound) for bound in [(640, 384), (384, 640), (1280, 736), (960, 320), (32, 32)]
           for w, h in [(640, 480), (1920, 1080), (1080, 1920), (500, 375), (1000, 999), (1920, 1153), (640, 100)]]


def place(source, bound, stride=STRIDE):
    """LetterBox(auto=True): the resized size, the input's size, and where the picture begins in it."""
    scale = min(bound[1] / source[1], bound[0] / source[0])
    resized = max(round(source[0] * scale), 1), max(round(source[1] * scale), 1)
    across, down = (np.mod(bound[i] - resized[i], stride) / 2 for i in range(2))
    left, right, top, bottom = round(across - 0.1), round(across + 0.1), round(down - 0.1), round(down + 0.1)
    return scale, resized, (resized[0] + left + right, resized[1] + top + bottom), (left, top)


def letterbox(picture, bound):
    scale, resized, size, (left, top) = place(picture.shape[1::-1], bound)
    out = np.full((size[1], size[0], 3), 114, np.uint8)
    out[top:top + resized[1], left:left + resized[0]] = cv2.resize(picture, resized, interpolation=cv2.INTER_LINEAR)
    return out, (scale, left, top, resized)


def real_letterbox(wheel):
    """The class itself, out of the package, without the rest of it."""
    text = zipfile.ZipFile(wheel).read("ultralytics/data/augment.py").decode()
    cls = next(n for n in ast.parse(text).body if isinstance(n, ast.ClassDef) and n.name == "LetterBox")
    names = {"np": np, "cv2": cv2, "Any": object, "Instances": object, "BaseTransform": object}
    exec(compile("from __future__ import annotations\n" + ast.unparse(cls), "LetterBox", "exec"), names)
    return names["LetterBox"]


def check(wheel, pictures):
    box = real_letterbox(wheel)
    for source, bound in SHAPES:
        if source[0] * source[1] > 4e7:
            continue
        real = box((bound[1], bound[0]), auto=True, stride=STRIDE)(image=np.zeros((source[1], source[0], 3), np.uint8))
        _, resized, size, (left, top) = place(source, bound)
        assert real.shape[1::-1] == size, (source, bound, real.shape, size)
        grey = np.all(real == 114, axis=2)
        assert grey.all(axis=1)[:top].all() and grey.all(axis=0)[:left].all(), (source, bound)
        assert not grey[top:top + resized[1], left:left + resized[0]].any(), (source, bound)
        assert grey.sum() == size[0] * size[1] - resized[0] * resized[1], (source, bound)
    for path, picture in pictures:
        real = box((BOUND[1], BOUND[0]), auto=True, stride=STRIDE)(image=picture)
        assert np.array_equal(real, letterbox(picture, BOUND)[0]), path
    print(f"{len(SHAPES)} shapes and {len(pictures)} pictures are as {wheel} has them")


def open_body():
    """The model up to its head's six convolutions, for inputs of any size."""
    model = onnx.load(MODEL)
    graph = model.graph
    heads = [[f"/model.22/cv{part}.{level}/cv{part}.{level}.2/Conv_output_0" for part in (2, 3)] for level in range(3)]
    known = {o for n in graph.node for o in n.output}
    assert all(name in known for pair in heads for name in pair), sorted(known)
    del graph.value_info[:], graph.output[:]
    graph.output.extend(onnx.ValueInfoProto(name=name) for pair in heads for name in pair)
    needed, nodes = {name for pair in heads for name in pair}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(reversed(nodes))
    for axis, name in ((2, "height"), (3, "width")):
        graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    for name in (name for pair in heads for name in pair):
        output = next(o for o in graph.output if o.name == name)
        output.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session, heads


def predict(session, heads, pixels):
    """[4 + classes][cells], as the whole file gives it."""
    planes = pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
    flat = [name for pair in heads for name in pair]
    made = dict(zip(flat, session.run(flat, {session.get_inputs()[0].name: planes})))
    parts = []
    for distances, scores in heads:
        raw, logits = made[distances][0].astype(np.float64), made[scores][0].astype(np.float64)
        height, width = raw.shape[1:]
        stride = pixels.shape[0] / height
        bins = raw.reshape(4, BINS, height, width)
        weights = np.exp(bins - bins.max(axis=1, keepdims=True))
        sides = (weights * np.arange(BINS)[:, None, None]).sum(axis=1) / weights.sum(axis=1)
        x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        low, high = np.stack([x - sides[0], y - sides[1]]), np.stack([x + sides[2], y + sides[3]])
        parts.append(np.concatenate([(low + high) / 2 * stride, (high - low) * stride, 1 / (1 + np.exp(-logits))])
                     .reshape(4 + logits.shape[0], -1))
    return np.concatenate(parts, axis=1)


def main():
    onnxruntime.set_default_logger_severity(3)  # it tells of each constant of the head that is cut off
    pictures = [(path, cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)) for path in bundled.PICTURES]
    if len(sys.argv) > 1:
        check(sys.argv[1], pictures)
    session, heads = open_body()
    images, shapes = [], []
    for source, bound in SHAPES:
        _, resized, size, at = place(source, bound)
        shapes.append({"source": source, "bound": bound, "resized": resized, "size": size, "at": at})
    for path, picture in pictures:
        pixels, where = letterbox(picture, BOUND)
        rows = bundled.select(predict(session, heads, pixels), where, picture.shape, 0.25, False)
        images.append({"image": str(path), "width": pixels.shape[1], "height": pixels.shape[0],
                       "pixels": bundled.digest(pixels), "detections": bundled.boxes_of(rows, (3, 5))})
    text = json.dumps({"stride": STRIDE, "shapes": shapes, "images": images}, indent=1) + "\n"
    pathlib.Path("tests/golden/bundled-rect.json").write_text(text)


if __name__ == "__main__":
    main()
