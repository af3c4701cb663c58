# SPDX-License-Identifier: Apache-2.0
# QDQ models and TensorRT caches: what export prints and writes, and what comes of what it wrote.
. "$support"
need_demo
cp "$model" parts.onnx
cp "$(stats)" parts.stats
try export parts.onnx --stats parts.stats --format qdq -o qdq.onnx | mask
try export parts.onnx --stats parts.stats --format qdq --int8-weights -o small.onnx | mask
try export parts.onnx --stats parts.stats --format qdq --unsigned -o unsigned.onnx | head -n 1 | mask
cmp -s qdq.onnx unsigned.onnx || echo "other codes"
[ "$(wc -c <small.onnx)" -lt "$(wc -c <qdq.onnx)" ] && echo "codes are smaller"
try export parts.onnx --stats parts.stats --format qdq --float-layers head,3 -o some.onnx --json |
    sed -E 's/: [0-9.e-]+/: N/'
for file in qdq small unsigned some; do # the choices of each layer can be read back
    echo "$file: $("$octet" inspect $file.onnx | grep -c ' Conv .* int8 ') int8," \
        "$("$octet" inspect $file.onnx | grep -c ' Conv .* fp32 ') fp32"
done
"$octet" inspect some.onnx --json | grep octet.float_layers
try export qdq.onnx --stats parts.stats --format qdq -o x
try export parts.onnx --stats parts.stats --format trt-cache -o a.cache | mask
try export parts.onnx --stats parts.stats --format trt-cache --calibrator minmax-trt -o m.cache -q | mask
try export parts.onnx --stats parts.stats --format trt-cache --calibrator entropy \
    --header TRT-101401-EntropyCalibration2 -o e.cache | mask
head -n 2 a.cache m.cache e.cache
try build parts.onnx --trt-cache a.cache -o a.octet | sed -E 's/[0-9.]+ (MB|kB|s)/N/g'
"$octet" inspect a.octet | grep -E '^  (calibrator|precision)'
cp a.cache before.cache
try export parts.onnx --stats parts.stats --format trt-cache -o a.cache --float-layers nothing
cmp a.cache before.cache && echo "the old file stays"
try export parts.stats --stats parts.stats --format qdq -o x
try export parts.onnx --stats parts.onnx --format qdq -o x
try export a.cache --stats parts.stats --format qdq -o x
try export missing.onnx --stats parts.stats --format qdq -o x
try export parts.onnx --stats missing.stats --format qdq -o x
try export parts.onnx --stats parts.stats --format qdq -o missing/x
head -c 20000 parts.onnx >cut.onnx
refused 'cut model' export cut.onnx --stats parts.stats --format qdq -o x
make_picture 64 64 picture.ppm
try detect a.cache picture.ppm
files .
