#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh FOLDER: on a machine with an NVIDIA GPU, tests and times what pack.sh put into a folder: every tensor and box of
# each engine against the CPU's, compute-sanitizer where it is installed, then times by the GPU's clock, on the whole GPU and
# (driver for CUDA 12.5 or newer) on 8 of its multiprocessors. Closes with one line of totals; exit status 1 where
# anything failed.
set -euo pipefail
cd "${1:?usage: run.sh FOLDER}"
here=$PWD
export LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
passed=0 failed=0
check() { # COMMAND...
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $*"
    fi
}

bin/octet doctor | sed -n '/^gpu/,$p'
echo "== the CPU's tensors and boxes"
for engine in engines/*.octet; do
    check timeout 120 bin/gpu_check "$engine"
done
for shape in "32x32 3" "96x1920 1" "320x416 8"; do
    # shellcheck disable=SC2086 # a size and a batch
    check timeout 120 bin/gpu_check engines/yolov8n.octet $shape
done

if command -v compute-sanitizer >/dev/null; then
    echo "== compute-sanitizer"
    mkdir -p cache
    export OCTET_CHECK_CACHE=$here/cache
    check timeout 60 bin/gpu_check engines/parts.octet 64x64
    for tool in memcheck racecheck initcheck; do
        check timeout 120 compute-sanitizer --tool "$tool" --error-exitcode 9 bin/gpu_check engines/parts.octet 64x64
    done
    unset OCTET_CHECK_CACHE
else
    echo "skipped: no compute-sanitizer"
fi

times() { # OCTET ARGUMENT...
    check timeout 120 bin/octet bench --no-cache --peak --device cuda --warmup 50 --iterations 1000 "$@"
}
echo "== times, the whole GPU"
times engines/yolov8n.octet engines/yolov8s.octet engines/yolov8n-bf16.octet
times engines/yolov8n.octet --batch 8
if [ -e bin/few_multiprocessors.so ]; then
    echo "== times, 8 multiprocessors"
    export LD_PRELOAD=$here/bin/few_multiprocessors.so
    times engines/yolov8n.octet engines/yolov8s.octet engines/yolov8n-bf16.octet
fi
echo "gpu: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
