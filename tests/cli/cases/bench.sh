# SPDX-License-Identifier: Apache-2.0
# The figures' places, not the figures.
. "$support"
need_demo
cp "$model" parts.onnx
cp "$(engine)" parts.octet
few='--warmup 1 --iterations 12 --imgsz 64 --threads 1'
try bench parts.octet parts.onnx $few | tail -n +2 | mask | sed -e 's/ N [kM]B$/ SIZE/' -e 's/ $//'
try bench parts.octet $few --peak | tail -n +2 | mask | tail -n 3 | sed 's/ N [kM]B/ SIZE/'
try bench parts.octet $few --streams 2 --batch 3 --json >json
sed -n '2,$p' json | sed -E -e 's/: [0-9.e+-]+/: N/' -e 's/"cpu": .*/"cpu": ..,/' -e 's/"isa": .*/"isa": ..,/' \
    -e 's/"kernel_sets": .*/"kernel_sets": ..,/'
grep -E '"(batch|streams|threads|iterations|height)"' json
try bench parts.octet $few --layers | sed -n '/layers, mean/,$p' | head -n 3 | mask
try bench parts.octet $few --imgsz 64x96 --json | grep -c '"width": 96'
try bench parts.octet none.octet $few
