# SPDX-License-Identifier: Apache-2.0
# octet tune: interrupted and resumed, to the same bytes and figures; states that do not fit; two at once.
. "$support"
need_speed
need_demo
need_training
cp "$model" parts.onnx
base="tune parts.onnx -i $calibration $trained -n 20"
# started PATTERN ARGUMENT...: runs the command until it says the pattern, then SIGINT; its status as $status.
started() {
    local pattern=$1 i
    shift
    : >err.txt
    env --default-signal=INT "$octet" "$@" >part.txt 2>err.txt &
    process=$!
    for i in $(seq 1000); do
        ! grep -q "$pattern" err.txt || break
        kill -0 $process 2>/dev/null || break
        sleep 0.01
    done
    kill -INT $process 2>/dev/null
    status=0
    wait $process || status=$?
}
# What the last line says, without how far it was.
told() {
    tail -n 1 err.txt | sed -E 's/after [0-9]+ of ([0-9]+)/after N of \1/; s/steps: .*; the/steps: BEST; the/'
    echo "exit status $status, $(wc -l <part.txt) lines of results"
}
# same ONE OTHER: all but the times, and where the files are.
same() {
    for file in "$1" "$2"; do sed -e '/"seconds"/d' -e 's/"[a-z]*\.o[a-z]*"/FILE/' "$file" >"$file.same"; done
    cmp "$1.same" "$2.same" && echo "the same figures"
}

echo "== an engine and a model, interrupted twice"
options="--target trt -e 12 --json"
"$octet" $base $options -o whole.octet -o whole.onnx -q >whole.json
started '^octet: *2 ' $base $options -o part.octet -o part.onnx
told
best=$(grep -c 'is the best so far' err.txt)
[ "$best" -eq "$(files . | grep -c '^part\.octet$')" ] || echo "the best so far is not where it is said to be"
cp part.octet.partial keep
"$octet" inspect part.octet.partial 2>&1
started '^octet: *6 ' $base $options -o part.octet -o part.onnx --resume
told
"$octet" $base $options -o part.octet -o part.onnx --resume -q >part.json
cmp whole.octet part.octet && cmp whole.onnx part.onnx && echo "the same bytes"
same whole.json part.json
files . | grep -E '^(part\.octet\.partial|\.octet)'

echo "== what does not fit"
cp keep x.octet.partial
for other in "$base --target trt -e 11" "$base -e 12" "$base --target trt -e 12 --seed 1" "$base --target trt -e 12 --calibrator minmax" \
    "$base --target trt --minutes 1" "${base/64/96} --target trt -e 12" "${base/-n 20/-n 19} --target trt -e 12" \
    "${base/parts.onnx/$root/demo/parts-yolo11.onnx} --target trt -e 12"; do
    try $other -o x.octet --resume -q | sed -E 's/statistics [0-9a-f]+/statistics HASH/g'
done
"$octet" calibrate parts.onnx -i "$calibration" -n 20 --imgsz 64 --threads 1 -o parts.stats -q >/dev/null
mkdir others
cp "$pictures"/* "$root"/demo/images/shifted/* others
try tune parts.onnx -i others --stats parts.stats --threads 1 --target trt -e 12 -o x.octet --resume
cmp keep x.octet.partial
size=$(wc -c <keep)
for bytes in 0 60 200 $((size - 1)); do
    cut_file keep $bytes x.octet.partial
    refused "$bytes bytes" $base $options -o x.octet --resume -q
    [ "$bytes" -lt 1000 ] || grep -q 'x.octet.partial: damaged' refused.err || cat refused.err
done
at=$((size / 3))
cp keep x.octet.partial
byte=$(od -An -tu1 -j $at -N 1 keep)
printf "\\$(printf %o $((byte ^ 1)))" | dd of=x.octet.partial bs=1 seek=$at conv=notrunc 2>/dev/null
refused "byte $at" $base $options -o x.octet --resume -q
grep -q 'x.octet.partial: damaged: leave out --resume' refused.err || cat refused.err
LC_ALL=C sed 's/\\"history\\"/\\"hystory\\"/' keep >x.octet.partial
refused "a changed note" $base $options -o x.octet --resume -q
grep -q 'x.octet.partial: damaged: leave out --resume' refused.err || cat refused.err
files . | grep '^x'

echo "== with labels"
labelled="tune parts.onnx --data $root/demo/data.yaml --labels $trained -e 5 --json"
"$octet" $labelled -o whole.octet -q >whole.json
started '^octet: *2 ' $labelled -o part.octet
told
"$octet" $labelled -o part.octet --resume -q >part.json
cmp whole.octet part.octet && echo "the same bytes"
same whole.json part.json

echo "== minutes: the number of steps is the state's"
started start $base --minutes 0.5 -o part.octet
steps=$(sed -n 's/.*interrupted after [0-9]* of \([0-9]*\) steps.*/\1/p' err.txt)
try $base --minutes 0.4 -o part.octet --resume -q | sed "s/of $steps steps/of N steps/"
started start $base --minutes 0.5 -o part.octet --resume
tail -n 1 err.txt | grep -c "interrupted after [0-9]* of $steps steps"

echo "== no room for the state: the one before stays"
cp keep part.octet.partial
(
    ulimit -f 64
    started start $base -e 400 -o part.octet
    tail -n 1 err.txt
    echo "exit status $status, $(wc -l <part.txt) lines of results"
)
cmp keep part.octet.partial

echo "== two at once"
cp keep part.octet.partial
: >err.txt
env --default-signal=INT "$octet" $base -e 400 -o part.octet -o part.onnx --target trt 2>err.txt &
process=$!
for i in $(seq 1000); do ! grep -q start err.txt || break; sleep 0.01; done
head -n 1 err.txt
try $base -o part.octet
try $base -o other.octet -o part.onnx --target trt
{ kill -KILL $process; wait $process; } 2>/dev/null
[ "$(files . | grep -c '^\.octet-')" -eq 2 ] || echo "no locks were left"
"$octet" $base -e 1 -o part.octet -q >/dev/null
files . | grep -E '^(\.octet|other|part\.octet)'
