# SPDX-License-Identifier: Apache-2.0
# octet study: its table, JSON and charts; that a sample is the one of octet build; interrupted and resumed; wrong usage
# and bad input.
. "$support"
need_speed
need_demo
yaml=$root/demo/data.yaml

# The table without its figures, whose verdict depends on the processor's kernels by a hair.
table() { mask | sed -E 's/^(.*): N pictures (are enough|may not be enough): .*points\)$/\1: verdict/'; }

echo "== by labels, with charts"
try study "$model" -i "$calibration" --counts 8,4 --seeds 2 --calibrators mse,minmax --data "$yaml" -o out -q | table
files out
for chart in accuracy agreement time; do
    head -c 8 out/$chart.png | od -An -c | head -n 1
    grep -c '</svg>' out/$chart.svg
done
grep -o '<title>.*</title>' out/*.svg
"$octet" study "$model" -i "$calibration" --counts 8,4 --seeds 2 --calibrators mse,minmax --data "$yaml" -q --json >a.json
sed -n 's/^ *"\([a-z_0-9]*\)".*/\1/p' a.json | sort -u | tr '\n' ' '
echo

echo "== each sample is that of octet build"
# study_ap CALIBRATOR COUNT SEED: the AP of that sample in points, with six digits.
study_ap() {
    awk -v calibrator="\"$1\"" -v count="$2" -v seed="$3" -F '[:,] *' '
        $1 ~ /"calibrator"/ { current = $2 }
        $1 ~ /"count"/ { pictures = $2 }
        $1 ~ /"seed"/ { number = $2 }
        $1 ~ /"ap"/ && $2 + 0 && current == calibrator && pictures == count && number == seed { printf "%.6f\n", $2 }' a.json
}
for sample in "mse 4 0" "mse 8 1" "minmax 8 0" "minmax 4 1"; do
    set -- $sample
    "$octet" build "$model" --images "$calibration" --count "$2" --seed "$3" --calibrator "$1" -o one.octet -q >built.txt
    "$octet" eval one.octet --data "$yaml" -q --json >eval.json
    ap=$(awk -F '[:,]' '$1 ~ /^  "ap"/ { printf "%.6f", 100 * $2 }' eval.json)
    [ "$(study_ap "$@")" = "$ap" ] || echo "$sample: AP $(study_ap "$@") in the study, $ap of the engine"
done

echo "== by agreement; all pictures are one sample"
try study "$model" -i "$calibration" --counts 8,28 --seeds 2 --against "$pictures" | table
try study "$model" -i "$calibration" --counts 28 --seeds 2 --against "$calibration" -q --json >b.json
grep -c '"seed"' b.json
grep -E '^  "(float_ap|labels)"' b.json
try study "$model" -i "$calibration" --counts 4 --against "$calibration" --seeds 1 | mask

echo "== interrupted and resumed"
options="--counts 4,8,16 --seeds 3 --threads 1"
# The figures without the times, which are never the same twice.
figures() { grep -E '"(ap|agreement|count|seed)": *[0-9]' "$1"; }
"$octet" study "$model" -i "$calibration" $options --data "$yaml" -q --json >whole.json
"$octet" study "$model" -i "$calibration" $options --data "$yaml" -o part --json >part.json 2>err.txt &
for turn in $(seq 1 1200); do # until one engine was measured
    [ ! -f part/study.partial/state.json ] || break
    sleep 0.05
