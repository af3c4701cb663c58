# SPDX-License-Identifier: Apache-2.0
# What people give as MODEL that is no ONNX model: each is named, with what to do. And class names from files.
. "$support"
need_demo
cp "$model" parts.onnx
cp "$(engine)" parts.octet
cp "$(stats)" parts.stats
make_picture 64 64 picture.ppm
is() {
    local name=$1
    shift
    printf "$@" >"$name"
    "$octet" inspect "$name" 2>&1 || true
}
is best.pt 'PK\003\004............................best/data.pklFB'
is best.torchscript 'PK\003\004............................best/data.pkl best/code/ best/constants.pkl'
is old.pt '\200\002\212\nl\374\234F\371 j\250P\031.\200\002'
is weights.pkl '\200\004\225........'
is plain.zip 'PK\003\004............................best.onnx'
is plan.engine 'ftrt\000\000\000\000'
is plan.engine '\025\000\000\000{"task": "detect..."}ftrt\000\000'
is model.tflite '\034\000\000\000TFL3\024\000'
is model.ort '\034\000\000\000ORTM\024\000'
is model.xml '<?xml version="1.0"?>\n<net name="torch_jit" version="11">\n'
is other.xml '<?xml version="1.0"?>\n<annotation>\n'
is model.param '7767517\n233 268\n'
is model.rknn 'RKNN\000\000'
is model.h5 '\211HDF\r\n\032\n'
is pointer.onnx 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n'
is annex.onnx '/annex/objects/SHA256E-s12--00.onnx\n'
is page.onnx '\n<!DOCTYPE html>\n<html>\n'
is page.onnx '<HTML><body>404'
is model.onnx.gz '\037\213\010\000'
is model.tar "%257sustar" ''
is a.npy '\223NUMPY\001\000'
is a.jpg '\377\330\377\340'
is a.mp4 '\000\000\000\040ftypisom'
is a.pdf '%%PDF-1.4'
is data.yaml 'names: [a, b]\n'
is data.json '{"names": []}'
is weights.safetensors '\020\000\000\000\000\000\000\000{"a":1}         '
is unknown.bin '\001\002\003\004\005'
: >empty.onnx
"$octet" inspect empty.onnx 2>&1
mkdir folder.onnx
"$octet" inspect folder.onnx 2>&1
echo '{"images": [{"id": 1, "file_name": "picture.ppm", "width": 64, "height": 64}], "annotations": [],
    "categories": [{"id": 1, "name": "a"}]}' >truth.json
printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 64, 64), }" >a.npy
head -c 49152 /dev/zero >>a.npy
for verb in "detect best.pt picture.ppm" "build best.pt --precision fp32 -o x" "bench best.pt" \
    "calibrate best.pt --images picture.ppm -o x" "export best.pt --stats parts.stats --format qdq -o x" \
    "eval best.pt --images . --annotations truth.json" "run best.pt --input a.npy -o x"; do
    refused "$verb" $verb
    grep -q 'is a PyTorch checkpoint (.pt), not an ONNX model: export it' refused.err || cat refused.err
done
echo
try build parts.onnx --stats picture.ppm -o x
try build parts.onnx --stats best.pt -o x
try build parts.onnx --trt-cache picture.ppm -o x
try detect parts.octet best.pt | sed 's/ \+/ /g'
files . | grep '^x' || true
