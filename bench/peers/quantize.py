# SPDX-License-Identifier: Apache-2.0
"""Makes the peers' models of a YOLOv8 export, the INT8 ones as their own documentation recommends, from the same pictures.

usage: quantize.py MODEL.onnx PICTURES FOLDER      up to 100 pictures; writes ort_int8.onnx, openvino_int8.xml, ncnn_fp32.param
A file that is there already is kept.
"""
import importlib.util
import logging
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import onnx

import pictures

COUNT = 100


def input_of(model):
    """Name, height and width of the picture input."""
    value = model.graph.input[0]
    sizes = [d.dim_value for d in value.type.tensor_type.shape.dim]
    if len(sizes) != 4 or sizes[2] < 1 or sizes[3] < 1:
        raise SystemExit("the model's input size must be fixed")
    return value.name, sizes[2], sizes[3]


def head_prefix(model):
    """The exporter names the nodes of module N /model.N/...; the head is the last one."""
    found = [int(m.group(1)) for n in model.graph.node if (m := re.match(r"/model\.(\d+)/", n.name))]
    if not found:
        raise SystemExit("no node is named as Ultralytics' exporter names them")
    return f"/model.{max(found)}/"


def for_onnxruntime(path, files, out):
    """Static QDQ: U8 activations, S8 weights per channel, min-max ranges; the head's box arithmetic stays float."""
    from onnxruntime import quantization as q
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = out.with_name("prepared.onnx")
    quant_pre_process(path, str(prepared))
    model = onnx.load(str(prepared))
    name, height, width = input_of(model)
    head = head_prefix(model)
    hidden = re.compile(re.escape(head) + r"(.*/)?cv[23]\.\d\.[01]/")
    stays_float = [n.name for n in model.graph.node if n.name.startswith(head) and not hidden.match(n.name)]

    class Reader(q.CalibrationDataReader):
        def __init__(self):
            self.left = iter(files)

        def get_next(self):
            file = next(self.left, None)
            return None if file is None else {name: pictures.letterboxed(file, height, width)}

    q.quantize_static(str(prepared), str(out), Reader(), quant_format=q.QuantFormat.QDQ, per_channel=True,
                      activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QInt8,
                      calibrate_method=q.CalibrationMethod.MinMax, nodes_to_exclude=stays_float,
                      extra_options={"WeightSymmetric": True})
    prepared.unlink()


def for_openvino(path, files, out):
    """NNCF post-training quantisation, preset MIXED, without the head's box arithmetic."""
    import nncf
    import openvino

    nncf.set_log_level(logging.ERROR)
    model = onnx.load(path)
    _, height, width = input_of(model)
    head = re.escape(head_prefix(model))
    ignored = [f".*{head}{part}.*" for part in ("dfl/", "Add", "Sub", "Mul", "Div", "Sigmoid")]
    data = nncf.Dataset(files, lambda file: pictures.letterboxed(file, height, width))
    quantized = nncf.quantize(openvino.Core().read_model(path), data, preset=nncf.QuantizationPreset.MIXED,
                              subset_size=len(files),
                              ignored_scope=nncf.IgnoredScope(patterns=ignored, validate=False))
    openvino.save_model(quantized, str(out), compress_to_fp16=False)


def for_ncnn(path, _, out):
    """ncnn's FP32 form, by pnnx. Its program alone is run: the Python package around it would ask for PyTorch."""
    package = importlib.util.find_spec("pnnx").submodule_search_locations[0]
    program = next(str(f) for f in pathlib.Path(package).rglob("pnnx") if f.is_file())
    _, height, width = input_of(onnx.load(path))
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        model = shutil.copy(path, os.path.join(folder, "model.onnx"))
        os.chmod(program, 0o755)
        subprocess.run([program, model, f"inputshape=[1,3,{height},{width}]", "fp16=0"], cwd=folder, check=True,
                       capture_output=True)
        os.replace(os.path.join(folder, "model.ncnn.bin"), out.with_suffix(".bin"))
        os.replace(os.path.join(folder, "model.ncnn.param"), out)


def main():
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    path, folder, out = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    files = pictures.listed(folder, COUNT)
    for name, make in (("ort_int8.onnx", for_onnxruntime), ("openvino_int8.xml", for_openvino),
                       ("ncnn_fp32.param", for_ncnn)):
        if (out / name).exists():
            continue
        start = time.monotonic()
        make(path, files, out / name)
        print(f"{name}: {len(files)} pictures, {time.monotonic() - start:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
