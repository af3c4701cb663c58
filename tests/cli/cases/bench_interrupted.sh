# SPDX-License-Identifier: Apache-2.0
# A bench that is ended early reports what it has, says so, and dies of the signal.
. "$support"
need_demo
cp "$(engine)" parts.octet
cp "$model" parts.onnx
interrupt() { # ARGUMENT...
    local status=0
    "$octet" bench "$@" --warmup 0 --imgsz 64 --threads 1 >out.txt 2>err.txt &
    sleep 2
    kill -TERM $!
    wait $! || status=$?
    echo "exit status $status"
}
{
    interrupt parts.octet parts.onnx --iterations 1000000
} 2>/dev/null
sed -E 's/[0-9.]+/N/g; s/ +/ /g' out.txt | grep -E '^(model|parts)' | grep -v unreliable | sed -E 's/ N (kB|MB)$/ SIZE/'
cat err.txt
{
    interrupt parts.octet --iterations 1000000 --json
} 2>/dev/null
grep -E '"(interrupted|iterations)"' out.txt | mask
tail -n 1 out.txt
cat err.txt
