# SPDX-License-Identifier: Apache-2.0
"""Draws the pictures beside the model: images/, labels/, annotations/ and data.yaml of demo/.

python bundle.py --out ..
"""

import argparse
import json
import os

import draw

SETS = [
    ("calibration", 28, 501, "usual"),
    ("test", 14, 502, "usual"),
    ("shifted", 6, 503, "shifted"),
]


def main():
    p = argparse.ArgumentParser(description="draw the bundled pictures")
    p.add_argument("--out", required=True)
    a = p.parse_args()
    for name, count, seed, domain in SETS:
        images = os.path.join(a.out, "images", name)
        labels = os.path.join(a.out, "labels", name)
        for folder in (images, labels, os.path.join(a.out, "annotations")):
            os.makedirs(folder, exist_ok=True)
        coco = draw.coco_header()
        for i in range(count):
            data, truths, shape = draw.encoded(seed, i, domain)
            stem = "%s-%02d" % (name, i)
            data.tofile(os.path.join(images, stem + ".jpg"))
            with open(os.path.join(labels, stem + ".txt"), "w", encoding="utf-8") as f:
                f.write(draw.yolo_lines(shape, truths))
            draw.add_to_coco(coco, stem + ".jpg", shape, truths)
        with open(os.path.join(a.out, "annotations", name + ".json"), "w", encoding="utf-8") as f:
            json.dump(coco, f, indent=1)
            f.write("\n")
    with open(os.path.join(a.out, "data.yaml"), "w", encoding="utf-8") as f:
        f.write(
            "# SPDX-License-Identifier: Apache-2.0\n"
            "path: .\ntrain: images/calibration\nval: images/test\n"
        )
        f.write("names:\n" + "".join("  %d: %s\n" % c for c in enumerate(draw.CLASSES)))


if __name__ == "__main__":
    main()
