# SPDX-License-Identifier: Apache-2.0
"""How long sessions of further input sizes take to open on one engine, and what memory they hold.

usage: sizes.py LIBOCTET.so ENGINE.octet [HEIGHTxWIDTH...]       prints Markdown

Of each size the shortest of many openings beside an open session of the first one, closed again each time: a process of
its own, so that nothing is there from before. Then all sizes are opened together, run once, and memory is the process'.
"""
import ctypes
import os
import sys
import time

SIZES = ["640x640", "384x640", "480x640", "640x480", "448x640", "640x448", "512x640", "320x640"]
OPENINGS = 40


class Settings(ctypes.Structure):
    """octet_session_settings."""
    _fields_ = [("height", ctypes.c_int), ("width", ctypes.c_int), ("batch", ctypes.c_int), ("threads", ctypes.c_int),
                ("cpu", ctypes.c_char_p), ("profile", ctypes.c_int), ("device", ctypes.c_char_p),
                ("cache", ctypes.c_char_p), ("bound_height", ctypes.c_int), ("bound_width", ctypes.c_int),
                ("reserved", ctypes.c_size_t * 5)]


class Octet:
    """The few calls of the library that this needs."""

    def __init__(self, library, engine):
        self.library, self.context, self.engine = ctypes.CDLL(library), ctypes.c_void_p(), ctypes.c_void_p()
        self.library.octet_session_memory_bytes.restype = ctypes.c_size_t
        if self.library.octet_context_create(None, ctypes.byref(self.context)):
            raise SystemExit(f"{library}: no context")
        if self.library.octet_engine_load(self.context, engine.encode(), ctypes.byref(self.engine)):
            raise SystemExit(f"{engine}: is no engine")

    def open(self, height, width):
        session, settings = ctypes.c_void_p(), Settings()
        self.library.octet_session_defaults(ctypes.byref(settings))
        settings.height, settings.width, settings.threads = height, width, 1
        if self.library.octet_session_open(self.context, self.engine, ctypes.byref(settings), ctypes.byref(session)):
            raise SystemExit(f"{height}x{width}: not opened")
        return session

    def close(self, session):
        self.library.octet_session_close(ctypes.byref(session))

    def run(self, session, height, width):
        pixels = (ctypes.c_uint8 * (3 * height * width))()
        if self.library.octet_session_set_pixels(session, 0, pixels) or self.library.octet_session_run(session):
            raise SystemExit(f"{height}x{width}: not run")


def resident_mib():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def opening_ms(octet, size):
    start = time.perf_counter()
    session = octet.open(*size)
    took = (time.perf_counter() - start) * 1e3
    octet.close(session)
    return took


def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    sizes = [tuple(int(side) for side in text.split("x")) for text in sys.argv[3:] or SIZES]
    octet = Octet(sys.argv[1], sys.argv[2])
    before = resident_mib()
    alone = min(opening_ms(octet, sizes[0]) for _ in range(OPENINGS))
    sessions = [octet.open(*sizes[0])]
    times = [alone] + [min(opening_ms(octet, size) for _ in range(OPENINGS)) for size in sizes[1:]]
    print("| size | opens in ms | arena and packed weights, MiB | process grew to, once all up to here ran, MiB |")
    print("|---|---|---|---|")
    for i, size in enumerate(sizes):
        if i:
            sessions.append(octet.open(*size))
        octet.run(sessions[i], *size)
        held = octet.library.octet_session_memory_bytes(sessions[i]) / 2**20
        first = " (the first)" if i == 0 else ""
        print(f"| {size[0]}x{size[1]}{first} | {times[i]:.2f} | {held:.1f} | {resident_mib() - before:.1f} |")
    for session in sessions:
        octet.close(session)
    print(f"\nclosed: {resident_mib() - before:.1f} MiB")


if __name__ == "__main__":
    main()
