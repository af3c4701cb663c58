# SPDX-License-Identifier: Apache-2.0
"""Counts what a picture costs on 64-bit ARM processors, in instructions under qemu-user, and prints it as Markdown.

There is no clock in it: an instruction is one, whatever it waits for. What is counted is what a second picture adds, so
that reading, packing and starting are left out. Tables: octet's INT8, BF16 and FP32 (and ncnn's FP16 and FP32) on each
processor, with the share of instructions that multiply; for each layer instructions per 1,000 multiply-adds, beside
the fewest that the processor's densest multiplying instruction allows; cameras' frames on their way into the network;
and what calibration measures. `./dev bench arm` builds what it needs.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KINDS = ["all", "vector", "sdot", "smmla", "fmla", "fmlah", "widening"]
NAMES = {"sdot": "SDOT", "smmla": "SMMLA", "fmla": "FMLA", "fmlah": "FMLA of halves", "widening": "SMLAL and the like"}

# Multiply-adds of the densest instruction: SMMLA and USMMLA 32, SDOT 16, SMLAL of bytes 8; FMLA of floats 4, of halves 8,
# which engines of bfloat16 run in where there are any.
DENSEST = {"cortex-a72": {"int8": 8, "bf16": 4, "fp32": 4}, "cortex-a76": {"int8": 16, "bf16": 8, "fp32": 4},
           "max": {"int8": 32, "bf16": 8, "fp32": 4}}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=str(ROOT / "demo" / "parts.onnx"), help="ONNX file (default: the bundled one)")
    parser.add_argument("--images", default=str(ROOT / "demo" / "images" / "calibration"), help="pictures to calibrate with")
    parser.add_argument("--size", type=int, default=640, help="of the picture (default 640)")
    parser.add_argument("--processors", default=",".join(DENSEST), help="of qemu's, with commas between")
    parser.add_argument("--precisions", default="int8,bf16,fp32", help="of octet's engines, with commas between, or none")
    parser.add_argument("--layers", action="store_true", help="print the table of layers too")
    parser.add_argument("--functions", action="store_true", help="print which functions the instructions are in too")
    parser.add_argument("--frames", metavar="WxH:FORMAT", help="count frames' letterboxes too, with commas between")
    parser.add_argument("--calibration", action="store_true", help="count what calibration measures of a picture too")
    parser.add_argument("--cpu", default="", help="kernel sets that octet may use, as its own --cpu")
    parser.add_argument("--ncnn", metavar="DIR", help="count ncnn as well; what it needs is fetched into DIR once")
    parser.add_argument("--build", default=str(ROOT / "build-arm64"), help="octet's build for ARM (default build-arm64)")
    parser.add_argument("--sysroot", default=str(ROOT / "build-sysroot-arm64" / "root"))
    parser.add_argument("--native", default=str(ROOT / "build" / "octet"), help="an octet of this machine, which builds engines")
    parser.add_argument("--json", metavar="FILE", help="write the counts there too")
    return parser.parse_args()


def run(command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"count.py: {command[0]}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return done.stdout


def read_counts(path):
    """The plug-in's file: {"all": {...}, "layers": [{...}], "stages": {name: {...}}, "functions": {name: {...}}}."""
    counts = {"layers": [], "stages": {}, "functions": {}}
    for line in path.read_text().splitlines():
        words = line.split()
        numbers = dict(zip(KINDS, map(int, words[-len(KINDS):])))
        if words[0] == "all":
            counts["all"] = numbers
        elif words[0] == "layer":
            counts["layers"].append(numbers)
        elif words[0] == "stage":
            counts["stages"][words[1]] = {**numbers, "calls": int(words[2])}
        else:
            counts["functions"][words[1]] = numbers
    return counts


def less(more, fewer):
    return {kind: count - fewer.get(kind, 0) for kind, count in more.items()}


def second_picture(two, one):
    """What the second of two pictures took."""
    return {"all": less(two["all"], one["all"]),
            "layers": [less(a, b) for a, b in zip(two["layers"], one["layers"])],
            "stages": {name: less(a, one["stages"][name]) for name, a in two["stages"].items()},
            "functions": {name: less(a, one["functions"].get(name, {})) for name, a in two["functions"].items()}}


