# SPDX-License-Identifier: Apache-2.0
# How ranges fit other pictures: inspect --against, calibrate --check and detect --drift; and what they refuse.
. "$support"
need_demo
cp "$model" parts.onnx
pictures=$root/demo/images
"$octet" calibrate parts.onnx --images "$pictures/calibration" -o parts.stats -q >/dev/null
"$octet" build parts.onnx --stats parts.stats -o parts.octet -q >/dev/null
blank() { sed -E 's/-?[0-9]+\.[0-9]+/N/g; s/; [0-9]+ lose.*/; N lose/; s/  +/  /g' | head -n "${1:-3}"; }

# A world of its own: all pictures nearly black.
mkdir dark
for i in 0 1 2 3 4 5 6 7 8 9; do
    { printf 'P6 64 64 255\n'; head -c 12288 /dev/zero | tr '\0' "\\00$((i % 3 + 1))"; } >dark/$i.ppm
done

echo "statistics on pictures:"
try inspect parts.stats --against "$pictures/test" --model parts.onnx -q | blank
try inspect parts.stats --against dark --model parts.onnx -q | blank
"$octet" calibrate parts.onnx --images dark -o dark.stats -q >/dev/null
echo "statistics on statistics:"
try inspect dark.stats --against parts.stats | blank
try inspect dark.stats --against parts.stats --calibrator minmax | blank
"$octet" calibrate parts.onnx --images "$pictures/test" --count 8 -o few.stats -q >/dev/null
echo "where the calibrator's own ranges are no measure:"
for calibrator in minmax entropy percentile; do
    try inspect parts.stats --against few.stats --calibrator $calibrator | blank | tail -n 1
done
echo "an engine, by codes and by the float model:"
try calibrate --check parts.octet --images "$pictures/test" -q | blank
try calibrate --check parts.octet --images "$pictures/test" parts.onnx -q | blank
"$octet" build parts.onnx --stats parts.stats --calibrator minmax -o minmax.octet -q >/dev/null
try inspect minmax.octet --against parts.stats | sed -n 3p # by its own calibrator nothing is lost
"$octet" build parts.onnx --stats dark.stats -o dark.octet -q >/dev/null
try calibrate --check dark.octet --images "$pictures/test" -q | blank
try inspect dark.octet --against "$pictures/test" -q | blank
for file in parts dark; do
    status=0
    "$octet" calibrate --check $file.octet --images "$pictures/test" -q >/dev/null || status=$?
    echo "$file.octet: exit status $status"
done
"$octet" inspect dark.octet --against parts.stats --json >json
sed -n 's/^  "\([a-z_]*\)":.*/\1/p' json | tr '\n' ' '
echo
sed -n -e '/"method"/p' -e '/"verdict"/p' json
sed -n '/"tensors":/,/}/s/^ *"\([a-z_]*\)":.*/\1/p' json | tr '\n' ' '
echo

echo "a watch:"
"$octet" detect dark.octet "$pictures/test" --drift --json-lines 2>said >lines
grep -e drift: -e warning: said | sed -E 's|: [^ ]*/images|: ...|; s/[0-9]+\.[0-9]+/N/g'
grep -c '"drift": {"pictures": [0-9]*, "rise_db": [-0-9.e]*, "changed": \(null\|true\|false\)}' lines
sed -n '1s/.*"changed": \([a-z]*\)}.*/\1/p; $s/.*"changed": \([a-z]*\)}.*/\1/p' lines
"$octet" detect parts.octet "$pictures/test" --drift --batch 4 --json 2>&1 >/dev/null | grep drift | sed -E 's/[0-9]+\.[0-9]+/N/g'
# What is looked at changes no box.
"$octet" detect parts.octet "$pictures/test" --csv -q >plain.csv
"$octet" detect parts.octet "$pictures/test" --csv -q --drift >watched.csv
cmp plain.csv watched.csv && echo "same boxes"

echo "refused:"
"$octet" build parts.onnx --precision fp32 -o float.octet -q >/dev/null
try detect float.octet "$pictures/test" --drift
try calibrate --check float.octet --images "$pictures/test"
try inspect float.octet --against parts.stats
try inspect parts.stats --against "$pictures/shifted" --model parts.onnx -q
try calibrate --check parts.octet --images "$pictures/shifted" -q
try inspect parts.stats --against "$pictures/test"
try inspect parts.stats --against empty --model parts.onnx
try inspect parts.onnx --against parts.stats
try inspect parts.octet --against parts.stats --calibrator minmax
try inspect parts.stats --against dark.stats --calibrator best
try inspect parts.stats --model parts.onnx
try calibrate --check parts.octet
try calibrate --check parts.octet --images dark -o x.stats
try calibrate --images dark -o x.stats
"$octet" calibrate "$root/demo/parts-yolo11.onnx" --images dark -o other.stats -q >/dev/null
try inspect parts.stats --against other.stats | sed 's/([0-9a-f. ,not]*)/(HASHES)/'
sed 's/"calibration_noise\\":\\"0:/"calibration_noise\\":\\"9:/' parts.octet >damaged.octet
try detect damaged.octet "$pictures/test" --drift
[ ! -e x.stats ]
