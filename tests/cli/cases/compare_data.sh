# SPDX-License-Identifier: Apache-2.0
# octet compare on the models of the test data: float against INT8, other exports, other models.
. "$support"
need_speed
need_data
cd "$data"
val=coco/images/val2017
"$octet" calibrate models/yolov8n.onnx --images coco/images/train2017 -n 32 -q -o "$OLDPWD/n.stats" >/dev/null
"$octet" build models/yolov8n.onnx --stats "$OLDPWD/n.stats" -o "$OLDPWD/n.octet" -q >/dev/null
echo "float and INT8:"
"$octet" compare models/yolov8n.onnx "$OLDPWD/n.octet" -i $val -n 40 -q --json >"$OLDPWD/json"
awk -F '[:,]' '
    /^  "agreement_ap"/ { print ($2 > 0.94 && $2 < 0.995) ? "agree" : $2 }
    /^  "matched"/ { matched = $2 } /^  "boxes"/ { boxes = $2 }
    /"rms"/ { if ($2 > 0.06) print "scores " $2 }
    /"alone_sqnr_db"/ { n++; if ($2 < 24) print "alone " $2 }
    END { print n " layers", (matched >= 0.97 * boxes ? "matched" : matched " of " boxes) }' "$OLDPWD/json"
echo "another export of the same weights:"
"$octet" compare models/yolov8n.onnx models/yolov8n-op11.onnx -i $val -n 8 -q --no-layers | grep -E '^(agreement AP|boxes|box)'
echo "Q/DQ made by others:"
"$octet" compare models/yolov8n.onnx models/yolov8n-ort-qdq-entropy.onnx -i $val -n 20 -q --json >"$OLDPWD/json"
awk -F '[:,]' '
    /^  "agreement_ap"/ { print ($2 > 0.7 && $2 < 0.97) ? "agree" : $2 }
    /^  "layers_[ab]"/ { layers = layers $2 } /"alone_sqnr_db"/ { n++ }
    END { print n " of" layers }' "$OLDPWD/json"
echo "other models:"
try compare models/yolov8n.onnx models/neudet-yolov8n-224.onnx -i $val
"$octet" compare models/yolov8n.onnx models/yolov8s.onnx -i $val -n 8 -q --json | grep -c '"alone_sqnr_db"'
