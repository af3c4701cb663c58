# SPDX-License-Identifier: Apache-2.0
# octet report: the page and its JSON; labels and a study; what cannot be reported on, and that nothing is left then.
. "$support"
need_demo
need_speed
cp "$(engine)" int8.octet
cp "$model" float.onnx
annotations=$root/demo/annotations/test.json
page() { "$octet" report "$@" -q; }
parts() { grep -o '<section id="[a-z]*"' "$1" | sed 's/.*"\(.*\)"/\1/' | tr '\n' ' ' && echo; }
member() { sed -n "s/^ *\"$1\": *\(.*[^,]\),*$/\1/p" "$2" | head -n "${3:-1}"; } # NAME FILE [LINES]
touch before err errors refused.out refused.err
gone() { [ ! -e "$1" ] && ! ls -A | grep -v -x -F -f before; } # nothing was left

echo "== a page"
"$octet" report int8.octet --model float.onnx --images "$pictures" | sed 's/[0-9][0-9.]*/N/g'
files . | grep html
parts int8.html
grep -c '^<div class="picture"' int8.html
page int8.octet -m float.onnx -i "$pictures" --pictures 0 -o none.html
parts none.html
[ "$(wc -c <none.html)" -lt "$(wc -c <int8.html)" ] && echo "smaller without pictures"
grep -c -E '<script|(src|href)="http' none.html

echo "== labels"
page int8.octet -m float.onnx -i "$pictures" -a "$annotations" -o labels.html --json >labels.json
near "$(sed -n '/"engine": {/,/}/s/ *"ap": \([0-9.]*\),/\1/p' labels.json)" \
    "$(sed -n '/"engine": {/,/}/s/ *"ap50": \([0-9.]*\),/\1/p' labels.json)" int8.octet -a "$annotations" -i "$pictures"
near "$(sed -n '/"float": {/,/}/s/ *"ap": \([0-9.]*\),/\1/p' labels.json)" \
    "$(sed -n '/"float": {/,/}/s/ *"ap50": \([0-9.]*\),/\1/p' labels.json)" float.onnx -a "$annotations" -i "$pictures"
page int8.octet -m float.onnx -d "$root/demo/data.yaml" -o data.html --json >data.json
[ "$(sed -n '/"labels"/,/"layers"/p' labels.json | grep '"ap' )" = "$(sed -n '/"labels"/,/"layers"/p' data.json | grep '"ap')" ] &&
    echo "the same figures of a data.yaml"
grep -o '<h3>Against labels</h3>' labels.html data.html
page int8.octet -m float.onnx -i "$pictures" -a "$annotations" -n 9 -o few.html --json | sed -n -e '/"pictures": [0-9]/p' -e '/"images"/p'

