#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether the same pictures give the same statistics, engines and boxes on every kernel set: gathered, built and evaluated
with each of them, compared byte by byte. Says what differs, and then ends with exit status 1.

    kernel_sets.py --octet build/octet [--work build/accuracy] [--sets LIST] [--cpus ref,avx2,max]
"""

import argparse
import os
import sys

import sets
from seeds import Seeds
from study import Study, plain


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def boxes(study, name, engine, cpu):
    _, source, _, _, _, _ = sets.SETS[name]
    path = study.path("detections", f"{os.getpid()}.json")
    study.octet("eval", engine, "--cpu", cpu, "--annotations", sets.truth_path(name, study.work), "--images",
                sets.folder(source, study.work), "--save-detections", path)
    found = contents(path)
    os.remove(path)
    return found


def made(study, name, cpu):
    """All that one kernel set makes of a set of pictures: bytes, by what they are."""
    model = sets.model_path(sets.SETS[name][0])
    stem = study.path("stats", plain(f"{name}.made-with.{cpu}"))
    study.octet("calibrate", model, "--images", Seeds(study).sample(name, 0)[0], "--cpu", cpu, "-o", stem + ".stats")
    study.octet("build", model, "--stats", stem + ".stats", "--cpu", cpu, "-o", stem + ".octet")
    return {"statistics": contents(stem + ".stats"), "engine": contents(stem + ".octet"),
            "boxes in INT8": boxes(study, name, stem + ".octet", cpu), "boxes in FP32": boxes(study, name, model, cpu)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", default=os.path.join(sets.ROOT, "build", "octet"))
    parser.add_argument("--work", default=os.path.join(sets.ROOT, "build", "accuracy"))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--sets", default="NEU-DET n,COCO n")
    parser.add_argument("--cpus", default="max,avx2,ref")
    options = parser.parse_args()
    study, cpus, status = Study(options), options.cpus.split(","), 0
    for name in options.sets.split(","):
        first = made(study, name, cpus[0])
        for cpu in cpus[1:]:
            other = made(study, name, cpu)
            unlike = [what for what in first if first[what] != other[what]]
            print(f"{name}: {cpus[0]} and {cpu}: {', '.join(unlike) + ' DIFFER' if unlike else 'the same'}", flush=True)
            status = 1 if unlike else status
    return status


if __name__ == "__main__":
    sys.exit(main())
