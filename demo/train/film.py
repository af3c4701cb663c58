# SPDX-License-Identifier: Apache-2.0
"""Makes demo/belt.mp4: the bundled test pictures pass under a camera, three seconds, with ticking sound.

Needs nothing but Python and GStreamer (gst-launch-1.0, x264enc, avenc_aac):

    python3 demo/train/film.py demo/images/test demo/belt.mp4
"""

import subprocess
import sys

WIDTH, HEIGHT = 480, 360  # of the pictures that are taken
SIDE, FRAMES, RATE = 320, 75, 25
PICTURES = ["test-00.jpg", "test-02.jpg", "test-05.jpg", "test-08.jpg"]


def pixels(path):
    """A picture's rows as RGB bytes, at the size above."""
    text = (
        f"filesrc location={path} ! jpegdec ! videoconvert ! videoscale ! "
        f"video/x-raw,format=RGB,width={WIDTH},height={HEIGHT} ! fdsink"
    )
    raw = subprocess.run(["gst-launch-1.0", "-q", *text.split()], check=True, stdout=subprocess.PIPE).stdout
    row = 3 * WIDTH
    return [raw[y * row : (y + 1) * row] for y in range(HEIGHT)]


def frames(pictures):
    """A window that moves over the pictures, which lie side by side."""
    rows = [b"".join(picture[y] for picture in pictures) for y in range(HEIGHT)]
    way = WIDTH * len(pictures) - SIDE
    top = (HEIGHT - SIDE) // 2
    for i in range(FRAMES):
        left = 3 * (way * i // (FRAMES - 1))
        yield b"".join(row[left : left + 3 * SIDE] for row in rows[top : top + SIDE])


def main():
    folder, out = sys.argv[1:]
    text = (
        f"mp4mux name=film faststart=true ! filesink location={out} "
        f"fdsrc ! rawvideoparse format=rgb width={SIDE} height={SIDE} framerate={RATE}/1 ! videoconvert ! "
        "video/x-raw,format=I420 ! x264enc pass=qual quantizer=31 speed-preset=veryslow key-int-max=25 ! "
        "video/x-h264,profile=main ! queue ! film. "
        f"audiotestsrc wave=ticks num-buffers={FRAMES * 48000 // RATE // 1024} ! "
        "audio/x-raw,rate=48000,channels=1 ! audioconvert ! avenc_aac bitrate=24000 ! queue ! film."
    )
    with subprocess.Popen(["gst-launch-1.0", "-q", *text.split()], stdin=subprocess.PIPE) as process:
        for frame in frames([pixels(f"{folder}/{name}") for name in PICTURES]):
            process.stdin.write(frame)
        process.stdin.close()
    sys.exit(process.returncode)


if __name__ == "__main__":
    main()
