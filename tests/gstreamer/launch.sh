#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# launch.sh OCTET ROOT: the elements by GStreamer's own tools: what gst-inspect-1.0 says of them, pipelines of gst-launch-1.0
# from pictures, test patterns and films to the end, their errors, what they leave behind (the leaks tracer).
# The environment says where the plug-in lies.
set -euo pipefail
octet=$1 root=$2
for tool in gst-inspect-1.0 gst-launch-1.0; do
    command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
for element in jpegdec videotestsrc videoconvert decodebin multifilesrc; do
    gst-inspect-1.0 --exists $element || { echo "skipped: GStreamer has no $element"; exit 77; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "launch: $*"; exit 1; }
export LC_ALL=C GST_DEBUG_NO_COLOR=1
model=$folder/parts.octet
picture=$root/demo/images/test/test-00.jpg
"$octet" build "$root/demo/parts.onnx" --images "$root/demo/images/calibration" --count 4 -q -o "$model" >/dev/null

# says TEXT FILE: a line of it, blanks as they come. No pipe: grep leaves at the first line that it finds, which ends
# `tr` in the middle of a long log by a signal, and a script with pipefail then takes the find for a failure.
says() { grep -qF -e "$1" <<<"$(tr -s ' \t' ' ' <"$2")" || { cat "$2"; fail "'$1' is not said"; }; }

inspected() {
    gst-inspect-1.0 octetdetect >"$folder/detect" || fail "gst-inspect-1.0 octetdetect"
    gst-inspect-1.0 octetoverlay >"$folder/overlay" || fail "gst-inspect-1.0 octetoverlay"
    says 'Long-name octet object detector' "$folder/detect"
    says 'Klass Filter/Analyzer/Video' "$folder/detect"
    says "Version $("$octet" --version | grep -o '[0-9.]*[0-9]' | head -n 1)" "$folder/detect"
    says 'format: { (string)NV12, (string)I420, (string)YUY2, (string)RGB, (string)BGR }' "$folder/detect"
    says 'Double. Range: -1 - 1 Default: -1' "$folder/detect"
    says 'Integer. Range: 0 - 30000 Default: 0' "$folder/detect"
    says 'String. Default: "cpu"' "$folder/detect"
    says 'Unsigned Integer. Range: 0 - 4294967295 Default: 0' "$folder/detect"
    local property
    for property in model device cache threads rect confidence iou max-detections classes interval message qos; do
        grep -q "^  $property  *: [A-Z]" "$folder/detect" || fail "octetdetect has no property $property"
    done
    says 'Long-name octet overlay' "$folder/overlay"
    says 'Klass Filter/Editor/Video' "$folder/overlay"
    for property in labels scores line-width font-size; do
        grep -q "^  $property  *: [A-Z]" "$folder/overlay" || fail "octetoverlay has no property $property"
    done
}

# launch EXPECTED ELEMENT...: a pipeline that ends well, with so many messages of detections, or with `some`. Its log is
# left.
launch() {
    local expected=$1 count
    shift
    timeout 120 gst-launch-1.0 -m "$@" >"$folder/log" 2>&1 || { cat "$folder/log"; fail "gst-launch-1.0 $*"; }
    grep -q 'Got EOS from element' "$folder/log" || { cat "$folder/log"; fail "no end of stream: $*"; }
    count=$(grep -c 'octet-detections' "$folder/log" || true)
    [ "$count" = "$expected" ] || { [ "$expected" = some ] && [ "$count" -gt 0 ]; } || { cat "$folder/log"; fail "$count messages, not $expected: $*"; }
}

# refused TEXT ELEMENT...: a pipeline that fails, with these words and without a crash.
refused() {
    local text=$1 status=0
    shift
    timeout 60 gst-launch-1.0 -m "$@" >"$folder/log" 2>&1 || status=$?
    [ "$status" = 1 ] || [ "$status" = 255 ] || { cat "$folder/log"; fail "status $status: $*"; }
    says "$text" "$folder/log"
}

# leaks ELEMENT...: launch, with every object that outlives the pipeline told; there must be none.
leaks() {
    GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7 launch "$@"
    ! grep 'object-alive, type-name=(string)[^%]' "$folder/log" || fail "objects are left: $*"
}

detect=(octetdetect model="$model" message=true)
inspected

launch 1 filesrc location="$picture" ! decodebin ! videoconvert ! "${detect[@]}" ! octetoverlay ! fakesink
says 'label\=\(string\)nut' "$folder/log"
pictures=(multifilesrc location="$root/demo/images/test/test-%02d.jpg" start-index=0 stop-index=5
    caps=image/jpeg,framerate=25/1 ! jpegdec ! videoconvert)
for format in NV12 I420 YUY2 RGB BGR; do
    launch 6 "${pictures[@]}" ! video/x-raw,format=$format ! "${detect[@]}" ! octetoverlay ! fakesink
    says 'confidence\=\(double\)0.9' "$folder/log"
done
launch 2 "${pictures[@]}" ! "${detect[@]}" interval=2 ! octetoverlay ! fakesink

# Two streams of one engine in one process; the file that is drawn holds a picture.
launch 9 "${pictures[@]}" ! "${detect[@]}" ! octetoverlay ! videoconvert ! jpegenc ! \
    multifilesink location="$folder/drawn-%d.jpg" \
    videotestsrc num-buffers=3 ! video/x-raw,width=322,height=242 ! "${detect[@]}" ! octetoverlay ! fakesink
"$octet" detect "$model" "$folder/drawn-0.jpg" >/dev/null || fail "the drawn picture cannot be read"
! cmp -s "$folder/drawn-0.jpg" "$picture" || fail "nothing was drawn"

leaks 6 "${pictures[@]}" ! "${detect[@]}" ! octetoverlay ! fakesink
GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7 refused 'no model' videotestsrc num-buffers=2 ! octetdetect ! fakesink
! grep -q 'object-alive, type-name=(string)[^%]' "$folder/log" || { cat "$folder/log"; fail "a refusal leaves objects"; }

printf 'no engine\n' >"$folder/text.octet"
refused 'no-such.octet' videotestsrc num-buffers=2 ! octetdetect model="$folder/no-such.octet" ! fakesink
refused 'text.octet' videotestsrc num-buffers=2 ! octetdetect model="$folder/text.octet" ! fakesink
refused "no class 'elephant'" videotestsrc num-buffers=2 ! "${detect[@]}" classes=elephant ! fakesink
refused "can't handle caps" videotestsrc num-buffers=2 ! video/x-raw,format=ARGB ! "${detect[@]}" ! fakesink

films=0
for film in "${OCTET_TEST_DATA:-/nowhere}"/video/*.mp4; do
    [ -f "$film" ] || continue
    # The first pictures of it; where GStreamer has no decoder for it, there is nothing to test.
    if timeout 60 gst-launch-1.0 filesrc location="$film" ! decodebin ! video/x-raw ! fakesink num-buffers=1 \
        >"$folder/log" 2>&1; then
        launch some filesrc location="$film" ! decodebin ! videoconvert ! identity eos-after=6 ! "${detect[@]}" ! \
            octetoverlay ! fakesink
        films=$((films + 1))
    fi
done

echo "launch: elements inspected, pipelines run, errors told, nothing left; $films films"
