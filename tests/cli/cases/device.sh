# SPDX-License-Identifier: Apache-2.0
# --device where no CUDA half is installed: told in one line; auto is the CPU.
. "$support"
need_demo
cp "$(engine)" parts.octet
cp "$model" parts.onnx
cp "$(stats)" a.stats
picture=$pictures/$(ls "$pictures" | head -n 1)
cp "$picture" a.jpg
apart
boxes() { "$octet" detect parts.octet a.jpg --json -q --conf 0.1 --imgsz 160 "$@" | sed 's/, "time_ms".*//'; }
few='--imgsz 32 --threads 1 --warmup 1 --iterations 1 -q'

echo "not installed:"
try detect parts.octet a.jpg --device cuda
try detect parts.octet a.jpg --device cuda:3
try detect parts.octet a.jpg --device cuda -o made/here --save-txt --save-crop # no folder is left
mkdir own
try detect parts.octet a.jpg --device cuda -o own/here --no-draw --save-json
try eval parts.octet --data "$root/demo/data.yaml" --device cuda
try bench parts.octet $few --device cpu,cuda
try calibrate parts.onnx -i a.jpg -o x.stats --device cuda
try build parts.onnx -i a.jpg -o x.octet --device cuda
try build parts.onnx --stats a.stats --precision auto -o x.octet --device cuda
printf '\223NUMPY\001\000v\000%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (32, 32, 3), }" >x.npy
head -c 3072 /dev/zero >>x.npy
try run parts.octet --input x.npy --device cuda
files .
echo "auto:"
boxes >cpu
boxes --device auto | cmp - cpu
boxes --device cpu | cmp - cpu
"$octet" calibrate parts.onnx -i a.jpg -o cpu.stats --device cpu -q >/dev/null
"$octet" calibrate parts.onnx -i a.jpg -o auto.stats --device auto -q >/dev/null
cmp cpu.stats auto.stats
try run parts.octet --input x.npy --device auto
"$octet" bench parts.octet $few --device auto,cpu --json | grep -E '"(device|gpus)"'
"$octet" build parts.onnx --stats a.stats --precision auto --device auto -o b.octet -q --json | grep '"device"'

echo "wrong usage:"
for device in gpu cdua CPU cuda: cuda:64 cuda:-1 cuda:0x1 cpu,cuda ''; do
    try detect parts.octet a.jpg --device "$device"
done
try bench parts.octet --device cpu,
try bench parts.octet --device cpu --device tpu
try bench parts.octet --device
try inspect parts.octet --device cpu
try build parts.onnx --stats a.stats -o x.octet --device cpu
try build parts.onnx --trt-cache a.cache -o x.octet --device cpu
try eval --detections a.json --annotations b.json --device cpu
