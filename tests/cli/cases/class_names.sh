# SPDX-License-Identifier: Apache-2.0
# --names: class names for models whose metadata has none.
. "$support"
need_demo
LC_ALL=C sed 's/names/nomes/' "$model" >parts.onnx
classes() {
    "$octet" "$@" | grep -a '^  classes'
}
classes inspect parts.onnx
printf 'one\ntwo\n three four \r\nfive\nsix\n\n' >names.txt
printf "{0: 'a', 1: \"b's\", 2: 'c', 3: 'd', 4: 'e'}" >dict.txt
printf '["a", "b", "c", "d", "\\u00e9"]\n' >names.json
printf 'path: .\nnames:\n  0: a\n  1: b\n  2: c\n  3: d\n  4: e f\n' >data.yaml
for file in names.txt dict.txt names.json data.yaml; do
    classes inspect parts.onnx --names $file
done
"$octet" inspect parts.onnx --names names.txt --json | grep -c '"three four"'
"$octet" build parts.onnx --names names.txt --precision fp32 -o parts.octet -q >/dev/null
classes inspect parts.octet
"$octet" detect parts.onnx "$pictures" -n 3 -q --names names.txt | awk 'NR > 1 { print $2 }' | sort -u | tr '\n' ' '
echo
"$octet" detect parts.onnx "$pictures" -n 3 --names names.txt -q --classes 'three four' | grep -c 'three four'
printf 'a\nb\n' >two.txt
try inspect parts.onnx --names two.txt
try detect parts.onnx "$pictures" --names two.txt
printf 'a\n\nc\nd\ne\n' >gap.txt
try build parts.onnx --names gap.txt --precision fp32 -o x
printf "{0: a}" >bad.txt
try inspect parts.onnx --names bad.txt
try inspect parts.onnx --names none.txt
printf 'a\0b\n' >binary.txt
try inspect parts.onnx --names binary.txt
try inspect parts.onnx --names .
try inspect parts.octet --names names.txt
try detect parts.octet "$pictures" --names names.txt
try eval --detections a --annotations b --names names.txt
files . | grep '^x' || true
