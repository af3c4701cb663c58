# SPDX-License-Identifier: Apache-2.0
# Outputs that cannot be written are found out before the work, and standard output that cannot be is a failure.
. "$support"
mkdir folder
make_picture 8 8 picture.ppm
try build none.onnx --precision fp32 -o none/x.octet
try build none.onnx --precision fp32 -o folder
try calibrate none.onnx --images picture.ppm -o none/x.stats
echo text >file
try detect none.onnx picture.ppm -o file
try detect none.onnx picture.ppm -o file/below
try detect none.onnx picture.ppm -o .
mkfifo pipe
try build none.onnx --precision fp32 -o pipe
rm pipe
files .
echo "full:"
"$octet" --help >/dev/full || echo "[exit status $?]"
"$octet" detect --help >/dev/full || echo "[exit status $?]"
echo "closed:"
"$octet" --help >&- || echo "[exit status $?]"
echo "pipe:"
{ sleep 0.3; "$octet" bench --help || echo "[exit status $?]" >&2; } | true
