# SPDX-License-Identifier: Apache-2.0
"""Trains the detector on a drawn set (dataset.py).

python train.py --data /tmp/train.npz --val /tmp/val.npz --steps 6000 --out /tmp/run
"""

import argparse
import collections
import copy
import json
import math
import multiprocessing
import os
import time

import cv2
import numpy as np
import torch

import draw
from dataset import SIZE
from evaluate import evaluate_set, torch_runner
from loss import loss
from model import Detector


def augment(rng, img, truth, strength):
    """Flips, quarter turns, a small zoom and shift, and light; img BGR uint8, truth (n, 5)."""
    t = truth[truth[:, 0] >= 0].copy()
    k = int(rng.integers(8))
    if k & 1:
        img = img[:, ::-1]
        t[:, [1, 3]] = SIZE - t[:, [3, 1]]
    if k & 2:
        img = img[::-1]
        t[:, [2, 4]] = SIZE - t[:, [4, 2]]
    if k & 4:
        img = img.transpose(1, 0, 2)
        t = t[:, [0, 2, 1, 4, 3]]
    if rng.random() < 0.6 * strength:
        z = math.exp(rng.uniform(-0.22, 0.22))
        dx, dy = rng.uniform(-24, 24, 2) + SIZE * (1 - z) / 2
        m = np.float32([[z, 0, dx], [0, z, dy]])
        img = cv2.warpAffine(
            np.ascontiguousarray(img),
            m,
            (SIZE, SIZE),
            flags=cv2.INTER_LINEAR,
            borderValue=(114, 114, 114),
        )
        moved = t[:, 1:] * z + np.float32([dx, dy, dx, dy])
        cut = moved.clip(0, SIZE)
        area = (moved[:, 2] - moved[:, 0]) * (moved[:, 3] - moved[:, 1])
        kept = (cut[:, 2] - cut[:, 0]) * (cut[:, 3] - cut[:, 1])
        t[:, 1:] = cut
        t = t[kept > 0.45 * area]
    if rng.random() < 0.7 * strength:
        table = np.arange(256, dtype=np.float32)[:, None] * rng.uniform(0.75, 1.25) * (
            1 + rng.uniform(-0.07, 0.07, 3)
        ) + rng.uniform(-14, 14)
        table = np.clip(table, 0, 255).astype(np.uint8)
        img = np.ascontiguousarray(img)
        img = cv2.LUT(img, table.reshape(1, 256, 3))
    return img, t


SET = {}
AHEAD = 24


def make_batch(step):
    """Batch `step`: depends on the seed and on the step alone."""
    pictures, truths, batch = SET["pictures"], SET["truths"], SET["batch"]
    rng = np.random.default_rng([SET["seed"], step])
    each = len(pictures) // batch  # batches in an epoch
    order = np.random.default_rng([SET["seed"], step // each, 1]).permutation(len(pictures))
    take = order[step % each * batch : (step % each + 1) * batch]
    strength = 1.0 if step < 0.9 * SET["steps"] else 0.3
    made = [augment(rng, pictures[i], truths[i], strength) for i in take]
    m = max(1, max(len(t) for _, t in made))
    y = np.full((batch, m, 5), -1, np.float32)
    for j, (_, t) in enumerate(made):
        y[j, : len(t)] = t
    return np.stack([i for i, _ in made]), y


def batches(pool, device):
    ahead = collections.deque()
    for step in range(SET["steps"] + AHEAD):
        if step < SET["steps"]:
            ahead.append(pool.apply_async(make_batch, (step,)))
        if step < AHEAD:
            continue
        x, y = ahead.popleft().get()
        x = torch.from_numpy(x).to(device).flip(3).permute(0, 3, 1, 2).float().div_(255)
        yield x.contiguous(memory_format=torch.channels_last), torch.from_numpy(y).to(device)


def main():
    p = argparse.ArgumentParser(description="train the detector on a drawn set")
    p.add_argument("--data", required=True)
    p.add_argument("--val", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--steps", type=int, default=6000)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--lr", type=float, default=3e-3)
    p.add_argument("--decay", type=float, default=0.02)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--every", type=int, default=500, help="steps between evaluations")
    p.add_argument("--stop", type=int, default=0, help="end after this many steps of the schedule")
    p.add_argument(
        "--bfloat16", action="store_true", help="bfloat16 arithmetic in the forward pass"
    )
    p.add_argument("--device", default="cpu")
    p.add_argument("--jobs", type=int, default=1, help="processes that make batches")
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    cv2.setNumThreads(0)
    torch.manual_seed(a.seed)
    os.makedirs(a.out, exist_ok=True)
    data, val = np.load(a.data), np.load(a.val)
    pictures, truths = data["pictures"], data["truths"]
    val = [val[k] for k in ("pictures", "truths", "places")]
    SET.update(pictures=pictures, truths=truths, batch=a.batch, steps=a.steps, seed=a.seed)
    pool = multiprocessing.get_context("fork").Pool(a.jobs)
    net = Detector(len(draw.CLASSES)).to(a.device).to(memory_format=torch.channels_last)
    mean = copy.deepcopy(net).eval()  # moving average of the weights
    slow = [e for e in mean.state_dict().values() if e.dtype.is_floating_point]
    fast = [q for q in net.state_dict().values() if q.dtype.is_floating_point]
    groups = [
        {
            "params": [q for q in net.parameters() if q.requires_grad and q.ndim > 1],
            "weight_decay": a.decay,
        },
        {
            "params": [q for q in net.parameters() if q.requires_grad and q.ndim <= 1],
            "weight_decay": 0.0,
        },
    ]
    opt = torch.optim.AdamW(groups, lr=a.lr, betas=(0.9, 0.99))
    warm = min(300, a.steps // 10)
    print(
        "%d parameters, %d pictures" % (sum(q.numel() for q in net.parameters()), len(pictures)),
        flush=True,
    )
    began, parts = time.time(), None
    net.train()
    stop = a.stop or a.steps
    for step, (x, y) in enumerate(batches(pool, a.device)):
        if step == stop:
            break
        rate = (
            a.lr
            * min(1, (step + 1) / warm)
            * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / a.steps)))
        )
        for g in opt.param_groups:
            g["lr"] = rate
        with torch.autocast(
            net.model[0].conv.weight.device.type, torch.bfloat16, enabled=a.bfloat16
        ):
            box, cls = net(x)
        total, three = loss(box, cls, y, SIZE)
        opt.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
        opt.step()
        parts = parts * 0.98 + three * 0.02 if step else three
        keep = 0.999 * (1 - math.exp(-(step + 1) / 300))
        torch._foreach_lerp_(slow, fast, 1 - keep)
        if (step + 1) % 100 == 0:
            print(
                "step %d  box %.3f cls %.3f dfl %.3f  %.0f s"
                % (step + 1, *parts.tolist(), time.time() - began),
                flush=True,
            )
        if (step + 1) % a.every == 0 or step + 1 == stop:
            result = evaluate_set(torch_runner(mean, a.device), *val)
            print("step %d  %s" % (step + 1, json.dumps(result)), flush=True)
            torch.save(
                {
                    "model": {k: v.cpu().contiguous() for k, v in mean.state_dict().items()},
                    "step": step + 1,
                    "classes": draw.CLASSES,
                    "result": json.dumps(result),
                },
                os.path.join(a.out, "last.pt"),
            )


if __name__ == "__main__":
    main()
