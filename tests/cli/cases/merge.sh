# SPDX-License-Identifier: Apache-2.0
# Shards, sizes and sources, gathered apart and merged: the bytes of one run. What is missing or there twice is named.
. "$support"
need_demo
mkdir in half
for picture in $(ls "$calibration" | head -n 8); do cp "$calibration/$picture" in; done
for picture in $(ls in | head -n 4); do cp "in/$picture" half; done
cp "$model" parts.onnx
quiet() { "$octet" calibrate parts.onnx -q "$@" >/dev/null; }
short() { sed -E -e 's/ +/ /g' -e 's/[0-9.]+ MB/N MB/' -e 's/\b[0-9a-f]{12}\b/HASH/'; }

echo "one size:"
try calibrate parts.onnx --images in --imgsz 64 -o whole.stats | short
for k in 1 2 3; do
    try calibrate parts.onnx --images in --imgsz 64 --shard $k/3 --threads $k -o part$k.stats -q | short
done
try merge part3.stats part1.stats -o x.stats
try merge part3.stats part1.stats --partial -o two.stats | short
try merge part2.stats two.stats -o all.stats | short
cmp all.stats whole.stats && echo "the same bytes"

echo "several:"
quiet --images in --imgsz 64,32x96 --source day -o day.stats
quiet --images half --imgsz 96 --source night --shard 1/2 -o night1.stats
quiet --images half --imgsz 96 --source night --shard 2/2 -o night2.stats
quiet --images half --imgsz 96 --source night -o night.stats
try merge day.stats night2.stats night1.stats -o a.stats | short
try merge night.stats day.stats -o b.stats -q >/dev/null
cmp a.stats b.stats && echo "the same bytes"
try inspect a.stats | sed -n 1,10p | short
"$octet" inspect a.stats --json | grep -E '"(weights|shards|shards_missing|source)"'
regrets() { "$octet" inspect "$@" | sed -n '/^regret/,$p' | sed -E -e 's/ +/ /g' -e 's/-?[0-9]+\.[0-9]+/N/g' | head -n 5; }
regrets a.stats | cut -d ' ' -f 1-4
regrets a.stats --weights 0,0,1 --calibrator minmax | grep -E '^(regret|2)' | cut -d ' ' -f 1-13
echo "weights:"
for weights in images equal 1,0,0.5; do
    "$octet" build parts.onnx --stats a.stats --weights $weights -o $weights.octet | grep calibration
done
"$octet" inspect equal.octet | grep -E 'calibration_(size|weights)'
"$octet" calibrate parts.onnx --images in --imgsz 32x96 --source day -q -o one.stats >/dev/null
"$octet" export parts.onnx --stats one.stats --format trt-cache -o one.cache >/dev/null
"$octet" export parts.onnx --stats a.stats --weights 1,0,0 --format trt-cache -o a.cache >/dev/null
cmp one.cache a.cache && echo "all weight on one part: as that part alone"
try build parts.onnx --images half --imgsz 64,96 --weights 1,3 -o x.octet -q | grep calibration
for weights in 1,2 1,2,3,4 0,0,0 1,1,-1 images,1 ''; do
    try build parts.onnx --stats a.stats "--weights=$weights" -o y.octet
done
try build parts.onnx --images half --imgsz 64,96 --weights 1 -o y.octet
try build parts.onnx --precision fp32 --weights equal -o y.octet
try inspect a.stats --weights 1
try inspect parts.onnx --weights equal
try inspect a.stats --against half --weights equal
try export parts.onnx --stats a.stats --weights 1 --format qdq -o y.onnx
try inspect two.stats | grep -E 'shards|missing' | short

echo "refused:"
mkdir other
cp in/* other
rm "other/$(ls other | head -n 1)"
quiet --images other --imgsz 64 --shard 1/3 -o other.stats
try merge part1.stats part2.stats part1.stats -o x.stats
try merge two.stats part3.stats -o x.stats
try merge part2.stats part3.stats other.stats -o x.stats
try merge whole.stats all.stats -o x.stats
"$octet" calibrate "$root/demo/parts-yolo11.onnx" --images half --imgsz 64 -q -o yolo11.stats >/dev/null
try merge whole.stats yolo11.stats -o x.stats
try merge whole.stats parts.onnx -o x.stats
try merge whole.stats gone.stats -o x.stats
try merge whole.stats -o whole.stats
try merge whole.stats
try merge -o x.stats
for shard in 0/3 4/3 1 1/ a/3 1/3x 1/5000 -1/3; do
    try calibrate parts.onnx --images in "--shard=$shard" -o x.stats
done
try calibrate parts.onnx --images half --shard 5/5 -o x.stats
try calibrate parts.onnx --images in --imgsz 64,32x64,64 -o x.stats
try calibrate parts.onnx --images in --imgsz 64,30 -o x.stats
try build parts.onnx --stats part1.stats --precision int8 -o x.octet 2>&1 | grep warning
ls | grep '^x' | tr '\n' ' '
