# SPDX-License-Identifier: Apache-2.0
"""INT8 models by other tools, each made as its documentation recommends for YOLOv8, and what they find.

Boxes are found as octet eval finds them: square letterbox, confidence 0.001, NMS 0.7 for each class, at most 300 a
picture (examples/trtexec_eval.py). Needs numpy, opencv-python-headless, onnx, onnxruntime, openvino, nncf.
"""

import json
import os
import sys

import sets

sys.path.append(os.path.join(sets.ROOT, "examples"))
from trtexec_eval import letterbox, results  # noqa: E402

HEAD = "model.22"  # of all YOLOv8 exports in the study


def detect(run, size, name, work):
    """COCO results of a set."""
    _, source, _, _, _, _ = sets.SETS[name]
    with open(sets.truth_path(name, work), encoding="utf-8") as file:
        truth = json.load(file)
    known = sorted(c["id"] for c in truth["categories"])
    folder, found = sets.folder(source, work), []
    for image in truth["images"]:
        path = os.path.join(folder, os.path.basename(image["file_name"]))
        planes, placement = letterbox(path, size, size)
        found += results(run(planes)[0], placement, image["id"], known)
    return found


def onnxruntime_model(source, pictures, size, out):
    """ONNX Runtime: QDQ, u8 activations, s8 weights for each channel, MinMax; the head's decoding left float."""
    import onnx
    from onnxruntime.quantization import (CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType,
                                          quantize_static)
    from onnxruntime.quantization.shape_inference import quant_pre_process
    prepared = out + ".pre"
    quant_pre_process(source, prepared)
    graph = onnx.load(prepared).graph
    inner = [f"cv{b}.{level}.{i}" for b in (2, 3) for level in range(3) for i in range(2)]
    left = [n.name for n in graph.node if HEAD in n.name and not any(k in n.name for k in inner)]

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.rest = iter(pictures)

        def get_next(self):
            path = next(self.rest, None)
            return None if path is None else {graph.input[0].name: letterbox(path, size, size)[0]}

    quantize_static(prepared, out, Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                    calibrate_method=CalibrationMethod.MinMax, nodes_to_exclude=left,
                    extra_options={"WeightSymmetric": True})
    os.remove(prepared)


def nncf_model(source, pictures, size, out):
    """NNCF for OpenVINO: preset MIXED, the head's decoding left float."""
    import nncf
    import openvino as ov
    ignored = [f".*/{HEAD}/{k}.*" for k in ("dfl/", "Add", "Sub", "Mul", "Div", "Sigmoid")]
    model = nncf.quantize(ov.Core().read_model(source), nncf.Dataset(pictures, lambda p: letterbox(p, size, size)[0]),
                          preset=nncf.QuantizationPreset.MIXED, subset_size=len(pictures),
                          ignored_scope=nncf.IgnoredScope(patterns=ignored, validate=False))
    ov.save_model(model, out, compress_to_fp16=False)


def onnxruntime_run(path):
    import onnxruntime as ort
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda planes: session.run(None, {name: planes})[0]


def openvino_run(path):
    import openvino as ov
    compiled = ov.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda planes: compiled([planes])[0]


PEERS = {"onnxruntime-minmax": (onnxruntime_model, onnxruntime_run, ".onnx"),
         "openvino-nncf-mixed": (nncf_model, openvino_run, ".xml")}
