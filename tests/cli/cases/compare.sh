# SPDX-License-Identifier: Apache-2.0
# octet compare: what two detectors agree on; figures beside those of eval; what is drawn; what cannot be compared.
. "$support"
need_demo
cp "$(engine)" int8.octet
cp "$model" float.onnx
"$octet" build float.onnx --precision fp32 -o fp32.octet -q >/dev/null
annotations=$root/demo/annotations/test.json
layers() { sed -n '/"layers":/,$p' "$1"; }
number() { sed -n "s/^  \"$1\": \([-0-9.e]*\),*\$/\1/p" "$2"; } # NAME FILE

echo "== a detector and itself"
try compare int8.octet int8.octet -i "$pictures" | grep -v '^ *[0-9]* */model' |
    sed -E -e 's/, [0-9.]* s;/, T;/' -e '/^(washer|bolt|nut|gear|defect|boxes of A) /s/ [0-9]+/ N/'
"$octet" compare int8.octet int8.octet -i "$pictures" | grep -c 'int8 *int8 *equal *equal$'
"$octet" compare float.onnx fp32.octet -i "$pictures" -q --json >same.json
number agreement_ap same.json
layers same.json | grep -c '"alone_equal": true'

echo "== float and INT8"
"$octet" compare float.onnx int8.octet -i "$pictures" --json >compare.json
sed -n -e '/"seconds"/d' -e '1,/"per_class"/p' compare.json | mask
layers compare.json | sed -n '1,13p' | mask
sed -n '/"worst"/,/}/p' compare.json | mask
# the first layer reads the picture: alone it is what it is in the network; any other adds to what came before
layers compare.json | awk -F '[:,]' '
    /"sqnr_db"/ { through = $2 + 0; if (!(through > 5 && through < 80)) print "SQNR " $2 }
    /"alone_sqnr_db"/ {
        if (n++ == 0 && through != $2 + 0) print "first layer: " through ", alone " $2
        if ($2 + 0 < 15) print "alone " $2
        less += through > $2 + 0.5
    }
    END { print n " layers, " (less < n / 10 ? "few" : less) " better in the network" }'
# A's sure boxes as labels: eval gives the same figures
for side in float.onnx int8.octet; do
    "$octet" eval $side -a "$annotations" -i "$pictures" --save-detections $side.json -q >/dev/null
done
{
    sed '/"annotations"/,$d' "$annotations"
    echo ' "annotations": ['
    sed -n 's/^{\(.*\),"score":\([0-9.e-]*\)},*$/\1 \2/p' float.onnx.json |
        awk '$NF >= 0.25 { sub(/ [^ ]*$/, ""); printf "%s{\"id\":%d,\"iscrowd\":0,%s}", n++ ? ",\n" : "", n + 1, $0 }'
    echo ']'
    awk '/"categories"/ { on = 1; print "," } on' "$annotations" | sed '/^ \]/q' | sed 's/^ \],*$/ ]}/'
} >labels.json
near "$(number agreement_ap compare.json)" "$(number agreement_ap50 compare.json)" -a labels.json \
    --detections int8.octet.json
"$octet" compare fp32.octet int8.octet -i "$pictures" | sed -n -e '/^worst/q' -e '/^class/,$p' | awk '{ print NF }' | uniq

echo "== a check"
try compare fp32.octet int8.octet -i "$pictures" --fail-under 50 --no-layers -q | tail -n 1 | mask
try compare fp32.octet int8.octet -i "$pictures" --fail-under 100 --no-layers -q | tail -n 2 | mask
"$octet" compare fp32.octet int8.octet -i "$pictures" --fail-under 100 --no-layers -q --json 2>/dev/null >json
echo "status $?"
sed -n -e 's/^ *\("fail_under.*\)/\1/p' json
grep -c layers json

