# SPDX-License-Identifier: Apache-2.0
"""zmq_client.py ADDRESS FRAME.ppm FOUND.json: asks as Frigate's own plug-in does, by pyzmq and in its order of calls.

Two clients ask in turn, one gives up and comes back with a new socket; prints what is wrong, and how many boxes agree with
those of octet detect.
"""
import json
import struct
import sys

import zmq

PATIENCE_MS, TOLERANCE_PX = 60000, 0.01


class Client:
    def __init__(self, context, address):
        self.context, self.address, self.socket = context, address, None
        self.connect()

    def connect(self):
        if self.socket is not None:
            self.socket.close(linger=0)
        self.socket = self.context.socket(zmq.REQ)
        self.socket.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
        self.socket.setsockopt(zmq.SNDTIMEO, PATIENCE_MS)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(self.address)

    def ask(self, header, *parts):
        self.socket.send_multipart([json.dumps(header).encode("utf-8"), *parts])
        return self.socket.recv_multipart()

    def detect(self, width, height, pixels):
        header = {"shape": [1, height, width, 3], "dtype": "uint8", "model_type": "yologeneric"}
        reply = self.ask(header, memoryview(pixels))
        answer = json.loads(reply[0].decode("utf-8"))
        assert answer["shape"] == [20, 6] and answer["dtype"] == "float32" and len(reply[1]) == 480, answer
        rows = list(struct.iter_unpack("<6f", reply[1]))
        scores = [row[1] for row in rows]
        assert scores == sorted(scores, reverse=True), "not sorted by score"
        return [row for row in rows if row[1] > 0]


def read_ppm(path):
    with open(path, "rb") as file:
        data = file.read()
    magic, width, height, _ = data.split(None, 4)[:4]
    assert magic == b"P6"
    return int(width), int(height), data[-3 * int(width) * int(height):]


def agreeing(rows, found, width, height):
    count = 0
    for row, box in zip(rows, found):
        x1, y1, x2, y2 = box["box_xyxy"]
        wanted = (y1 / height, x1 / width, y2 / height, x2 / width)
        near = all(abs(a - b) * max(width, height) < TOLERANCE_PX for a, b in zip(row[2:], wanted))
        count += near and int(row[0]) == box["class_id"] and abs(row[1] - box["score"]) < 1e-6
    return count


def main():
    address, frame, found = sys.argv[1:]
    width, height, pixels = read_ppm(frame)
    with open(found) as file:
        boxes = json.load(file)["images"][0]["detections"]
    context = zmq.Context()
    clients = [Client(context, address), Client(context, address)]
    for client in clients:
        state = json.loads(client.ask({"model_request": True, "model_name": "parts.octet"})[0])
        assert state["model_available"] and state["model_loaded"], state
    for turn in range(4):
        rows = clients[turn % 2].detect(width, height, pixels)
        print(f"{agreeing(rows, boxes, width, height)} of {len(boxes)} boxes, {len(rows)} sent")
    clients[0].socket.send_multipart([b"{}"])  # not waited for
    clients[0].connect()
    print(f"a new socket: {agreeing(clients[0].detect(width, height, pixels), boxes, width, height)} boxes")


if __name__ == "__main__":
    main()
