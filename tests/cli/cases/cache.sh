# SPDX-License-Identifier: Apache-2.0
# TensorRT caches with all their quirks: what inspect and build tell of them.
. "$support"
need_demo
cp "$model" parts.onnx
cp "$(stats)" parts.stats
"$octet" export parts.onnx --stats parts.stats --format trt-cache -o whole.cache >/dev/null
try inspect whole.cache --stats parts.stats | head -n 13 | mask
{
    sed -n 1,12p whole.cache | sed -e 's/^images: .*/images: 3b66eddc/' -e '4s/: .*/: 0/' -e '7s/: .*/: 7f800000/' \
        -e '10s/: .*/: 7fc00000/' -e '11s/: .*/: 3C1/'
    echo '(Unnamed Layer* 0) [Convolution]: out: 3c010a14'
    echo 'images: 3f800000'
} >quirks.cache
try inspect quirks.cache
try inspect quirks.cache --json | grep -e problem -e clips | sort | uniq -c
try build parts.onnx --trt-cache quirks.cache -o a.octet | grep -v 'no scale' | mask
"$octet" build parts.onnx --trt-cache quirks.cache -o a.octet 2>&1 | grep -c 'no scale'
printf 'TRT-8602-EntropyCalibration2\nother: 3c010a14\n' >other.cache
try build parts.onnx --trt-cache other.cache -o x
printf 'TRT-8602-EntropyCalibration2\nother 3c010a14\n' >bad.cache
try inspect bad.cache
try build parts.onnx --trt-cache bad.cache -o x
try build parts.onnx --trt-cache parts.stats -o x
try build parts.onnx --trt-cache missing.cache -o x
try inspect parts.stats --stats parts.stats
try inspect whole.cache --stats parts.onnx
try inspect whole.cache --stats missing.stats
files . | grep '^x' || true
