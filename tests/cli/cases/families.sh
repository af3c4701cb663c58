# SPDX-License-Identifier: Apache-2.0
# Detectors of other families are named, with the node that shows it.
. "$support"
need_data
[ -d "$data/family/models" ] || skip "no test data of other families"
for file in "$data"/family/models/yolo26*.onnx; do
    try inspect "$file"
done
