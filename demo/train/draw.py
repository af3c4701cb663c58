# SPDX-License-Identifier: Apache-2.0
"""Draws pictures of an inspection line, with ground truth.

A camera looks down on a conveyor belt with washers, bolts, nuts and gears on it.  Some parts carry
a visible flaw (a chip, a crack, missing teeth, a bend, a notch) and are then of class `defect`,
whatever the part is.  The same seed always gives the same pictures (for one version of NumPy and
OpenCV); picture i of a seed does not depend on how many pictures are drawn.

    python draw.py --count 32 --seed 7 --out /tmp/pictures
    python draw.py --count 8 --seed 8 --domain shifted --out /tmp/shifted
"""

import argparse
import json
import math
import os

import cv2
import numpy as np

CLASSES = ["washer", "bolt", "nut", "gear", "defect"]
DEFECT = 4
FLAWS = {
    "washer": ["chip", "crack"],
    "bolt": ["bend", "notch"],
    "nut": ["chip", "crack"],
    "gear": ["missing_teeth", "crack", "chip"],
}
SIZES = [
    (640, 480),
    (480, 360),
    (400, 400),
    (360, 480),
    (512, 288),
    (640, 360),
    (480, 480),
    (320, 320),
]

# ---------------------------------------------------------------------------------------- the belt


def smooth_noise(rng, h, w, cell):
    """Noise in about [-1, 1] that varies over `cell` pixels."""
    small = rng.standard_normal((max(2, int(h / cell) + 2), max(2, int(w / cell) + 2))).astype(
        np.float32
    )
    return cv2.resize(small, (w, h), interpolation=cv2.INTER_CUBIC) * 0.6


def turned_grid(h, w, angle):
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    c, s = math.cos(angle), math.sin(angle)
    return x * c + y * s, -x * s + y * c


def belt_rubber(rng, h, w, u, v, k):
    base = np.array(rng.choice([[46, 48, 52], [60, 62, 64], [38, 42, 48]]), np.float32)
    t = 0.09 * rng.standard_normal((h, w)).astype(np.float32) + 0.10 * smooth_noise(
        rng, h, w, 40 * k
    )
    return base, 1 + t


def belt_diamond(rng, h, w, u, v, k):
    base = np.array(rng.choice([[44, 96, 66], [36, 84, 84], [52, 104, 52]]), np.float32)
    p = rng.uniform(9, 15) * k
    d = np.maximum(np.cos(2 * np.pi * (u + v) / p), np.cos(2 * np.pi * (u - v) / p))
    return base, 1 + 0.16 * np.clip(d * 3 - 1.9, -0.6, 1) + 0.05 * smooth_noise(rng, h, w, 25 * k)


def belt_modular(rng, h, w, u, v, k):
    base = np.array(rng.choice([[52, 92, 150], [170, 176, 180], [70, 110, 160]]), np.float32)
    p = rng.uniform(34, 60) * k
    col = np.floor(u / (p * 1.8))
    a = (v / p) % 1.0
    b = ((u / (p * 1.8)) + 0.5 * (np.floor(v / p) % 2)) % 1.0
    seam = np.minimum(np.minimum(a, 1 - a) * p, np.minimum(b, 1 - b) * p * 1.8)
    t = 1 - 0.5 * np.exp(-((seam / (1.3 * k)) ** 2)) + 0.10 * (a - 0.5)
    return base, t + 0.03 * np.sin(col * 12.9 + np.floor(v / p) * 7.7) + 0.03 * smooth_noise(
        rng, h, w, 30 * k
    )


def belt_weave(rng, h, w, u, v, k):
    base = np.array(rng.choice([[132, 132, 126], [150, 140, 118], [108, 116, 122]]), np.float32)
    p = rng.uniform(4.5, 7.5) * k
    t = np.sin(2 * np.pi * u / p) * np.sin(2 * np.pi * v / p)
    return base, 1 + 0.13 * t + 0.06 * smooth_noise(rng, h, w, 18 * k)


def belt_ribbed(rng, h, w, u, v, k):
    base = np.array(rng.choice([[84, 86, 92], [66, 70, 82], [104, 98, 92]]), np.float32)
    p = rng.uniform(12, 26) * k
    t = np.abs(((u / p) % 1.0) - 0.5) * 2
    return base, 0.82 + 0.3 * np.clip((t - 0.25) * 4, 0, 1) + 0.04 * rng.standard_normal(
        (h, w)
    ).astype(np.float32)


