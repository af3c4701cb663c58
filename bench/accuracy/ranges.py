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
import os
import sys

import sets
from work_folder import WorkFolder

BOXES_MIN = 40
CLASS_MIN = 5  # boxes of a class that counts for the agreement: the AP of rarer ones is noise
SURE, SURE_LEAST = 0.25, 0.05
BOXES_ENOUGH = 100  # with fewer, the agreement is noise
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
        """All boxes of a detector on all pictures of a source, selected as `octet eval` does."""
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
                 "annotations": results(reference, lambda b: b["class_id"] + 1, sure)}
        for number, box in enumerate(truth["annotations"], 1):
            box.update(id=number, iscrowd=0, area=box["bbox"][2] * box["bbox"][3])
        counts = collections.Counter(b["category_id"] for b in truth["annotations"])
        often = [i for i, n in counts.items() if n >= CLASS_MIN]
        return self.eval(truth, results(images, lambda b: b["class_id"] + 1), often), len(truth["annotations"])

    def labelled(self, name, images):
        """AP with a set's labels, in points."""
        with open(sets.truth_path(name, self.work), encoding="utf-8") as file:
            truth = json.load(file)
        ids = {c["name"]: c["id"] for c in truth["categories"]}
        numbers = {os.path.basename(i["file_name"]): i["id"] for i in truth["images"]}
        found = results(images, lambda b: ids.get(b["class_name"]), 0.0, numbers)
        return self.eval(truth, found, sets.SETS[name][3])

    def score(self, model, kind, key, run):
        """What a detector is worth on pictures of a kind."""
        source = KINDS[kind][1]

        def make():
            images = self.boxes(key, run, source)
            agreement, boxes = self.agreement(model, images, source)
            name = LABELLED.get((model, kind))
            return {"agreement": agreement, "boxes": boxes, "ap": self.labelled(name, images) if name else None}
        return self.kept("results", f"{key}.on.{source}.json", make)

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
        others = KINDS[y][1]
        return self.kept("results", f"said.{model}.{calibrator}.{x}.{y}.json", lambda: {
            "statistics": self.octet("inspect", self.statistics(model, KINDS[x][0]), "--against",
                                     self.statistics(model, others), "--calibrator", calibrator),
            "codes": self.octet("inspect", self.engine(model, KINDS[x][0], calibrator), "--against",
                                self.sample(others))})


def results(images, category, least=0.0, numbers=None):
    """Boxes of `detect` as COCO's results; those without a category are left out."""
    return [{"image_id": numbers[os.path.basename(image["file"])] if numbers else number,
             "category_id": category(box), "score": box["score"],
             "bbox": [x, y, right - x, bottom - y]}
            for number, image in enumerate(images, 1) for box in image["detections"]
            for x, y, right, bottom in [box["box_xyxy"]] if box["score"] >= least and category(box) is not None]


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
        f" `{c}`: AP lost | agreement lost | rise, dB | by codes, dB | verdict |" for c in calibrators)
          + "\n|" + "---|" * (3 + 5 * len(calibrators)))
    for model, y, x in dict.fromkeys((row["model"], row["y"], row["x"]) for row in rows if row["x"] != row["y"]):
        cells = [model, x, y]
        for row in (r for r in rows if (r["model"], r["y"], r["x"]) == (model, y, x)):
            by, codes = row["statistics"], row["codes"]
            verdict = by["verdict"] + ("" if codes["verdict"] == by["verdict"] else f" (codes: {codes['verdict']})")
            cells += [points(row["ap"]), points(row["agreement"]), f"{by['rise_db']:.1f}", f"{codes['rise_db']:.1f}",
                      verdict]
        print("| " + " | ".join(cells) + " |")


def count(rows, measured, method):
    """How often the verdict agrees with what is lost."""
    right = [(row[method]["verdict"] == "recalibrate") == (row[measured] >= LOSS) for row in rows]
    missed = [row[measured] for row in rows if row[method]["verdict"] == "fits" and row[measured] >= LOSS]
    needless = sum(row[method]["verdict"] != "fits" and row[measured] < LOSS for row in rows)
    return (f"right in {sum(right)} of {len(rows)}; {len(missed)} losses missed (the largest "
            f"{max(missed, default=0):.1f}), {needless} needless")


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
    counts(rows, calibrators)
    return 0


if __name__ == "__main__":
    sys.exit(main())
