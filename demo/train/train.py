# SPDX-License-Identifier: Apache-2.0
"""Trains a detector on a drawn set (dataset.py).

python train.py --data /tmp/train.npz --val /tmp/val.npz --steps 6000 --out /tmp/run
"""

import argparse
import copy
import json
import math
import os
import time

import numpy as np
import torch

import draw
from augment import augment, draws, picks
from dataset import SIZE
from evaluate import evaluate_set, torch_runner
from loss import loss
from model import NETWORKS, build

EAGER = 10  # steps before one is recorded
LOGGED = 100


class Batches:
    """The drawn set, on the device."""

    def __init__(self, path, a):
        data = np.load(path)
        truths = data["truths"]
        most = max(1, int((truths[:, :, 0] >= 0).sum(1).max()))
        self.pictures = torch.from_numpy(data["pictures"]).to(a.device)
        self.truths = torch.from_numpy(truths[:, :most].copy()).to(a.device)
        self.seed, self.count, self.device = a.seed, a.batch, a.device

    def __len__(self):
        return len(self.pictures)

    def batch(self, step, strength):
        take = picks(self.seed, step, self.count, len(self))
        drawn = draws(self.seed, step, self.count, strength)
        take, drawn = (torch.from_numpy(v).to(self.device) for v in (take, drawn))
        return augment(self.pictures[take], self.truths[take], drawn)


class Step:
    """One step; `record`: a CUDA graph of it is replayed, since launching so many small kernels
    takes longer than they do."""

    def __init__(self, net, opt, bfloat16, record):
        self.net, self.opt, self.bfloat16, self.record = net, opt, bfloat16, record
        self.done, self.graph = 0, None
        self.side = torch.cuda.Stream() if record else None

    def run(self, x, y):
        self.opt.zero_grad(set_to_none=True)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.bfloat16):
            branches = self.net(x)
        total, parts = loss(branches, y, SIZE)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        self.opt.step()
        return parts

    def first(self, x, y):
        main = torch.cuda.current_stream()
        self.side.wait_stream(main)
        with torch.cuda.stream(self.side):
            parts = self.run(x, y)
        main.wait_stream(self.side)
        return parts

    def __call__(self, x, y):
        self.done += 1
        if not self.record:
            return self.run(x, y)
        if self.done <= EAGER:
            return self.first(x, y)
        if self.graph is None:
            self.x, self.y, self.graph = x.clone(), y.clone(), torch.cuda.CUDAGraph()
            self.opt.zero_grad(set_to_none=True)
            with torch.cuda.graph(self.graph):
                self.parts = self.run(self.x, self.y)
        self.x.copy_(x)
        self.y.copy_(y)
        self.graph.replay()
        return self.parts


class Average:
    """The moving average of the weights, which is what is kept."""

    def __init__(self, net):
        self.net = copy.deepcopy(net).eval()
        self.slow = [e for e in self.net.state_dict().values() if e.dtype.is_floating_point]
        self.fast = [q for q in net.state_dict().values() if q.dtype.is_floating_point]

    def update(self, step):
        keep = 0.999 * (1 - math.exp(-(step + 1) / 300))
        torch._foreach_lerp_(self.slow, self.fast, 1 - keep)


def optimiser(net, a):
    weights = [q for q in net.parameters() if q.requires_grad and q.ndim > 1]
    others = [q for q in net.parameters() if q.requires_grad and q.ndim <= 1]
    groups = [
        {"params": weights, "weight_decay": a.decay},
        {"params": others, "weight_decay": 0.0},
    ]
    if not a.record:
        return torch.optim.AdamW(groups, lr=a.lr, betas=(0.9, 0.99))
    lr = torch.tensor(a.lr, device=a.device)
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99), fused=True, capturable=True)


def set_rate(opt, rate):
    for g in opt.param_groups:
        if torch.is_tensor(g["lr"]):
            g["lr"].fill_(rate)
        else:
            g["lr"] = rate


def keep(average, a, step, val):
    """Writes the checkpoint; with val, says first how good it is."""
    result = "not evaluated"
    if val:
        result = json.dumps(evaluate_set(torch_runner(average.net, a.device), *val))
        print("step %d  %s" % (step, result), flush=True)
    state = {
        "model": {k: v.cpu().contiguous() for k, v in average.net.state_dict().items()},
        "network": a.network,
        "step": step,
        "classes": draw.CLASSES,
        "result": result,
    }
    path = os.path.join(a.out, "last.pt")
    torch.save(state, path + ".new")
    os.replace(path + ".new", path)


def passed(a, step, began):
    """The share of the schedule that is over, by steps and by the clock."""
    clock = (time.time() - began) / 60 / a.minutes if a.minutes else 0.0
    return max(step / a.steps, clock)


def set_schedule(opt, a, step, progress):
    """Sets the rate; returns how strongly pictures are to be changed."""
    warm = min(1, (step + 1) / max(1, min(300, a.steps // 10)))
    set_rate(opt, a.lr * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))))
    return 1.0 if progress < 0.9 else 0.3


def train(a, began):
    data, val = Batches(a.data, a), np.load(a.val)
    val = [val[k] for k in ("pictures", "truths", "places")]
    net = build(a.network, len(draw.CLASSES)).to(a.device).to(memory_format=torch.channels_last)
    average, opt = Average(net), optimiser(net, a)
    one_step = Step(net, opt, a.bfloat16, a.record)
    count = sum(q.numel() for q in net.parameters())
    print("%s: %d parameters, %d pictures" % (a.network, count, len(data)), flush=True)
    net.train()
    step, progress, parts, stop = 0, 0.0, None, a.stop or a.steps
    while step < stop and progress < 1:
        strength = set_schedule(opt, a, step, progress)
        now = one_step(*data.batch(step, strength))
        average.update(step)
        parts = parts * 0.98 + now * 0.02 if step else now.clone()
        step += 1
        progress = passed(a, step, began)
        if step % LOGGED == 0:
            shown = (step, *parts.tolist(), time.time() - began)
            print("step %d  box %.3f cls %.3f sides %.3f  %.0f s" % shown, flush=True)
        if step % a.every == 0 and step < stop and progress < 1:
            keep(average, a, step, val if a.evaluate else None)
    keep(average, a, step, val)


def main():
    began = time.time()
    p = argparse.ArgumentParser(description="train a detector on a drawn set")
    p.add_argument("--network", choices=NETWORKS, default="yolov8")
    p.add_argument("--data", required=True)
    p.add_argument("--val", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--steps", type=int, default=6000)
    p.add_argument("--minutes", type=float, default=0, help="the schedule ends by then as well")
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--lr", type=float, default=3e-3)
    p.add_argument("--decay", type=float, default=0.02)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--every", type=int, default=500, help="steps between checkpoints")
    p.add_argument("--evaluate", action="store_true", help="every checkpoint, not the last alone")
    p.add_argument("--stop", type=int, default=0, help="end after this many steps of the schedule")
    p.add_argument(
        "--bfloat16", action="store_true", help="bfloat16 arithmetic in the forward pass"
    )
    p.add_argument("--device", default="cpu")
    p.add_argument("--record", action="store_true", help="replay a CUDA graph of a step")
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(a.seed)
    os.makedirs(a.out, exist_ok=True)
    train(a, began)


if __name__ == "__main__":
    main()
