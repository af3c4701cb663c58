#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh FOLDER: on a machine with an NVIDIA GPU, tests and times what pack.sh put into a folder: random cases of every kernel
# and random networks (seeds OCTET_SEEDS, else 1 to 4), every tensor and box of each engine against the CPU's, also at hard
# sizes and in batches, many sessions at once, compute-sanitizer where it is installed, then times by the GPU's clock, on
# the whole GPU and (driver for CUDA 12.5 or newer) on 8 of its multiprocessors. Closes with one line of totals; exit status
# 1 where anything failed.
set -euo pipefail
cd "${1:?usage: run.sh FOLDER}"
here=$PWD
tar xzf pack.tar.gz
export LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
read -r -a seeds <<<"${OCTET_SEEDS:-1 2 3 4}"
passed=0 failed=0
result() { # STATUS WHAT
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED ($1): $2"
    fi
}
check() { # COMMAND...
    local status=0
    "$@" || status=$?
    result "$status" "$*"
}

bin/octet doctor | sed -n '/^gpu/,$p'
mkdir -p cache logs

pids=()
for seed in "${seeds[@]}"; do # beside what comes next
    timeout 300 bin/gpu_random "$seed" 24 40 >"logs/random-$seed.log" 2>&1 &
    pids+=($!)
done

echo "== the CPU's tensors and boxes"
check timeout 120 bin/trial_engine medium engines/medium.octet
check timeout 120 bin/trial_engine family engines/family.octet
for engine in engines/*.octet; do
    check timeout 120 bin/gpu_check "$engine"
done
check timeout 120 bin/gpu_check engines/medium.octet 640x640
check timeout 120 bin/gpu_check engines/family.octet 640x640
check timeout 120 bin/gpu_check engines/parts-sizes.octet 160x320
for engine in yolov8n yolov8s medium family parts; do
    [ -e "engines/$engine.octet" ] || continue
    for shape in "32x32 3" "32x32 8" "96x1920 1" "96x1920 3" "320x416 8"; do
        # shellcheck disable=SC2086 # a size and a batch
        check timeout 120 bin/gpu_check "engines/$engine.octet" $shape
    done
done

echo "== random cases of every kernel, and random networks"
for i in "${!seeds[@]}"; do
    log=logs/random-${seeds[$i]}.log status=0
    wait "${pids[$i]}" || status=$?
    [ "$status" -eq 0 ] || cat "$log"
    result "$status" "gpu_random ${seeds[$i]}"
    echo "seed ${seeds[$i]}:"
    grep -E ' networks,| kernels,' "$log" || true
done
echo "cases of each kernel, seed ${seeds[0]}:"
grep -E '^ +[a-z0-9_]+: ' "logs/random-${seeds[0]}.log" || true

echo "== four sessions at once, and fifty one after another"
other=parts
[ ! -e engines/yolov8n.octet ] || other=yolov8n
export OCTET_CHECK_CACHE=$here/cache
check timeout 120 bin/gpu_stress engines/parts.octet "engines/$other.octet" 200 50

if command -v compute-sanitizer >/dev/null; then
    echo "== compute-sanitizer"
    check timeout 60 bin/gpu_check engines/parts.octet 64x64
    for tool in memcheck racecheck initcheck; do
        sanitizer=(compute-sanitizer --tool "$tool" --error-exitcode 9)
        check timeout 120 "${sanitizer[@]}" bin/gpu_check engines/parts.octet 64x64
        check timeout 200 "${sanitizer[@]}" bin/gpu_random 1 1 0
    done
else
    echo "skipped: no compute-sanitizer"
fi
unset OCTET_CHECK_CACHE

times() { # OCTET ARGUMENT...
    check timeout 120 bin/octet bench --no-cache --peak --device cuda --warmup 50 --iterations 1000 "$@"
}
echo "== times, the whole GPU"
times engines/yolov8n.octet engines/yolov8s.octet engines/yolov8n-bf16.octet
times engines/yolov8n.octet --batch 8
times --imgsz 640 engines/medium.octet
for engine in engines/yolo*.octet; do
    case $engine in */yolov8*) continue ;; esac
    [ ! -e "$engine" ] || times --layers "$engine"
done
echo "== a 1080p frame from memory to its boxes"
check timeout 120 bin/octet bench --no-cache --device cpu,cuda --iterations 200 --frame 1920x1080 engines/yolov8n.octet
check timeout 120 bin/octet bench --no-cache --device cuda --iterations 200 --frame 1920x1080:rgb engines/yolov8n.octet
if [ -e bin/few_multiprocessors.so ]; then
    echo "== times, 8 multiprocessors"
    export LD_PRELOAD=$here/bin/few_multiprocessors.so
    times engines/yolov8n.octet engines/yolov8s.octet engines/yolov8n-bf16.octet
fi
echo "gpu: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
