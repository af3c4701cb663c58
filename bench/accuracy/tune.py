#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `octet tune` gains over post-training quantisation, by AP on the integer engine. docs/training.md has its tables.

    tune.py [--octet build/octet] [--work build/accuracy] [--cases LIST] [--seeds 0,1,2] [--threads N] [--tables]

A case begins with pictures without labels, the first of --count --seed 0. Each seed is a training of its own: order and
flips differ. Engines are kept in the work folder's "tuned" and not trained again: they may have been trained on another
machine. --train trains alone, --tables prints what is there and runs nothing. Needs what study.py needs.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np

import sets
from study import Study, plain, signed, table

# case: set, pictures, options of octet tune.
TENSORRT = ["--target", "trt"]
FOUR = ["--weight-bits", "4"]
CASES = {
    "TensorRT, CCTV n": ("CCTV n", 100, TENSORRT),
    "TensorRT, COCO n": ("COCO n", 100, TENSORRT),
    "TensorRT, NEU-DET n": ("NEU-DET n", 100, TENSORRT),
    "TensorRT, CCTV n, 3 epochs": ("CCTV n", 100, TENSORRT + ["--epochs", "3"]),
    "TensorRT, CCTV n, 20 epochs": ("CCTV n", 100, TENSORRT + ["--epochs", "20"]),
    "TensorRT, CCTV s": ("CCTV s", 100, TENSORRT),
    "octet, CCTV s": ("CCTV s", 100, []),
    "octet, CCTV n": ("CCTV n", 100, []),
    "octet, COCO n": ("COCO n", 100, []),
    "octet, NEU-DET n": ("NEU-DET n", 100, []),
    "octet, parts, shifted": ("parts, shifted", 100, []),
    "labels, NEU-DET n": ("NEU-DET n", 240, ["--labels"]),
    "4 bits, NEU-DET n": ("NEU-DET n", 240, FOUR),
    "4 bits, COCO n": ("COCO n", 200, FOUR),
}


class Tunings(Study):
    def __init__(self, options):
        super().__init__(options)
        os.makedirs(os.path.join(self.work, "tuned"), exist_ok=True)

    def calibrated(self, case):
        name, count, _ = CASES[case]
        return self.statistics(sets.SETS[name][0], sets.SETS[name][4], count, 0)

    def begin(self, case):
        """The start as a model: an export without floats for TensorRT, else an engine."""
        name, _, options = CASES[case]
        model, statistics = sets.model_path(sets.SETS[name][0]), self.calibrated(case)
        if "trt" in options:
            path = self.path("tuned", plain(case) + ".start.onnx")
            self.octet("export", model, "--format", "qdq", "--stats", statistics, "--float-layers", "none", "-o", path)
        else:
            bits = FOUR if FOUR[0] in options else []
            path = self.path("tuned", plain(case) + ".start.octet")
            self.octet("build", model, "--stats", statistics, *bits, "-o", path)
        return path

    def train(self, case, seed):
        """What comes of a training, and a JSON file of what it said, took and held in memory. For TensorRT the file that
        it would be given."""
        name, count, options = CASES[case]
        source, model = sets.SETS[name][4], sets.model_path(sets.SETS[name][0])
        path = self.result(case, seed)
        if not os.path.exists(path):
            threads = ["--threads", str(self.threads)] if self.threads else []
            start = time.monotonic()
            with open(path + ".json", "wb") as said:
                run = subprocess.Popen([self.octet_path, "tune", model, "--images", self.sample(source, count, 0),
                                        "--stats", self.calibrated(case), "--seed", str(seed), *options, *threads, "-q",
                                        "--json", "-o", path], stdout=said)
                _, status, used = os.wait4(run.pid, 0)
            if status:
                raise RuntimeError(f"{case}, seed {seed}: octet tune failed")
            with open(path + ".json", encoding="utf-8") as file:
                told = json.load(file)
            told.update(wall_s=time.monotonic() - start, cpu_s=used.ru_utime + used.ru_stime, peak_kib=used.ru_maxrss)
            with open(path + ".json", "w", encoding="utf-8") as file:
                json.dump(told, file)
        return path

    def result(self, case, seed):
        return self.path("tuned", plain(f"{case}.{seed}") + (".onnx" if "trt" in CASES[case][2] else ".octet"))

    def told(self, case, seed):
        with open(self.result(case, seed) + ".json", encoding="utf-8") as file:
            return json.load(file)

    def measured(self, case, which, make):
        name = CASES[case][0]
        key = plain(f"{case}.tune.{which}") + ".json"
        detections = self.path("detections", key)

        def measure():
            ap = self.score(name, detections, make())
            print(f"{case}, {which}: AP {ap:.4f}", file=sys.stderr, flush=True)
            return {"ap": ap, "detections": key, "agreement": self.agreement(name, detections),
                    "score_error": self.score_error(name, detections)}
        return self.kept("results", key, measure)


def row(tunings, case, seeds, is_table):
    name = CASES[case][0]
    seeds = [s for s in seeds if not is_table or os.path.exists(
        tunings.path("results", plain(f"{case}.tune.{s}") + ".json"))]
    if not seeds:
        return None
    base = tunings.float_ap(name)
    start = tunings.measured(case, "start", lambda: tunings.begin(case))
    trained = [tunings.measured(case, str(s), lambda seed=s: tunings.train(case, seed)) for s in seeds]
    told = [tunings.told(case, s) for s in seeds]
    each = [100 * (r["ap"] - base["ap"]) for r in trained]
    kept = sum(t["kept"] == "trained" for t in told)
    gain, drawn = tunings.difference(name, trained, [start])
    return [case, signed(100 * (start["ap"] - base["ap"])), signed(np.mean(each)), " ".join(map(signed, each)),
            signed(gain, drawn.std()), f"{100 * start['agreement']:.1f} → {100 * np.mean([r['agreement'] for r in trained]):.1f}",
            f"{start['score_error']:.4f} → {np.mean([r['score_error'] for r in trained]):.4f}",
            f"{kept} of {len(seeds)}", f"{np.mean([t['cpu_s'] for t in told]):.0f}",
            f"{max(t['peak_kib'] for t in told) / 1024:.0f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", default=os.path.join(sets.ROOT, "build", "octet"))
    parser.add_argument("--work", default=os.path.join(sets.ROOT, "build", "accuracy"))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--cases", default="/".join(CASES), help="names with / between them")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--tables", action="store_true")
    options = parser.parse_args()
    if not os.path.isdir(sets.DATA):
        print("skipped: no test data", file=sys.stderr)
        return 0
    tunings, seeds = Tunings(options), options.seeds.split(",")
    if options.train:
        for case in options.cases.split("/"):
            for seed in seeds:
                tunings.train(case, seed)
        return 0
    rows = [row(tunings, case, seeds, options.tables) for case in options.cases.split("/")]
    print(table(["case", "start", "trained", "each seed", "gain", "agreement", "score error", "kept", "CPU s", "MiB"],
                [r for r in rows if r]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
