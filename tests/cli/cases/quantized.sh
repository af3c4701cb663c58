# SPDX-License-Identifier: Apache-2.0
# A model that is quantised already: what inspect, build and detect make of it.
. "$support"
need_demo
"$octet" export "$model" --stats "$(stats)" --format qdq -o qdq.onnx >/dev/null
cp "$(stats)" parts.stats
"$octet" inspect qdq.onnx | grep -E '^  (precision|weights)' | mask
"$octet" inspect qdq.onnx --json | grep -E '^  "precision"'
try build qdq.onnx -v -o q.octet | mask
"$octet" inspect q.octet | grep -E '^  (precision|calibrator) '
for file in qdq.onnx q.octet; do
    "$octet" detect $file "$pictures/test-00.jpg" -q | sed 's|.*/||' >boxes.$file
done
cmp boxes.qdq.onnx boxes.q.octet && echo "the model and its engine: the same boxes"
awk '{ print $2 }' boxes.q.octet
try build qdq.onnx --precision fp32 -o f.octet | mask
try build qdq.onnx --float-layers head -o x
try build qdq.onnx --stats parts.stats -o x | sed -E 's/[0-9a-f]{12}\.\.\./HASH.../g'
try build qdq.onnx --precision auto -o x
try export qdq.onnx --stats parts.stats --format qdq -o x
head -c 30000 qdq.onnx >cut.onnx
refused 'cut model' build cut.onnx -o x
files .
