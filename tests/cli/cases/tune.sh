# SPDX-License-Identifier: Apache-2.0
# octet tune: trainings of the demo's model, what they print and what they write.
. "$support"
need_speed
need_demo
need_training
cp "$model" parts.onnx
# The figures of one machine are not those of another: their form is what is compared.
figures() { sed -E 's/[0-9]+\.[0-9]+/N/g; s/epoch [0-9]+:/epoch N:/; s/ +(kept)?$//; s/ +/ /g'; }
outcome() { sed -E 's/(trained, as of epoch N: .* -> N, agreement N -> N %|the start, not trained: no state was better: .*, agreement N %)/OUTCOME/; s/; N % of the codes changed//'; }

echo "== both outputs, and the same bytes with other threads"
"$octet" tune parts.onnx -i "$calibration" $trained -e 2 --target trt -o a.onnx -o a.octet >out.txt 2>err.txt
figures <err.txt
figures <out.txt | outcome
"$octet" tune parts.onnx -i "$calibration" --imgsz 64 --threads 3 -e 2 --target trt -o b.octet -o b.onnx -q 2>&1 >/dev/null
cmp a.octet b.octet && cmp a.onnx b.onnx && echo "the same"
"$octet" inspect a.octet | grep -E '^  (training|precision|calibration_images) '
"$octet" inspect a.onnx | grep -E '^  precision ' | mask
"$octet" detect a.octet "$pictures/test-00.jpg" -q >boxes.octet
"$octet" detect a.onnx "$pictures/test-00.jpg" -q >boxes.onnx
[ -s boxes.octet ] || echo "it finds nothing"
echo "== another seed, another training"
"$octet" tune parts.onnx -i "$calibration" $trained -e 1 --seed 1 -o c.octet -q >/dev/null
"$octet" tune parts.onnx -i "$calibration" $trained -e 1 -o d.octet -q >/dev/null
"$octet" inspect c.octet | grep '^  training '
cmp -s c.octet d.octet && echo "the same"
echo "== statistics of a file, minutes, a picture that cannot be read"
"$octet" calibrate parts.onnx -i "$calibration" --imgsz 64 --threads 1 -o parts.stats -q >/dev/null
try tune parts.onnx -i "$calibration" --stats parts.stats --threads 1 -e 1 -o e.octet | figures | outcome
cmp d.octet e.octet && echo "the same as with statistics of its own"
mkdir in && cp "$calibration"/*-[01]?.jpg in && echo broken >in/calibration-05.jpg
try tune parts.onnx -i in --max-bad 0.1 $trained --minutes 0.01 -o f.octet | grep -v '^octet: *[0-9]' | figures | outcome
try tune parts.onnx -i "$calibration" --stats parts.stats --imgsz 64 -o g.octet
echo "== where it would do harm, the start is written, and said"
"$octet" build parts.onnx --stats parts.stats -o start.octet -q >/dev/null
for seed in 0 1 2 3 4 5 6 7; do
    "$octet" tune parts.onnx -i "$calibration" --stats parts.stats --threads 1 -e 0.3 --seed $seed -o g.octet >out.txt 2>err.txt
    ! grep -q 'not trained' out.txt || break
done
sed -E 's/[0-9]+\.[0-9]+/N/g' out.txt
"$octet" detect g.octet "$pictures" -q --imgsz 64 >boxes.g
"$octet" detect start.octet "$pictures" -q --imgsz 64 >boxes.start
cmp boxes.g boxes.start && echo "the boxes of octet build's engine"
echo "== a loss that is not finite"
command -v python3 >/dev/null || skip "python3 is not there"
python3 "$root/tests/cli/bad_layer.py" parts.onnx steep.onnx 1e-36
try tune steep.onnx -i "$calibration" $trained -e 1 -o h.octet | figures
"$octet" tune steep.onnx -i "$calibration" $trained -e 1 -o h.octet --json -q 2>/dev/null | grep -E 'stopped_at|kept|codes_changed'
files . | sort | tr '\n' ' '
