# SPDX-License-Identifier: Apache-2.0
# octet serve, asked by pyzmq as Frigate's plug-in asks.
. "$support"
need_demo
need_client
for python in python3 /usr/bin/python3; do
    "$python" -c 'import zmq' 2>/dev/null && break
    python=
done
[ -n "$python" ] || skip "no pyzmq (python3-zmq)"
cp "$(engine)" parts.octet
"$client" - picture "$pictures/test-00.jpg" square.ppm 320x320
"$octet" detect parts.octet square.ppm --imgsz 320 --json -q >square.json
serve parts.octet --threads 1
"$python" "$root/tests/serve/zmq_client.py" "$address" square.ppm square.json
stop TERM
