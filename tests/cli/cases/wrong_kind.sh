# SPDX-License-Identifier: Apache-2.0
# One kind of file in the place of another, and models that octet does not read.
. "$support"
need_demo
cp "$model" parts.onnx
cp "$(engine)" parts.octet
cp "$(stats)" parts.stats
make_picture 64 64 picture.ppm
try detect parts.stats picture.ppm
try detect picture.ppm picture.ppm
try detect parts.octet parts.onnx | sed 's/ \+/ /g'
try calibrate parts.octet --images picture.ppm -o x
try build parts.octet --precision fp32 -o x
try build parts.stats --precision fp32 -o x
try build parts.onnx --stats parts.octet -o x
try build parts.onnx --stats parts.onnx -o x
try run parts.octet --input picture.ppm
try bench parts.stats
LC_ALL=C sed 's/Sigmoid/Sigmoyd/g' parts.onnx >unknown.onnx
refused 'unknown operator' inspect unknown.onnx
"$octet" inspect unknown.onnx 2>&1 | grep -c Sigmoyd
LC_ALL=C sed 's/Concat/Concaf/g' parts.onnx >unknown.onnx
refused 'unknown operator' inspect unknown.onnx
files . | grep '^x' || true
