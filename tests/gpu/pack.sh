#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pack.sh BUILD FOLDER [ENGINE...]: puts what run.sh needs into a folder that can be carried to a machine with a GPU: the
# programs, the libraries that they need and every such machine may lack, engines of the bundled model and of the test
# data, and ENGINE files; all but run.sh in one archive, which it unpacks.
set -euo pipefail
build=$(realpath "$1") folder=$(realpath -m "$2")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
data=${OCTET_TEST_DATA:-$root/../shared/data}
octet=$build/octet
[ -e "$build/liboctet-cuda.so.0" ] || { echo "pack.sh: $build has no liboctet-cuda.so.0: nvcc is needed" >&2; exit 1; }
rm -rf "$folder"
mkdir -p "$folder"/{bin,lib,engines}
programs=("$octet" "$build"/tests/{gpu_check,gpu_random,gpu_stress,trial_engine})
for file in "${programs[@]}" "$build/liboctet-cuda.so.0"; do
    strip -o "$folder/bin/$(basename "$file")" "$(realpath "$file")"
done
cp "$root/tests/gpu/run.sh" "$folder/"
ldd "${programs[@]}" | awk '/=> \//{ print $3 }' | sort -u |
    grep -v -E '/(libc|libm|ld-linux[^/]*|libpthread|libdl)\.so' | xargs -I{} cp -L {} "$folder/lib/"
for toolkit in "${CUDA_HOME:-}" /usr/local/cuda; do
    if [ -e "$toolkit/include/cuda.h" ]; then
        cc -shared -fPIC -O1 -I"$toolkit/include" -o "$folder/bin/few_multiprocessors.so" \
            "$root/tests/gpu/few_multiprocessors.c" -ldl
        break
    fi
done
engine() { # NAME MODEL ARGUMENT...
    local name=$1 model=$2
    shift 2
    "$octet" build "$model" -q "$@" -o "$folder/engines/$name.octet" >/dev/null
}
engine parts "$root/demo/parts.onnx" --images "$root/demo/images/calibration"
engine parts-sizes "$root/demo/parts.onnx" --images "$root/demo/images/calibration" --imgsz 320,160x320 --scales per-size
engine parts-fp32 "$root/demo/parts.onnx" --precision fp32
if [ -d "$data/models" ]; then
    pictures=$data/coco/images/val2017
    engine yolov8n "$data/models/yolov8n.onnx" --images "$pictures" --count 16
    engine yolov8s "$data/models/yolov8s.onnx" --images "$pictures" --count 16
    engine yolov8n-bf16 "$data/models/yolov8n.onnx" --precision bf16
    engine yolov8n-head "$data/models/yolov8n.onnx" --images "$pictures" --count 16 --float-layers head
    engine yolov8n-qdq "$data/models/yolov8n-ort-qdq-entropy.onnx"
    for model in "$data"/family/models/*-coco.onnx "$data"/family/models/*-e2e.onnx; do
        [ ! -e "$model" ] || engine "$(basename "$model" .onnx)" "$model" --images "$pictures" --count 16
    done
    engine neudet "$data/models/neudet-yolov8n-224.onnx" --images "$data/neudet/images/train" --count 16
else
    echo "pack.sh: no test data at $data: the bundled model alone" >&2
fi
for file in "${@:3}"; do
    cp "$file" "$folder/engines/"
done
tar -C "$folder" -c bin lib engines | gzip -9 >"$folder/pack.tar.gz"
rm -r "${folder:?}"/{bin,lib,engines}
du -sh "$folder"
