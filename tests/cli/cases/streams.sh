# SPDX-License-Identifier: Apache-2.0
# Pictures out of a pipe.
. "$support"
need_demo
engine=$(engine)
short() { sed -E -e 's/ +/ /g' -e 's/ms a picture:.*/TIMES/'; }
make_picture 32 32 a.ppm
make_picture 64 32 b.ppm
printf 'P5\n# one byte a pixel\n32 32\n255\n' >c.pgm
head -c 1024 /dev/zero >>c.pgm
echo "several:"
cat a.ppm b.ppm c.pgm | try detect "$engine" - | short
{ cat a.ppm; echo; sleep 0.2; head -c 100 b.ppm; sleep 0.2; tail -c +101 b.ppm; echo; } | try detect "$engine" /dev/stdin --batch 2 | short
cat a.ppm b.ppm >both.ppm
try detect "$engine" - <both.ppm --json -q | grep -o '"file":"[^,]*,[^,]*,[^,]*'
cat a.ppm b.ppm | try detect "$engine" b.ppm - c.pgm -o drawn -q | short
files drawn
mkfifo pipe
cat a.ppm b.ppm >pipe &
try detect "$engine" pipe -q | short
echo "one of another type:"
picture=$pictures/$(ls "$pictures" | head -n 1)
cat "$picture" | try detect "$engine" - -q | awk '{ print $1 }' | sort -u
echo "damage:"
{ cat a.ppm; head -c 1000 b.ppm; } | try detect "$engine" - | short
{ cat a.ppm; printf 'P6\n32 0\n255\n'; cat b.ppm; } | try detect "$engine" - | short
{ cat a.ppm; echo stray bytes; cat b.ppm; } | try detect "$engine" - | short
printf '' | try detect "$engine" - | short
printf 'P6' | try detect "$engine" - | short
printf 'P6\n1234' | try detect "$engine" - | short
try detect "$engine" - /dev/zero </dev/zero | short
echo "calibrated:"
cat a.ppm b.ppm | try calibrate "$model" -i - -o x.stats -q
try calibrate "$model" -i a.ppm -i b.ppm -o y.stats -q
cmp x.stats y.stats
{ cat a.ppm b.ppm; echo stray; } | try calibrate "$model" -i - -o z.stats
{ cat a.ppm b.ppm; echo stray; } | try calibrate "$model" -i - -o z.stats --max-bad 0.4
echo "what needs the pictures in hand:"
try detect "$engine" - -n 1 <a.ppm
try calibrate "$model" -i - -o w.stats --resume <a.ppm
try build "$model" -i - --precision auto -o w.octet <a.ppm
files . | grep '^[wz]'