def belt_wood(rng, h, w, u, v, k):
    base = np.array(rng.choice([[134, 88, 52], [112, 74, 50], [146, 104, 66]]), np.float32)
    p = rng.uniform(60, 110) * k
    plank = np.floor(v / p)
    grain = np.sin(v * 0.55 / k + 3.5 * smooth_noise(rng, h, w, 60 * k) + plank * 5)
    seam = np.minimum((v / p) % 1.0, 1 - (v / p) % 1.0) * p
    return base, 1 + 0.13 * grain + 0.08 * np.sin(plank * 9.1) - 0.6 * np.exp(
        -((seam / (1.5 * k)) ** 2)
    )


def belt_chevron(rng, h, w, u, v, k):
    base = np.array(rng.choice([[120, 58, 44], [86, 54, 104], [128, 78, 30]]), np.float32)
    p = rng.uniform(26, 44) * k
    t = ((u + np.abs(v - v.mean()) * 0.8) / p) % 1.0
    return base, 0.92 + 0.28 * np.exp(-(((t - 0.5) * 6) ** 2)) + 0.05 * smooth_noise(
        rng, h, w, 20 * k
    )


def belt_mesh(rng, h, w, u, v, k):
    base = np.array(rng.choice([[88, 80, 70], [94, 72, 58]]), np.float32)
    p = rng.uniform(11, 17) * k
    t = np.maximum(np.abs(np.sin(np.pi * u / p)) ** 6, np.abs(np.sin(np.pi * v / p)) ** 6)
    return base, 0.55 + 0.6 * (1 - t) + 0.05 * smooth_noise(rng, h, w, 20 * k)


BELTS = {
    "usual": [belt_rubber, belt_diamond, belt_modular, belt_weave, belt_ribbed],
    "shifted": [belt_wood, belt_chevron, belt_mesh],
}


def draw_belt(rng, h, w, domain):
    k = min(h, w) / 400.0
    kind = BELTS[domain][rng.integers(len(BELTS[domain]))]
    angle = rng.choice([0, math.pi / 2]) + rng.normal(0, 0.06)
    u, v = turned_grid(h, w, angle)
    base, t = kind(rng, h, w, u + rng.uniform(0, 200), v + rng.uniform(0, 200), k)
    if domain == "usual":
        base = base * rng.uniform(0.85, 1.15) + rng.normal(0, 5, 3)
    img = base[None, None, :] * t[..., None]
    for _ in range(rng.integers(0, 4)):  # stains
        x, y, r = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(10, 45) * k
        stain = np.zeros((h, w), np.float32)
        cv2.ellipse(
            stain,
            (int(x), int(y)),
            (int(r), int(r * rng.uniform(0.4, 1))),
            rng.uniform(0, 180),
            0,
            360,
            1,
            -1,
        )
        stain = cv2.GaussianBlur(stain, (0, 0), max(1.0, r * 0.15))
        img *= 1 - stain[..., None] * rng.uniform(0.08, 0.3)
    for _ in range(rng.integers(0, 5)):  # scratches
        a, b = rng.uniform(0, [w, h]), rng.uniform(0, [w, h])
        b = a + (b - a) * rng.uniform(0.1, 0.5)
        layer = np.zeros((h, w), np.float32)
        cv2.line(
            layer, tuple(a.astype(int).tolist()), tuple(b.astype(int).tolist()), 1, 1, cv2.LINE_AA
        )
        img *= 1 + layer[..., None] * rng.uniform(-0.25, 0.3)
    if rng.random() < 0.3:  # the rail beside the belt
        edge = rng.uniform(0.03, 0.09) * (h if abs(math.cos(angle)) > 0.7 else w)
        d = v - v.min() if rng.random() < 0.5 else v.max() - v
        rail = np.clip(edge - d + 0.5, 0, 1)[..., None]
        tone = 150 + 40 * np.sin(d / max(edge, 1) * 3.0) + 4 * rng.standard_normal((h, w))
        shade = 1 - 0.45 * np.exp(-np.clip(d - edge, 0, None) / (5 * k))
        img = img * shade[..., None] * (1 - rail) + rail * tone[..., None] * np.array([1, 1, 1.03])
    return img.astype(np.float32)


