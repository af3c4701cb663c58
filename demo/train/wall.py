# SPDX-License-Identifier: Apache-2.0
"""Makes docs/images/cameras.webp: four belts, each film looked at by octet, side by side.

Needs GStreamer as film.py does, Pillow, and octet with films (./dev build):

    python demo/train/wall.py build/octet demo/images docs/images/cameras.webp
"""

import pathlib
import subprocess
import sys
import tempfile

from PIL import Image

import film

CAMERAS = [
    ["test/test-00.jpg", "test/test-02.jpg", "test/test-05.jpg", "test/test-08.jpg"],
    ["test/test-01.jpg", "test/test-03.jpg", "test/test-06.jpg", "test/test-09.jpg"],
    ["test/test-04.jpg", "test/test-07.jpg", "test/test-10.jpg", "test/test-11.jpg"],
    ["shifted/shifted-00.jpg", "shifted/shifted-01.jpg", "shifted/shifted-02.jpg", "shifted/shifted-03.jpg"],
]
TILE, GAP, EVERY, QUALITY = 256, 4, 2, 50


def write_film(folder, names, path):
    text = (
        f"fdsrc ! rawvideoparse format=rgb width={film.SIDE} height={film.SIDE} framerate={film.RATE}/1 ! videoconvert ! "
        f"video/x-raw,format=I420 ! x264enc pass=qual quantizer=18 ! mp4mux ! filesink location={path}"
    )
    with subprocess.Popen(["gst-launch-1.0", "-q", *text.split()], stdin=subprocess.PIPE) as process:
        for frame in film.frames([film.pixels(f"{folder}/{name}") for name in names]):
            process.stdin.write(frame)
        process.stdin.close()


def read_film(path):
    text = f"filesrc location={path} ! decodebin ! videoconvert ! video/x-raw,format=RGB ! fdsink"
    raw = subprocess.run(["gst-launch-1.0", "-q", *text.split()], check=True, stdout=subprocess.PIPE).stdout
    size = 3 * film.SIDE * film.SIDE
    return [Image.frombytes("RGB", (film.SIDE, film.SIDE), raw[i : i + size]) for i in range(0, len(raw), size)]


def main():
    octet, folder, out = sys.argv[1:]
    films = []
    with tempfile.TemporaryDirectory() as work:
        model, engine = pathlib.Path(folder).parent / "parts.onnx", f"{work}/parts.octet"
        subprocess.run([octet, "build", model, "--images", f"{folder}/calibration", "-o", engine, "-q"], check=True)
        for i, names in enumerate(CAMERAS):
            write_film(folder, names, f"{work}/{i}.mp4")
            subprocess.run([octet, "detect", engine, f"{work}/{i}.mp4", "-o", f"{work}/boxes-{i}.mp4",
                            "--conf", "0.5", "-q"],
                           check=True, stdout=subprocess.DEVNULL)
            films.append(read_film(f"{work}/boxes-{i}.mp4"))
    side = 2 * TILE + GAP
    frames = []
    for tiles in list(zip(*films))[::EVERY]:
        frame = Image.new("RGB", (side, side), "white")
        for i, tile in enumerate(tiles):
            frame.paste(tile.resize((TILE, TILE)), ((i % 2) * (TILE + GAP), (i // 2) * (TILE + GAP)))
        frames.append(frame)
    frames[0].save(out, save_all=True, append_images=frames[1:], duration=1000 * EVERY // film.RATE, loop=0,
                   quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
