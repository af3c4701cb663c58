# SPDX-License-Identifier: Apache-2.0
# build --precision auto: what it measures and prints, that it keeps its word, and what it refuses.
. "$support"
need_speed
need_demo
cp "$model" parts.onnx
cp "$(stats)" a.stats
small='--imgsz 160 --threads 1'
for precision in half fp32; do
    "$octet" build parts.onnx --precision $precision -o $precision.octet >/dev/null
done
"$octet" build parts.onnx --stats a.stats -o int8.octet >/dev/null

# chosen FILE.json: the candidate that was chosen must be the fastest of those that agree (half may be 2 % slower than
# FP32), and its engine the one that --precision builds.
chosen() {
    awk -F'[:,]' '
        /"precision"/ { precision = $2; gsub(/[" ]/, "", precision) }
        /"time_beside_fp32"/ { time = $2 + 0 }
        /"agrees"/ { agrees = $2 ~ /true/ }
        /"chosen"/ {
            n++
            if ($2 ~ /true/) { picked = precision; its = time; good = agrees; count++ }
            if (agrees && (!best || time < best)) best = time
        }
        END {
            allowed = picked == "half" ? 1.02 : 1
            if (n != 3 || count != 1 || !good || its > best * allowed) print "a wrong choice:", picked, its, best
            print picked >"picked"
        }' "$1"
}

echo "pictures calibrate and judge:"
try build parts.onnx --precision auto --images "$calibration" --count 4 $small --save-stats p.stats -o a.octet |
    mask | sed -e 's/^a.octet: .* engine, .*/a.octet: PRECISION engine, SIZE/' -e '/^ calibration/d' -e 's/kernels [A-Za-z0-9]*/kernels SET/' -e 's/^ weights .*/ weights ../' -e 's/ chosen$//' -e 's/ $//'
echo "statistics alone:"
try build parts.onnx --precision auto --stats a.stats --threads 1 -o b.octet --json >b.json
grep warning b.json
sed '/^octet:/d; /^\$/d' b.json | tail -n +2 | sed -n 's/^ *"\([a-z_]*\)".*/\1/p' | sort -u | tr '\n' ' '
echo
chosen b.json
cmp b.octet "$(cat picked).octet"
echo "statistics, and pictures that judge; what cannot agree is not chosen:"
"$octet" build parts.onnx --precision auto --stats a.stats --images "$pictures" $small --min-agreement 100 -o c.octet \
    --json >c.json
chosen c.json
cmp c.octet "$(cat picked).octet"
awk '/"agreement_ap": 0/ { below++ } /"agrees": false/ { left_out++ }
    END { print below + 0 == left_out + 0 ? "those below were left out" : "not those below" }' c.json
echo "a picture of nothing:"
make_picture 64 64 nothing.ppm
try build parts.onnx --precision auto --stats a.stats --images nothing.ppm $small -o d.octet | grep -e warning -e judged
echo "refused:"
for options in '' '--images x --min-agreement 101' '--stats x --min-agreement 90' '--stats x --images y --save-stats z'; do
    try build parts.onnx --precision auto -o x.octet $options | head -n 2
done
try build parts.onnx --precision int8 --stats x --min-agreement 90 -o x.octet | head -n 2
refused "no such picture" build parts.onnx --precision auto --stats a.stats --images none.jpg -o x.octet
ls
