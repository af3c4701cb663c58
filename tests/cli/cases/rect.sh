# SPDX-License-Identifier: Apache-2.0
# --rect: each picture at the smallest size for its shape, with or without batches, and more shapes than sessions are open.
. "$support"
need_demo
cp "$(engine)" parts.octet
engine=parts.octet
mkdir in shapes
n=0
for file in $(ls "$pictures" | head -n 12); do
    n=$((n + 1))
    cp "$pictures/$file" "in/p$(printf %02d $n).jpg"
done
boxes() { "$octet" detect "$@" --json -q | sed 's/, "time_ms".*//' || echo "exit status $?"; }
sizes() { sed -n 's/.*"input_width": \([0-9]*\), "input_height": \([0-9]*\).*/\2x\1/p'; }

echo "detect:"
boxes "$engine" in --rect >reference
grep -c '"class_id"' reference
sizes <reference | sort | uniq -c
try detect "$engine" in --rect 2>&1 | grep 'input sizes'
for options in '--batch 2' '--batch 3 --threads 2' '--batch 16' '--cpu ref' '--imgsz 320'; do
    boxes "$engine" in --rect $options | cmp reference - || echo "differs with $options"
done
for file in in/p01.jpg in/p02.jpg in/p12.jpg; do # alone, and at the size said outright
    boxes "$engine" $file --rect >one
    grep -F "\"$file\"" reference | cmp <(sed -n 2p one) - || echo "$file differs alone"
    boxes "$engine" $file --imgsz "$(sizes <one)" >other
    sed 's/"input_width": [0-9]*, "input_height": [0-9]*, //' one | cmp - other || echo "$file differs at its size"
done
boxes "$engine" in >square
cmp -s square reference && echo "the same boxes as in the square"
boxes "$engine" in --rect --imgsz 192x320 | sizes | sort | uniq -c
try detect "$engine" in/p01.jpg --rect -o drawn --save-txt -q >/dev/null && files drawn

echo "more shapes than sessions:"
n=0
for shape in 640x64 640x128 640x192 640x256 640x320 640x384 640x448 640x512 640x576 640x640 64x640 128x640 192x640; do
    n=$((n + 1))
    { printf 'P6\n%s %s\n255\n' ${shape/x/ } && head -c $((${shape/x/ * } * 3)) "$model"; } >shapes/a$(printf %02d $n).ppm
    cp shapes/a$(printf %02d $n).ppm shapes/b$(printf %02d $n).ppm
done
boxes "$engine" shapes --rect --conf 0.001 >reference
sizes <reference | sort | uniq -c | sed 's/^ *//' | paste -s -d ,
for options in '--batch 2' '--batch 5'; do
    boxes "$engine" shapes --rect --conf 0.001 $options | cmp reference - || echo "differs with $options"
done
printf 'x' >shapes/a05.ppm # a picture that cannot be read keeps its place
boxes "$engine" shapes --rect --conf 0.001 --batch 4 >other
sed -n 6p other
sed 6d reference | cmp - <(sed 6d other)

if "$octet" detect "$engine" "$root/demo/belt.mp4" --count 1 -q >film.txt 2>&1; then # films between pictures
    boxes "$engine" in "$root/demo/belt.mp4" in/p01.jpg --rect >one
    boxes "$engine" in "$root/demo/belt.mp4" in/p01.jpg --rect --batch 4 | cmp - one || echo "differs with a film"
fi

echo "eval and compare:"
try eval "$engine" --data "$root/demo/data.yaml" --rect -q | sed -n 1,3p | mask
"$octet" eval "$engine" --data "$root/demo/data.yaml" --rect --json -q >json
sed -n '/"rect"/,/\]/p' json | tr -d ' \n'
echo
"$octet" eval "$model" --data "$root/demo/data.yaml" --rect --json -q >json
awk '/"ap":/ { print ($2 > 0.85 ? "AP as it should be" : "AP too low: " $2); exit }' json
cp "$model" parts.onnx
try compare parts.onnx parts.octet -i in --rect -q | sed -n '1,2p;$p' | mask
"$octet" compare parts.octet parts.octet -i in --rect -q --json >json
grep -E '"(rect|agreement_ap|equal|alone_equal)":' json | sort -u

echo "wrong usage:"
try detect "$engine" in --rect=1
try detect "$engine" in --rect --imgsz 300x640
try eval --detections a.json --annotations b.json --rect
try bench "$engine" --rect
