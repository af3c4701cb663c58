# SPDX-License-Identifier: Apache-2.0
"""bad_layer.py IN.onnx OUT.onnx [FACTOR]: the demo's model with one bad layer.

One channel of layer 59 reaches 200 times as far, and layer 60, which alone reads it, takes a 200th of it. The codes of
59's output then hardly tell the other channels apart. With a FACTOR all channels of 59 reach so far: of 1e-36 what 60
multiplies by is so large that its gradients are no numbers.
"""
import struct
import sys

data = bytearray(open(sys.argv[1], "rb").read())

def number(at):
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at

def fields(at, end):
    while at < end:
        key, at = number(at)
        if key & 7 == 2:
            size, at = number(at)
            yield key >> 3, at, at + size
            at += size
        elif key & 7 == 0:
            at = number(at)[1]
        else:
            at += 4 if key & 7 == 5 else 8

values = {}
for field, start, end in fields(0, len(data)):
    for of_graph, first, last in fields(start, end) if field == 7 else ():
        if of_graph == 5:
            parts = {tag: (a, b) for tag, a, b in fields(first, last)}
            values[data[slice(*parts[8])].decode()] = parts[9]

def scale(name, factor, wanted):
    start, end = values[name]
    for index in range((end - start) // 4):
        if wanted(index):
            value, = struct.unpack_from("<f", data, start + 4 * index)
            struct.pack_into("<f", data, start + 4 * index, value * factor)

head = "model.22.cv3.0."
factor = float(sys.argv[3]) if len(sys.argv) > 3 else 200
every = len(sys.argv) > 3
scale(head + "0.conv.weight", factor, lambda i: every or i < 32 * 9)
scale(head + "0.conv.bias", factor, lambda i: every or i == 0)
scale(head + "1.conv.weight", 1 / factor, lambda i: every or i // 9 % 32 == 0)
open(sys.argv[2], "wb").write(data)
