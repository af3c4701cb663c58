# SPDX-License-Identifier: Apache-2.0
# An engine whose model selects boxes by limits of its own: inspect, detect and eval, and options against them.
. "$support"
need_demo
command -v python3 >/dev/null || skip "python3 is not there"
cp "$(engine)" plain.octet
# NAME LIMITS: the plain engine, with limits in its plan.
select_by() {
    python3 - "$1" "$2" <<'END'
import json, struct, sys
name, limits = sys.argv[1], json.loads(sys.argv[2])
data = open("plain.octet", "rb").read()
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + length])
plan = json.loads(header["__metadata__"]["octet.plan"])
plan["selection"] = limits
header["__metadata__"]["octet.plan"] = json.dumps(plan, separators=(",", ":"))
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
open(name, "wb").write(struct.pack("<Q", len(text)) + text + data[8 + length:])
END
}
limits='"max_per_class": 0, "multi_label": false, "class_agnostic": false'
select_by one.octet "{\"confidence\": 0.25, \"iou\": 1.0, \"max_detections\": 4, $limits}"
select_by nms.octet "{\"confidence\": 0.6, \"iou\": 0.3, \"max_detections\": 100,
    \"max_per_class\": 1, \"multi_label\": true, \"class_agnostic\": true}"
select_by bad.octet "{\"confidence\": 0.6, \"iou\": 3, \"max_detections\": 100, $limits}"
for file in plain one nms; do
    "$octet" inspect $file.octet | grep '^  selects by' || echo "$file: nothing of its own"
done
"$octet" inspect --json nms.octet | sed -n '/"selection"/,/}/p'
# What detect says, and how many boxes it finds.
boxes() {
    echo "\$ octet detect $*"
    "$octet" detect "$@" "$pictures"/test-0[0-3].jpg 2>messages | grep -c ' '
    grep -v ' ms a picture' messages
}
boxes plain.octet
boxes one.octet
boxes one.octet --max-det 300 --conf 0.001
boxes one.octet --max-det 300 --conf 0.25 --iou 0.7
boxes nms.octet
boxes nms.octet --max-det 300
"$octet" eval one.octet --data "$root/demo/data.yaml" --max-bad 1 2>&1 | grep -a 'confidence'
"$octet" eval nms.octet --data "$root/demo/data.yaml" --max-bad 1 2>&1 | grep -aE 'confidence|limits'
refused 'an overlap of 3' detect bad.octet "$pictures/test-00.jpg"
sed 's/^/  /' refused.err
