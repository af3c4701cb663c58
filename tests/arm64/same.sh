#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# same.sh EMULATED ROOT: what octet on another processor (a program under an emulator) gives is, to the bit, what this
# machine's gives (the newer one of ROOT/build and ROOT/build-gcc): boxes of engines that were built here, and the
# engines and statistics that it makes itself.
set -euo pipefail
there=$1 here=$2/build/octet demo=$2/demo
[ ! "$2/build-gcc/octet" -nt "$here" ] || here=$2/build-gcc/octet
[ -x "$here" ] || { echo "skipped: no octet of this machine in build/ or build-gcc/ (./dev arm64 builds it)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
bad=0 compared=0

# equal WHAT A B
equal() {
    compared=$((compared + 1))
    cmp -s "$2" "$3" && [ -s "$2" ] || { echo "$1: not the same"; bad=1; }
}
# boxes OCTET ENGINE ARGUMENT...: of two pictures, as JSON without times.
boxes() {
    local octet=$1 engine=$2
    shift 2
    "$octet" detect "$engine" "$demo/images/test/test-00.jpg" "$demo/images/test/test-10.jpg" --json -q --conf 0.05 \
        --imgsz 160 "$@" | sed 's/, "time_ms".*//'
}
calibrate() { "$1" calibrate "$model" --images "$demo/images/calibration" --count 2 --imgsz 160 -q -o "$2" "${@:3}" >/dev/null; }

for model in "$demo"/parts.onnx "$demo"/parts-yolo11.onnx "$demo"/parts-yolo26.onnx; do
    name=$(basename "$model" .onnx)
    calibrate "$here" $name.stats
    "$here" build "$model" --stats $name.stats -q -o $name.octet >/dev/null
    boxes "$here" $name.octet >$name.here
    grep -q '"class_id"' $name.here || { echo "$name: no boxes"; bad=1; }
    boxes "$there" $name.octet >$name.there
    equal "$name: boxes" $name.here $name.there
done

# One model is built there, from the same statistics and from its own. Float kernels of one set round as they do
# everywhere; those of different sets only where this machine's own agree.
model=$demo/parts.onnx
"$there" build "$model" --stats parts.stats -q -o there.octet >/dev/null
equal "engine of the same statistics" parts.octet there.octet
calibrate "$here" here-ref.stats --cpu ref
calibrate "$there" there-ref.stats --cpu ref
equal "statistics by the reference" here-ref.stats there-ref.stats
if cmp -s parts.stats here-ref.stats; then
    calibrate "$there" there.stats
    equal "statistics" parts.stats there.stats
else
    echo "this machine's own sets give different statistics: those by the reference alone are compared"
fi
echo "$compared comparisons"
exit $bad
