#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What it matters on which kernel set an engine was calibrated: the same pictures, statistics gathered with each set, the
engines built of them compared, and their boxes.

    kernel_sets.py --octet build/octet [--work build/accuracy] [--sets LIST] [--cpus ref,avx2,max]

Every engine is evaluated with the machine's highest set; the first one also with each of the others, which must give the
same boxes to the bit. Needs NumPy.
"""

import argparse
import filecmp
import json
import os
import sys

import numpy as np

import sets
from drift import score_error
from seeds import Seeds
from study import Study, plain, signed, table


def tensors(path):
    """All tensors of a safetensors file by name, and its metadata."""
    types = {"I8": "i1", "U64": "<u8", "I64": "<i8", "F32": "<f4"}
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    metadata = header.pop("__metadata__")
    return {name: np.frombuffer(data[slice(*entry["data_offsets"])], types[entry["dtype"]])
            for name, entry in header.items()}, metadata


def histogram_distance(path, other):
    """Share of all values that lie in another bin, where the bins are the same; and how many tensors' bins are not."""
    ours, ours_said = tensors(path)
    theirs, theirs_said = tensors(other)
    left, right = (json.loads(said["octet.statistics"])["tensors"] for said in (ours_said, theirs_said))
    moved = count = unlike = 0
    for i, (a, b) in enumerate(zip(left, right)):
        x, y = (t[f"tensor.{i:03}.histogram"].astype(np.int64) for t in (ours, theirs))
        if a["exponent"] != b["exponent"]:
            unlike += 1
            continue
        first = min(a["first_bin"], b["first_bin"])
        last = max(a["first_bin"] + len(x), b["first_bin"] + len(y))
        both = np.zeros((2, last - first), np.int64)
        both[0, a["first_bin"] - first:][:len(x)] = x
        both[1, b["first_bin"] - first:][:len(y)] = y
        moved += np.abs(np.cumsum(both[0] - both[1])).sum()
        count += a["count"]
    return moved / count, unlike


def engine_distance(path, other):
    """How many scales, zero points and weight codes differ, of how many, and the largest relative difference of a scale."""
    ours, ours_said = tensors(path)
    theirs, theirs_said = tensors(other)
    left, right = ([t for t in json.loads(said["octet.plan"])["tensors"] if "scale" in t]
                   for said in (ours_said, theirs_said))
    scales = np.array([[a["scale"], b["scale"]] for a, b in zip(left, right)])
    points = sum(a["zero_point"] != b["zero_point"] for a, b in zip(left, right))
    codes = [name for name in ours if name.endswith(".weight") and ours[name].dtype == np.int8]
    unlike = sum(int((ours[name] != theirs[name]).sum()) for name in codes)
    return {"scales": int((scales[:, 0] != scales[:, 1]).sum()), "of_scales": len(left),
            "relative": float(np.max(np.abs(scales[:, 0] / scales[:, 1] - 1))), "zero_points": points, "codes": unlike,
            "of_codes": sum(len(ours[name]) for name in codes)}


def made(study, name, cpu):
    """Statistics, engine and boxes, calibrated with one kernel set."""
    model = sets.model_path(sets.SETS[name][0])
    stem = plain(f"{name}.calibrated-with.{cpu}")
    files = {"stats": study.path("stats", stem + ".stats"), "engine": study.path("stats", stem + ".octet"),
             "boxes": study.path("detections", stem + ".json")}
    if not os.path.exists(files["stats"]):
        study.octet("calibrate", model, "--images", Seeds(study).sample(name, 0)[0], "--cpu", cpu, "-o", files["stats"])
    study.octet("build", model, "--stats", files["stats"], "-o", files["engine"])
    files["ap"] = study.kept("results", stem + ".json", lambda: study.score(name, files["boxes"], files["engine"]))
    return files


def same_boxes(study, name, files, cpus):
    """Whether one engine's boxes are the same bytes with every set."""
    _, source, _, _, _, _ = sets.SETS[name]
    boxes = study.path("detections", f"{os.getpid()}.json")
    for cpu in cpus:
        study.octet("eval", files["engine"], "--cpu", cpu, "--annotations", sets.truth_path(name, study.work), "--images",
                    sets.folder(source, study.work), "--save-detections", boxes)
        same = filecmp.cmp(files["boxes"], boxes, shallow=False)
        os.remove(boxes)
        if not same:
            return False
    return True


def row(study, name, cpu, files, other_cpu, other):
    moved, unlike = histogram_distance(files["stats"], other["stats"])
    apart = engine_distance(files["engine"], other["engine"])
    return [name, f"`{cpu}`, `{other_cpu}`", f"{1e6 * moved:.0f}" + (f" ({unlike} tensors with other bins)" if unlike else ""),
            f"{apart['scales']} of {apart['of_scales']}, {apart['relative']:.0e}", str(apart["zero_points"]),
            f"{100 * apart['codes'] / apart['of_codes']:.3f} %", f"{100 * files['ap']:.2f}, {100 * other['ap']:.2f}",
            signed(100 * (other["ap"] - files["ap"])),
            f"{100 * study.agreement_with(name, files['boxes'], other['boxes']):.1f}",
            f"{score_error(files['boxes'], other['boxes']):.4f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", default=os.path.join(sets.ROOT, "build", "octet"))
    parser.add_argument("--work", default=os.path.join(sets.ROOT, "build", "accuracy"))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--sets", default="NEU-DET n,COCO n")
    parser.add_argument("--cpus", default="max,avx2,ref")
    options = parser.parse_args()
    study, cpus, rows = Study(options), options.cpus.split(","), []
    for name in options.sets.split(","):
        first = made(study, name, cpus[0])
        rows += [row(study, name, cpus[0], first, cpu, made(study, name, cpu)) for cpu in cpus[1:]]
        print(f"{name}: the boxes of one engine with each set: "
              f"{'the same' if same_boxes(study, name, first, cpus[1:]) else 'DIFFERENT'}", file=sys.stderr, flush=True)
    print(table(["set", "calibrated with", "values a bin further, in a million", "scales that differ, relative at most",
                 "zero points", "weight codes", "AP", "difference", "agreement with each other", "score difference"],
                rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
