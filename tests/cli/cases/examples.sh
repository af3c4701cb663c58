# SPDX-License-Identifier: Apache-2.0
# The programs of examples/, where they were built beside octet.
. "$support"
need_demo
examples=$(dirname "$octet")/examples
for name in build_engine detect_picture; do
    [ -x "$examples/$name" ] || skip "examples/$name was not built"
done
cp "$model" parts.onnx
cp "$pictures/$(ls "$pictures" | head -n 1)" picture
"$examples/build_engine" parts.onnx parts.octet picture picture
"$examples/detect_picture" parts.octet picture | awk '$2 >= 0.5 { print $1 }' | sort
echo text >text
for arguments in '' 'a b' 'none.onnx x.octet picture' 'parts.onnx x.octet text' \
    'parts.onnx none/x.octet picture'; do
    "$examples/build_engine" $arguments 2>&1 || echo "[exit status $?]"
done
for arguments in '' 'none.octet text' 'text text' 'parts.octet text' 'parts.octet none'; do
    "$examples/detect_picture" $arguments 2>&1 || echo "[exit status $?]"
done
files .
