# SPDX-License-Identifier: Apache-2.0
# Files that are not there or not what they should be.
. "$support"
: >empty.onnx
echo 'This is not a model.' >text.onnx
mkdir folder
printf '\377\0\0\0\0\0\0\0{' >short.octet
printf '\20\0\0\0\0\0\0\0{"a":[1,2,3]}   ' >other.safetensors
for file in none.onnx folder empty.onnx text.onnx short.octet other.safetensors; do
    try inspect $file
    make_picture 8 8 picture.ppm
    try detect $file picture.ppm
    try calibrate $file --images picture.ppm -o x.stats
    try build $file --precision fp32 -o x.octet
    try bench $file
done
files .
