# SPDX-License-Identifier: Apache-2.0
# What detectors are called, and how many boxes they take where they select by themselves.
. "$support"
need_data
[ -d "$data/family/models" ] || skip "no test data of other families"
for file in "$data"/family/models/*.onnx; do
    try inspect "$file" | head -n 2
done
