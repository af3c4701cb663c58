#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ncnn under qemu-user: puts Python for 64-bit ARM, ncnn's wheel and the model as ncnn has it into DIR, once.
#   ncnn.sh DIR MODEL.onnx SIZE      then DIR/run RUNS fp16|fp32: so many pictures, one thread; QEMU: the emulator
# pnnx makes ncnn's model of the ONNX file on this machine. Versions as bench/peers has them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 3 ] || { sed -n '4p' "$0" | sed 's/^# *//' >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd) model=$(realpath "$2") size=$3
python=python$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ncnn=$(grep '^ncnn==' "$here/../peers/requirements.txt")

bash "$here/../../cmake/fetch_arm64.sh" "$dir" "$python" "lib$python" libstdc++6 libgomp1
if [ ! -d "$dir/site/ncnn" ]; then
    platforms=()
    for version in 2_35 2_28 2_27 2_24 2_17; do
        platforms+=(--platform "manylinux_${version}_aarch64")
    done
    python3 -m pip -q download --only-binary=:all: --no-deps "${platforms[@]}" --platform manylinux2014_aarch64 \
        --python-version "${python#python}" --implementation cp -d "$dir/wheels" "$ncnn" 'numpy>=2,<2.3'
    mkdir -p "$dir/site"
    for wheel in "$dir"/wheels/*.whl; do
        python3 -m zipfile -e "$wheel" "$dir/site"
    done
fi
if [ ! -x "$dir/pnnx/pnnx/pnnx" ]; then
    python3 -m pip -q install --no-deps --target "$dir/pnnx" pnnx
    chmod +x "$dir/pnnx/pnnx/pnnx"
fi
if ! cmp -s "$model" "$dir/model/model.onnx" || [ "$(cat "$dir/model/size" 2>/dev/null)" != "$size" ]; then
    rm -rf "$dir/model"
    mkdir "$dir/model"
    cp "$model" "$dir/model/model.onnx"
    (cd "$dir/model" && "$dir/pnnx/pnnx/pnnx" model.onnx "inputshape=[1,3,$size,$size]f32" fp16=0) >"$dir/pnnx.log" 2>&1 ||
        { tail -n 3 "$dir/pnnx.log" >&2; exit 1; }
    echo "$size" >"$dir/model/size"
fi
cat >"$dir/run.py" <<'PYTHON'
import sys

folder, runs, precision, size = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
sys.path.insert(0, folder + "/site")
import ncnn
import numpy

net = ncnn.Net()
net.opt.num_threads = 1
net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = precision == "fp16"
for status in (net.load_param(folder + "/model/model.ncnn.param"), net.load_model(folder + "/model/model.ncnn.bin")):
    if status != 0:
        sys.exit("ncnn does not load the model")
picture = numpy.random.default_rng(1).random((3, size, size), dtype=numpy.float32)
for _ in range(runs):
    extractor = net.create_extractor()
    extractor.input("in0", ncnn.Mat(picture))
    extractor.extract("out0")
PYTHON
root=$dir/root
cat >"$dir/run" <<RUN
#!/bin/sh
exec \$QEMU -L "$root" "$root/usr/bin/$python" "$dir/run.py" "$dir" "\$1" "\$2" $size
RUN
chmod +x "$dir/run"
