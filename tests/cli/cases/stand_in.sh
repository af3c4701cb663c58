# SPDX-License-Identifier: Apache-2.0
# --device with a CUDA half that is there, a stand-in without a GPU: what is the GPU's, and the libraries that are refused.
. "$support"
need_demo
cp "$(engine)" parts.octet
cp "$model" parts.onnx
cp "$(stats)" a.stats
apart
[ -n "$stand_in" ] || skip "the stand-ins are not beside this program"
picture=$pictures/$(ls "$pictures" | head -n 1)
cp "$picture" a.jpg
boxes() { "$octet" detect parts.octet a.jpg --json -q --conf 0.1 --imgsz 160 "$@" | sed 's/, "time_ms".*//'; }
few='--imgsz 64 --threads 1 --warmup 1 --iterations 12'

echo "boxes:"
boxes >cpu
grep -c '"class_id"' cpu
with "$stand_in" boxes --device cuda | cmp - cpu
with "$stand_in" boxes --device auto | cmp - cpu
with "$stand_in" try detect parts.octet a.jpg --device cuda:1
echo "beside the program:"
cp "$stand_in/liboctet-cuda.so.0" apart
boxes --device cuda | cmp - cpu
ln -s apart/octet linked # the file itself counts, not the name it is called by
(exec -a ./nowhere/octet ./linked detect parts.octet a.jpg --json -q --conf 0.1 --imgsz 160 --device cuda) |
    sed 's/, "time_ms".*//' | cmp - cpu
with "$stand_in/layout" boxes --device cuda | cmp - cpu # it comes first
head -c 20000 "$stand_in/liboctet-cuda.so.0" >apart/liboctet-cuda.so.0 # the loader would die of it
try detect parts.octet a.jpg --device cuda | sed 's/: [^ ]*\(apart.*: it is\)/: \1/'
boxes --device auto | cmp - cpu
rm apart/liboctet-cuda.so.0
echo "bench:"
with "$stand_in" try bench parts.octet $few --device cpu,cuda | tail -n +2 | sed '1,/^$/d' | mask |
    sed -E -e 's/ N [kM]B$/ SIZE/' -e '/: unreliable: /d' | cat -s | sed '$ { /^$/d }'
with "$stand_in" "$octet" bench parts.octet $few --device cpu,cuda --peak | grep -v unreliable |
    sed -n -e '/^cuda/p' -e '/^peak of c/p' -e '/^parts.octet  *c/ { s/^parts.octet  *\([a-z]*\).* \([^ ]*\)\( %\)*$/\1 of peak \2/; s/[0-9.][0-9.]*$/N/; p; }'
with "$stand_in" "$octet" bench parts.octet $few --device cuda --device cuda:0,auto --json >json
sed -n -e '/"gpus"/,/\]/p' -e '/"isa"/p' json
grep -E '"(device|fraction_of_peak)"' json | sed 's/: [0-9][0-9.e-]*$/: N/'
with "$stand_in" "$octet" bench parts.octet $few --device cpu,cuda --layers | grep 'layers, medians' | mask
with "$stand_in" "$octet" bench parts.octet $few --device cuda --layers --streams 2 --batch 2 --json >json
grep -c '"fraction_of_peak": [0-9]' json
with "$stand_in" try bench parts.octet $few --device cuda:1
echo "calibrate, build and run:"
"$octet" calibrate parts.onnx -i a.jpg -o cpu.stats -q >/dev/null
with "$stand_in" "$octet" calibrate parts.onnx -i a.jpg -o cuda.stats --device cuda -q >/dev/null
cmp cpu.stats cuda.stats
with "$stand_in" "$octet" calibrate parts.onnx -i a.jpg -o cuda.stats --device cuda 2>&1 | grep 'GPU sums'
"$octet" calibrate parts.onnx -i a.jpg -o cpu.stats 2>&1 | grep 'GPU sums' || true
with "$stand_in" "$octet" build parts.onnx -i a.jpg -o cuda.octet --device cuda -q >/dev/null && ls cuda.octet
with "$stand_in" try calibrate parts.onnx -i a.jpg -o x.stats --device cuda:1
for device in auto cuda; do
    with "$stand_in" "$octet" build parts.onnx --stats a.stats --images "$calibration" --count 3 --imgsz 64 --precision auto \
        --device $device -o $device.octet -q --json >json
    sed -n -e 's/^ *"precision": "\([a-z0-9]*\)",/\1/p' -e 's/^ *"device": "\([a-z]*\)",/on \1/p' json | tail -n +2 | paste -s -d ' '
    grep -c '"chosen": true' json
done
with "$stand_in" "$octet" build parts.onnx --stats a.stats --precision auto --device auto --imgsz 64 --images a.jpg -q -o b.octet |
    awk '$2 == "cpu" || $2 == "cuda" { print $1, $2 }'
echo "doctor:"
gpu_group() { "$octet" doctor "$@" | sed -n '/^gpu/,$p'; }
has_one=$(gpu_group | grep -c '^gpu  *[^a ]' || true) # NVIDIA's things are told of as well then
with "$stand_in" gpu_group | sed -n '/^  name/,$p'
with "$stand_in" "$octet" doctor --json | sed -n '/"name": "Stand-in/,/}/p'
[ "$has_one" -gt 0 ] || with "$stand_in" gpu_group | head -n 1 | grep -v 'note     a GPU that CUDA shows'
unpack_tree pc-gpu pc-gpu
with "$stand_in" gpu_group --root pc-gpu
echo "a library without a GPU:"
with "$stand_in/no_gpu" try detect parts.octet a.jpg --device cuda
with "$stand_in/no_gpu" boxes --device auto | cmp - cpu
[ "$has_one" -gt 0 ] || with "$stand_in/no_gpu" gpu_group | grep -v '^gpu  *absent   no NVIDIA GPU$'
echo "refused:"
for kind in layout version symbol; do
    with "$stand_in/$kind" try detect parts.octet a.jpg --device cuda | sed -E 's/this (is )?octet [0-9.]+:/this \1octet VERSION:/'
    with "$stand_in/$kind" boxes --device auto | cmp - cpu
done
mkdir damaged
echo 'INPUT(-lc)' >damaged/liboctet-cuda.so.0
with "$PWD/damaged" refused "a text" detect parts.octet a.jpg --device cuda
cut -d : -f 1,2 refused.err
: >damaged/liboctet-cuda.so.0
with "$PWD/damaged" refused "empty" detect parts.octet a.jpg --device cuda
cut -d : -f 1,2 refused.err
with "$PWD/damaged" boxes --device auto | cmp - cpu
