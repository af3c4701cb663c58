# SPDX-License-Identifier: Apache-2.0
# Statistics of another model are refused; so is a quantised model.
. "$support"
need_demo
need_data
cp "$data/models/yolov8n.onnx" n.onnx
cp "$(stats)" parts.stats
try build n.onnx --stats parts.stats -o x.octet | sed -E "s/[0-9a-f]{12}\.\.\./HASH.../g"
try inspect "$data/models/yolov8n-ort-qdq-entropy.onnx"
files .
