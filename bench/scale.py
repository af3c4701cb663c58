#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How time, memory and files grow with pictures and shards (docs/scale.md has the curve).

python3 bench/scale.py --work FOLDER [--counts 1250,2500,5000,10000,20000] [--shards 1,2,4,8]

Draws the pictures first (demo/train/draw.py; --python names one with OpenCV and NumPy), unless they are in FOLDER from an
earlier run. Shards run one after the other, so that each has the machine to itself. BUILD names the build folder.
"""

import argparse
import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODEL = os.path.join(ROOT, "demo", "parts.onnx")
MILLION = 1000000


def octet(work, *arguments):
    """Runs octet in `work`: wall and CPU seconds, and the most memory that it had, MiB."""
    program = os.path.join(os.environ.get("BUILD", os.path.join(ROOT, "build")), "octet")
    start = time.monotonic()
    child = subprocess.Popen(
        [program, *arguments, "-q"], cwd=work, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit("octet %s: exit status %d" % (" ".join(arguments), child.returncode))
    return {
        "seconds": time.monotonic() - start,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "mebibytes": usage.ru_maxrss / 1024,
    }


def draw(python, work, count):
    drawn = os.path.join(work, "drawn")
    images = os.path.join(drawn, "images")
    if not os.path.isdir(images) or len(os.listdir(images)) < count:
        tool = os.path.join(ROOT, "demo", "train", "draw.py")
        subprocess.run(
            [python, tool, "--count", str(count), "--seed", "9000", "--out", drawn], check=True
        )
    return sorted(os.path.join("drawn", "images", name) for name in os.listdir(images))[:count]


def write_lists(work, pictures):
    with open(os.path.join(work, "list.txt"), "w", encoding="utf-8") as f:
        f.write("".join(path + "\n" for path in pictures))
    with open(os.path.join(work, "data.yaml"), "w", encoding="utf-8") as f:
        f.write("path: .\nval: list.txt\nnames: [washer, bolt, nut, gear, defect]\n")


def size(work, *names):
    return sum(os.path.getsize(os.path.join(work, name)) for name in names)


def same(work, a, b):
    with open(os.path.join(work, a), "rb") as f, open(os.path.join(work, b), "rb") as g:
        return f.read() == g.read()


def one_run(work, threads):
    calibrated = octet(work, "calibrate", MODEL, "-i", "list.txt", "-o", "one.stats", *threads)
    calibrated["bytes"] = size(work, "one.stats")
    evaluated = octet(work, "eval", "int8.octet", "-d", "data.yaml", *threads)
    return {"calibrate": calibrated, "eval": evaluated}


def shards(work, count, threads):
    """The slowest of `count` shards, and what joining takes."""
    slowest = {"calibrate": 0.0, "eval": 0.0}
    for k in range(1, count + 1):
        shard = ("--shard", "%d/%d" % (k, count))
        run = octet(
            work, "calibrate", MODEL, "-i", "list.txt", *shard, "-o", "%d.stats" % k, *threads
        )
        slowest["calibrate"] = max(slowest["calibrate"], run["seconds"])
        run = octet(
            work, "eval", "int8.octet", "-d", "data.yaml", *shard, "-o", "%d.part" % k, *threads
        )
        slowest["eval"] = max(slowest["eval"], run["seconds"])
    files = ["%d.stats" % k for k in range(1, count + 1)]
    parts = ["%d.part" % k for k in range(1, count + 1)]
    merged = octet(work, "merge", *files, "-o", "joined.stats")
    if not same(work, "joined.stats", "one.stats"):
        sys.exit("%d shards: not the statistics of one run" % count)
    joined = octet(work, "eval", "--merge", *parts)
    return {
        "shards": count,
        "slowest": slowest,
        "merge": merged,
        "statistics_bytes": size(work, *files),
        "eval_merge": joined,
        "part_bytes": size(work, *parts),
    }


def project(curve, kind):
    """Seconds for a million: the last two points' slope, by which opening does not count."""
    if len(curve) < 2:
        return None
    a, b = curve[-2], curve[-1]
    each = (b[kind]["seconds"] - a[kind]["seconds"]) / (b["pictures"] - a["pictures"])
    return b[kind]["seconds"] + each * (MILLION - b["pictures"])


def report(result):
    print("pictures  calibrate s  CPU s   MiB  .stats MB     eval s  CPU s   MiB")
    for at in result["curve"]:
        c, e = at["calibrate"], at["eval"]
        print(
            "%8d %12.1f %6.1f %5.0f %10.2f %10.1f %6.1f %5.0f"
            % (at["pictures"], c["seconds"], c["cpu_seconds"], c["mebibytes"], c["bytes"] / 1e6,
               e["seconds"], e["cpu_seconds"], e["mebibytes"])
        )
    print("\nshards  slowest: calibrate s  eval s   merge s   MiB   eval --merge s   MiB  parts MB")
    for at in result["shards"]:
        m, j = at["merge"], at["eval_merge"]
        print(
            "%6d %21.1f %7.1f %9.2f %5.0f %16.2f %5.0f %9.1f"
            % (at["shards"], at["slowest"]["calibrate"], at["slowest"]["eval"], m["seconds"],
               m["mebibytes"], j["seconds"], j["mebibytes"], at["part_bytes"] / 1e6)
        )
    for kind, seconds in result["million"].items():
        if seconds:
            print("a million pictures, one machine like this: %s %.1f h" % (kind, seconds / 3600))


def main():
    p = argparse.ArgumentParser(description="how time, memory and files grow with pictures")
    p.add_argument("--work", required=True)
    p.add_argument("--counts", default="1250,2500,5000,10000,20000")
    p.add_argument("--shards", default="1,2,4,8")
    p.add_argument("--threads", type=int, default=0, help="of each run (default: all cores)")
    p.add_argument("--python", default=sys.executable, help="one with OpenCV and NumPy")
    a = p.parse_args()
    counts = sorted(int(text) for text in a.counts.split(","))
    threads = ("--threads", str(a.threads)) if a.threads else ()
    os.makedirs(a.work, exist_ok=True)
    pictures = draw(a.python, a.work, counts[-1])
    octet(
        a.work, "build", MODEL, "-i", os.path.join(ROOT, "demo", "images", "calibration"), "-o",
        "int8.octet"
    )
    result = {"curve": [], "shards": []}
    for count in counts:
        write_lists(a.work, pictures[:count])
        result["curve"].append({"pictures": count, **one_run(a.work, threads)})
        print(json.dumps(result["curve"][-1]), file=sys.stderr)
    for count in (int(text) for text in a.shards.split(",")):
        result["shards"].append(shards(a.work, count, threads))
    result["million"] = {kind: project(result["curve"], kind) for kind in ("calibrate", "eval")}
    with open(os.path.join(a.work, "scale.json"), "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    report(result)


if __name__ == "__main__":
    main()
