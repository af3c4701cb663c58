# SPDX-License-Identifier: Apache-2.0
# Output that does not fit: one line, nothing left.
. "$support"
need_demo
engine=$(engine)
make_picture 640 480 picture.ppm
cp "$(stats)" parts.stats
printf '\223NUMPY\1\0' >one.npy
header="{'descr': '|u1', 'fortran_order': False, 'shape': (320, 320, 3), }"
printf "\\x$(printf %02x ${#header})\\0%s" "$header" >>one.npy
head -c 307200 /dev/zero >>one.npy
echo old >old.octet
(
    ulimit -f 8
    try build "$model" --stats parts.stats -o new.octet
    try build "$model" --stats parts.stats -o old.octet
    try calibrate "$model" --images picture.ppm -o new.stats
    try export "$model" --stats parts.stats --format qdq -o new.onnx
    try detect "$engine" picture.ppm -o drawn -q --conf 1 | sed 's/ \+/ /g'
    try run "$engine" --input one.npy -o tensors --tensors all
)
cat old.octet
files . | sort
files drawn
files tensors
"$octet" detect "$engine" picture.ppm -q >/dev/full || echo "[exit status $?]"
"$octet" detect "$engine" picture.ppm --json >/dev/full || echo "[exit status $?]"
"$octet" inspect "$engine" >/dev/full || echo "[exit status $?]"
"$octet" inspect "$engine" --json >/dev/full || echo "[exit status $?]"
"$octet" detect "$engine" picture.ppm -q >&- || echo "[exit status $?]"
"$octet" build "$model" --precision fp32 -o closed.octet >&- || echo "[exit status $?]"
"$octet" inspect closed.octet >inspected && head -n 1 inspected
