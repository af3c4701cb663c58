# SPDX-License-Identifier: Apache-2.0
# Films in folders, patterns and lists, among pictures; samples of them all.
. "$support"
need_demo
need_films
film=$root/demo/belt.mp4
mkdir mixed
cp "$film" mixed/b.mp4
cp "$film" mixed/d.MP4
cp "$pictures/test-00.jpg" mixed/a.jpg
cp "$pictures/test-01.jpg" mixed/c.jpg
touch mixed/c.txt mixed/.hidden.mp4

# look SOURCE... ARGUMENT...: the frames in their order, and what is said besides.
look() {
    echo "\$ $*"
    "$octet" detect "$(engine)" "$@" --every 30 --json-lines >said.out 2>said.err || echo "status $?"
    grep -o '^{"file": "[^"]*", "\(frame": [0-9]*\|error\)\|^{"file": "[^"]*' said.out
    grep -v "pictures,\|: H.264 by" said.err
}
echo "== folders and patterns"
look mixed
look 'mixed/*.mp4'
look 'mixed/[ab].*'
look mixed -o out --save-txt
ls out

echo "== lists"
printf '%s\n' ./mixed/d.MP4 mixed/a.jpg 'videotestsrc num-buffers=31 ! video/x-raw,width=64,height=64' \
    rtsp://user:secret@127.0.0.1:9/x mixed/b.mp4 >list.txt
look list.txt
grep -c secret said.out said.err
printf '%s\n' mixed/none.mp4 mixed/a.jpg >missing.txt
look mixed/a.jpg missing.txt

echo "== samples"
# sample COUNT SOURCE...: how many frames each gives
sample() {
    "$octet" detect "$(engine)" "${@:2}" --count "$1" --json-lines --quiet | grep -o '^{"file": "[^"]*' | uniq -c
}
sample 10 mixed
sample 2 mixed
sample 1 mixed/b.mp4 mixed/d.MP4
sample 200 mixed
sample 9 list.txt
"$octet" calibrate "$model" --images mixed --count 12 -o mixed.stats --json --quiet | grep -o '"images": [0-9]*'
"$octet" build "$model" --images mixed --count 5 -o mixed.octet | grep -o 'calibration *[0-9]* pictures'
try detect "$(engine)" mixed --annotations none.json --save-json -o out
exit 0
