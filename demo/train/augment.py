# SPDX-License-Identifier: Apache-2.0
"""Flips, quarter turns, a small zoom and shift, and light, of a whole batch where its tensors are.

What is drawn for a picture depends on the seed and on the step alone.
"""

import numpy as np
import torch
import torch.nn.functional as F

from dataset import SIZE

GREY, SHIFT_MOST, KEPT_LEAST = 114.0, 24.0, 0.45


def draws(seed, step, count, strength):
    """Per picture: its turn (2 x 2), zoom, shift (2, in half sizes), gain (3) and offset; float32
    (count, 11)."""
    rng = np.random.default_rng([seed, step])
    kind = rng.integers(8, size=count)
    sx, sy = 1.0 - 2 * (kind & 1), 1.0 - (kind & 2)
    plain, zero = (kind & 4) == 0, np.zeros(count)
    turn = [np.where(plain, sx, zero), np.where(plain, zero, sy)]
    turn += [np.where(plain, zero, sx), np.where(plain, sy, zero)]
    moved, lit = rng.random(count) < 0.6 * strength, rng.random(count) < 0.7 * strength
    zoom = np.where(moved, np.exp(rng.uniform(-0.22, 0.22, count)), 1)
    shift = rng.uniform(-SHIFT_MOST, SHIFT_MOST, (2, count)) * moved / (SIZE / 2)
    colour = rng.uniform(0.75, 1.25, count) * (1 + rng.uniform(-0.07, 0.07, (3, count)))
    gain = np.where(lit, colour, 1)
    offset = rng.uniform(-14, 14, count) * lit
    return np.stack([*turn, zoom, *shift, *gain, offset], 1).astype(np.float32)


def picks(seed, step, count, pictures):
    """Which pictures batch `step` has: each once in an epoch."""
    each = pictures // count  # batches in an epoch
    order = np.random.default_rng([seed, step // each, 1]).permutation(pictures)
    return order[step % each * count : (step % each + 1) * count]


def moved_boxes(truth, turn, zoom, shift):
    """truth (B, M, 5): class (-1: none) and corners in pixels."""
    half = SIZE / 2
    centred = truth[..., 1:].reshape(len(truth), -1, 2) / half - 1
    placed = (centred @ turn.transpose(1, 2) * zoom[:, :, None] + shift[:, None] + 1) * half
    a, b = placed.reshape(*truth.shape[:2], 2, 2).unbind(2)
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    area = (high - low).prod(-1)
    low, high = low.clamp(0, SIZE), high.clamp(0, SIZE)
    cls = torch.where((high - low).prod(-1) > KEPT_LEAST * area, truth[..., 0], -1.0)
    return torch.cat((cls[..., None], low, high), -1)


def augment(pictures, truth, drawn):
    """pictures (B, SIZE, SIZE, 3) BGR uint8; returns RGB / 255 (B, 3, SIZE, SIZE), and the truth
    moved along."""
    turn, zoom, shift = drawn[:, :4].view(-1, 2, 2), drawn[:, 4:5], drawn[:, 5:7]
    gain, offset = drawn[:, 7:10], drawn[:, 10]
    back = turn.transpose(1, 2) / zoom[:, :, None]
    theta = torch.cat((back, -back @ shift[:, :, None]), 2)
    x = pictures.flip(3).permute(0, 3, 1, 2).float() - GREY
    grid = F.affine_grid(theta, x.shape, align_corners=False)
    x = F.grid_sample(x, grid, align_corners=False) + GREY
    x = x * gain[:, :, None, None] + offset[:, None, None, None]
    x = x.clamp(0, 255).round() / 255
    return x.contiguous(memory_format=torch.channels_last), moved_boxes(truth, turn, zoom, shift)
