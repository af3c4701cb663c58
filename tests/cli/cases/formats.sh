# SPDX-License-Identifier: Apache-2.0
# Types of pictures, recognised by content. (That the pixels are right is for tests/unit.)
. "$support"
need_demo
engine=$(engine)
grey() { head -c "$1" /dev/zero | tr '\0' '@'; }
mkdir in
{
    printf 'BM\66\14\0\0\0\0\0\0\66\0\0\0\50\0\0\0\40\0\0\0\40\0\0\0\1\0\30\0\0\0\0\0\0\14\0\0'
    head -c 16 /dev/zero
    grey 3072
} >in/a.bmp
cp in/a.bmp in/b.jpg
# IFD behind the pixels: width, height, bits, photometric, offset, samples, rows, bytes
{
    printf 'II*\0\10\14\0\0'
    grey 3072
    printf '\10\0'
    printf '\0\1\3\0\1\0\0\0\40\0\0\0\1\1\3\0\1\0\0\0\40\0\0\0\2\1\3\0\1\0\0\0\10\0\0\0'
    printf '\6\1\3\0\1\0\0\0\1\0\0\0\21\1\4\0\1\0\0\0\10\0\0\0\25\1\3\0\1\0\0\0\1\0\0\0'
    printf '\26\1\3\0\1\0\0\0\40\0\0\0\27\1\4\0\1\0\0\0\0\4\0\0\0\0\0\0'
} >in/c.tif
picture=$pictures/$(ls "$pictures" | head -n 1)
size=$(wc -c <"$picture")
"$octet" detect "$engine" in/c.tif 2>&1 | grep -q 'without libtiff' && skip "built without libtiff"
for name in d.jfif e.mpo f.jpe; do
    cp "$picture" in/$name
done
cat "$picture" >>in/e.mpo
head -c $((size - 2)) "$picture" >in/g.jpg
"$octet" detect "$engine" in -q --json | tr -d ' \n' | sed 's/{"file"/\n&/g' | grep -o '^{"file":[^[]*'
"$octet" detect "$engine" "$picture" in/g.jpg in/d.jfif in/e.mpo -q | awk 'NR > 1 { $1 = ""; print }' | sort | uniq -c |
    awk '$1 != 4 { print "not the same boxes:", $0 }'
head -c 2000 in/a.bmp >cut.bmp
head -c 2000 in/c.tif >cut.tif
printf 'GIF89a..' >a.gif
printf '\0\0\0\40ftypavif' >a.avif
printf '\0\0\0\40ftypheic' >a.heic
printf '8BPS' >a.psd
printf '<?xml version="1.0"?>\n<svg/>' >a.svg
printf 'P3 1 1 255 1 2 3' >a.ppm
try detect "$engine" cut.bmp cut.tif a.gif a.avif a.heic a.psd a.svg a.ppm -q | grep octet:
