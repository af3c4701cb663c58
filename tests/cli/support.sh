# SPDX-License-Identifier: Apache-2.0
# Sourced by the cases: . "$support". Given: $octet (the program), $root, $data, $shared (a folder for all cases).
set -u
model=$root/demo/parts.onnx
pictures=$root/demo/images/test
calibration=$root/demo/images/calibration

skip() {
    echo "$*"
    exit 77
}

# Of a sanitizer's build, which is many times slower; OCTET_TEST_LONG runs the case all the same.
need_speed() {
    [ -z "${OCTET_TEST_SANITIZED:-}" ] || [ -n "${OCTET_TEST_LONG:-}" ] ||
        skip "takes long under a sanitizer (set OCTET_TEST_LONG)"
}

need_demo() {
    [ -f "$model" ] && [ -d "$pictures" ] || { echo "demo/ is not there: it belongs to the sources"; exit 1; }
}

need_data() {
    [ -d "$data/models" ] || skip "no test data (set OCTET_TEST_DATA)"
}

# try ARGUMENT...: shows the command, what it prints on either stream, and its exit status unless that is 0.
try() {
    local status=0
    echo "\$ octet $*"
    "$octet" "$@" 2>&1 || status=$?
    [ "$status" -eq 0 ] || echo "[exit status $status]"
}

# Numbers become N and runs of blanks one blank, for output whose figures are not the point. Not those of where the
# project lies.
mask() {
    sed -E -e "s|$data_pattern|DATA|g" -e "s|$root_pattern|ROOT|g" -e 's/-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?/N/g' -e 's/ +/ /g'
}

# An INT8 and a float engine of the demo's model, and its statistics; made once for all cases.
stats() {
    [ -f "$shared/parts.stats" ] ||
        "$octet" calibrate "$model" --images "$calibration" --count 4 -o "$shared/parts.stats" >/dev/null
    echo "$shared/parts.stats"
}
engine() {
    [ -f "$shared/parts.octet" ] ||
        "$octet" build "$model" --stats "$(stats)" -o "$shared/parts.octet" >/dev/null
    echo "$shared/parts.octet"
}

# refused WHAT ARGUMENT...: the command must end with status 1, one line on standard error and nothing else; prints
# only what went otherwise.
refused() {
    local what=$1 status=0
    shift
    "$octet" "$@" >refused.out 2>refused.err || status=$?
    [ "$status" -eq 1 ] || echo "$what: exit status $status"
    [ "$(wc -l <refused.err)" -eq 1 ] && grep -q '^octet: .' refused.err ||
        { echo "$what: not one line:"; cat refused.err; }
    [ ! -s refused.out ] || { echo "$what: results:"; head -n 3 refused.out; }
}

# near AP AP50 ARGUMENT...: `octet eval` must give these figures within 0.001. Says "checked" once both were seen.
near() {
    local ap=$1 ap50=$2
    shift 2
    "$octet" eval "$@" -q --json >eval.json || echo "[exit status $?]"
    awk -v ap="$ap" -v ap50="$ap50" -F '[:,]' '
        function off(a, b) { return a > b ? a - b : b - a }
        $1 ~ /^  "ap"/ { seen++; if (off($2, ap) > 0.001) print "AP is " $2 }
        $1 ~ /^  "ap50"/ { seen++; if (off($2, ap50) > 0.001) print "AP50 is " $2 }
        END { if (seen == 2) print "checked" }' eval.json
}

# cut FILE BYTES TO: the first bytes of a file.
cut_file() {
    head -c "$2" "$1" >"$3"
}

# A small picture, WIDTH HEIGHT FILE: grey with a bright square, PPM.
make_picture() {
    awk -v w="$1" -v h="$2" 'BEGIN {
        printf "P6\n%d %d\n255\n", w, h
        for (y = 0; y < h; y++)
            for (x = 0; x < w; x++)
                printf (x > w / 4 && x < w / 2 && y > h / 4 && y < h / 2) ? "~~~" : "@@@"
    }' >"$3"
}

# The program as $octet, in a folder of its own: it looks for liboctet-cuda.so.0 beside itself first, where a build may
# have put the real one. Skips where the system's search would find one. $stand_in then is the folder of the stand-ins
# (tests/stand_in), empty where they were not built.
apart() {
    local folder
    for folder in $(echo "${LD_LIBRARY_PATH:-}" | tr ':' ' '); do
        [ ! -e "$folder/liboctet-cuda.so.0" ] || skip "liboctet-cuda.so.0 is in LD_LIBRARY_PATH"
    done
    ! /sbin/ldconfig -p 2>/dev/null | grep -q 'liboctet-cuda\.so\.0' || skip "liboctet-cuda.so.0 is installed"
    stand_in=
    for folder in "$(dirname "$octet")"/tests/stand_in "$(dirname "$octet")"/stand_in; do
        [ ! -e "$folder/liboctet-cuda.so.0" ] || stand_in=$folder
    done
    mkdir apart && cp "$octet" apart/octet && octet=$PWD/apart/octet
}

# with FOLDER COMMAND...: a command that finds the library in this folder.
with() {
    local folder=$1
    shift
    LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$@"
}

# files FOLDER: what is in it, hidden files too.
files() {
    ls -A "$1"
}

# unpack_tree NAME FOLDER: trees/NAME.tree as files. "== PATH" begins a file, "=> PATH TARGET" makes a link; \0 is NUL.
unpack_tree() {
    local line path=
    while IFS= read -r line; do
        case $line in
        '== '*)
            path=$2/${line#== }
            mkdir -p "$(dirname "$path")"
            : >"$path"
            ;;
        '=> '*)
            path=$2/$(echo "$line" | cut -d ' ' -f 2)
            mkdir -p "$(dirname "$path")"
            ln -s "$(echo "$line" | cut -d ' ' -f 3)" "$path"
            path=
            ;;
        *'\0') printf '%b' "$line" >>"$path" ;;
        *) [ -z "$path" ] || printf '%s\n' "$line" >>"$path" ;;
        esac
    done <"$root/tests/cli/trees/$1.tree"
}

# serve ARGUMENT...: starts `octet serve` in the background at a free port of this machine, or where --frigate says;
# $address then is where it listens, $server its process. What it says goes to serve.err and serve.out.
serve() {
    local i
    case " $* " in
    *' --frigate '*) ;;
    *) set -- "$@" --frigate 'tcp://127.0.0.1:*' ;;
    esac
    : >serve.err
    env --default-signal=INT "$octet" serve "$@" >serve.out 2>serve.err & # the shell has it ignored
    server=$!
    trap 'kill -KILL "$server" 2>/dev/null' EXIT
    for i in $(seq 600); do
        ! grep -q 'is served to Frigate' serve.err || break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    address=$(sed -n 's/.*is served to Frigate at //p' serve.err)
    [ -n "$address" ] || { echo "no server:"; cat serve.err; }
}

# stop SIGNAL: ends it; says how, and when that took long: a second, and one for a machine that is busy.
stop() {
    local status=0 start=$(date +%s%N)
    kill "-$1" "$server"
    wait "$server" || status=$?
    [ $(($(date +%s%N) - start)) -lt 2000000000 ] || echo "it took too long"
    echo "SIG$1: exit status $status"
}

# The client of tests/serve as $client; skips where it was not built.
need_client() {
    local folder
    client=
    for folder in "$(dirname "$octet")"/tests "$(dirname "$octet")"; do
        [ ! -x "$folder/frigate_client" ] || client=$folder/frigate_client
    done
    [ -n "$client" ] || skip "built without ZeroMQ (libzmq3-dev)"
}

# Skips where films are not read. Of a sanitizer's build, leaks of GStreamer's own are not reported.
need_films() {
    [ -e "$(dirname "$octet")/liboctet-video.so.0" ] || skip "built without GStreamer"
    export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}fast_unwind_on_malloc=0
    export LSAN_OPTIONS=suppressions=$root/tests/video/leaks.txt:print_suppressions=0
    "$octet" detect "$(engine)" "$root/demo/belt.mp4" --count 1 >first.txt 2>&1 ||
        skip "no decoder: $(tail -n 1 first.txt)"
    rm first.txt
}

# camera OPTION... FILM...: tests/video's RTSP server in the background, serving the films; $port then is its port and
# $camera its process. Skips where it was not built, or cannot serve.
camera() {
    local folder server= i
    for folder in "$(dirname "$octet")"/tests "$(dirname "$octet")"; do
        [ ! -x "$folder/rtsp_server" ] || server=$folder/rtsp_server
    done
    [ -n "$server" ] || skip "built without GStreamer's RTSP server (libgstrtspserver-1.0-dev)"
    : >camera.port
    "$server" "$@" >camera.port 2>camera.err &
    camera=$!
    disown "$camera"
    trap 'kill -KILL "$camera" 2>/dev/null' EXIT
    for i in $(seq 300); do
        [ ! -s camera.port ] || break
        kill -0 "$camera" 2>/dev/null || break
        sleep 0.1
    done
    port=$(cat camera.port)
    [ -n "$port" ] || skip "no RTSP server: $(tail -n 1 camera.err)"
}

# Skips where nothing can be trained; $trained then are options of a training that takes a second.
need_training() {
    "$octet" tune "$model" -i . -o none.octet 2>&1 | grep -q 'works with oneDNN' && skip "no oneDNN (libdnnl2)"
    trained="--imgsz 64 --threads 1"
}
