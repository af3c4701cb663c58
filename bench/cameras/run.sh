#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How many cameras fit on this machine, end to end (decoding, letterbox, network, selection of boxes, lines of JSON):
#   bench/cameras/run.sh FILM NUMBERS ENGINE...
#   bench/cameras/run.sh mmdet_demo.mp4 "4 8 12" int8.octet fp32.octet
# FILM plays as a camera does, NUMBERS of them at once, for SECONDS (default 30) each; engines take turns. Prints what share
# of the frames was dropped, the age of results (from when a frame was due, so decoding is in it) and the processor time.
# BUILD names octet's build folder (default: build), THREADS the cores (default: all), WORK a place for the film.
#   FPS=25 SIZE=1280x720 BITRATE=4000 bench/cameras/run.sh FILM ...
# first makes a film of a minute of that size and rate of FILM's frames, again and again, as H.264 in kbit/s.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$here/../../build}
work=${WORK:-$build/cameras}
[ $# -ge 3 ] && [ -f "$1" ] || { echo 'usage: bench/cameras/run.sh FILM "NUMBER..." ENGINE...' >&2; exit 2; }
film=$1 numbers=$2
shift 2
mkdir -p "$work"

if [ -n "${FPS:-}" ]; then
    made=$work/$(basename "$film" .mp4)-${SIZE:-1280x720}-$FPS-${BITRATE:-4000}.mp4
    if [ ! -f "$made" ]; then
        width=${SIZE%x*} height=${SIZE#*x}
        caps="video/x-raw,format=I420,width=${width:-1280},height=${height:-720}"
        # %05d.yuv: multifilesrc plays numbered files in a loop
        rm -rf "$work/frames" && mkdir "$work/frames"
        gst-launch-1.0 -q filesrc location="$film" ! decodebin ! videoconvert ! videoscale ! "$caps" ! \
            multifilesink location="$work/frames/%05d.yuv"
        count=$(ls "$work/frames" | wc -l)
        gst-launch-1.0 -q multifilesrc location="$work/frames/%05d.yuv" loop=true stop-index=$((count - 1)) \
            num-buffers=$((60 * FPS)) caps="$caps,framerate=$FPS/1" ! rawvideoparse format=i420 \
            width="${width:-1280}" height="${height:-720}" framerate="$FPS/1" ! \
            x264enc bitrate="${BITRATE:-4000}" speed-preset=veryfast key-int-max=$((2 * FPS)) bframes=0 ! \
            h264parse ! mp4mux ! filesink location="$made.part"
        mv "$made.part" "$made"
        rm -rf "$work/frames"
    fi
    film=$made
fi

number() { sed -n "s/.*\"$1\": *\([-0-9.e]*\),*$/\1/p" "$work/watch.json"; }
printf '%-8s %-20s %9s %9s %9s %9s %9s %9s\n' cameras engine frames/s 'dropped %' median p99 longest 'cores'
for n in $numbers; do
    sources=()
    for _ in $(seq "$n"); do sources+=("$film"); done
    for engine in "$@"; do
        "$build/octet" watch "$engine" "${sources[@]}" --loop --duration "${SECONDS_EACH:-30}" ${THREADS:+--threads "$THREADS"} \
            --quiet --json -o /dev/null >"$work/watch.json"
        { number seconds; number cpu_s; number frames; echo; number dropped | head -n "$n"; echo; number median; echo; number p99; echo; number max; } |
            awk -v n="$n" -v engine="$(basename "$engine" .octet)" '
                NF == 0 { part++; next }
                part == 0 { if (!seconds) seconds = $1; else if (!cpu) cpu = $1; else frames += $1 }
                part == 1 { dropped += $1 }
                part == 2 { if ($1 > median) median = $1 }
                part == 3 { if ($1 > p99) p99 = $1 }
                part == 4 { if ($1 > longest) longest = $1 }
                END { printf "%-8d %-20s %9.1f %9.2f %9.1f %9.1f %9.1f %9.2f\n", n, engine, frames / seconds,
                      100 * dropped / frames, median, p99, longest, cpu / seconds }'
    done
done
