# SPDX-License-Identifier: Apache-2.0
# What a killed run left beside its output goes with the next run, what a living one writes does not.
. "$support"
need_demo
engine=$(engine)
printf '\223NUMPY\1\0' >x.npy
header="{'descr': '|u1', 'fortran_order': False, 'shape': (4000, 32, 32, 3), }"
printf "\\x$(printf %02x ${#header})\\0%s" "$header" >>x.npy
head -c 12288000 /dev/zero >>x.npy
mkdir out

# start: a run that writes into `out`, once its file is there.
start() {
    local before
    before=$(find out -name '.octet-*' | wc -l)
    "$octet" run "$engine" --input x.npy -o out -q >/dev/null 2>&1 &
    for i in $(seq 100); do
        [ "$(find out -name '.octet-*' | wc -l)" -le "$before" ] || return 0
        sleep 0.05
    done
    echo "no file came"
}
{
    start
    kill -STOP $!
    living=$!
    start
    kill -KILL $!
    wait $!
} 2>/dev/null
echo "two runs, one killed: $(files out | sed 's/[0-9a-f]\{16\}$/X/' | xargs)"
"$octet" build "$model" --precision fp32 -o out/new.octet -q >/dev/null
echo "after the next: $(files out | sed 's/[0-9a-f]\{16\}$/X/' | xargs)"
{
    kill -KILL "$living"
    wait "$living"
} 2>/dev/null
"$octet" build "$model" --precision fp32 -o out/new.octet -q >/dev/null
echo "when none is left: $(files out | xargs)"
