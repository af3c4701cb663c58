# SPDX-License-Identifier: Apache-2.0
"""A narrow detector with the topology of YOLOv8, written from the published architecture."""

import math

import torch
from torch import nn

REG_MAX = 16
STRIDES = (8, 16, 32)
WIDTHS = (8, 16, 32, 64, 128)  # half of yolov8n
DEPTHS = (1, 2, 2, 1)  # as yolov8n
HIDDEN = 32  # inside the head's branches


class Conv(nn.Module):
    """Convolution, batch normalisation, SiLU."""

    def __init__(self, cin, cout, k=1, s=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, k, s, k // 2, bias=False)
        self.bn = nn.BatchNorm2d(cout, eps=1e-3, momentum=0.03)
        self.act = nn.SiLU(inplace=True)

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))

    def fold(self):
        """Puts the batch normalisation into the convolution."""
        k = self.bn.weight / torch.sqrt(self.bn.running_var + self.bn.eps)
        folded = nn.Conv2d(
            self.conv.in_channels,
            self.conv.out_channels,
            self.conv.kernel_size,
            self.conv.stride,
            self.conv.padding,
        )
        folded.weight.data = (self.conv.weight * k[:, None, None, None]).detach().contiguous()
        folded.bias.data = (self.bn.bias - self.bn.running_mean * k).detach()
        self.conv, self.bn = folded, nn.Identity()


class Bottleneck(nn.Module):
    def __init__(self, c, shortcut):
        super().__init__()
        self.cv1, self.cv2, self.add = Conv(c, c, 3), Conv(c, c, 3), shortcut

    def forward(self, x):
        y = self.cv2(self.cv1(x))
        return x + y if self.add else y


class C2f(nn.Module):
    def __init__(self, cin, cout, n=1, shortcut=False):
        super().__init__()
        self.c = cout // 2
        self.cv1 = Conv(cin, 2 * self.c)
        self.cv2 = Conv((2 + n) * self.c, cout)
        self.m = nn.ModuleList(Bottleneck(self.c, shortcut) for _ in range(n))

    def forward(self, x):
        parts = list(self.cv1(x).split((self.c, self.c), 1))
        for m in self.m:
            parts.append(m(parts[-1]))
        return self.cv2(torch.cat(parts, 1))


