# SPDX-License-Identifier: Apache-2.0
# octet eval --shard and --merge: shards give what one run gives, to the byte; a shard that is missing, there twice or of
# another evaluation is named; wrong usage; files that are no parts.
. "$support"
need_demo
cp "$(engine)" parts.octet
ln -s "$root/demo" demo
truth=demo/annotations/test.json

# one NAME ARGUMENT...: NAME.json, NAME.txt and NAME.found of one run; times are left out of what is compared.
timeless() { sed -E -e '/^  "seconds"/d' -e 's/detections, [0-9.]+ s$/detections/'; }
one() {
    local name=$1
    shift
    "$octet" eval "$@" -q --json --save-detections "$name.found" | timeless >"$name.json"
    "$octet" eval "$@" -q | timeless >"$name.txt"
}
# shards N NAME ARGUMENT...: the parts NAME.N.1 to NAME.N.N.
shards() {
    local count=$1 name=$2 i
    shift 2
    for i in $(seq "$count"); do
        "$octet" eval "$@" -q --shard "$i/$count" -o "$name.$count.$i" >/dev/null || echo "shard $i/$count: failed"
    done
}
# joined NAME ORDER PART...: parts in any order are what one run gave.
joined() {
    local name=$1
    shift
    "$octet" eval --merge "$@" -q --json --save-detections joined.found | timeless >joined.json
    "$octet" eval --merge "$@" -q | timeless >joined.txt
    cmp "$name.json" joined.json && cmp "$name.txt" joined.txt && cmp "$name.found" joined.found && echo "the same"
}
one files parts.octet --data demo/data.yaml
one coco parts.octet -a $truth -i demo/images/test --classes nut,gear
one rect parts.octet -d demo/data.yaml --rect
one float demo/parts.onnx -d demo/data.yaml --imgsz 192x256
for count in 1 2 3 7; do
    echo "== $count shards"
    shards $count files parts.octet --data demo/data.yaml
    shards $count coco parts.octet -a $truth -i demo/images/test --classes nut,gear
    joined files files.$count.*
    joined files $(ls -r files.$count.*)
    shards $count rect parts.octet -d demo/data.yaml --rect
    joined rect $(ls -r rect.$count.*)
    joined coco $(ls coco.$count.* | shuf --random-source=$truth)
done
echo "== more shards than pictures"
shards 20 files parts.octet --data demo/data.yaml
joined files $(ls -r files.20.*)
echo "== float, another size, each shard with another number of threads and from another folder"
"$octet" eval demo/parts.onnx -d demo/data.yaml --imgsz 192x256 --threads 1 --shard 1/2 -o float.1 -q >/dev/null
cp -r "$root/demo" elsewhere
"$octet" eval elsewhere/parts.onnx -d elsewhere/data.yaml --imgsz 192x256 --threads 2 --shard 2/2 -o float.2 -q >/dev/null
joined float float.2 float.1

echo "== what is printed"
try eval parts.octet --data demo/data.yaml --shard 2/3 -o files.3.2 | sed 's/[0-9.]* s$/N s/'
try eval parts.octet --data demo/data.yaml --shard 20/20 -o files.20.20 --json | sed 's/"seconds": .*/"seconds": N/'
try eval --merge files.3.* --min-ap 0.99 -q | sed -n 's/AP 0[0-9.]* is/AP X is/p;$p'

echo "== shards that do not make one evaluation"
try eval --merge files.3.1 files.3.3
try eval --merge files.7.1 files.7.5
try eval --merge files.20.20
try eval --merge files.3.*  files.3.2
try eval --merge files.3.1 files.2.2
try eval --merge files.2.1 coco.2.2
try eval --merge files.2.1 float.2
another() { # WHAT ARGUMENT...: shard 2 of 2 of another evaluation
    local what=$1
    shift
    "$octet" eval "$@" -q --shard 2/2 -o another >/dev/null
    echo "$what:"
    try eval --merge coco.2.1 another
}
another "another model" demo/parts.onnx -a $truth -i demo/images/test --classes nut,gear
another "another size" parts.octet -a $truth -i demo/images/test --classes nut,gear --imgsz 256
another "sizes of their own" parts.octet -a $truth -i demo/images/test --classes nut,gear --rect
another "other classes" parts.octet -a $truth -i demo/images/test --classes nut
another "another limit" parts.octet -a $truth -i demo/images/test --classes nut,gear --max-bad 0.5
sed 's/"area": *\([0-9]\)/"area": 1\1/' $truth >labels.json
another "other labels" parts.octet -a labels.json -i demo/images/test --classes nut,gear
sed 's/"nut"/"nuts"/' $truth >classes.json
another "other names" parts.octet -a classes.json -i demo/images/test --classes nuts,gear
mkdir fewer
cp demo/images/test/* fewer
rm "fewer/$(ls fewer | head -n 1)"
another "other pictures" parts.octet -a $truth -i fewer --classes nut,gear --max-bad 0.5 2>&1 | sed 's/: picture.*/: .../'

