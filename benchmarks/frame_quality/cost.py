"""Speeds against the poses, and what all this costs."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.frame_quality.duplicates import apart
from benchmarks.label_engine.kitchen import (
    CONSECUTIVE,
    kitchen_frames,
    kitchen_poses,
)
from benchmarks.label_engine.report import Row, cpu_ms, middle_and_tail, milliseconds
from core.interchange import open_frames
from core.quality import measure_frame
from core.recording import Recording, RecordingWriter
from core.recording.survey import recorded_survey
from core.sequence_floors import sequence_floors
from core.survey import survey

FPS = 30.0


def speed(data: Path) -> Iterator[Row]:
    """Redkitchen with a clock, its poses hidden, against the poses."""
    source = open_frames(data / "redkitchen")
    times = [round(k * 1e9 / FPS) for k in range(len(source))]
    hidden = replace(source, timestamps_ns=times, poses=None)
    found = survey(hidden).quality[1:CONSECUTIVE]
    poses = kitchen_poses(data, CONSECUTIVE)
    true = np.array([apart(a, b) for a, b in pairwise(poses)])
    metres = np.array([np.nan if f.shift_m is None else f.shift_m for f in found])
    degrees = np.array([np.nan if f.turn_deg is None else f.turn_deg for f in found])
    for title, values, truth, unit in (
        ("speed", metres * FPS, true[:, 0] / 100 * FPS, "m/s"),
        ("turn", degrees * FPS, true[:, 1] * FPS, "deg/s"),
    ):
        known = ~np.isnan(values)
        yield Row(
            f"{title} of redkitchen by tracking; by the poses",
            "",
            f"{middle_and_tail(values[known], unit)}; "
            f"{middle_and_tail(truth[known], unit)}; "
            f"{np.count_nonzero(~known)} lost",
        )


def cost(data: Path) -> Iterator[Row]:
    """What a frame costs beside decoding, and a recording of 900."""
    frames = kitchen_frames(data, CONSECUTIVE)[::5]
    yield Row(
        "measure_frame, 640x480, CPU",
        "<= 2 ms",
        milliseconds(cpu_ms(measure_frame, frames, 3)),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kitchen"
        with RecordingWriter(path) as writer:
            for number in range(900):
                frame = frames[number % len(frames)]
                writer.write(
                    replace(
                        frame, number=number, timestamp_ns=round(number * 1e9 / FPS)
                    )
                )
        recording = Recording(path)
        for title, work in (
            ("reading alone, one thread", lambda: [recording[k] for k in range(900)]),
            ("floors alone, all cores", lambda: sequence_floors(recording)),
            ("floors and quality, all cores", lambda: survey(recording)),
            ("the same, and kept", lambda: recorded_survey(recording)),
            ("as it was kept", lambda: recorded_survey(recording)),
        ):
            began, cpu = time.perf_counter(), time.process_time()
            work()
            wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
            yield Row(f"900 frames: {title}", "", f"{wall_s:.2f} s, CPU {cpu_s:.2f} s")
