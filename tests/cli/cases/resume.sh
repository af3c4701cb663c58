# SPDX-License-Identifier: Apache-2.0
# calibrate, interrupted and resumed as often as it takes: the same bytes as in one go. What does not fit is refused.
. "$support"
need_demo
mkdir in
for turn in 1 2 3 4; do
    for picture in "$calibration"/*; do
        ln -s "$picture" "in/$turn-$(basename "$picture")"
    done
done
cp "$model" parts.onnx
try calibrate parts.onnx --images in -o x.stats --resume
try calibrate parts.onnx --images in -o whole.stats -q
files .

# Interrupted after longer and longer, until it had begun and was not through.
# With one thread: a large machine would be through too soon.
for seconds in 0.1 0.2 0.3 0.5 0.8 1.2 2 4 8 16 32; do
    "$octet" calibrate parts.onnx --images in -o x.stats --threads 1 >out.txt 2>err.txt &
    sleep $seconds
    kill -TERM $! 2>/dev/null
    status=0
    wait $! || status=$?
    [ ! -f x.stats.partial ] || break
    rm -f x.stats
done 2>/dev/null
echo "interrupted: exit status $status, $(wc -l <out.txt) lines of results"
sed -E -e 's/after [0-9]+ of/after N of/' err.txt
files . | grep stats
"$octet" inspect x.stats.partial >inspect.txt
grep '^  note' inspect.txt | sed -E 's/list [0-9a-f]{16}/list N/; s/position [0-9]+/position N/'
echo "refused:"
cp x.stats.partial keep
try calibrate parts.onnx --images in --count 4 -o x.stats --resume
try calibrate parts.onnx --images in --count 4 --seed 1 -o x.stats --resume
try calibrate parts.onnx --images "$calibration" -o x.stats --resume
try calibrate parts.onnx --images in --imgsz 640 -o x.stats --resume
cp whole.stats other.stats.partial
try merge x.stats.partial -o y.stats
try calibrate parts.onnx --images in -o other.stats --resume | sed -E "s/have [0-9]+/have N/"
head -c 5000 keep >other.stats.partial
try calibrate parts.onnx --images in -o other.stats --resume | sed -E "s/have [0-9]+/have N/"
cmp keep x.stats.partial
echo "taken as statistics:"
try build parts.onnx --stats x.stats.partial -o x.octet | grep -c calibration
echo "resumed, interrupted again, resumed:"
"$octet" calibrate parts.onnx --images in -o x.stats --resume >/dev/null 2>&1 &
sleep 0.4
kill -TERM $! 2>/dev/null
wait $! 2>/dev/null
[ ! -f x.stats.partial ] || "$octet" calibrate parts.onnx --images in -o x.stats --resume -q >/dev/null
cmp whole.stats x.stats && echo "the same bytes"
files . | grep x.stats
echo "started anew beside a checkpoint:"
cp keep x.stats.partial
try calibrate parts.onnx --images in --count 1 -o x.stats
files . | grep x.stats
