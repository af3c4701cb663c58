# SPDX-License-Identifier: Apache-2.0
# octet watch --drift and detect --drift on films: a world that changes is told of once, and once when it is as it was.
. "$support"
need_demo
need_films
# film PATTERN FRAMES: a pipeline's part that draws one frame a second.
film() {
    echo "videotestsrc pattern=$1 num-buffers=$2 ! video/x-raw,format=I420,width=320,height=320,framerate=1/1"
}
"$octet" build "$model" --images "$(film ball 32)" -o ball.octet -q >/dev/null
# changing BEFORE CHANGED AFTER: so many frames of each world.
changing() {
    echo "$(film ball "$1") ! queue ! c. $(film pinwheel "$2") ! queue ! c. $(film ball "$3") ! queue ! c." \
        "concat name=c ! videoconvert"
}
cat >cams.yaml <<END
cameras:
  changing: "$(changing 12 14 14)"
  steady: "$(film ball 40)"
END
shape() { sed -E 's/"time": "[^"]*"/"time": T/; s/[0-9]+\.[0-9]+/N/g; s/"pictures": [0-9]+/"pictures": N/'; }

echo "== a film"
"$octet" detect ball.octet "$(changing 60 80 80)" --drift --json-lines 2>said.err >lines.jsonl
grep drift: said.err | shape
grep -c 'warning: .* are no longer what ball.octet' said.err
grep -c 'are again what ball.octet' said.err

echo "== cameras"
"$octet" watch ball.octet cams.yaml --speed 10 --drift 2>said.err >lines.jsonl
echo "status $?"
grep '"drift"' lines.jsonl | shape
grep 'calibrated for' said.err | shape
grep drift: said.err | sed 's/([0-9]* looked at)/(N looked at)/' | shape
grep '"frame"' lines.jsonl | grep -c drift

echo "== the summary, with and without"
"$octet" watch ball.octet "$(film ball 20)" --speed 20 --drift --json -q | sed -n '/"drift"/,/}/p' | tr -d ' \n' |
    sed -E 's/"(pictures|rise_db)":[-0-9.e]+/"\1":N/g'
echo
"$octet" watch ball.octet "$(film ball 3)" --speed 20 --json -q | grep -c drift
"$octet" watch ball.octet "$(film ball 3)" --speed 20 --drift 2>&1 >/dev/null | grep drift:

echo "== refused"
"$octet" build "$model" --precision fp32 -o float.octet -q >/dev/null
try watch float.octet "$(film ball 3)" --drift

echo "== over HTTP"
"$octet" watch ball.octet "$(film pinwheel 1000)" --speed 10 --drift --http 0 -o http.jsonl 2>http.err &
server=$!
for _ in $(seq 100); do grep -qs metrics http.err && break; sleep 0.1; done
if grep -q 'package libmicrohttpd12\|built without' http.err; then
    wait $server
    echo "skipped: no libmicrohttpd" >&2
else
    port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\)/metrics.*|\1|p' http.err)
    for _ in $(seq 300); do grep -qs '"drift"' http.jsonl && break; sleep 0.1; done
    exec 3<>/dev/tcp/127.0.0.1/"$port"
    printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
    tr -d '\r' <&3 | grep '^octet_camera_drift' | sed -E 's/(drift_db.*) [1-9][0-9.]*$/\1 N/'
    kill $server
    wait $server
    echo "status $?"
fi
exit 0
