# SPDX-License-Identifier: Apache-2.0
# What detect writes besides pictures: label files, crops, COCO results; CSV and JSON Lines; pictures that cannot be
# read; names that are the same, unfit for folders, or in need of quotes.
. "$support"
need_demo
engine=$(engine)
mkdir -p cam1 cam2
n=0
for file in $(ls "$pictures" | head -n 3); do
    n=$((n + 1))
    cp "$pictures/$file" cam1/$n.jpg
done
cp cam1/1.jpg cam2/1.jpg
make_picture 64 64 cam2/1.ppm
make_picture 64 64 cam2/empty.ppm
echo "labels, crops, results:"
try detect "$engine" cam1 cam2 -o out --save-txt --save-crop --save-json -q | cut -d ' ' -f 1 | uniq
files out
files out/labels
files out/crops
cmp out/labels/1.txt out/labels/1-2.txt
wc -c <out/labels/empty.txt
echo "lines are those of the results, in shares of the picture:"
"$octet" detect "$engine" cam1/1.jpg --csv -q | tail -n +2 | awk -F, '{
    printf "%d %g %g %g %g\n", $2, ($5 + $7) / 2 / $9, ($6 + $8) / 2 / $10, ($7 - $5) / $9, ($8 - $6) / $10 }' >lines
awk 'NR == FNR { a[FNR] = $0; next }
     { split(a[FNR], v); for (i = 1; i <= NF; i++) { d = $i - v[i]; if (d > 1e-5 || d < -1e-5) print "differs", $0 } }
     END { print (FNR > 0) ? "same" : "none" }' lines out/labels/1.txt
"$octet" detect "$engine" cam1/1.jpg -o conf --no-draw --save-txt --save-conf -q >/dev/null
files conf
awk '{ print NF }' conf/labels/1.txt | uniq
echo "crops are as many as boxes:"
cat out/labels/*.txt | wc -l
find out/crops -name '*.jpg' | wc -l
echo "the labels as ground truth, the results as detections:"
mkdir -p set/images
cp cam1/*.jpg set/images
mkdir set/labels
cp out/labels/[123].txt set/labels
printf 'path: set\nval: images\nnames: [washer, bolt, nut, gear, defect]\n' >data.yaml
"$octet" eval "$engine" --data data.yaml --json -q | grep -E '"(ap50|images)"' | sed -E 's/: 0\.9[5-9][0-9]+/: HIGH/; s/: 1\.0/: HIGH/'
"$octet" detect "$engine" "$pictures" --conf 0.001 -o all --no-draw --save-json -q >/dev/null \
    --annotations "$root/demo/annotations/test.json"
"$octet" eval --detections all/predictions.json --annotations "$root/demo/annotations/test.json" --json -q |
    grep -E '"ap50"' | sed -E 's/: 0\.9[0-9]+/: HIGH/'
head -n 2 all/predictions.json | mask
echo "ids by name:"
grep -o '"image_id":[^,]*' out/predictions.json | sort -u
echo "ids that cannot be:"
cp cam1/1.jpg cam2/01.jpg
try detect "$engine" cam1/1.jpg cam2/01.jpg -o ids --no-draw --save-json -q
try detect "$engine" cam1 -o ids --no-draw --save-json --annotations "$root/demo/annotations/test.json" -q
cat <<'TEXT' >two.json
{"images": [{"id": 7, "file_name": "a/1.jpg"}, {"id": 8, "file_name": "cam1/1.jpg"}, {"id": 9, "file_name": "b/2.jpg"},
  {"id": 10, "file_name": "c/2.jpg"}], "annotations": [], "categories": [{"id": 30, "name": "Nut"}, {"id": 20, "name": "washer"},
  {"id": 50, "name": "gear"}, {"id": 51, "name": "bolt"}, {"id": 52, "name": "defect"}]}
TEXT
try detect "$engine" cam1/1.jpg -o ids --no-draw --save-json --annotations two.json -q >/dev/null
grep -o '"image_id":[^,]*' ids/predictions.json | sort -u
try detect "$engine" cam1/2.jpg -o ids --no-draw --save-json --annotations two.json -q
mkdir -p more/cam1
cp cam1/1.jpg more/cam1
try detect "$engine" cam1/1.jpg more/cam1/1.jpg -o ids --no-draw --save-json --annotations two.json -q
cp two.json ids/predictions.json
try detect "$engine" cam1/1.jpg -o ids --no-draw --save-json --annotations ids/predictions.json -q
cmp two.json ids/predictions.json && files ids
echo "no source is overwritten:"
try detect "$engine" out/crops/*/1.jpg -o out --save-crop
echo "classes with names that are no folder's:"
names="{0:'../washer',1:'',2:'a\"b',3:'A_B',4:'hex nut'}"
printf -v names '%-58s' "$names"
LC_ALL=C sed "s|{0: 'washer', 1: 'bolt', 2: 'nut', 3: 'gear', 4: 'defect'}|$names|" "$model" >odd.onnx
try detect odd.onnx "$pictures" -o odd --no-draw --save-crop -q | awk 'NR > 2' | sed -E 's/^[^ ]+ +//; s/ +[0-9. ]+$//' | sort -u
files odd/crops
"$octet" detect odd.onnx "$pictures" --csv -q | tail -n +2 | sed -E 's/^[^,]+,([0-9]),(.*)(,[0-9.e-]+){7}$/\1 \2/' | sort -u
echo "pictures that cannot be read:"
mkdir mixed
cp cam1/1.jpg mixed/b.jpg
echo text >mixed/a.jpg
head -c 100 cam1/1.jpg >mixed/c.jpg
for format in --json --json-lines --csv; do
    echo "$format:"
    try detect "$engine" mixed $format -q --batch 2 2>&1 | sed -E -e 's/"detections".*\}/.../' -e 's/(,[0-9.e-]+){7}$/,.../' | uniq
done
"$octet" detect "$engine" cam1 --json-lines -q >lines
"$octet" detect "$engine" cam1 --json -q >whole
sed -e '1d;$d' -e 's/,$//' whole | sed 's/, "time_ms".*//' >a
sed 's/, "time_ms".*//' lines >b
cmp a b && wc -l <b
echo "boxes over boxes of other classes:"
"$octet" detect "$engine" cam1 --csv -q --conf 0.01 --iou 0.1 >aware
"$octet" detect "$engine" cam1 --csv -q --conf 0.01 --iou 0.1 --agnostic-nms >agnostic
[ "$(wc -l <agnostic)" -lt "$(wc -l <aware)" ] && echo fewer
echo "wrong usage:"
try detect a b --json --csv
try detect a b --save-txt
try detect a b --save-crop
try detect a b --save-json
try detect a b -o c --save-conf
try detect a b -o c --annotations d
try detect a b --no-draw
try detect a b -o c --no-draw
try detect a b --no-labels
try detect a b -o c --save-txt --no-draw --line-width 2
try detect a b -o c --line-width 0
