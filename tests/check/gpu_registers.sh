#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gpu_registers.sh ROOT NVCC GPU_RANDOM: what Orin's compiler (sm_87) makes of the kernels: none spills registers, none has
# more than 128, and all but those that measure a peak are those that gpu_random tries. Skipped without nvcc.
set -euo pipefail
cd "$1"
nvcc=${2:-} random=${3:?usage: gpu_registers.sh ROOT NVCC GPU_RANDOM}
[ -x "$nvcc" ] || { echo "skipped: no nvcc"; exit 77; }
kernels=src/runtime/backend/cuda/kernels
report=$(mktemp)
trap 'rm -f "$report"' EXIT
for file in "$kernels"/*.cu; do
    "$nvcc" -std=c++14 -O3 -fmad=false -Isrc -arch=sm_87 -cubin -Xptxas -v "$file" -o /dev/null 2>>"$report" ||
        { cat "$report"; exit 1; }
done
diff <("$random" kernels | sort) <(sed -n "s/.*Compiling entry function '\([^']*\)'.*/\1/p" "$report" | grep -v ^peak_ | sort) ||
    { echo "these kernels are tried, or compiled, alone (<: tried)"; exit 1; }
awk '
    /Compiling entry function/ { split($0, part, "\047"); name = part[2]; kernels++ }
    /bytes spill stores/ {
        for (i = 1; i <= NF; i++) if ($(i + 1) == "bytes" && $(i + 2) == "spill" && $i > 0) spilled[name] = 1
    }
    /Used [0-9]+ registers/ {
        for (i = 1; i <= NF; i++) if ($i == "Used" && $(i + 1) > 128) { print name ": " $(i + 1) " registers"; bad = 1 }
    }
    END {
        for (name in spilled) { print name ": spills registers"; bad = 1 }
        if (kernels == 0) { print "no kernel was compiled"; bad = 1 }
        if (!bad) print "gpu registers: " kernels " kernels, 128 registers at most, nothing spilled"
        exit bad
    }' "$report"
