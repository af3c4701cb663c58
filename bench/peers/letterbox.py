# SPDX-License-Identifier: Apache-2.0
"""Times octet's letterbox to 640x640 beside OpenCV's resize alone (no padding, no conversion), one thread each, in turn.

usage: letterbox.py LIBOCTET.so [WIDTHxHEIGHT...]       prints Markdown; fails when a pixel differs
"""
import ctypes
import statistics
import sys
import time

import cv2
import numpy as np

TARGET = 640
SIZES = ["1280x720", "1920x1080", "880x880", "500x375"]


class Octet:
    """The few calls of the library that this needs."""

    def __init__(self, path):
        self.library, self.context = ctypes.CDLL(path), ctypes.c_void_p()
        if self.library.octet_context_create(None, ctypes.byref(self.context)):
            raise SystemExit(f"{path}: no context")

    def image(self, pixels):
        height, width, _ = pixels.shape
        image = ctypes.c_void_p()
        if self.library.octet_image_copy_rgb(self.context, pixels.ctypes.data_as(ctypes.c_void_p), width, height,
                                             ctypes.c_size_t(3 * width), ctypes.byref(image)):
            raise SystemExit("no image")
        return image

    def letterbox(self, image, out):
        self.library.octet_letterbox_image(self.context, image, TARGET, TARGET, out, None)


def timed(call, times):
    start = time.perf_counter()
    call()
    times.append((time.perf_counter() - start) * 1e3)


def measure(octet, width, height):
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    factor = min(TARGET / width, TARGET / height)
    size = round(width * factor), round(height * factor)
    left, top = round((TARGET - size[0]) / 2 - 0.1), round((TARGET - size[1]) / 2 - 0.1)
    image, out = octet.image(pixels), np.zeros((TARGET, TARGET, 3), np.uint8)
    pointer = out.ctypes.data_as(ctypes.c_void_p)
    ours, theirs = [], []
    for _ in range(300):
        timed(lambda: octet.letterbox(image, pointer), ours)
        timed(lambda: cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), theirs)
    octet.library.octet_image_free(ctypes.byref(image))
    wanted = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    if not np.array_equal(out[top:top + size[1], left:left + size[0]], wanted):
        raise SystemExit(f"{width}x{height}: pixels differ")
    return ours, theirs


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    cv2.setNumThreads(1)
    octet = Octet(sys.argv[1])
    print("| picture | octet letterbox, ms (least) | cv2.resize, ms (least) | cv2 / octet |\n|---|---|---|---|")
    for text in sys.argv[2:] or SIZES:
        width, height = map(int, text.split("x"))
        ours, theirs = measure(octet, width, height)
        x, y = statistics.median(ours), statistics.median(theirs)
        print(f"| {text} | {x:.3f} ({min(ours):.3f}) | {y:.3f} ({min(theirs):.3f}) | {y / x:.2f} |")


if __name__ == "__main__":
    main()
