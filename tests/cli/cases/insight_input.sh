# SPDX-License-Identifier: Apache-2.0
# Bad input of the verbs that tell what quantisation did: one line that says what to do, status 1, and nothing left.
. "$support"
need_demo
cp "$model" parts.onnx
cp "$(stats)" parts.stats
cp "$(engine)" int8.octet
"$octet" build parts.onnx --precision fp32 -o fp32.octet -q >/dev/null
other=$root/demo/parts-yolo11.onnx
mkdir few eight empty
cp "$pictures"/test-0[0-2].jpg few
cp "$pictures"/test-0[0-7].jpg eight
auto="--imgsz 160 --float-layers auto:5 -o x.octet"

echo "== another model"
try inspect parts.stats --against eight --model "$other"
try inspect int8.octet --against eight --model "$other"
try calibrate --check int8.octet --images eight "$other"
try inspect parts.stats --against int8.octet
try inspect int8.octet --against fp32.octet
try calibrate --check int8.octet --images fp32.octet
try build "$other" --stats parts.stats --images eight $auto | sed -E 's/\([0-9a-f]+\.\.\., this one is [0-9a-f]+\.\.\.\)/(HASHES)/'
printf 'one\ntwo\n' >two.txt
try build parts.onnx --stats parts.stats --images eight --names two.txt $auto
try compare parts.onnx int8.octet -i eight --names two.txt
try study parts.onnx -i eight --against eight --names two.txt

echo "== no labels"
printf 'path: .\ntrain: few\nval: few\nnames: [washer, bolt, nut, gear, defect]\n' >few.yaml
printf 'path: .\ntrain: eight\nval: eight\nnames: [washer, bolt, nut, gear, defect]\n' >eight.yaml
echo '{"images": [{"id": 1, "file_name": "else.jpg"}], "annotations": [], "categories": [{"id": 1, "name": "bolt"}]}' >else.json
sed 's/else/test-01/' else.json >none.json
try study parts.onnx -i "$calibration" --counts 4 --seeds 1 --data eight.yaml
try study parts.onnx -i "$calibration" --counts 4 --seeds 1 --annotations else.json --eval-images eight
try build parts.onnx --stats parts.stats --images eight --annotations else.json $auto
try build parts.onnx --stats parts.stats --images eight --annotations none.json $auto 2>&1 | tail -n 2
try build parts.onnx --stats parts.stats --images eight --annotations missing.json $auto

echo "== few pictures, or none"
try study parts.onnx -i few --against "$pictures"
try study parts.onnx -i "$calibration" --against few
try build parts.onnx --images few $auto
try inspect int8.octet --against few
try inspect parts.stats --against few --model parts.onnx
try calibrate --check int8.octet --images few
try calibrate --check int8.octet --images few parts.onnx
"$octet" compare fp32.octet int8.octet -i few --no-layers 2>&1 >/dev/null
make_picture 64 48 grey.ppm
"$octet" compare fp32.octet int8.octet -i grey.ppm --conf 0.9 --no-layers 2>&1 >/dev/null
for verb in "compare fp32.octet int8.octet -i empty" "study parts.onnx -i empty --against few" "study parts.onnx -i eight --against empty" \
    "build parts.onnx --images empty $auto" "inspect int8.octet --against empty" "calibrate --check int8.octet --images empty"; do
    refused "$verb" $verb
    grep -q '^octet: empty: no picture in this folder' refused.err || cat refused.err
done

echo "== one class, few boxes"
# scores of a few boxes, and of one class alone, are above
"$octet" compare fp32.octet int8.octet -i eight --conf 0.94 --no-layers 2>&1 >/dev/null | sed 's/[0-9][0-9]* box/N box/'
"$octet" compare fp32.octet int8.octet -i "$pictures" --conf 0.963 --no-layers 2>&1 >/dev/null

echo "== quantised, or not"
"$octet" export parts.onnx --stats parts.stats --format qdq -o qdq.onnx -q >/dev/null
try compare fp32.octet qdq.onnx -i eight --no-layers -q | head -n 3 | mask
try study qdq.onnx -i eight --against eight
try build qdq.onnx --images eight $auto
try inspect qdq.onnx --against eight
try calibrate --check qdq.onnx --images eight
try calibrate --check int8.octet --images eight qdq.onnx
try inspect fp32.octet --against eight
try inspect fp32.octet --against eight --model parts.onnx
try calibrate --check fp32.octet --images eight

