# SPDX-License-Identifier: Apache-2.0
# Scales for sizes: one set, one for each size, or for those that lose much; boxes are those of the size's set.
. "$support"
need_demo
mkdir in
for picture in $(ls "$calibration" | head -n 8); do cp "$calibration/$picture" in; done
cp "$model" parts.onnx
"$octet" calibrate parts.onnx --images in --imgsz 64,96x160,320 -q -o sizes.stats >/dev/null
short() { sed -E -e 's/[0-9.]+ [kM]?B/N B/g' -e 's/[0-9]+\.[0-9]+ s/N s/g' -e 's/:[0-9]+\.[0-9]+/:N/g'; }

echo "builds:"
for scales in merged per-size auto auto:0 auto:100; do
    echo "$scales"
    try build parts.onnx --stats sizes.stats --scales $scales -o $scales.octet | grep -E 'scales|sharing' | short
done
[ "$(wc -c <auto:100.octet)" -lt "$(wc -c <per-size.octet)" ] && echo "one set is smaller"
"$octet" build parts.onnx --stats sizes.stats -q -o plain.octet >/dev/null
cmp plain.octet merged.octet && echo "merged is the default"

echo "inspected:"
"$octet" inspect per-size.octet | grep -E '^  (scales|calibration_n)' | short
"$octet" inspect per-size.octet --json | sed -n '/"scales": \[/,/\]/p'
"$octet" inspect merged.octet --json | grep '"scales"'

echo "as calibrated at a size alone, where no concat ties tensors together:"
codings() { "$octet" inspect "$1" --json | grep -E '"output_(scale|zero_point)"'; }
"$octet" calibrate parts.onnx --images in --imgsz 320 -q -o one.stats >/dev/null
"$octet" build parts.onnx --stats one.stats -q -o one.octet >/dev/null
codings per-size.octet >a
codings one.octet >b
same=$(paste -d '|' a b | awk -F '|' '$1 == $2' | wc -l)
[ "$same" -gt 20 ] && [ "$same" -lt "$(wc -l <a)" ] && echo "most are"

echo "boxes:"
boxes() { "$octet" detect "$@" "$pictures" --json -q | sed 's/, "time_ms".*//'; }
for size in "--imgsz 64" "--imgsz 96x160" "--imgsz 320" "--imgsz 128" --rect; do
    boxes per-size.octet $size >one.json
    boxes per-size.octet $size --threads 1 --cpu ref >two.json
    cmp one.json two.json && grep -q box_xyxy one.json && echo "$size: the same on other kernels"
done
boxes per-size.octet --imgsz 64 >a.json
boxes merged.octet --imgsz 64 >b.json
cmp -s a.json b.json || echo "others than by merged scales"
"$octet" detect per-size.octet "$pictures" --imgsz 64 --drift -q >/dev/null 2>drift || cat drift
"$octet" calibrate --check per-size.octet --images in --imgsz 64 --json -q | grep -E '"(verdict|rise_db|loss_db)"' | head -n 1

echo "refused:"
for scales in each auto: auto:x ''; do
    try build parts.onnx --stats sizes.stats "--scales=$scales" -o x.octet
done
try build parts.onnx --stats one.stats --scales per-size -o x.octet
try build parts.onnx --precision fp32 --scales auto -o x.octet
try build parts.onnx --trt-cache none.cache --scales auto -o x.octet
[ ! -e x.octet ]
