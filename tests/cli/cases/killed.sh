# SPDX-License-Identifier: Apache-2.0
# Ended half-way: no output, and on a signal that can be caught nothing left beside it either (but by calibrate; see
# resume.sh).
. "$support"
need_demo
mkdir in
make_picture 640 480 in/1.ppm
for i in $(seq 2 400); do
    ln in/1.ppm in/$i.ppm
done
interrupt() { # SIGNAL ARGUMENT...
    local signal=$1 status=0
    shift
    "$octet" "$@" >out.txt 2>err.txt &
    sleep 0.8
    kill -"$signal" $! 2>/dev/null || echo "it ended too early"
    wait $! || status=$?
    echo "$signal $1: exit status $status, $(grep -c ^octet: err.txt) line(s)"
}
# Not the shell's own words about a job that was killed.
{
    interrupt KILL calibrate "$model" --images in --imgsz 1280 -o x.stats
    interrupt TERM build "$model" --images in --imgsz 1280 -o x.octet
    interrupt TERM bench "$model" --imgsz 1280 --iterations 100000
    interrupt TERM detect "$model" in --imgsz 1280 -o drawn
} 2>/dev/null
files . | grep -v -e '^in$' -e txt || true
files drawn | grep -v '^[0-9]*\.jpg$' || true
for file in drawn/*; do
    [ "$(tail -c 2 "$file" | od -An -tx1)" = ' ff d9' ] || echo "$file is cut"
done
