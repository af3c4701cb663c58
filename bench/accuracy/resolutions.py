#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what INT8 keeps at each input size, by where its scales come from (docs/multi-resolution.md).

    resolutions.py [--octet build/octet] [--work build/resolutions] [--sets "COCO n/CCTV n"]
                   [--sizes 320,384x640,480,640,960] [--usual 640] [--threads N]

For every set and size: AP with its labels, of the float model and of INT8 engines calibrated on pictures of the same kind
at the usual size alone, at this size alone, at all sizes with one set of scales (merged), and with a set for each size
(per-size); and the agreement of each with the float model at that size (`octet compare`). Figures are kept in the work
folder. Prints Markdown. Test data: $OCTET_TEST_DATA.
"""

import argparse
import os
import sys

import sets
from work_folder import WorkFolder

SCALES = ("usual", "alone", "merged", "per-size")


class Resolutions(WorkFolder):
    def __init__(self, options):
        super().__init__(options, ("lists", "stats", "engines", "results"))
        self.sizes, self.usual = options.sizes.split(","), options.usual

    def statistics(self, name, sizes):
        """Of the pictures to calibrate with, at one size or at all in one pass."""
        model, source = sets.SETS[name][0], sets.SETS[name][4]
        path = self.path("stats", f"{model}.{source}.{'+'.join(sizes)}.stats")
        if not os.path.exists(path):
            self.octet("calibrate", sets.model_path(model), "--images",
                       self.listed(source, sets.pictures(source, self.work)), "--imgsz", ",".join(sizes), "-o", path)
        return path

    def engine(self, name, scales, size):
        model, source = sets.SETS[name][0], sets.SETS[name][4]
        of = {"usual": [self.usual], "alone": [size]}.get(scales, self.sizes)
        path = self.path("engines", f"{model}.{source}.{'+'.join(of)}.{scales}.octet")
        if not os.path.exists(path):
            how = ["--scales", scales] if scales in ("merged", "per-size") else []
            self.octet("build", sets.model_path(model), "--stats", self.statistics(name, of), *how, "-o", path)
        return path

    def ap(self, name, key, run, size):
        source, classes = sets.SETS[name][1], sets.SETS[name][3]
        chosen = ["--classes", ",".join(map(str, classes))] if classes else []
        return 100 * self.kept("results", f"ap.{name}.{key}.{size}.json", lambda: self.octet(
            "eval", run, "--annotations", sets.truth_path(name, self.work), "--images",
            sets.folder(source, self.work), "--imgsz", size, *chosen))["ap"]

    def agreement(self, name, key, run, size):
        model, source = sets.SETS[name][:2]
        return 100 * self.kept("results", f"agreement.{name}.{key}.{size}.json", lambda: self.octet(
            "compare", sets.model_path(model), run, "--images",
            self.listed(source + ".all", sets.pictures(source, self.work)), "--imgsz", size,
            "--no-layers"))["agreement_ap"]

    def row(self, name, size):
        model = sets.SETS[name][0]
        row = {"float": self.ap(name, "float", sets.model_path(model), size)}
        for scales in SCALES:
            run = self.engine(name, scales, size)
            key = os.path.basename(run)
            row[scales] = (self.ap(name, key, run, size), self.agreement(name, key, run, size))
            print(f"{name}, {size}, {scales}: {row[scales][0] - row['float']:+.2f}, agreement {row[scales][1]:.1f}",
                  file=sys.stderr, flush=True)
        return row


def print_table(resolutions, name):
    print(f"\n{name}:\n")
    print("| size | float AP |" + "".join(f" {s} | agreement |" for s in
                                         (f"at {resolutions.usual} alone", "at this size alone", "merged", "per size")))
    print("|---" * (2 + 2 * len(SCALES)) + "|")
    for size in resolutions.sizes:
        row = resolutions.row(name, size)
        cells = [size, f"{row['float']:.2f}"]
        for scales in SCALES:
            cells += [f"{row[scales][0] - row['float']:+.2f}", f"{row[scales][1]:.1f}"]
        print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", default=os.path.join(sets.ROOT, "build", "octet"))
    parser.add_argument("--work", default=os.path.join(sets.ROOT, "build", "resolutions"))
    parser.add_argument("--sets", default="COCO n/CCTV n")
    parser.add_argument("--sizes", default="320,384x640,480,640,960")
    parser.add_argument("--usual", default="640")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    if not os.path.isdir(sets.DATA):
        print("skipped: no test data", file=sys.stderr)
        return 0
    resolutions = Resolutions(options)
    for name in options.sets.split("/"):
        print_table(resolutions, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
