# SPDX-License-Identifier: Apache-2.0
# build --float-layers auto judged by labels, in each of the ways that octet eval takes them: COCO's of the pictures that
# calibrate, COCO's of a folder, a data.yaml's. COCO's and YOLO's labels of the same pictures give the same figures.
. "$support"
need_speed
need_demo
command -v python3 >/dev/null || skip "python3 is not there"
python3 "$root/tests/cli/bad_layer.py" "$model" bad.onnx
demo=$root/demo
"$octet" calibrate bad.onnx --images "$calibration" --imgsz 160 --threads 1 -o bad.stats -q >/dev/null
bad="--stats bad.stats --calibrator minmax --images $calibration --imgsz 160 --threads 1 --float-layers auto:4 --costs bad.costs"
build() { "$octet" build bad.onnx $bad "$@" -o out.octet --json -q >out.json || echo "[exit status $?]"; }
# figures FILE.json: pictures, labels, and the AP and loss of every set, in points to a hundredth.
figures() {
    sed -n -E 's/^ *"(judging_images|judging_boxes)": ([0-9]+),/\1 \2/p' "$1"
    awk -F '[:,]' '/"ap"/ { ap = $2 } /"loss_points"/ { printf "%.2f, loss %.2f\n", 100 * ap, $2 }' "$1"
}
# mended FILE.json: that INT8 loses too much, the set that was chosen does not, and has the bad layer.
mended() {
    awk -F': ' '/"float_layers"/ { none = $2 ~ /"none"/; has = $2 ~ /60/ } /"loss_points"/ { loss = $2 + 0; if (none) without = loss }
        /"chosen": true/ { with = loss; layer = has }
        END { print (without > 4 ? "loses" : "loses nothing: " without) ", " (with <= 4 && layer ? "mended" : "not mended: " with) }' "$1"
}

echo "COCO's file of --images:"
build --annotations "$demo/annotations/calibration.json"
sed -n -E 's/^ *"(judging_images|judging_boxes)": ([0-9]+),/\1 \2/p' out.json
mended out.json
echo "COCO's file and its folder:"
build -a "$demo/annotations/test.json" --eval-images "$pictures"
mended out.json
figures out.json >coco.txt
head -n 2 coco.txt
echo "a data.yaml, whose val these are:"
build --data "$demo/data.yaml"
figures out.json >yolo.txt
[ "$(wc -l <coco.txt)" -gt 3 ] && cmp coco.txt yolo.txt && echo "the same figures"
build -d "$demo/data.yaml" --split val
figures out.json | cmp - yolo.txt
echo "its train, as octet eval judges the float model there:"
try build bad.onnx $bad --data "$demo/data.yaml" --split train -o out.octet -q | sed -n -e '/^  judged/p' -e '/^  none/p' |
    sed 's/  */ /g' | awk '/none/ { print $1, ($2 > 10 && $3 > 4 ? "loses" : $0); next } { print }'

echo "refused:"
x="--float-layers auto -o x.octet"
try build bad.onnx --images x $x -a y --data z | head -n 2
try build bad.onnx --images x $x --eval-images y | head -n 2
try build bad.onnx --images x $x --split val | head -n 2
for option in '--data d' '--split val' '--eval-images e' '--annotations a' --resume; do
    try build bad.onnx --images x --float-layers head -o x.octet $option | head -n 2
done
mkdir -p set/images set/labels few/images few/labels none/images
printf 'path: .\nval: images\nnames: [washer, bolt, nut, gear, defect]\n' | tee set/data.yaml few/data.yaml >none/data.yaml
number=0
for picture in "$pictures"/*; do
    name=$(basename "$picture")
    number=$((number + 1))
    [ "$number" -le 10 ] || break
    ln -s "$picture" none/images
    ln -s "$picture" set/images
    : >"set/labels/${name%.*}.txt"
    [ "$number" -le 5 ] || continue
    ln -s "$picture" few/images
    cp "$demo/labels/test/${name%.*}.txt" few/labels
done
try build bad.onnx $bad -o x.octet --data none/data.yaml
try build bad.onnx $bad -o x.octet --data few/data.yaml
try build bad.onnx $bad -o x.octet --data set/data.yaml 2>&1 | tail -n 2
try build bad.onnx $bad -o x.octet --data nothing.yaml
try build bad.onnx $bad -o x.octet --data set/data.yaml --split train
try build bad.onnx $bad -o x.octet -a "$demo/annotations/test.json" --eval-images none/images | tail -n 2
echo "0 0.5 0.5 0.1 nonsense" >"set/labels/$(basename "$(ls "$pictures" | head -n 1 | sed 's/\.[a-z]*$//')").txt"
try build bad.onnx $bad -o x.octet --data set/data.yaml
first=$(ls set/labels | tail -n 1)
cp "$demo/labels/test/$first" set/labels
try build bad.onnx $bad -o "set/labels/$first" --data set/data.yaml --max-bad 1
cmp "$demo/labels/test/$first" "set/labels/$first"
files . | grep '^x'