echo "== pictures that cannot take part"
mkdir -p set/images set/labels
for i in 1 2 3 4 5; do
    make_picture 128 96 set/images/$i.ppm
    echo "0 0.375 0.375 0.25 0.25" >set/labels/$i.txt
done
cat >data.yaml <<'TEXT'
path: set
val: images
names: [washer, bolt, nut, gear, defect]
TEXT
echo broken >set/images/2.ppm
echo "0 0.5" >set/labels/5.txt
one bad parts.octet --data data.yaml --max-bad 0.4 2>/dev/null
shards 2 bad parts.octet --data data.yaml --max-bad 0.4
joined bad bad.2.2 bad.2.1
shards 2 bad parts.octet --data data.yaml --max-bad 0.2
try eval --merge bad.2.1 bad.2.2
try eval parts.octet --data data.yaml --shard 2/2 -o strict
[ -e strict ] || echo "nothing was written"
make_picture 128 96 set/images/1.png
try eval parts.octet --data data.yaml --shard 2/2 -o strict
rm set/images/1.png

echo "== wrong usage"
for text in 0/2 3/2 1/0 1 /2 1/ 1/2/3 -1/2 1/5000 a/b; do
    try eval parts.octet --data demo/data.yaml --shard $text -o part
done
try eval parts.octet --data demo/data.yaml --shard 1/2
try eval parts.octet --data demo/data.yaml -o part
try eval parts.octet --data demo/data.yaml --shard 1/2 -o part --min-ap 0.5
try eval parts.octet --data demo/data.yaml --shard 1/2 -o part --save-detections found.json
try eval --detections files.found -a $truth --shard 1/2 -o part
try eval parts.octet demo/parts.onnx --data demo/data.yaml
try eval --merge
try eval --merge files.2.1 files.2.2 --data demo/data.yaml
try eval --merge files.2.1 files.2.2 --save-detections files.2.1
try eval parts.octet --data demo/data.yaml --shard 1/2 -o no/such/folder
cp demo/data.yaml mine.yaml
try eval parts.octet --data mine.yaml --shard 1/2 -o mine.yaml
cmp demo/data.yaml mine.yaml

echo "== files that are no parts"
try eval --merge files.2.1 $truth
try eval --merge files.2.1 parts.octet
try eval --merge none
: >empty
try eval --merge empty
sed '1s/"octet_evaluation_part":1/"octet_evaluation_part":2/' files.2.1 >later
try eval --merge later
for bytes in $(seq 1 997 $(($(wc -c <files.2.2) - 1))); do
    cut_file files.2.2 "$bytes" cut
    refused "$bytes bytes" eval --merge files.2.1 cut
done
for lines in $(seq 1 $(($(wc -l <files.2.2) - 1))); do
    sed "${lines}d" files.2.2 >cut
    refused "without line $lines" eval --merge files.2.1 cut
    sed "${lines}p" files.2.2 >cut
    refused "line $lines twice" eval --merge files.2.1 cut
done
tail -n 1 files.2.2 | cat files.2.2 - >cut
refused "two ends" eval --merge files.2.1 cut
for change in 's/"place":3/"place":2/' 's/"place":3/"place":99/' 's/"image":4/"image":2/' 's/\[0,0\./[0,1./' 's/"found":\[\[/"found":[[1],[/' \
    's/"boxes":\[\[/"boxes":[[1,1,0,0,-1,1,1,0],[/' 's/"left_out":0/"left_out":1/' 's/"listed":14/"listed":13/' 's/"height":320,//' \
    's/"shard":2/"shard":1/' 's/"seconds":[0-9.e-]*,//'; do
    sed "$change" files.2.2 >changed
    cmp -s files.2.2 changed && echo "$change changes nothing"
    refused "$change" eval --merge files.2.1 changed
done
