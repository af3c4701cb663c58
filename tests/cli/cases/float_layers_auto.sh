# SPDX-License-Identifier: Apache-2.0
# build --float-layers auto: that it finds the one bad layer of a model and mends it, that the choice can be made again
# and passed on as a list, parts of the network as words, and what is refused.
. "$support"
need_speed
need_demo
command -v python3 >/dev/null || skip "python3 is not there"
cp "$model" parts.onnx
cp "$(stats)" a.stats
small='--imgsz 160 --threads 1'

# bad.onnx: parts.onnx, of which layer 60 alone should be float.
python3 "$root/tests/cli/bad_layer.py" parts.onnx bad.onnx

# field NAME FILE.json: its first value.
field() { sed -n "s/^ *\"$1\": \(.*[^,]\),\{0,1\}$/\1/p" "$2" | head -n 1; }
# chosen FILE.json: the loss of the set that was chosen, and that of none, in points.
losses() {
    awk -F': ' '/"float_layers"/ { none = $2 ~ /"none"/ } /"loss_points"/ { loss = $2 + 0; if (none) without = loss }
        /"chosen": true/ { with = loss } END { print without, with }' "$1"
}

echo "a model without a bad layer keeps none:"
"$octet" build parts.onnx --images "$calibration" $small --float-layers auto:1 -o good.octet --json -q >good.json
field float_layers good.json
"$octet" build parts.onnx --images "$calibration" $small -o plain.octet -q >/dev/null
cmp good.octet plain.octet

echo "one with a bad layer keeps that one:"
"$octet" calibrate bad.onnx --images "$calibration" $small -o bad.stats -q >/dev/null
bad="--stats bad.stats --calibrator minmax --images $calibration $small --float-layers auto:1 --costs bad.costs"
"$octet" build bad.onnx $bad -o bad.octet --json -q >bad.json
field float_layers bad.json
losses bad.json | awk '{ print ($1 > 1 ? "without, too much is lost" : "without " $1); print ($2 <= 1 ? "mended" : "with " $2) }'
awk '/"item"/ { item = $2 } /"error_alone_percent"/ { if ($2 + 0 > most && item ~ /^"[0-9]*",/) { most = $2 + 0; worst = item } }
    END { print "the largest error alone: layer", worst }' bad.json
field times_from_file bad.json
echo "the choice again, with the same times, and as a table:"
try build bad.onnx $bad -o again.octet -q | sed -n -e '/^  timed/p' -e '/^  error/p' -e '/^  layer/p' -e '/^  59 /p' -e '/^  60 /p' \
    -e '/^  part/p' -e '/^  judged/p' -e '/^  none/p' -e '/^  chosen/p' | mask | sed 's/kernels [A-Za-z0-9]*/kernels SET/'
cmp bad.octet again.octet
echo "with more threads, to the last digit:"
"$octet" build bad.onnx ${bad/--threads 1/--threads 3} -o threads.octet --json -q >threads.json
cmp bad.octet threads.octet
figures() { grep -v -e _seconds -e '"file"' -e times_from_file "$1"; }
figures bad.json >bad.figures
figures threads.json | cmp - bad.figures
echo "with other kernels:"
for set in $("$octet" doctor | sed -n 's/^  kernel sets *ref//p'); do
    "$octet" build bad.onnx $bad --cpu "$set" -o "kernels.octet" -q >/dev/null
    cmp bad.octet kernels.octet || echo "$set"
done
echo "and as a list:"
list=$(field float_layers bad.json)
"$octet" build bad.onnx --stats bad.stats --calibrator minmax --float-layers "${list//\"/}" -o list.octet -q >/dev/null
cmp bad.octet list.octet
echo "labels of some of the pictures, which are what the float model finds there:"
"$octet" detect parts.onnx "$calibration" --imgsz 160 --json -q >found.json
python3 - <<'END'
import json, os
found = json.load(open("found.json"))
classes = sorted({box["class_name"] for picture in found["images"] for box in picture["detections"]})
images, boxes = [], []
for number, picture in enumerate(found["images"][:20], 1):
    images.append({"id": number, "file_name": os.path.basename(picture["file"])})
    for box in picture["detections"]:
        x1, y1, x2, y2 = box["box_xyxy"]
        boxes.append({"id": len(boxes) + 1, "image_id": number, "category_id": classes.index(box["class_name"]) + 1,
                      "bbox": [x1, y1, x2 - x1, y2 - y1]})
