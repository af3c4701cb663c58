# SPDX-License-Identifier: Apache-2.0
# The figures' places, not the figures.
. "$support"
need_demo
cp "$model" parts.onnx
cp "$(engine)" parts.octet
steady() { sed -E -e '/: unreliable: /d' | cat -s; } # it depends on the machine
few='--warmup 1 --iterations 12 --imgsz 64 --threads 1'
# the machine's name, kernels, cores and quota are its own
machine() { sed -E '1s/^.+, kernels [a-z0-9]+, [0-9]+ cores?(, CPU quota [0-9.]+)?$/MACHINE/'; }
try bench parts.octet parts.onnx $few | tail -n +2 | machine | mask | sed -e 's/ N [kM]B$/ SIZE/' -e 's/ $//' | steady | sed '$ { /^$/d }'
try bench parts.octet $few --peak | tail -n +2 | mask | steady | grep -A 1 '^model' | sed 's/ N [kM]B/ SIZE/'
try bench parts.octet $few --streams 2 --batch 3 --json >json
sed -n '2,$p' json | sed -E -e 's/: [0-9.e+-]+/: N/' -e 's/"reliable": (true|false)/"reliable": ../' -e 's/"drift": .*/"drift": N,/' -e 's/"cpu": .*/"cpu": ..,/' -e 's/"isa": .*/"isa": ..,/' -e 's/"cpu_quota": .*/"cpu_quota": ..,/' \
    -e 's/"kernel_sets": .*/"kernel_sets": ..,/'
grep -E '"(batch|streams|threads|iterations|height)"' json
try bench parts.octet $few --layers | sed -n '/layers, medians/,$p' | head -n 3 | mask
try bench parts.octet $few --imgsz 64x96 --json | grep -c '"width": 96'
try bench parts.octet none.octet $few
make_picture 200 100 picture.ppm
try bench parts.octet $few --image picture.ppm | sed -n '/way$/,$p' | mask
try bench parts.octet $few --image picture.ppm --json | grep -A 12 '"pipeline"' | sed -E 's/: [0-9.e+-]+/: N/'
try bench parts.octet $few --histogram | sed -n '/latencies$/,$p' | mask | sed -e 's/#.* N$/BAR/' | head -n 2
try bench parts.octet $few --layers --json | grep -A 8 '"layers"' | sed -E 's/: [0-9.e+-]+(,?)$/: N\1/'
try bench parts.octet $few --image none.ppm
try bench parts.octet $few --frame 99x55 | sed -n '/way from memory$/,$p' | mask
try bench parts.octet $few --frame 99x55:yuy2 --image picture.ppm --json | grep -A 13 '"frame"' | sed -E 's/: [0-9.e+-]+/: N/'
for frame in 640 640x0 640x480: 640x480:nv21 32767x32767; do try bench parts.octet $few --frame $frame; done
