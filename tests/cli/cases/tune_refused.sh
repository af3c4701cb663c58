# SPDX-License-Identifier: Apache-2.0
# octet tune: what it does not take ends in one line, before long work, and nothing is written.
. "$support"
need_demo
cp "$model" parts.onnx
cp "$(stats)" parts.stats
cp "$(engine)" parts.octet
here="-i $calibration"
echo "== wrong usage"
try tune
try tune parts.onnx $here
try tune parts.onnx -o x.octet
try tune parts.onnx $here -o x.bin
try tune parts.onnx $here -o x.octet -o x.octet
try tune parts.onnx $here -o x.octet -o y.octet
try tune parts.onnx $here -o x.onnx
try tune parts.onnx $here -o x.octet -e 1 --minutes 1
try tune parts.onnx $here -o x.octet -e 0
try tune parts.onnx $here -o x.octet --minutes -1
try tune parts.onnx $here -o x.octet --target tflite
try tune parts.onnx $here -o x.octet --labels
try tune parts.onnx $here -o x.octet --split val
try tune parts.onnx $here -o x.octet --data "$root/demo/data.yaml"
try tune parts.onnx $here -o x.octet --imgsz 100
need_training
echo "== outputs"
mkdir folder.octet
try tune parts.onnx $here -o nowhere/x.octet
try tune parts.onnx $here -o folder.octet
try tune parts.onnx $here --target trt -o parts.onnx
ln -s y.onnx x.octet
: >y.onnx
try tune parts.onnx $here --target trt -o x.octet -o y.onnx
rm x.octet y.onnx
echo mine >x.octet.partial
try tune parts.onnx $here -o x.octet
try tune parts.onnx $here -o x.octet --resume
cat x.octet.partial
rm x.octet.partial
try tune parts.onnx $here -o x.octet --resume
echo "== models"
try tune none.onnx $here -o x.octet
try tune parts.octet $here -o x.octet
try tune parts.stats $here -o x.octet
"$octet" export parts.onnx --stats parts.stats --format qdq -o qdq.onnx -q >/dev/null
try tune qdq.onnx $here -o x.octet
echo "== pictures"
try tune parts.onnx -i none -o x.octet
mkdir empty few
try tune parts.onnx -i empty -o x.octet
for i in 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14; do cp "$calibration/calibration-$i.jpg" few; done
try tune parts.onnx -i few -o x.octet
try tune parts.onnx $here --count 3 -o x.octet
echo broken >few/broken.jpg
try tune parts.onnx -i few -o x.octet
try tune parts.onnx -i few --max-bad 0.5 -o x.octet
for i in $(seq 10 26); do make_picture 64 48 "empty/$i.ppm"; done
try tune parts.onnx -i empty --imgsz 64 -o x.octet
: | "$octet" tune parts.onnx -i - -o x.octet 2>&1
[ ! -e "$(dirname "$octet")/liboctet-video.so.0" ] || refused 'a film' tune parts.onnx -i "$root/demo/belt.mp4" -o x.octet
echo "== settings and statistics"
try tune parts.onnx $here --calibrator best -o x.octet
try tune "$root/demo/parts-yolo11.onnx" $here --stats parts.stats -o x.octet | sed -E 's/[0-9a-f]{12}\.\.\./HASH.../g'
try tune parts.onnx $here --stats parts.onnx -o x.octet
echo "== labels"
try tune "$root/demo/parts-yolo26.onnx" --data "$root/demo/data.yaml" --labels -o x.octet
try tune parts.onnx --data "$root/demo/data.yaml" --labels --split val -o x.octet
# set NAME: a data.yaml of all calibration pictures, whose labels are as in the demo.
set_of() {
    mkdir -p "$1/images/train" "$1/labels/train"
    cp "$calibration"/* "$1/images/train"
    for file in "$root"/demo/labels/calibration/*; do cp "$file" "$1/labels/train"; done
    printf 'path: .\ntrain: images/train\nnames: [washer, bolt, nut, gear, defect]\n' >"$1/data.yaml"
}
set_of high
sed -i 's/^[0-9]*/7/' high/labels/train/*-03.txt
try tune parts.onnx --data high/data.yaml --labels -o x.octet
set_of bare
rm -r bare/labels
try tune parts.onnx --data bare/data.yaml --labels -o x.octet
set_of blank
for file in blank/labels/train/*; do : >"$file"; done
try tune parts.onnx --data blank/data.yaml --labels -o x.octet
set_of other
sed -i 's/names: .*/names: [cat, dog, cow, cup, car, bus]/' other/data.yaml
sed -i 's/^[0-9]*/5/' other/labels/train/*
try tune parts.onnx --data other/data.yaml --labels -o x.octet
set_of words
echo "a nut" >words/labels/train/calibration-05.txt
try tune parts.onnx --data words/data.yaml --labels -o x.octet
try tune parts.onnx --data none.yaml --labels -o x.octet
echo "== no room"
{ (ulimit -f 8 && exec "$octet" tune parts.onnx $here --imgsz 64 -n 16 -e 1 -o x.octet -q 2>&1) || echo "[exit status $?]"; } | cat
mkdir shut && chmod 555 shut
[ -w shut ] || try tune parts.onnx $here -o shut/x.octet
"$octet" tune parts.onnx $here --imgsz 64 -n 16 -e 1 -o y.octet -q 2>&1 >/dev/full || echo "[exit status $?]"
rm y.octet
echo "== no oneDNN"
mkdir broken && echo "no library" >broken/libdnnl.so.2
with broken "$octet" tune parts.onnx $here -o x.octet 2>&1
echo "[exit status $?]"
files . | grep -E '^(x|y|\.octet)' || true
