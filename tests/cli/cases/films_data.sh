# SPDX-License-Identifier: Apache-2.0
# Larger films of the test data: every frame comes, picks lie evenly, and what is written has as many frames.
. "$support"
need_demo
need_films
[ -f "$data/video/car-detection.mp4" ] || skip "no films in the test data"
for film in car-detection mmdet_demo; do
    "$octet" detect "$(engine)" "$data/video/$film.mp4" -o "$film.mkv" --json-lines --quiet >"$film.json"
    "$octet" detect "$(engine)" "$film.mkv" --json-lines --quiet >again.json
    echo "$film: $(grep -c '"frame"' "$film.json") frames, $(grep -c '"frame"' again.json) of them written"
    "$octet" detect "$(engine)" "$data/video/$film.mp4" --count 4 --json-lines --quiet | grep -o '"frame": [0-9]*, "time": [0-9.]*'
done
# The same boxes whether a frame was jumped to or came in its turn; its number then is worked out from its time.
plain() { sed -e 's/, "time_ms".*//' -e 's/"frame": [0-9]*, //'; }
"$octet" detect "$(engine)" "$data/video/car-detection.mp4" --count 4 --json-lines --quiet | plain >picks.json
plain <car-detection.json | grep -cFxf picks.json
