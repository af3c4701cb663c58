# SPDX-License-Identifier: Apache-2.0
# As eval_ap.sh, on the two sets that take long: where OCTET_TEST_LONG is set.
. "$support"
need_data
[ -n "${OCTET_TEST_LONG:-}" ] || skip "takes long (set OCTET_TEST_LONG)"
near 0.4166 0.5777 "$data/models/yolov8n.onnx" --images "$data/coco/images/val2017" \
    --annotations "$data/coco/annotations/instances_val2017_dev155_boxarea.json"
near 0.4498 0.5799 "$data/models/yolov8n.onnx" --images "$data/cctv/images/val" --classes car \
    --annotations "$data/cctv/annotations/instances_dev80.json"
