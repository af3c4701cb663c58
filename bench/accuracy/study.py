#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what INT8 costs in average precision, on the integer engine. docs/accuracy.md is made from its tables.

    study.py [--octet build/octet] [--work build/accuracy] [--parts LIST] [--sets LIST] [--threads N]

Parts: recipe (the default build, three samples of 100 pictures), calibrators, foreign (ranges from pictures of another
kind), counts (16 to 200 pictures, three samples each), float-layers. Ten samples, and other engines: seeds.py.
Every figure is kept in the work folder, so that an interrupted run goes on where it was. Test data: $OCTET_TEST_DATA.
Needs NumPy, and OpenCV for drawing the pictures of the bundled model.
"""

import argparse
import json
import os
import random
import re
import sys

import numpy as np

import sets
from average_precision import Matches, resampled, resamples
from drift import score_error
from work_folder import WorkFolder

CALIBRATORS = ["mse", "minmax", "percentile:99.999", "percentile:99.99", "entropy", "minmax-trt"]
COUNTS = [16, 32, 64, 100, 200]
SEEDS = [0, 1, 2]
FLOAT_LAYERS = ["none", "/model.0/*", "/model.2/cv1/*", "/model.1/*,/model.2/*", "/model.21/*",
                "/model.21/m.0/cv1/*,/model.21/cv1/*,/model.21/cv2/*,/model.12/cv1/*,/model.7/*,/model.2/cv1/*,"
                "/model.2/cv2/*,/model.1/*,/model.9/cv2/*", "head"]
RESAMPLES = 200
SURE = 0.25  # score from which boxes count as ground truth for the agreement


def plain(text):
    return re.sub(r"[^A-Za-z0-9.-]+", "_", text)


class Study(WorkFolder):
    def __init__(self, options):
        super().__init__(options, ("lists", "stats", "results", "detections"))
        self.resampled = {}

    def sample(self, source, count, seed):
        """A text file of `count` pictures of a source, and how many there are. All of them where there are not more."""
        every = sets.pictures(source, self.work)
        chosen = every if count >= len(every) else sorted(random.Random(seed).sample(every, count))
        return self.listed(f"{source}.{len(chosen)}.{seed if count < len(every) else 'all'}", chosen)

    def statistics(self, model, source, count, seed):
        listed = self.sample(source, count, seed)
        path = self.path("stats", f"{model}.{os.path.basename(listed)[:-4]}.stats")
        if not os.path.exists(path):
            self.octet("calibrate", sets.model_path(model), "--images", listed, "-o", path)
        return path

    def score(self, name, detections, model=None):
        """AP of a detector on a set: a model that is run, or a COCO results file."""
        _, source, _, classes, _, _ = sets.SETS[name]
        command = ["--annotations", sets.truth_path(name, self.work)]
        if classes:
            command += ["--classes", ",".join(map(str, classes))]
        if model:
            return self.octet("eval", model, *command, "--images", sets.folder(source, self.work),
                              "--save-detections", detections)["ap"]
        return self.octet("eval", "--detections", detections, *command)["ap"]

    def agreement_with(self, name, reference, detections):
        """AP against the boxes of another detector."""
        path = reference[:-len(".json")] + ".truth.json"
        if not os.path.exists(path):
            with open(sets.truth_path(name, self.work), encoding="utf-8") as file:
                truth = json.load(file)
            with open(reference, encoding="utf-8") as file:
                found = [b for b in json.load(file) if b["score"] >= SURE]
            truth["annotations"] = [{"id": i, "image_id": b["image_id"], "category_id": b["category_id"],
                                     "bbox": b["bbox"], "area": b["bbox"][2] * b["bbox"][3], "iscrowd": 0}
                                    for i, b in enumerate(found, 1)]
            with open(path, "w", encoding="utf-8") as file:
                json.dump(truth, file)
        classes = sets.SETS[name][3]
        chosen = ["--classes", ",".join(map(str, classes))] if classes else []
        return self.octet("eval", "--detections", detections, "--annotations", path, *chosen)["ap"]

    def agreement(self, name, detections):
        """AP against the float model's boxes."""
        self.float_ap(name)
        return self.agreement_with(name, self.path("detections", plain(f"{name}.float") + ".json"), detections)

    def float_ap(self, name):
        key = plain(f"{name}.float") + ".json"
        detections = self.path("detections", key)
        return self.kept("results", key, lambda: {
            "ap": self.score(name, detections, sets.model_path(sets.SETS[name][0])), "detections": key})

    def score_error(self, name, detections):
        self.float_ap(name)
        return score_error(self.path("detections", plain(f"{name}.float") + ".json"), detections)

    def engine(self, name, source, count, seed, calibrator, float_layers="none"):
        """AP and agreement of the INT8 engine from a sample of pictures."""
        model = sets.SETS[name][0]
        listed = os.path.basename(self.sample(source, count, seed))[:-4]
        kept_float = "" if float_layers == "none" else f".float {float_layers}"
        key = plain(f"{name}.{listed}.{calibrator}{kept_float}") + ".json"
        detections = self.path("detections", key)

        def make():
            built = self.path("stats", f"{os.getpid()}.octet")
            self.octet("build", sets.model_path(model), "--stats", self.statistics(model, source, count, seed),
                       "--calibrator", calibrator, "--float-layers", float_layers, "-o", built)
            result = {"ap": self.score(name, detections, built), "detections": key}
            os.remove(built)
            result["agreement"] = self.agreement(name, detections)
            result["score_error"] = self.score_error(name, detections)
            print(f"{name}, {listed}, {calibrator}{kept_float}: AP {result['ap']:.4f}, agreement {result['agreement']:.4f}",
                  file=sys.stderr, flush=True)
            return result
        return self.kept("results", key, make)

    def engines(self, name, source, count, calibrator, seeds, float_layers="none"):
        """One result for each sample that differs."""
        if count >= len(sets.pictures(source, self.work)):
            seeds = seeds[:1]
        return [self.engine(name, source, count, seed, calibrator, float_layers) for seed in seeds]

    def resampled_ap(self, name, result):
        """AP [RESAMPLES] over resampled pictures, the same resamples for all detectors of a set."""
        key = result["detections"]
        if key not in self.resampled:
            detections = self.path("detections", key)
            matches = Matches(sets.truth_path(name, self.work), detections, sets.SETS[name][3])
            if abs(matches.ap() - result["ap"]) > 1e-9:
                raise RuntimeError(f"{name}: AP {matches.ap()} here, {result['ap']} by octet eval")
            drawn = resampled(matches, resamples(matches.images, RESAMPLES))
            self.resampled[key] = drawn
        return self.resampled[key]

    def difference(self, name, results, others):
        """Mean AP difference in points, and its resamples."""
        points = 100 * (np.mean([r["ap"] for r in results]) - np.mean([r["ap"] for r in others]))
        drawn = 100 * (np.mean([self.resampled_ap(name, r) for r in results], 0)
                       - np.mean([self.resampled_ap(name, r) for r in others], 0))
        return points, drawn


