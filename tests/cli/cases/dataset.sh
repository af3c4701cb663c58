# SPDX-License-Identifier: Apache-2.0
# Datasets as people have them: names in two folders, other keys, paths of Windows, bytes that are no UTF-8.
. "$support"
need_demo
cp "$(engine)" parts.octet

# scored ARGUMENT...: what octet eval says, its exit status, and how many pictures and boxes took part.
scored() {
    local status=0
    echo "\$ octet eval $*"
    "$octet" eval parts.octet --json "$@" >scored.json || status=$?
    [ "$status" -eq 0 ] || echo "[exit status $status]"
    [ "$status" -ne 0 ] || sed -n 's/^  "\(images\|boxes\)": \([0-9]*\),/\1 \2/p' scored.json | tr '\n' ' '
    [ "$status" -ne 0 ] || echo
}
exec 2>&1

mkdir -p cams/cam1 cams/cam2 flat
for camera in 1 2; do
    for i in 1 2; do make_picture $((96 + 32 * camera)) 96 cams/cam$camera/$i.ppm; done
done
ln cams/cam1/1.ppm flat/1.ppm
ln cams/cam2/2.ppm flat/2.ppm

# truth NAME...: truth.json with a box on each picture.
truth() {
    local id=0 name images= boxes=
    for name in "$@"; do
        id=$((id + 1))
        images="$images${images:+,}{\"id\": $id, \"file_name\": \"$name\", \"width\": null, \"height\": null}"
        boxes="$boxes${boxes:+,}{\"id\": $id, \"image_id\": $id, \"category_id\": 1, \"bbox\": [32, 24, 32, 24],
            \"area\": null, \"iscrowd\": null}"
    done
    printf '{"categories": [{"id": 1, "name": "nut"}], "images": [%s],\n "annotations": [%s]}\n' "$images" "$boxes" \
        >truth.json
}

echo "== which file a picture is"
truth cam1/1.ppm cam1/2.ppm cam2/1.ppm cam2/2.ppm
scored -a truth.json -i cams -q
scored -a truth.json -i cams/cam1 -q
(cd cams/cam1 && cp ../../parts.octet . && scored -a ../../truth.json -i . -q --max-bad 0.5)
truth cam1/1.ppm cam2/2.ppm
scored -a truth.json -i flat 2>&1 | grep -v class
truth cam1/1.ppm cam2/1.ppm
scored -a truth.json -i flat
truth cam1/1.ppm cam1/1.ppm cam1/2.ppm .//cam1/./2.ppm cam2/1.ppm cam1/../cam2/1.ppm
scored -a truth.json -i cams
truth 'cam1\\1.ppm' 'C:\\data\\cam2\\2.ppm' /data/cams/cam2/1.ppm
scored -a truth.json -i cams -q
{ printf '\357\273\277'; cat truth.json; } >mark.json
scored -a mark.json -i cams -q
sed 's/\],$/,&/' truth.json >comma.json
scored -a comma.json -i cams
iconv -f UTF-8 -t UTF-16 truth.json >wide.json
scored -a wide.json -i cams

mkdir -p set/images/val set/labels/val roboflow/valid/images roboflow/valid/labels
for i in 1 2; do
    make_picture 128 96 set/images/val/$i.ppm
    printf '0.0 0.375 0.375 0.25 0.25\r\n' >set/labels/val/$i.txt
done
cp set/images/val/* roboflow/valid/images
cp set/labels/val/* roboflow/valid/labels
# given LINE...: a data.yaml of these lines, evaluated.
given() {
    printf '%b\n' "$@" >set/data.yaml
    scored -d set/data.yaml
}

echo "== keys and values"
quiet() { "$@" 2>&1 | grep -v '^octet: class'; }
quiet given 'validation: images/val' 'names: [nut]'
quiet given 'val:' 'valid: images/val' 'names: {"0": nut}'
quiet given '\0357\0273\0277val: images\\val\r' 'names:\r' '- nut\r'
quiet given 'path: .\\' 'val: [images\\val]' 'nc: 1' 'names: [nut]'
quiet given 'train: &all images/val' 'val: *all' 'names: [nut]'
quiet given 'val: images/val # pi\0350ces' 'names: [nut] # \0377' 'other: [\0350, "\0001"]'
quiet given '--- # of 2024' '{"val": "images/val", "names": ["nut",]}'
export HOME=$PWD/set
quiet given 'path: ~' 'val: ~/images/val' 'names: [nut]'
export HOME=$PWD
quiet given 'path: ~/set' 'val: images/val' 'names: [nut]'
printf 'train: ../train/images\nval: ../valid/images\nnc: 1\nnames: [nut]\n' >roboflow/data.yaml
quiet scored -d roboflow/data.yaml
printf 'val: val\nnames: [nut]\n' >set/images/data.yaml
quiet scored -d set/images/data.yaml
(cd set/images && cp ../../parts.octet . && quiet scored -d data.yaml)
printf '\357\273\277images\\val\\1.ppm\r\n./images/val/2.ppm\r\n' >set/list.txt
quiet given 'val: list.txt' 'names: [nut]'
quiet given 'path: .' 'val: [list.txt, ./images/val]' 'names: [nut]'
{ printf '\357\273\277'; cat set/labels/val/1.txt; } >mark && mv mark set/labels/val/1.txt
quiet given 'val: images/val' 'nc: 1'

echo "== refused"
given 'val: images/val' 'names:' '- \0350crou'
given 'val: images/v\0350l' 'names: [nut]'
given 'val: images/val' 'names: [nut]' 'nc: 5'
given 'val: images/val' 'nc: many'
given 'val: images/val' 'names: [nut]' 'val: images/val'
given 'val: images/val' 'names: {0: nut, 0: bolt}'
given 'val: images/val' 'names: [nut]' '---' 'names: [bolt]'
given 'val:' 'test: images/val' 'names: [nut]'
given 'val: images/val' 'names:' '\t- nut'
given 'val: *other'
given 'val: {a: b}' 'names: [nut]'
given 'names: [nut'
given '%\0324'
given '- val'
given ''
printf 'val: images/val\nnames: [nut]\n' | iconv -f UTF-8 -t UTF-16 >set/data.yaml
scored -d set/data.yaml
{ printf 'val: '; head -c 100000 /dev/zero | tr '\0' '['; } >set/data.yaml
scored -d set/data.yaml
head -c 5000000 /dev/zero | tr '\0' ' ' >set/data.yaml
scored -d set/data.yaml
cp set/images/val/1.ppm set/images/val/1.pgm
given 'val: images/val' 'names: [nut]'
rm set/images/val/1.pgm
echo '0 0.5 0.5 0.5 0.5 0.9' >set/labels/val/2.txt
given 'val: images/val' 'names: [nut]'

echo "a label file that is a link to what is gone is bad, not absent:"
mkdir -p gone/images gone/labels
cp "$pictures"/test-0[01].jpg gone/images
cp "$root"/demo/labels/test/test-01.txt gone/labels
ln -s nowhere gone/labels/test-00.txt
printf 'path: .\ntrain: images\nval: images\nnames: [a, b, c, d, e]\n' >gone/data.yaml
try eval "$(engine)" --data gone/data.yaml -q
