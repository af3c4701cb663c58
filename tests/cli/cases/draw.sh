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
echo "the same name with another ending:"
cp a/one.ppm a/one.pnm
"$octet" detect "$engine" a/one.ppm a/one.pnm "a/real.${picture##*.}" -o same --conf 1 2>&1 >/dev/null | head -n 1
files same
echo "boxes alone, without scores, lines of a width: all differ"
cp "$picture" one.jpg
for options in '' --no-labels --no-conf '--line-width 9'; do
    "$octet" detect "$engine" one.jpg -o "drawn $options" $options -q >/dev/null
done
cat drawn*/one.jpg | wc -c | sed 's/[1-9][0-9]*/N/'
md5sum drawn*/one.jpg | cut -d ' ' -f 1 | sort -u | wc -l
