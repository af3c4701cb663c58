# SPDX-License-Identifier: Apache-2.0
# What docs/troubleshooting.md tells: pictures that are too few, none, damaged, grey or of an odd shape.
. "$support"
need_demo
cp "$model" parts.onnx
mkdir empty one odd
echo "an empty folder:"
try calibrate parts.onnx --images empty -o x.stats
try build parts.onnx --images empty -o x.octet
echo "one picture:"
cp "$calibration"/calibration-00.jpg one
try calibrate parts.onnx --images one -o one.stats | mask
try build parts.onnx --images one -o one.octet | grep warning
try build parts.onnx --images one -o one.octet -q | grep warning
echo "grey, narrow, tiny, huge in one direction:"
printf 'P5\n4 2\n255\n\001\002\003\004\005\006\007\010' >odd/grey.pgm
printf 'P5\n1 1\n255\n\377' >odd/dot.pgm
make_picture 1000 3 odd/strip.ppm
make_picture 3 1000 odd/column.ppm
try calibrate parts.onnx --images odd -o odd.stats | mask
try detect "$(engine)" odd --conf 0.9 -q | head -n 5 | sed 's/ \+/ /g'
echo "one damaged among many:"
mkdir many
for i in $(seq -w 1 100); do
    ln -s "$calibration"/calibration-00.jpg many/$i.jpg
done
cut_file "$calibration"/calibration-01.jpg 2000 many/damaged.jpg
try calibrate parts.onnx --images many --imgsz 32 -o many.stats
cp many/damaged.jpg many/damaged2.jpg
try calibrate parts.onnx --images many --imgsz 32 -o more.stats
files . | grep -e stats -e octet | grep -v partial # which a slow machine leaves
