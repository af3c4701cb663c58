# SPDX-License-Identifier: Apache-2.0
# Pictures with boxes: names, kinds, no overwriting.
. "$support"
need_demo
engine=$(engine)
mkdir -p a b/c
picture=$pictures/$(ls "$pictures" | head -n 1)
make_picture 64 48 a/one.ppm
make_picture 64 48 b/one.ppm
make_picture 64 48 b/c/ONE.ppm
make_picture 7 300 a/thin.pgm.ppm
make_picture 300 5 a/flat
cp "$picture" "a/real.${picture##*.}"
try detect "$engine" a/one.ppm b/one.ppm b/c/ONE.ppm a/thin.pgm.ppm a/flat a/real.* -o out/new -q --conf 0.001 \
    --max-det 3 | cut -d ' ' -f 1 | uniq
files out/new
head -c 3 out/new/one.jpg | od -An -tx1
echo "as PNG:"
mkdir png
"$octet" detect "$engine" a/one.ppm -o png -q --conf 1 >/dev/null
files png
try detect "$engine" a/one.ppm -o a
try detect "$engine" a/one.ppm -o b/../a/
cp a/one.ppm here.ppm
try detect "$engine" here.ppm -o .
echo "twice into the same folder:"
"$octet" detect "$engine" a/one.ppm -o out/new -q --conf 1 >/dev/null
files out/new | wc -l
