# SPDX-License-Identifier: Apache-2.0
# Weights of 4 bits: built, looked at, run; and what they refuse.
. "$support"
need_demo
cp "$model" parts.onnx
cp "$(stats)" a.stats
"$octet" build parts.onnx --stats a.stats -o eight.octet -q >/dev/null
try build parts.onnx --stats a.stats --weight-bits 4 -o four.octet | mask
try build parts.onnx --stats a.stats --weight-bits 4 -o json.octet --json | sed -E 's/: [0-9.e-]{2,}/: N/'
cmp four.octet json.octet && echo "the same engine"
"$octet" build parts.onnx --stats a.stats --weight-bits 8 -o same.octet -q >/dev/null
cmp eight.octet same.octet && echo "8 bits are the default"
awk -v f="$(wc -c <four.octet)" -v e="$(wc -c <eight.octet)" 'BEGIN { print (f < 0.6 * e) ? "about half as large" : f / e }'
try inspect four.octet | grep -E '^ +(precision|weight_bits)'
"$octet" inspect four.octet --json | grep -E '"weight_bits"'
"$octet" inspect eight.octet | grep -c weight_bits
echo "the same boxes on every kernel set:"
for cpu in ref max; do
    "$octet" detect four.octet "$pictures" --json -q --cpu $cpu --imgsz 160 | sed 's/, "time_ms".*//' >$cpu.boxes
done
grep -c '"class_id"' ref.boxes
cmp ref.boxes max.boxes && echo yes
try eval four.octet --data "$root/demo/data.yaml" -q --min-ap 0.6 | grep -E '^ +AP ' | mask
echo "mixed:"
"$octet" build parts.onnx --stats a.stats --weight-bits 4 --float-layers head -o mixed.octet -q >/dev/null
"$octet" inspect mixed.octet | grep -E '^ +(precision|weight_bits|float_layers)'
echo "refused:"
try build parts.onnx --stats a.stats --weight-bits 3 -o x.octet | head -n 2
try build parts.onnx --precision fp32 --weight-bits 4 -o x.octet | head -n 2
try build parts.onnx --stats a.stats --precision auto --weight-bits 4 -o x.octet | head -n 2
try build parts.onnx --images "$calibration" --float-layers auto --weight-bits 4 -o x.octet | head -n 2
try export parts.onnx --format qdq --stats a.stats --weight-bits 4 -o x.onnx | head -n 2
try tune parts.onnx --images "$calibration" --target trt --weight-bits 4 -o x.octet | head -n 2
try tune parts.onnx --images "$calibration" --weight-bits 4 -o x.onnx | head -n 2
try tune parts.onnx --images "$calibration" --weight-bits 2 -o x.octet | head -n 2
sed 's/octet.version":"4"/octet.version":"3"/' four.octet >older.octet
try detect older.octet "$pictures"
cut_file four.octet 5000 cut.octet
refused "cut off" detect cut.octet "$pictures"
files .
