# SPDX-License-Identifier: Apache-2.0
# octet watch: films as cameras, zones, limits, cameras that are not there, and how it ends.
. "$support"
need_demo
need_films
film=$root/demo/belt.mp4
cp "$film" belt.mp4
parts=$(engine)
watch() { "$octet" watch "$parts" --threads 2 "$@"; }
# value KEY N: the N-th number of that name in the summary.
value() { sed -n "s/.*\"$1\": *\([-0-9.e]*\|\"[a-z]*\"\),*$/\1/p" summary.json | sed -n "${2}p"; }

echo "== lines"
watch belt.mp4 >lines.jsonl 2>said.err
mask <said.err
head -n 1 lines.jsonl | mask
tail -n 1 lines.jsonl | mask
grep -c '"frame": ' lines.jsonl >frames.txt
sed -n '/"frame": 0,/p' lines.jsonl | grep -o '"camera": .*"frame": 0\|"width.*"detections"'
grep -o '"time": "[^"]*"' lines.jsonl | grep -vE '"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"'

echo "== every frame is accounted for"
watch belt.mp4 belt.mp4 --speed 20 --json --quiet >summary.json
for n in 1 2; do
    echo "$(value state $n), $(value frames $n) frames," \
        "$(($(value results $n) + $(value dropped $n) + $(value failed $n))) of them looked at or dropped"
done
grep '"camera"' summary.json
watch belt.mp4 --speed 4 --fps 5 --json --quiet >summary.json
echo "$(value passed_over 1) passed over at 5 frames/s"

echo "== the same boxes as detect"
boxes() { sed 's/.*"detections": //; s/, "age_ms".*//; s/, "time_ms".*//'; }
watch belt.mp4 --speed 0.2 --duration 4 --quiet 2>/dev/null | grep '"frame"' >slow.jsonl
"$octet" detect "$parts" belt.mp4 --json-lines --quiet >detect.jsonl
grep -o '"frame": [0-9]*,' slow.jsonl >numbers.txt
grep -F -f numbers.txt detect.jsonl | boxes >expected.txt
boxes <slow.jsonl | cmp - expected.txt && [ -s expected.txt ] && echo "the same"

watch belt.mp4 --speed 0.2 --duration 3 --quiet --rect --imgsz 192x320 2>/dev/null | grep '"frame"' >slow.jsonl
"$octet" detect "$parts" belt.mp4 --rect --imgsz 192x320 --json-lines --quiet >detect.jsonl
grep -o '"frame": [0-9]*,' slow.jsonl >numbers.txt
grep -F -f numbers.txt detect.jsonl | boxes >expected.txt
boxes <slow.jsonl | cmp - expected.txt && [ -s expected.txt ] && grep -q '"input_width": 192, "input_height": 192' detect.jsonl &&
    echo "the same, at the size for the frames' shape"

echo "== zones and classes"
cat >zones.yaml <<'END'
cameras:
  all: belt.mp4
  left: {source: belt.mp4, zones: {left: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]}}
  right: {source: belt.mp4, zones: {right: [160,0, 320,0, 320,320, 160,320], bottom: "0,0.5,1,0.5,1,1,0,1"}}
  bolts:
    source: belt.mp4
    classes: [bolt, nut]
    confidence: 0.5
    weight: 2
END
watch zones.yaml --speed 0.3 --duration 3 --quiet >zones.jsonl
# awk on the middle of each box: the zones' own arithmetic, said otherwise
grep -h '"camera": "\(left\|right\)", "frame"' zones.jsonl | grep -o '"camera": "[a-z]*"\|"box_xyxy": [^]]*], "zones": \[[^]]*\]' |
    awk -F '[][,]' '/camera/ { camera = $0; next }
        { x = ($2 + $4) / 2; left += /"left"/; right += /"right"/
          if (/"left"/ && x >= 160 || /"right"/ && x < 160) print "not there: " camera " " $0 }
        END { if (left && right) print "boxes stand in their zones" }'
grep -c '"zones": \[\]' zones.jsonl
grep '"camera": "bolts"' zones.jsonl | grep -o '"class_name": "[a-z]*"' | sort -u
grep '"camera": "all"' zones.jsonl | grep -c zones

