#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sweep.sh PROGRAM LIBRARY [STEPS]: runs verbs that write and verbs that read with one allocation after another failing,
# STEPS of each run's, evenly spread. A run that did not get its memory says so in one line with status 1 and leaves the
# old file and nothing else; any other gives what a run with all memory gives. LIBRARY is failing_malloc.c.
set -euo pipefail
export LC_ALL=C
octet=$(realpath "$1")
library=$(realpath "$2")
steps=${3:-30}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
model=$root/demo/parts.onnx
[ -f "$model" ] || { echo "demo/parts.onnx is not there"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

picture=$root/demo/images/test/test-00.jpg
"$octet" calibrate "$model" -i "$picture" --imgsz 64 -o parts.stats -q >/dev/null 2>&1
"$octet" calibrate "$model" -i "$picture" --imgsz 32,96 --source day -o day.stats -q >/dev/null 2>&1
"$octet" build "$model" --stats parts.stats --calibrator minmax -o parts.octet -q >/dev/null
printf '{"images": [{"id": 1, "file_name": "test-00.jpg", "width": 640, "height": 480}], "categories": [{"id": 1,
"name": "part"}], "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1.25, 2.5, 30.123456789012345,
40.1]}]}' >truth.json
printf '[{"image_id": 1, "category_id": 1, "bbox": [1.25, 2.5, 29.123456789012345, 40], "score": 0.9}]' >boxes.json

# run AT ARGUMENT...: one run in a fresh folder `out`, with results and messages beside it.
run() {
    local at=$1 status=0
    shift
    rm -rf out
    mkdir out
    echo old >out/file
    OCTET_FAIL_AT=$at OCTET_COUNT=count LD_PRELOAD=$library "$octet" "$@" -q >results 2>messages </dev/null || status=$?
    sed -i -E 's/"time_ms": \{[^}]*\}//; s/"[a-z_]*seconds": ?[0-9.e-]+//g; s/[0-9.]+ s\b//g' results
    return "$status"
}

failures=0
fail() { # WHAT
    echo "$verb, allocation $at of $count: $1"
    head -n 3 messages
    failures=$((failures + 1))
}

# judge STATUS: what the run with allocation $at failing left behind.
judge() {
    if [ "$1" -eq 0 ]; then
        cmp -s results good.results && cmp -s out/file good.file || fail "other results, status 0"
        [ ! -s messages ] || fail "status 0 with a message"
    elif [ "$1" -ne 1 ]; then
        fail "status $1"
    else
        [ "$(grep -cE '^octet: (.*out of memory|no thread could be)' messages)" -eq 1 ] || fail "not told as lack of memory"
        [ "$(cat out/file)" = old ] || fail "the old file is lost"
    fi
    [ "$(ls -A out)" = file ] || fail "left behind: $(ls -A out)"
}

sweep() { # ARGUMENT...
    verb=$1
    at=0
    run 0 "$@" || { echo "$verb fails with all memory:"; cat messages; exit 1; }
    cp results good.results
    cp out/file good.file
    count=$(cat count)
    [ "$count" -gt 0 ] || { echo "$verb: no allocation was seen: the library was not loaded"; exit 1; }
    local step=$(((count + steps - 1) / steps)) told=0 status
    for ((at = 1; at <= count; at += step)); do
        status=0
        run "$at" "$@" || status=$?
        judge "$status"
        [ "$status" -eq 0 ] || told=$((told + 1))
    done
    echo "$verb: $count allocations, every ${step}th failed, told $told times"
}

sweep calibrate "$model" -i "$picture" --imgsz 64 --threads 1 -o out/file
sweep merge parts.stats day.stats -o out/file
sweep build "$model" --stats parts.stats --calibrator minmax -o out/file
sweep export "$model" --stats parts.stats -f qdq --calibrator minmax --float-layers none -o out/file
sweep detect parts.octet "$picture" --imgsz 64 --threads 1 --json
sweep compare "$model" parts.octet -i "$picture" --imgsz 64 --threads 1 --json
sweep eval --annotations truth.json --detections boxes.json --json
[ "$failures" -eq 0 ]