json.dump({"images": images, "annotations": boxes,
           "categories": [{"id": i, "name": name} for i, name in enumerate(classes, 1)]}, open("labels.json", "w"))
END
"$octet" build bad.onnx ${bad/auto:1/auto:8} --annotations labels.json -o labelled.octet --json >labelled.json 2>labelled.err
sed 's/[0-9][0-9]*/N/' labelled.err
field float_layers labelled.json
field judging_images labelled.json
losses labelled.json | awk '{ print ($1 > 8 ? "without, too much is lost" : "without " $1); print ($2 <= 8 ? "mended" : "with " $2) }'

# A set is minimal when none of its layers can go: then the allowance is broken, or no time is won.
echo "a stricter allowance, and what is chosen without each of its layers:"
strict="${bad/auto:1/auto:0.2}"
"$octet" build bad.onnx $strict -o strict.octet --json -q >strict.json
python3 - <<'END'
import json
automatic = json.load(open("strict.json"))["automatic"]
sets = {s["float_layers"]: s for s in automatic["sets"]}
chosen = next(s for s in sets.values() if s["chosen"])

def numbers(text):
    layers = set()
    for word in text.split(","):
        first, _, last = word.partition("-")
        layers |= set(range(int(first), int(last or first) + 1))
    return layers

layers = numbers(chosen["float_layers"])
judged = [(numbers(text) if text != "none" else set(), s) for text, s in sets.items()]
step = 0.005 * automatic["int8_ms"]
print("layers:", "more than one" if len(layers) > 1 else len(layers))
for layer in sorted(layers):
    without = [s for other, s in judged if other == layers - {layer}]
    if len(without) != 1:
        print(f"without {layer}: judged {len(without)} times")
    elif without[0]["loss_points"] <= 0.2 and without[0]["ms"] < chosen["ms"] - step:
        print(f"{layer} is not needed: {without[0]}")
END

echo "parts, each with its number of convolutions:"
for words in stem backbone neck head.box head.cls head 'stem,backbone,neck,head'; do
    "$octet" build parts.onnx --stats a.stats --float-layers "$words" -o m.octet -q >/dev/null
    echo "$words $("$octet" inspect m.octet | awk '$3 == "Conv" && / fp32 / { n++ } END { print n + 0 }')"
done

echo "refused:"
for options in '--stats x' '--images x --precision auto' '--images x --precision bf16'; do
    try build parts.onnx --float-layers auto -o x.octet $options | head -n 2
done
for words in auto,head head,auto auto:x auto:-1 auto:; do
    try build parts.onnx --float-layers "$words" --images x -o x.octet | head -n 2
done
try build parts.onnx --images x --costs c -o x.octet | head -n 2
try build parts.onnx --images x --annotations c --float-layers 1 -o x.octet | head -n 2
first=$(ls "$calibration" | head -n 1)
common="--stats a.stats --float-layers auto -o x.octet"
try build parts.onnx --images "$calibration/$first" $common | mask
make_picture 64 64 nothing.ppm
echo '{"octet_layer_costs": 1, "kernels": "x", "model_sha256": "0"}' >other.costs
echo nonsense >nonsense.costs
sed 's/"int8_ms": *[0-9.e-]*/"int8_ms": -1/' bad.costs >negative.costs
echo '{"images": [], "annotations": [], "categories": []}' >empty.json
for options in '--costs other.costs' '--costs nonsense.costs' '--annotations empty.json' '--annotations none.json' '--costs x.octet' \
    '--costs a.stats' '--costs none/c'; do
    try build parts.onnx --images "$calibration" $common $options | mask
done
try build bad.onnx --stats bad.stats --images "$calibration" $small --float-layers auto -o x.octet --costs negative.costs | mask
ls
