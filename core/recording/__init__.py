"""Recordings: one take of a depth camera as a folder with an MCAP file.

    recordings/<scene>/capture.mcap    every frame, as ROS 2 messages; opens in Rerun
    recordings/<scene>/scene.json      name, tags, notes, drops
    recordings/<scene>/annotations/    see `core.annotations`
    recordings/<scene>/floors.json     the floor of every frame, computed when asked for
    recordings/<scene>/quality.json    how good every frame is, computed with the floors

`mcap_writer` and `mcap_reader` are the file, `ros` its messages, `frames` what a frame
becomes in them.
"""

from core.recording.reader import Recording
from core.recording.repair import RepairResult, repair_recording
from core.recording.scene import SceneInfo
from core.recording.writer import RecordingWriter

__all__ = [
    "Recording",
    "RecordingWriter",
    "RepairResult",
    "SceneInfo",
    "repair_recording",
]
