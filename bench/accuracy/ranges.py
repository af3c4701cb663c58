#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what ranges from pictures of another kind cost, beside what `octet inspect --against` says of them.

    ranges.py [--octet build/octet] [--work build/ranges] [--models n,s,neudet,parts] [--calibrators mse,minmax]
              [--count 96] [--threads N]

For every model and calibrator, and every pair of sets: an INT8 engine with ranges from X runs on pictures of Y. Two
things are measured: AP with Y's labels, where they are of the model's classes, and agreement, the AP of its boxes with
the float model's as truth (score 0.25, or lower where those are fewer than 40). What is lost is the difference to the
engine with ranges from other pictures of Y. Beside it stand the numbers and the verdict that
`inspect X.stats --against Y.stats` gives, and those by the engine's codes alone (`inspect ENGINE --against Y`). Every
figure is kept in the work folder. The last lines count how often the verdict was right. Test data: $OCTET_TEST_DATA.
Needs OpenCV for the drawn parts.
"""

import argparse
import collections
import json
import math
import os
import sys

import sets
from work_folder import WorkFolder

BOXES_MIN = 40
CLASS_MIN = 5  # boxes of a class that counts for the agreement: the AP of rarer ones is noise
SURE, SURE_LEAST = 0.25, 0.05
BOXES_ENOUGH = 100  # with fewer, the agreement is noise
BANDS = (0, 1.2, 3, 6, math.inf)  # dB
LOSS = 1.0  # points from which ranges are worth replacing

# kind: pictures to calibrate with, others of the same kind to run on
KINDS = {"coco": ("coco-train", "coco-val"), "cctv": ("cctv-train", "cctv-val"),
         "neudet": ("neudet-train", "neudet-val"), "parts": ("parts-train", "parts-test"),
         "shifted": ("parts-shifted", "parts-shifted-test")}
# What models of one kind are to see; others see all.
OWN = {"neudet": ["neudet"], "parts": ["parts", "shifted"]}
sets.DRAWN["parts-shifted-test"] = (300, 9004, "shifted")
sets.SETS["shifted"] = ("parts", "parts-shifted-test", None, None, "parts-shifted", "parts-train")
# Sets with labels of the model's classes.
LABELLED = {("n", "coco"): "COCO n", ("s", "coco"): "COCO s", ("n", "cctv"): "CCTV n", ("s", "cctv"): "CCTV s",
            ("neudet", "neudet"): "NEU-DET n", ("parts", "parts"): "parts", ("parts", "shifted"): "shifted"}


class Measure(WorkFolder):
    def __init__(self, options):
        super().__init__(options, ("lists", "stats", "engines", "boxes", "results"))
        self.count = options.count

    def sample(self, source):
        """Pictures of a source for statistics, spread over all of it."""
        every, count = sets.pictures(source, self.work), self.count
        chosen = [every[i * len(every) // count] for i in range(count)] if count < len(every) else every
        return self.listed(source, chosen)

    def statistics(self, model, source):
        path = self.path("stats", f"{model}.{source}.stats")
        if not os.path.exists(path):
            self.octet("calibrate", sets.model_path(model), "--images", self.sample(source), "-o", path)
        return path

    def engine(self, model, source, calibrator):
        path = self.path("engines", f"{model}.{source}.{calibrator}.octet")
        if not os.path.exists(path):
            self.octet("build", sets.model_path(model), "--stats", self.statistics(model, source), "--calibrator",
                       calibrator, "-o", path)
        return path

    def boxes(self, key, run, source):
        """All boxes of a detector on all pictures of a source, of one class each."""
        every = self.listed(source + ".all", sets.pictures(source, self.work))
        return self.kept("boxes", f"{key}.on.{source}.json", lambda: self.octet(
            "detect", run, every, "--conf", "0.001", "--iou", "0.7", "--max-det", "300"))["images"]

    def eval(self, truth, found, classes):
        """AP in points of boxes, as COCO's result files have them."""
        paths = self.path("boxes", f"{os.getpid()}.truth.json"), self.path("boxes", f"{os.getpid()}.found.json")
        for path, content in zip(paths, (truth, found)):
            with open(path, "w", encoding="utf-8") as file:
                json.dump(content, file)
        chosen = ["--classes", ",".join(map(str, classes))] if classes else []
        ap = self.octet("eval", "--detections", paths[1], "--annotations", paths[0], *chosen)["ap"]
        for path in paths:
            os.remove(path)
        return 100 * ap

    def agreement(self, model, images, source):
        """AP with the float model's boxes as truth, in points, and how many these are."""
        reference = self.boxes(f"{model}.float", sets.model_path(model), source)
        scores = sorted((b["score"] for image in reference for b in image["detections"]), reverse=True)
        sure = min(SURE, max(SURE_LEAST, scores[min(BOXES_MIN, len(scores)) - 1]))
        names = {b["class_id"]: b["class_name"] for i in (reference, images) for p in i for b in p["detections"]}
        truth = {"images": [{"id": number, "file_name": image["file"], "width": image["width"],
                             "height": image["height"]} for number, image in enumerate(reference, 1)],
                 "categories": [{"id": i + 1, "name": n} for i, n in sorted(names.items())],
                 "annotations": results(reference, sure)}
        for number, box in enumerate(truth["annotations"], 1):
            box.update(id=number, iscrowd=0, area=box["bbox"][2] * box["bbox"][3])
        counts = collections.Counter(b["category_id"] for b in truth["annotations"])
        often = [i for i, n in counts.items() if n >= CLASS_MIN]
        return self.eval(truth, results(images), often), len(truth["annotations"])

    def labelled(self, name, key, run):
        """AP with a set's labels, in points; no set: none."""
        if not name:
            return None
        _, source, _, classes = sets.SETS[name][:4]
        chosen = ["--classes", ",".join(map(str, classes))] if classes else []
        return 100 * self.kept("results", f"ap.{key}.on.{source}.json", lambda: self.octet(
            "eval", run, "--annotations", sets.truth_path(name, self.work), "--images",
            sets.folder(source, self.work), *chosen))["ap"]

    def score(self, model, kind, key, run):
        """What a detector is worth on pictures of a kind."""
        source = KINDS[kind][1]

        def make():
            agreement, boxes = self.agreement(model, self.boxes(key, run, source), source)
            return {"agreement": agreement, "boxes": boxes}
        return {**self.kept("results", f"{key}.on.{source}.json", make),
                "ap": self.labelled(LABELLED.get((model, kind)), key, run)}

    def floating(self, model, kind):
        return self.score(model, kind, f"{model}.float", sets.model_path(model))

    def pair(self, model, calibrator, x, y):
        """One row: ranges of kind x on pictures of kind y."""
        def score(kind):
            source = KINDS[kind][0]
            return self.score(model, y, f"{model}.{source}.{calibrator}", self.engine(model, source, calibrator))
        own, other = score(y), score(x)
        row = {"model": model, "calibrator": calibrator, "x": x, "y": y, "boxes": own["boxes"], "own": own,
               "agreement": own["agreement"] - other["agreement"],
               "ap": None if own["ap"] is None else own["ap"] - other["ap"]}
        row.update(self.said(model, calibrator, x, y))
        return row

    def said(self, model, calibrator, x, y):
        """What the program says of ranges of kind x and pictures of kind y: by statistics, and by the engine's codes."""
        others, name = KINDS[y][1], f"{model}.{calibrator}.{x}.{y}.json"
        return {
            "statistics": self.kept("results", "statistics." + name, lambda: self.octet(
                "inspect", self.statistics(model, KINDS[x][0]), "--against", self.statistics(model, others),
                "--calibrator", calibrator)),
            "codes": self.kept("results", "codes." + name, lambda: self.octet(
                "inspect", self.engine(model, KINDS[x][0], calibrator), "--against", self.sample(others)))}


