#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# stand_in.sh BUILD ROOT: what run.sh runs on a GPU, in short over the stand-in of the driver, which LD_LIBRARY_PATH leads to.
set -euo pipefail
build=$1 root=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
engine() { # NAME ARGUMENT...
    local name=$1
    shift
    "$build/octet" build "$root/demo/parts.onnx" -q "$@" -o "$folder/$name.octet" >/dev/null
}
engine int8 --images "$root/demo/images/calibration" --count 2
engine fp32 --precision fp32
export OCTET_CHECK_CACHE=$folder
"$build/tests/gpu_check" "$folder/int8.octet" 32x32 3
"$build/tests/gpu_check" "$folder/int8.octet" 32x96 8
"$build/tests/gpu_check" "$folder/fp32.octet" 32x32
"$build/tests/trial_engine" family "$folder/family.octet"
"$build/tests/gpu_check" "$folder/family.octet" 64x96 2
"$build/tests/gpu_check" "$folder/family.octet" 96x64
cp "$build/octet" "$folder/" # beside which there is no other CUDA half
"$folder/octet" bench "$folder/int8.octet" --imgsz 32 --device cpu,cuda --peak --layers --no-cache --warmup 1 --iterations 3 |
    tee "$folder/bench"
[ "$(grep -c 'of peak' "$folder/bench")" -ge 3 ]
# The watch over codes sees there what it sees on the CPU.
for device in cpu cuda; do
    "$folder/octet" detect "$folder/int8.octet" "$root/demo/images/test" --imgsz 64 --drift --device $device --no-cache -q --json-lines |
        sed 's/, "time_ms": {[^}]*}//' >"$folder/drift.$device"
done
grep -q '"drift": {"pictures": 9, "rise_db": [-0-9.e]*, "changed": ' "$folder/drift.cpu"
cmp "$folder/drift.cpu" "$folder/drift.cuda"
# Pictures at the sizes for their shapes, some batches not full.
for device in cpu cuda; do
    "$folder/octet" detect "$folder/int8.octet" "$root/demo/images/test" --count 6 --imgsz 128 --rect --batch 2 --conf 0.1 \
        --device $device --no-cache -q --json-lines | sed 's/, "time_ms": {[^}]*}//' >"$folder/rect.$device"
done
[ "$(grep -o '"input_width": [0-9]*, "input_height": [0-9]*' "$folder/rect.cpu" | sort -u | wc -l)" -ge 2 ]
cmp "$folder/rect.cpu" "$folder/rect.cuda"
# It looks at the process' memory, of which AddressSanitizer's quarantine for what was freed is none.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1 \
    "$build/tests/gpu_stress" "$folder/int8.octet" "$folder/fp32.octet" 5 10 32x32
