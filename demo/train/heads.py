# SPDX-License-Identifier: Apache-2.0
"""The heads: what makes boxes and scores of three levels of features.

A head returns the raw tensors of its branches in training, [(box, cls), ...] with box (B, 4 or 64,
A) and cls (B, nc, A) logits, those of the branch that is exported last.
"""

import copy
import math

import torch
from torch import nn

from blocks import Conv, depthwise

REG_MAX = 16
STRIDES = (8, 16, 32)
BOXES_MOST = 300  # of the selection in the graph


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


def box_branch(c, hidden, out):
    return nn.Sequential(Conv(c, hidden, 3), Conv(hidden, hidden, 3), nn.Conv2d(hidden, out, 1))


def class_branch(c, hidden, nc):
    return nn.Sequential(Conv(c, hidden, 3), Conv(hidden, hidden, 3), nn.Conv2d(hidden, nc, 1))


def separable_class_branch(c, hidden, nc):
    return nn.Sequential(
        nn.Sequential(depthwise(c), Conv(c, hidden)),
        nn.Sequential(depthwise(hidden), Conv(hidden, hidden)),
        nn.Conv2d(hidden, nc, 1),
    )


def start(boxes, classes, nc):
    """First biases: about five parts in a 320 x 320 picture."""
    for box, cls, s in zip(boxes, classes, STRIDES):
        box[-1].bias.data[:] = 1.0
        cls[-1].bias.data[:] = math.log(5 / nc / (320 / s) ** 2)


def flat(branches, xs):
    """What the levels' branches say, (B, channels, cells of all levels)."""
    b = xs[0].shape[0]
    return torch.cat([m(x).view(b, m[-1].out_channels, -1) for m, x in zip(branches, xs)], -1)


class Detect(nn.Module):
    """One branch, distances as distributions; prediction (B, 4 + nc, A): centre, width and height
    in pixels, and the scores."""

    def __init__(self, nc, channels, hidden, separable=False):
        super().__init__()
        self.nc = nc
        box, cls = hidden
        classes = separable_class_branch if separable else class_branch
        self.cv2 = nn.ModuleList(box_branch(c, box, 4 * REG_MAX) for c in channels)
        self.cv3 = nn.ModuleList(classes(c, cls, nc) for c in channels)
        self.dfl = DFL()
        self.fixed = None  # (points, strides) once the graph is to be exported
        start(self.cv2, self.cv3, nc)

    def forward(self, xs):
        box, cls = flat(self.cv2, xs), flat(self.cv3, xs)
        return self.decode(box, cls, *self.fixed) if self.fixed else [(box, cls)]

    def decode(self, box, cls, points, strides):
        """points (1, 2, A) and strides (1, A) as constants."""
        return prediction(self.dfl(box), cls, points, strides)


def prediction(distances, cls, points, strides):
    low, high = points - distances[:, :2], points + distances[:, 2:]
    xywh = torch.cat(((low + high) / 2, high - low), 1) * strides
    return torch.cat((xywh, cls.sigmoid()), 1)


class DetectOnce(nn.Module):
    """Two branches of distances as they are: one gives an object several boxes and teaches the
    features, the other one box (it sees the features without a gradient, as in YOLOv10) and is
    exported.  Prediction (B, 300, 6): corners in pixels, score, class, best first; `raw`: as
    Detect's."""

    def __init__(self, nc, channels, hidden, raw=False):
        super().__init__()
        self.nc, self.raw = nc, raw
        box, cls = hidden
        self.cv2 = nn.ModuleList(box_branch(c, box, 4) for c in channels)
        self.cv3 = nn.ModuleList(separable_class_branch(c, cls, nc) for c in channels)
        start(self.cv2, self.cv3, nc)
        self.one2one_cv2 = copy.deepcopy(self.cv2)
        self.one2one_cv3 = copy.deepcopy(self.cv3)
        self.fixed = None

    def forward(self, xs):
        if self.fixed:
            once = flat(self.one2one_cv2, xs), flat(self.one2one_cv3, xs)
            return self.decode(*once, *self.fixed)
        seen = [x.detach() for x in xs]
        branches = [(flat(self.one2one_cv2, seen), flat(self.one2one_cv3, seen))]
        if self.training:
            branches.insert(0, (flat(self.cv2, xs), flat(self.cv3, xs)))
        return branches

    def decode(self, box, cls, points, strides):
        if self.raw:
            return prediction(box, cls, points, strides)
        before, behind = box.chunk(2, 1)
        corners = torch.cat((points - before, points + behind), 1) * strides
        return self.select(torch.cat((corners, cls.sigmoid()), 1).permute(0, 2, 1))

    def select(self, rows):
        """The best 300 cells, and the best 300 pairs of cell and class among them."""
        boxes, scores = rows.split((4, self.nc), -1)
        b = rows.shape[0]
        cells = scores.amax(-1).topk(BOXES_MOST, 1).indices
        scores = scores.gather(1, cells.unsqueeze(-1).expand(b, BOXES_MOST, self.nc))
        best, pairs = scores.flatten(1).topk(BOXES_MOST, 1)
        classes = (pairs % self.nc).unsqueeze(-1).float()
        cells = cells.gather(1, torch.div(pairs, self.nc, rounding_mode="trunc"))
        boxes = boxes.gather(1, cells.unsqueeze(-1).expand(b, BOXES_MOST, 4))
        return torch.cat((boxes, best.unsqueeze(-1), classes), -1)