echo "== facts as JSON, the same as compare's"
"$octet" compare float.onnx int8.octet -i "$pictures" -q --json >compare.json
for pair in ap:agreement_ap ap50:agreement_ap50; do
    [ "$(sed -n '/"agreement": {/,/}/p' labels.json >agreement.json; member "${pair%:*}" agreement.json)" = \
        "$(member "${pair#*:}" compare.json)" ] && echo "${pair%:*} is the same"
done
[ "$(sed -n '/"layers"/,/"blocks"/p' labels.json | sed -n 's/ *"\(alone_\)*sqnr_db": /\1/p')" = \
    "$(sed -n '/"layers": \[/,$p' compare.json | sed -n 's/ *"\(alone_\)*sqnr_db": /\1/p')" ] && echo "layers are the same"
sed -e 's/^\( *"[a-z0-9_]*": \)\(".*"\|-\{0,1\}[0-9][0-9.e-]*\|true\|false\|null\)\(,\{0,1\}\)$/\1V\3/' labels.json | awk '!seen[$0]++' |
    sed 's/,$//' | sort -u | grep '"'
[ "$(member bytes labels.json)" -eq "$(wc -c <labels.html)" ] && echo "its size is told"

echo "== a study"
"$octet" study float.onnx -i "$calibration" --counts 8,12 --seeds 2 --against "$pictures" -o study -q >/dev/null
page int8.octet -m float.onnx -i "$pictures" --study study/study.json -o study.html
parts study.html
for text in '' '{' '[]' '{"model_hash":"x"}' '{"model_hash":"x","results":[{}],"enough":[]}' \
    '{"model_hash":1,"results":[1]}' '{"model_hash":"","results":[{"calibrator":"a","count":1e99,"agreement":{}}]}'; do
    echo "$text" >bad.json
    ls -A >before
    refused "$text" report int8.octet -m float.onnx -i "$pictures" --study bad.json -o x.html
    gone x.html
done
sed 's/"model_hash":"[0-9a-f]*"/"model_hash":"00"/' study/study.json >other.json
try report int8.octet -m float.onnx -i "$pictures" --study other.json -o x.html
try report int8.octet -m float.onnx -i "$pictures" --study nothing -o x.html

echo "== other engines"
"$octet" build float.onnx --precision fp32 -o fp32.octet -q >/dev/null
"$octet" build float.onnx --stats "$(stats)" --float-layers head -o mixed.octet -q >/dev/null
for engine in fp32 mixed; do
    "$octet" report $engine.octet -m float.onnx -i "$pictures" -n 8 --pictures 1 -o $engine.html | sed -n '1p'
done
grep -o '<td class="text">\(float\|INT8\|mixed\|bfloat16\)</td>' mixed.html | sort | uniq -c | sed 's/ [0-9]* / N /'
"$octet" report int8.octet -m fp32.octet -i "$pictures" -n 8 -o engine.html | sed -n 1p # no ONNX file: no half, no ranges
parts engine.html
grep -o 'No verdict: [^<]*' engine.html
for family in yolo11 yolo26; do
    "$octet" build "$root/demo/parts-$family.onnx" -i "$calibration" -n 8 -o $family.octet -q >/dev/null
    page $family.octet -m "$root/demo/parts-$family.onnx" -i "$pictures" -n 8 --imgsz 256x416 -o $family.html && parts $family.html
done

echo "== too little to say"
"$octet" report int8.octet -m float.onnx -i "$pictures" -n 5 -o few.html | sed -n -e 1p -e 3p
grep -o 'No verdict: [^<]*' few.html
make_picture 64 48 grey.ppm
"$octet" report int8.octet -m float.onnx -i grey.ppm -o grey.html 2>&1 | sed 's/[0-9]\.[0-9]*/N/g'
parts grey.html

echo "== hostile names"
printf '%s\n' '</script><b onload="alert(1)">' "'--><img src=x onerror=alert(1)>" '&lt;&amp;' $'a\xe2\x80\xaeb' 'x"y' >names.txt
"$octet" build float.onnx --names names.txt --stats "$(stats)" -o hostile.octet -q >/dev/null
sed 's|/model.0/act/Mul_output_0|</td><script>x()</script>|' hostile.octet >spoilt.octet
"$octet" report spoilt.octet -m float.onnx --names names.txt -i "$pictures" -o 'a<b>&.html' -q
grep -c '<script>' 'a<b>&.html'
grep -o -E '<b onload|<img src=x|<td><script|onerror=alert\(1\)>' 'a<b>&.html'
grep -o -m 1 'class-row" data-name="&lt;/script&gt;[^>]*' 'a<b>&.html'
grep -o -m 1 'data-name="&lt;/td&gt;[^>]*' 'a<b>&.html'

echo "== what cannot be reported on"
ls -A >before
wrong() { try report "$@" -o x.html; gone x.html; }
wrong int8.octet
wrong int8.octet -m float.onnx
wrong int8.octet -m float.onnx -i "$pictures" -a "$annotations" -d data.yaml
wrong int8.octet -m float.onnx -i "$pictures" --split val
wrong int8.octet -m float.onnx -i "$pictures" -d data.yaml
wrong int8.octet -m float.onnx -i "$pictures" -i "$pictures" -a "$annotations"
wrong int8.octet -m float.onnx -i "$pictures" --pictures 17
wrong int8.octet -m float.onnx -i "$pictures" --device gpu
wrong int8.octet -m none.onnx -i "$pictures"
wrong int8.octet -m int8.octet.none -i "$pictures"
wrong int8.octet -m float.onnx -i nothing
wrong float.octet -m float.onnx -i "$pictures"
wrong int8.octet -m "$root/demo/parts-yolo11.onnx" -i "$pictures"
wrong int8.octet -m float.onnx -i "$pictures" -a "$root/demo/annotations/shifted.json" | tail -n 2
echo broken >broken.jpg
ls -A >before
wrong int8.octet -m float.onnx -i broken.jpg
for bytes in 0 8 200 5000 100000; do
    cut_file int8.octet $bytes cut.octet
    ls -A >before
    refused "$bytes bytes" report cut.octet -m float.onnx -i "$pictures" -o x.html
    gone x.html
done
sed -e '/"annotations"/,/^ \],*$/d' "$annotations" | sed 's/"categories"/"annotations": [], "categories"/' >unlabelled.json
ls -A >before
wrong int8.octet -m float.onnx -i "$pictures" -a unlabelled.json

echo "== where it cannot be written"
try report int8.octet -m float.onnx -i "$pictures" -o nowhere/x.html
try report int8.octet -m float.onnx -i "$pictures" -o study
try report int8.octet -m float.onnx -i "$pictures" -o int8.octet
try report int8.octet -m float.onnx -i "$pictures" -o float.onnx
try report int8.octet -m float.onnx -i "$pictures" -a "$annotations" -o "$annotations"
cp -r "$pictures" copies
try report int8.octet -m float.onnx -i copies -o copies/test-04.jpg
mkdir full
(
    ulimit -f 100
    try report int8.octet -m float.onnx -i "$pictures" -n 4 -o full/x.html -q 2>&1 | grep -v warning
)
files full
echo old >full/x.html
(
    ulimit -f 100
    try report int8.octet -m float.onnx -i "$pictures" -n 4 -o full/x.html -q 2>&1 | grep -v warning
)
cat full/x.html
page int8.octet -m float.onnx -i "$pictures" -n 8 -o full/x.html --json >/dev/full || echo "[exit status $?]"

echo "== interrupted"
ls -A >before
for seconds in 0.1 0.3 0.6; do
    status=0
    timeout -s INT $seconds env --default-signal=INT "$octet" report int8.octet -m float.onnx -i "$pictures" -i "$calibration" \
        -i "$pictures" -i "$calibration" --threads 1 -o x.html -q 2>err || status=$?
    gone x.html
    [ "$status" -eq 124 ] || echo "$seconds s: status $status"
    grep -v -x 'octet: interrupted: .*' err
    cat err >>errors
done
sed 's/^\(octet: interrupted\): .*/\1/' errors | sort -u
