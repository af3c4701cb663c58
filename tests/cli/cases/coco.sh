# SPDX-License-Identifier: Apache-2.0
# A stock model on real pictures: classes found, drawn pictures, and the float model's agreement with its engine.
. "$support"
need_data
cp "$data/models/yolov8n.onnx" n.onnx
photo=$data/coco/images/val2017/000000000139.jpg
try detect n.onnx "$photo" -q --conf 0.4 | awk '/^\$/ { next } NR > 2 { print $2 }' | sort | uniq -c
try build n.onnx --images "$data/coco/images/train2017" --count 8 -o n.octet -q | mask
try detect n.octet "$photo" -q --conf 0.6 -o drawn | awk '/^\$/ { next } NR > 2 { print $2 }' | sort
files drawn
try detect n.octet "$photo" -q --classes 'potted plant,62' --json | grep -o '"class_name": "[^"]*"'
try detect n.octet "$photo" -q --classes 'poted plant'
