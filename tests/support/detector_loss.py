# SPDX-License-Identifier: Apache-2.0
"""Records what PyTorch makes of YOLOv8's loss, written here from the papers that src/train/detector_loss.h names:
random numbers of a head of 3 levels and labels, the loss, and its gradients by autograd.

    python3 tests/support/detector_loss.py tests/golden/detector_loss.npz
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

STRIDES, SIDE, CLASSES, BINS = (8, 16, 32), 64, 3, 8
TOP, SCORE_POWER, OVERLAP_POWER = 10, 0.5, 6
GAIN_CLASSES, GAIN_BOXES, GAIN_DISTRIBUTIONS = 0.5, 7.5, 1.5


def complete_iou(a, b, eps=1e-7):
    w1, h1 = a[..., 2] - a[..., 0], a[..., 3] - a[..., 1] + eps
    w2, h2 = b[..., 2] - b[..., 0], b[..., 3] - b[..., 1] + eps
    both = ((torch.minimum(a[..., 2], b[..., 2]) - torch.maximum(a[..., 0], b[..., 0])).clamp(0) *
            (torch.minimum(a[..., 3], b[..., 3]) - torch.maximum(a[..., 1], b[..., 1])).clamp(0))
    iou = both / (w1 * h1 + w2 * h2 - both + eps)
    cw = torch.maximum(a[..., 2], b[..., 2]) - torch.minimum(a[..., 0], b[..., 0])
    ch = torch.maximum(a[..., 3], b[..., 3]) - torch.minimum(a[..., 1], b[..., 1])
    apart = ((b[..., 0] + b[..., 2] - a[..., 0] - a[..., 2]) ** 2 + (b[..., 1] + b[..., 3] - a[..., 1] - a[..., 3]) ** 2) / 4
    v = 4 / torch.pi ** 2 * (torch.atan(w2 / h2) - torch.atan(w1 / h1)) ** 2
    with torch.no_grad():
        weight = v / (v - iou + 1 + eps)
    return iou - (apart / (cw ** 2 + ch ** 2 + eps) + weight * v)


def assign(scores, boxes, middles, classes, labels):
    """Of each cell its label (-1: none) and target."""
    inside = torch.cat([middles[None] - labels[:, None, :2], labels[:, None, 2:] - middles[None]], 2).amin(2) > 1e-9
    overlap = complete_iou(labels[:, None], boxes[None]).clamp(0) * inside
    metric = scores[:, classes].T ** SCORE_POWER * overlap ** OVERLAP_POWER * inside
    best = torch.zeros_like(metric, dtype=torch.bool)
    best.scatter_(1, metric.topk(TOP, 1).indices, True)
    own = best & inside & (metric > 0)
    several = own.sum(0) > 1
    first = torch.zeros_like(own)
    first.scatter_(0, (overlap * own).argmax(0, keepdim=True), True)
    own = torch.where(several, first & own, own)
    metric, overlap = metric * own, overlap * own
    target = (metric * overlap.amax(1, keepdim=True) / (metric.amax(1, keepdim=True) + 1e-9)).amax(0)
    return torch.where(own.any(0), own.float().argmax(0), -1), target


def loss_of(distributions, logits, middles, strides, classes, labels):
    shares = distributions.view(-1, 4, BINS).softmax(2)
    distances = (shares * torch.arange(BINS, dtype=torch.double)).sum(2)
    boxes = torch.cat([middles - distances[:, :2], middles + distances[:, 2:]], 1)
    with torch.no_grad():
        label, target = assign(logits.sigmoid(), boxes * strides, middles * strides, classes, labels)
    wanted = torch.zeros_like(logits)
    found = label >= 0
    wanted[found, classes[label[found]]] = target[found]
    loss = GAIN_CLASSES * F.binary_cross_entropy_with_logits(logits, wanted, reduction='sum')
    goal, weight = labels[label[found]] / strides[found], target[found]
    loss = loss + GAIN_BOXES * ((1 - complete_iou(boxes[found], goal)) * weight).sum()
    sides = torch.cat([middles[found] - goal[:, :2], goal[:, 2:] - middles[found]], 1).clamp(0, BINS - 1 - 0.01)
    low = sides.long()
    logs = distributions.view(-1, 4, BINS)[found].log_softmax(2)
    focal = -(logs.gather(2, low[..., None])[..., 0] * (low + 1 - sides) +
              logs.gather(2, low[..., None] + 1)[..., 0] * (sides - low))
    return loss + GAIN_DISTRIBUTIONS * (focal.mean(1) * weight).sum(), target.sum(), label, target


def main(path):
    random = np.random.default_rng(8)
    cells = [(SIDE // s, s) for s in STRIDES]
    count = sum(n * n for n, _ in cells)
    middles = torch.cat([torch.stack(torch.meshgrid(torch.arange(n) + .5, torch.arange(n) + .5, indexing='xy'), 2).view(-1, 2)
                         for n, _ in cells]).double()
    strides = torch.cat([torch.full((n * n, 1), s) for n, s in cells]).double()
    labels = np.array([[4, 6, 40, 37], [20, 20, 60, 62], [30, 2, 50, 18], [22, 24, 44, 40], [3, 50, 9, 55]], np.float32)
    classes = np.array([0, 1, 2, 1, 0])
    distributions = random.normal(0, 1.5, (count, 4 * BINS)).astype(np.float32)
    logits = random.normal(-1, 1.5, (count, CLASSES)).astype(np.float32)
    d = torch.from_numpy(distributions).double().requires_grad_()
    c = torch.from_numpy(logits).double().requires_grad_()
    loss, targets, label, target = loss_of(d, c, middles, strides, torch.from_numpy(classes), torch.from_numpy(labels).double())
    loss.backward()
    np.savez_compressed(path, distributions=distributions, logits=logits, labels=labels, classes=classes.astype(np.int32),
                        loss=np.array([loss.item(), targets.item()], np.float32), label=label.numpy().astype(np.int32),
                        target=target.numpy().astype(np.float32), distribution_gradient=d.grad.numpy().astype(np.float32),
                        logit_gradient=c.grad.numpy().astype(np.float32))


if __name__ == '__main__':
    main(sys.argv[1])
