# SPDX-License-Identifier: Apache-2.0
# Films as sources and as outputs, where liboctet-video was built.
. "$support"
need_demo
need_films
film=$root/demo/belt.mp4
frames() { "$octet" detect "$(engine)" "$1" --json-lines --quiet | grep -c '"frame"'; }

echo "== frames"
"$octet" detect "$(engine)" "$film" --json --quiet >all.json
grep -o '"frame": [0-9]*, "time": [0-9.]*, "width": [0-9]*, "height": [0-9]*' all.json | sed -n '1,2p;$p'
"$octet" detect "$(engine)" "$film" --every 25 --json-lines --quiet | grep -o '"frame": [0-9]*'
"$octet" detect "$(engine)" "$film" --count 3 --json-lines --quiet | grep -o '"frame": [0-9]*'
"$octet" detect "$(engine)" "$film" --every 40 --csv --quiet | sed -n 1p
"$octet" detect "$(engine)" "$film" "$pictures/test-00.jpg" --every 40 --csv --quiet | tail -n 1 | grep -o ',,$'
cd "$root" && "$octet" detect "$(engine)" demo/belt.mp4 --batch 4 --json --quiet |
    sed 's/, "time_ms".*//' | cksum >"$OLDPWD/batch.sum"
cd "$OLDPWD"
(cd "$root" && "$octet" detect "$(engine)" demo/belt.mp4 --json --quiet) | sed 's/, "time_ms".*//' | cksum |
    cmp - batch.sum && echo "the same at batch 4"

echo "== a film with boxes"
"$octet" detect "$(engine)" "$film" -o boxes.mp4 --quiet >/dev/null
"$octet" detect "$(engine)" "$film" -o boxes.mkv --quiet >/dev/null
echo "$(frames boxes.mp4) frames in the MP4, $(frames boxes.mkv) in the Matroska"
grep -c mp4a boxes.mp4 >/dev/null && echo "the MP4 has sound"
grep -c A_AAC boxes.mkv >/dev/null && echo "the Matroska has sound"
try detect "$(engine)" "$film" -o boxes.mp4 --save-txt
try detect "$(engine)" "$film" "$pictures" -o boxes.mp4
cp "$film" own.mp4
try detect "$(engine)" own.mp4 -o own.mp4
try detect "$(engine)" own.mp4 -o .

echo "== a folder"
"$octet" detect "$(engine)" "$film" -o out --every 25 --save-txt --save-frames --save-crop --save-json >/dev/null 2>&1
ls out out/labels out/frames
"$octet" detect "$(engine)" "$film" -o bare --every 25 --no-draw --save-frames >/dev/null 2>&1
find bare -type f | sort

echo "== calibration"
"$octet" calibrate "$model" --images "$film" --count 6 -o film.stats | mask
"$octet" calibrate "$model" --images "$film" --images "$calibration" --count 12 -o both.stats --json |
    grep -o '"images": [0-9]*'
"$octet" build "$model" --images "$film" --every 15 -o film.octet | grep -o 'calibration *[0-9]* pictures'
try calibrate "$model" --images "$film" -o film.stats --resume
try calibrate "$model" --images "$pictures" --every 2 -o film.stats

echo "== what is no film"
echo hello >text.mp4
head -c 20000 "$film" >cut.mp4
for file in text.mp4 cut.mp4 rtsp://user:secret@127.0.0.1:9/cam 'rtspsrc location=rtsp://127.0.0.1:9/ user-pw=secret ! x'; do
    "$octet" detect "$(engine)" "$file" --json-lines >said.out 2>said.err && echo "$file: status 0"
    grep -v pictures, said.err
    ! grep -q secret said.out said.err || echo "a password was printed"
done

echo "== interrupted"
start=$(date +%s)
timeout -s INT 2 "$octet" detect "$(engine)" -o live.mkv --quiet \
    'videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1' >/dev/null
echo "status $?"
[ $(($(date +%s) - start)) -le 4 ] || echo "it took $(($(date +%s) - start)) seconds"
[ "$(frames live.mkv)" -gt 10 ] && echo "the film is there"
ls -A | grep '^\.octet' || true

echo "== a full disk"
(
    ulimit -f 40
    "$octet" detect "$(engine)" "$film" -o full.mp4 --json-lines 2>full.err
    echo "status $?"
) | grep -o '"frame": 74\|status.*'
grep full.mp4 full.err | sed 's/: H.264.*//; s/full.mp4: .*: the film/full.mp4: WHY: the film/'
ls -A | grep '^\.octet' || true
exit 0
