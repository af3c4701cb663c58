#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what ranges from pictures of another kind cost, beside what `octet inspect --against` says of them.

    ranges.py [--octet build/octet] [--work build/ranges] [--models n,s,neudet,parts] [--count 96] [--threads N]

For every model, and every pair of sets: an INT8 engine with ranges from X runs on pictures of Y. Agreement is the AP of
its boxes with the float model's as truth (score 0.25, or lower where those are fewer than 40). What is lost is the
difference to the engine with ranges from other pictures of Y. Beside it stand the numbers and the verdict that
`inspect X.stats --against Y.stats` gives, and those by the engine's codes alone (`inspect ENGINE --against Y`). Every
figure is kept in the work folder. The last lines count how often the verdict was right. Test data: $OCTET_TEST_DATA.
Needs OpenCV for the drawn parts.
"""

import argparse
import collections
import json
import os
import subprocess
import sys

import sets

LABELS_MIN = 40
CLASS_MIN = 5  # labels of a class that counts: the AP of rarer ones is noise
SURE, SURE_LEAST = 0.25, 0.05
LABELS_ENOUGH = 100  # with fewer, the agreement is noise
LOSS = 1.0  # points of agreement from which ranges are worth replacing

# kind: pictures to calibrate with, others of the same kind to run on
KINDS = {"coco": ("coco-train", "coco-val"), "cctv": ("cctv-train", "cctv-val"),
         "neudet": ("neudet-train", "neudet-val"), "parts": ("parts-train", "parts-test"),
         "shifted": ("parts-shifted", "parts-shifted-test")}
# What models of one kind are to see; others see all.
OWN = {"neudet": ["neudet"], "parts": ["parts", "shifted"]}
sets.DRAWN["parts-shifted-test"] = (100, 9004, "shifted")


class Measure:
    def __init__(self, options):
        self.options = options
        for name in ("lists", "stats", "engines", "boxes", "results"):
            os.makedirs(os.path.join(options.work, name), exist_ok=True)

    def path(self, kind, name):
        return os.path.join(self.options.work, kind, name)

    def octet(self, *arguments):
        threads = ["--threads", str(self.options.threads)] if self.options.threads else []
        ran = subprocess.run([self.options.octet, *arguments, *threads, "-q", "--json"], capture_output=True,
                             text=True, check=False)
        if ran.returncode:
            raise RuntimeError(f"octet {' '.join(arguments)}: {ran.stderr.strip()}")
        return json.loads(ran.stdout)

    def kept(self, kind, name, make):
        path = self.path(kind, name)
        if not os.path.exists(path):
            made = make()
            with open(path + ".part", "w", encoding="utf-8") as file:
                json.dump(made, file)
            os.replace(path + ".part", path)
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def listed(self, source):
        """Pictures of a source, spread over all of it."""
        every, count = sets.pictures(source, self.options.work), self.options.count
        chosen = [every[i * len(every) // count] for i in range(count)] if count < len(every) else every
        path = self.path("lists", f"{source}.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(os.path.abspath(p) for p in chosen) + "\n")
        return path

    def statistics(self, model, source):
        path = self.path("stats", f"{model}.{source}.stats")
        if not os.path.exists(path):
            self.octet("calibrate", sets.model_path(model), "--images", self.listed(source), "-o", path)
        return path

    def engine(self, model, source, calibrator):
        path = self.path("engines", f"{model}.{source}.{calibrator}.octet")
        if not os.path.exists(path):
            self.octet("build", sets.model_path(model), "--stats", self.statistics(model, source), "--calibrator",
                       calibrator, "-o", path)
        return path

    def boxes(self, key, run, source):
        """All boxes of a detector from a low score on."""
        return self.kept("boxes", f"{key}.on.{source}.json", lambda: self.octet(
            "detect", run, self.listed(source), "--conf", "0.001"))["images"]

    def agreement(self, model, key, engine, source):
        """AP with the float model's boxes as truth, in points, and how many these are."""
        def make():
            reference = self.boxes(f"{model}.float", sets.model_path(model), source)
            scores = sorted((b["score"] for image in reference for b in image["detections"]), reverse=True)
            sure = min(SURE, max(SURE_LEAST, scores[min(LABELS_MIN, len(scores)) - 1]))
            truth = {"images": [], "annotations": [], "categories": []}
            found, classes = [], {}
            for number, image in enumerate(reference, 1):
                truth["images"].append({"id": number, "file_name": image["file"], "width": image["width"],
                                        "height": image["height"]})
                for box in image["detections"]:
                    classes[box["class_id"]] = box["class_name"]
                    if box["score"] >= sure:
                        x, y, right, bottom = box["box_xyxy"]
                        truth["annotations"].append({
                            "id": len(truth["annotations"]) + 1, "image_id": number, "iscrowd": 0,
                            "category_id": box["class_id"] + 1, "bbox": [x, y, right - x, bottom - y],
                            "area": (right - x) * (bottom - y)})
            for number, image in enumerate(self.boxes(key, engine, source), 1):
                for box in image["detections"]:
                    x, y, right, bottom = box["box_xyxy"]
                    classes[box["class_id"]] = box["class_name"]
                    found.append({"image_id": number, "category_id": box["class_id"] + 1, "score": box["score"],
                                  "bbox": [x, y, right - x, bottom - y]})
            truth["categories"] = [{"id": i + 1, "name": n} for i, n in sorted(classes.items())]
            paths = self.path("boxes", "truth.json"), self.path("boxes", "found.json")
            for path, content in zip(paths, (truth, found)):
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(content, file)
            counts = collections.Counter(b["category_id"] for b in truth["annotations"])
            often = [str(i) for i, n in counts.items() if n >= CLASS_MIN]
            chosen = ["--classes", ",".join(often)] if often else []
            ap = self.octet("eval", "--detections", paths[1], "--annotations", paths[0], *chosen)["ap"]
            return {"ap": 100 * ap, "labels": len(truth["annotations"])}
        return self.kept("results", f"{key}.on.{source}.json", make)

    def pair(self, model, calibrator, x, y):
        """One row: ranges of kind x on pictures of kind y."""
        def ap(kind):
            source = KINDS[kind][0]
            return self.agreement(model, f"{model}.{source}.{calibrator}", self.engine(model, source, calibrator),
                                  KINDS[y][1])
        own, other = ap(y), ap(x)
        return {"model": model, "calibrator": calibrator, "x": x, "y": y, "labels": own["labels"], "own": own["ap"],
                "agreement": other["ap"], "loss": own["ap"] - other["ap"]}


    def said(self, model, calibrator, x, y):
        """What the program says of ranges of kind x and pictures of kind y: by statistics, and by the engine's codes."""
        others = KINDS[y][1]

        def make():
            by_statistics = self.octet("inspect", self.statistics(model, KINDS[x][0]), "--against",
                                       self.statistics(model, others), "--calibrator", calibrator)
            by_codes = self.octet("inspect", self.engine(model, KINDS[x][0], calibrator), "--against",
                                  self.listed(others))
            return {name: {key: value for key, value in said.items() if key != "tensors"}
                    for name, said in (("statistics", by_statistics), ("codes", by_codes))}
        return self.kept("results", f"said.{model}.{calibrator}.{x}.{y}.json", make)