class Counter:
    def __init__(self, settings, work):
        self.settings, self.work = settings, work
        self.plugin = work / "count_layers.so"
        run([os.environ.get("CC", "cc"), "-std=c11", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O2", "-o", self.plugin,
             HERE / "count_layers.c"])

    def emulator(self, processor, out):
        return ["qemu-aarch64", "-cpu", processor, "-plugin", f"{self.plugin},out={out}", "-d", "plugin"]

    def count(self, processor, command_of):
        counts = []
        for runs in (1, 2):
            out = self.work / f"counts-{runs}"
            command_of(self.emulator(processor, out), runs)
            if not out.exists():
                sys.exit("count.py: qemu-aarch64 wrote no counts: it must have been built with plug-ins")
            counts.append(read_counts(out))
            out.unlink()
        return second_picture(counts[1], counts[0])

    def run_octet(self, emulator, verb, file, *more):
        sets = ["--cpu", self.settings.cpu] if self.settings.cpu else []
        run([*emulator, "-L", self.settings.sysroot, pathlib.Path(self.settings.build) / "octet", verb, file,
             "--imgsz", self.settings.size, "--threads", 1, "-q", *sets, *more])

    def octet(self, processor, engine):
        def command_of(emulator, runs):
            self.run_octet(emulator, "bench", engine, "--warmup", 0, "--iterations", runs)
        return self.count(processor, command_of)

    def frame(self, processor, engine, frame):
        """A frame's letterbox: what `frame` adds to a bench, by the times that it goes this way."""
        def command_of(emulator, runs):
            self.run_octet(emulator, "bench", engine, "--warmup", 0, "--iterations", 1,
                           *(["--frame", frame] if runs == 2 else []))
        letterbox = self.count(processor, command_of)["stages"]["letterbox"]
        return {kind: letterbox[kind] / letterbox["calls"] for kind in KINDS}

    def calibration(self, processor):
        def command_of(emulator, runs):
            self.run_octet(emulator, "calibrate", self.settings.model, "--images", self.settings.images, "--count", runs,
                           "-o", self.work / "counted.stats")
        return self.count(processor, command_of)["stages"]["measure"]

    def ncnn(self, processor, precision):
        def command_of(emulator, runs):
            run([pathlib.Path(self.settings.ncnn) / "run", runs, precision], env={**os.environ, "QEMU": " ".join(emulator)})
        return self.count(processor, command_of)


def build_engines(settings, work):
    """{precision: (engine, its layers as octet bench --layers tells them)}."""
    engines = {}
    for precision in filter(None, settings.precisions.split(",")):
        engine = work / f"{precision}.octet"
        means = ["--images", settings.images, "--count", 16] if precision == "int8" else ["--precision", precision]
        run([settings.native, "build", settings.model, *means, "-o", engine, "-q"])
        told = json.loads(run([settings.native, "bench", engine, "--imgsz", settings.size, "--threads", 1, "--warmup", 0,
                               "--iterations", 1, "--layers", "--json", "-q"]))
        engines[precision] = (engine, told["results"][0]["layers"])
    return engines


def share(counts, kinds):
    return 100 * sum(counts[kind] for kind in kinds) / counts["all"]


def print_networks(results):
    print("| -cpu | what | M instructions a picture | of them vectors | products | of which |")
    print("|---|---|---|---|---|---|")
    for result in results:
        counts = result["all"]
        parts = [f"{NAMES[kind]} {share(counts, [kind]):.0f} %" for kind in NAMES if share(counts, [kind]) >= 0.5]
        print(f"| {result['processor']} | {result['what']} | {counts['all'] / 1e6:.1f} | {share(counts, ['vector']):.0f} % | "
              f"{share(counts, NAMES):.0f} % | {', '.join(parts) or '-'} |")


