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
