#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""YOLOv8's network in PyTorch FP16 on a GPU, channels last, in a CUDA graph: what octet's CUDA backend is compared with.

    gpu_torch.py STEP...      STEP: MODE:SIZE:BATCH[:MULTIPROCESSORS], for instance compile:n:1 or compile:n:1:8

MODE is eager, compile (torch.compile, default) or autotune (max-autotune without its own graphs: takes minutes).
MULTIPROCESSORS runs in a green context of that many. Weights are random: speed does not depend on them. The head's six
last convolutions are the outputs, as for octet: no decoding, no suppression. Prints the median of graph replays by
CUDA events, one line a step. A step with multiprocessors is a process's last.
"""
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.backends.cudnn.benchmark = True
REPLAYS = 300


class Conv(nn.Module):
    def __init__(self, inputs, outputs, kernel=1, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)

    def forward(self, x):
        return F.silu(self.conv(x))


class Bottleneck(nn.Module):
    def __init__(self, channels, shortcut):
        super().__init__()
        self.cv1, self.cv2, self.shortcut = Conv(channels, channels, 3), Conv(channels, channels, 3), shortcut

    def forward(self, x):
        y = self.cv2(self.cv1(x))
        return x + y if self.shortcut else y


class C2f(nn.Module):
    def __init__(self, inputs, outputs, count, shortcut):
        super().__init__()
        self.hidden = outputs // 2
        self.cv1, self.cv2 = Conv(inputs, outputs), Conv((2 + count) * self.hidden, outputs)
        self.m = nn.ModuleList(Bottleneck(self.hidden, shortcut) for _ in range(count))

    def forward(self, x):
        y = list(self.cv1(x).split(self.hidden, 1))
        for m in self.m:
            y.append(m(y[-1]))
        return self.cv2(torch.cat(y, 1))


class Sppf(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.cv1, self.cv2 = Conv(channels, channels // 2), Conv(channels * 2, channels)

    def forward(self, x):
        y = [self.cv1(x)]
        for _ in range(3):
            y.append(F.max_pool2d(y[-1], 5, 1, 2))
        return self.cv2(torch.cat(y, 1))


class Yolov8(nn.Module):
    def __init__(self, size):
        super().__init__()
        c = [16 * w * {"n": 1, "s": 2}[size] for w in (1, 2, 4, 8, 16)]
        self.backbone = nn.ModuleList([
            Conv(3, c[0], 3, 2), Conv(c[0], c[1], 3, 2), C2f(c[1], c[1], 1, True), Conv(c[1], c[2], 3, 2),
            C2f(c[2], c[2], 2, True), Conv(c[2], c[3], 3, 2), C2f(c[3], c[3], 2, True), Conv(c[3], c[4], 3, 2),
            C2f(c[4], c[4], 1, True), Sppf(c[4])])
        self.m12, self.m15 = C2f(c[4] + c[3], c[3], 1, False), C2f(c[3] + c[2], c[2], 1, False)
        self.m16, self.m18 = Conv(c[2], c[2], 3, 2), C2f(c[2] + c[3], c[3], 1, False)
        self.m19, self.m21 = Conv(c[3], c[3], 3, 2), C2f(c[3] + c[4], c[4], 1, False)
        inner = max(c[2], 80)
        self.box = nn.ModuleList(nn.Sequential(Conv(x, 64, 3), Conv(64, 64, 3), nn.Conv2d(64, 64, 1)) for x in c[2:])
        self.cls = nn.ModuleList(
            nn.Sequential(Conv(x, inner, 3), Conv(inner, inner, 3), nn.Conv2d(inner, 80, 1)) for x in c[2:])

    def forward(self, x):
        kept = []
        for i, layer in enumerate(self.backbone):
            x = layer(x)
            if i in (4, 6, 9):
                kept.append(x)
        p4, p6, p9 = kept
        up = lambda t: F.interpolate(t, scale_factor=2, mode="nearest")
        x12 = self.m12(torch.cat([up(p9), p6], 1))
        x15 = self.m15(torch.cat([up(x12), p4], 1))
        x18 = self.m18(torch.cat([self.m16(x15), x12], 1))
        x21 = self.m21(torch.cat([self.m19(x18), p9], 1))
        levels = (x15, x18, x21)
        return [m(x) for m, x in zip(self.box, levels)] + [m(x) for m, x in zip(self.cls, levels)]


def median_us(network, x):
    with torch.no_grad():
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            for _ in range(4):
                network(x)
            stream.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, stream=stream):
                network(x)
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            times = []
            for i in range(REPLAYS + 20):
                begin.record()
                graph.replay()
                end.record()
                end.synchronize()
                if i >= 20:
                    times.append(begin.elapsed_time(end) * 1e3)
    return sorted(times)[len(times) // 2]


def run(step):
    mode, size, batch, *few = step.split(":")
    if few:
        from torch.cuda.green_contexts import GreenContext
        context = GreenContext.create(num_sms=int(few[0]), device_id=0)
        context.set_context()
    torch.manual_seed(0)
    start = time.time()
    network = Yolov8(size).cuda().half().eval().to(memory_format=torch.channels_last)
    x = torch.randn(int(batch), 3, 640, 640, device="cuda", dtype=torch.half).to(memory_format=torch.channels_last)
    if mode != "eager":
        torch._dynamo.reset()
        network = torch.compile(network, dynamic=False,
                                mode={"compile": "default", "autotune": "max-autotune-no-cudagraphs"}[mode])
    print(f"torch {step}: {median_us(network, x):.1f} us ({time.time() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    print(f"torch {torch.__version__}, {torch.cuda.get_device_name(0)}", flush=True)
    for step in sys.argv[1:]:
        run(step)
