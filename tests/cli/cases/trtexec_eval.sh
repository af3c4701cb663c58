# SPDX-License-Identifier: Apache-2.0
# examples/trtexec_eval.py, by which engines that octet does not run are evaluated: with octet run in the place of
# TensorRT it gives the figures of octet eval.
. "$support"
python3 -c 'import cv2, numpy' 2>/dev/null || { echo "python3 has no OpenCV or no NumPy"; exit 77; }
script=$root/examples/trtexec_eval.py
demo=$root/demo
"$octet" build "$demo/parts.onnx" --images "$demo/images/calibration" -o parts.octet -q >/dev/null
python3 "$script" truth "$demo/images/test" "$demo/labels/test" --names washer,bolt,nut,gear,defect -o val.json
python3 "$script" inputs val.json "$demo/images/test" --imgsz 320 --npy -o inputs
mkdir outputs
for input in inputs/*.npy; do
    "$octet" run parts.octet --input "$input" --output-dir raw -q >/dev/null
    mv raw/output0.npy "outputs/${input##*/}"
done
python3 "$script" boxes val.json inputs outputs -o found.json
"$octet" eval --annotations val.json --detections found.json --json | grep -E '^ *"a[pr][a-z0-9_]*":' >found
"$octet" eval parts.octet --data "$demo/data.yaml" --json -q | grep -E '^ *"a[pr][a-z0-9_]*":' >own
diff own found && echo "the same $(wc -l <own) figures"

# what trtexec writes, and raw inputs
python3 - <<'TEXT'
import numpy, os
os.mkdir("dumped")
for name in os.listdir("outputs"):
    output = numpy.load(f"outputs/{name}")
    with open(f"dumped/{name[:-4]}.json", "w") as file:
        file.write('[\n  { "name" : "output0"\n  , "dimensions" : "%s"\n  , "values" : [ %s ]\n  }\n]\n'
                   % ("x".join(map(str, output.shape)), ", ".join("%.9g" % v for v in output.ravel())))
TEXT
python3 "$script" boxes val.json inputs dumped -o again.json
cmp found.json again.json && echo "the same boxes from trtexec's form"
python3 "$script" inputs val.json "$demo/images/test" --imgsz 320 -o binary
ls binary | wc -l
cmp <(tail -c 1228800 inputs/1.npy) binary/1.bin && echo "the same planes"

# what goes wrong
rm outputs/1.npy
! python3 "$script" boxes val.json inputs outputs -o found.json
! python3 "$script" inputs val.json . -o none
