# SPDX-License-Identifier: Apache-2.0
# Engines in bfloat16: built, looked at, run; and what they refuse. "half" is its old name.
. "$support"
need_demo
cp "$model" parts.onnx
try build parts.onnx --precision bf16 -o h.octet | mask
try build parts.onnx --precision half -o j.octet --json | sed -E 's/: [0-9.e-]+/: N/'
cmp h.octet j.octet && echo "the same engine"
"$octet" build parts.onnx --precision fp32 -o f.octet >/dev/null
awk -v h="$(wc -c <h.octet)" -v f="$(wc -c <f.octet)" 'BEGIN { print (h < 0.55 * f) ? "half as large" : h / f }'
try inspect h.octet | grep -E '^ +precision'
"$octet" inspect h.octet | awk '$3 == "Conv" { n[/ bf16 /]++ } END { print n[1] " of " n[0] + n[1] " convolutions bf16" }'
"$octet" inspect h.octet --json | grep -c '"precision": "half"'
echo "as many boxes as in float:"
for engine in h f; do
    "$octet" detect $engine.octet "$pictures" --json -q | grep -c '"class_id"'
    "$octet" detect $engine.octet "$pictures" --json -q --cpu ref --imgsz 160 | grep -c '"class_id"'
done
few='--warmup 1 --iterations 3 --imgsz 64 --threads 1'
try bench h.octet $few --json | grep -E '"(precision|isa)"' | sed -E 's/"isa": .*/"isa": ../'
try bench h.octet $few --cpu avx512bf16 --json 2>&1 | grep -o -e '"isa": "avx512bf16"' -e 'this machine cannot run' | sort -u | wc -l
echo "refused:"
try build parts.onnx --precision bf16 --stats a.stats -o x.octet | head -n 2
try build parts.onnx --precision half --float-layers head -o x.octet | head -n 2
try build parts.onnx --precision float16 -o x.octet | head -n 2
sed 's/octet.version":"2"/octet.version":"6"/' h.octet >newer.octet
sed 's/octet.version":"2"/octet.version":"1"/' h.octet >older.octet
for bad in newer older; do
    try detect $bad.octet "$pictures"
done
cut_file h.octet 5000 cut.octet
refused "cut off" detect cut.octet "$pictures"
files .
