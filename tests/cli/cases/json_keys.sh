# SPDX-License-Identifier: Apache-2.0
# docs/json.md beside what is printed: every key that is documented comes, of its type and in its range, and no other.
. "$support"
need_speed
need_demo
command -v python3 >/dev/null || skip "python3 is not there"
cp "$model" float.onnx
cp "$(engine)" int8.octet
cp "$(stats)" parts.stats
yaml=$root/demo/data.yaml
keys() { python3 "$root/tests/support/json_keys.py" "$root/docs/json.md" "$@"; }
# printed NAME ARGUMENT...: what it prints goes to NAME.json; its exit status may be that of a check.
printed() {
    local name=$1 status=0
    shift
    "$octet" "$@" --json -q >"$name.json" 2>"$name.err" || status=$?
    case $status in 0 | 3) ;; *) echo "$*: exit status $status"; cat "$name.err" ;; esac
}
mkdir eight same
for picture in $(ls "$calibration" | head -n 8); do cp "$calibration/$picture" eight; done
for i in 0 1 2 3 4 5 6 7; do cp "$calibration/$(ls "$calibration" | head -n 1)" same/$i.jpg; done

echo "the checker finds what is wrong:"
cat >table.md <<'END'
## one
| key | type | values | meaning |
|---|---|---|---|
| `a` | integer | 0 to 1 | |
| `b` | text? | `x`, `y` | |
| `c` | list | | |
| `c[].d` | number or null | > 0 | |
| `c[].e` | object | | |
| `c[].e.f` | true or false | | |
END
good='{"a": 1, "b": "x", "c": [{"d": 0.5, "e": {"f": true}}, {"d": null, "e": {"f": false}}]}'
one() {
    local i=0 names=
    for text in "$@"; do
        i=$((i + 1))
        echo "$text" >one$i.json
        names="$names one$i.json"
    done
    python3 "$root/tests/support/json_keys.py" table.md one $names
}
one "$good" "${good/\"b\": \"x\", /}"
one "$good"
one "${good/\"a\": 1/\"a\": 2}" "${good/\"b\": \"x\"/\"b\": \"z\"}" "${good/\"a\": 1, /}" "${good/\"b\": \"x\"/\"g\": 1}"
one "${good/0.5/0}" "${good/\"f\": true/\"f\": 1}" "${good/\"a\": 1/\"a\": true}" "${good/\"f\": false/\"f\": null}" "${good/\"b\": \"x\", /}"
one "${good/\"d\": null, /}" "${good/\"b\": \"x\", /}"
one "${good/0.5/null}" "${good/\"b\": \"x\", \"c\": [{\"d\": 0.5/\"c\": [{\"d\": null}"

echo "what is printed:"
echo broken >broken.jpg
"$octet" detect int8.octet "$pictures" broken.jpg --drift --json -q >detect.json 2>/dev/null
"$octet" detect int8.octet "$pictures" broken.jpg --drift --json-lines -q >detect.lines 2>/dev/null
"$octet" detect int8.octet "$pictures" --json -q >plain.json
"$octet" detect int8.octet "$pictures" --rect --json -q >rect.json
unseen='images[].time,images[].dropped'
if "$octet" detect int8.octet "$root/demo/belt.mp4" --count 3 --json -q >film.json 2>/dev/null; then
    films=film.json
else
    films= unseen="$unseen,images[].frame"
fi
keys "octet detect" --unseen "$unseen" detect.json plain.json rect.json $films
keys "octet detect" --lines images --unseen 'images[].time,images[].dropped,images[].frame,images[].input_width,images[].input_height' detect.lines

printed study-labels study float.onnx -i eight --counts 2,4 --seeds 2 --data "$yaml"
printed study-one study float.onnx -i eight --counts 4 --seeds 1 --against eight
printed study-same study float.onnx -i same --counts 2,4 --seeds 2 --against eight
printed study-single study float.onnx -i eight --counts 4 --seeds 1 --data "$yaml"
keys "octet study" study-labels.json study-single.json study-one.json study-same.json