def results(images, least=0.0):
    """Boxes of `detect` as COCO's results."""
    return [{"image_id": number, "category_id": box["class_id"] + 1, "score": box["score"],
             "bbox": [x, y, right - x, bottom - y]}
            for number, image in enumerate(images, 1) for box in image["detections"]
            for x, y, right, bottom in [box["box_xyxy"]] if box["score"] >= least]


def points(number):
    return "" if number is None else f"{number:+.1f}"


def own_table(measure, rows, calibrators):
    """What engines with ranges of the same kind of pictures are worth."""
    print("| model | pictures | boxes of float | float AP |" + "".join(f" `{c}`: AP | agreement |" for c in calibrators)
          + "\n|" + "---|" * (4 + 2 * len(calibrators)))
    for model, y in dict.fromkeys((row["model"], row["y"]) for row in rows):
        floating = measure.floating(model, y)
        cells = [model, y, str(floating["boxes"]), "" if floating["ap"] is None else f"{floating['ap']:.1f}"]
        for calibrator in calibrators:
            own = next(r["own"] for r in rows if (r["model"], r["y"], r["calibrator"]) == (model, y, calibrator))
            cells += ["" if own["ap"] is None else f"{own['ap']:.1f}", f"{own['agreement']:.1f}"]
        print("| " + " | ".join(cells) + " |")


