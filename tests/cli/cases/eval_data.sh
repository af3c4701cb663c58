# SPDX-License-Identifier: Apache-2.0
# octet eval with the demo's model: label files right and wrong, missing and damaged pictures, saved detections.
. "$support"
need_demo
cp "$(engine)" parts.octet
ln -s "$root/demo" demo
model=demo/parts.onnx
try eval $model --data demo/data.yaml -q --min-ap 0.85 | mask
try eval $model --annotations demo/annotations/test.json --images demo/images/test --min-ap 0.99 | tail -n 2 |
    sed 's/AP 0[0-9.]* is/AP X is/'
try eval parts.octet --data demo/data.yaml --split train -q --classes nut,2,gear --min-ap 0.7 | mask

echo "== the same figures from both forms of the labels, and from saved detections"
same() { # NAME: the figures of NAME.json are those of one.json
    diff <(grep '"a[pr]' one.json) <(grep '"a[pr]' "$1.json") && echo "$1: equal"
}
truth=demo/annotations/test.json
"$octet" eval $model --annotations "$truth" --images demo/images/test --json --save-detections found.json >one.json
grep -o '"[a-z_0-9]*": ' one.json | sort -u | tr -d '\n'
echo
"$octet" eval $model --data demo/data.yaml --json >labels.json
awk -F '[:,]' 'NR == FNR { if (/"a[pr]/) one[$1] = $2; next }
    /^  "a[pr]/ && ($2 - one[$1] > 1e-4 || one[$1] - $2 > 1e-4)' one.json labels.json
"$octet" eval --detections found.json --annotations "$truth" --json >again.json
same again

echo "== classes"
sed -e 's/"washer"/"Washer"/' -e 's/"bolt"/"screw"/' "$truth" >named.json
try eval $model --annotations named.json --images demo/images/test | head -n 3 | mask
sed -e 's/"\(washer\|bolt\|nut\|gear\|defect\)"/"my \1"/' "$truth" >unnamed.json
try eval $model --annotations unnamed.json --images demo/images/test | head -n 2 | mask
"$octet" eval $model --annotations unnamed.json --images demo/images/test -q --json >index.json
same index

mkdir -p set/images set/labels
for i in 1 2 3 4; do
    make_picture 128 96 set/images/$i.ppm
    echo "0 0.375 0.375 0.25 0.25" >set/labels/$i.txt
done
echo "1 0.25 0.25 0.5 0.25 0.5 0.5 0.25 0.5" >>set/labels/4.txt
echo "1 0.25 0.25 0.5 0.25 0.5 0.5 0.25 0.5" >>set/labels/4.txt
cat >data.yaml <<'TEXT'
path: set
val: images
names: [thing, other]
TEXT
cat >truth.json <<'TEXT'
{"categories": [{"id": 0, "name": "thing"}, {"id": 1, "name": "other"}],
 "images": [{"id": 1, "file_name": "images/1.ppm"}, {"id": 2, "file_name": "2.ppm", "width": 127, "height": 96},
            {"id": 3, "file_name": "3.ppm"}, {"id": 4, "file_name": "4.ppm"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 0, "bbox": [32, 24, 32, 24]},
                 {"id": 2, "image_id": 2, "category_id": 0, "bbox": [32, 24, 32, 24]},
                 {"id": 3, "image_id": 3, "category_id": 0, "bbox": [32, 24, 32, 24]},
                 {"id": 4, "image_id": 4, "category_id": 0, "bbox": [32, 24, 32, 24]},
                 {"id": 5, "image_id": 4, "category_id": 1, "bbox": [32, 24, 32, 24]}]}
TEXT
run() { try eval $model --data data.yaml -q "$@"; }
summary() { sed -n -e '1s/, [0-9]* detections.*//p' -e '/^class /,/^$/p' | mask; }
try eval $model --data data.yaml 2>&1 >messages | grep '^octet: '
grep '^octet: ' messages
"$octet" eval $model --data data.yaml -q | summary
"$octet" eval $model --annotations truth.json --images set/images 2>&1 >/dev/null | tail -n 1

echo "== bad labels"
echo "0 0.5 0.5 nonsense 0.1" >set/labels/2.txt
run
run --max-bad 0.25 | sed 1d | summary
rm set/labels/2.txt
run | sed 1d | summary
"$octet" eval $model --data data.yaml 2>&1 >/dev/null | grep label
rm set/labels/*
run

echo "== bad pictures"
try eval $model --annotations truth.json --images nowhere -q
try eval $model --annotations truth.json --images truth.json -q
mv set/images/3.ppm set/images/4.png
try eval $model --annotations truth.json --images set/images -q
try eval $model --annotations truth.json --images set/images -q --max-bad 0.25 | head -n 2 | mask
cut_file set/images/1.ppm 100 x && mv x set/images/1.ppm
try eval $model --annotations truth.json --images set/images -q --max-bad 0.25
try eval $model --annotations truth.json --images set/images -q --max-bad 1 --save-detections no/found.json
cut_file set/images/2.ppm 100 x && mv x set/images/2.ppm
cut_file set/images/4.ppm 100 x && mv x set/images/4.ppm
try eval $model --annotations truth.json --images set/images -q --max-bad 1

echo "== bad data.yaml"
yaml() { printf '%s\n' "$@" >data.yaml; run; }
yaml 'val: set/images'
yaml 'val: set/images' 'names: 5'
yaml 'val: set/images' 'names: []'
yaml 'val: set/images' 'names: {0: a, 2: b}'
yaml 'val: set/images' 'names: [a, [b]]'
yaml 'val: set/images' 'nc: 100000000'
yaml 'names: [a]'
yaml 'val: none' 'names: [a]'
yaml '{'
