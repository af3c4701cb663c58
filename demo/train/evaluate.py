# SPDX-License-Identifier: Apache-2.0
"""AP of a checkpoint or of an ONNX model on freshly drawn pictures, by pycocotools, in the pixels
of the pictures as drawn (before the letterbox).

    python evaluate.py /tmp/run/best.pt --count 1000 --seed 9000
    python evaluate.py ../parts.onnx --count 500 --seed 9100 --domain shifted
    python evaluate.py ../parts.onnx --annotations ../annotations/test.json --images ../images/test
"""

import argparse
import contextlib
import io
import json
import os

import cv2
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import draw
from dataset import SIZE, draw_set, letterbox

CONF, IOU, MOST, CANDIDATES = 0.001, 0.7, 300, 3000


def nms(boxes, scores, classes):
    """Greedy, within each class; corners.  Returns the kept rows, best first."""
    order = np.argsort(-scores, kind="stable")[:CANDIDATES]
    b = boxes[order] + classes[order, None] * 4096.0
    area = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    alive, keep = np.ones(len(order), bool), []
    for i in range(len(order)):
        if not alive[i]:
            continue
        keep.append(order[i])
        if len(keep) == MOST:
            break
        w = np.minimum(b[i, 2], b[i + 1 :, 2]) - np.maximum(b[i, 0], b[i + 1 :, 0])
        h = np.minimum(b[i, 3], b[i + 1 :, 3]) - np.maximum(b[i, 1], b[i + 1 :, 1])
        inter = np.clip(w, 0, None) * np.clip(h, 0, None)
        alive[i + 1 :] &= inter <= IOU * (area[i] + area[i + 1 :] - inter)
    return np.array(keep, int)


def selected(output, conf):
    """Rows (x0, y0, x1, y1, score, class) in the network's pixels, of one (4 + nc, A) output.
    Each anchor may answer for several classes, as is usual when AP is measured."""
    anchor, cls = np.where(output[4:].T > conf)
    if len(anchor) == 0:
        return np.zeros((0, 6))
    scores = output[4 + cls, anchor]
    x, y, bw, bh = output[:4, anchor].astype(np.float64)
    boxes = np.stack((x - bw / 2, y - bh / 2, x + bw / 2, y + bh / 2), 1)
    keep = nms(boxes, scores, cls)
    return np.concatenate((boxes[keep], scores[keep, None], cls[keep, None]), 1)


def detections(output, place, conf=CONF):
    """Rows (x0, y0, x1, y1, score, class) in the drawn picture's pixels, of one output: (4 + nc, A)
    of all anchors, or (300, 6) where the graph selects."""
    h, w, r, left, top = place
    once = output.shape[1] == 6
    rows = output[output[:, 4] > conf].astype(np.float64) if once else selected(output, conf)
    boxes = (rows[:, :4] - [left, top, left, top]) / r
    boxes[:, 0::2], boxes[:, 1::2] = boxes[:, 0::2].clip(0, w), boxes[:, 1::2].clip(0, h)
    return np.concatenate((boxes, rows[:, 4:]), 1)


def truth_of(truths, places):
    """A COCO ground truth of a drawn, letterboxed set."""
    coco = {
        "info": {},
        "images": [],
        "annotations": [],
        "categories": [{"id": i, "name": n} for i, n in enumerate(draw.CLASSES)],
    }
    for i, (t, (h, w, r, left, top)) in enumerate(zip(truths, places)):
        coco["images"].append({"id": i + 1, "width": int(w), "height": int(h), "file_name": str(i)})
        for c, x0, y0, x1, y1 in t[t[:, 0] >= 0].astype(np.float64):
            box = [(x0 - left) / r, (y0 - top) / r, (x1 - x0) / r, (y1 - y0) / r]
            coco["annotations"].append(
                {
                    "id": len(coco["annotations"]) + 1,
                    "image_id": i + 1,
                    "category_id": int(c),
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
    return coco


def average_precision(truth, rows_of):
    """truth: a COCO dictionary or file; rows_of: per image id, detections()."""
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO(truth) if isinstance(truth, str) else COCO()
        if not isinstance(truth, str):
            gt.dataset = truth
            gt.createIndex()
        found = [
            {
                "image_id": k,
                "category_id": int(c),
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "score": float(s),
            }
            for k, rows in rows_of.items()
            for x0, y0, x1, y1, s, c in rows
        ]
        if not found:
            return {
                "AP": 0.0,
                "AP50": 0.0,
                "AP75": 0.0,
                "AP50 by class": {n: 0.0 for n in draw.CLASSES},
            }
        e = COCOeval(gt, gt.loadRes(found), "bbox")
        e.evaluate()
        e.accumulate()
        e.summarize()
    p = e.eval["precision"][0, :, :, 0, 2]
    by = {}
    for i, n in enumerate(draw.CLASSES):
        q = p[:, i][p[:, i] > -1]
        by[n] = round(float(q.mean()), 4) if len(q) else None
    return {
        "AP": round(float(e.stats[0]), 4),
        "AP50": round(float(e.stats[1]), 4),
        "AP75": round(float(e.stats[2]), 4),
        "AP50 by class": by,
    }


def runner(path):
    """A function from BGR uint8 N x SIZE x SIZE x 3 to the model's float32 output."""
    if path.endswith(".onnx"):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda x: np.concatenate(
            [
                session.run(
                    None,
                    {
                        "images": np.ascontiguousarray(
                            p[:, :, ::-1].transpose(2, 0, 1)[None]
                        ).astype(np.float32)
                        / 255
                    },
                )[0]
                for p in x
            ]
        )
    import torch
    from model import build

    state = torch.load(path, map_location="cpu", weights_only=True)
    net = build(state.get("network", "yolov8"), len(state["classes"]))
    net.load_state_dict(state["model"])
    return torch_runner(net.eval())


def torch_runner(net, device="cpu"):
    import torch

    def run(x):
        with torch.inference_mode():
            t = (
                torch.from_numpy(np.ascontiguousarray(x[:, :, :, ::-1])).permute(0, 3, 1, 2).float()
                / 255
            )
            return (
                net.predict(t.to(device).contiguous(memory_format=torch.channels_last))
                .cpu()
                .numpy()
            )

    return run


def evaluate_set(run, pictures, truths, places, batch=25):
    rows = {}
    for i in range(0, len(pictures), batch):
        for j, o in enumerate(run(pictures[i : i + batch])):
            rows[i + j + 1] = detections(o, places[i + j])
    return average_precision(truth_of(truths, places), rows)


def main():
    p = argparse.ArgumentParser(description="AP on freshly drawn pictures, or on a drawn folder")
    p.add_argument("model", help=".pt from train.py or .onnx")
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--seed", type=int, default=9000)
    p.add_argument("--domain", choices=["usual", "shifted"], default="usual")
    p.add_argument("--jobs", type=int, default=2, help="processes that draw")
    p.add_argument("--annotations", help="a COCO file, with --images, in place of fresh pictures")
    p.add_argument("--images", help="the folder of its pictures")
    a = p.parse_args()
    run = runner(a.model)
    if a.annotations:
        rows = {}
        for im in json.load(open(a.annotations))["images"]:
            bgr = cv2.imread(os.path.join(a.images, os.path.basename(im["file_name"])))
            boxed, r, left, top = letterbox(bgr)
            rows[im["id"]] = detections(
                run(boxed[None])[0], (im["height"], im["width"], r, left, top)
            )
        result = average_precision(a.annotations, rows)
    else:
        result = evaluate_set(run, *draw_set(a.count, a.seed, a.domain, a.jobs))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
