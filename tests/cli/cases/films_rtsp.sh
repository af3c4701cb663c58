# SPDX-License-Identifier: Apache-2.0
# A camera over RTSP (tests/video/rtsp_server.c): its frames, its password, and all the ways in which it fails.
. "$support"
need_speed
need_demo
need_films
film=$root/demo/belt.mp4
"$octet" detect "$(engine)" 'videotestsrc num-buffers=30 ! video/x-raw,width=160,height=120,framerate=25/1' \
    -o small.mp4 --quiet >/dev/null 2>&1 || skip "no encoder of H.264"
host=127.0.0.1

# watch ADDRESS ARGUMENT...: said.out and said.err; shows the status and what is wrong, ports as PORT.
watch() {
    local status=0 start=$(date +%s)
    timeout -s INT -k 5 60 "$octet" detect "$(engine)" "$@" --json-lines >said.out 2>said.err || status=$?
    echo "status $status"
    [ $(($(date +%s) - start)) -le 15 ] || echo "it took $(($(date +%s) - start)) seconds"
    grep -v 'pictures, \|came while\|: H.264 by' said.err | sed "s/:$port/:PORT/g"
    ! grep -q 'secret\|se%63ret' said.out said.err || echo "a password was printed"
}
frames() { grep -c '"frame"' said.out; }

echo "== frames"
for method in '' --digest; do
    camera --loop --user user:secret $method "$film"
    watch "rtsp://user:secret@$host:$port/belt" --count 20
    frames
    grep -o '"frame": [0-9]*' said.out | sed -n '1p;$p'
    sed -n 1p said.out | grep -o '"file": "[^"]*"\|"dropped"\|"width": [0-9]*, "height": [0-9]*' | sed "s/:$port/:PORT/"
    watch "rtsp://user:se%63ret@$host:$port/belt" --count 2
    frames
    watch "rtsp://user:secrets@$host:$port/belt" --count 2
    watch "rtsp://$host:$port/belt" --count 2
    kill "$camera"
done
camera --user 'user:s/c:r?t' "$film"
watch "rtsp://user:s/c:r?t@$host:$port/belt" --count 2
frames

echo "== none there"
watch "rtsp://user:s/c:r?t@$host:$port/bolt"
grep -c '"error"' said.out
kill "$camera"
watch "rtsp://user:secret@$host:$port/belt"

echo "== over UDP"
camera --loop "$film"
watch "rtspu://$host:$port/belt" --count 10
frames

echo "== calibration"
"$octet" calibrate "$model" --images "rtsp://$host:$port/belt" --count 5 -o camera.stats --json --quiet |
    grep -o '"images": [0-9]*'

echo "== interrupted"
env --default-signal=INT "$octet" detect "$(engine)" "rtsp://$host:$port/belt" -o live.mp4 --json-lines >said.out 2>said.err &
watcher=$!
for i in $(seq 200); do
    [ "$(wc -l <said.out)" -lt 30 ] || break
    sleep 0.1
done
start=$(date +%s%N)
kill -INT "$watcher"
wait "$watcher"
echo "status $?"
[ $(($(date +%s%N) - start)) -lt 2000000000 ] || echo "it took too long"
"$octet" detect "$(engine)" live.mp4 --json-lines --quiet >again.json
[ "$(wc -l <again.json)" -eq "$(wc -l <said.out)" ] || echo "$(wc -l <again.json) of $(wc -l <said.out) frames"
ls -A | grep '^\.octet' || true

echo "== killed in mid-stream"
(
    for i in $(seq 200); do
        [ "$(grep -c '"frame"' said.out)" -lt 20 ] || break
        sleep 0.1
    done
    kill -KILL "$camera"
) &
: >said.out
watch "rtsp://$host:$port/belt" -o killed.mkv
wait
[ "$(frames)" -ge 20 ] || echo "only $(frames) frames"
grep -c '"error"' said.out
written=$("$octet" detect "$(engine)" killed.mkv --json-lines --quiet | wc -l)
[ "$written" -eq "$(frames)" ] || echo "$written of $(frames) frames in the film"

echo "== its end"
camera "$film"
watch "rtsp://$host:$port/belt"
lost=$(grep -o '"dropped": [0-9]*' said.out | tail -n 1 | grep -o '[0-9]*')
[ $(($(frames) + lost)) -ge 60 ] || echo "only $(frames) frames of 75, and $lost lost while the network was busy"
kill "$camera"

echo "== another size"
camera --loop "$film" small.mp4
watch "rtsp://$host:$port/belt" --count 120 -o sizes.mkv
grep -o '"width": [0-9]*, "height": [0-9]*' said.out | uniq | sed -n 1,3p
"$octet" detect "$(engine)" sizes.mkv --json-lines --quiet | grep -o '"width": [0-9]*, "height": [0-9]*' | uniq -c
kill "$camera"

echo "== garbage"
camera --loop --damage 3 "$film"
watch "rtsp://$host:$port/belt" --count 40
frames
kill "$camera"

echo "== silent"
camera --stall 50 "$film"
watch "rtsp://$host:$port/belt"
[ "$(frames)" -gt 0 ] || echo "no frames" # of a camera the newest: a busy machine loses most of them
kill "$camera"
exit 0
