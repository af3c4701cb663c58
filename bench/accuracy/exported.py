#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What octet's exports are worth where they go: QDQ models in ONNX Runtime and OpenVINO, INT8 engines of TensorRT
caches in octet. AP against the labels, and agreement AP with the float model's boxes.

    exported.py --octet build/octet [--work build/accuracy] [--sets LIST] [--seeds 0] [--float-layers auto]
                [--calibrator mse] [--runners LIST]

Needs numpy, opencv-python-headless, onnx, onnxruntime, openvino. Finished results are kept in --work.
"""

import argparse
import json
import os
import sys

import onnx

import sets
from peers import detect, onnxruntime_run, openvino_run
from study import Study, plain


def size_of(model):
    return 224 if model == "neudet" else 640


def exported(study, options, name, seed, out, *more):
    """Writes the QDQ model and lets the checker see it; what the export told."""
    model, _, _, _, own, _ = sets.SETS[name]
    report = study.octet("export", sets.model_path(model), "--stats", study.statistics(model, own, 100, seed), "--format",
                         "qdq", "--calibrator", options.calibrator, "--float-layers", options.float_layers, *more, "-o", out)
    onnx.checker.check_model(onnx.load(out), full_check=True)
    return report


def cached(study, options, name, seed, out):
    """An engine by way of a TensorRT cache."""
    model, _, _, _, own, _ = sets.SETS[name]
    source = sets.model_path(model)
    study.octet("export", source, "--stats", study.statistics(model, own, 100, seed), "--format", "trt-cache",
                "--calibrator", options.calibrator, "-o", out + ".cache")
    study.octet("build", source, "--trt-cache", out + ".cache", "-o", out)
    os.remove(out + ".cache")


def measure(study, options, name, seed, runner):
    model, _, _, _, own, _ = sets.SETS[name]
    listed = os.path.basename(study.sample(own, 100, seed))[:-4]
    key = plain(f"{name}.{listed}.{runner}.{options.calibrator}.float {options.float_layers}") + ".json"

    def make():
        detections = study.path("detections", key)
        out = study.path("stats", f"{os.getpid()}.exported")
        result = {"detections": key}
        if runner == "cache":
            cached(study, options, name, seed, out)
            result["ap"] = study.score(name, detections, out)
        else:
            more = ["--unsigned"] if runner == "openvino" else []  # see docs/export.md
            result["float_layers"] = exported(study, options, name, seed, out, *more)["float_layers"]
            run = (onnxruntime_run if runner == "onnxruntime" else openvino_run)(out)
            with open(detections, "w", encoding="utf-8") as file:
                json.dump(detect(run, size_of(model), name, options.work), file)
            result["ap"] = study.score(name, detections)
        os.remove(out)
        result["agreement"] = study.agreement(name, detections)
        return result
    return study.kept("results", key, make)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", required=True)
    parser.add_argument("--work", default=os.path.join(sets.ROOT, "build", "accuracy"))
    parser.add_argument("--sets", default="COCO n,COCO s,CCTV n,CCTV s,NEU-DET n,COCO n/other half,CCTV n/other half,"
                                          "NEU-DET n/other half")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--float-layers", default="auto")
    parser.add_argument("--calibrator", default="mse")
    parser.add_argument("--runners", default="onnxruntime", help="onnxruntime, openvino, cache")
    options = parser.parse_args()
    options.threads = 0
    study = Study(options)
    for name in (n.replace("/", ", ") for n in options.sets.split(",")):
        usual = study.float_ap(name)["ap"]
        for runner in options.runners.split(","):
            for seed in map(int, options.seeds.split(",")):
                result = measure(study, options, name, seed, runner)
                floats = " ".join(f"{f['name']} ({100 * f['share']:.2f} %)" for f in result.get("float_layers", []))
                print(f"{name}, {runner}, seed {seed}: float {100 * usual:.2f}, {100 * (result['ap'] - usual):+.2f}, "
                      f"agreement {100 * result['agreement']:.1f} {floats}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