def table(rows):
    print("| model | calibrator | ranges from | pictures | labels | agreement, own ranges | these | lost "
          "| rise, dB | loss, dB | verdict | by codes, dB | verdict |\n|" + "---|" * 13)
    for row in rows:
        by, codes = row["statistics"], row["codes"]
        print(f"| {row['model']} | `{row['calibrator']}` | {row['x']} | {row['y']} | {row['labels']} | {row['own']:.1f} "
              f"| {row['agreement']:.1f} | {row['loss']:+.1f} | {by['rise_db']:.1f} | {by['loss_db']:.1f} "
              f"| {by['verdict']} | {codes['rise_db']:.1f} | {codes['verdict']} |")


def count(rows, method):
    """How often the verdict agrees with what is lost."""
    right = [(row[method]["verdict"] == "recalibrate") == (row["loss"] >= LOSS) for row in rows]
    missed = [row for row in rows if row[method]["verdict"] == "fits" and row["loss"] >= LOSS]
    needless = sum(row[method]["verdict"] != "fits" and row["loss"] < LOSS for row in rows)
    print(f"by {method}: right in {sum(right)} of {len(rows)}; {len(missed)} losses of {LOSS} points and more missed"
          f" (the largest {max((row['loss'] for row in missed), default=0):.1f}), {needless} needless")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", default=os.path.join(sets.ROOT, "build", "octet"))
    parser.add_argument("--work", default=os.path.join(sets.ROOT, "build", "ranges"))
    parser.add_argument("--models", default="n,s,neudet,parts")
    parser.add_argument("--calibrators", default="mse")
    parser.add_argument("--count", type=int, default=96)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    if not os.path.isdir(sets.DATA):
        print("skipped: no test data", file=sys.stderr)
        return 0
    measure, rows = Measure(options), []
    for model in options.models.split(","):
        for calibrator in options.calibrators.split(","):
            for y in OWN.get(model, KINDS):
                for x in KINDS:
                    row = measure.pair(model, calibrator, x, y)
                    row.update(measure.said(model, calibrator, x, y))
                    rows.append(row)
                    print(f"{model}, {x} on {y}: {row['loss']:+.2f} points", file=sys.stderr, flush=True)
    table(rows)
    enough = [row for row in rows if row["labels"] >= LABELS_ENOUGH]
    print(f"\nOf pairs with {LABELS_ENOUGH} labels and more, ranges of the same kind of pictures counted as well:")
    for method in ("statistics", "codes"):
        count(enough, method)
    return 0


if __name__ == "__main__":
    sys.exit(main())
