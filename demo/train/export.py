# SPDX-License-Identifier: Apache-2.0
"""Writes a checkpoint as ONNX: batch normalisation folded, float32, static shape.

python export.py /tmp/run/last.pt ../parts.onnx
python export.py /tmp/run26/last.pt /tmp/raw.onnx --raw
"""

import argparse
import warnings

import onnx
import torch
from onnx.reference import ReferenceEvaluator
from torch import nn

from dataset import SIZE
from heads import DetectOnce, anchor_points
from model import build

OPSET = 17
CALLED = {"yolov8": "YOLOv8", "yolo11": "YOLO11", "yolo26": "YOLO26"}


def value_of(node, known):
    """A node of constants alone, worked out."""
    graph = onnx.helper.make_graph(
        [node],
        "node",
        [],
        [onnx.helper.make_empty_tensor_value_info(node.output[0])],
        [known[name] for name in dict.fromkeys(node.input) if name],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)])
    array = ReferenceEvaluator(model).run(None, {})[0]
    return onnx.numpy_helper.from_array(array.copy(), node.output[0])


def fold(graph):
    """Nodes of constants alone become initializers; the text that the tracer leaves goes."""
    known, left = {t.name: t for t in graph.initializer}, []
    for node in graph.node:
        node.ClearField("doc_string")
        if node.op_type != "Identity" and all(name in known for name in node.input if name):
            known[node.output[0]] = value_of(node, known)
            graph.initializer.append(known[node.output[0]])
        else:
            left.append(node)
    return left


def without_copies(model, nodes):
    """Without the nodes that change nothing: Identity, and Cast to the type that is there."""
    inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
    types = {v.name: v.type.tensor_type.elem_type for v in inferred}
    renamed, left = {}, []
    for node in nodes:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)
        same = node.op_type == "Cast" and types.get(node.input[0]) == node.attribute[0].i
        if node.op_type == "Identity" or same:
            renamed[node.output[0]] = node.input[0]
        else:
            left.append(node)
    return left


def tidy(model):
    graph = model.graph
    left = without_copies(model, fold(graph))
    del graph.node[:]
    graph.node.extend(left)
    used = {name for n in left for name in n.input}
    kept = [
        onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(t), t.name)
        for t in graph.initializer
        if t.name in used
    ]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    graph.name = "main_graph"
    return model


def prepared(state, raw):
    """The network of a checkpoint, for the tracer."""
    net = build(state.get("network", "yolov8"), len(state["classes"]))
    net.load_state_dict(state["model"])
    net = net.eval().fold().to(memory_format=torch.contiguous_format)
    for m in net.modules():
        if isinstance(m, nn.SiLU):
            m.inplace = False
    points, strides = anchor_points(SIZE)
    net.head.fixed = points.t()[None].contiguous(), strides.t().contiguous()
    if isinstance(net.head, DetectOnce):
        net.head.raw = raw
    return net


def metadata(state, once):
    called = CALLED[state.get("network", "yolov8")]
    what = "octet demo detector: parts on an inspection line, %s topology, drawn pictures"
    pairs = [
        ("description", what % called),
        ("author", "octet"),
        ("license", "Apache-2.0"),
        ("stride", "32"),
        ("task", "detect"),
        ("batch", "1"),
        ("imgsz", str([SIZE, SIZE])),
        ("names", str(dict(enumerate(state["classes"])))),
    ]
    return pairs + ([("end2end", "True")] if once else [])


def main():
    p = argparse.ArgumentParser(description="write a checkpoint as ONNX")
    p.add_argument("checkpoint")
    p.add_argument("out")
    p.add_argument(
        "--raw", action="store_true", help="yolo26: all anchors, no selection in the graph"
    )
    a = p.parse_args()
    state = torch.load(a.checkpoint, map_location="cpu", weights_only=True)
    net = prepared(state, a.raw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            torch.zeros(1, 3, SIZE, SIZE),
            a.out,
            opset_version=OPSET,
            dynamo=False,
            input_names=["images"],
            output_names=["output0"],
            do_constant_folding=True,
        )
    model = tidy(onnx.load(a.out))
    for key, value in metadata(state, isinstance(net.head, DetectOnce) and not a.raw):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, a.out)
    print("%s: step %s, %s" % (a.out, state["step"], state["result"]))


if __name__ == "__main__":
    main()