class SPPF(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.cv1, self.cv2 = Conv(cin, cin // 2), Conv(cin * 2, cout)
        self.m = nn.MaxPool2d(5, 1, 2)

    def forward(self, x):
        y = [self.cv1(x)]
        for _ in range(3):
            y.append(self.m(y[-1]))
        return self.cv2(torch.cat(y, 1))


class Concat(nn.Module):
    def forward(self, *xs):
        return torch.cat(xs, 1)


class DFL(nn.Module):
    """The expectation of a side's distribution over REG_MAX bins, as a fixed 1x1 convolution."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(REG_MAX, 1, 1, bias=False).requires_grad_(False)
        self.conv.weight.data[:] = torch.arange(REG_MAX, dtype=torch.float32).view(1, REG_MAX, 1, 1)

    def forward(self, x):
        b, _, a = x.shape
        return self.conv(x.view(b, 4, REG_MAX, a).transpose(2, 1).softmax(1)).view(b, 4, a)


def anchor_points(size, device=None):
    """Cell centres in cells (A, 2), and each one's stride (A, 1), for a square picture."""
    points, strides = [], []
    for s in STRIDES:
        n = size // s
        y, x = torch.meshgrid(
            torch.arange(n, device=device) + 0.5,
            torch.arange(n, device=device) + 0.5,
            indexing="ij",
        )
        points.append(torch.stack((x, y), -1).view(-1, 2))
        strides.append(torch.full((n * n, 1), float(s), device=device))
    return torch.cat(points), torch.cat(strides)


class Detect(nn.Module):
    def __init__(self, nc, channels):
        super().__init__()
        self.nc = nc
        self.cv2 = nn.ModuleList(
            nn.Sequential(
                Conv(c, HIDDEN, 3), Conv(HIDDEN, HIDDEN, 3), nn.Conv2d(HIDDEN, 4 * REG_MAX, 1)
            )
            for c in channels
        )
        self.cv3 = nn.ModuleList(
            nn.Sequential(Conv(c, HIDDEN, 3), Conv(HIDDEN, HIDDEN, 3), nn.Conv2d(HIDDEN, nc, 1))
            for c in channels
        )
        self.dfl = DFL()
        self.fixed = None  # (points, strides) once the graph is to be exported
        for box, cls, s in zip(self.cv2, self.cv3, STRIDES):
            box[-1].bias.data[:] = 1.0
            cls[-1].bias.data[:] = math.log(
                5 / nc / (320 / s) ** 2
            )  # about five parts in a picture

    def forward(self, xs):
        """Distances as logits (B, 64, A) and class logits (B, nc, A); decoded when exported."""
        b = xs[0].shape[0]
        box = torch.cat([m(x).view(b, 4 * REG_MAX, -1) for m, x in zip(self.cv2, xs)], -1)
        cls = torch.cat([m(x).view(b, self.nc, -1) for m, x in zip(self.cv3, xs)], -1)
        return self.decode(box, cls, *self.fixed) if self.fixed else (box, cls)

    def decode(self, box, cls, points, strides):
        """(B, 4 + nc, A): centre, width and height in pixels, and the class scores.
        points (1, 2, A) and strides (1, A) as constants."""
        d = self.dfl(box)
        low, high = points - d[:, :2], points + d[:, 2:]
        xywh = torch.cat(((low + high) / 2, high - low), 1) * strides
        return torch.cat((xywh, cls.sigmoid()), 1)


class Detector(nn.Module):
    def __init__(self, nc, widths=WIDTHS, depths=DEPTHS):
        super().__init__()
        w0, w1, w2, w3, w4 = widths
        d0, d1, d2, d3 = depths
        self.nc = nc
        self.model = nn.ModuleList(
            [
                Conv(3, w0, 3, 2),
                Conv(w0, w1, 3, 2),
                C2f(w1, w1, d0, True),  # 0-2
                Conv(w1, w2, 3, 2),
                C2f(w2, w2, d1, True),  # 3-4, stride 8
                Conv(w2, w3, 3, 2),
                C2f(w3, w3, d2, True),  # 5-6, stride 16
                Conv(w3, w4, 3, 2),
                C2f(w4, w4, d3, True),
                SPPF(w4, w4),  # 7-9, stride 32
                nn.Upsample(scale_factor=2, mode="nearest"),
                Concat(),
                C2f(w4 + w3, w3),  # 10-12
                nn.Upsample(scale_factor=2, mode="nearest"),
                Concat(),
                C2f(w3 + w2, w2),  # 13-15
                Conv(w2, w2, 3, 2),
                Concat(),
                C2f(w2 + w3, w3),  # 16-18
                Conv(w3, w3, 3, 2),
                Concat(),
                C2f(w3 + w4, w4),  # 19-21
                Detect(nc, (w2, w3, w4)),
            ]
        )

    def forward(self, x):
        m = self.model
        for i in range(5):
            x = m[i](x)
        p3 = x
        p4 = m[6](m[5](p3))
        p5 = m[9](m[8](m[7](p4)))
        n4 = m[12](m[11](m[10](p5), p4))
        n3 = m[15](m[14](m[13](n4), p3))
        n4 = m[18](m[17](m[16](n3), n4))
        n5 = m[21](m[20](m[19](n4), p5))
        return m[22]((n3, n4, n5))

    def predict(self, x):
        """(B, 4 + nc, A), as the exported graph gives it."""
        box, cls = self(x)
        points, strides = anchor_points(x.shape[-1], x.device)
        return self.model[22].decode(box.float(), cls.float(), points.t()[None], strides.t())

    def fold(self):
        for m in self.modules():
            if isinstance(m, Conv) and isinstance(m.bn, nn.BatchNorm2d):
                m.fold()
        return self