def table(rows, calibrators):
    print("\n| model | ranges from | pictures |" + "".join(
        f" `{c}`: AP lost | agreement lost | loss, dB | rise by codes, dB | verdict |" for c in calibrators)
          + "\n|" + "---|" * (3 + 5 * len(calibrators)))
    for model, y, x in dict.fromkeys((row["model"], row["y"], row["x"]) for row in rows if row["x"] != row["y"]):
        cells = [model, x, y]
        for row in (r for r in rows if (r["model"], r["y"], r["x"]) == (model, y, x)):
            by, codes = row["statistics"], row["codes"]
            verdict = by["verdict"] + ("" if codes["verdict"] == by["verdict"] else f" (codes: {codes['verdict']})")
            cells += [points(row["ap"]), points(row["agreement"]), f"{by['loss_db']:.1f}", f"{codes['rise_db']:.1f}",
                      verdict]
        print("| " + " | ".join(cells) + " |")


def count(rows, measured, method):
    """How often the verdict agrees with what is lost."""
    right = [(row[method]["verdict"] == "recalibrate") == (row[measured] >= LOSS) for row in rows]
    missed = [row[measured] for row in rows if row[method]["verdict"] == "fits" and row[measured] >= LOSS]
    needless = sum(row[method]["verdict"] != "fits" and row[measured] < LOSS for row in rows)
    return (f"right in {sum(right)} of {len(rows)}; {len(missed)} losses missed (the largest "
            f"{max(missed, default=0):.1f}), {needless} needless")


def bands(rows):
    """What was lost by what the program calls the loss."""
    print("\n| loss, dB | pairs | agreement lost, mean | least to most | with labels | AP lost, mean | least to most |\n|"
          + "---|" * 7)
    for low, high in zip(BANDS, BANDS[1:]):
        of = [r for r in rows if r["x"] != r["y"] and low <= r["statistics"]["loss_db"] < high]
        cells = [f"{low} to {high}" if high < math.inf else f"{low} and more"]
        for measured, chosen in (("agreement", [r for r in of if r["boxes"] >= BOXES_ENOUGH]),
                                 ("ap", [r for r in of if r["ap"] is not None])):
            lost = [r[measured] for r in chosen]
            cells += [str(len(lost))] + ([f"{sum(lost) / len(lost):+.1f}", f"{min(lost):+.1f} to {max(lost):+.1f}"]
                                         if lost else ["", ""])
        print("| " + " | ".join(cells) + " |")


def counts(rows, calibrators):
    print(f"\nPairs of different kinds, against a loss of {LOSS} points and more:")
    for calibrator in calibrators:
        of = [row for row in rows if row["calibrator"] == calibrator]
        foreign = [row for row in of if row["x"] != row["y"]]
        by_measure = {"ap": [row for row in foreign if row["ap"] is not None],
                      "agreement": [row for row in foreign if row["boxes"] >= BOXES_ENOUGH]}
        for measured, counted in by_measure.items():
            for method in ("statistics", "codes"):
                print(f"- {calibrator}, {measured}, by {method}: {count(counted, measured, method)}")
        fits = sum(row["statistics"]["verdict"] == "fits" for row in of if row["x"] == row["y"])
        print(f"- {calibrator}: of {len(of) - len(foreign)} pairs of the same kind {fits} fit")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", default=os.path.join(sets.ROOT, "build", "octet"))
    parser.add_argument("--work", default=os.path.join(sets.ROOT, "build", "ranges"))
    parser.add_argument("--models", default="n,s,neudet,parts")
    parser.add_argument("--calibrators", default="mse,minmax")
    parser.add_argument("--count", type=int, default=96)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    if not os.path.isdir(sets.DATA):
        print("skipped: no test data", file=sys.stderr)
        return 0
    measure, rows, calibrators = Measure(options), [], options.calibrators.split(",")
    for model in options.models.split(","):
        for y in OWN.get(model, KINDS):
            for x in KINDS:
                for calibrator in calibrators:
                    rows.append(measure.pair(model, calibrator, x, y))
                    print(f"{model}, {calibrator}, {x} on {y}: AP {points(rows[-1]['ap'])}, agreement "
                          f"{points(rows[-1]['agreement'])}", file=sys.stderr, flush=True)
    own_table(measure, rows, calibrators)
    table(rows, calibrators)
    bands(rows)
    counts(rows, calibrators)
    return 0


if __name__ == "__main__":
    sys.exit(main())