# --------------------------------------------------------------------------------------- the parts


def washer(rng, r, u, v, flaw, phi):
    d, th = np.hypot(u, v), np.arctan2(v, u)
    hole = rng.uniform(0.40, 0.58)
    sd = np.maximum(d - 1, hole - d)
    height = np.clip(-sd / 0.10, 0, 1) * 0.05
    tone = np.ones_like(u)
    tone += 0.22 * np.cos(2 * th + rng.uniform(0, 6)) ** 3 + 0.05 * np.sin(d * rng.uniform(60, 90))
    return sd, height, tone, None, phi


def nut(rng, r, u, v, flaw, phi):
    d = np.hypot(u, v)
    hole = rng.uniform(0.46, 0.56)
    sides = (0, math.pi / 3, 2 * math.pi / 3)
    hexagon = np.max([np.abs(u * math.cos(a) + v * math.sin(a)) for a in sides], 0) - 0.866
    if flaw == "chip":  # at a corner
        phi = math.pi / 6 + math.pi / 3 * rng.integers(6)
    sd = np.maximum(hexagon, hole - d)
    height = np.clip(-sd / 0.05, 0, 1) * 0.06 - 0.9 * np.clip(d - 0.83, 0, 1) ** 1.2
    height -= 0.12 * np.clip((hole + 0.11 - d) / 0.11, 0, 1)
    tone = np.ones_like(u)
    tone -= 0.18 * ((d > hole) & (d < hole + 0.09))
    return sd, height, tone, None, phi


def gear(rng, r, u, v, flaw, phi):
    d, th = np.hypot(u, v), np.arctan2(v, u)
    n = int(rng.integers(10, 19))
    root = rng.uniform(0.76, 0.82)
    phase = th * n / (2 * math.pi)
    tooth = np.clip((np.cos(2 * math.pi * phase) + 0.25) * 1.8, 0, 1)
    lost = None
    if flaw == "missing_teeth":
        first, m = int(rng.integers(n)), int(rng.integers(2, 4))
        gone = np.isin(np.mod(np.floor(phase + 0.5), n), [(first + j) % n for j in range(m)])
        tooth = np.where(gone, -0.15 + 0.12 * np.sin(phase * 23), tooth)
        lost = gone & (d > root - 0.05) & (d < 1)
    edge = root + (1 - root) * tooth
    hole = rng.uniform(0.18, 0.30)
    sd = np.maximum((d - edge) * 0.75, hole - d)
    height = np.clip(-sd / 0.06, 0, 1) * 0.05
    tone = np.ones_like(u)
    style = rng.integers(3)
    if style == 0:  # a sunk web
        web = np.clip((d - hole - 0.12) / 0.05, 0, 1) * np.clip((root - 0.14 - d) / 0.05, 0, 1)
        height -= 0.09 * web
        tone -= 0.15 * web
    elif style == 1 and r > 24:  # holes in the web
        m = int(rng.integers(4, 7))
        a = np.mod(th, 2 * math.pi / m) - math.pi / m
        sd = np.maximum(sd, 0.115 - np.hypot(d * np.cos(a) - 0.52, d * np.sin(a)))
        height = np.clip(-sd / 0.06, 0, 1) * 0.05
    tone += 0.16 * np.cos(2 * th + rng.uniform(0, 6)) ** 3
    return sd, height, tone, lost, phi


