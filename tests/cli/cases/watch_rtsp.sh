# SPDX-License-Identifier: Apache-2.0
# octet watch over RTSP (tests/video/rtsp_server.c): a camera that goes away and comes back, one that spoils its frames, one
# that changes its size, one that falls silent; a film beside them loses nothing by it.
. "$support"
need_speed
need_demo
need_films
film=$root/demo/belt.mp4
parts=$(engine)
"$octet" detect "$parts" 'videotestsrc num-buffers=30 ! video/x-raw,width=160,height=120,framerate=25/1' \
    -o small.mp4 --quiet >/dev/null 2>&1 || skip "no encoder of H.264"
cp "$film" belt.mp4
value() { sed -n "s/.*\"$1\": *\([-0-9.e]*\|\"[a-z]*\"\),*$/\1/p" summary.json | sed -n "${2}p"; }
# until SECONDS PATTERN: waits for a line.
until_line() {
    for _ in $(seq $(($1 * 10))); do
        grep -qs "$2" said.err && return
        sleep 0.1
    done
    echo "no '$2' came:"
    cat said.err
}

echo "== away and back"
camera --loop --user user:secret "$film"
first=$port
"$octet" watch "$parts" "rtsp://user:secret@127.0.0.1:$first/belt" belt.mp4 --json -o lines.jsonl >summary.json 2>said.err &
watcher=$!
until_line 30 'belt: 320x320'
until_line 30 '^octet: 127.*320x320'
kill "$camera"
until_line 30 'trying again'
camera --loop --user user:secret --port "$first" "$film"
until_line 60 'back after'
sleep 1
kill "$watcher"
wait "$watcher"
echo "status $?"
grep '^octet: 127' said.err | sed "s/$first/PORT/; s/: [^:]*; trying/: WHY; trying/" | mask | sort -u
echo "$(value state 1), $(value reconnects 1) reconnect"
grep -o '"state": "[a-z]*"' lines.jsonl | sort | uniq -c | sed 's/^ *//'
! grep -q secret lines.jsonl summary.json said.err || echo "a password was printed"
kill "$camera"

echo "== spoilt frames and another size"
camera --loop --damage 3 "$film" small.mp4
"$octet" watch "$parts" "rtsp://127.0.0.1:$port/belt" belt.mp4 --duration 8 --json -o sizes.jsonl >summary.json 2>said.err
echo "status $?"
grep -o '"message": "[0-9]*x[0-9]*' sizes.jsonl | sort -u
[ "$(value results 1)" -gt 50 ] || echo "only $(value results 1) results"
echo "$(value state 1), $(value failed 1) failed; $(value state 2), $(value frames 2) frames"
kill "$camera"

echo "== silence"
camera --loop --stall 30 "$film"
"$octet" watch "$parts" "rtsp://127.0.0.1:$port/belt" --duration 14 --json -o silent.jsonl >summary.json 2>said.err
echo "status $?"
grep -o 'nothing came.*' said.err
echo "$(value reconnects 1) reconnect"
exit 0