mkdir twenty
cp "$calibration"/*-[01]?.jpg twenty
if ! "$octet" tune float.onnx -i none -o x.octet 2>&1 | grep -q 'works with oneDNN'; then
    python3 "$root/tests/cli/bad_layer.py" float.onnx steep.onnx 1e-36
    printed tune-images tune float.onnx -i twenty --imgsz 64 -e 1 -o tuned.octet
    printed tune-stopped tune steep.onnx -i twenty --imgsz 64 -e 1 -o tuned.octet
    printed tune-labels tune float.onnx --data "$yaml" --labels --imgsz 64 -e 1 --target trt -o tuned.onnx -o tuned.octet
    keys "octet tune" tune-images.json tune-stopped.json tune-labels.json
else
    echo "octet tune: 35 keys" # as it prints where it can be trained
fi

printed build-auto build float.onnx --images eight --imgsz 160 --float-layers auto:0.5 -o a.octet
cat >labels.json <<'END'
{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [], "categories": []}
END
"$octet" detect float.onnx eight --imgsz 160 --json -q >found.json
python3 - <<'END'
import json, os
found = json.load(open("found.json"))["images"]
names = sorted({box["class_name"] for picture in found for box in picture["detections"]})
images = [{"id": i, "file_name": os.path.basename(picture["file"])} for i, picture in enumerate(found)]
boxes = [(i, box) for i, picture in enumerate(found) for box in picture["detections"]]
json.dump({"images": images, "categories": [{"id": i, "name": name} for i, name in enumerate(names)],
           "annotations": [{"id": n + 1, "image_id": i, "category_id": names.index(box["class_name"]), "bbox":
                            [*box["box_xyxy"][:2], box["box_xyxy"][2] - box["box_xyxy"][0], box["box_xyxy"][3] - box["box_xyxy"][1]]}
                           for n, (i, box) in enumerate(boxes)]}, open("labels.json", "w"))
END
printed build-labels build float.onnx --images eight --imgsz 160 --float-layers auto:90 --annotations labels.json -o b.octet
printed build-plain build float.onnx --precision fp32 -o c.octet
printed build-sizes build float.onnx --images eight --imgsz 64,96 --scales per-size -o d.octet
keys "octet build --float-layers auto" build-auto.json build-labels.json build-plain.json build-sizes.json

sed 's/calibration_noise/calibration_n0ise/' int8.octet >old.octet # as an older octet made it
printed fit-statistics inspect parts.stats --against "$pictures" --model float.onnx
printed fit-codes calibrate --check int8.octet --images "$pictures"
printed fit-old calibrate --check old.octet --images "$pictures" float.onnx
keys "octet inspect --against and octet calibrate --check" --unseen 'tensors[].noise_db' fit-statistics.json fit-codes.json fit-old.json

printed shard1 calibrate float.onnx --images eight --imgsz 64 --shard 1/2 -o 1.stats
printed shard2 calibrate float.onnx --images eight --imgsz 64 --shard 2/2 -o 2.stats
printed merge-whole merge 1.stats 2.stats -o 12.stats
printed merge-partial merge 2.stats --partial -o 22.stats
printed two-sizes calibrate float.onnx --images eight --imgsz 64,96 -o sizes.stats
printed inspect-plain inspect 12.stats
printed inspect-sizes inspect sizes.stats --weights 3,1
"$octet" inspect parts.stats --json >inspect-note.json
sed 's/"note": null/"note": "a"/' inspect-note.json >inspect-noted.json
keys "octet inspect of statistics" inspect-plain.json inspect-sizes.json inspect-noted.json
keys "octet merge" merge-whole.json merge-partial.json

printed compare-drawn compare float.onnx int8.octet -i "$pictures" --fail-under 10 -o drawn
printed compare-equal compare int8.octet int8.octet -i "$pictures"
make_picture 64 48 grey.ppm
printed compare-none compare float.onnx int8.octet -i grey.ppm --conf 0.9 --no-layers
"$octet" build float.onnx --images grey.ppm -o blind.octet -q >/dev/null # finds hardly anything
printed compare-blind compare blind.octet float.onnx -i "$pictures" --conf 0.5 --no-layers
apart
unseen='layers[].alone_equal,layers[].alone_sqnr_db'
if [ -n "$stand_in" ]; then
    with "$stand_in" "$octet" compare int8.octet int8.octet -i "$pictures" -n 8 --device cuda --json -q >compare-cuda.json
    unseen=none
fi
keys "octet compare" --unseen $unseen compare-*.json