echo "== drawn"
"$octet" compare fp32.octet int8.octet -i "$pictures" -o worst --worst 3 --no-layers -q >out.txt
sed -n '/^worst/,/^$/p' out.txt | awk 'NR > 1 && NF { print ($4 > 0 ? "difference" : $0), $5 == "worst/" f[NR] || $5 ~ /^worst\/0[1-3]-test-[0-9]*\.jpg$/ }'
files worst | sed 's/test-[0-9]*/NAME/'
for file in worst/*.jpg; do head -c 3 "$file" | od -An -tx1; done | uniq
"$octet" compare fp32.octet int8.octet -i "$pictures"/test-04.jpg -o one --no-layers -q >/dev/null # 640 x 480
"$octet" detect int8.octet one/01-test-04.jpg --json -q --conf 1 | sed -n 's/.*"width": \([0-9]*\), "height": \([0-9]*\),.*/\1 \2/p' |
    awk '{ print ($1 > 1280 && $1 < 1310 && $2 > 490 && $2 < 530) ? "two pictures and a title" : $0 }'
mkdir here
cp "$pictures"/test-04.jpg here/a.jpg
make_picture 64 48 here/01-a.jpg # no difference; its name is that of what would be drawn
try compare fp32.octet int8.octet -i here -o here --no-layers -q | grep -E '^(octet|worst|here|\[)' | sed 's/[0-9.]* *-$/N -/'
files here
try compare fp32.octet int8.octet -i "$pictures" -o fp32.octet
try compare fp32.octet int8.octet -i "$pictures" -o fp32.octet/here
try compare int8.octet int8.octet -i "$pictures" -o nothing --no-layers -q | grep -c drawn
files nothing

echo "== charts"
"$octet" compare float.onnx int8.octet -i "$pictures" -o charts --worst 0 -q --json >json
files charts
for chart in agreement layers scores boxes; do
    head -c 8 charts/$chart.png | od -An -c | head -n 1
    "$octet" detect int8.octet charts/$chart.png --json -q --conf 1 | sed -n 's/.*"width": \([0-9]*\),.*/\1 pixels wide/p'
    grep -o '<title>.*</title>' charts/$chart.svg
    grep -c '</svg>' charts/$chart.svg
done | uniq -c | sed 's/^ *//'
# what they say is what is printed
said() { sed -n 's|.*<desc[^>]*>\(.*\)</desc>.*|\1|p' charts/$1.svg; }
"$octet" compare float.onnx int8.octet -i "$pictures" -q >table
figure() { sed -n "s/^$1  *\(-*[0-9.]*\) .*/\1/p" table; }
[ "$(said boxes)" = "Histogram of $(number matched json) matched boxes: mean $(figure 'box error, mean'), 95 % within $(
    figure 'box error, 95 % within'), the largest is $(figure 'box error, largest')." ] || said boxes
[ "$(said scores | sed 's/ +/ /')" = "Histogram of $(number matched json) matched boxes: mean $(figure 'score error, mean (B - A)'
    ), root mean square $(figure 'score error, root mean square')." ] || said scores
said agreement | grep -c "^Bars for 5 of 5 classes. Over all classes agreement AP is $(figure 'agreement AP') points and AP50 $(figure 'agreement AP50')\. "
lowest=$(layers json | awk -F '"' '/"name"/ { name = $4 } /"alone_sqnr_db"/ { sub(/^: /, "", $3); print $3 + 0, name }' | sort -n | head -n 3 |
    awk '{ printf "%s: %.1f dB\n", $2, $1 }')
echo "$lowest" | while read -r line; do grep -c "  $line</text>" charts/layers.svg; done
for name in washer bolt nut gear defect; do grep -c ">$name ([0-9]*)</text>" charts/agreement.svg; done | uniq -c
# with nothing to show, no chart
make_picture 64 48 grey.ppm
"$octet" compare fp32.octet int8.octet -i grey.ppm -o blank --no-layers --conf 0.9 -q >/dev/null
files blank
"$octet" compare int8.octet int8.octet -i "$pictures" -o equal -q >/dev/null
files equal
mkdir taken taken/layers.svg
try compare fp32.octet int8.octet -i "$pictures" -o taken
cp "$pictures/test-04.jpg" taken/boxes.png
rmdir taken/layers.svg
try compare fp32.octet int8.octet -i taken -o taken
files taken

