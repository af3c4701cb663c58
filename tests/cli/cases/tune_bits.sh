# SPDX-License-Identifier: Apache-2.0
# octet tune with weights of 4 bits: what it says, and what it writes.
. "$support"
need_speed
need_demo
cp "$model" parts.onnx
tune() { "$octet" tune parts.onnx --images "$calibration" --imgsz 64 -e 1 "$@"; }
tune --threads 1 --weight-bits 4 -o a.octet >a.out 2>a.err || {
    grep -q 'works with oneDNN' a.err && skip "oneDNN is not there"
    cat a.err
}
grep -c '28 pictures: weights of 4 bits take 200 and more to be learnt well' a.err
tune --threads 2 --weight-bits 4 --scale-jitter on -o b.octet -q >/dev/null
cmp a.octet b.octet && echo "the same with other threads; sizes are random by themselves"
tune --weight-bits 4 --scale-jitter off -o c.octet -q >/dev/null
tune -o d.octet >/dev/null 2>d.err
grep -c 'weights of 4 bits' d.err
for engine in a c d; do
    "$octet" inspect $engine.octet | grep -E '^ +(training|weight_bits)'
done
awk -v f="$(wc -c <a.octet)" -v e="$(wc -c <d.octet)" 'BEGIN { print (f < 0.6 * e) ? "about half as large" : f / e }'
try tune parts.onnx --images "$calibration" --scale-jitter often -o x.octet | head -n 2
files .