echo "== cut short"
for bytes in 0 100 5000 300000; do
    cut_file int8.octet $bytes cut.octet
    cut_file parts.stats $bytes cut.stats
    cut_file parts.onnx $bytes cut.onnx
    for verb in "compare cut.octet int8.octet -i eight" "compare int8.octet cut.onnx -i eight" "study cut.onnx -i eight --against eight" \
        "build cut.onnx --images eight $auto" "build parts.onnx --stats cut.stats --images eight $auto" "inspect cut.stats --against parts.stats" \
        "inspect cut.octet --against parts.stats" "inspect int8.octet --against eight --model cut.onnx" "calibrate --check cut.octet --images eight" \
        "calibrate --check int8.octet --images eight cut.onnx"; do
        refused "$bytes: $verb" $verb
        grep -q 'cut\.[a-z]*: \(the file is empty\|truncated\|not an\|damaged\)' refused.err || cat refused.err
    done
done
make_picture 320 320 good.ppm
mkdir cut
for i in 0 1 2 3 4 5 6 7; do cut_file good.ppm $((i * 3000)) cut/$i.ppm; done
for verb in "compare fp32.octet int8.octet -i cut --no-layers" "study parts.onnx -i eight --against cut" "study parts.onnx -i cut --against eight" \
    "inspect int8.octet --against cut" "calibrate --check int8.octet --images cut parts.onnx"; do
    status=0
    "$octet" $verb -q >out 2>err || status=$?
    echo "$status, $(wc -l <out) results: $(tail -n 1 err)"
done

echo "== no permission"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    as="setpriv --reuid 65534 --regid 65534 --clear-groups"
else
    as=
fi
mkdir shut shut/ro
cp int8.octet parts.stats eight/test-04.jpg shut
chmod 000 shut/int8.octet shut/parts.stats shut/test-04.jpg
chmod 555 shut/ro
outside=$octet
cat >denied <<END
#!/bin/sh
exec $as "$outside" "\$@"
END
chmod 755 denied
octet=$PWD/denied
folder=$PWD
while [ "$folder" != / ]; do # those of the test are the owner's alone
    [ ! -O "$folder" ] || chmod a+x "$folder"
    folder=$(dirname "$folder")
done
tested=0
if $as test -r parts.onnx && $as test -x "$outside" && ! $as test -r shut/int8.octet; then
    for verb in "compare fp32.octet shut/int8.octet -i eight" "compare fp32.octet int8.octet -i eight -o shut/ro --no-layers" \
        "compare fp32.octet int8.octet -i eight -o shut/ro/new --no-layers" "study parts.onnx -i eight --against eight -o shut/ro" \
        "inspect shut/parts.stats --against parts.stats" "inspect parts.stats --against shut/parts.stats" \
        "inspect int8.octet --against shut/parts.stats" "calibrate --check shut/int8.octet --images eight" \
        "build parts.onnx --stats shut/parts.stats --images eight $auto" \
        "build parts.onnx --stats parts.stats --images eight --imgsz 160 --float-layers auto -o shut/ro/x.octet" \
        "build parts.onnx --stats parts.stats --images eight --costs shut/ro/c $auto"; do
        refused "$verb" $verb
        grep -q 'Permission denied$' refused.err || cat refused.err
        tested=$((tested + 1))
    done
fi
[ $tested -eq 11 ] || [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null || echo "not tried: $tested"
octet=$outside

echo "== a full disk"
"$octet" calibrate parts.onnx --images eight -o eight.stats -q >/dev/null
(
    ulimit -f 8 # of any file that grows, also that of what is printed
    try compare fp32.octet int8.octet -i eight -o full --no-layers -q | grep -e octet -e status
    try compare fp32.octet int8.octet -i eight -o full --no-layers --worst 0 -q | grep -e octet -e status
    try study parts.onnx -i eight --counts 4 --seeds 1 --against eight -o studied -q
    try build parts.onnx --stats parts.stats --images eight $auto -q
) >disk.txt
cat disk.txt
files full
files studied
for verb in "compare fp32.octet int8.octet -i eight --no-layers" "inspect int8.octet --against eight.stats" "calibrate --check int8.octet --images eight"; do
    for form in "" --json; do
        status=0
        "$octet" $verb $form -q >/dev/full 2>err || status=$?
        echo "$status: $(cat err)"
    done
done
files . | grep -e '^x' -e '^\.octet'
true
