# SPDX-License-Identifier: Apache-2.0
# octet compare on two devices, the GPU being a stand-in; and one that is ended early.
. "$support"
need_demo
cp "$(engine)" int8.octet
cp "$model" float.onnx
apart
[ -n "$stand_in" ] || skip "the stand-ins are not beside this program"

echo "the same engine on both: the same boxes, equal layers; alone where B runs on the CPU"
with "$stand_in" try compare int8.octet int8.octet -i "$pictures" -n 8 --device cpu,cuda |
    sed -n -e '/^[AB]:/p' -e '/layers of/p' -e '/^agreement/p' -e '/equal/p' | awk '/^ *[0-9]+ / { print $6, NF; next } 1' | uniq -c
with "$stand_in" "$octet" compare int8.octet int8.octet -i "$pictures" -n 8 --device cuda,cpu -q --json >json
grep -c '"alone_equal": true' json
with "$stand_in" "$octet" compare int8.octet int8.octet -i "$pictures" -n 8 --device cuda -q --json >json
sed -n 's/^    "device": //p' json
grep -c '"equal": true' json
grep -c '"alone' json
echo "no such GPU"
with "$stand_in" try compare int8.octet int8.octet -i "$pictures" --device cpu,cuda:1
try compare int8.octet int8.octet -i "$pictures" --device cuda,cpu 2>&1 | sed 's/:.*//'

echo "ended early"
mkdir many
for i in $(seq 400); do cp "$pictures"/test-04.jpg "many/many-$i.jpg"; done
{
    status=0
    env --default-signal=INT "$octet" compare float.onnx int8.octet -i many --threads 1 -o drawn --worst 1 --json >json 2>err.txt &
    sleep 1.5
    kill -INT $!
    wait $! || status=$?
} 2>/dev/null
echo "status $status"
sed 's/[0-9][0-9]*/N/' err.txt
grep '"interrupted"' json
awk -F '[:,]' '/^  "images"/ { print ($2 > 0 && $2 < 400) ? "some" : $2 }' json
tail -n 1 json
files drawn | sed 's/many-[0-9]*/NAME/'
