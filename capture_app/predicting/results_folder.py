"""The folder of one input's results, whole or not there."""

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from capture_app.convert_resume import holds_frames
from capture_app.predicting.camera import CameraInput, ctrl_c_sets
from capture_app.predicting.depth_frames import DepthFrames
from capture_app.predicting.network import Network
from capture_app.predicting.pictures import Input, Wanted
from capture_app.predicting.recording_out import CopyOut, NewOut, Sink
from capture_app.predicting.report import PredictionReport
from capture_app.predicting.results import Targets
from capture_app.predicting.run import predict_input
from capture_app.predicting.video_out import VideoOut
from core.errors import DatasetError, SensorError
from core.files import whole_folder
from core.recording import Recording

logger = logging.getLogger(__name__)


def predict_whole(
    input: Input,
    every: int,
    targets: Targets,
    network: Network,
    out: Path,
    stop: threading.Event,
) -> str:
    """Write the folder of an input; the line that says what is in it.

    What a camera gave before it was lost is kept, and SensorError then says so; so it
    is after Ctrl-C, unless that came before the first frame.
    """
    needs_floors = targets.points or network.info.bins is not None
    wanted = Wanted(
        every,
        has_floors=input.has_depth and needs_floors,
        has_others=targets.recording,
    )
    is_camera = isinstance(input, CameraInput)
    with _camera_folder(out, stop) if is_camera else whole_folder(out) as folder:
        report = _predict_into(folder, input, wanted, targets, network)
    line = f"{input.name}: {report.sentence()}: {out}"
    if isinstance(input, CameraInput) and input.lost is not None:
        raise SensorError(f"{input.lost}; saved up to then: {line}")
    return line


@contextmanager
def _camera_folder(out: Path, stop: threading.Event) -> Iterator[Path]:
    """A `whole_folder` for what cannot be had again: whatever else ends the block, also
    an end of the program, the frames of a recording stay where it was written."""
    taken_at = datetime.now().astimezone().isoformat()
    note = f"a camera, {taken_at}\n"  # nobody comes with the same
    with ctrl_c_sets(stop), whole_folder(out, note, holds_frames) as folder:
        try:
            yield folder
        except BaseException:
            if holds_frames(folder):
                logger.warning("what was recorded up to then is kept in %s", folder)
            raise


def _predict_into(
    folder: Path, input: Input, wanted: Wanted, targets: Targets, network: Network
) -> PredictionReport:
    with _sinks(input, targets, network, folder) as sinks:
        report = predict_input(input, wanted, network, targets, folder, sinks)
    if isinstance(input, CameraInput):
        report.dropped = input.dropped
        if not report.predicted and input.was_stopped:
            raise KeyboardInterrupt
        if not report.predicted:
            raise SensorError(input.lost or "the camera ended before its first frame")
    if not report.predicted:
        raise DatasetError(_nothing_predicted(input, report))
    for problem in report.unreadable:  # now that no bar is in the way
        logger.warning("%s; it is left out", problem.reason)
    report.write(folder)
    return report


def _nothing_predicted(input: Input, report: PredictionReport) -> str:
    if not report.unreadable:
        return f"{input.name} holds no picture; nothing is predicted"
    first = report.unreadable[0].reason
    if len(report.unreadable) == 1:
        return f"{first}; nothing is predicted"
    return (
        f"none of the {len(report.unreadable)} pictures of {input.name} can be read, "
        f"the first because {first}; nothing is predicted"
    )


@contextmanager
def _sinks(
    input: Input, targets: Targets, network: Network, folder: Path
) -> Iterator[list[Sink]]:
    """What predictions are appended to; it is closed whatever happens."""
    with ExitStack() as stack:
        sinks: list[Sink] = []
        if targets.recording:  # the first: it wants an empty folder
            sinks.append(_recording_out(input, network, folder))
            stack.callback(sinks[-1].close)
        if targets.video:
            sinks.append(VideoOut(folder))
            stack.callback(sinks[-1].close)
        yield sinks


def _recording_out(input: Input, network: Network, folder: Path) -> Sink:
    texts = network.to_texts()
    if isinstance(input, CameraInput):
        name, dropped = input.sensor.name, input.dropped
        return NewOut(folder, texts, device=name, dropped=dropped)
    assert isinstance(input, DepthFrames)  # nothing else has depth
    if isinstance(input.source, Recording):
        return CopyOut(input.source, folder, texts)
    return NewOut(folder, texts, source=input.source)