def bolt(rng, r, u, v, flaw, phi):
    """Lies along u, its head at -1."""
    hw, hh = rng.uniform(0.27, 0.34), rng.uniform(0.20, 0.27)
    sw = hw * rng.uniform(0.48, 0.6)
    u0 = -1 + hh
    thread_from = rng.uniform(-0.6, -0.1)
    head = np.maximum(np.abs(u - (u0 - hh / 2)) - hh / 2, np.abs(v) - hw)
    uu, vv, bent, lost = u, v, None, None
    if flaw == "bend":  # past the knee, turned coordinates
        turn = rng.uniform(0.45, 0.8) * rng.choice([-1, 1])
        knee = rng.uniform(-0.1, 0.25)
        bent = (u - knee) * math.cos(turn / 2) + v * math.sin(turn / 2) > 0
        uu = np.where(bent, (u - knee) * math.cos(turn) + v * math.sin(turn) + knee, u)
        vv = np.where(bent, -(u - knee) * math.sin(turn) + v * math.cos(turn), v)
    pitch = rng.uniform(0.075, 0.10)
    thread = np.abs(np.mod(uu / pitch, 1) - 0.5) * 2
    threaded = np.clip((uu - thread_from) * 30, 0, 1)
    half = sw * (1 - 0.16 * thread * threaded)
    half = np.minimum(half, np.clip(0.99 - uu, 0, 1) * 1.2 + sw * 0.62)
    shank = np.maximum(np.maximum(u0 - uu, uu - 0.98), np.abs(vv) - half)
    if flaw == "bend":
        shank = np.where(bent | (u >= u0), shank, 1)
        lost = bent & (shank < 0)
    if flaw == "notch":
        at, side = rng.uniform(0.0, 0.6), rng.choice([-1, 1])
        bite = np.hypot((uu - at) * rng.uniform(0.75, 1.0), vv - side * sw)
        bite = bite - sw * rng.uniform(1.15, 1.35)
        lost = (shank < 0) & (bite < 0)
        shank = np.maximum(shank, -bite)
    sd = np.minimum(head, shank)
    barrel = np.sqrt(np.clip(sw * sw - vv * vv, 0, None)) * (1 - 0.10 * thread * threaded)
    slope = (np.abs(v) - hw * 0.5) * 1.1
    facet = np.where(np.abs(v) < hw * 0.5, hw * 0.95, hw * 0.95 - slope)
    facet = facet - 0.05 * np.clip(1 + head / 0.03, 0, 1)
    height = np.where(head < 0, facet, barrel) * 0.75
    tone = np.ones_like(u) - np.where(head < 0, 0, 0.30 * thread * threaded)
    return sd, height, tone, lost, phi


SHAPES = {"washer": washer, "bolt": bolt, "nut": nut, "gear": gear}


def part(rng, kind, flaw, r, angle):
    """One part of radius r pixels: (alpha, height, tone, flaw region), float32 squares; the
    silhouette is where alpha > 0.5.  A shape is a signed distance in units of r."""
    e = int(r * 1.12) + 4
    y, x = np.mgrid[-e : e + 1, -e : e + 1].astype(np.float32)
    c, s = math.cos(angle) / r, math.sin(angle) / r
    u, v = x * c + y * s, -x * s + y * c
    phi = rng.uniform(-math.pi, math.pi)
    sd, height, tone, lost, phi = SHAPES[kind](rng, r, u, v, flaw, phi)
    if flaw == "chip":
        size = rng.uniform(0.37, 0.48) if kind == "gear" else rng.uniform(0.27, 0.40)
        pu, pv = 0.98 * math.cos(phi), 0.98 * math.sin(phi)
        q = np.arctan2(v - pv, u - pu)
        ragged = 1 + 0.12 * np.sin(q * 5 + phi) + 0.06 * np.sin(q * 11)
        bite = np.hypot(u - pu, v - pv) - size * ragged
        lost = (sd < 0) & (bite < 0)
        sd = np.maximum(sd, -bite)
        height = height * np.clip(-sd / 0.03, 0, 1)
    elif flaw == "crack":
        wide = rng.uniform(0.055, 0.095)
        along = u * math.cos(phi) + v * math.sin(phi)
        across = -u * math.sin(phi) + v * math.cos(phi)
        across = across + 0.05 * np.sin(along * rng.uniform(9, 14) + phi)
        across = across + 0.025 * np.sin(along * 31)
        gap = np.maximum(np.abs(across) - wide * (0.55 + 0.6 * along), -along)
        lost = (sd < 0) & (gap < 0)
        sd = np.maximum(sd, -gap)
    alpha = np.clip(0.5 - sd * r, 0, 1).astype(np.float32)
    return alpha, (height * r).astype(np.float32), tone.astype(np.float32), lost


