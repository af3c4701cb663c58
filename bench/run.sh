#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How fast is octet on this machine? The whole network, INT8 beside float, interleaved; then each convolution kernel
# beside the plain C reference and the machine's peak.
#   usage: bench/run.sh [MODEL.onnx PICTURES]      default: the bundled model and pictures
# BUILD names the build folder (default: build).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$root/build}
model=${1:-$root/demo/parts.onnx}
pictures=${2:-$root/demo/images/calibration}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$build/octet" build "$model" --images "$pictures" --count 100 -o "$work/int8.octet"
"$build/octet" build "$model" --precision fp32 -o "$work/fp32.octet"
cores=$(getconf _NPROCESSORS_ONLN)
for threads in 1 $([ "$cores" -gt 1 ] && echo "$cores"); do
    "$build/octet" bench "$work/int8.octet" "$work/fp32.octet" --threads "$threads" --iterations 200 --peak
done
check=$(find "$build" -maxdepth 3 -type f -name kernel_check -perm -u+x | head -n 1)
"$check" --bench
