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

# keeps WHAT FILE ARGUMENT...: refused, and the file is as it was.
keeps() {
    local what=$1 file=$2 before
    shift 2
    before=$(sha256sum <"$file")
    echo "$what:"
    try "$@" 2>&1 | grep -e lost -e '^.exit'
    [ "$before" = "$(sha256sum <"$file")" ] || echo "LOST: $file"
}
echo "what detect writes:"
copy_test() { rm -rf "$1"; mkdir "$1"; cp "$pictures"/test-0[0-2].jpg "$1"; }
copy_test ph
mkdir linked
for i in 0 1 2; do ln -s ../ph/test-0$i.jpg linked/test-0$i.jpg; done
keeps "links to pictures" ph/test-00.jpg detect "$(engine)" linked -o ph
keeps "one of them" ph/test-01.jpg detect "$(engine)" linked/test-01.jpg -o ph
mkdir -p crops/crops
ln -s ../../ph crops/crops/nut
keeps "a linked folder of crops" ph/test-00.jpg detect "$(engine)" ph -o crops --save-crop --no-draw
mkdir engines
cp "$(engine)" engines/test-01.jpg
keeps "the model" engines/test-01.jpg detect engines/test-01.jpg ph -o engines
mkdir -p names/labels
printf '%s\n' a b c d e >names/predictions.json
cp names/predictions.json names/labels/test-00.txt
keeps "class names under results" names/predictions.json detect "$model" --names names/predictions.json ph -o names \
    --save-json --no-draw
keeps "class names under labels" names/labels/test-00.txt detect "$model" --names names/labels/test-00.txt ph -o names \
    --save-txt --no-draw
printf '../../ph/test-00.jpg\n' >names/labels/test-00.txt
keeps "a list of pictures" names/labels/test-00.txt detect "$(engine)" names/labels/test-00.txt -o names --save-txt --no-draw
mkdir -p set/images set/labels
cp ph/test-00.jpg set/images
echo '0 0.5 0.5 0.1 0.1' >set/labels/test-00.txt
keeps "the labels that a picture has" set/labels/test-00.txt detect "$(engine)" set/images -o set --save-txt --no-draw
