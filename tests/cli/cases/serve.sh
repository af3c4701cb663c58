# SPDX-License-Identifier: Apache-2.0
# octet serve, asked as Frigate asks: the boxes of octet detect, several clients, wrong requests, clients without
# patience, and its end.
. "$support"
need_demo
need_client
cp "$(engine)" parts.octet
"$client" - picture "$pictures/test-00.jpg" square.ppm 320x320
cp "$pictures/test-00.jpg" photo.jpg
found() { "$octet" detect parts.octet "$1" --json -q "${@:2}"; }
found square.ppm --imgsz 320 >square.json
found square.ppm --imgsz 320 --conf 0.02 --max-det 20 >many.json
found photo.jpg >photo.json

echo "boxes:"
serve parts.octet --threads 1
"$client" "$address" boxes square.ppm square.json
"$client" "$address" boxes photo.jpg photo.json # 480x360 is no size of a network's
"$client" "$address" two square.ppm square.json
"$client" "$address" reset square.ppm square.json
stop INT
sed -E 's/127.0.0.1:[0-9]+/127.0.0.1:PORT/; s/ms a frame.*;/ms a frame;/; s/[0-9]+ repl.*/N replies/; s/[0-9]+ objects/N objects/; s/[0-9]+ frames of [0-9]+ clients/N frames of N clients/' serve.err
cat serve.out

echo "other settings:"
serve parts.octet --threads 1 --imgsz 320 --conf 0.02 --json
"$client" "$address" boxes square.ppm many.json
stop TERM
grep -E '"(model|clients|requests|frames|model_requests|models_received|mistakes|undelivered)"' serve.out
grep -c -E '"(median|mean|p90|p99|min|max)": [0-9.]+' serve.out

echo "at the size for the frame's shape:"
found photo.jpg --rect >photo-rect.json
found square.ppm --rect --imgsz 192x320 >square-rect.json
serve parts.octet --threads 1 --rect
"$client" "$address" boxes photo.jpg photo-rect.json
stop TERM
serve parts.octet --threads 1 --rect --imgsz 192x320
"$client" "$address" boxes square.ppm square-rect.json
stop TERM

echo "wrong requests:"
serve parts.octet --threads 1
"$client" "$address" garbage square.ppm
port=${address##*:}
for text in 'GET / HTTP/1.0\r\n\r\n' '\377\0\0\0\0\0\0\0\1\177' ''; do
    printf "$text" >"/dev/tcp/127.0.0.1/$port" # no ZeroMQ at all
done
"$client" "$address" boxes square.ppm square.json
stop TERM
sed -E 's/at tcp.*/at ADDRESS/; s/client [0-9]+/client N/; s/ms a frame.*;/ms a frame;/; s/[0-9]+ requests with/N requests with/' serve.err | sort | uniq -c | sed 's/^ *//' | head -n 40

echo "each request told:"
serve parts.octet --threads 1 -v
"$client" "$address" boxes square.ppm square.json
"$client" "$address" model parts.onnx
stop TERM
grep '^octet: client' serve.err | sed -E 's/ms: .*/ms: N/'
