# SPDX-License-Identifier: Apache-2.0
"""Writes a checkpoint as ONNX: batch normalisation folded, float32, static shape.

python export.py /tmp/run/last.pt ../parts.onnx
"""

import argparse
import warnings

import onnx
import torch
from torch import nn

from dataset import SIZE
from model import Detector, anchor_points


def tidy(model):
    """Constant nodes become initializers; the text that the tracer leaves on nodes goes."""
    graph = model.graph
    left = []
    for node in graph.node:
        if node.op_type == "Constant":
            tensor = next(x.t for x in node.attribute if x.name == "value")
            array = onnx.numpy_helper.to_array(tensor)
            graph.initializer.append(onnx.numpy_helper.from_array(array.copy(), node.output[0]))
        else:
            node.ClearField("doc_string")
            left.append(node)
    renamed = {n.output[0]: n.input[0] for n in left if n.op_type == "Identity"}
    left = [n for n in left if n.op_type != "Identity"]
    for n in left:
        for i, name in enumerate(n.input):
            while name in renamed:
                name = renamed[name]
            n.input[i] = name
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


def main():
    p = argparse.ArgumentParser(description="write a checkpoint as ONNX")
    p.add_argument("checkpoint")
    p.add_argument("out")
    a = p.parse_args()
    state = torch.load(a.checkpoint, map_location="cpu", weights_only=True)
    net = Detector(len(state["classes"]))
    net.load_state_dict(state["model"])
    net = net.eval().fold().to(memory_format=torch.contiguous_format)
    for m in net.modules():
        if isinstance(m, nn.SiLU):
            m.inplace = False
    points, strides = anchor_points(SIZE)
    net.model[22].fixed = points.t()[None].contiguous(), strides.t().contiguous()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            torch.zeros(1, 3, SIZE, SIZE),
            a.out,
            opset_version=17,
            dynamo=False,
            input_names=["images"],
            output_names=["output0"],
            do_constant_folding=True,
        )
    model = tidy(onnx.load(a.out))
    for key, value in (
        (
            "description",
            "octet demo detector: parts on an inspection line, YOLOv8 topology, drawn pictures",
        ),
        ("author", "octet"),
        ("license", "Apache-2.0"),
        ("stride", "32"),
        ("task", "detect"),
        ("batch", "1"),
        ("imgsz", str([SIZE, SIZE])),
        ("names", str(dict(enumerate(state["classes"])))),
    ):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, a.out)
    print("%s: step %s, %s" % (a.out, state["step"], state["result"]))


if __name__ == "__main__":
    main()
