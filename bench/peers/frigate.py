# SPDX-License-Identifier: Apache-2.0
"""What Frigate's detectors take for a frame on this machine: octet over ZeroMQ beside OpenVINO in Frigate's own process.

usage: frigate.py --octet build/octet --engine FILE.octet --openvino MODEL [MODEL...] [--pictures FOLDER] [--rounds N]

Does what Frigate 0.17 does between its frame (1 x H x W x 3 bytes, RGB) and the 20 x 6 numbers: for OpenVINO planes, floats of
0 to 1, the network on its CPU plug-in with its own settings, the best class of each box, OpenCV's suppression; for octet the
message and its reply (type: zmq). Entrants take turns, 50 frames each. Needs openvino, opencv-python, pyzmq.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import time

import cv2
import numpy as np
import openvino
import zmq

FRAMES = 50  # of an entrant's turn
ADDRESS = "ipc:///tmp/octet-bench-frigate"
SCORE, OVERLAP, BOXES = 0.4, 0.4, 20


class OpenVino:
    def __init__(self, path, side):
        core = openvino.Core()
        model = core.read_model(path)
        model.reshape([1, 3, side, side])
        self.name = f"OpenVINO, {pathlib.Path(path).stem}"
        self.model = core.compile_model(model, "CPU")
        self.request = self.model.create_infer_request()
        self.input = openvino.Tensor(self.model.inputs[0].get_element_type(), self.model.inputs[0].get_shape())
        self.side = side

    def detect(self, frame):
        planes = np.transpose(frame, (0, 3, 1, 2)).astype(np.float32) / 255
        np.copyto(self.input.data, planes)
        self.request.infer(self.input)
        return self.select(self.request.get_output_tensor(0).data)

    def select(self, output):
        rows = np.squeeze(output).T
        scores = np.max(rows[:, 4:], axis=1)
        rows, scores = rows[scores > SCORE], scores[scores > SCORE]
        classes = np.argmax(rows[:, 4:], axis=1)
        boxes = rows[:, :4] / self.side
        boxes = np.column_stack((boxes[:, 0] - boxes[:, 2] / 2, boxes[:, 1] - boxes[:, 3] / 2,
                                 boxes[:, 0] + boxes[:, 2] / 2, boxes[:, 1] + boxes[:, 3] / 2))
        kept = cv2.dnn.NMSBoxes(boxes, scores, score_threshold=SCORE, nms_threshold=OVERLAP)
        found = np.zeros((BOXES, 6), np.float32)
        for i, (box, score, kind) in enumerate(zip(boxes[kept], scores[kept], classes[kept])):
            if i == BOXES:
                break
            found[i] = [kind, score, box[1], box[0], box[3], box[2]]
        return found


class Octet:
    def __init__(self, program, engine, side):
        self.name = f"octet serve, {pathlib.Path(engine).stem}"
        self.server = subprocess.Popen([program, "serve", engine, "--frigate", ADDRESS, "--imgsz", str(side), "-q"])
        self.socket = zmq.Context().socket(zmq.REQ)
        self.socket.setsockopt(zmq.RCVTIMEO, 10000)
        self.socket.connect(ADDRESS)

    def detect(self, frame):
        header = json.dumps({"shape": list(frame.shape), "dtype": str(frame.dtype.name), "model_type": "yologeneric"})
        self.socket.send_multipart([header.encode(), memoryview(frame.tobytes(order="C"))])
        reply = self.socket.recv_multipart()
        shape = json.loads(reply[0].decode())["shape"]
        return np.frombuffer(reply[1], np.float32).reshape(shape)

    def close(self):
        self.server.terminate()
        self.server.wait()


def frames_of(folder, side):
    frames = []
    for path in sorted(pathlib.Path(folder).glob("*.jpg"))[:FRAMES]:
        picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        frames.append(cv2.resize(picture, (side, side))[np.newaxis])
    return [frames[i % len(frames)] for i in range(FRAMES)]


def turn(entrant, frames):
    times = []
    for frame in frames:
        start = time.perf_counter()
        entrant.detect(frame)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--octet", required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--openvino", required=True, nargs="+")
    parser.add_argument("--pictures", required=True)
    parser.add_argument("--side", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()
    frames = frames_of(options.pictures, options.side)
    octet = Octet(options.octet, options.engine, options.side)
    entrants = [octet] + [OpenVino(path, options.side) for path in options.openvino]
    found = [sum(int((e.detect(frame)[:, 1] > SCORE).sum()) for frame in frames) for e in entrants]  # and warms up
    rounds = [[turn(e, frames) for e in entrants] for _ in range(options.rounds)]
    octet.close()
    print(f"{'':44} {'median ms':>9} {'ratio':>6} {'least':>6} {'objects':>8}")
    for i, entrant in enumerate(entrants):
        ratio = statistics.median(r[i] / r[0] for r in rounds)
        least = min(r[i] for r in rounds)
        print(f"{entrant.name:44} {statistics.median(r[i] for r in rounds):9.2f} {ratio:6.2f} {least:6.2f} {found[i]:8}")


if __name__ == "__main__":
    main()