def print_layers(result, layers):
    processor, precision = result["processor"], result["what"].split()[-1].lower()
    densest = DENSEST.get(processor, {}).get(precision)
    print(f"\n{result['what']} on {processor}: instructions per 1,000 multiply-adds"
          + (f"; the fewest, {densest} an instruction: {1000 / densest:.1f}" if densest else ""))
    print("\n| layer | operation | k multiply-adds | k instructions | share | per 1,000 | products | of the fewest |")
    print("|---|---|---|---|---|---|---|---|")
    total = sum(counts["all"] for counts in result["layers"])
    if total == 0:
        sys.exit("count.py: no layer was counted: octet must have its symbols")
    for layer, counts in zip(layers, result["layers"]):
        work, products = layer["multiply_adds"], sum(counts[kind] for kind in NAMES)
        rate = f"{1000 * counts['all'] / work:.1f} | {1000 * products / work:.1f} | " if work else "- | - | "
        rate += f"{counts['all'] * densest / work:.2f}" if work and densest else "-"
        print(f"| {layer['name']} | {layer['operation']} | {work / 1e3:.0f} | {counts['all'] / 1e3:.0f} | "
              f"{100 * counts['all'] / total:.1f} % | {rate} |")
    rest = result["all"]["all"] - total
    print(f"| outside of layers | | | {rest / 1e3:.0f} | | | | |")


def print_functions(result):
    print(f"\n{result['what']} on {result['processor']}: where the instructions are\n\n| function | M | share |\n|---|---|---|")
    functions = sorted(result["functions"].items(), key=lambda item: -item[1]["all"])
    for name, counts in functions[:25]:
        print(f"| {name} | {counts['all'] / 1e6:.2f} | {100 * counts['all'] / result['all']['all']:.1f} % |")


def print_stages(counter, settings, engine):
    print("\n| -cpu | what | M instructions | of them vectors |\n|---|---|---|---|")
    for processor in settings.processors.split(","):
        stages = [(f"letterbox of a frame, {frame}", counter.frame(processor, engine, frame))
                  for frame in (settings.frames or "").split(",") if frame]
        if settings.calibration:
            stages.append(("what calibration measures of a picture", counter.calibration(processor)))
        for name, counts in stages:
            print(f"| {processor} | {name} | {counts['all'] / 1e6:.2f} | {share(counts, ['vector']):.0f} % |")


def main():
    settings = parse()
    for path in (settings.native, pathlib.Path(settings.build) / "octet", settings.model):
        if not pathlib.Path(path).is_file():
            sys.exit(f"count.py: {path}: no such file (./dev bench arm builds octet)")
    if settings.frames and not settings.precisions:
        sys.exit("count.py: --frames needs an engine: --precisions int8, say")
    if not shutil.which("qemu-aarch64"):
        sys.exit("count.py: no qemu-aarch64 (package qemu-user)")
    if settings.ncnn:
        subprocess.run(["bash", HERE / "ncnn.sh", settings.ncnn, settings.model, str(settings.size)], check=True)
    with tempfile.TemporaryDirectory() as folder:
        counter, results = Counter(settings, pathlib.Path(folder)), []
        engines = build_engines(settings, pathlib.Path(folder))
        for processor in settings.processors.split(","):
            for precision, (engine, layers) in engines.items():
                counts = counter.octet(processor, engine)
                if len(counts["layers"]) != len(layers):
                    sys.exit(f"count.py: {len(counts['layers'])} layers were counted, {len(layers)} are there")
                results.append({"processor": processor, "what": f"octet {precision.upper()}", **counts})
            for precision in ("fp16", "fp32") if settings.ncnn else ():
                if processor != "cortex-a72" or precision == "fp32":  # it has no arithmetic of halves
                    counts = counter.ncnn(processor, precision)
                    results.append({"processor": processor, "what": f"ncnn {precision.upper()}", **counts})
        print_networks(results)
        for result in results:
            if settings.layers and result["layers"]:
                print_layers(result, engines[result["what"].split()[-1].lower()][1])
            if settings.functions:
                print_functions(result)
        if settings.frames or settings.calibration:
            print_stages(counter, settings, next(iter(engines.values()), (None,))[0])
        if settings.json:
            pathlib.Path(settings.json).write_text(json.dumps(results, indent=1) + "\n")


main()
