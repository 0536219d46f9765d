"""Takes that are killed at random moments, each in a process of its own.

    python killed_takes.py FOLDER SEED COUNT

Take N goes to FOLDER/N and keeps a diary in FOLDER/N.diary, whose lines survive the
process as the frames have to: the time, how many frames were offered by then, and how
many the recorder said were written. Its last line is the time of the kill. One process
imports and makes the frames, and the takes are its children: fifty starts would take
longer than all of this.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from lopsided import lopsided_frame

from capture_app.engine.recorder import Recorder, RecordingPlan
from capture_app.sensors.pace import Pace
from core.frame import RgbdFrame

AT_ONCE = 25
LONGEST_S = 1.2
FAST_S, REAL_S = 1 / 200, 1 / 30


def is_lost(number: int) -> bool:
    """Whether the camera lost the frame, so that no file can hold it."""
    return number % 7 == 3


def record(folder: Path, index: int, frames: list[RgbdFrame]) -> None:
    """Record until killed, at a camera's pace; every fifth take far faster, so that
    kills fall into a write."""
    diary = os.open(folder / f"{index}.diary", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    plan = RecordingPlan(folder / str(index), min_free_bytes=0)
    take = Recorder(plan, "killed", 30.0, lambda _: None)
    pace = Pace()
    for num_offered, frame in enumerate(frames, start=1):
        pace.wait(REAL_S if index % 5 else FAST_S)
        take.offer(frame)
        line = f"{time.monotonic()} {num_offered} {take.summary().num_frames}\n"
        os.write(diary, line.encode())
    time.sleep(10 * LONGEST_S)  # should nobody be there to kill it


def kill_some(
    folder: Path, indices: range, choose: random.Random, frames: list[RgbdFrame]
) -> None:
    """Start the takes and kill each after a time of its own."""
    children = {}
    for index in indices:
        delay_s = choose.uniform(0.0, LONGEST_S)
        child = os.fork()
        if child == 0:
            record(folder, index, frames)
            os._exit(1)
        children[child] = time.monotonic() + delay_s, index
    for child, (due_s, index) in sorted(children.items(), key=lambda item: item[1]):
        time.sleep(max(0.0, due_s - time.monotonic()))
        os.kill(child, signal.SIGKILL)
        killed_s = time.monotonic()
        os.waitpid(child, 0)
        with (folder / f"{index}.diary").open("a") as diary:
            diary.write(f"{killed_s}\n")


def main(folder: Path, seed: int, count: int) -> None:
    choose = random.Random(seed)
    numbers = [n for n in range(int(LONGEST_S / FAST_S)) if not is_lost(n)]
    frames = [lopsided_frame(number) for number in numbers]
    for start in range(0, count, AT_ONCE):
        indices = range(start, min(start + AT_ONCE, count))
        kill_some(folder, indices, choose, frames)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
