# SPDX-License-Identifier: Apache-2.0
# calibrate and build: what they print and write.
. "$support"
need_demo
cp "$model" parts.onnx
try calibrate parts.onnx --images "$calibration" --count 4 -o a.stats | mask
try calibrate parts.onnx --images "$calibration" --count 4 -o b.stats -q >/dev/null
cmp a.stats b.stats && echo "the same statistics"
try calibrate parts.onnx --images "$calibration" --count 4 --seed 7 -o c.stats --json |
    sed -E 's/: ("?)[0-9a-f.]+("?)/: \1N\2/'
cmp -s a.stats c.stats && echo "another seed, the same statistics"
try build parts.onnx --stats a.stats -o a.octet | mask
try build parts.onnx --images "$calibration" --count 4 --save-stats d.stats -o d.octet | mask
cmp a.stats d.stats && echo "the same statistics again"
cmp a.octet d.octet && echo "the same engine"
try build parts.onnx --stats a.stats --calibrator minmax -o m.octet --json | sed -E 's/: [0-9.e-]+/: N/'
cmp -s a.octet m.octet && echo "another calibrator, the same engine"
try build parts.onnx --precision fp32 -o f.octet | mask
files .
