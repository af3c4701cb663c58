# SPDX-License-Identifier: Apache-2.0
# The bundled models of other families: what they are called, and where the file selects boxes itself.
. "$support"
need_demo
for name in yolo11 yolo26; do
    file=$root/demo/parts-$name.onnx
    try inspect "$file" | head -n 2
    "$octet" inspect "$file" | grep -E '^  (output|selects by) '
    "$octet" build "$file" --precision fp32 -o "$name.octet" -q >/dev/null
    "$octet" inspect "$name.octet" | grep -E '^  selects by '
done