METALS = [
    ([196, 198, 202], 0.55),
    ([170, 174, 182], 0.5),
    ([212, 210, 200], 0.6),
    ([92, 94, 100], 0.45),
    ([198, 164, 92], 0.5),
    ([190, 128, 92], 0.45),
]
METAL_ODDS = [0.28, 0.26, 0.16, 0.10, 0.13, 0.07]


def shade(rng, alpha, height, tone, light, texture):
    base, gloss = METALS[rng.choice(len(METALS), p=METAL_ODDS)]
    base = np.array(base, np.float32) * rng.uniform(0.88, 1.1)
    gy, gx = np.gradient(cv2.GaussianBlur(height, (0, 0), 0.7))
    nz = 1 / np.sqrt(gx * gx + gy * gy + 1)
    nx, ny = -gx * nz, -gy * nz
    lx, ly, lz = light
    diffuse = np.clip(nx * lx + ny * ly + nz * lz, 0, 1)
    hx, hy, hz = np.array([lx, ly, lz + 1]) / np.linalg.norm([lx, ly, lz + 1])
    spec = np.clip(nx * hx + ny * hy + nz * hz, 0, 1) ** 24
    sky = 0.10 * (nx * 0.5 - ny * 0.8)
    fine = 1 + texture * rng.standard_normal(alpha.shape).astype(np.float32)
    f = (0.28 + 0.80 * diffuse + sky) * tone * fine
    return base[None, None] * f[..., None] + (110 * gloss * spec * (0.6 + 0.4 * tone))[..., None]


def silhouette_box(alpha):
    ys, xs = np.where((alpha > 0.5).any(1))[0], np.where((alpha > 0.5).any(0))[0]
    return xs[0], ys[0], xs[-1] + 1, ys[-1] + 1