def mean_difference(differences):
    """Of several sets: the mean and its sigma. Sets are resampled apart from each other."""
    sigma = np.sqrt(sum(np.var(drawn) for _, drawn in differences)) / len(differences)
    return np.mean([points for points, _ in differences]), sigma


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def average(results, key, scale=1.0):
    return scale * np.mean([r[key] for r in results])


def signed(points, sigma=None):
    return f"{points:+.2f}" + ("" if sigma is None else f" ± {sigma:.2f}")


def recipe(study, names):
    rows, differences = [], []
    for name in names:
        base, results = study.float_ap(name), study.engines(name, sets.SETS[name][4], 100, "mse", SEEDS)
        points, drawn = study.difference(name, results, [base])
        differences.append((points, drawn))
        each = [100 * (r["ap"] - base["ap"]) for r in results]
        rows.append([name, f"{base['ap']:.4f}", f"{np.mean([r['ap'] for r in results]):.4f}",
                     signed(points, drawn.std()), " ".join(signed(p) for p in each),
                     f"{average(results, 'agreement', 100):.1f}", f"{average(results, 'score_error'):.4f}"])
    rows.append(["mean", "", "", signed(*mean_difference(differences)), "", "", ""])
    return table(["set", "float AP", "INT8 AP", "difference, points", "each sample", "agreement AP", "score error"],
                 rows)


