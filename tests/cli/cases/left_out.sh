# SPDX-License-Identifier: Apache-2.0
# What is in a folder is taken, counted as bad, or told of: nothing is passed over in silence.
. "$support"
need_demo
cp "$(engine)" e.octet
engine=e.octet
mkdir in
make_picture 32 32 in/a.ppm
ln -s gone/b.jpg in/b.jpg
cp in/a.ppm in/c.PNG
for file in d.gif e.gif f.heic g.svg h.txt i.cache j.bak k .l.jpg; do
    : >"in/$file"
done
mkfifo in/m.jpg
mkdir in/n
short() { sed -E -e 's/ +/ /g' -e 's/ms a picture:.*/TIMES/'; }
try detect "$engine" in | short
try detect "$engine" in -q | short
try detect "$engine" 'in/*' -q | short
try detect "$engine" in/b.jpg -q | short
try calibrate "$model" -i in -o x.stats
try calibrate "$model" -i in -o x.stats --max-bad 0.5 -q
echo "nothing but what lies beside pictures is not worth a word:"
mkdir few only
cp in/a.ppm in/h.txt few
try detect "$engine" few | short
try detect "$engine" few -v 2>&1 | grep 'left out'
: >only/a.avif
: >only/a.txt
try detect "$engine" only
echo "a list names what is gone:"
printf 'in/a.ppm\nin/c.PNG\n./gone.jpg\n' >list.txt
try detect "$engine" list.txt -q | short
try calibrate "$model" -i list.txt -o y.stats
try calibrate "$model" -i list.txt -o y.stats --max-bad 0.4
echo "several sources:"
try calibrate "$model" -i in/a.ppm --images in/c.PNG --images=few -o z.stats
"$octet" detect "$engine" "$pictures" --classes bolt --classes nut,bolt -q | awk 'NR > 1 { print $2 }' | sort -u
echo "a list of nothing that is there:"
printf '\n./gone.jpg\nnone.jpg\n' >gone.txt
try detect "$engine" gone.txt
echo "a data.yaml with links that dangle:"
mkdir -p set/images set/labels
for name in 1 2 3; do cp in/a.ppm set/images/$name.ppm; echo '0 0.5 0.5 0.2 0.2' >set/labels/$name.txt; done
ln -s gone.jpg set/images/4.jpg
printf 'val: images\nnames: [bolt, nut, washer, gear, bracket, defect]\n' >set/data.yaml
try eval "$engine" -d set/data.yaml
try eval "$engine" -d set/data.yaml --max-bad 0.3 | head -n 3
