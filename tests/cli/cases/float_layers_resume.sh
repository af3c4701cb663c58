# SPDX-License-Identifier: Apache-2.0
# build --float-layers auto, interrupted by Ctrl-C while it calibrates, measures and judges, and resumed: the same engine
# and figures as in one go. What does not fit is refused.
. "$support"
need_speed
need_demo
command -v python3 >/dev/null || skip "python3 is not there"
set -m # or what runs behind would not hear of SIGINT
python3 "$root/tests/cli/bad_layer.py" "$model" bad.onnx
mkdir in
for turn in 1 2 3 4 5 6; do
    for picture in "$calibration"/*; do
        ln -s "$picture" "in/$turn-$(basename "$picture")"
    done
done
common="--imgsz 160 --threads 1 --calibrator minmax --costs times.costs --json"
options="--images in --float-layers auto:0.1 $common"
# All but the times that it took, the engine's name, and whose times these are: the first run wrote them.
figures() { grep -v -e _seconds -e '"file"' -e times_from_file "$1"; }
# How often OUT.partial has the word: once a layer's time is int8_ms, and once a judged set is percent.
count() { grep -o -a "$1.\":" out.octet.partial 2>/dev/null | wc -l; }
# stop SIGNAL WORD ARGUMENT...: interrupts a build once OUT.partial has the word more often than before; it must end with
# status 1, without results and engine.
stop() {
    local signal=$1 word=$2 status=0 before=0
    shift 2
    [ "${*: -1}" != --resume ] || before=$(count "$word")
    [ "${*: -1}" = --resume ] || rm -f out.octet.partial
    "$octet" build bad.onnx "$@" -o out.octet >out.txt 2>err.txt &
    for turn in $(seq 1 2400); do
        [ "$(count "$word")" -le "$before" ] || break
        kill -0 $! 2>/dev/null || break
        sleep 0.02
    done
    kill -"$signal" $! || echo "it was through"
    wait $! || status=$?
    echo "exit status $status, $(wc -l <out.txt) lines of results"
    sed -E 's/(after|with|and) [0-9]+ /\1 N /g' err.txt
    files . | grep '^out\.octet'
}

echo "nothing to resume:"
try build bad.onnx $options -o out.octet --resume
"$octet" build bad.onnx $options -o whole.octet -q >whole.json
files . | grep '^whole'
sed -n '/"float_layers"/p' whole.json | head -n 1 | grep -c -v none

# Longer and longer, until it had begun and was not through.
echo "while it calibrates:"
for seconds in 0.1 0.2 0.3 0.5 0.8 1.2 2 4 8 16; do
    "$octet" build bad.onnx $options -o out.octet >out.txt 2>err.txt &
    sleep $seconds
    kill -INT $! 2>/dev/null
    status=0
    wait $! || status=$?
    [ ! -f out.octet.partial ] || break
done 2>/dev/null
echo "exit status $status, $(wc -l <out.txt) lines of results"
sed -E 's/(after|with|and) [0-9]+ /\1 N /g' err.txt
if ! grep -q calibrate: out.octet.partial; then
    echo "not while it calibrated"
fi
echo "with statistics of a file, which need no calibration:"
"$octet" calibrate bad.onnx --images in --imgsz 160 --threads 1 -o bad.stats -q >/dev/null
try build bad.onnx --stats bad.stats $options -o out.octet --resume | tail -n 2
echo "with these statistics, which are not whole:"
try build bad.onnx --stats out.octet.partial $options -o out.octet --resume | tail -n 2
echo "resumed, and while it measures layers:"
stop INT int8_ms $options --resume
"$octet" inspect out.octet.partial | grep '^  note' | cut -c 1-40
echo "while it judges, by another signal:"
stop TERM percent $options --resume
cp out.octet.partial keep
echo "while it judges the next ones:"
stop INT percent $options --resume
echo "refused:"
try build bad.onnx ${options/minmax/mse} -o out.octet --resume
try build bad.onnx ${options/--images in/--images "$calibration"} -o out.octet --resume
try build bad.onnx ${options/160/192} -o out.octet --resume
try build bad.onnx $options --annotations "$root/demo/annotations/calibration.json" -o out.octet --resume
try build bad.onnx $options --float-precision bf16 --costs other.costs -o out.octet --resume
try build "$model" $options -o out.octet --resume
try build bad.onnx $options -o out.octet --resume --float-layers head
python3 - <<'END'
import re
kept = open("keep", "rb").read()
def damaged(name, pattern, put):
    changed, count = re.subn(pattern, put, kept, count=1)
    assert count == 1 and len(changed) == len(kept), name
    open(name + ".octet.partial", "wb").write(changed)
damaged("a", rb'version(.{1,3}):1', rb'version\1:9')
damaged("b", rb'items(.{1,3}):\[\[', rb'items\1:[{')
damaged("c", rb'items(.{1,3}):\[\[\d', rb'items\1:[[-')
damaged("d", rb'sets(.{1,3}):\[\{', rb'setz\1:[{')
damaged("e", rb'float_ms(.{1,3}):\d', rb'float_ms\1:-')
damaged("f", rb'judging(.{1,3}):', rb'jumping\1:')
open("g.octet.partial", "wb").write(kept[:len(kept) // 2])
open("h.octet.partial", "wb").write(b"something else")
END
for name in a b c d e f g h; do
    try build bad.onnx $options -o $name.octet --resume | sed -E 's/[0-9]+ bytes/N bytes/g; s/have [0-9]+/have N/'
done
try build bad.onnx $options -o h.octet
echo "another allowance, with what was measured:"
cp keep i.octet.partial
"$octet" build bad.onnx ${options/auto:0.1/auto:1} -o i.octet --resume -q >i.json
sed -n '/"float_layers"/p' i.json | head -n 1
echo "resumed to the end:"
"$octet" build bad.onnx $options -o out.octet --resume -q >out.json
cmp whole.octet out.octet && echo "the same engine"
figures whole.json >whole.txt
figures out.json >out.txt
[ "$(wc -l <whole.txt)" -gt 100 ] && cmp whole.txt out.txt && echo "the same figures"
files . | grep '^out\.octet'
echo "with statistics of a file, begun anew beside an interrupted one:"
cp keep out.octet.partial
sed 's/"int8_ms": *[0-9.e-]*/"int8_ms": -1/; s/"int8_ms":[0-9.e-]*/"int8_ms": -1/' times.costs >bad.costs
try build bad.onnx --stats bad.stats $options --costs bad.costs -o out.octet
stop INT percent --stats bad.stats $options
"$octet" build bad.onnx --stats bad.stats $options -o out.octet --resume -q >out.json
cmp whole.octet out.octet && echo "the same engine"
files . | grep '^out\.octet'
