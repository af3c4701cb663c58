# SPDX-License-Identifier: Apache-2.0
# octet compare: interrupted at several places and resumed, to the same digits and files; states that are refused.
. "$support"
need_speed
need_demo
cp "$model" float.onnx
cp "$(engine)" int8.octet
"$octet" build float.onnx --precision fp32 -o fp32.octet -q >/dev/null
mkdir many
for turn in $(seq 12); do
    for picture in "$pictures"/*.jpg; do ln -s "$picture" "many/$turn-$(basename "$picture")"; done
done
total=$(ls many | wc -l)
options="float.onnx int8.octet -i many --threads 1 --json"

# started SECONDS ARGUMENT...: runs the command for so long, then SIGINT; its status as $status, results in part.json and
# what it says in part.err.
started() {
    local seconds=$1 process
    shift
    env --default-signal=INT "$octet" compare "$@" >part.json 2>part.err &
    process=$!
    sleep "$seconds"
    kill -INT $process 2>/dev/null
    status=0
    wait $process || status=$?
}
# position FILE: how many pictures a state has looked at.
position() { sed -n '2s/.*"position":\([0-9]*\).*/\1/p' "$1" | head -n 1; }
# same ONE OTHER: all but the time, and where drawn pictures lie.
same() {
    for file in "$1" "$2"; do sed -e '/"seconds"/d' -e 's|"drawn": "[a-z0-9]*/|"drawn": "|' "$file" >"$file.same"; done
    cmp "$1.same" "$2.same"
}

# whole ARGUMENT...: runs the command to its end, and takes its time.
whole() {
    local start=$(date +%s%N)
    "$octet" compare "$@" >whole.json 2>/dev/null
    whole_ms=$((($(date +%s%N) - start) / 1000000))
}
# until_done FOLDER ARGUMENT...: interrupts again and again, later where nothing was reached; tells how often.
until_done() {
    local folder=$1 seconds before=0 now times=0 resume=
    shift
    seconds=$(awk "BEGIN { print $whole_ms / 5000 }")
    for turn in $(seq 200); do
        started $seconds "$@" -o "$folder" $resume
        [ $status -ne 0 ] || break
        if [ ! -f "$folder/compare.partial" ]; then
            grep -q 'interrupted: nothing was measured' part.err || grep -q '^octet: interrupted$' part.err || cat part.err
            seconds=$(awk "BEGIN { print $seconds * 1.3 }")
            continue
        fi
        resume=--resume
        now=$(position "$folder/compare.partial")
        if [ "$now" -gt "$before" ]; then
            times=$((times + 1))
            tail -n 1 part.err | grep -q "interrupted after $now of $total pictures, of which the figures are; the same command with --resume goes on from $folder/compare.partial" || cat part.err
            awk -v now="$now" -F '[:,]' '/^  "images/ { n += $2 } END { exit n != now }' part.json ||
                echo "figures of other pictures"
            grep -q '"interrupted": true' part.json || echo "not interrupted"
            [ $status -eq 1 ] || echo "status $status"
        else
            seconds=$(awk "BEGIN { print $seconds * 1.3 }")
        fi
        before=$now
    done
    [ $status -eq 0 ] || { echo "never done"; cat part.err; }
    [ $times -ge 2 ] && echo "interrupted at several places"
} 2>/dev/null

echo "== with layers"
whole $options -o whole
until_done part $options
same whole.json part.json && echo "the same figures"
diff -r whole part && echo "the same files"
files part | sed 's/-test-.*//'
echo "== boxes only, with a picture that is left out"
echo broken >many/0-broken.jpg
total=$((total + 1))
options="fp32.octet int8.octet -i many --threads 1 --json --no-layers --max-bad 0.1 --worst 2"
whole $options -o whole2
until_done part2 $options
same whole.json part.json && echo "the same figures"
diff -r whole2 part2 && echo "the same files"
grep images_left_out part.json
rm many/0-broken.jpg

echo "== without a folder nothing is kept"
options="float.onnx int8.octet -i many --threads 1"
for seconds in 0.3 0.6 1 2; do
    started $seconds $options
    ! grep -q 'figures are of' part.err || break
done 2>/dev/null
sed 's/[0-9][0-9]*/N/' part.err
echo "status $status"

echo "== what is not resumed"
for seconds in 0.3 0.6 1 2 4; do
    started $seconds $options -o kept
    [ ! -f kept/compare.partial ] || break
    rm -rf kept
done 2>/dev/null
cp kept/compare.partial state
try compare $options --resume
try compare $options -o none --resume
files . | grep none
try compare float.onnx int8.octet -i - -o kept --resume
for other in "float.onnx int8.octet -i $pictures" "fp32.octet int8.octet -i many" "int8.octet float.onnx -i many" \
    "$options --no-layers" "$options --conf 0.3" "$options --imgsz 256" "$options -n 20"; do
    try compare $other -o kept --resume
done
cmp state kept/compare.partial
# refused in one line, and the state stays
size=$(wc -c <state)
for bytes in 22 60 200 $((size / 2)) $((size - 8)) $((size - 1)); do
    cut_file state $bytes kept/compare.partial
    cp kept/compare.partial cut
    refused "$bytes bytes" compare $options -o kept --resume -q
    grep -q 'kept/compare.partial: damaged: leave out --resume' refused.err || cat refused.err
    cmp cut kept/compare.partial
done
for at in 100 $((size / 2)) $((size - 4)); do
    cp state kept/compare.partial
    byte=$(od -An -tu1 -j $at -N 1 state)
    printf "\\$(printf %o $((byte ^ 1)))" | dd of=kept/compare.partial bs=1 seek=$at conv=notrunc 2>/dev/null
    refused "byte $at" compare $options -o kept --resume -q
    grep -q 'kept/compare.partial: damaged: leave out --resume' refused.err || cat refused.err
done
: >kept/compare.partial
try compare $options -o kept --resume
try compare $options -o kept
echo "mine" >kept/compare.partial
try compare $options -o kept --resume
try compare $options -o kept
cat kept/compare.partial
rm kept/compare.partial && mkdir kept/compare.partial
try compare $options -o kept
rmdir kept/compare.partial
cp state kept/compare.partial
"$octet" compare $options -n 8 -o kept 2>&1 >/dev/null
[ ! -e kept/compare.partial ]
