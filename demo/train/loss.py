# SPDX-License-Identifier: Apache-2.0
"""The training loss: task-aligned assignment (TOOD), binary cross-entropy for the classes, CIoU and
distribution focal loss for the boxes."""

import math

import torch
import torch.nn.functional as F

from model import REG_MAX, anchor_points

TOPK, ALPHA, BETA = 10, 0.5, 6.0
GAIN_BOX, GAIN_CLS, GAIN_DFL = 7.5, 0.5, 1.5


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
def assign(scores, boxes, points, cls, truth, valid):
    """scores (B, A, nc) in [0, 1], boxes (B, A, 4), points (A, 2); cls (B, M) long, truth
    (B, M, 4), valid (B, M) bool; all in pixels.  Returns which truth each anchor answers for
    (B, A), whether it answers for any (B, A) bool, and its target score (B, A)."""
    b, m = cls.shape
    a = points.shape[0]
    low = points[None, None] - truth[:, :, None, :2]
    high = truth[:, :, None, 2:] - points[None, None]
    inside = (torch.cat((low, high), -1).amin(-1) > 1e-6) & valid[:, :, None]  # B, M, A
    s = scores.transpose(1, 2).gather(1, cls[:, :, None].expand(b, m, a))
    overlap = ciou(truth[:, :, None], boxes[:, None]).clamp(min=0) * inside
    metric = s.pow(ALPHA) * overlap.pow(BETA) * inside
    top = torch.zeros_like(inside).scatter_(2, metric.topk(TOPK, 2).indices, True) & inside
    crowded = top.sum(1, keepdim=True) > 1  # one truth per anchor
    best = F.one_hot(overlap.argmax(1), m).permute(0, 2, 1).bool()
    top = torch.where(crowded, best & inside, top)
    metric = metric * top
    peak = metric.amax(2, keepdim=True)
    reach = (overlap * top).amax(2, keepdim=True)
    target = (metric * reach / (peak + 1e-9)).amax(1)
    return top.float().argmax(1), top.any(1), target


def loss(box, cls, truth, size):
    """box (B, 64, A) and cls (B, nc, A) logits; truth (B, M, 5): class (-1: none) and corners
    in pixels.  Returns the loss and its three parts."""
    points, strides = anchor_points(size, box.device)
    box, cls = box.float().transpose(1, 2), cls.float().transpose(1, 2)
    b, a, nc = cls.shape
    sides = box.reshape(b, a, 4, REG_MAX)
    d = sides.softmax(-1) @ torch.arange(REG_MAX, dtype=torch.float32, device=box.device)
    boxes = torch.cat((points - d[..., :2], points + d[..., 2:]), -1)  # in cells
    valid = truth[:, :, 0] >= 0
    which, positive, target = assign(
        cls.detach().sigmoid(),
        boxes.detach() * strides,
        points * strides,
        truth[:, :, 0].clamp(min=0).long(),
        truth[:, :, 1:],
        valid,
    )
    wanted_cls = truth[:, :, 0].clamp(min=0).long().gather(1, which)
    wanted = F.one_hot(wanted_cls, nc) * (target * positive)[..., None]
    total = wanted.sum().clamp(min=1)
    l_cls = F.binary_cross_entropy_with_logits(cls, wanted.float(), reduction="sum") / total
    l_box = l_dfl = box.sum() * 0
    if positive.any():
        weight = (target * positive)[positive]
        wanted_box = truth[:, :, 1:].gather(1, which[..., None].expand(-1, -1, 4)) / strides
        wb, pb = wanted_box[positive], boxes[positive]
        l_box = ((1 - ciou(pb, wb)) * weight).sum() / total
        pts = points.expand(b, a, 2)[positive]
        t = torch.cat((pts - wb[:, :2], wb[:, 2:] - pts), -1).clamp(0, REG_MAX - 1.01)
        low = t.long()
        up = t - low
        logits = sides[positive].reshape(-1, REG_MAX)
        dfl = F.cross_entropy(logits, low.view(-1), reduction="none") * (
            1 - up.view(-1)
        ) + F.cross_entropy(logits, low.view(-1) + 1, reduction="none") * up.view(-1)
        l_dfl = (dfl.view(-1, 4).mean(-1) * weight).sum() / total
    l_box, l_cls, l_dfl = GAIN_BOX * l_box, GAIN_CLS * l_cls, GAIN_DFL * l_dfl
    return l_box + l_cls + l_dfl, torch.stack((l_box, l_cls, l_dfl)).detach()
