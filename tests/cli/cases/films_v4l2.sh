# SPDX-License-Identifier: Apache-2.0
# A camera of this machine, where one is connected: its frames, or one line that says why there are none.
. "$support"
need_demo
need_films
device=
for path in /dev/video*; do
    [ ! -c "$path" ] || [ ! -r "$path" ] || device=${device:-$path}
done
[ -n "$device" ] || skip "no camera is connected"
status=0
"$octet" detect "$(engine)" "$device" --count 5 --json-lines >said.out 2>said.err || status=$?
case $status in
0) [ "$(grep -c '"frame"' said.out)" -eq 5 ] || echo "$(grep -c '"frame"' said.out) frames of 5" ;;
1) [ "$(grep -c "$device" said.err)" -eq 1 ] || cat said.err ;; # a device that encodes, or is in use
*) echo "status $status" ;;
esac
echo checked
