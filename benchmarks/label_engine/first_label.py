"""The process that `start` times: labels a depth file twice, prints `start.Times`.

Arguments: a .npy file of (H, W) uint16 millimetres, fx fy cx cy, and when the parent
started this process, by the clock that both share.
"""

import sys
from time import perf_counter, process_time

from core import Intrinsics, Labeler, RgbdFrame

imported = perf_counter()

import numpy as np  # noqa: E402 - what comes before is timed

depth = np.load(sys.argv[1])
fx, fy, cx, cy, started = map(float, sys.argv[2:])
height, width = depth.shape
rgb = np.zeros((height, width, 3), np.uint8)
camera = Intrinsics(width, height, fx, fy, cx, cy)
frame = RgbdFrame.aligned(rgb, depth, camera, 0.001)

labeler = Labeler()
if labeler(frame) is None:
    sys.exit("no label: this measures nothing")
label, cpu = perf_counter(), process_time()
labeler(frame)
next_label = perf_counter()
print(imported - started, label - started, next_label - started, cpu)