def camera(rng, img, light, domain):
    """Uneven light, exposure, blur, grain: (BGR uint8 picture, JPEG quality)."""
    h, w = img.shape[:2]
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    fall = 1 + rng.uniform(0, 0.28) * ((x / w - 0.5) * light[0] + (y / h - 0.5) * light[1]) / 0.7
    fall *= 1 - rng.uniform(0, 0.3) * (((x / w - 0.5) ** 2 + (y / h - 0.5) ** 2) * 2)
    if domain == "usual":
        gain, warm, grain = rng.uniform(0.72, 1.22), rng.uniform(-0.06, 0.06), rng.uniform(1.0, 5.0)
    else:
        gain, warm, grain = rng.uniform(0.42, 0.7), rng.uniform(0.02, 0.14), rng.uniform(3.0, 7.0)
    img = img * (fall * gain)[..., None] * np.array([1 + warm, 1.0, 1 - warm], np.float32)
    k = min(h, w) / 400.0
    blur = rng.uniform(0.3, 1.0) * k
    if blur > 0.25:
        img = cv2.GaussianBlur(img, (0, 0), blur)
    if rng.random() < 0.25:  # the belt moved
        length = max(2, int(rng.uniform(2, 6) * k))
        kernel = np.zeros((length, length), np.float32)
        if rng.random() < 0.5:
            kernel[length // 2, :] = 1.0 / length
        else:
            kernel[:, length // 2] = 1.0 / length
        img = cv2.filter2D(img, -1, kernel)
    img = (
        img
        + rng.standard_normal((h, w, 1), np.float32) * grain * 0.7
        + rng.standard_normal((h, w, 3), np.float32) * grain * 0.5
    )
    img = np.clip(img, 0, 255)
    gamma = rng.uniform(0.88, 1.15)
    img = 255 * (img / 255) ** gamma
    bgr = np.ascontiguousarray(np.clip(img, 0, 255).astype(np.uint8)[:, :, ::-1])
    quality = int(rng.integers(60, 96))
    return bgr, quality


def picture(seed, index, domain="usual", size=None):
    """Returns (BGR uint8 picture, list of truths, JPEG quality).  A truth has box [x0, y0, x1, y1]
    in pixels (the whole outline, also where another part lies over it, clipped to the picture),
    category (index into CLASSES), part, flaw (None if sound) and visible (share of the outline in
    sight)."""
    rng = np.random.default_rng([seed, index, 0 if domain == "usual" else 1])
    w, h = size or SIZES[rng.integers(len(SIZES))]
    short = min(w, h)
    img = draw_belt(rng, h, w, domain)
    az, el = rng.uniform(0, 2 * math.pi), rng.uniform(0.7, 1.25)
    light = (math.cos(az) * math.cos(el), math.sin(az) * math.cos(el), math.sin(el))
    soft, dark = rng.uniform(0.7, 2.2), rng.uniform(0.35, 0.7)
    texture = rng.uniform(0.015, 0.05)
    zoom = rng.uniform(0.85, 1.2)
    wanted = int(rng.integers(2, 10)) if rng.random() > 0.03 else 0
    truths, cover = [], []
    area_used = 0.0
    for _ in range(wanted * 4):
        if len(truths) >= wanted or area_used > 0.42 * w * h:
            break
        kind = CLASSES[rng.integers(4)]
        flaw = FLAWS[kind][rng.integers(len(FLAWS[kind]))] if rng.random() < 0.27 else None
        r = short * rng.uniform(0.075, 0.155) * zoom * (1.35 if kind == "bolt" else 1.0)
        alpha, height, tone, lost = part(rng, kind, flaw, r, rng.uniform(0, 2 * math.pi))
        n = alpha.shape[0]
        x0, y0 = int(rng.uniform(-0.35 * n, w - 0.65 * n)), int(
            rng.uniform(-0.35 * n, h - 0.65 * n)
        )
        if rng.random() < 0.75:  # most lie wholly in the picture
            x0, y0 = int(np.clip(x0, 1, max(1, w - n - 1))), int(np.clip(y0, 1, max(1, h - n - 1)))
        ax0, ay0, ax1, ay1 = max(0, -x0), max(0, -y0), min(n, w - x0), min(n, h - y0)
        solid = alpha > 0.5
        total = solid.sum()
        inside = solid[ay0:ay1, ax0:ax1].sum() / total
        if inside < 0.62:
            continue
        if lost is not None and (
            lost.sum() == 0 or lost[ay0:ay1, ax0:ax1].sum() / lost.sum() < 0.8
        ):
            continue
        full = np.zeros((h, w), bool)
        full[y0 + ay0 : y0 + ay1, x0 + ax0 : x0 + ax1] = solid[ay0:ay1, ax0:ax1]
        filled = cv2.dilate(full.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        ok = True
        for t in cover:  # leave what lies below in sight
            left = (t["sight"] & ~full).sum() / t["total"]
            if left < 0.70 or (
                t["lost"] is not None and (t["lost"] & filled).sum() > 0.12 * t["lost"].sum()
            ):
                ok = False
                break
            if (t["sight"] & full).any() and rng.random() < 0.35:  # overlap, but not always
                ok = False
                break
        if not ok:
            continue
        for t in cover:
            t["sight"] &= ~full
        lost_full = None
        if lost is not None:
            lost_full = np.zeros((h, w), bool)
            lost_full[y0 + ay0 : y0 + ay1, x0 + ax0 : x0 + ax1] = lost[ay0:ay1, ax0:ax1]
        # the shadow, then the part
        lift = r * (0.10 if kind in ("washer", "gear") else 0.20)
        sh = np.zeros((h, w), np.float32)
        sh[y0 + ay0 : y0 + ay1, x0 + ax0 : x0 + ax1] = alpha[ay0:ay1, ax0:ax1]
        fall = lift / math.tan(el)
        pad = int(abs(fall) + soft * 4 + 3)
        ry0, ry1, rx0, rx1 = (
            max(0, y0 - pad),
            min(h, y0 + n + pad),
            max(0, x0 - pad),
            min(w, x0 + n + pad),
        )
        move = np.float32([[1, 0, -fall * math.cos(az)], [0, 1, -fall * math.sin(az)]])
        region = sh[ry0:ry1, rx0:rx1]
        cast = cv2.warpAffine(region, move, (region.shape[1], region.shape[0]))
        cast = cv2.GaussianBlur(cast, (0, 0), soft * short / 400 + 0.4)
        near = cv2.GaussianBlur(region, (0, 0), 1.0 + r * 0.05)
        img[ry0:ry1, rx0:rx1] *= (1 - np.maximum(dark * cast, 0.35 * near))[..., None]
        look = shade(rng, alpha, height, tone, light, texture)
        a = alpha[ay0:ay1, ax0:ax1, None]
        img[y0 + ay0 : y0 + ay1, x0 + ax0 : x0 + ax1] = (
            img[y0 + ay0 : y0 + ay1, x0 + ax0 : x0 + ax1] * (1 - a) + look[ay0:ay1, ax0:ax1] * a
        )
        bx = silhouette_box(alpha)
        box = [
            max(0, int(bx[0] + x0)),
            max(0, int(bx[1] + y0)),
            min(w, int(bx[2] + x0)),
            min(h, int(bx[3] + y0)),
        ]
        cover.append({"sight": full, "total": total, "lost": lost_full})
        truths.append(
            {
                "box": box,
                "category": DEFECT if flaw else CLASSES.index(kind),
                "part": kind,
                "flaw": flaw,
            }
        )
        area_used += (box[2] - box[0]) * (box[3] - box[1])
    for t, c in zip(truths, cover):
        t["visible"] = round(float(c["sight"].sum() / c["total"]), 3)

    bgr, quality = camera(rng, img, light, domain)
    return bgr, truths, quality


def encoded(seed, index, domain="usual", size=None):
    """The picture as JPEG bytes, and its truths."""
    bgr, truths, quality = picture(seed, index, domain, size)
    ok, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert ok
    return data, truths, bgr.shape[:2]


# --------------------------------------------------------------------------------------- the files


def coco_header():
    return {
        "info": {"description": "drawn pictures of an inspection line", "license": "Apache-2.0"},
        "images": [],
        "annotations": [],
        "categories": [{"id": i, "name": n} for i, n in enumerate(CLASSES)],
    }


def add_to_coco(coco, name, shape, truths):
    image_id = len(coco["images"]) + 1
    coco["images"].append(
        {"id": image_id, "file_name": name, "width": int(shape[1]), "height": int(shape[0])}
    )
    for t in truths:
        x0, y0, x1, y1 = t["box"]
        coco["annotations"].append(
            {
                "id": len(coco["annotations"]) + 1,
                "image_id": image_id,
                "category_id": t["category"],
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "area": (x1 - x0) * (y1 - y0),
                "iscrowd": 0,
                "part": t["part"],
                "flaw": t["flaw"],
                "visible": t["visible"],
            }
        )


def yolo_lines(shape, truths):
    h, w = shape
    return "".join(
        "%d %.6f %.6f %.6f %.6f\n"
        % (
            t["category"],
            (t["box"][0] + t["box"][2]) / 2 / w,
            (t["box"][1] + t["box"][3]) / 2 / h,
            (t["box"][2] - t["box"][0]) / w,
            (t["box"][3] - t["box"][1]) / h,
        )
        for t in truths
    )


def main():
    p = argparse.ArgumentParser(
        description="draw pictures of an inspection line, with ground truth"
    )
    p.add_argument("--count", type=int, default=32)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--domain", choices=["usual", "shifted"], default="usual")
    p.add_argument(
        "--out",
        required=True,
        help="folder: images/, labels/, coco.json and data.yaml are written there",
    )
    p.add_argument("--prefix", default="", help="first part of the file names")
    a = p.parse_args()
    os.makedirs(os.path.join(a.out, "images"), exist_ok=True)
    os.makedirs(os.path.join(a.out, "labels"), exist_ok=True)
    coco = coco_header()
    for i in range(a.count):
        data, truths, shape = encoded(a.seed, i, a.domain)
        stem = "%s%04d" % (a.prefix, i)
        data.tofile(os.path.join(a.out, "images", stem + ".jpg"))
        with open(os.path.join(a.out, "labels", stem + ".txt"), "w") as f:
            f.write(yolo_lines(shape, truths))
        add_to_coco(coco, stem + ".jpg", shape, truths)
    with open(os.path.join(a.out, "coco.json"), "w") as f:
        json.dump(coco, f, indent=1)
        f.write("\n")
    with open(os.path.join(a.out, "data.yaml"), "w") as f:
        f.write(
            "path: .\ntrain: images\nval: images\nnames:\n"
            + "".join("  %d: %s\n" % c for c in enumerate(CLASSES))
        )


if __name__ == "__main__":
    main()
