# SPDX-License-Identifier: Apache-2.0
# Films and cameras for a program without liboctet-video: one line, before the model is opened; the rest works.
. "$support"
[ -z "${LD_LIBRARY_PATH:-}" ] || skip "liboctet-video may be found by LD_LIBRARY_PATH"
cp "$octet" alone
octet=$PWD/alone
touch clip.mp4
try detect model.onnx clip.mp4
try detect model.onnx rtsp://user:secret@192.0.2.1/stream
try calibrate "$model" --images 'videotestsrc ! identity' -o a.stats
try detect model.onnx none.jpg
mkdir films mixed
touch films/a.mp4 films/b.mkv mixed/a.mp4
cp "$pictures/test-00.jpg" mixed
try detect "$(engine)" films
try detect "$(engine)" 'films/*'
"$octet" detect "$(engine)" mixed --csv 2>&1 >/dev/null | grep -v pictures, | sed 's/; ms.*//'
echo films/a.mp4 >list.txt
try detect "$(engine)" list.txt
try detect model.onnx /dev/video99
