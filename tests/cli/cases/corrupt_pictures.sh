# SPDX-License-Identifier: Apache-2.0
# Damaged pictures among good ones are reported and left out; the others are done. detect then ends with status 1;
# calibrate and build take no more of them than --max-bad allows.
. "$support"
need_demo
engine=$(engine)
mkdir in
picture=$pictures/$(ls "$pictures" | head -n 1)
size=$(wc -c <"$picture")
cp "$picture" "in/a.${picture##*.}"
cut_file "$picture" $((size / 2)) "in/b.${picture##*.}"
: >in/c.png
echo text >in/d.webp
printf 'P6\n0 4\n255\n' >in/e.ppm
printf 'P6\n99999 99999\n255\n' >in/f.ppm
make_picture 40 40 in/g.ppm
try detect "$engine" in --conf 1 --batch 3 -o out | sed -e 's/ \+/ /g' -e 's/ms a picture:.*/TIMES/'
files out
try detect "$engine" in --conf 1 --json -q 2>/dev/null | grep -c '"file"'
try calibrate "$model" --images in -o x.stats
try calibrate "$model" --images in --max-bad 0.7 -o x.stats
try calibrate "$model" --images in --max-bad 0.72 -o x.stats
try build "$model" --images in -o x.octet
try build "$model" --images in --max-bad 1 -o x.octet | mask
rm in/a.* in/g.*
try calibrate "$model" --images in -o y.stats
try calibrate "$model" --images in --max-bad 1 -o y.stats
try detect "$engine" in --json
files . | sort
echo "a JPEG or PNG cut at any length:"
mkdir cut
for share in 1 2 3 5 8 12 20 35 50 65 80 90 95 98; do
    cut_file "$picture" $((size * share / 100)) "cut/p.${picture##*.}"
    "$octet" detect "$engine" cut -q >out.txt 2>err.txt && echo "taken at $share %"
    [ "$(wc -l <err.txt)" -eq 2 ] || cat err.txt
done