echo "== what says little, or nothing"
make_picture 64 48 grey.ppm
try compare fp32.octet int8.octet -i grey.ppm --no-layers --conf 0.9 | grep -v pictures
try compare fp32.octet int8.octet -i grey.ppm --no-layers --conf 0.9 --fail-under 0 --json | grep -E 'null|fail|status'
try compare fp32.octet int8.octet -i "$pictures" -n 7 -q --no-layers | tail -n 1 | mask
try compare fp32.octet int8.octet -i "$pictures" -n 1 --no-layers 2>&1 >/dev/null | grep warning
"$octet" compare fp32.octet int8.octet -i "$pictures" -n 7 --no-layers 2>&1 >/dev/null
"$octet" compare fp32.octet int8.octet -i "$pictures" -n 8 --no-layers 2>&1 >/dev/null

echo "== other sizes, other places"
sed 's/\\"height\\":320,\\"width\\":320/\\"height\\":256,\\"width\\":256/' int8.octet >small.octet
try compare fp32.octet small.octet -i "$pictures"
"$octet" compare fp32.octet small.octet -i "$pictures" -n 8 --imgsz 192x256 -q --json >json
sed -n -e 's/^  "height": //p' -e 's/^  "width": //p' json
layers json | grep -c alone_sqnr_db
"$octet" compare int8.octet int8.octet -i "$pictures" -n 8 --imgsz 192x256 -q --json --cpu ref --threads 1 >json
number agreement_ap json
"$octet" compare fp32.octet int8.octet -i "$pictures" -n 8 -q --json >8
"$octet" compare fp32.octet int8.octet -i "$pictures" -n 8 -q --json --threads 2 >again
sed '/"seconds"/d' 8 | cmp - <(sed '/"seconds"/d' again)
"$octet" compare int8.octet fp32.octet -i "$pictures" -n 8 -q --json >json # B in float, on A's tensors
layers json | awk -F '[:,]' '/"alone_sqnr_db"/ { n++; low += $2 !~ /null/ && $2 < 15 } END { print n, low + 0 }'

echo "== wrong usage"
try compare
try compare int8.octet
try compare int8.octet int8.octet
try compare int8.octet int8.octet int8.octet -i "$pictures"
try compare int8.octet int8.octet -i "$pictures" --fail-under 101
try compare int8.octet int8.octet -i "$pictures" --conf 0
try compare int8.octet int8.octet -i "$pictures" --worst 65
try compare int8.octet int8.octet -i "$pictures" --device cpu,cpu,cpu
try compare int8.octet int8.octet -i "$pictures" --device cpu,gpu
try compare int8.octet fp32.octet -i "$pictures" --names "$root/demo/data.yaml"

echo "== what cannot be compared"
printf '%s\n' washer bolt nut gear flaw >names.txt
try compare float.onnx int8.octet -i "$pictures" --names names.txt
printf 'one\ntwo\n' >two.txt
try compare float.onnx int8.octet -i "$pictures" --names two.txt
mkdir empty
try compare fp32.octet int8.octet -i empty
try compare fp32.octet int8.octet -i none.jpg
try compare none.octet int8.octet -i "$pictures"
try compare int8.octet "$(stats)" -i "$pictures"
try compare int8.octet grey.ppm -i "$pictures" | sed 's/ (.*//'
try compare fp32.octet int8.octet -i "$pictures" --imgsz 100
echo broken >broken.jpg
try compare fp32.octet int8.octet -i broken.jpg
try compare fp32.octet int8.octet -i broken.jpg -i "$pictures" --no-layers | head -n 4
try compare fp32.octet int8.octet -i broken.jpg -i "$pictures" --no-layers --max-bad 0.1 2>&1 >/dev/null
for bytes in 0 8 200 5000 100000; do
    cut_file int8.octet $bytes cut.octet
    refused "$bytes bytes" compare cut.octet int8.octet -i "$pictures"
    refused "$bytes bytes" compare int8.octet cut.octet -i "$pictures"
done
try compare "$root/demo/parts-yolo26.onnx" int8.octet -i "$pictures" -q | tail -n 1 | mask
"$octet" compare "$root/demo/parts-yolo26.onnx" int8.octet -i "$pictures" 2>&1 >/dev/null
