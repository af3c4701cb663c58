# SPDX-License-Identifier: Apache-2.0
# AP of a real model on real pictures, within 0.001 of pycocotools' with ONNX Runtime.
. "$support"
need_data
steel=$data/neudet/annotations/instances_dev180.json
near 0.3808 0.7142 "$data/models/neudet-yolov8n-224.onnx" --annotations "$steel" --images "$data/neudet/images/val"
