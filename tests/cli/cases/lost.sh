# SPDX-License-Identifier: Apache-2.0
# Nothing that is read is lost to what is written, under whatever name it goes.
. "$support"
need_demo
cp "$model" m.onnx
cp "$(stats)" s.stats
cp "$(engine)" e.octet
ln m.onnx hard.onnx
ln -s m.onnx soft.onnx
mkdir -p d/images d/labels far
for i in 0 1; do
    cp "$pictures/test-0$i.jpg" d/images/$i.jpg
    cp "$root/demo/labels/test/test-0$i.txt" d/labels/$i.txt
done
printf './d/images/0.jpg\n./d/images/1.jpg\n' >list.txt
printf 'path: d\ntrain: images\nval: images\nnames: [nut, washer, bolt, spring, defect]\n' >d/data.yaml
echo "TRT-8602-EntropyCalibration2" >c.cache
printf '\223NUMPY\1\0' >x.npy
header="{'descr': '|u1', 'fortran_order': False, 'shape': (64, 64, 3), }"
printf "\\x$(printf %02x ${#header})\\0%s" "$header" >>x.npy
head -c 12288 /dev/zero >>x.npy
cp x.npy far/output0.npy
find . -type f -exec sha256sum {} + >../sums

try build m.onnx --stats s.stats -o m.onnx
try build m.onnx --stats s.stats -o ./s.stats
try build m.onnx --stats s.stats -o hard.onnx
try build m.onnx --stats s.stats -o soft.onnx
try build soft.onnx --precision fp32 -o "$PWD/m.onnx"
try build m.onnx --trt-cache c.cache -o d/../c.cache
try build m.onnx --images list.txt -o list.txt
try build m.onnx --images list.txt -o e2.octet --save-stats d/images/0.jpg
try build m.onnx --images d/data.yaml:val -o d/data.yaml
try build m.onnx --images list.txt -o e2.octet --save-stats ./e2.octet
try build m.onnx --images list.txt --precision auto --stats s.stats -o d/images/1.jpg
try calibrate m.onnx --images d/images -o m.onnx
try calibrate m.onnx --images 'd/images/*.jpg' -o d/images/1.jpg
try export m.onnx --stats s.stats --format qdq -o m.onnx
try export m.onnx --stats s.stats --format trt-cache -o s.stats
try eval e.octet --data d/data.yaml --save-detections e.octet
try eval e.octet --data d/data.yaml --save-detections d/data.yaml
try eval e.octet --data d/data.yaml --save-detections d/labels/1.txt
try eval e.octet --data d/data.yaml --save-detections d/images/0.jpg
try run e.octet --input far/output0.npy -o far
try run e.octet --input far/output0.npy -o "$PWD/d/../far" --tensors all
try detect e.octet d/images/0.jpg -o d/images
echo "mine" >x.stats.partial
try calibrate m.onnx --images list.txt -o x.stats
cat x.stats.partial
sha256sum --quiet -c ../sums && echo "all is there"

echo "other outputs:"
ln -sf e.octet link.octet
"$octet" build m.onnx --precision fp32 -o link.octet -q >/dev/null
[ -L link.octet ] || echo "the link was replaced"
chmod 600 e.octet
"$octet" build m.onnx --precision fp32 -o e.octet -q >/dev/null
stat -c %a e.octet
