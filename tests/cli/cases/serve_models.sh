# SPDX-License-Identifier: Apache-2.0
# octet serve: the handshake about models, and models that Frigate sends.
. "$support"
need_demo
need_client
cp "$(engine)" parts.octet
cp "$(engine)" other.octet
cp "$model" parts.onnx
head -c 5000 parts.onnx >damaged.onnx
head -c 5000 parts.octet >damaged.octet
: >empty.onnx
"$client" - picture "$pictures/test-00.jpg" square.ppm 320x320
"$octet" detect parts.octet square.ppm --imgsz 320 --json -q >int8.json
"$octet" detect parts.onnx square.ppm --imgsz 320 --json -q >float.json

serve parts.octet --threads 1 --labelmap labels.txt
cat labels.txt
"$client" "$address" model parts.octet
"$client" "$address" model parts.onnx other.octet
"$client" "$address" sent /config/model_cache/yolo.onnx parts.onnx square.ppm float.json
"$client" "$address" boxes square.ppm int8.json
"$client" "$address" sent other.octet other.octet square.ppm int8.json
"$client" "$address" model other.octet
"$client" "$address" model none.onnx
"$client" "$address" model a.onnx damaged.onnx
"$client" "$address" model b.octet damaged.octet | sed 's/should have [0-9]*/should have N/'
"$client" "$address" model c.onnx empty.onnx
"$client" "$address" model ''
"$client" "$address" model d.octet other.octet
"$client" "$address" model e.octet other.octet
"$client" "$address" model f.octet other.octet
"$client" "$address" boxes square.ppm int8.json
stop TERM

echo "one model:"
serve parts.octet --threads 1 --fixed-model
"$client" "$address" model any.onnx other.octet
"$client" "$address" boxes square.ppm int8.json
stop TERM
