#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# octet beside ONNX Runtime, OpenVINO and ncnn on this machine, all in one run:
#   bench/peers/run.sh MODEL.onnx PICTURES [OPTION OF compare.py...]
# MODEL.onnx is an Ultralytics YOLOv8 export of one fixed size, PICTURES a folder of at least 16 JPEGs to calibrate on.
# The first call makes a Python environment and the models of all engines, and keeps both in WORK.
# BUILD names octet's build folder (default: build), WORK the place for all that is made (default: BUILD/peers),
# PYTHON an environment's python that has requirements.txt already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-$root/build}
work=${WORK:-$build/peers}
if [ $# -lt 2 ] || [ ! -f "$1" ] || [ ! -d "$2" ]; then
    echo "usage: bench/peers/run.sh MODEL.onnx PICTURES [--threads N] [--rounds N] [--isa NAME] [--json]" >&2
    exit 2
fi
model=$1 pictures=$2
shift 2
[ -x "$build/octet" ] || { echo "run.sh: $build/octet is missing: ./dev build" >&2; exit 1; }

python=${PYTHON:-$work/python/bin/python}
if [ ! -x "$python" ]; then
    python3 -m venv "$work/python"
    "$python" -m pip install --quiet -r "$here/requirements.txt"
    "$python" -m pip install --quiet --no-deps pnnx==20261020 # makes ncnn's models; its program needs no PyTorch
fi

# One folder for each model, named by its content.
models=$work/$(basename "$model" .onnx)-$(sha256sum "$model" | cut -c 1-12)
mkdir -p "$models"
"$python" "$here/quantize.py" "$model" "$pictures" "$models" >&2
[ -f "$models/octet_int8.octet" ] ||
    "$build/octet" build "$model" --images "$pictures" --count 100 -o "$models/octet_int8.octet" >&2
for precision in bf16 fp32; do
    [ -f "$models/octet_$precision.octet" ] ||
        "$build/octet" build "$model" --precision $precision -o "$models/octet_$precision.octet" >&2
done
exec "$python" "$here/compare.py" --model "$model" --models "$models" --octet "$build/octet" "$@"
