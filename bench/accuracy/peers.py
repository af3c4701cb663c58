# SPDX-License-Identifier: Apache-2.0
"""INT8 models by other tools, each made as its documentation recommends for YOLOv8, and what they find.

Boxes are found as octet eval finds them: square letterbox, confidence 0.001, NMS 0.7 for each class, at most 300 a
picture (examples/trtexec_eval.py). Needs numpy, opencv-python-headless, onnx, onnxruntime, openvino, nncf.
"""

import json
import os
import re
import sys

import numpy as np

import sets

sys.path.append(os.path.join(sets.ROOT, "examples"))
sys.path.append(os.path.join(sets.ROOT, "bench", "peers"))
from trtexec_eval import COCO_IDS, CONFIDENCE, letterbox, results  # noqa: E402


def head_of(source):
    """The name of the head's module, which is the last one."""
    import onnx
    from quantize import head_prefix
    return head_prefix(onnx.load(source)).strip("/")


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
        output = run(planes)[0]
        select = taken if output.shape[1] == 6 else results
        found += select(output, placement, image["id"], known)
    return found


def taken(rows, placement, image, known):
    """COCO results of what a one-to-one head took: rows of two corners, score and class."""
    scale, left, top, width, height = placement
    ids = COCO_IDS if set(known) <= set(COCO_IDS) else known
    rows = rows[rows[:, 4] > CONFIDENCE]
    x, y = np.clip((rows[:, 0:4:2] - left) / scale, 0, width), np.clip((rows[:, 1:4:2] - top) / scale, 0, height)
    return [{"image_id": image, "category_id": int(ids[int(kind)]), "score": float(score),
             "bbox": [float(x1), float(y1), float(x2 - x1), float(y2 - y1)]}
            for (x1, x2), (y1, y2), score, kind in zip(x, y, rows[:, 4], rows[:, 5]) if ids[int(kind)] in known]


def onnxruntime_model(source, pictures, size, out):
    """ONNX Runtime: QDQ, u8 activations, s8 weights for each channel, MinMax; the head's decoding left float."""
    import onnx
    from onnxruntime.quantization import (CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType,
                                          quantize_static)
    from onnxruntime.quantization.shape_inference import quant_pre_process
    prepared = out + ".pre"
    quant_pre_process(source, prepared)
    graph = onnx.load(prepared).graph
    head, inner = head_of(source), re.compile(r"cv[23][.][0-9][.][01]/")
    left = [n.name for n in graph.node if f"/{head}/" in n.name and not inner.search(n.name)]

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
    ignored = [f".*/{head_of(source)}/{k}.*" for k in ("dfl/", "Add", "Sub", "Mul", "Div", "Sigmoid")]
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
