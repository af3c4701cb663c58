# SPDX-License-Identifier: Apache-2.0
# Statistics of another model are refused; a quantised model brings its scales.
. "$support"
need_demo
need_data
cp "$data/models/yolov8n.onnx" n.onnx
cp "$(stats)" parts.stats
try build n.onnx --stats parts.stats -o x.octet | sed -E "s/[0-9a-f]{12}\.\.\./HASH.../g"
try build "$data/models/yolov8n-ort-qdq-entropy.onnx" -o q.octet | mask
"$octet" detect q.octet "$data/coco/images/val2017/000000000139.jpg" --conf 0.3 -q | awk '{ print $2, $3, $4 }'
files .
