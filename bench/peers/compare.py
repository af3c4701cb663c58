# SPDX-License-Identifier: Apache-2.0
"""Times octet and its peers in turn, batch 1, and prints the ratios as Markdown.

Everything takes its turn in each round, so that a machine that slows down slows all alike: a ratio is taken within a
round, and the median of the rounds' ratios is printed. Beside it stands the shortest of all runs, which other work on
the machine disturbs least. The network alone is timed: letterboxed picture in, the head's output
out. run.sh calls this with the files that it made.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

# octet's name of a kernel set, and oneDNN's, which OpenVINO obeys. ONNX Runtime and ncnn cannot be held back:
# they are left out.
ISAS = {"avx2": "AVX2", "avxvnni": "AVX2_VNNI", "avx512vnni": "AVX512_CORE_VNNI",
        "avx512bf16": "AVX512_CORE_BF16", "amx": "AVX512_CORE_AMX"}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="the float ONNX file")
    parser.add_argument("--models", required=True, type=pathlib.Path, help="the folder of the quantised models")
    parser.add_argument("--octet", required=True, help="octet's command line")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--runs", type=int, default=6, help="runs of each entrant in a round")
    parser.add_argument("--isa", choices=sorted(ISAS), help="hold octet and OpenVINO to this instruction set")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def onnxruntime_entrant(path, threads, picture):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: picture}
    return lambda: session.run(None, feed)


def openvino_entrant(path, threads, picture, precision):
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(core.read_model(str(path)), "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision})
    request = compiled.create_infer_request()
    return lambda: request.infer([picture])


def ncnn_entrant(path, threads, picture):
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    if net.load_param(str(path)) or net.load_model(str(path.with_suffix(".bin"))):
        raise RuntimeError(f"{path}: ncnn does not load it")

    def run():
        extractor = net.create_extractor()
        extractor.input("in0", ncnn.Mat(picture[0]))
        return extractor.extract("out0")[1]
    return run


def timed(run, runs):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times), min(times)


def octet_timed(arguments, engine):
    command = [arguments.octet, "bench", str(engine), "--threads", str(arguments.threads), "--warmup", "3",
               "--iterations", str(arguments.runs), "--json"]
    if arguments.isa:
        command += ["--cpu", arguments.isa]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    latency = result["results"][0]["latency_ms"]
    return (latency["median"], latency["min"]), result["machine"]


def peers_of(arguments):
    from quantize import input_of
    import numpy
    import onnx

    _, height, width = input_of(onnx.load(arguments.model))
    picture = numpy.random.default_rng(1).random((1, 3, height, width), dtype=numpy.float32)
    threads, folder = arguments.threads, arguments.models
    onnxruntime, openvino, held = onnxruntime_entrant, openvino_entrant, arguments.isa is not None
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        has_bf16 = "_bf16" in info.read() and arguments.isa in (None, "avx512bf16", "amx")
    wanted = [("OpenVINO INT8", True, lambda: openvino(folder / "openvino_int8.xml", threads, picture, "f32")),
              ("OpenVINO FP32", True, lambda: openvino(arguments.model, threads, picture, "f32")),
              ("OpenVINO bf16", has_bf16, lambda: openvino(arguments.model, threads, picture, "bf16")),
              ("ONNX Runtime INT8", not held, lambda: onnxruntime(folder / "ort_int8.onnx", threads, picture)),
              ("ONNX Runtime FP32", not held, lambda: onnxruntime(arguments.model, threads, picture)),
              ("ncnn FP32", not held, lambda: ncnn_entrant(folder / "ncnn_fp32.param", threads, picture))]
    peers = {}
    for name, is_wanted, make in wanted:
        try:
            if is_wanted:
                peers[name] = make()
        except ImportError as absent:
            print(f"{name} is left out: {absent}", file=sys.stderr)
    return peers


def take_turns(arguments, engines, peers):
    """[(median, least)] of each round, and the machine as octet sees it. Stopped by Ctrl-C: what there is by then."""
    times, machine = {name: [] for name in (*engines, *peers)}, {}
    try:
        for done in range(arguments.rounds):
            taken = {}
            for name, engine in engines.items():
                taken[name], machine = octet_timed(arguments, engine)
            for name, run in peers.items():
                run()
                taken[name] = timed(run, arguments.runs)
            for name, value in taken.items():
                times[name].append(value)
            if sys.stderr.isatty():
                print(f"\rround {done + 1} of {arguments.rounds}", end="", file=sys.stderr)
    except KeyboardInterrupt:
        if not times["octet INT8"]:
            raise SystemExit("stopped before the first round was over") from None
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return times, machine


def main():
    arguments = parse()
    if arguments.isa:
        os.environ["ONEDNN_MAX_CPU_ISA"] = ISAS[arguments.isa]  # before OpenVINO is loaded
    peers = peers_of(arguments)
    engines = {f"octet {name}": arguments.models / f"octet_{name.lower()}.octet" for name in ("FP32", "bf16", "INT8")}
    for run in peers.values():
        timed(run, 3)
    times, machine = take_turns(arguments, engines, peers)
    ours = times["octet INT8"]
    our_least = min(least for _, least in ours)
    entrants = []
    for name, taken in times.items():
        least = min(x for _, x in taken)
        entrants.append({"name": name, "median_ms": statistics.median(x for x, _ in taken),
                         "ratio": statistics.median(x / y for (x, _), (y, _) in zip(taken, ours)),
                         "least_ms": least, "least_ratio": least / our_least})
    entrants.sort(key=lambda entrant: entrant["least_ms"])
    if arguments.json:
        print(json.dumps({"machine": machine, "threads": arguments.threads, "isa": arguments.isa,
                          "load_average": os.getloadavg()[0],
                          "entrants": entrants}, indent=2))
        return
    print(f"{machine.get('cpu', 'this machine')}, octet's kernels {machine.get('isa')}, "
          f"{arguments.threads} thread{'s' if arguments.threads > 1 else ''}, {len(ours)} rounds, "
          f"load {os.getloadavg()[0]:.1f}\n")
    print("| engine | median ms | times octet INT8 | least ms | times octet INT8 |\n|---|---|---|---|---|")
    for x in entrants:
        print(f"| {x['name']} | {x['median_ms']:.2f} | {x['ratio']:.2f} | {x['least_ms']:.2f} | {x['least_ratio']:.2f} |")


if __name__ == "__main__":
    main()