echo "== mistakes in the file"
mistake() {
    cat >cams.yaml
    try watch "$parts" cams.yaml
}
mistake <<<'camera: {a: belt.mp4}'
mistake <<<'cameras: {}'
mistake <<<'cameras: belt.mp4'
mistake <<<'cameras: {a: {fps: 3}}'
mistake <<<'cameras: {a: {source: belt.mp4, fsp: 3}}'
mistake <<<'cameras: {a: {source: belt.mp4, fps: -3}}'
mistake <<<'cameras: {a: {source: belt.mp4, weight: lots}}'
mistake <<<'cameras: {a: {source: belt.mp4, weight: 2, weight: 3}}'
mistake <<<'cameras: {a: {source: belt.mp4, zones: {b: [[0, 0], [1, 1]]}}}'
mistake <<<'cameras: {a: {source: belt.mp4, zones: {b: [[0, 0], [1, 1], [0, 1, 1]]}}}'
mistake <<<'cameras: {a: {source: belt.mp4, zones: {b: [0, 0, 1, nan, 1, 1]}}}'
mistake <<<'cameras: {a: {source: belt.mp4, zones: [[0, 0], [1, 1], [0, 1]]}}'
mistake <<<'cameras: {a: {source: belt.mp4, classes: [bolt, screww]}}'
mistake <<<'cameras: {a: {source: belt.mp4, classes: []}}'
mistake <<<'cameras: [belt.mp4, {name: belt, source: belt.mp4}]'
mistake <<<'cameras: {a: nothing.mp4}'
mistake <<<'cameras: {a: cams.yaml}'
mistake <<<'{cameras: {a: belt.mp4}, mqtt: {adress: x}}'
mistake <<<'cameras: {a: [belt.mp4}'
try watch "$parts" belt.mp4 --mqtt-topic x
try watch "$parts" belt.mp4 -o - --json
try watch "$parts" belt.mp4 --classes screww
try watch nothing.octet belt.mp4
try watch "$parts" "$pictures/test-00.jpg"

echo "== cameras that are not there cost nobody a frame"
head -c 20000 belt.mp4 >cut.mp4
cat >bad.yaml <<'END'
cameras:
  good: belt.mp4
  cut: cut.mp4
  away: rtsp://user:secret@127.0.0.1:9/cam
END
"$octet" watch "$parts" bad.yaml --duration 5 --json -o bad.jsonl >summary.json 2>bad.err
echo "status $?"
for n in 1 2 3; do echo "$(value state $n) $(value frames $n)"; done
grep -v '^octet: good' bad.err | mask | sort
grep -o '"state": "[a-z]*"' bad.jsonl | sort
! grep -q secret bad.jsonl summary.json bad.err || echo "a password was printed"

echo "== again and again"
"$octet" watch "$parts" belt.mp4 --loop --speed 20 -o rounds.jsonl --json --quiet >summary.json &
for _ in $(seq 300); do grep -qsE '"frame": (1[5-9]|[2-9][0-9])[0-9],' rounds.jsonl && break; sleep 0.1; done
kill $!
wait $!
[ "$(value frames 1)" -gt 150 ] && echo "more than two rounds, $(value reconnects 1) reconnects, $(value state 1)"

echo "== a camera's size"
watch 'videotestsrc num-buffers=20 ! video/x-raw,width=64,height=48,framerate=10/1' --speed 10 2>&1 >/dev/null | mask | head -n 2

echo "== interrupted"
start=$(date +%s)
timeout --preserve-status -s INT 2 "$octet" watch "$parts" --quiet 'videotestsrc is-live=true ! video/x-raw,framerate=25/1' -o live.jsonl
echo "status $?"
[ $(($(date +%s) - start)) -le 4 ] || echo "it took $(($(date +%s) - start)) seconds"
[ "$(grep -c '"frame"' live.jsonl)" -gt 5 ] && echo "lines"
tail -c 1 live.jsonl | od -An -c
"$octet" watch "$parts" --quiet belt.mp4 --loop 2>pipe.err | head -n 2 | grep -c camera
cat pipe.err

echo "== over HTTP"
"$octet" watch "$parts" belt.mp4 --loop --http 0 -o http.jsonl 2>http.err &
server=$!
for _ in $(seq 100); do grep -qs metrics http.err && break; sleep 0.1; done
if grep -q 'package libmicrohttpd12\|built without' http.err; then
    wait $server
    echo "skipped: no libmicrohttpd" >&2
else
    port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\)/metrics.*|\1|p' http.err)
    page() { exec 3<>/dev/tcp/127.0.0.1/"$port"; printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3; cat <&3; exec 3>&-; }
    for _ in $(seq 300); do page /metrics | grep -q '^octet_camera_newest_result_age' && break; sleep 0.1; done
    page /healthz | tr -d '\r' | sed -n '1p;$p'
    page /metrics | tr -d '\r' >metrics.txt
    grep -o '^octet_camera_[a-z_]*{camera="belt"}\|^octet_[a-z_]*{output="[a-z]*"}\|^process_[a-z_]*\|^octet_.*_count.*}' metrics.txt
    page /else | head -n 1 | tr -d '\r'
    kill $server
    wait $server
    echo "status $?"
fi
exit 0
