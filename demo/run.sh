#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job on the bundled model and pictures: calibrate, build INT8, detect, draw, and INT8 beside float.
#   usage: demo/run.sh [BUILD_DIR]      results go to demo/out/
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build}
octet=$build/octet
compare=$(find "$build" -maxdepth 3 -type f -name compare_engines -perm -u+x | head -n 1)
cd "$root"
out=demo/out
rm -rf "$out"
mkdir -p "$out"

say() { printf '\n== %s\n' "$*"; }
run() { printf '$ octet %s\n' "$*"; "$octet" "$@"; }
median() { # FILE: the median latency of a bench's JSON, ms
    sed -n 's/.*"median": *\([0-9.]*\).*/\1/p' "$1" | head -n 1
}

say "Calibrate: statistics of every tensor, from the bundled pictures"
run calibrate demo/parts.onnx --images demo/images/calibration -o "$out/parts.stats"
say "Build: an INT8 engine, and a float one to compare with"
run build demo/parts.onnx --stats "$out/parts.stats" -o "$out/parts-int8.octet"
run build demo/parts.onnx --precision fp32 -o "$out/parts-fp32.octet"
say "Detect: boxes of pictures that neither training nor calibration has seen, drawn into $out/"
run detect "$out/parts-int8.octet" demo/images/test -o "$out"
say "Compare: INT8 beside float, interleaved, one thread"
for precision in int8 fp32; do
    "$octet" bench "$out/parts-$precision.octet" --threads 1 --warmup 20 --iterations 300 --json \
        >"$out/bench-$precision.json"
done
agreement=$("$compare" "$out/parts-fp32.octet" "$out/parts-int8.octet" demo/images/test/*.jpg)
size_int8=$(wc -c <"$out/parts-int8.octet")
size_fp32=$(wc -c <"$out/parts-fp32.octet")
ms_int8=$(median "$out/bench-int8.json")
ms_fp32=$(median "$out/bench-fp32.json")
awk -v si="$size_int8" -v sf="$size_fp32" -v mi="$ms_int8" -v mf="$ms_fp32" -v agreement="$agreement" 'BEGIN {
    printf "%-28s %12s %12s %10s\n", "", "float", "INT8", "ratio"
    printf "%-28s %12.0f %12.0f %9.2fx\n", "engine file, bytes", sf, si, sf / si
    printf "%-28s %12.3f %12.3f %9.2fx\n", "network, ms a picture", mf, mi, mf / mi
    printf "%-28s %s\n", "float boxes found by INT8", agreement
}' | tee "$out/comparison.txt"
printf '\nPictures with boxes, the engines and the statistics are in %s/\n' "$out"
