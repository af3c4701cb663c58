#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What float parts of a network cost in time: engines whose head, a part of it or another part is float, in FP32 and in
# bfloat16, beside INT8 and the whole network in float. All engines take turns in one call of `octet bench`.
#   bench/accuracy/head_cost.sh MODEL.onnx STATISTICS|PICTURES [OPTION of octet bench]...
#   bench/accuracy/head_cost.sh yolov8n.onnx yolov8n.stats --threads 2
#   bench/accuracy/head_cost.sh yolov8n.onnx photos --device cuda
# PICTURES are calibrated with first, 64 of them. PARTS (default: "head.cls head.box head", each also a list as
# --float-layers takes it) are measured, ITERATIONS (default 300) runs of each. BUILD names octet's build folder (default:
# build), WORK a place for the engines, where they are left.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
octet=${BUILD:-$here/../../build}/octet
[ $# -ge 2 ] && [ -f "$1" ] && [ -e "$2" ] || { sed -n '5,7s/^# *//p' "$0" >&2; exit 2; }
model=$1 source=$2
shift 2
work=${WORK:-$(mktemp -d)}
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
statistics=$source
if [ -d "$source" ]; then
    statistics=$work/model.stats
    "$octet" calibrate "$model" --images "$source" --count 64 -o "$statistics" -q
fi

# make FILE OPTION...: builds an engine and adds it to those that are measured.
engines=()
make() {
    local file=$work/$1.octet
    shift
    "$octet" build "$model" "$@" -o "$file" -q >/dev/null
    engines+=("$file")
}
make int8 --stats "$statistics"
for part in ${PARTS:-head.cls head.box head}; do
    for type in fp32 bf16; do
        make "$part $type" --stats "$statistics" --float-layers "$part" --float-precision "$type"
    done
done
make "all fp32" --precision fp32
make "all bf16" --precision bf16
"$octet" bench "${engines[@]}" --iterations "${ITERATIONS:-300}" --json -q "$@" >"$work/bench.json"
python3 - "$work/bench.json" <<'END'
import json
import os
import sys

results = json.load(open(sys.argv[1]))["results"]
base = results[0]["latency_ms"]
print(f"{'float':<16} {'type':<5} {'median ms':>10} {'least ms':>9} {'beside INT8':>12}  device")
for result in results:
    part, _, kind = os.path.basename(result["model"])[: -len(".octet")].partition(" ")
    times = result["latency_ms"]
    more = 100 * (times["median"] / base["median"] - 1)
    print(f"{'none' if part == 'int8' else part:<16} {kind:<5} {times['median']:10.3f} {times['min']:9.3f} {more:+10.1f} %"
          f"  {result['device']}{'' if result['reliable'] else ', not reliable: the machine is busy'}")
END
