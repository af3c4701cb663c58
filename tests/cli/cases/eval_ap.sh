# SPDX-License-Identifier: Apache-2.0
# AP of real models on real pictures, within 0.001 of pycocotools' with ONNX Runtime. The two sets that take long run
# where OCTET_TEST_LONG is set.
. "$support"
need_data
near() { # WANTED AP AND AP50, ARGUMENT...
    local ap=$1 ap50=$2
    shift 2
    "$octet" eval "$@" -q --json >eval.json || echo "[exit status $?]"
    awk -v ap="$ap" -v ap50="$ap50" -F '[:,]' '
        function off(a, b) { return a > b ? a - b : b - a }
        $1 ~ /^  "ap"/ { if (off($2, ap) > 0.001) print "AP is " $2 }
        $1 ~ /^  "ap50"/ { if (off($2, ap50) > 0.001) print "AP50 is " $2; print "checked" }' eval.json
}
steel=$data/neudet/annotations/instances_dev180.json
near 0.3808 0.7142 "$data/models/neudet-yolov8n-224.onnx" --annotations "$steel" --images "$data/neudet/images/val"
if [ -n "${OCTET_TEST_LONG:-}" ]; then
    near 0.4166 0.5777 "$data/models/yolov8n.onnx" --images "$data/coco/images/val2017" \
        --annotations "$data/coco/annotations/instances_val2017_dev155_boxarea.json"
    near 0.4498 0.5799 "$data/models/yolov8n.onnx" --images "$data/cctv/images/val" --classes car \
        --annotations "$data/cctv/annotations/instances_dev80.json"
else
    echo checked
    echo checked
fi
