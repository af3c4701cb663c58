#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the luck of the calibration pictures is worth: INT8 of octet and of other engines, each from the same ten samples.

    seeds.py --octet build/octet [--work build/accuracy] [--sets LIST] [--engines LIST] [--seeds 0-9] [--tables]

Sample N is what `octet build --images FOLDER --count 100 --seed N` takes; of the 100 street pictures 64 are taken, of
the 60 of roads 40, since all of them would be one sample. The other engines' models are made and run as peers.py says. Every figure is kept in the
work folder, so that an interrupted run goes on where it was; --tables prints what is there and runs nothing. Run it under
`taskset` to hold the other engines to a number of cores. Needs what peers.py needs.
"""

import argparse
import glob
import json
import os
import sys

import numpy as np

import sets
from average_precision import Matches, resampled, resamples
from peers import PEERS, detect
from study import RESAMPLES, Study, plain, signed, table

SETS = ["COCO n", "CCTV n", "NEU-DET n", "COCO s", "CCTV s", "COCO 11n", "CCTV 11n", "COCO 26n", "CCTV 26n",
        "COCO 26n raw", "road 26n", "road 26n raw"]
ENGINES = {"octet": "octet", "openvino-nncf-mixed": "OpenVINO", "onnxruntime-minmax": "ONNX Runtime"}
COUNT, COUNT_OF_STREET, COUNT_OF_ROADS = 100, 64, 40
FEW = 5  # objects of a class up to which its AP is luck
FIELDS = ["ap", "agreement", "score_error"]


def drawn_places(total, count, seed):
    """The places in a list that `octet --count --seed` draws: see sources_sample() in tools/pictures/sources.c."""
    mask, state, order = (1 << 64) - 1, seed, list(range(total))
    for i in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        j = i + ((z ^ z >> 31) * (total - i) >> 64)
        order[i], order[j] = order[j], order[i]
    return sorted(order[:count])


class Seeds:
    def __init__(self, study):
        self.study = study

    def sample(self, name, seed):
        """A list of pictures as a text file, and the same in memory."""
        source = sets.SETS[name][4]
        every = sets.pictures(source, self.study.work)
        count = {"cctv-train": COUNT_OF_STREET, "potholes-train": COUNT_OF_ROADS}.get(source, COUNT)
        chosen = [os.path.abspath(every[i]) for i in drawn_places(len(every), count, seed)]
        path = self.study.path("lists", f"{source}.{count}.seed-{seed}.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(chosen) + "\n")
        return path, chosen

    def key(self, name, engine, seed):
        return plain(f"{name}.seeds.{engine}.{seed}") + ".json"

    def detections_of_octet(self, name, seed, out):
        model, built = sets.SETS[name][0], self.study.path("stats", f"{os.getpid()}.octet")
        self.study.octet("build", sets.model_path(model), "--images", self.sample(name, seed)[0], "-o", built)
        self.study.score(name, out, built)
        os.remove(built)

    def detections_of_peer(self, name, engine, seed, out):
        model = sets.SETS[name][0]
        make, runner, suffix = PEERS[engine]
        size = 224 if model == "neudet" else 640
        made = self.study.path("stats", f"{os.getpid()}.peer{suffix}")
        make(sets.model_path(model), self.sample(name, seed)[1], size, made)
        with open(out, "w", encoding="utf-8") as file:
            json.dump(detect(runner(made), size, name, self.study.work), file)
        for path in glob.glob(made[:-len(suffix)] + ".*"):
            os.remove(path)

    def measure(self, name, engine, seed):
        key = self.key(name, engine, seed)
        detections = self.study.path("detections", key)

        def make():
            if engine == "octet":
                self.detections_of_octet(name, seed, detections)
            else:
                self.detections_of_peer(name, engine, seed, detections)
            result = {"detections": key, "ap": self.study.score(name, detections),
                      "agreement": self.study.agreement(name, detections),
                      "score_error": self.study.score_error(name, detections)}
            print(f"{name}, {engine}, seed {seed}: AP {result['ap']:.4f}", file=sys.stderr, flush=True)
            return result
        return self.study.kept("results", key, make)

    def measured(self, name, engine, seeds):
        """What is there."""
        found = {}
        for seed in seeds:
            path = self.study.path("results", self.key(name, engine, seed))
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    found[seed] = json.load(file)
        return found

    def drawn(self, name, result):
        """AP of resampled pictures, the same resamples for all detectors of a set."""
        def make():
            detections = self.study.path("detections", result["detections"])
            matches = Matches(sets.truth_path(name, self.study.work), detections, sets.SETS[name][3])
            return list(resampled(matches, resamples(matches.images, RESAMPLES)))
        return np.array(self.study.kept("results", result["detections"][:-5] + ".drawn.json", make))

    def objects(self, name):
        """How many objects each class has that takes part in the AP."""
        classes, counts = sets.SETS[name][3], {}
        with open(sets.truth_path(name, self.study.work), encoding="utf-8") as file:
            truth = json.load(file)
        for box in truth["annotations"]:
            if not box.get("iscrowd") and (not classes or box["category_id"] in classes):
                counts[box["category_id"]] = counts.get(box["category_id"], 0) + 1
        return counts

    def frequent_ap(self, name, result):
        """AP of the classes with more than a few objects."""
        frequent = [str(category) for category, count in self.objects(name).items() if count > FEW]

        def make():
            return self.study.octet("eval", "--detections", self.study.path("detections", result["detections"]),
                                    "--annotations", sets.truth_path(name, self.study.work),
                                    "--classes", ",".join(frequent))["ap"]
        return self.study.kept("results", result["detections"][:-5] + ".frequent.json", make)


def losses(base, aps):
    return np.array([100 * (base - ap) for ap in aps])


def deviation(values):
    return f"{values.std(ddof=1):.2f}" if len(values) > 1 else ""


def spread_table(seeds, names, chosen):
    """Losses over the samples, and what the pictures of the evaluation leave open."""
    rows = []
    for name in names:
        base = seeds.study.float_ap(name)
        usual = 100 * seeds.drawn(name, base)
        for engine, label in ENGINES.items():
            results = seeds.measured(name, engine, chosen)
            if not results:
                continue
            lost = losses(base["ap"], [r["ap"] for r in results.values()])
            frequent = losses(seeds.frequent_ap(name, base), [seeds.frequent_ap(name, r) for r in results.values()])
            resampled_loss = usual - 100 * np.mean([seeds.drawn(name, r) for r in results.values()], 0)
            means = {field: np.mean([r[field] for r in results.values()]) for field in FIELDS}
            rows.append([name if engine == "octet" else "", label, str(len(results)), f"{100 * base['ap']:.2f}",
                         f"{100 * means['ap']:.2f}", signed(lost.mean()), deviation(lost),
                         f"{lost.min():+.2f} to {lost.max():+.2f}", f"{resampled_loss.std():.2f}",
                         f"{signed(frequent.mean())} ({deviation(frequent)})",
                         f"{100 * means['agreement']:.1f}", f"{means['score_error']:.4f}"])
    return table(["set", "engine", "samples", "float AP", "INT8 AP, mean", "loss, mean", "between samples, one sigma",
                  "least to most", "between pictures, one sigma", f"loss in classes of more than {FEW} objects (sigma)",
                  "agreement", "score error"], rows)


def ahead_table(seeds, names, chosen):
    """The difference to octet, sample by sample."""
    rows = []
    for name in names:
        ours = seeds.measured(name, "octet", chosen)
        for engine, label in list(ENGINES.items())[1:]:
            theirs = seeds.measured(name, engine, chosen)
            both = sorted(set(ours) & set(theirs))
            if not both:
                continue
            each = np.array([100 * (ours[s]["ap"] - theirs[s]["ap"]) for s in both])
            apart = 100 * np.mean([seeds.drawn(name, ours[s]) - seeds.drawn(name, theirs[s]) for s in both], 0)
            rows.append([name, label, str(len(both)), signed(each.mean()), deviation(each),
                         f"{apart.std():.2f}", f"{(each > 0).sum()} of {len(both)}"])
    return table(["set", "beside", "samples", "octet ahead by, mean", "between samples, one sigma",
                  "between pictures, one sigma", "samples in which octet is ahead"], rows)


def float_table(seeds, names):
    """How well the float model's AP itself is known, and from how many objects each class' AP comes."""
    rows = []
    for name in names:
        base, have = seeds.study.float_ap(name), list(seeds.objects(name).values())
        rows.append([name, str(len(sets.pictures(sets.SETS[name][1], seeds.study.work))), str(sum(have)), str(len(have)),
                     str(have.count(1)), str(sum(c <= FEW for c in have)), f"{100 * base['ap']:.2f}",
                     f"{100 * seeds.drawn(name, base).std():.2f}"])
    return table(["set", "pictures", "objects", "classes with objects", "with one object", f"with {FEW} or fewer",
                  "float AP", "one sigma"], rows)


def numbers(text):
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", default=os.path.join(sets.ROOT, "build", "octet"))
    parser.add_argument("--work", default=os.path.join(sets.ROOT, "build", "accuracy"))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--seeds", type=numbers, default=list(range(10)))
    parser.add_argument("--tables", action="store_true")
    options = parser.parse_args()
    names = options.sets.split(",")
    seeds = Seeds(Study(options))
    for name in names if not options.tables else []:
        for seed in options.seeds:
            for engine in options.engines.split(","):
                seeds.measure(name, engine, seed)
    print(float_table(seeds, names), spread_table(seeds, names, options.seeds), ahead_table(seeds, names, options.seeds),
          sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
