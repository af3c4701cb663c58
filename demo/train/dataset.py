# SPDX-License-Identifier: Apache-2.0
"""Draws pictures once, letterboxes them to SIZE x SIZE and keeps them as one array.

python dataset.py --count 8000 --seed 1000 --out /tmp/train.npz --jobs 2
"""

import argparse
import multiprocessing

import cv2
import numpy as np

import draw

SIZE = 320


def letterbox(bgr, size=SIZE):
    """Square letterbox, padded with 114 and centred: (picture, scale, left, top)."""
    h, w = bgr.shape[:2]
    r = min(size / h, size / w)
    nw, nh = round(w * r), round(h * r)
    if (nw, nh) != (w, h):
        bgr = cv2.resize(bgr, (nw, nh), interpolation=cv2.INTER_LINEAR)
    top, left = round((size - nh) / 2 - 0.1), round((size - nw) / 2 - 0.1)
    out = np.full((size, size, 3), 114, np.uint8)
    out[top : top + nh, left : left + nw] = bgr
    return out, r, left, top


def one(job):
    seed, index, domain = job
    cv2.setNumThreads(0)
    data, truths, shape = draw.encoded(seed, index, domain)
    boxed, r, left, top = letterbox(cv2.imdecode(data, cv2.IMREAD_COLOR))
    rows = np.array(
        [
            [
                t["category"],
                t["box"][0] * r + left,
                t["box"][1] * r + top,
                t["box"][2] * r + left,
                t["box"][3] * r + top,
            ]
            for t in truths
        ],
        np.float32,
    ).reshape(-1, 5)
    return boxed, rows, (shape[0], shape[1], r, left, top)


def draw_set(count, seed, domain, jobs=2):
    """(pictures uint8 BGR N x SIZE x SIZE x 3, truths N x 32 x 5 padded with -1,
    places N x (height, width, scale, left, top))"""
    pictures = np.empty((count, SIZE, SIZE, 3), np.uint8)
    truths = np.full((count, 32, 5), -1, np.float32)
    places = np.empty((count, 5), np.float64)
    with multiprocessing.Pool(jobs) as pool:
        for i, (p, t, g) in enumerate(
            pool.imap(one, [(seed, i, domain) for i in range(count)], 16)
        ):
            pictures[i], places[i] = p, g
            truths[i, : len(t)] = t
    return pictures, truths, places


def main():
    p = argparse.ArgumentParser(description="draw and letterbox pictures once")
    p.add_argument("--count", type=int, default=8000)
    p.add_argument("--seed", type=int, default=1000)
    p.add_argument("--domain", choices=["usual", "shifted"], default="usual")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--out", required=True)
    a = p.parse_args()
    pictures, truths, places = draw_set(a.count, a.seed, a.domain, a.jobs)
    np.savez(a.out, pictures=pictures, truths=truths, places=places)
    print("%d pictures, %d parts" % (a.count, (truths[:, :, 0] >= 0).sum()))


if __name__ == "__main__":
    main()
