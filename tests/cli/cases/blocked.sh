# SPDX-License-Identifier: Apache-2.0
# Whatever an input waits for: the first signal ends it within a second, and leaves nothing behind.
. "$support"
need_demo
mkfifo fifo.jpg fifo.onnx fifo.txt fifo.yaml fifo.npy
picture=$pictures/$(ls "$pictures" | head -n 1)
# Waits until a process, which may be starved on a busy machine, waits for something itself.
await_rest() { # PID
    local before=none now
    while now=$(cut -d ' ' -f 14,15 "/proc/$1/stat") && [ "$now" != "$before" ]; do
        before=$now
        sleep 0.4
    done
}
blocked() { # SIGNAL ARGUMENT...
    local signal=$1 status=0 start
    shift
    "$octet" "$@" >out.txt 2>err.txt &
    await_rest $!
    start=$(date +%s%N)
    kill -"$signal" $! 2>/dev/null || echo "it ended too early"
    wait $! || status=$?
    # On a busy machine the second may be a little longer.
    [ $((($(date +%s%N) - start) / 1000000)) -lt 1500 ] || echo "it took too long"
    echo "$signal $*: exit status $status"
    cat err.txt
}
# Where the verb ends itself: on a busy machine its time may be up while it still closes its files.
ended() { # SIGNAL ARGUMENT...
    blocked "$@" | grep -vx 'octet: interrupted' || true
}
# Not the shell's own words about a job that was killed.
{
    ended TERM detect "$model" fifo.jpg
    ended HUP detect "$model" fifo.jpg "$picture" -o drawn
    blocked TERM detect fifo.onnx "$picture"
    blocked TERM inspect fifo.onnx
    ended TERM calibrate "$model" -i fifo.jpg -o x.stats
    ended TERM calibrate "$model" -i "$picture" -i fifo.jpg -o y.stats
    blocked TERM calibrate "$model" -i fifo.txt -o x.stats
    blocked TERM calibrate "$model" -i fifo.yaml -o x.stats
    ended TERM build "$model" -i fifo.jpg -o x.octet
    blocked TERM build "$model" --stats fifo.onnx -o x.octet
    blocked TERM build "$model" --trt-cache fifo.onnx -o x.octet
    blocked TERM export "$model" --format qdq --stats fifo.onnx -o y.onnx
    blocked TERM eval "$model" -a fifo.onnx -i .
    blocked TERM eval "$model" -d fifo.yaml
    blocked TERM run "$model" -i fifo.npy
    blocked TERM bench fifo.onnx
    # A list of files, so that there is a checkpoint; one of them blocks.
    printf '%s\n%s\nfifo.jpg\n' "$picture" "$picture" >list.txt
    ended TERM calibrate "$model" -i list.txt -o z.stats
} 2>/dev/null
echo "devices:"
try inspect /dev/zero
try detect /dev/null "$picture"
files .