def calibrators(study, names, column, seeds):
    """One row for each calibrator; the last column is the paired difference to the default over all sets."""
    names = [n for n in names if sets.SETS[n][column]]
    rows = []
    for calibrator in CALIBRATORS:
        cells, against, error = [], [], 0.0
        for name in names:
            source = sets.SETS[name][column]
            results = study.engines(name, source, 100, calibrator, seeds)
            usual = study.engines(name, source, 100, "mse", seeds)
            points, _ = study.difference(name, results, [study.float_ap(name)])
            against.append(study.difference(name, results, usual))
            error += np.log(average(results, "score_error") / average(usual, "score_error")) / len(names)
            cells.append(f"{signed(points)} ({average(results, 'agreement', 100):.1f})")
        rows.append([f"`{calibrator}`"] + cells + [signed(*mean_difference(against)) if calibrator != "mse" else "",
                                                   f"{np.exp(error):.2f}"])
    return table(["calibrator"] + names + ["mean against `mse`", "score error, `mse` = 1"], rows)


def counts(study, names):
    rows = []
    for count in COUNTS:
        cells = []
        for name in names:
            source = sets.SETS[name][4]
            if count > len(sets.pictures(source, study.work)):
                cells.append("")
                continue
            results, base = study.engines(name, source, count, "mse", SEEDS), study.float_ap(name)["ap"]
            each = [100 * (r["ap"] - base) for r in results]
            cells.append(f"{signed(np.mean(each))} ({', '.join(signed(p) for p in each)}) "
                         f"{average(results, 'score_error'):.4f}")
        rows.append([str(count)] + cells)
    return table(["pictures"] + names, rows)


def float_layers(study, _):
    """What layers in float give back, with the ranges of COCO."""
    rows, names = [], ["COCO n", "CCTV n"]
    for pattern in FLOAT_LAYERS:
        cells = []
        for name in names:
            results, base = study.engines(name, "coco-train", 100, "mse", SEEDS, pattern), study.float_ap(name)["ap"]
            each = [100 * (r["ap"] - base) for r in results]
            cells += [f"{signed(np.mean(each))} ({', '.join(signed(p) for p in each)})",
                      f"{average(results, 'agreement', 100):.1f}", f"{average(results, 'score_error'):.4f}"]
        rows.append([f"`{pattern}`"] + cells)
    return table(["`--float-layers`"] + [head for name in names for head in (name, "agreement", "score error")], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", default=os.path.join(sets.ROOT, "build", "octet"))
    parser.add_argument("--work", default=os.path.join(sets.ROOT, "build", "accuracy"))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--parts", default="recipe,calibrators,foreign,counts,float-layers")
    parser.add_argument("--sets", default=",".join(n.replace(", ", "/") for n in sets.SETS),
                        help="names with / in place of ', '")
    parser.add_argument("--calibrators", default=",".join(CALIBRATORS))
    options = parser.parse_args()
    if not os.path.isdir(sets.DATA):
        print("skipped: no test data", file=sys.stderr)
        return 0
    CALIBRATORS[:] = options.calibrators.split(",")
    names = [n.replace("/", ", ") for n in options.sets.split(",")]
    halves = [n for n in names if "half" not in n]
    study = Study(options)
    made = {"recipe": lambda: recipe(study, names), "calibrators": lambda: calibrators(study, names, 4, SEEDS),
            "foreign": lambda: calibrators(study, names, 5, SEEDS[:1]), "counts": lambda: counts(study, halves),
            "float-layers": lambda: float_layers(study, names)}
    for part in options.parts.split(","):
        print(f"## {part}\n\n{made[part]()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
