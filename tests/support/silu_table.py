#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/network/silu_table.h and gelu_table.h: activations as 16 cubic segments (see requantize.h).

SiLU(y) = y/2 + g(|y|) with g(a) = (a/2) tanh(a/2), and GELU(y) likewise with g(a) = (a/2) erf(a / sqrt 2), or with its
tanh form. Segment i holds a with round(a / WIDTH) = i, the last one all beyond. Each cubic meets g at both ends of its
segment, so that the whole is continuous, and spends its two free coefficients on the smallest largest error (Remez
exchange). The last is the line a/2, to which the last but one leads.
Usage: silu_table.py > src/network/silu_table.h; silu_table.py gelu > src/network/gelu_table.h
"""
import math
import struct
import sys

SEGMENTS = 16


def to_float(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def silu(a):
    return a / 2 * math.tanh(a / 2)


def gelu(a):
    return a / 2 * math.erf(a / math.sqrt(2))


def gelu_tanh(a):
    return a / 2 * math.tanh(math.sqrt(2 / math.pi) * (a + 0.044715 * a**3))


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


def segment(g, low, high, value_low, value_high):
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


def segments(g, scale):
    """Lines of C: a row for each power of a."""
    coefficients = []
    for i in range(SEGMENTS - 1):
        low, high = max(0.0, (i - 0.5) / scale), (i + 0.5) / scale
        end = high / 2 if i == SEGMENTS - 2 else g(high)
        coefficients.append(segment(g, low, high, g(low), end))
    coefficients.append([0.0, 0.5, 0.0, 0.0])
    rows = []
    for k in range(4):
        values = [to_float(c[k]) for c in coefficients]
        texts = [f"{v:.9g}" for v in values]
        texts = [(t if "." in t or "e" in t else t + ".0") + "f" for t in texts]
        lines = [", ".join(texts[i : i + 6]) for i in range(0, SEGMENTS, 6)]
        rows.append("{" + ",\n ".join(lines) + "}")
    return rows


def print_head(name):
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Written by tests/support/silu_table.py; see requantize.h. */")
    print(f"#ifndef OCTET_NETWORK_{name}_TABLE_H")
    print(f"#define OCTET_NETWORK_{name}_TABLE_H\n")


def print_silu(width=0.85):
    scale = to_float(1 / width)
    print_head("SILU")
    print(f"#define OCT_SILU_SEGMENTS {SEGMENTS}")
    print(f"#define OCT_SILU_SCALE {scale.hex()}f /* segments per unit: 1 / {width} */\n")
    print("/* Row k: coefficient of a to the power k, of every segment. */")
    print("static const float oct_silu_table[4][OCT_SILU_SEGMENTS] = {")
    for row in segments(silu, scale):
        print("    " + row.replace("\n", "\n    ") + ",")
    print("};\n\n#endif")


def print_gelu(width=0.33):
    scale = to_float(1 / width)
    print_head("GELU")
    print(f"#define OCT_GELU_SCALE {scale.hex()}f /* segments per unit: 1 / {width} */\n")
    print("/* By form, erf's and tanh's; row k: coefficient of a to the power k, of every segment. */")
    print(f"static const float oct_gelu_tables[2][4][{SEGMENTS}] = {{")
    for g in gelu, gelu_tanh:
        rows = [row.replace("\n", "\n     ") for row in segments(g, scale)]
        print("    {" + ",\n     ".join(rows) + "},")
    print("};\n\n#endif")


(print_gelu if sys.argv[1:] == ["gelu"] else print_silu)()
