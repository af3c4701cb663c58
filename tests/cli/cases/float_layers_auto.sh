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

# bad.onnx: parts.onnx, in which one channel of layer 59 reaches 200 times as far, and layer 60, which alone reads it,
# takes a 200th of it. The codes of 59's output then hardly tell the other channels apart.
python3 - <<'END'
import struct
data = bytearray(open("parts.onnx", "rb").read())

def number(at):
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at

def fields(at, end):
    while at < end:
        key, at = number(at)
        if key & 7 == 2:
            size, at = number(at)
            yield key >> 3, at, at + size
            at += size
        elif key & 7 == 0:
            at = number(at)[1]
        else:
            at += 4 if key & 7 == 5 else 8

values = {}
for field, start, end in fields(0, len(data)):
    for of_graph, first, last in fields(start, end) if field == 7 else ():
        if of_graph == 5:
            parts = {tag: (a, b) for tag, a, b in fields(first, last)}
            values[data[slice(*parts[8])].decode()] = parts[9]

def scale(name, factor, wanted):
    start, end = values[name]
    for index in range((end - start) // 4):
        if wanted(index):
            value, = struct.unpack_from("<f", data, start + 4 * index)
            struct.pack_into("<f", data, start + 4 * index, value * factor)

head = "model.22.cv3.0."
scale(head + "0.conv.weight", 200, lambda i: i < 32 * 9)
scale(head + "0.conv.bias", 200, lambda i: i == 0)
scale(head + "1.conv.weight", 1 / 200, lambda i: i // 9 % 32 == 0)
open("bad.onnx", "wb").write(data)
END

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
