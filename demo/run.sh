#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job on the bundled model and pictures: calibrate, build INT8, detect, draw, and INT8 beside float.
#   usage: demo/run.sh [BUILD_DIR]      results go to demo/out/
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build}
octet=$build/octet
cd "$root"
out=demo/out
rm -rf "$out"
mkdir -p "$out"

say() { printf '\n== %s\n' "$*"; }
run() {
    printf '$ octet %s\n' "$*"
    "$octet" "$@"
}
number() { # NAME N: the N-th number of that name in the JSON on standard input
    sed -n "s/.*\"$1\": *\([-0-9.e]*\).*/\1/p" | sed -n "${2}p"
}

say "Calibrate: statistics of every tensor, from the bundled pictures"
run calibrate demo/parts.onnx --images demo/images/calibration -o "$out/parts.stats"
say "Build: an INT8 engine, and a float one to compare with"
run build demo/parts.onnx --stats "$out/parts.stats" -o "$out/parts-int8.octet"
run build demo/parts.onnx --precision fp32 -o "$out/parts-fp32.octet"
say "Detect: boxes in pictures that neither training nor calibration has seen, drawn into $out/"
run detect "$out/parts-int8.octet" demo/images/test -o "$out" >"$out/detections.txt"
sed -n 2,8p "$out/detections.txt"
printf '... %d lines more in %s\n' "$(($(wc -l <"$out/detections.txt") - 8))" "$out/detections.txt"
say "Compare: INT8 beside float (one thread, interleaved)"
"$octet" bench "$out/parts-fp32.octet" "$out/parts-int8.octet" --threads 1 --warmup 20 --iterations 300 --json \
    >"$out/bench.json" 2>"$out/bench.log" || { cat "$out/bench.log" >&2; exit 1; }
for precision in fp32 int8; do
    "$octet" eval "$out/parts-$precision.octet" --annotations demo/annotations/test.json \
        --images demo/images/test --quiet --json >"$out/eval-$precision.json"
done
"$octet" compare "$out/parts-fp32.octet" "$out/parts-int8.octet" --images demo/images/test --conf 0.5 -o "$out/worst" \
    --worst 3 --quiet --json >"$out/compare.json"
awk -v si="$(wc -c <"$out/parts-int8.octet")" -v sf="$(wc -c <"$out/parts-fp32.octet")" \
    -v mf="$(number median 1 <"$out/bench.json")" -v mi="$(number median 2 <"$out/bench.json")" \
    -v af="$(number ap 1 <"$out/eval-fp32.json")" -v ai="$(number ap 1 <"$out/eval-int8.json")" \
    -v agreement="$(number agreement_ap 1 <"$out/compare.json")" -v boxes="$(number boxes 1 <"$out/compare.json")" \
    -v matched="$(number matched 1 <"$out/compare.json")" 'BEGIN {
    printf "%-32s %10s %10s\n", "", "float", "INT8"
    printf "%-32s %10.0f %10.0f   %.1f times smaller\n", "engine file, bytes", sf, si, sf / si
    printf "%-32s %10.2f %10.2f   %.1f times as fast\n", "network, ms a picture", mf, mi, mf / mi
    printf "%-32s %10.3f %10.3f   14 pictures, 78 parts\n", "average precision (COCO AP)", af, ai
    printf "%-32s %10.0f %10.0f   of score 0.5 and more\n", "float boxes, found by INT8", boxes, matched
    printf "%-32s %10s %10.3f   octet compare; the worst pictures are in demo/out/worst\n", "agreement AP", "", agreement
}' | tee "$out/comparison.txt"
say "Report: one page of what quantisation did, to be looked at in a browser"
"$octet" study demo/parts.onnx --images demo/images/calibration --counts 4,8,16 --seeds 3 --calibrators mse,minmax \
    --annotations demo/annotations/test.json --eval-images demo/images/test -o "$out/study" --quiet >"$out/study.txt"
run report "$out/parts-int8.octet" --model demo/parts.onnx --images demo/images/test \
    --annotations demo/annotations/test.json --study "$out/study" --pictures 3 -o "$out/report.html"
if [ -e "$build/liboctet-video.so.0" ]; then
    say "A film: the same parts on a moving belt, drawn into $out/belt.mp4"
    run detect "$out/parts-int8.octet" demo/belt.mp4 -o "$out/belt.mp4" --json-lines >"$out/belt.jsonl" ||
        say "GStreamer lacks what the film needs: see docs/cameras.md"
else
    say "A film: left out, octet was built without GStreamer (docs/cameras.md)"
fi
printf '\nPictures with boxes, the engines and the statistics are in %s/, and the report is\nfile://%s/%s/report.html\n' "$out" "$root" "$out"
