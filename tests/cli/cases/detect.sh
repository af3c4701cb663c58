# SPDX-License-Identifier: Apache-2.0
# Tables and JSON; sources of every kind; what must not change an INT8 engine's boxes.
. "$support"
need_demo
mkdir in
n=0
for file in $(ls "$pictures" | head -n 5); do
    n=$((n + 1))
    cp "$pictures/$file" in/p$n.${file##*.}
done
first=$(ls in | head -n 1)
engine=$(engine)
try detect "$engine" "in/$first" | sed -E -e 's/[a-z]+ +0\.[0-9]{3} .*/CLASS 0.NNN BOX/' -e 's/ +/ /g' |
    sed -e '/CLASS/{x;s/^/x/;/^xx/{x;d;};x;}' -e 's/[0-9]* detections*/N detections/' -e 's/ms a picture:.*/TIMES/'
boxes() {
    "$octet" detect "$@" --json -q >json || echo "exit status $?"
    sed 's/, "time_ms".*//' json
}
boxes "$engine" in >reference
echo "pictures: $(grep -c '"file": "in/p' reference)"
grep -q '"detections": \[{"class_id"' reference || echo "nothing was found in any picture"
head -n 2 json | tail -n 1 | sed -E 's/\[\{.*\}\], /[...], /' | mask
for options in '--batch 2' '--batch 4 --threads 1' '--threads 2' '--cpu ref' '--cpu max' '--conf=0.25 --iou=0.7'; do
    boxes "$engine" in $options >other
    cmp reference other || echo "differs with $options"
done
echo "the same from a list, a glob, a data.yaml, single files:"
printf '\357\273\277in/p1.%s\r\n' "${first##*.}" >list.txt
printf '%s\n' in/p[2-5].* >>list.txt
printf 'path: .\ntrain: in\nval: [in/p1.%s]\nnames: {0: a}\n' "${first##*.}" >data.yaml
boxes "$engine" list.txt | cmp - reference
boxes "$engine" 'in/*' | cmp - reference
boxes "$engine" in/p1.* in/p2.* in/p3.* in/p4.* in/p5.* | cmp - reference
boxes "$engine" data.yaml | sed 's|"file": "./|"file": "|; s|"file": "|&|' | cmp - reference
boxes "$engine" data.yaml:val | grep -c '"file"'
echo "a sample:"
for seed in 1 1 2 3; do
    boxes "$engine" in --count 2 --seed $seed | grep -o 'in/p[0-9]' | tr '\n' ' '
done
echo
try detect "$engine" in --count 9 --conf 1 --json -q | grep -c '"detections": \[\]'
echo "classes found in the first picture:"
"$octet" detect "$engine" "in/$first" -q --conf 0.5 | awk 'NR > 1 { print $2 }' | sort | uniq -c
try detect "$engine" "in/$first" --imgsz 96x160 --conf 1 | sed -e 's/ms a picture:.*/TIMES/' -e 's/ \+/ /g'
