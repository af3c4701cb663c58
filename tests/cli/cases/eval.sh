# SPDX-License-Identifier: Apache-2.0
# octet eval --detections: figures, --classes, --min-ap, JSON; wrong usage; files that are not what they should be.
. "$support"
cat >truth.json <<'TEXT'
{"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
 "categories": [{"id": 3, "name": "car"}, {"id": 1, "name": "person"}, {"id": 9, "name": "boat"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 3, "bbox": [10, 10, 50, 50], "area": 2500, "iscrowd": 0},
  {"id": 2, "image_id": 2, "category_id": 3, "bbox": [10, 10, 50, 50], "area": 2500, "iscrowd": 0},
  {"id": 3, "image_id": 2, "category_id": 1, "bbox": [100, 10, 200, 150], "area": 30000, "iscrowd": 1},
  {"id": 4, "image_id": 2, "category_id": 1, "bbox": [0, 0, 20, 20], "area": 400, "iscrowd": 0}]}
TEXT
cat >found.json <<'TEXT'
[{"image_id": 1, "category_id": 3, "bbox": [10, 10, 50, 50], "score": 0.9},
 {"image_id": 1, "category_id": 3, "bbox": [11, 10, 50, 50], "score": 0.8},
 {"image_id": 2, "category_id": 3, "bbox": [10, 10, 50, 40], "score": 0.7},
 {"image_id": 2, "category_id": 1, "bbox": [120, 20, 60, 60], "score": 0.6},
 {"image_id": 2, "category_id": 1, "bbox": [0, 0, 20, 19], "score": 0.5}]
TEXT
score() { try eval --detections found.json --annotations truth.json "$@"; }
score
score --classes car
score --classes 'Person, 9' --min-ap 0.9
score --min-ap 0.99
score --min-ap 0.99 -q --json
score --classes boat --min-ap 0
score --classes kar
score --classes 4

echo "== wrong usage"
try eval
try eval m.onnx
try eval m.onnx --annotations truth.json
try eval --annotations truth.json --images .
try eval m.onnx --annotations truth.json --data data.yaml
try eval m.onnx --data data.yaml --images .
try eval m.onnx --annotations truth.json --images . --split val
try eval m.onnx --data data.yaml --split valid
try eval m.onnx --data data.yaml --min-ap 40
try eval m.onnx --data data.yaml --max-bad 2
try eval m.onnx --detections found.json --annotations truth.json
try eval --detections found.json --annotations truth.json --save-detections x.json
try eval --detections found.json --data data.yaml

echo "== files"
try eval --detections none.json --annotations truth.json
try eval --detections found.json --annotations none.json
try eval --detections truth.json --annotations truth.json
try eval --detections found.json --annotations found.json
sed 's/"image_id": 1/"image_id": 7/' found.json >stranger.json
try eval --detections stranger.json --annotations truth.json
sed '1s/"category_id": 3/"category_id": 2/' found.json >class.json
try eval --detections class.json --annotations truth.json -v | sed -n '1,2p'
try eval --detections class.json --annotations truth.json | head -n 2
sed 's/0.7}/NaN}/' found.json >nan.json
try eval --detections nan.json --annotations truth.json
sed 's/"id": 4,/"id": 2,/' truth.json >twice.json
try eval --detections found.json --annotations twice.json
sed 's/, 20, 20\]/, 20, -20]/' truth.json >negative.json
try eval --detections found.json --annotations negative.json
sed 's/"category_id": 1, "bbox": \[0/"category_id": 5, "bbox": [0/' truth.json >unknown.json
try eval --detections found.json --annotations unknown.json
cut_file truth.json 500 cut.json
try eval --detections found.json --annotations cut.json
echo '{"images": [], "categories": [], "annotations": []}' >empty.json
try eval --detections found.json --annotations empty.json
echo '[]' >nothing.json
try eval --detections nothing.json --annotations truth.json | tail -n 13 | head -n 2
for file in truth.json found.json; do
    for bytes in $(seq 0 20 $(($(wc -c <$file) - 3))); do
        cut_file $file "$bytes" cut.json
        if [ $file = truth.json ]; then
            refused "$bytes bytes of $file" eval --detections found.json --annotations cut.json
        else
            refused "$bytes bytes of $file" eval --detections cut.json --annotations truth.json
        fi
    done
done
