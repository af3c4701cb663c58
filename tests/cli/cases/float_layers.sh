# SPDX-License-Identifier: Apache-2.0
# build --float-layers: what it takes, what inspect shows, and that the rest stays INT8. All calibrators.
. "$support"
need_demo
cp "$model" parts.onnx
cp "$(stats)" a.stats
layers() { # ENGINE: convolutions of each precision, and conversions
    "$octet" inspect "$1" | awk '/^ *#/ { on = 1 }
        on && $3 == "Conv" { n[$0 ~ / fp32 / ? "fp32" : "int8"]++ }
        on && /Quantize|Dequantize/ { n["conversion"]++ }
        END { print n["int8"] + 0, "int8,", n["fp32"] + 0, "fp32,", n["conversion"] + 0, "conversions" }'
}
for words in none head 0 0-3 '*' '/model.22/*' 'head,0,/model.2/*'; do
    try build parts.onnx --stats a.stats --float-layers "$words" -o m.octet | grep -v -e time -e weights | mask
    layers m.octet
    "$octet" inspect m.octet | grep -E '^ +(precision|float_layers)' | uniq
    try detect m.octet "$pictures" --json -q | grep -c '"file"'
done
echo "in bf16:"
for words in head 0 '*'; do
    try build parts.onnx --stats a.stats --float-layers "$words" --float-precision bf16 -o h.octet | grep engine | mask
    "$octet" inspect h.octet | awk '$3 == "Conv" { n[/ bf16 /] ++ } END { print n[1] + 0, "bf16,", n[0] + 0, "other" }'
    "$octet" inspect h.octet | grep -E '^ +(precision|float_precision)' | uniq
    try detect h.octet "$pictures" --json -q | grep -c '"file"'
done
try build parts.onnx --stats a.stats --float-precision bf16 -o h.octet | head -n 2
try build parts.onnx --stats a.stats --float-layers none -o none.octet >none.txt
cmp none.octet "$(engine)"
echo "words that fit no layer, before the pictures are looked at:"
for words in 9999 nothing 'head,/model.99/*' '['; do
    try build parts.onnx --images "$calibration" --float-layers "$words" -o x.octet
done
echo "calibrators:"
for name in mse minmax percentile percentile:99.9 percentile:100 entropy minmax-trt; do
    try build parts.onnx --stats a.stats --calibrator "$name" -o c.octet | grep calibration
    "$octet" inspect c.octet | grep -E '^ +calibrator '
done
files .
