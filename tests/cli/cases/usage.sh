# SPDX-License-Identifier: Apache-2.0
# Wrong usage: one line on standard error, exit status 2.
. "$support"
try
try detcet
try xyzzy
try --json detect
try inspect
try inspect a b
try inspect --frobnicate a
try detect
try detect a
try detect a b --cnof 0.3
try detect a b -x
try detect a b --conf
try detect a b --conf x
try detect a b --conf 1.5
try detect a b --conf nan
try detect a b --iou -0.1
try detect a b --max-det 0
try detect a b --max-det 30001
try detect a b --batch 257
try detect a b --json=yes
try detect a b -o
try detect a b --output --json
try detect a b --output=
try detect a b --threads 0
try detect a b --threads -1
try detect a b --threads abc
try detect a b --threads 2x
try detect a b --threads 99999999999999999999
try detect a b --cpu avx
try detect a b --cpu avx2,nenon
try detect a b --imgsz 100
try detect a b --imgsz 0
try detect a b --imgsz 640x
try detect a b --imgsz 320x100
try detect a b --imgsz 8224
try detect a b --imgsz 320,640
try calibrate a
try calibrate a -i b
try calibrate a -o b
try calibrate a -i b -o c --max-bad 1.5
try calibrate a -i b -o c --resume=yes
try build a
try build a -o b
try build a -o b --stats c --images d
try build a -o b --precision fp16
try build a -o b --precision fp32 --stats c
try build a -o b --stats c --calibrator mean
try build a -o b --stats c --calibrator percentile:20
try build a -o b --stats c --calibrator percentile:99x
try build a -o b --stats c --calibrator minmax:1
try build a -o b --stats c --float-layers 3-
try build a -o b --stats c --float-layers 7-3
try build a -o b --stats c --float-layers head,
try build a -o b --stats c --float-layers none,head
try build a -o b --precision fp32 --float-layers head
try build a -o b --stats c --count 4
try build a -o b --stats c --save-stats d
try build a -o b --trt-cache c --stats d
try build a -o b --trt-cache c --images d
try build a -o b --trt-cache c --calibrator mse
try build a -o b --trt-cache c --precision fp32
try export a
try export a --format qdq
try export a --format onnx --stats b -o c
try export a --format qdq --stats b
try export a --format qdq --stats b -o c --header TRT-8602-EntropyCalibration2
try export a --format trt-cache --stats b -o c --int8-weights
try export a --format trt-cache --stats b -o c --unsigned
try export a --format trt-cache --stats b -o c --header EntropyCalibration2
try export a --format trt-cache --stats b -o c --calibrator mean
try export a --format qdq --stats b -o c --float-layers auto,head,
try report a
try report a -m b
try report a -m b -i c --pictures 17
try report a -m b -i c -d e
try run a
try run a --input b --tensors all
try bench
try bench a --iterations 0
try bench a --streams 0
try bench a -- --layers b -q