done
kill -TERM $!
status=0
wait $! || status=$?
echo "interrupted: exit status $status, $(wc -l <part.json) lines of results"
sed -E 's/after [0-9]+ of/after N of/' err.txt
files part
echo "refused:"
try study "$model" -i "$calibration" --counts 4,8 --seeds 3 --data "$yaml" -o part --resume
try study "$model" -i "$calibration" --counts 4,8,16 --seeds 3 --against "$pictures" -o part --resume
cp part/study.partial/state.json keep.json
head -c 200 keep.json >part/study.partial/state.json
try study "$model" -i "$calibration" --counts 4,8,16 --seeds 3 --data "$yaml" -o part --resume
cp keep.json part/study.partial/state.json
echo "resumed:"
"$octet" study "$model" -i "$calibration" $options --data "$yaml" -o part -q --json --resume >part.json
figures whole.json >whole.txt
figures part.json >part.txt
[ -s whole.txt ] && cmp whole.txt part.txt && echo "the same figures"
files part
echo "while pictures were gathered:"
mkdir many
for turn in 1 2 3 4 5 6 7 8; do
    for picture in "$calibration"/*; do
        ln -s "$picture" "many/$turn-$(basename "$picture")"
    done
done
options="--counts 150,200 --seeds 2 --threads 1"
for seconds in 0.3 0.5 0.8 1.2 2 4 8; do
    "$octet" study "$model" -i many $options --against "$pictures" -o early >early.txt 2>err.txt &
    sleep $seconds
    kill -TERM $! 2>/dev/null
    wait $! 2>/dev/null
    grep -q '"gathered":false.*"shells":.*[0-9],' early/study.partial/state.json && break
    rm -rf early
done 2>/dev/null
sed -E 's/after [0-9]+ of/after N of/' err.txt
"$octet" study "$model" -i many $options --against "$pictures" -q --json >whole.json
"$octet" study "$model" -i many $options --against "$pictures" -o early -q --json --resume >part.json
figures whole.json >whole.txt
figures part.json >part.txt
[ -s whole.txt ] && cmp whole.txt part.txt && echo "the same figures"

echo "== wrong usage"
try study
try study m.onnx
try study m.onnx -i a
try study m.onnx -i a --data b --against c
try study m.onnx -i a --annotations b
try study m.onnx -i a --against b --eval-images c
try study m.onnx -i a --against b --split val
try study m.onnx -i a --against b --resume
try study m.onnx -i a --against b --seeds 0
try study "$model" -i "$calibration" --against "$pictures" --counts 8,x
try study "$model" -i "$calibration" --against "$pictures" --counts 0
try study "$model" -i "$calibration" --against "$pictures" --calibrators mse,mean
try study "$model" -i "$calibration" --against "$pictures" --calibrators mse,mse

echo "== bad input"
mkdir few one
for i in 0 1 2; do cp "$calibration/calibration-0$i.jpg" few; done
try study "$model" -i few --against "$pictures"
try study "$model" -i "$calibration" --against few
try study "$model" -i "$calibration" --against "$pictures" --counts 100,200
try study "$model" -i none --against "$pictures"
try study "$(engine)" -i "$calibration" --against "$pictures"
try study "$model" -i "$calibration" --data none.yaml
try study "$model" -i "$calibration" --annotations none.json --eval-images "$pictures"
echo x >file
try study "$model" -i "$calibration" --against "$pictures" -o file
try study "$model" -i "$calibration" --against "$pictures" -o new --resume
for i in 0 1 2 3 4 5 6 7; do make_picture 64 64 one/$i.ppm; done
try study "$model" -i "$calibration" --against one --counts 4 --seeds 1
grep -v '"x"' >empty.json <<'TEXT'
{"images": [{"id": 0, "file_name": "0.ppm"}, {"id": 1, "file_name": "1.ppm"}, {"id": 2, "file_name": "2.ppm"},
 {"id": 3, "file_name": "3.ppm"}, {"id": 4, "file_name": "4.ppm"}, {"id": 5, "file_name": "5.ppm"},
 {"id": 6, "file_name": "6.ppm"}, {"id": 7, "file_name": "7.ppm"}],
 "categories": [{"id": 1, "name": "bolt"}], "annotations": []}
TEXT
try study "$model" -i "$calibration" --annotations empty.json --eval-images one --counts 4 --seeds 1
# The labels of one class alone.
mkdir -p set/images set/labels
for picture in "$pictures"/*; do
    name=$(basename "$picture")
    cp "$picture" set/images
    grep '^1 ' "$root/demo/labels/test/${name%.*}.txt" >"set/labels/${name%.*}.txt"
done
printf 'path: .\ntrain: images\nval: images\nnames: [washer, bolt, nut, gear, defect]\n' >set/data.yaml
try study "$model" -i "$calibration" --data set/data.yaml --counts 4 --seeds 1 | mask
echo "a damaged picture:"
mkdir bad
cp "$calibration"/calibration-0*.jpg bad
head -c 300 bad/calibration-03.jpg >bad/cut && mv bad/cut bad/calibration-03.jpg
try study "$model" -i bad --counts 10 --seeds 1 --against "$pictures" | table
try study "$model" -i bad --counts 10 --seeds 1 --against "$pictures" --max-bad 0.2 | mask
try study "$model" -i bad --counts 10 --seeds 1 --against bad --max-bad 0.2 | mask
files .
