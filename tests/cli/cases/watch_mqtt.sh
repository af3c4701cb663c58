# SPDX-License-Identifier: Apache-2.0
# octet watch and a broker, which may have a password, go away and come back; and a Unix socket.
. "$support"
need_speed
need_demo
need_films
PATH=$PATH:/usr/sbin # where Debian has the broker
command -v mosquitto >/dev/null && command -v mosquitto_sub >/dev/null ||
    skip "no broker (the packages mosquitto and mosquitto-clients)"
cp "$root/demo/belt.mp4" belt.mp4
parts=$(engine)

# broker: starts one on a free port of loopback, with a user and a password.
broker() {
    mosquitto_passwd -b -c passwords octet secret-word 2>/dev/null
    chmod 600 passwords
    for port in ${port:-$(shuf -i 20000-30000 -n 20)}; do
        printf 'listener %s 127.0.0.1\npassword_file %s\n%s' "$port" "$PWD/passwords" \
            "$([ "$(id -u)" -ne 0 ] || printf 'user root\n')" >broker.conf
        mosquitto -c broker.conf >>broker.log 2>&1 &
        broker=$!
        for _ in $(seq 50); do
            subscribe -E -t x 2>/dev/null && return
            kill -0 $broker 2>/dev/null || break
            sleep 0.1
        done
    done
    skip "the broker does not start: $(tail -n 1 broker.log)"
}
subscribe() { mosquitto_sub -h 127.0.0.1 -p "$port" -u octet -P secret-word "$@"; }
finish() { kill $broker $pid 2>/dev/null; }
pid=
trap finish EXIT
broker

echo "== topics"
subscribe -W 20 -C 6 -t 'site/#' -v >got.txt &
listener=$!
sleep 0.3
cat >cams.yaml <<END
cameras: {belt/1: belt.mp4}
mqtt: {address: "mqtt://octet:secret-word@127.0.0.1:$port", topic: site/a}
END
"$octet" watch "$parts" cams.yaml -o lines.jsonl >out.txt 2>said.err
echo "status $?"
wait $listener
cut -d ' ' -f 1-2 got.txt | sort -u
grep detections got.txt | head -n 1 | cut -d ' ' -f 2- >sent.txt
grep -qF "$(cat sent.txt)" lines.jsonl && echo "the line that the file has"
subscribe -W 2 -t 'site/a/#' -v -C 2 | sort | sed 's/"time": "[^"]*"/TIME/' # retained
! grep -q secret-word said.err lines.jsonl out.txt got.txt || echo "the password was printed"

echo "== the world is another"
film() { echo "videotestsrc pattern=$1 num-buffers=16 ! video/x-raw,format=I420,width=320,height=320,framerate=1/1"; }
"$octet" build "$model" --images "$(film ball)" -o ball.octet -q >/dev/null
"$octet" watch ball.octet "$(film pinwheel)" --speed 10 --drift --quiet --mqtt "mqtt://octet:secret-word@127.0.0.1:$port"
subscribe -W 2 -t 'octet/+/drift' -v -C 1 | sed -E 's/"time": "[^"]*"/TIME/; s/[0-9]+\.[0-9]+/N/g'

echo "== without the password"
"$octet" watch "$parts" belt.mp4 --mqtt "mqtt://octet:wrong-word@127.0.0.1:$port" --duration 1 2>&1 |
    grep -i mqtt | sed "s/$port/PORT/; s/[0-9]* dropped/N dropped/"

echo "== a broker that goes away and comes back"
"$octet" watch "$parts" belt.mp4 --loop --mqtt "mqtt://octet:secret-word@127.0.0.1:$port" 2>away.err &
pid=$!
subscribe -W 20 -C 1 -t octet/belt/detections >/dev/null && echo "messages"
kill $broker
wait $broker
sleep 1
broker
subscribe -W 40 -C 1 -t octet/belt/detections >/dev/null && echo "messages again"
subscribe -W 2 -C 1 -t octet/status
kill $pid
wait $pid
echo "status $?"
subscribe -W 2 -C 1 -t octet/status
! grep -q secret-word away.err || echo "the password was printed"
exit 0
