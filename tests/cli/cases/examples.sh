# SPDX-License-Identifier: Apache-2.0
# The programs of examples/, where they were built beside octet.
. "$support"
need_demo
examples=$(dirname "$octet")/examples
for name in build_engine detect_picture detect_frames; do
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
# three black frames, and a part of a fourth
head -c 20000 /dev/zero | "$examples/detect_frames" parts.octet 70 47 || echo "[exit status $?]"
for arguments in '' 'none.octet 70 47' 'parts.octet 0 47' 'parts.octet 70 47 gpu'; do
    "$examples/detect_frames" $arguments 2>&1 </dev/null || echo "[exit status $?]"
done
files .
