# SPDX-License-Identifier: Apache-2.0
"""Pictures as the peers take them: Ultralytics' letterbox, float32 RGB planes in [0, 1]."""
import pathlib

import cv2
import numpy as np


def listed(folder, count):
    """The first `count` JPEGs of a folder, in sorted order."""
    found = sorted(p for p in pathlib.Path(folder).iterdir() if p.suffix.lower() in (".jpg", ".jpeg"))
    if not found:
        raise SystemExit(f"{folder}: no JPEG in it")
    return [str(p) for p in found[:count]]


def letterboxed(path, height, width):
    """Shape (1, 3, height, width)."""
    picture = cv2.imread(path)
    if picture is None:
        raise SystemExit(f"{path}: not a picture")
    source_height, source_width = picture.shape[:2]
    factor = min(height / source_height, width / source_width)
    size = round(source_width * factor), round(source_height * factor)
    if size != (source_width, source_height):
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    left, top = round((width - size[0]) / 2 - 0.1), round((height - size[1]) / 2 - 0.1)
    canvas = np.full((height, width, 3), 114, np.uint8)
    canvas[top:top + size[1], left:left + size[0]] = picture
    planes = canvas[:, :, ::-1].transpose(2, 0, 1)[None]
    return np.ascontiguousarray(planes, dtype=np.float32) / 255
