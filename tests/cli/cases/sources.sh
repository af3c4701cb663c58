# SPDX-License-Identifier: Apache-2.0
# SOURCE that is nothing or holds nothing; found out before the model is opened.
. "$support"
mkdir empty other
touch other/readme.md other/clip.gif .hidden.jpg
try detect model.onnx none.jpg
try detect model.onnx empty
try detect model.onnx other
try detect model.onnx 'none/*.jpg'
try detect model.onnx 'other/*'
printf 'other/readme.md\n\nnone.jpg\r\n' >list.txt
try detect model.onnx list.txt
: >nothing.txt
try detect model.onnx nothing.txt
head -c 3000 /dev/urandom | tr -d '\n' >noise.txt
refused noise detect model.onnx noise.txt
echo 'train: [a, b' >broken.yaml
try detect model.onnx broken.yaml
echo 'just text' >text.yaml
try detect model.onnx text.yaml
echo 'val: empty' >data.yaml
try detect model.onnx data.yaml
try detect model.onnx data.yaml:val
try detect model.onnx data.yaml:tset
echo 'train: {a: b}' >map.yaml
try detect model.onnx map.yaml
echo 'train: gone' >gone.yaml
try detect model.onnx gone.yaml
try detect model.onnx none.yaml:val
printf 'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n' >many.yaml
printf 'c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\ntrain: [*c,*c,*c]\n' >>many.yaml
try detect model.onnx many.yaml
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "["; print "" }' >deep.yaml
refused deep detect model.onnx deep.yaml
