#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/network/silu_table.h: SiLU as 16 cubic segments (see requantize.h).

SiLU(y) = y/2 + g(|y|) with g(a) = (a/2) tanh(a/2). Segment i holds a with round(a / WIDTH) = i, the last one all
beyond. Each cubic meets g at both ends of its segment, so that the whole is continuous, and spends its two free
coefficients on the smallest largest error (Remez exchange). The last is the line a/2, to which the last but one leads.
Usage: silu_table.py > src/network/silu_table.h
"""
import math
import struct

WIDTH = 0.85
SEGMENTS = 16


def to_float(x):
    return struct.unpack("f", struct.pack("f", x))[0]


SCALE = to_float(1 / WIDTH)


def g(a):
    return a / 2 * math.tanh(a / 2)


def solve(matrix, right):
    """Gauss-Jordan with row pivots."""
    n = len(right)
    rows = [list(row) + [value] for row, value in zip(matrix, right)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(n):
            if r != i:
                factor = rows[r][i] / rows[i][i]
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[i])]
    return [rows[i][n] / rows[i][i] for i in range(n)]


def extrema(errors):
    """Index of the largest error of every run of one sign, at most three, the largest."""
    runs = []
    for i, error in enumerate(errors):
        if error == 0:
            continue
        if runs and (errors[runs[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[runs[-1]]):
                runs[-1] = i
        else:
            runs.append(i)
    while len(runs) > 3:
        runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
    return runs


def segment(low, high, value_low, value_high):
    """c0..c3 of line(a) + (a - low)(a - high)(p + q a) with the smallest largest error against g."""
    slope = (value_high - value_low) / (high - low)

    def basis(a):
        return [(a - low) * (a - high), (a - low) * (a - high) * a]

    def rest(a):
        return g(a) - value_low - slope * (a - low)

    count = 4000
    grid = [low + (high - low) * (1 - math.cos(math.pi * i / count)) / 2 for i in range(count + 1)]
    points = [low + (high - low) * (1 - math.cos(math.pi * (i + 0.5) / 3)) / 2 for i in range(3)]
    for _ in range(30):
        p, q, _level = solve([basis(a) + [(-1) ** i] for i, a in enumerate(points)], [rest(a) for a in points])
        errors = [(a - low) * (a - high) * (p + q * a) - rest(a) for a in grid]
        found = extrema(errors)
        if len(found) < 3:
            break
        points = [grid[i] for i in found]
    return [
        value_low - slope * low + p * low * high,
        slope - p * (low + high) + q * low * high,
        p - q * (low + high),
        q,
    ]


def main():
    coefficients = []
    for i in range(SEGMENTS - 1):
        low, high = max(0.0, (i - 0.5) / SCALE), (i + 0.5) / SCALE
        end = high / 2 if i == SEGMENTS - 2 else g(high)
        coefficients.append(segment(low, high, g(low), end))
    coefficients.append([0.0, 0.5, 0.0, 0.0])
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Written by tests/support/silu_table.py; see requantize.h. */")
    print("#ifndef OCTET_RUNTIME_KERNELS_SILU_TABLE_H")
    print("#define OCTET_RUNTIME_KERNELS_SILU_TABLE_H\n")
    print(f"#define OCT_SILU_SEGMENTS {SEGMENTS}")
    print(f"#define OCT_SILU_SCALE {SCALE.hex()}f /* segments per unit: 1 / {WIDTH} */\n")
    print("/* Row k: coefficient of a to the power k, of every segment. */")
    print("static const float oct_silu_table[4][OCT_SILU_SEGMENTS] = {")
    for k in range(4):
        values = [to_float(c[k]) for c in coefficients]
        texts = [f"{v:.9g}" for v in values]
        texts = [(t if "." in t or "e" in t else t + ".0") + "f" for t in texts]
        lines = [", ".join(texts[i : i + 6]) for i in range(0, SEGMENTS, 6)]
        print("    {" + ",\n     ".join(lines) + "},")
    print("};\n\n#endif")


main()
