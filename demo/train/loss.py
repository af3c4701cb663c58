# SPDX-License-Identifier: Apache-2.0
"""The training loss: task-aligned assignment (TOOD), binary cross-entropy for the classes, CIoU and
for the boxes' sides distribution focal loss, or the relative error where they are distances.

All shapes are those of the batch, whatever it holds, so that a step can be recorded and replayed.
"""

import math

import torch
import torch.nn.functional as F

from heads import REG_MAX, anchor_points

ALPHA, BETA = 0.5, 6.0
MANY, ONE = 10, 1  # cells that answer for an object
GAIN_BOX, GAIN_CLS, GAIN_SIDES = 7.5, 0.5, 1.5


def ciou(a, b, eps=1e-7):
    """Complete IoU of boxes (..., 4) given as corners."""
    wa, ha = (a[..., 2] - a[..., 0]).clamp(min=eps), (a[..., 3] - a[..., 1]).clamp(min=eps)
    wb, hb = (b[..., 2] - b[..., 0]).clamp(min=eps), (b[..., 3] - b[..., 1]).clamp(min=eps)
    iw = (torch.minimum(a[..., 2], b[..., 2]) - torch.maximum(a[..., 0], b[..., 0])).clamp(min=0)
    ih = (torch.minimum(a[..., 3], b[..., 3]) - torch.maximum(a[..., 1], b[..., 1])).clamp(min=0)
    inter = iw * ih
    iou = inter / (wa * ha + wb * hb - inter + eps)
    cw = torch.maximum(a[..., 2], b[..., 2]) - torch.minimum(a[..., 0], b[..., 0])
    ch = torch.maximum(a[..., 3], b[..., 3]) - torch.minimum(a[..., 1], b[..., 1])
    diagonal = cw * cw + ch * ch + eps
    centre = (
        (a[..., 0] + a[..., 2] - b[..., 0] - b[..., 2]) ** 2
        + (a[..., 1] + a[..., 3] - b[..., 1] - b[..., 3]) ** 2
    ) / 4
    v = (4 / math.pi**2) * (torch.atan(wb / hb) - torch.atan(wa / ha)) ** 2
    with torch.no_grad():
        k = v / (v - iou + 1 + eps)
    return iou - centre / diagonal - k * v


@torch.no_grad()
def assign(scores, boxes, points, cls, truth, valid, most):
    """scores (B, A, nc) in [0, 1], boxes (B, A, 4), points (A, 2); cls (B, M) long, truth
    (B, M, 4), valid (B, M) bool; all in pixels.  Returns which truth each anchor answers for
    (B, A), whether it answers for any (B, A) bool, and its target score (B, A).  `most` anchors
    answer for a truth."""
    b, m = cls.shape
    a = points.shape[0]
    low = points[None, None] - truth[:, :, None, :2]
    high = truth[:, :, None, 2:] - points[None, None]
    inside = (torch.cat((low, high), -1).amin(-1) > 1e-6) & valid[:, :, None]  # B, M, A
    s = scores.transpose(1, 2).gather(1, cls[:, :, None].expand(b, m, a))
    overlap = ciou(truth[:, :, None], boxes[:, None]).clamp(min=0) * inside
    metric = s.pow(ALPHA) * overlap.pow(BETA) * inside
    top = torch.zeros_like(inside).scatter_(2, metric.topk(most, 2).indices, True) & inside
    crowded = top.sum(1, keepdim=True) > 1  # one truth per anchor
    rivals = inside if most > ONE else top
    best = F.one_hot((overlap * rivals).argmax(1), m).permute(0, 2, 1).bool()
    top = torch.where(crowded, best & rivals, top)
    metric = metric * top
    peak = metric.amax(2, keepdim=True)
    reach = (overlap * top).amax(2, keepdim=True)
    target = (metric * reach / (peak + 1e-9)).amax(1)
    return top.float().argmax(1), top.any(1), target


def distances_of(box):
    """(B, A, 4) in cells."""
    if box.shape[-1] == 4:
        return box
    bins = torch.arange(REG_MAX, dtype=torch.float32, device=box.device)
    return box.unflatten(-1, (4, REG_MAX)).softmax(-1) @ bins


def distribution_loss(box, wanted):
    """Mean over the sides of the cross-entropy of both bins beside the wanted distance."""
    t = wanted.clamp(0, REG_MAX - 1.01)
    low = t.long()
    up = t - low
    logs = box.unflatten(-1, (4, REG_MAX)).log_softmax(-1)
    below = logs.gather(-1, low[..., None])[..., 0]
    above = logs.gather(-1, low[..., None] + 1)[..., 0]
    return -(below * (1 - up) + above * up).mean(-1)


def distance_loss(box, wanted):
    """Mean error of the sides as a share of the object's size."""
    size = wanted.sum(-1, keepdim=True).clamp(min=1) / 4
    return ((box - wanted) / size).abs().mean(-1)


def branch_loss(box, cls, truth, points, strides, most):
    """The three parts, one branch's."""
    box, cls = box.float().transpose(1, 2), cls.float().transpose(1, 2)
    b, a, nc = cls.shape
    d = distances_of(box)
    boxes = torch.cat((points - d[..., :2], points + d[..., 2:]), -1)  # in cells
    classes = truth[:, :, 0].clamp(min=0).long()
    which, positive, target = assign(
        cls.detach().sigmoid(),
        boxes.detach() * strides,
        points * strides,
        classes,
        truth[:, :, 1:],
        truth[:, :, 0] >= 0,
        most,
    )
    weight = target * positive
    wanted = F.one_hot(classes.gather(1, which), nc) * weight[..., None]
    total = wanted.sum().clamp(min=1)
    l_cls = F.binary_cross_entropy_with_logits(cls, wanted, reduction="sum") / total
    wanted_box = truth[:, :, 1:].gather(1, which[..., None].expand(b, a, 4)) / strides
    l_box = ((1 - ciou(boxes, wanted_box)) * weight).sum() / total
    sides = torch.cat((points - wanted_box[..., :2], wanted_box[..., 2:] - points), -1)
    error = distance_loss(box, sides) if box.shape[-1] == 4 else distribution_loss(box, sides)
    l_sides = (error * weight).sum() / total
    return torch.stack((GAIN_BOX * l_box, GAIN_CLS * l_cls, GAIN_SIDES * l_sides))


def loss(branches, truth, size):
    """branches: as the head gives them, the last one of two for the best cell alone; truth
    (B, M, 5): class (-1: none) and corners in pixels.  Returns the loss, and its parts of the last
    branch."""
    points, strides = anchor_points(size, truth.device)
    parts = [
        branch_loss(box, cls, truth, points, strides, ONE if i else MANY)
        for i, (box, cls) in enumerate(branches)
    ]
    return torch.stack(parts).sum(), parts[-1].detach()
